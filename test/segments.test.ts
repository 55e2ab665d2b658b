import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { AnalysisReport, ExchangeReport } from '../src/report/model/types.ts';
import { fixture, runCommand } from './support/command.ts';
import { describeWith } from './support/tools.ts';

const FIELDS = [
  'frame.number',
  'tcp.flags',
  'tcp.seq_raw',
  'tcp.ack',
  'tcp.len',
  'tcp.window_size_value',
  'tcp.srcport',
];
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'AE'];

/** What tshark reads of every frame with TCP, by number. */
function readFrames(path: string): Map<number, string[]> {
  const args = ['-n', '-r', path, '-T', 'fields', '-E', 'occurrence=l', '-o', 'tcp.relative_sequence_numbers:FALSE'];
  const { stdout } = spawnSync('tshark', [...args, ...FIELDS.flatMap((field) => ['-e', field])], { encoding: 'utf8' });
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'));
  return new Map(lines.map((fields) => [Number(fields[0]), fields]));
}

async function analyze(path: string): Promise<ExchangeReport[]> {
  const { stdout } = await runCommand([path, '-f', 'json', '--exchanges', 'all', '--fail-on', 'never']);
  const { exchanges } = JSON.parse(stdout) as AnalysisReport;
  return exchanges.filter(({ portZero }) => portZero !== null);
}

const captures = ['accepted', 'dropped', 'closed'].flatMap((folder) =>
  readdirSync(fixture(folder))
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => `${folder}/${name}`),
);

describeWith(['tshark'], 'the segments of an exchange with port 0', () => {
  it.each(captures)('are all of them, as tshark reads them: %s', async (name) => {
    const frames = readFrames(fixture(name));
    for (const { evidence, frames: own, client, server } of await analyze(fixture(name))) {
      const { probe, answer, otherAnswers, segments } = evidence;
      const kept = [probe, answer, ...otherAnswers].flatMap((segment) => segment?.frame ?? []);
      const drawn = [...kept, ...segments.map(({ frame }) => frame)];
      expect(new Set(drawn).size).toBe(drawn.length);
      expect([...drawn].sort((a, b) => a - b).slice(0, 64)).toEqual(own.all.slice(0, 64));
      for (const segment of segments) {
        const [, flags, sequence, acknowledgment, length, window, port] = frames.get(segment.frame)!;
        const bits = FLAGS.filter((_, bit) => (Number(flags) >> bit) & 1);
        expect(segment.flags.split(',').sort()).toEqual(bits.sort());
        expect([segment.sequence, segment.payloadLength, segment.window]).toEqual(
          [sequence, length, window].map(Number),
        );
        if (bits.includes('ACK')) expect(segment.acknowledgment).toBe(Number(acknowledgment));
        if (client.port !== server.port)
          expect(segment.sender).toBe(Number(port) === client.port ? 'client' : 'server');
      }
    }
  });
});
