import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcap } from './capture-builder.ts';

/** Runs a program over a classic pcap of the frames; `FILE` in the arguments stands for its path. Returns its output. */
export function runOverFrames(
  program: string,
  args: readonly string[],
  frames: readonly Uint8Array[],
  linkType: number,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-'));
  try {
    const path = join(folder, 'frames.pcap');
    writeFileSync(
      path,
      pcap(
        frames.map((bytes, i) => ({ seconds: 1000 + i, bytes })),
        { linkType },
      ),
    );
    const filled = args.map((arg) => (arg === 'FILE' ? path : arg));
    const result = spawnSync(program, filled, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (result.status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${result.stderr}`);
    return result.stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What tshark reads of the frames: a list of values of each field for each frame, in order of appearance, so that the last
 * is the innermost. Fragments are not reassembled and checksums are checked. `extra` are further arguments of tshark.
 */
export function dissect(
  frames: readonly Uint8Array[],
  linkType: number,
  fields: readonly string[],
  extra: readonly string[] = [],
): string[][][] {
  const set = ['tcp.check_checksum:TRUE', 'udp.check_checksum:TRUE', 'ip.defragment:FALSE'];
  const args = [
    '-n',
    '-r',
    'FILE',
    '-T',
    'fields',
    '-E',
    'separator=/t',
    '-E',
    'occurrence=a',
    '-E',
    'aggregator=|',
    ...extra,
  ];
  for (const preference of set) args.push('-o', preference);
  for (const field of fields) args.push('-e', field);
  const lines = runOverFrames('tshark', args, frames, linkType).split('\n').slice(0, frames.length);
  return lines.map((line) => line.split('\t').map((value) => (value === '' ? [] : value.split('|'))));
}
