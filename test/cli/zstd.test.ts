import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pcap } from '../support/capture-builder.ts';
import { GOOD_NODES } from '../support/nodes.ts';
import { describeWith } from '../support/tools.ts';

const root = join(import.meta.dirname, '../..');
const command = join(root, 'bin/portzero.js');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-zstd-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Those with a zstd of their own: Node's release notes of 22.15.0. */
const NODES = GOOD_NODES.filter(({ version }) => {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  return major > 22 || (major === 22 && minor >= 15);
});

const capture = readFileSync(join(root, 'fixtures/scan/nmap-16-hosts.pcap'));
const zstd = (bytes: Uint8Array, ...args: string[]): Buffer =>
  execFileSync('zstd', ['-q', '-c', ...args], { input: bytes, maxBuffer: 1 << 26 });
/** Whole frames of a classic pcap: 24 bytes, then each behind 16 of which the third word is its length. */
function framesIn(bytes: Uint8Array): number {
  const view = Buffer.from(bytes);
  let frames = 0;
  for (let at = 24; at + 16 <= bytes.length; at += 16 + view.readUInt32LE(at + 8))
    if (at + 16 + view.readUInt32LE(at + 8) <= bytes.length) frames++;
  return frames;
}

const halves = [capture.subarray(0, 700), capture.subarray(700)];
const inFrames = Buffer.concat(halves.map((half) => zstd(half)));
/** As pzstd writes it (RFC 8878 section 3.1.2). */
const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const wrong = (bytes: Buffer, at: number) =>
  Buffer.concat([bytes.subarray(0, at), Buffer.from([bytes[at]! ^ 0x55]), bytes.subarray(at + 1)]);

const SOUND: Readonly<Record<string, Buffer>> = {
  'one frame': zstd(capture),
  'one frame without a checksum': zstd(capture, '-1', '--no-check'),
  'two frames': inFrames,
  'a frame that is to be skipped': Buffer.concat([zstd(halves[0]!), skipped, zstd(halves[1]!)]),
  'a thousand frames': Buffer.concat(
    Array.from({ length: 1000 }, (_, index) => {
      const from = Math.floor((capture.length * index) / 1000);
      return zstd(capture.subarray(from, Math.floor((capture.length * (index + 1)) / 1000)));
    }),
  ),
};

/** ARP frames whose data cannot be compressed: some 400 KB in blocks of at most 128 KiB. */
const large = pcap(
  Array.from({ length: 300 }, () => ({
    bytes: Buffer.concat([Buffer.alloc(12), Buffer.from([8, 6]), randomBytes(1300)]),
  })),
);
const packed = zstd(large);

const DAMAGED: Readonly<Record<string, Buffer>> = {
  'cut in a block': packed.subarray(0, 200_000),
  'cut before the checksum': packed.subarray(0, -4),
  'a block of a kind that there is not': reserved(packed),
};

/** The second block's type is 3 (RFC 8878 section 3.1.1.2.2). */
function reserved(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  // Frame header of `zstd -c` from a pipe: magic number, descriptor, window. Then blocks of three bytes and their size.
  const first = 6;
  const second = first + 3 + (copy.readUIntLE(first, 3) >>> 3);
  copy[second]! |= 6;
  return copy;
}

/** Each decoder has its own words for what is wrong, and the size of the file is another than that of the plain one. */
interface Report {
  readonly inputs: readonly { readonly frames: number; readonly problems: readonly { readonly code: string }[] }[];
  readonly summary: unknown;
  readonly exchanges: unknown;
  readonly findings: unknown;
}

function analyzeIn(node: string, bytes: Uint8Array) {
  const file = join(scratch, 'capture');
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync(node, [command, '-q', '-f', 'json', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const { inputs, summary, exchanges, findings } = JSON.parse(stdout) as Report;
  const [{ frames, problems }] = inputs as [Report['inputs'][0]];
  return { status, frames, problems: problems.map(({ code }) => code), summary, exchanges, findings };
}

describeWith(['zstd'], "Node's own zstd", () => {
  describe.each(NODES)('of $version', ({ version, path, isThere }) => {
    it.for(Object.entries(SOUND))('gives the bytes that were packed: %s', ([, bytes], { skip }) => {
      if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
      expect(analyzeIn(path, bytes)).toEqual(analyzeIn(path, capture));
    });

    it.for(Object.entries(DAMAGED))('gives all before the damage: %s', ([, bytes], { skip }) => {
      if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
      const report = analyzeIn(path, bytes);
      expect(report).toMatchObject({ status: 2, problems: ['bad-compression'] });
      // A block holds 128 KiB at most (RFC 8878 section 3.1.1.2.4), and the first one is sound in each.
      expect(report.frames).toBeGreaterThanOrEqual(framesIn(large.subarray(0, 128 * 1024)));
      expect(report.frames).toBeLessThan(framesIn(large));
    });

    it('holds the data against their checksum', ({ skip }) => {
      if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
      const { status, problems, frames } = analyzeIn(path, wrong(packed, packed.length - 2));
      expect({ status, problems }).toEqual({ status: 2, problems: ['bad-compression'] });
      expect(frames).toBeGreaterThan(50);
    });
  });
});
