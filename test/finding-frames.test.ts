import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { AnalysisReport, FindingReport } from '../src/report/model/types.ts';
import { pcap } from './support/capture-builder.ts';
import { runCommand } from './support/command.ts';
import { ethernet, ipv4, tcp, udp } from './support/frames.ts';

// Findings list their frames as exchanges do: the first and the last, at most --max-frames of them, and how many more there are.

const home = mkdtempSync(join(tmpdir(), 'portzero-frames-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function findings(frames: readonly Uint8Array[], ...options: readonly string[]): Promise<FindingReport[]> {
  const path = join(home, 'a.pcap');
  writeFileSync(path, pcap(frames.map((bytes, at) => ({ seconds: 1_700_000_000 + at, bytes }))));
  const { stdout } = await runCommand([path, '-f', 'json', ...options]);
  return (JSON.parse(stdout) as AnalysisReport).findings as FindingReport[];
}
const of = (all: readonly FindingReport[], rule: string) => {
  const { frames, framesOmitted } = all.find(({ ruleId }) => ruleId === rule)!;
  return [frames, framesOmitted];
};
const CLIENT = '192.0.2.1';
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

it('of a scan, and of UDP', async () => {
  const asked = numbers(12).map((host) =>
    ethernet(
      {},
      ipv4({ source: CLIENT, destination: `198.51.100.${host}` }, tcp({ destinationPort: 0, flags: 'S', sequence: 7 })),
    ),
  );
  expect(of(await findings(asked, '--max-frames', '5'), 'port-zero-scan')).toEqual([[1, 2, 3, 11, 12], 7]);
  expect(of(await findings(asked), 'port-zero-scan')).toEqual([numbers(12), 0]);
  const datagrams = numbers(9).map(() => ethernet({}, ipv4({}, udp({ sourcePort: 9, destinationPort: 0 }))));
  expect(of(await findings(datagrams, '--max-frames', '4'), 'udp-port-zero')).toEqual([[1, 2, 8, 9], 5]);
});

it('of a conversation without beginning, which is longer than a finding lists', async () => {
  const talk = numbers(250).map((i) =>
    ethernet(
      {},
      ipv4(
        { source: CLIENT, destination: '198.51.100.7' },
        tcp({
          sourcePort: 40_000,
          destinationPort: 0,
          flags: 'PA',
          sequence: i,
          acknowledgment: 9,
          payload: Uint8Array.of(1),
        }),
      ),
    ),
  );
  expect(of(await findings(talk), 'port-zero-backscatter')).toEqual([
    [...numbers(50), ...numbers(50).map((i) => 200 + i)],
    150,
  ]);
  expect(of(await findings(talk, '--max-frames', '2'), 'port-zero-backscatter')).toEqual([[1, 250], 248]);
});
