import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { join, pcapngBlocks } from '../support/capture-builder.ts';
import { ethernet, ipv4, tcp } from '../support/frames.ts';
import { describeWith } from '../support/tools.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-numbers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const b = pcapngBlocks();
const syn = (time: number, destinationPort: number) =>
  b.enhanced({
    time: BigInt(time) * 1_000_000n,
    bytes: ethernet({}, ipv4({}, tcp({ sourcePort: 40000 + time, destinationPort, flags: 'S' }))),
  });
const custom = b.custom(Uint8Array.of(1, 2, 3, 4));
const uncopied = b.block(0x4000_0bad, join(b.u32(32473), [1, 2, 3, 4]));
const empty = b.custom(new Uint8Array(0));

/** Two SYNs to port 0 among ordinary ones, in two sections; a custom block is put before each of the blocks, and last. */
const BLOCKS = [
  b.section(),
  b.interface(),
  syn(1, 0),
  syn(2, 80),
  b.statistics({}),
  syn(3, 0),
  b.section(),
  b.interface(),
  syn(4, 80),
];
const FILES = [
  ...BLOCKS.slice(1).map((_, i) => [
    `before block ${i + 1}`,
    [...BLOCKS.slice(0, i + 1), custom, ...BLOCKS.slice(i + 1)],
  ]),
  ['last', [...BLOCKS, custom]],
  ['last, several', [...BLOCKS, custom, uncopied, empty]],
  ['everywhere', BLOCKS.flatMap((block) => [block, custom])],
  ['alone', [b.section(), custom, uncopied]],
] as [string, Uint8Array[]][];

describeWith(['tshark'], 'custom blocks of pcapng have the numbers that Wireshark gives them', () => {
  it.each(FILES)('%s', async (_, blocks) => {
    const path = joinPath(folder, 'custom.pcapng');
    writeFileSync(path, join(...blocks));
    const { stdout } = spawnSync(
      'tshark',
      ['-n', '-r', path, '-T', 'fields', '-e', 'frame.number', '-e', 'tcp.dstport'],
      {
        encoding: 'utf8',
      },
    );
    const rows = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t'));
    const report = await analyzeCapture(path, { exchanges: 'all' }).report();
    const ours = report.exchanges.flatMap(({ frames }) => frames.all).sort((x, y) => x - y);
    expect(ours).toEqual(rows.filter(([, port]) => port !== '').map(([number]) => Number(number)));
    expect(report.inputs[0]!.frames).toBe(rows.length);
    expect(report.summary.frames).toBe(rows.length);
  });
});
