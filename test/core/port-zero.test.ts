import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PcapRecord, pcap } from '../support/capture-builder.ts';
import { ethernet, ipv4, ipv6, type TcpFields, tcp } from '../support/frames.ts';
import { analyzeBytes, settingsFor, type Variant, watch } from './compare.ts';

/** More than usual when somebody hunts, as in traffic.test.ts. */
const RUNS = Number(process.env.CORE_RUNS ?? 300);
const SEED = process.env.CORE_SEED;
const START = 1_700_000_000;

let watched: ReturnType<typeof watch>;
beforeAll(() => {
  watched = watch();
});
afterAll(() => watched.restore());

interface Sent {
  readonly host: number;
  readonly isIpv6: boolean;
  /** From the port 0 that was asked. */
  readonly isBack: boolean;
  /** The host's own port is 0 too, or it alone. */
  readonly zero: 'server' | 'client' | 'both';
  readonly flags: string;
  readonly number: number;
  readonly off: number;
  readonly options: readonly number[];
  /** Whose checksum is wrong, if one is. */
  readonly fault: 'none' | 'segment' | 'header' | 'zero header';
  readonly vlan: number | null;
  readonly ttl: number;
  /** Microseconds since the one before. */
  readonly wait: number;
}

const SECOND = 1_000_000;
const sentArbitrary = (hosts: number, odd: number): fc.Arbitrary<Sent> =>
  fc.record({
    host: fc.nat(hosts),
    isIpv6: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    isBack: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    zero: fc.constantFrom('server', 'server', 'server', 'server', 'client', 'both'),
    flags: fc.oneof(
      { weight: 16, arbitrary: fc.constant('S') },
      { weight: 8, arbitrary: fc.constantFrom('RA', 'SA', 'R') },
      { weight: odd, arbitrary: fc.constantFrom('SEC', 'Se', 'SP', 'SF', 'SR', 'A', 'F', 'FA', '', 'FPU', 'RFA') },
    ),
    number: fc.constantFrom(100, 100, 100, 100, 200, 0xffff_ffff),
    off: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: odd, arbitrary: fc.constantFrom(0, 2, -100) }),
    options: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom([], [2, 4, 5, 180, 1, 1, 4, 2], [2, 4, 5, 180, 0, 9, 9, 9]) },
      { weight: odd, arbitrary: fc.constantFrom([8, 200, 1, 1], [1, 1, 1, 2], [3, 1, 1, 1]) },
    ),
    fault: fc.oneof(
      { weight: 20, arbitrary: fc.constant('none') },
      { weight: odd, arbitrary: fc.constantFrom('segment', 'header', 'zero header') },
    ),
    vlan: fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, { weight: odd, arbitrary: fc.constantFrom(0, 5, 6) }),
    ttl: fc.oneof({ weight: 8, arbitrary: fc.constant(64) }, { weight: 1, arbitrary: fc.constant(63) }),
    wait: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(0, 1, 1000, 20_000) },
      { weight: 5, arbitrary: fc.constantFrom(SECOND, 3 * SECOND, 5 * SECOND, 5 * SECOND - 1) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 90 * SECOND }) },
      { weight: odd, arbitrary: fc.integer({ min: -30 * SECOND, max: 0 }) },
    ),
  });

function frameOf(sent: Sent): Uint8Array {
  const { host, isBack, zero, flags, number, off, fault, isIpv6 } = sent;
  const hostPort = zero === 'server' ? 1024 + host : 0;
  const otherPort = zero === 'client' ? 80 : 0;
  const fields: TcpFields = {
    sourcePort: isBack ? otherPort : hostPort,
    destinationPort: isBack ? hostPort : otherPort,
    sequence: flags.includes('A') ? 7 : number,
    acknowledgment: flags.includes('A') ? (number + off) >>> 0 : 0,
    flags,
    options: [...sent.options],
    ...(fault === 'segment' ? { checksum: 0x1234 } : {}),
  };
  const ends = isIpv6 ? [`2001:db8::${host + 1}`, '2001:db8:1::1'] : [`10.0.0.${host}`, '198.51.100.7'];
  const [source, destination] = (isBack ? ends.reverse() : ends) as [string, string];
  const header = fault === 'header' ? { headerChecksum: 0x1234 } : fault === 'zero header' ? { headerChecksum: 0 } : {};
  const packet = isIpv6
    ? ipv6({ source, destination, hopLimit: sent.ttl }, tcp(fields))
    : ipv4({ source, destination, ttl: sent.ttl, ...header }, tcp(fields));
  return ethernet({ vlans: sent.vlan === null ? [] : [sent.vlan], ...(isIpv6 ? { type: 0x86dd } : {}) }, packet);
}

function capture(all: readonly Sent[]): Uint8Array {
  let time = 100 * SECOND;
  const records = all.map((sent): PcapRecord => {
    time = Math.max(0, time + sent.wait);
    return { seconds: START + Math.floor(time / SECOND), fraction: time % SECOND, bytes: frameOf(sent) };
  });
  return pcap(records);
}

async function expectSame(all: readonly Sent[], variant: Variant): Promise<void> {
  const settings = settingsFor(variant);
  const bytes = capture(all);
  const without = await analyzeBytes(bytes, settings, false);
  const inCore = await analyzeBytes(bytes, settings, true);
  if (JSON.stringify(inCore) !== JSON.stringify(without)) expect(inCore).toEqual(without);
}

describe('segments with port 0', () => {
  it('come to the same result with and without the core', async () => {
    const variant: fc.Arbitrary<Variant> = fc.record({
      exchanges: fc.constantFrom('flagged', 'all'),
      answerTimeoutNanos: fc.constantFrom(5e9, 5e9, 50e6),
      // Full now and then: what is given away first is the same.
      maxExchanges: fc.constantFrom(5000, 5000, 5000, 3, 10),
      maxListed: fc.constantFrom(1000, 5),
    });
    const shape = fc.record({ hosts: fc.constantFrom(3, 40, 200), odd: fc.constantFrom(0, 0, 1, 3) });
    const cases = shape.chain(({ hosts, odd }) =>
      fc.tuple(fc.array(sentArbitrary(hosts, odd), { minLength: 1, maxLength: 120, size: 'max' }), variant),
    );
    const before = { ...watched };
    await fc.assert(
      fc.asyncProperty(cases, ([all, settings]) => expectSame(all, settings)),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
    // The core has opened a good part of them.
    const frames = watched.frames - before.frames;
    expect(watched.handed - before.handed).toBeLessThan(frames * 0.8);
  });
});
