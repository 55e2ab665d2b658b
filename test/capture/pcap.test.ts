import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MICRO, MODIFIED, NANO, payload, pcap } from '../support/capture-builder.ts';
import { readBytes, readEveryWay } from '../support/read-capture.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const records = [
  { seconds: 1_700_000_000, fraction: 123_456, bytes: payload(60), wireLength: 1514 },
  { seconds: 4_294_967_295, fraction: 999_999, bytes: payload(0, 1) },
  { seconds: 0, fraction: 0, bytes: payload(3, 2), wireLength: 2 },
];

describe('classic pcap', () => {
  for (const endian of ['little', 'big'] as const) {
    it(`reads microseconds, ${endian}-endian`, async () => {
      const read = await readEveryWay(pcap(records, { endian, snapLength: 96, linkType: 113 }));
      expect(read.problems).toEqual([]);
      expect(read.drops).toBeNull();
      expect(read.interfaces).toEqual([{ linkType: 113, snapLength: 96, timeDigits: 6, fcsLength: 0, name: null }]);
      const common = { linkType: 113, timeDigits: 6, fcsLength: 0, interfaceIndex: 0, direction: 0 };
      expect(read.frames).toEqual([
        { ...common, number: 1, seconds: 1_700_000_000, nanos: 123_456_000, wireLength: 1514, hex: hex(payload(60)) },
        { ...common, number: 2, seconds: 4_294_967_295, nanos: 999_999_000, wireLength: 0, hex: '' },
        { ...common, number: 3, seconds: 0, nanos: 0, wireLength: 2, hex: hex(payload(3, 2)) },
      ]);
    });

    it(`reads nanoseconds, ${endian}-endian`, async () => {
      const file = pcap([{ seconds: 1_700_000_000, fraction: 123_456_789, bytes: payload(9) }], {
        endian,
        magic: NANO,
      });
      const { frames, interfaces } = await readEveryWay(file);
      expect(frames).toMatchObject([{ seconds: 1_700_000_000, nanos: 123_456_789, timeDigits: 9 }]);
      expect(interfaces).toMatchObject([{ timeDigits: 9 }]);
    });

    it(`reads the modified format, ${endian}-endian`, async () => {
      const { frames, problems } = await readEveryWay(pcap(records, { endian, magic: MODIFIED }));
      expect(problems).toEqual([]);
      expect(frames.map((frame) => [frame.nanos, frame.hex])).toEqual([
        [123_456_000, hex(payload(60))],
        [999_999_000, ''],
        [0, hex(payload(3, 2))],
      ]);
    });
  }

  it('reads a file without records', async () => {
    expect(await readEveryWay(pcap([]))).toMatchObject({ frames: [], problems: [], error: null });
  });

  it('carries a fraction of a second or more', async () => {
    const micro = pcap([
      { seconds: 10, fraction: 1_500_000 },
      { seconds: 1, fraction: 4_294_967_295 },
    ]);
    expect((await readEveryWay(micro)).frames).toMatchObject([
      { seconds: 11, nanos: 500_000_000 },
      { seconds: 4295, nanos: 967_295_000 },
    ]);
    const nano = pcap([{ seconds: 10, fraction: 4_000_000_001 }], { magic: NANO });
    expect((await readEveryWay(nano)).frames).toMatchObject([{ seconds: 14, nanos: 1 }]);
  });

  it('takes the FCS length out of the link type field, in units of 16 bits', async () => {
    // draft-ietf-opsawg-pcap section 4: F bit 26, length in bits 28 to 31.
    const read = await readEveryWay(pcap([{ bytes: payload(64) }], { linkType: 0x2400_0001 }));
    expect(read.interfaces).toMatchObject([{ linkType: 1, fcsLength: 4 }]);
    expect(read.frames).toMatchObject([{ linkType: 1, fcsLength: 4 }]);
  });

  it('ignores an FCS length that is not marked as known, and reserved bits', async () => {
    const read = await readEveryWay(pcap([], { linkType: 0x22c0_0001 }));
    expect(read.interfaces).toMatchObject([{ linkType: 1, fcsLength: 0 }]);
  });

  it('puts exchanged lengths of versions before 2.4 right', async () => {
    const record = { bytes: payload(60), capturedLength: 1514, wireLength: 60 };
    const { frames } = await readEveryWay(pcap([record, { bytes: payload(4) }], { minor: 3 }));
    expect(frames).toMatchObject([{ wireLength: 1514, hex: hex(payload(60)) }, { wireLength: 4 }]);
    expect((await readEveryWay(pcap([record], { major: 543, minor: 0 }))).frames).toMatchObject([{ wireLength: 1514 }]);
  });

  it('keeps a frame that is longer than the snap length, up to what its link type may have', async () => {
    const long = payload(262_144);
    const { frames, problems } = await readEveryWay(pcap([{ bytes: long }], { snapLength: 100 }));
    expect(problems).toEqual([]);
    expect(frames[0]!.hex).toBe(hex(long));
  });

  it('takes longer frames where the header announces them', async () => {
    const { frames } = await readEveryWay(pcap([{ bytes: payload(300_000) }], { snapLength: 524_288 }));
    expect(frames).toHaveLength(1);
  });

  describe('damage', () => {
    const file = pcap([{ bytes: payload(20) }, { bytes: payload(30, 1) }]);

    it('is found wherever the file is cut', async () => {
      for (let length = 0; length < file.length; length++) {
        const read = await readEveryWay(file.subarray(0, length));
        if (length < 24) {
          expect(read.error?.code).toBe(length === 0 ? 'empty-file' : 'truncated-header');
          continue;
        }
        expect(read.error).toBeNull();
        const whole = length < 24 + 36 ? 0 : 1;
        expect(read.frames).toHaveLength(whole);
        const offset = 24 + whole * 36;
        if (length === offset) expect(read.problems).toEqual([]);
        else expect(read.problems).toMatchObject([{ code: 'truncated-record', offset, frame: whole + 1 }]);
      }
    });

    it('an absurd length', async () => {
      for (const capturedLength of [262_145, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
        const bad = pcap([{ bytes: payload(20) }, { bytes: payload(30), capturedLength }, { bytes: payload(9) }]);
        const { frames, problems } = await readEveryWay(bad);
        expect(frames).toHaveLength(1);
        expect(problems).toEqual([
          {
            code: 'bad-record-length',
            offset: 60,
            frame: 2,
            message: `t: frame 2 at byte 60: the record says ${capturedLength} bytes were captured, expected at most 262144`,
          },
        ]);
      }
    });

    it('a length that is possible but not there', async () => {
      const { problems } = await readEveryWay(pcap([{ bytes: payload(30), capturedLength: 262_144 }]));
      expect(problems).toMatchObject([{ code: 'truncated-record', offset: 24, frame: 1 }]);
      expect(problems[0]!.message).toBe('t: frame 1 at byte 24: cut short after 46 of the 262160 bytes of the record');
    });

    it('a version that was never written', async () => {
      for (const [major, minor] of [
        [3, 0],
        [1, 4],
        [0, 0],
        [543, 1],
      ] as const) {
        expect((await readEveryWay(pcap([], { major, minor }))).error?.code).toBe('unsupported-version');
      }
    });

    it('a wrong magic', async () => {
      for (const magic of [MICRO + 1, 0, 0xffff_ffff, 0xa1b2c3d5, 0x0a0d0d0b]) {
        expect((await readEveryWay(pcap([{ bytes: payload(9) }], { magic }))).error?.code).toBe('unknown-format');
      }
    });
  });
});

describe('hostile bytes', () => {
  it('never throw, and never make chunks matter', async () => {
    const header = fc.constantFrom(...[MICRO, NANO, MODIFIED].map((magic) => pcap([], { magic })));
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    // Small numbers make records that are whole, now and then.
    const body = fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(255)), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(header, body, sizes, async (head, rest, chunks) => {
        const bytes = Uint8Array.of(...head, ...rest);
        const whole = await readBytes(bytes);
        expect(await readBytes(bytes, chunks)).toEqual(whole);
        expect(whole.error).toBeNull();
        for (const { nanos, hex: frame } of whole.frames) {
          expect(nanos).toBeLessThan(1_000_000_000);
          expect(frame.length).toBeLessThanOrEqual(2 * rest.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
