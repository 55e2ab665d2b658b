/** A ring of many files: what each tells by itself does not add up, what was kept of each does. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analyzeInputs } from '../../src/analysis/analyze-inputs.ts';
import { combineResults } from '../../src/analysis/combine.ts';
import { type PcapRecord, pcap } from '../support/capture-builder.ts';
import { cutCapture } from '../support/cut.ts';
import { inFolder, joined, merged, portZeroPart, settings, writeRing } from '../support/distil.ts';
import { ethernet, ipv4, tcp } from '../support/frames.ts';

const FILES = 2000;

/** Conversations, of which those with port 0 are answered after 30 ms, a scan of port 0 and a flood that nobody answers. */
function traffic(): PcapRecord[] {
  const records: (PcapRecord & { at: number })[] = [];
  const send = (at: number, from: string, to: string, flags: string, sequence: number, acknowledgment = 0) => {
    const [source, sourcePort] = from.split(':') as [string, string];
    const [destination, destinationPort] = to.split(':') as [string, string];
    const segment = tcp({
      sourcePort: Number(sourcePort),
      destinationPort: Number(destinationPort),
      flags,
      sequence,
      acknowledgment,
    });
    const bytes = ethernet({ type: 0x0800 }, ipv4({ source, destination }, segment));
    records.push({ at, seconds: Math.floor(at), fraction: Math.round((at % 1) * 1e6), bytes });
  };
  for (let i = 0; i < 1500; i++) {
    const [start, client, server] = [i * 0.04, `10.0.${i >> 8}.${i & 255}:${1024 + i}`, `192.0.2.${i % 200}:443`];
    send(start, client, server, 'S', 1000 + i);
    send(start + 0.01, server, client, 'SA', 9000 + i, 1001 + i);
    send(start + 0.02, client, server, 'A', 1001 + i, 9001 + i);
    send(start + 0.9, client, server, 'FA', 1001 + i, 9001 + i);
    send(start + 0.91, server, client, 'FA', 9001 + i, 1002 + i);
  }
  for (let i = 0; i < 300; i++) {
    const [start, client, server] = [i * 0.2 + 0.003, `10.9.0.${i & 255}:${2000 + i}`, `192.0.2.${i % 200}:0`];
    send(start, client, server, 'S', 5000 + i);
    if (i % 3 === 0) send(start + 0.03, server, client, 'RA', 0, 5001 + i);
    else if (i % 3 === 1) send(start + 0.03, server, client, 'SA', 70_000 + i, 5001 + i);
    if (i % 3 === 1) send(start + 0.06, client, server, 'A', 5001 + i, 70_001 + i);
    // A late answer, and the question again.
    if (i % 30 === 2) send(start + 9, server, client, 'RA', 0, 5001 + i);
    if (i % 30 === 5) send(start + 3, client, server, 'S', 5000 + i);
  }
  for (let i = 0; i < 60; i++) send(20 + i * 0.9, '10.7.7.7:4444', `198.51.100.${i}:0`, 'S', 100 + i);
  for (let i = 0; i < 400; i++) send(30 + i * 0.002, `10.8.${i >> 8}.${i & 255}:5000`, '203.0.113.9:0', 'S', i);
  return records.sort((a, b) => a.at - b.at);
}

it(`says of ${FILES} files in any order what the capture says, which file by file does not`, {
  timeout: 300_000,
}, async () => {
  const cut = cutCapture(pcap(traffic()))!;
  const every = cut.frames / FILES;
  expect(every).toBeGreaterThan(4);
  const pieces = cut.at(Array.from({ length: FILES - 1 }, (_, index) => Math.floor((index + 1) * every)));
  expect(pieces).toHaveLength(FILES);
  await inFolder(async (folder) => {
    const paths = writeRing(folder, pieces);
    const whole = await joined(paths);
    expect(whole.summary.portZero).toMatchObject({ refused: 100, accepted: 100 });
    const rulesOf = (report: typeof whole) => new Set(report.findings.map(({ ruleId }) => ruleId));
    expect([...rulesOf(whole)]).toEqual(expect.arrayContaining(['port-zero-scan', 'port-zero-flood']));

    // By name: the keys are hashes, so that this is as good as shuffled.
    const other = await merged(paths, folder, { shuffle: (made) => made.sort() });
    expect(JSON.stringify(portZeroPart(other))).toBe(JSON.stringify(portZeroPart(whole)));
    expect(other.inputs).toHaveLength(1);
    expect(other.inputs[0]!.distilled).toBe(FILES);
    const twice = await merged(paths, folder, { shuffle: (made) => [...made, ...made].reverse() });
    expect(twice).toEqual(other);

    const results = await analyzeInputs(
      paths.map((path) => ({ name: path, paths: [path], bytes: null })),
      { settings, jobs: 1 },
    );
    const apart = combineResults(results, settings).report;
    expect(apart.summary.portZero).not.toEqual(whole.summary.portZero);
    expect(rulesOf(apart)).not.toContain('port-zero-scan');
  });
});

it('makes a series of each folder and name, or of what an expression says', async () => {
  await inFolder(async (folder) => {
    const cut = cutCapture(pcap(traffic().slice(0, 40)))!;
    const paths = writeRing(folder, cut.at([10, 20, 30]));
    const { seriesByExpression } = await import('../../src/shard/series.ts');
    const apart = await merged(paths, folder, { seriesOf: seriesByExpression(/ring-\d+/) });
    expect(apart.inputs.map(({ name, frames }) => [name, frames])).toEqual(paths.map((path) => [path, 10]));
    const alike = await merged(paths, folder, { seriesOf: seriesByExpression(/(ring)-(\d*)[02]\./) });
    expect(alike.inputs.map(({ frames }) => frames).sort()).toEqual([10, 10, 20]);
    expect(join(folder, 'ring-00000.cap')).toBe(paths[0]);
  });
});
