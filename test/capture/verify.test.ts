import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { PcapReader } from '../../src/capture/format/pcap.ts';
import { verifyWithPcapParser } from '../../src/capture/verify.ts';
import { join, MODIFIED, NANO, payload, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import { FIXTURES, loadManifest } from '../support/manifest.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function file(name: string, bytes: Uint8Array): string {
  writeFileSync(joinPath(folder, name), bytes);
  return joinPath(folder, name);
}

const records = Array.from({ length: 700 }, (_, i) => ({
  seconds: 4_294_960_000 + i,
  fraction: (i * 7919) % 1_000_000,
  bytes: payload(i % 1500, i),
  wireLength: (i % 1500) + (i % 3),
}));

describe('verifyWithPcapParser', () => {
  for (const endian of ['little', 'big'] as const) {
    it(`finds both readers to agree, ${endian}-endian, plain and compressed`, async () => {
      const bytes = pcap(records, { endian });
      const agrees = { frames: 700, mismatch: null, skipped: null };
      expect(await verifyWithPcapParser(file('a.pcap', bytes))).toEqual(agrees);
      expect(await verifyWithPcapParser(file('a.pcap.gz', gzipSync(bytes)))).toEqual(agrees);
    });
  }

  it('compares fractions that run over a second', async () => {
    const path = file('over.pcap', pcap([{ seconds: 1, fraction: 2_500_000 }]));
    expect(await verifyWithPcapParser(path)).toMatchObject({ frames: 1, mismatch: null });
  });

  it('stops where our reader found damage', async () => {
    const cut = pcap(records.slice(0, 3)).subarray(0, -1);
    expect(await verifyWithPcapParser(file('cut.pcap', cut))).toMatchObject({ frames: 2, mismatch: null });
    const absurd = pcap([records[5]!, { bytes: payload(9), capturedLength: 0xffff_ff00 }, records[6]!]);
    expect(await verifyWithPcapParser(file('absurd.pcap', absurd))).toMatchObject({ frames: 1, mismatch: null });
  });

  it('skips what pcap-parser cannot read', async () => {
    const b = pcapngBlocks();
    for (const [name, bytes, words] of [
      ['nano', pcap([], { magic: NANO }), /plain pcap with microseconds only/],
      ['modified', pcap([], { magic: MODIFIED }), /plain pcap with microseconds only/],
      ['ng', join(b.section(), b.interface()), /classic pcap only/],
    ] as const) {
      const result = await verifyWithPcapParser(file(name, bytes));
      expect(result).toEqual({ frames: 0, mismatch: null, skipped: expect.stringMatching(words) });
    }
    expect((await verifyWithPcapParser('-')).skipped).toMatch(/only once/);
  });

  it('rejects when the input cannot be opened', async () => {
    await expect(verifyWithPcapParser(joinPath(folder, 'missing'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(verifyWithPcapParser(file('empty', new Uint8Array(0)))).rejects.toMatchObject({
      code: 'empty-file',
      message: expect.stringContaining('empty: empty'),
    });
  });

  it('tells the first difference, of each kind', async () => {
    const path = file('b.pcap', pcap(records.slice(0, 20)));
    const read = PcapReader.prototype.read;
    // A reader with a fault in one frame: each must be found.
    for (const [fault, words] of [
      [{ seconds: 1 }, /frame 8: the time \(in µs\) is 1055433 here and/],
      [{ wireLength: 3 }, /frame 8: the original length is 3 here and 8 in pcap-parser/],
      [{ capturedLength: 2 }, /frame 8: the captured length is 2 here and 7 in pcap-parser/],
      [{ offset: 40 }, /frame 8: its bytes differ in pcap-parser/],
    ] as const) {
      vi.spyOn(PcapReader.prototype, 'read').mockImplementation(function (
        this: PcapReader,
        bytes,
        start,
        end,
        onFrame,
      ) {
        return read.call(this, bytes, start, end, (frame) =>
          onFrame(frame.number === 8 ? Object.assign(Object.create(frame), fault) : frame),
        );
      });
      const { frames, mismatch } = await verifyWithPcapParser(path);
      vi.restoreAllMocks();
      expect(frames).toBe(7);
      expect(mismatch).toMatchObject({ code: 'verify-mismatch', frame: 8 });
      expect(mismatch!.message).toMatch(words);
    }
  });

  it('tells a frame that only one of them finds', async () => {
    const path = file('c.pcap', pcap(records.slice(0, 20)));
    const read = PcapReader.prototype.read;
    for (const [times, words] of [
      [0, /frame 20: pcap-parser finds a frame where there is none/],
      [2, /frame 20: pcap-parser does not find this frame/],
    ] as const) {
      vi.spyOn(PcapReader.prototype, 'read').mockImplementation(function (
        this: PcapReader,
        bytes,
        start,
        end,
        onFrame,
      ) {
        return read.call(this, bytes, start, end, (frame) => {
          for (let i = 0; i < (frame.number === 20 ? times : 1); i++) onFrame(frame);
        });
      });
      const { mismatch } = await verifyWithPcapParser(path);
      vi.restoreAllMocks();
      expect(mismatch?.message).toMatch(words);
    }
  });
});

describe('pcap-parser as a judge of the fixtures', () => {
  const classic = loadManifest().filter(({ format }) => format === 'pcap');

  it.each(classic.map((entry) => [entry.file, entry] as const))('reads the same records of %s', async (file, entry) => {
    const { frames, mismatch, skipped } = await verifyWithPcapParser(joinPath(FIXTURES, file));
    expect(mismatch).toBeNull();
    // It cannot read nanosecond captures, and says so; every other classic one is compared whole.
    if (skipped === null) expect(frames).toBe(entry.frames);
    else expect(skipped).toMatch(/microsecond/);
  });
});
