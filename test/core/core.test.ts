import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyzeSource } from '../../src/analysis/analyze-source.ts';
import { combineResults } from '../../src/analysis/combine.ts';
import { openSource } from '../../src/capture/open.ts';
import type { FrameSource } from '../../src/capture/source.ts';
import { CoreSkipper } from '../../src/prefilter/core-skipper.ts';
import { type PcapRecord, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import { ethernet, ipv4, type TcpFields, tcp } from '../support/frames.ts';
import { memorySource } from '../support/read-capture.ts';
import { analyzeBytes, analyzeFile, type Result, settingsFor, type Variant, watch } from './compare.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const captures = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name))
  .sort();

let watched: ReturnType<typeof watch>;
beforeAll(() => {
  watched = watch();
});
afterAll(() => watched.restore());

const START = 1_700_000_000;

/** A frame from client `host` to the server's port 80, or the way back; `time` in seconds. */
function record(time: number, host: number, fields: TcpFields & { back?: boolean; id?: number } = {}): PcapRecord {
  const client = `10.${host >>> 16}.${(host >>> 8) & 255}.${host & 255}`;
  const server = '198.51.100.7';
  const { back = false, id = 0, ...tcpFields } = fields;
  const ends = back ? { source: server, destination: client } : { source: client, destination: server };
  const ports = back ? { sourcePort: 80, destinationPort: 40000 } : { sourcePort: 40000, destinationPort: 80 };
  return {
    seconds: START + Math.floor(time),
    fraction: Math.round((time % 1) * 1e6),
    bytes: ethernet({}, ipv4({ ...ends, id }, tcp({ ...ports, ...tcpFields }))),
  };
}

async function bothWays(bytes: Uint8Array, variant: Variant = {}): Promise<Result> {
  const settings = settingsFor(variant);
  const without = await analyzeBytes(bytes, settings, false);
  expect(await analyzeBytes(bytes, settings, true)).toEqual(without);
  return without;
}

describe('every fixture comes to the same result', () => {
  const variants: Readonly<Record<string, Variant>> = {
    'with evidence of port 0': {},
    'with all exchanges': { exchanges: 'all' },
    'with scopes merged': { mergeScopes: true },
    'with a short answer timeout': { answerTimeoutNanos: 20e6 },
  };
  it.each(Object.entries(variants))('%s', async (_, variant) => {
    expect(captures.length).toBeGreaterThan(250);
    const settings = settingsFor({ maxExchanges: 1_000_000, ...variant });
    const before = { ...watched };
    const differing: string[] = [];
    for (const name of captures) {
      const path = join(fixtures, name);
      const without = await analyzeFile(path, settings, false);
      const inCore = await analyzeFile(path, settings, true);
      if (JSON.stringify(inCore) !== JSON.stringify(without)) differing.push(name);
    }
    expect(differing).toEqual([]);
    const frames = watched.frames - before.frames;
    expect(frames).toBeGreaterThan(1000);
    expect(watched.handed - before.handed).toBeLessThan(frames);
    if (variant.exchanges === 'all') expect(watched.settled).toBe(before.settled);
    else expect(watched.settled).toBeGreaterThan(before.settled);
  });
});

describe('a full table', () => {
  const ordinary = 5000;
  const portZero = 40;
  const records: PcapRecord[] = [];
  for (let i = 0; i < ordinary; i++) {
    records.push(record(i / 1000, i, { sequence: i }));
    // Some are answered, so that of all lists there is something to give away.
    if (i % 5 === 0) records.push(record(i / 1000, i, { back: true, flags: 'SA', acknowledgment: i + 1 }));
    if (i % 5 === 1) records.push(record(i / 1000, i, { back: true, flags: 'RA', acknowledgment: i + 1 }));
    if (i % 5 === 2) records.push(record(i / 1000, i, { back: true, flags: 'RA', acknowledgment: i + 9 }));
    if (i % (ordinary / portZero) === 0) records.push(record(i / 1000, i, { sequence: 1, destinationPort: 0 }));
  }
  const bytes = pcap(records);
  const opened = ordinary + portZero;

  it.each([100, 1000])('of %i keeps its bound and loses count of nothing', async (maxExchanges) => {
    const settings = settingsFor({ maxExchanges });
    const without = await analyzeBytes(bytes, settings, false);
    const settled = watched.settled;
    const inCore = await analyzeBytes(bytes, settings, true);
    for (const { summary, omitted } of [without, inCore]) {
      const { total, ...verdicts } = summary.exchanges;
      expect(total).toBe(opened);
      expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(opened);
      expect(summary.portZero.total).toBe(portZero);
      expect(omitted.evicted).toBeGreaterThan(0);
      expect(omitted.evicted).toBeLessThanOrEqual(summary.exchanges.undecided);
      expect(summary.exchanges.accepted).toBeLessThanOrEqual(ordinary / 5);
      expect(summary.exchanges.refused).toBeLessThanOrEqual(ordinary / 5);
    }
    expect(inCore.input).toEqual(without.input);
    expect(inCore.summary.tcpSegments).toBe(without.summary.tcpSegments);
    // Once it is full, the tracker keeps what comes.
    expect(watched.settled - settled).toBeGreaterThan(maxExchanges / 2);
  });

  it('is never fuller than its limit', async () => {
    // Seen whenever the tracker takes something over, or asks for what is least worth keeping.
    const descriptor = Object.getOwnPropertyDescriptor(CoreSkipper.prototype, 'leastWorthKeeping')!;
    const sizes: number[] = [];
    Object.defineProperty(CoreSkipper.prototype, 'leastWorthKeeping', {
      ...descriptor,
      get(this: CoreSkipper) {
        sizes.push(this.size);
        return descriptor.get!.call(this);
      },
    });
    try {
      await analyzeBytes(bytes, settingsFor({ maxExchanges: 100 }), true);
    } finally {
      Object.defineProperty(CoreSkipper.prototype, 'leastWorthKeeping', descriptor);
    }
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  });
});

describe('one input after the other', () => {
  const open: PcapRecord[] = [];
  for (let i = 0; i < 12_000; i++) open.push(record(i / 100_000, i, { sequence: i }));
  // Out of the index in another order than they came, while it is large.
  for (let i = 0; i < 12_000; i += 3) {
    const host = (i * 7919) % 12_000;
    open.push(
      record(1 + i / 100_000, host, { back: true, flags: i % 2 === 0 ? 'RA' : 'SA', acknowledgment: host + 1 }),
    );
  }
  for (let i = 0; i < 12_000; i += 50)
    open.push(record(7, i, { sequence: i, destinationPort: i % 100 === 0 ? 0 : 80 }));
  const flood = pcap(open);
  const few = pcap([
    record(0, 5, { sequence: 5 }),
    record(1, 5, { back: true, flags: 'SA', sequence: 9, acknowledgment: 6 }),
    record(2, 7, { sequence: 7 }),
    record(3, 8, { sequence: 8, destinationPort: 0 }),
    record(20, 9, { sequence: 9 }),
  ]);
  const variant = { maxExchanges: 50_000 };

  it('a flood that makes the index grow comes to the same', async () => {
    const { settled, handed, frames } = watched;
    const { summary } = await bothWays(flood, variant);
    expect(summary.exchanges.total).toBeGreaterThanOrEqual(12_000);
    expect(watched.settled - settled).toBeGreaterThan(11_000);
    expect(watched.handed - handed).toBeLessThan((watched.frames - frames) / 10);
  });

  it('leaves nothing behind for the next', async () => {
    const settings = settingsFor(variant);
    const alone = await analyzeBytes(few, settings, false);
    expect(alone.summary.exchanges).toMatchObject({ total: 4, accepted: 1, silent: 2, undecided: 1 });
    for (const before of [few, flood, few]) {
      await analyzeBytes(before, settings, true);
      expect(await analyzeBytes(few, settings, true)).toEqual(alone);
    }
    // With other settings in between: another machine, and one without a ledger.
    await analyzeBytes(flood, settingsFor({ maxExchanges: 100 }), true);
    await analyzeBytes(flood, settingsFor({ exchanges: 'all' }), true);
    await analyzeBytes(flood, settingsFor({ ...variant, answerTimeoutNanos: 1e6 }), true);
    expect(await analyzeBytes(few, settings, true)).toEqual(alone);
  });

  it('does not mind two at once', async () => {
    const settings = settingsFor(variant);
    const [floodAlone, fewAlone] = [
      await analyzeBytes(flood, settings, false),
      await analyzeBytes(few, settings, false),
    ];
    const results = await Promise.all([
      analyzeBytes(flood, settings, true),
      analyzeBytes(few, settings, true),
      analyzeBytes(flood, settings, true, 5000),
    ]);
    expect(results).toEqual([floodAlone, fewAlone, floodAlone]);
  });
});

it('knows when a SYN was first sent, though stamps step back between that and the next', async () => {
  const frames = [
    record(100, 1, { flags: 'S', sequence: 0 }),
    record(100, 1, { back: true, flags: 'SA', sequence: 100, acknowledgment: 1 }),
    record(98, 1, { flags: 'FA', sequence: 1, acknowledgment: 101 }),
    record(98, 1, { back: true, flags: 'FA', sequence: 101, acknowledgment: 2 }),
    record(98, 1, { flags: 'S', sequence: 0, id: 2 }),
    // With data it is the tracker's, and with it what was on these ends.
    record(98, 1, { flags: 'S', sequence: 1, payload: 'data' }),
    record(98, 1, { back: true, flags: 'SA', sequence: 100, acknowledgment: 1, id: 2 }),
    record(105, 1, { back: true, flags: 'FA', sequence: 101, acknowledgment: 1001 }),
    record(105, 1, { flags: 'S', sequence: 0 }),
  ];
  const { summary } = await bothWays(pcap(frames));
  expect(summary.exchanges.total).toBe(3);
});

it('gives exchanges the numbers that they have without', async () => {
  const records: PcapRecord[] = [];
  for (let i = 0; i < 300; i++) {
    const destinationPort = i % 7 === 0 ? 0 : 80;
    records.push(record(i / 10, i, { sequence: i, destinationPort }));
    if (i % 3 === 0) {
      const sourcePort = destinationPort;
      records.push(record(i / 10, i, { back: true, sourcePort, flags: 'RA', acknowledgment: i + 1 }));
    }
    // Taken over: it keeps its number, and the next one has the next.
    if (i % 11 === 0) records.push(record(i / 10, i, { back: true, flags: 'SA', acknowledgment: i + 5 }));
  }
  const bytes = pcap(records);
  const settings = settingsFor({});
  const without = await analyzeBytes(bytes, settings, false);
  const inCore = await analyzeBytes(bytes, settings, true);
  const ids = inCore.exchanges.map(({ id }) => id);
  expect(ids.length).toBe(43);
  expect(Math.max(...ids)).toBeGreaterThan(250);
  expect(ids).toEqual(without.exchanges.map(({ id }) => id));
  const report = (result: Result) => JSON.stringify(combineResults([{ ...result, elapsedMs: 0 }], settings));
  expect(report(inCore)).toBe(report(without));
});

describe('what the readers know and the core does not', () => {
  const packet = (host: number, fields: TcpFields = {}) => record(0, host, fields).bytes!;

  it('leaves a simple packet to the tracker, which gives it no time', async () => {
    const write = pcapngBlocks();
    const enhanced = (seconds: number, bytes: Uint8Array) =>
      write.enhanced({ time: BigInt(START + seconds) * 1_000_000n, bytes });
    const bytes = Buffer.concat([
      write.section(),
      write.interface(),
      enhanced(0, packet(1)),
      enhanced(100, packet(2, { flags: 'A' })),
      write.simple({ bytes: packet(3, { destinationPort: 0 }) }),
    ]);
    const { exchanges } = await bothWays(bytes);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ started: null, verdict: 'undecided' });
  });

  it('lets what has no time wait from the first frame that tells it', async () => {
    const write = pcapngBlocks();
    const bytes = Buffer.concat([
      write.section(),
      write.interface(),
      write.simple({ bytes: packet(1, { flags: 'RA', sequence: 1, acknowledgment: 101 }) }),
      write.enhanced({
        time: BigInt(START) * 1_000_000n,
        bytes: record(0, 1, { back: true, flags: 'S', sequence: 100 }).bytes!,
      }),
    ]);
    const { summary } = await bothWays(bytes);
    expect(summary.exchanges).toMatchObject({ total: 1, refused: 1 });
  });

  it('counts blocks that have a number but no packet', async () => {
    const write = pcapngBlocks();
    const head = [write.section(), write.interface()];
    const journal = write.journal('MESSAGE=1\n');
    const one = write.enhanced({ time: BigInt(START) * 1_000_000n, bytes: packet(1) });
    const two = write.enhanced({ time: BigInt(START) * 1_000_000n, bytes: packet(1, { destinationPort: 0 }) });
    await bothWays(Buffer.concat([...head, journal, journal]));
    await bothWays(Buffer.concat([...head, one, journal, journal]));
    const { exchanges } = await bothWays(Buffer.concat([...head, journal, one, journal, write.nameResolution(), two]));
    expect(exchanges[0]!.frames.all).toEqual([4]);
  });

  it('knows the first interfaces of a section, however many there are', async () => {
    const write = pcapngBlocks();
    const many = 65_536;
    const head = [write.section(), ...new Array(many).fill(write.interface())];
    const packets = [0, 31, 32, many - 1].map((id, host) =>
      write.enhanced({ interfaceId: id, time: BigInt(START) * 1_000_000n, bytes: packet(host) }),
    );
    const { summary } = await bothWays(Buffer.concat([...head, ...packets]));
    expect(summary).toMatchObject({ frames: 4, exchanges: { total: 4 } });
  });

  it.each([
    [2n ** 62n, 2n ** 64n - 2n ** 62n + 5n],
    [-(2n ** 60n), 2n ** 60n + 5n],
    [2n ** 40n, 2n ** 50n],
    [-5n, 4n],
    [-5n, 7n],
  ])('tells time with whole seconds and an offset: %s + %s', async (offset, ticks) => {
    const write = pcapngBlocks();
    const seconds: readonly [number, readonly number[]][] = [
      [9, [0]],
      [14, [...write.u64(BigInt.asUintN(64, offset))]],
    ];
    const around = [0, 1, 2].map((host) => write.enhanced({ time: ticks + BigInt(host), bytes: packet(host) }));
    await bothWays(Buffer.concat([write.section(), write.interface({ options: seconds }), ...around]));
  });

  it('is not put into a source that is wrapped: its owner wants every frame', async () => {
    const bytes = pcap(Array.from({ length: 100 }, (_, host) => record(host / 1000, host)));
    const inner = await openSource('t', memorySource(bytes));
    const seen: number[] = [];
    const wrapped: FrameSource = {
      ...{ name: 't', format: 'pcap', compression: null, interfaces: inner.interfaces, problems: [], drops: null },
      ...{ bytesRead: 0, totalBytes: bytes.length },
      run: (onFrame, options) =>
        inner.run((frame) => {
          seen.push(frame.number);
          if (frame.number % 2 === 0) onFrame(frame);
        }, options),
    };
    const { summary } = await analyzeSource(wrapped, { settings: settingsFor({}), input: 0, worthCore: 0 });
    expect(seen).toHaveLength(100);
    expect(summary.exchanges.total).toBe(50);
  });

  it('goes on behind a record that its memory has no room for', async () => {
    const long = { seconds: START, bytes: new Uint8Array(700_000), wireLength: 700_000 };
    const taken = watched.taken.get('open') ?? 0;
    const around = [record(0, 1), record(0, 2, { destinationPort: 0 })];
    const { summary } = await bothWays(
      pcap(
        [...around, long, record(1, 3), record(1, 1), record(2, 1, { back: true, flags: 'SA', acknowledgment: 1 })],
        {
          snapLength: 1_000_000,
        },
      ),
    );
    expect(summary.exchanges).toMatchObject({ total: 3, accepted: 1 });
    expect(watched.taken.get('open')).toBeGreaterThan(taken);
  });

  it('tells time to the ledger by frames on port 0 too', async () => {
    const { summary } = await bothWays(
      pcap([
        record(0, 1, { sequence: 7 }),
        record(5.5, 2, { destinationPort: 0 }),
        record(7, 3),
        // Silent since 5.5, so that it is gone at 10.5.
        record(11, 1, { sequence: 7 }),
      ]),
    );
    expect(summary.exchanges.total).toBe(4);
  });

  it.each(['truncated record', 'record too long'])('stops where they do: %s', async (what) => {
    const damage: PcapRecord =
      what === 'truncated record'
        ? { ...record(2, 3), capturedLength: 200 }
        : { ...record(2, 3), capturedLength: 2 ** 31 };
    const { input } = await bothWays(pcap([record(0, 1), record(1, 2), damage]));
    expect(input.complete).toBe(false);
  });
});

describe('one conversation in two VLANs', () => {
  /** A frame in a VLAN. */
  const inVlan = (id: number, { bytes = new Uint8Array(0), ...rest }: PcapRecord): PcapRecord => {
    const tagged = new Uint8Array(bytes.length + 4);
    tagged.set(bytes.subarray(0, 12));
    tagged.set([0x81, 0x00, id >> 8, id & 255], 12);
    tagged.set(bytes.subarray(12), 16);
    return { ...rest, bytes: tagged };
  };
  /** VLANs that the core has seen before: of the first frame of each only the decoder knows the scope. */
  const before = [inVlan(10, record(0, 1, { sequence: 1 })), inVlan(20, record(0, 2, { sequence: 1 }))];

  it.each([
    ['SA', 'accepted'],
    ['RA', 'refused'],
  ] as const)('is one exchange where the answer %s comes through another', async (flags, verdict) => {
    const records = [...before];
    for (let i = 10; i < 60; i++) {
      records.push(inVlan(10, record(i / 100, i, { sequence: 7 })));
      records.push(inVlan(20, record(i / 100 + 0.001, i, { back: true, flags, sequence: 90, acknowledgment: 8 })));
    }
    const taken = watched.taken.get('open') ?? 0;
    const { summary } = await bothWays(pcap(records));
    expect(summary.exchanges).toMatchObject({ total: 52, [verdict]: 50 });
    // Where the bits of two ends meet by chance, which goes by the key, the core hands one over more or less.
    expect(watched.taken.get('open')).toBeGreaterThanOrEqual(taken + 45);
  });

  it('is one exchange in a mirror of both', async () => {
    const records = [...before];
    for (let i = 10; i < 60; i++) {
      const ask = record(i / 100, i, { sequence: 7 });
      const answer = record(i / 100 + 0.001, i, { back: true, flags: 'SA', sequence: 90, acknowledgment: 8 });
      records.push(inVlan(10, ask), inVlan(20, ask), inVlan(20, answer), inVlan(10, answer));
    }
    const { summary } = await bothWays(pcap(records));
    expect(summary.exchanges).toMatchObject({ total: 52, accepted: 50 });
  });

  it('stays two where two tenants have the same addresses', async () => {
    const records = [...before];
    for (let i = 10; i < 60; i++) {
      for (const vlan of [10, 20]) {
        records.push(inVlan(vlan, record(i / 100, i, { sequence: vlan })));
        const flags = vlan === 10 ? 'SA' : 'RA';
        records.push(inVlan(vlan, record(i / 100 + 0.005, i, { back: true, flags, acknowledgment: vlan + 1 })));
      }
    }
    const { summary } = await bothWays(pcap(records));
    expect(summary.exchanges).toMatchObject({ total: 102, accepted: 50, refused: 50 });
  });

  it('costs nothing where each conversation is in one', async () => {
    const records = [...before];
    for (let i = 10; i < 60; i++) {
      const vlan = i % 2 === 0 ? 10 : 20;
      records.push(inVlan(vlan, record(i / 100, i, { sequence: 7 })));
      records.push(inVlan(vlan, record(i / 100 + 0.001, i, { back: true, flags: 'SA', acknowledgment: 8 })));
    }
    const { settled, handed } = watched;
    const { summary } = await bothWays(pcap(records));
    expect(summary.exchanges).toMatchObject({ total: 52, accepted: 50 });
    // Where the bits of two ends meet by chance, which goes by the key, the core hands one over.
    expect(watched.settled - settled).toBeGreaterThanOrEqual(48);
    expect(watched.handed - handed).toBeLessThanOrEqual(4);
  });
});
