import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { AnalysisReport } from '../src/report/model/types.ts';
import { pcap } from './support/capture-builder.ts';
import { runCommand } from './support/command.ts';
import { bytesOf, ethernet, ipv4, tcp } from './support/frames.ts';

// Silence is claimed of what was waited for, for the whole answer timeout of 5 s: so it hangs on how late it was when the capture ended.

const home = mkdtempSync(join(tmpdir(), 'portzero-end-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ends = { source: '192.0.2.1', destination: '198.51.100.7' };
const FRAMES = {
  /** Whose verdict is looked at. */
  question: ethernet({}, ipv4(ends, tcp({ sourcePort: 40_000, destinationPort: 0, flags: 'S', sequence: 7 }))),
  other: ethernet({}, ipv4(ends, tcp({ sourcePort: 9, destinationPort: 443, flags: 'S', sequence: 7 }))),
  data: ethernet(
    {},
    ipv4(ends, tcp({ sourcePort: 9, destinationPort: 443, flags: 'A', sequence: 8, acknowledgment: 3, payload: 'x' })),
  ),
  arp: ethernet({ type: 0x0806 }, bytesOf('0001 0800 0604 0001', new Uint8Array(38))),
};
type Kind = keyof typeof FRAMES;

async function verdictOf(...frames: readonly (readonly [seconds: number, kind: Kind])[]): Promise<string | undefined> {
  const path = join(home, 'a.pcap');
  const records = frames.map(([seconds, kind]) => ({ seconds: 1_700_000_000 + seconds, bytes: FRAMES[kind] }));
  writeFileSync(path, pcap(records));
  const { stdout } = await runCommand([path, '-f', 'json', '--exchanges', 'all']);
  const { exchanges } = JSON.parse(stdout) as AnalysisReport;
  return exchanges.find(({ portZero }) => portZero !== null)?.verdict;
}

it('where stamps go back, the latest tells how long was waited, wherever it stands', async () => {
  expect(await verdictOf([0, 'other'], [100, 'question'], [1, 'other'])).toBe('undecided');
  expect(await verdictOf([0, 'other'], [100, 'question'], [1, 'other'], [104, 'arp'])).toBe('undecided');
  expect(await verdictOf([0, 'other'], [100, 'question'], [1, 'other'], [106, 'arp'])).toBe('silent');
  expect(await verdictOf([106, 'data'], [100, 'question'], [1, 'other'])).toBe('silent');
  expect(await verdictOf([104, 'data'], [100, 'question'], [1, 'other'])).toBe('undecided');
});

it('where they do not, the last one does', async () => {
  expect(await verdictOf([0, 'question'], [6, 'arp'], [2, 'arp'])).toBe('silent');
  expect(await verdictOf([0, 'question'], [5, 'data'])).toBe('silent');
  expect(await verdictOf([0, 'question'], [4, 'data'])).toBe('undecided');
});
