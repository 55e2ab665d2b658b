import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_WITHOUT_TIME } from '../../src/capture/source.ts';
import { join, type Option, payload, pcapngBlocks } from '../support/capture-builder.ts';
import { readBytes, readEveryWay } from '../support/read-capture.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ascii = (text: string) => new TextEncoder().encode(text);
const little = pcapngBlocks('little');
const packet = (seed = 0) => little.enhanced({ time: 1_000_000n, bytes: payload(21, seed) });
const head = join(little.section(), little.interface());

/** One packet of an interface with these options. */
const timed = async (time: bigint, ...options: Option[]) => {
  const file = join(little.section(), little.interface({ options }), little.enhanced({ time, bytes: payload(4) }));
  const { frames, problems } = await readEveryWay(file);
  expect(problems).toEqual([]);
  const { seconds, nanos, timeDigits } = frames[0]!;
  return [seconds, nanos, timeDigits];
};
const resolution = (value: number): Option => [9, [value]];
const offset = (seconds: bigint): Option => [14, little.u64(seconds)];

describe('pcapng', () => {
  for (const endian of ['little', 'big'] as const) {
    const b = pcapngBlocks(endian);
    it(`reads all kinds of packets, ${endian}-endian`, async () => {
      const file = join(
        b.section({ options: [[4, ascii('some program')]] }),
        b.interface({ linkType: 113, snapLength: 96, options: [[2, ascii('eth0')], resolution(9)] }),
        b.enhanced({
          time: 1_700_000_000_123_456_789n,
          bytes: payload(61),
          wireLength: 1514,
          options: [[1, ascii('!')]],
        }),
        b.interface({ linkType: 1, options: [[2, ascii('wlan-ü\0')]] }),
        b.obsolete({ interfaceId: 1, time: 1_700_000_000_000_007n, bytes: payload(5, 1), wireLength: 50 }),
        b.simple({ bytes: payload(6, 2) }),
        b.enhanced({ interfaceId: 1, time: 0n, bytes: payload(0) }),
      );
      const { frames, interfaces, problems, drops } = await readEveryWay(file);
      expect(problems).toEqual([]);
      expect(drops).toBeNull();
      expect(interfaces).toEqual([
        { linkType: 113, snapLength: 96, timeDigits: 9, fcsLength: 0, name: 'eth0' },
        { linkType: 1, snapLength: 0, timeDigits: 6, fcsLength: 0, name: 'wlan-ü' },
      ]);
      const first = { linkType: 113, timeDigits: 9, fcsLength: 0, direction: 0, interfaceIndex: 0 };
      const second = { linkType: 1, timeDigits: 6, fcsLength: 0, direction: 0, interfaceIndex: 1 };
      expect(frames).toEqual([
        { ...first, number: 1, seconds: 1_700_000_000, nanos: 123_456_789, wireLength: 1514, hex: hex(payload(61)) },
        { ...second, number: 2, seconds: 1_700_000_000, nanos: 7000, wireLength: 50, hex: hex(payload(5, 1)) },
        // No time of its own: it keeps that of the packet before it, and says so.
        {
          ...first,
          timeDigits: FRAME_WITHOUT_TIME,
          number: 3,
          seconds: 1_700_000_000,
          nanos: 7000,
          wireLength: 6,
          hex: hex(payload(6, 2)),
        },
        { ...second, number: 4, seconds: 0, nanos: 0, wireLength: 0, hex: '' },
      ]);
    });
  }

  it('reads several sections, of either byte order, each with its own interfaces', async () => {
    const big = pcapngBlocks('big');
    const file = join(
      head,
      packet(),
      big.section({ sectionLength: 9999n }),
      big.interface({ linkType: 101 }),
      big.interface({ linkType: 113 }),
      big.enhanced({ interfaceId: 1, time: 5n, bytes: payload(8) }),
      little.section({ minor: 2 }),
      little.interface({ linkType: 276 }),
      packet(3),
    );
    const { frames, interfaces, problems } = await readEveryWay(file);
    expect(problems).toEqual([]);
    expect(interfaces.map(({ linkType }) => linkType)).toEqual([1, 101, 113, 276]);
    expect(frames.map((frame) => [frame.number, frame.linkType, frame.interfaceIndex])).toEqual([
      [1, 1, 0],
      [2, 113, 2],
      [3, 276, 3],
    ]);
  });

  it('cuts a simple packet at the snap length', async () => {
    const file = join(
      little.section(),
      little.interface({ snapLength: 10 }),
      little.simple({ bytes: payload(10), wireLength: 99 }),
    );
    expect((await readEveryWay(file)).frames).toMatchObject([{ seconds: 0, wireLength: 99, hex: hex(payload(10)) }]);
  });

  it('takes lengths that leave the padding out, as some writers do', async () => {
    const body = join(little.u32(0), little.u32(0), little.u32(9), little.u32(3), little.u32(3), payload(3));
    const { frames, problems } = await readEveryWay(join(head, little.block(6, body, 35), packet()));
    expect(problems).toEqual([]);
    expect(frames.map((frame) => frame.hex)).toEqual([hex(payload(3)), hex(payload(21))]);
  });

  describe('time', () => {
    it('keeps nanoseconds', async () => {
      expect(await timed(1_700_000_000_999_999_999n, resolution(9))).toEqual([1_700_000_000, 999_999_999, 9]);
      expect(await timed((1n << 64n) - 1n, resolution(9))).toEqual([18_446_744_073, 709_551_615, 9]);
    });

    it('knows powers of ten', async () => {
      expect(await timed(1_700_000_000n, resolution(0))).toEqual([1_700_000_000, 0, 0]);
      expect(await timed(1_700_000_000_123n, resolution(3))).toEqual([1_700_000_000, 123_000_000, 3]);
      expect(await timed(1_700_000_000_123_456n)).toEqual([1_700_000_000, 123_456_000, 6]);
      expect(await timed(17_000_000_001_234_567n, resolution(7))).toEqual([1_700_000_000, 123_456_700, 7]);
    });

    it('cuts off what is finer than a nanosecond', async () => {
      expect(await timed(1_234_567_890_123_456_789n, resolution(12))).toEqual([1_234_567, 890_123_456, 9]);
      expect(await timed(1n, resolution(19))).toEqual([0, 0, 9]);
      expect(await timed((1n << 64n) - 1n, resolution(127))).toEqual([0, 0, 9]);
    });

    it('knows powers of two, with the digits they need', async () => {
      expect(await timed((5n << 10n) | 512n, resolution(0x8a))).toEqual([5, 500_000_000, 9]);
      expect(await timed((5n << 32n) | 0x8000_0001n, resolution(0xa0))).toEqual([5, 500_000_000, 9]);
      expect(await timed(7n, resolution(0x80))).toEqual([7, 0, 0]);
    });

    it.each([0, 0x80])('that no double tells apart, with if_tsresol %i, do not move those of others', async (value) => {
      const edge = (1n << 64n) - 1n;
      const packet = (time: bigint, interfaceId: number) => little.enhanced({ time, interfaceId, bytes: payload(4) });
      const file = join(
        little.section(),
        little.interface({ options: [resolution(value)] }),
        little.interface({ options: [resolution(6)] }),
        packet(edge, 0),
        packet(edge - 5000n, 0),
        packet(1_700_000_000_000_001n, 1),
        packet(edge, 0),
        packet(1_700_000_000_000_002n, 1),
      );
      const { frames } = await readBytes(file);
      expect(frames.map(({ seconds, nanos }) => [seconds, nanos])).toEqual([
        [2 ** 44, 0],
        [2 ** 44, 0],
        [1_700_000_000, 1000],
        [1_700_000_000, 1000],
        [1_700_000_000, 2000],
      ]);
    });

    it('adds the offset, which may be negative', async () => {
      expect(await timed(1_500_000n, offset(1_600_000_000n))).toEqual([1_600_000_001, 500_000_000, 6]);
      // tshark prints -99.500976562 for it: second -99, and the fraction counts up from there.
      expect(await timed(1537n, resolution(0x8a), offset(-100n))).toEqual([-99, 500_976_562, 9]);
    });

    it('is exact for any ticks and any power of ten', async () => {
      await fc.assert(
        fc.asyncProperty(fc.bigInt(0n, (1n << 64n) - 1n), fc.integer({ min: 0, max: 9 }), async (ticks, exponent) => {
          const unit = 10n ** BigInt(exponent);
          const file = join(
            little.section(),
            little.interface({ options: [resolution(exponent)] }),
            little.enhanced({ time: ticks, bytes: payload(1) }),
          );
          const { seconds, nanos } = (await readBytes(file)).frames[0]!;
          const isFar = ticks / unit > 1n << 44n;
          expect(seconds).toBe(isFar ? 2 ** 44 : Number(ticks / unit));
          expect(nanos).toBe(isFar ? 0 : Number((ticks % unit) * (1_000_000_000n / unit)));
        }),
      );
    });
  });

  describe('frame check sequences', () => {
    const flags = (value: number): Option => [2, little.u32(value)];
    it('come from the interface and are overruled by a packet', async () => {
      const file = join(
        little.section(),
        little.interface({ options: [[13, [4]]] }),
        packet(),
        little.enhanced({ bytes: payload(5), options: [flags(2 << 5)] }),
        little.enhanced({ bytes: payload(5), options: [flags(1)] }),
        little.obsolete({ bytes: payload(5), options: [flags(3 << 5)] }),
      );
      const { frames, interfaces } = await readEveryWay(file);
      expect(interfaces).toMatchObject([{ fcsLength: 4 }]);
      expect(frames.map(({ fcsLength }) => fcsLength)).toEqual([4, 2, 4, 3]);
    });

    it('and directions are told by the flags of each packet, and not known of the next', async () => {
      const file = join(
        little.section(),
        little.interface(),
        ...[1, 2, 0, 3, 0x1e5].map((value) => little.enhanced({ bytes: payload(5), options: [flags(value)] })),
        packet(),
        little.obsolete({ bytes: payload(5), options: [flags(2)] }),
        little.simple({ bytes: payload(5) }),
      );
      const { frames } = await readEveryWay(file);
      expect(frames.map(({ direction }) => direction)).toEqual([1, 2, 0, 0, 1, 0, 2, 0]);
    });

    it('may be given in bits', async () => {
      const file = join(little.section(), little.interface({ options: [[13, [32]]] }));
      expect((await readEveryWay(file)).interfaces).toMatchObject([{ fcsLength: 4 }]);
    });
  });

  describe('drops', () => {
    const statistics = (interfaceId: number, ifdrop: bigint | null, osdrop: bigint | null) =>
      little.statistics({
        interfaceId,
        options: [
          [4, little.u64(1000n)] as Option,
          ...(ifdrop === null ? [] : [[5, little.u64(ifdrop)] as Option]),
          ...(osdrop === null ? [] : [[7, little.u64(osdrop)] as Option]),
        ],
      });
    const drops = async (...blocks: Uint8Array[]) =>
      (await readEveryWay(join(head, little.interface(), ...blocks))).drops;

    it('are null when nobody says', async () => {
      expect(
        await drops(packet(), statistics(0, null, null), little.obsolete({ bytes: payload(3), drops: 0xffff })),
      ).toBeNull();
    });

    it('are those of the last statistics of each interface', async () => {
      expect(await drops(statistics(0, 5n, 6n), statistics(1, null, 100n), statistics(0, 7n, 8n))).toBe(115);
      expect(await drops(statistics(0, 0n, null))).toBe(0);
      // A counter of all ones says that nobody counted.
      expect(await drops(statistics(0, 2n ** 64n - 1n, null))).toBeNull();
      expect(await drops(statistics(0, 2n ** 64n - 1n, 4n))).toBe(4);
      expect(await drops(statistics(0, 2n ** 53n - 1n, null))).toBe(2 ** 53 - 1);
      expect(await drops(statistics(0, 2n ** 53n + 1n, null), statistics(1, null, 2n))).toBe(2n ** 53n + 3n);
    });

    it('are counted packet by packet', async () => {
      expect(
        await drops(
          little.enhanced({ bytes: payload(3), options: [[4, little.u64(3n)]] }),
          little.obsolete({ bytes: payload(3), drops: 4 }),
          little.obsolete({ bytes: payload(3), drops: 0xffff, interfaceId: 1 }),
        ),
      ).toBe(7);
    });

    it('are not counted twice when both say them', async () => {
      expect(
        await drops(little.enhanced({ bytes: payload(3), options: [[4, little.u64(3n)]] }), statistics(0, 2n, 2n)),
      ).toBe(4);
    });

    it('ignore statistics of an interface that is not there', async () => {
      expect(await drops(statistics(9, 2n, 2n))).toBeNull();
    });
  });

  it('skips other blocks, and counts the frames that Wireshark counts', async () => {
    const file = join(
      head,
      little.nameResolution(),
      packet(),
      little.secrets('CLIENT_RANDOM 00 11'),
      little.block(0x8000_0001, payload(100_000)),
      little.journal('__REALTIME_TIMESTAMP=1\nMESSAGE=a line of a system log\n\n'),
      little.custom(payload(40)),
      packet(1),
      little.block(0x4000_0bad, join(little.u32(32473), payload(4))),
      little.custom(payload(40), 10949),
      little.block(0x204, payload(40)),
      packet(2),
    );
    const { frames, problems } = await readEveryWay(file);
    expect(problems).toEqual([]);
    expect(frames.map(({ number }) => number)).toEqual([1, 4, 7]);
    expect(frames.map((frame) => frame.hex)).toEqual([0, 1, 2].map((seed) => hex(payload(21, seed))));
  });

  describe('damage', () => {
    const second = join(head, packet());
    const at = second.length;
    const fails = async (block: Uint8Array, code: string, words: RegExp) => {
      const { frames, problems, error } = await readEveryWay(join(second, block, packet()));
      expect(error).toBeNull();
      expect(frames).toHaveLength(1);
      expect(problems).toMatchObject([{ code, offset: at, frame: 2 }]);
      expect(problems[0]!.message).toMatch(words);
      expect(problems[0]!.message.startsWith(`t: frame 2 at byte ${at}: `)).toBe(true);
    };

    it('is found wherever the file is cut', async () => {
      const blocks = [
        little.section(),
        little.interface({ options: [[2, ascii('eth0')]] }),
        packet(),
        little.custom(payload(16)),
        little.statistics({}),
        packet(1),
      ];
      const file = join(...blocks);
      const ends = blocks.map((_, i) => join(...blocks.slice(0, i + 1)).length);
      for (let length = 1; length < file.length; length++) {
        const read = await readEveryWay(file.subarray(0, length));
        if (length < ends[0]!) {
          expect(read.error?.code).toBe('truncated-header');
          continue;
        }
        expect(read.error).toBeNull();
        expect(read.frames).toHaveLength(length >= ends[2]! ? 1 : 0);
        const whole = ends.filter((end) => end <= length).at(-1)!;
        if (whole === length) expect(read.problems).toEqual([]);
        else expect(read.problems).toMatchObject([{ code: 'truncated-record', offset: whole }]);
      }
    });

    it('lengths that differ', async () => {
      await fails(little.block(6, new Uint8Array(40), undefined, 99), 'bad-block', /differ: 52 before it, 99 after it/);
      await fails(little.block(0x77, new Uint8Array(40), undefined, 99), 'bad-block', /0x00000077 differ/);
    });

    it('lengths that cannot be', async () => {
      await fails(little.block(6, new Uint8Array(40), 8), 'bad-block', /says it is 8 bytes long, expected at least 12/);
      await fails(little.block(6, new Uint8Array(40), 0), 'bad-block', /says it is 0 bytes/);
      await fails(
        little.block(6, new Uint8Array(40), 0xffff_fff0),
        'bad-block',
        /4294967280 bytes long, expected at most/,
      );
      await fails(little.block(1, new Uint8Array(40), 0x7fff_fff0), 'bad-block', /expected at most/);
      await fails(little.block(0x77, new Uint8Array(40), 4), 'bad-block', /0x00000077 says it is 4 bytes/);
      await fails(little.block(6, new Uint8Array(8)), 'bad-block', /without its fixed fields/);
      await fails(little.block(2, new Uint8Array(8)), 'bad-block', /without its fixed fields/);
      await fails(little.block(5, new Uint8Array(4)), 'bad-block', /without its fixed fields/);
      await fails(little.block(1, new Uint8Array(4)), 'bad-block', /without its fixed fields/);
    });

    it('captured lengths that cannot be', async () => {
      const long = (capturedLength: number) => little.enhanced({ bytes: payload(20), capturedLength });
      await fails(long(24), 'bad-record-length', /its block has room for 20/);
      await fails(long(0xffff_ffff), 'bad-record-length', /4294967295 bytes were captured, expected at most 262144/);
      await fails(little.simple({ bytes: payload(20), wireLength: 21 }), 'bad-record-length', /room for 20/);
    });

    it('an interface that is not there', async () => {
      const words = /interface 1, but the section has 1 interfaces/;
      await fails(little.enhanced({ interfaceId: 1, bytes: payload(4) }), 'bad-block', words);
      await fails(little.obsolete({ interfaceId: 1, bytes: payload(4) }), 'bad-block', words);
    });

    it('options that overrun their block', async () => {
      const bad = join(little.u16(2), little.u16(400));
      await fails(little.block(1, join(little.u16(1), [0, 0], little.u32(0), bad)), 'bad-block', /option of 400 bytes/);
      await fails(little.block(5, join(little.u32(0), little.u64(0n), bad)), 'bad-block', /option of 400 bytes/);
      const fixed = join(little.u32(0), little.u64(0n), little.u32(4), little.u32(4), payload(4));
      await fails(little.block(6, join(fixed, bad)), 'bad-block', /option of 400 bytes, but its block has room for 0/);
    });

    it('a later section of an unknown version or byte order', async () => {
      await fails(little.section({ major: 2 }), 'unsupported-version', /pcapng version 2.0, expected 1.0/);
      await fails(little.section({ minor: 1 }), 'unsupported-version', /1.1/);
      await fails(little.section({ magic: 0x1234_5678 }), 'bad-block', /byte-order magic 0x78563412/);
    });

    it('a first section of an unknown version', async () => {
      expect((await readEveryWay(little.section({ major: 2 }))).error).toMatchObject({
        code: 'unsupported-version',
        message: 't: pcapng version 2.0, expected 1.0',
      });
    });

    it('a packet before any interface', async () => {
      const { problems } = await readEveryWay(join(little.section(), little.simple({ bytes: payload(4) })));
      expect(problems).toMatchObject([{ code: 'bad-block', offset: 28, frame: 1 }]);
    });

    it('70,000 sections that describe the same interface, each with losses of its own', async () => {
      const section = join(
        little.section(),
        little.interface({ options: [resolution(9)] }),
        little.block(5, join(little.u32(0), little.u64(0n), little.u16(5), little.u16(8), little.u64(2n))),
        little.enhanced({ time: 5n, bytes: payload(4) }),
      );
      const many = new Uint8Array(70_000 * section.length);
      for (let i = 0; i < 70_000; i++) many.set(section, i * section.length);
      const { problems, interfaces, frames, drops } = await readBytes(many);
      expect(problems).toEqual([]);
      expect(interfaces).toHaveLength(1);
      expect(frames).toHaveLength(70_000);
      expect(drops).toBe(140_000);
    });

    it('more interfaces than anybody has', async () => {
      const many = new Uint8Array(28 + 65_537 * 20);
      many.set(little.section());
      for (let i = 0; i <= 65_536; i++) many.set(little.interface(), 28 + i * 20);
      const { problems, interfaces } = await readBytes(many);
      expect(interfaces).toHaveLength(65_536);
      expect(problems).toMatchObject([{ code: 'bad-block', offset: 28 + 65_536 * 20 }]);
    });
  });
});

describe('hostile bytes', () => {
  const sound = join(
    little.section(),
    little.interface({ options: [resolution(9), [2, ascii('eth0')]] }),
    packet(),
    little.obsolete({ bytes: payload(9) }),
    little.simple({ bytes: payload(5) }),
    little.statistics({ options: [[5, little.u64(1n)]] }),
    little.custom(payload(8)),
    little.enhanced({ bytes: payload(7), options: [[4, little.u64(3n)]] }),
  );
  const changes = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 8 });

  it('never throw, and never make chunks matter', async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (flips, sizes) => {
        const bytes = sound.slice();
        for (const [place, value] of flips) bytes[place] = value;
        const whole = await readBytes(bytes);
        const split = await readBytes(bytes, sizes);
        expect({ ...split, error: split.error?.message }).toEqual({ ...whole, error: whole.error?.message });
        for (const frame of whole.frames) {
          expect(frame.nanos).toBeGreaterThanOrEqual(0);
          expect(frame.nanos).toBeLessThan(1_000_000_000);
          expect(Number.isInteger(frame.seconds)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
