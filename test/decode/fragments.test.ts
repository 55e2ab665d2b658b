import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_FRAGMENTED_HEADER,
  ANOMALY_OVERLAPPING_FRAGMENTS,
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_UNKNOWN,
  FRAGMENT_FIRST,
  FRAGMENT_LATER,
  FRAGMENT_NONE,
  TRANSPORT_TCP,
} from '../../src/decode/packet.ts';
import { MALFORMED, OK, TRUNCATED } from '../../src/decode/status.ts';
import {
  bytesOf,
  destinationOptions,
  ethernet,
  fragmentIpv4,
  fragmentIpv6,
  frameOf,
  ipv4,
  ipv6,
  tcp,
  udp,
} from '../support/frames.ts';
import { type Decoded, decodeAll } from './support.ts';

const options = bytesOf('020405b4 0402 080a0000000100000002 01 030307');
const segment = tcp({
  sourcePort: 40000,
  destinationPort: 0,
  sequence: 0x89abcdef,
  flags: 'S',
  options,
  payload: 'hello',
});
const packet4 = ipv4({ id: 77, ttl: 61 }, segment);
const packet6 = ipv6({ hopLimit: 61 }, segment);
const framesOf = (packets: readonly Uint8Array[]) => packets.map((packet) => frameOf(ethernet({ pad: 0x55 }, packet)));
const isPartial = ({ assembly }: Decoded) => assembly?.isPartial === true;
/** Segments whose header is all there. */
const tcpOf = (packets: readonly Decoded[]) =>
  packets.filter((packet) => packet.transport === TRANSPORT_TCP && !isPartial(packet));

/** What must come out of the segment, however it was cut. */
const whole = {
  status: OK,
  ttl: 61,
  fragment: FRAGMENT_FIRST,
  sourcePort: 40000,
  destinationPort: 0,
  sequence: 0x89abcdef,
  flags: 2,
  headerLength: 40,
  options,
};

describe.each([
  ['IPv4', packet4, (cuts: readonly number[]) => fragmentIpv4(packet4, cuts)],
  ['IPv6', packet6, (cuts: readonly number[]) => fragmentIpv6(packet6, cuts)],
])('%s fragments', (_, packet, cut) => {
  it('a first fragment with the whole header is read at once, and only once', () => {
    const { packets, counts, undecoded } = decodeAll(framesOf(cut([40])));
    expect(tcpOf(packets)).toHaveLength(1);
    expect(packets[0]).toMatchObject({ ...whole, anomalies: 0, checksum: CHECKSUM_UNKNOWN });
    expect(packets[1]).toMatchObject({ fragment: FRAGMENT_LATER, sourcePort: -1, transport: 0 });
    expect(counts).toEqual({ tcpSegments: 1, icmpErrors: 0, fragments: 2 });
    expect(undecoded).toEqual({});
  });

  it.each([
    ['tiny', [8, 16, 24, 32, 40]],
    ['after the ports', [8]],
    ['before the flags', [8, 32]],
    ['in the options', [24]],
  ])('%s: read when the header is there', (_name, cuts) => {
    const { packets, counts, undecoded } = decodeAll(framesOf(cut(cuts)));
    expect(tcpOf(packets)).toHaveLength(1);
    expect(tcpOf(packets)[0]).toMatchObject({ ...whole, anomalies: ANOMALY_FRAGMENTED_HEADER });
    expect(counts).toEqual({ tcpSegments: 1, icmpErrors: 0, fragments: cuts.length + 1 });
    expect(undecoded).toEqual({});
  });

  it('in any order, each any number of times', () => {
    const fragments = cut([8, 16, 24, 32, 40]);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(fragments, { minLength: fragments.length }),
        fc.array(fc.nat(5), { maxLength: 6 }),
        (shuffled, repeats) => {
          const order = [...shuffled.slice(0, 3), ...repeats.map((i) => shuffled[i % 3]!), ...shuffled.slice(3)];
          const { packets, undecoded } = decodeAll(framesOf(order));
          expect(tcpOf(packets)).toHaveLength(1);
          expect(tcpOf(packets)[0]).toMatchObject({ ...whole, anomalies: ANOMALY_FRAGMENTED_HEADER });
          expect(undecoded).toEqual({});
        },
      ),
    );
  });

  it('a datagram reassembled whole has a checksum and its payload length', () => {
    const [a, b, c] = cut([8, 32]);
    const { packets } = decodeAll(framesOf([c!, b!, a!]));
    expect(tcpOf(packets)[0]).toMatchObject({
      checksum: CHECKSUM_GOOD,
      payloadLength: 5,
      payload: bytesOf('68656c6c6f'),
    });
  });

  it('what never completes is counted', () => {
    const fragments = cut([8, 16, 24]);
    const alone = decodeAll(framesOf(fragments.slice(0, 1)));
    expect(alone.packets.map(isPartial)).toEqual([true]);
    expect(alone.undecoded).toEqual({ 'fragments-incomplete': 1 });
    const { packets, undecoded } = decodeAll(framesOf(fragments.slice(1)));
    expect(packets.map(({ fragment, sourcePort }) => [fragment, sourcePort])).toEqual(
      new Array(3).fill([FRAGMENT_LATER, -1]),
    );
    expect(undecoded).toEqual({ 'later-fragment-without-first': 3 });
  });

  // RFC 9293 §3.1: ports and sequence number in bytes 0 to 7, flags and window in 12 to 15, the urgent pointer to 19.
  it.each([
    [8, { flags: -1, headerLength: -1, acknowledgment: -1, window: -1, urgentPointer: -1 }],
    [16, { flags: 2, headerLength: 40, acknowledgment: 0, window: 64240, urgentPointer: -1 }],
    [24, { flags: 2, headerLength: 40, acknowledgment: 0, window: 64240, urgentPointer: 0 }],
  ])('a first fragment of %i bytes is shown as far as it goes', (length, fields) => {
    const { packets, counts } = decodeAll(framesOf(cut([length]).slice(0, 1)));
    expect(packets).toHaveLength(1);
    expect(packets[0]).toMatchObject({
      ...fields,
      status: TRUNCATED,
      ttl: 61,
      fragment: FRAGMENT_FIRST,
      sourcePort: 40000,
      destinationPort: 0,
      sequence: 0x89abcdef,
      payloadLength: -1,
      options: options.slice(0, Math.max(0, length - 20)),
      checksum: CHECKSUM_UNKNOWN,
      anomalies: ANOMALY_FRAGMENTED_HEADER,
      assembly: { isPartial: true, isWhole: false, owner: 0, hadFlags: false, earlierFrames: [] },
    });
    expect(counts).toEqual({ tcpSegments: 1, icmpErrors: 0, fragments: 1 });
  });

  it('is shown again with each fragment that brings more of the header, and counted once', () => {
    const { packets, counts } = decodeAll(framesOf(cut([8, 16, 24, 40])));
    expect(
      packets.map(({ flags, window, urgentPointer, options: seen }) => [flags, window, urgentPointer, seen.length]),
    ).toEqual([
      [-1, -1, -1, 0],
      [2, 64240, -1, 0],
      [2, 64240, 0, 4],
      [2, 64240, 0, 20],
      // The last has data only, and nobody cares for the segment.
      [-1, -1, -1, 0],
    ]);
    expect(packets.map((packet) => packet.assembly && [packet.assembly.isPartial, packet.assembly.hadFlags])).toEqual([
      [true, false],
      [true, false],
      [true, true],
      [false, true],
      null,
    ]);
    expect(counts).toEqual({ tcpSegments: 1, icmpErrors: 0, fragments: 5 });
  });

  it('who cares for a segment hears of each fragment, and of the whole', () => {
    const { packets, counts } = decodeAll(framesOf(cut([24, 40])), {}, 7);
    expect(packets.map(({ assembly }) => assembly)).toMatchObject([
      { isPartial: true, isWhole: false, owner: 0, hadFlags: false },
      { isPartial: false, isWhole: false, owner: 7, hadFlags: true },
      { isPartial: false, isWhole: true, owner: 7, hadFlags: true },
    ]);
    expect(packets[2]).toMatchObject({ ...whole, payloadLength: 5, checksum: CHECKSUM_GOOD });
    expect(counts.tcpSegments).toBe(1);
  });

  it('a wrong checksum is seen when the last fragment is there', () => {
    const bad = tcp({ sourcePort: 40000, destinationPort: 0, flags: 'S', payload: 'hello', checksum: 0x1234 });
    const pieces = packet === packet4 ? fragmentIpv4(ipv4({ id: 77 }, bad), [24]) : fragmentIpv6(ipv6({}, bad), [24]);
    expect(decodeAll(framesOf(pieces), {}, 7).packets.map(({ checksum }) => checksum)).toEqual([
      CHECKSUM_UNKNOWN,
      CHECKSUM_BAD,
    ]);
  });

  it('hands over the frames of fragments that came before, as many as are remembered', () => {
    const numbered = (order: readonly Uint8Array[]) =>
      framesOf(order).map((frame, index) => ({ ...frame, number: 10 + index }));
    const pieces = cut([8, 16, 24, 32, 40]);
    const [first, ...later] = pieces;
    const earlierOf = (packets: readonly Decoded[]) =>
      packets.flatMap(({ assembly }) => (assembly === null ? [] : [assembly.earlierFrames]));
    expect(earlierOf(decodeAll(numbered([...later.slice(1), first!]), {}, 7).packets)).toEqual([[10, 11, 12, 13]]);
    const often = [...later.slice(1), ...later.slice(1), ...later.slice(1), first!, later[0]!];
    expect(earlierOf(decodeAll(numbered(often), {}, 7).packets)).toEqual([
      [10, 11, 12, 13, 14, 15, 16, 17],
      // Taken: not handed over twice.
      [],
    ]);
    // As long as nobody takes them they are kept, and those of what was handed out join them.
    expect(earlierOf(decodeAll(numbered([later[1]!, first!, later[0]!])).packets)).toEqual([[10], [10, 11]]);
  });

  it('is not handed out for ever: a datagram of a great many fragments', () => {
    const long = tcp({ sourcePort: 40000, destinationPort: 0, flags: 'S', payload: new Uint8Array(8 * 300) });
    const cuts = Array.from({ length: 300 }, (_v, i) => 24 + 8 * i);
    const pieces = packet === packet4 ? fragmentIpv4(ipv4({ id: 7 }, long), cuts) : fragmentIpv6(ipv6({}, long), cuts);
    expect(tcpOf(decodeAll(framesOf(pieces), {}, 7).packets)).toHaveLength(64);
  });

  it('what comes after the timeout does not complete', () => {
    const frames = framesOf(cut([8]));
    frames[1]!.seconds += 31;
    expect(decodeAll(frames).undecoded).toEqual({ 'fragments-incomplete': 1, 'later-fragment-without-first': 1 });
    expect(tcpOf(decodeAll(frames, { fragmentSeconds: 60 }).packets)).toHaveLength(1);
  });

  it('a later fragment is never taken for a header', () => {
    const later = cut([8, 16])[2]!;
    const { packets, counts } = decodeAll(framesOf([later]));
    expect(packets[0]).toMatchObject({ fragment: FRAGMENT_LATER, sourcePort: -1, destinationPort: -1, flags: -1 });
    expect(counts.tcpSegments).toBe(0);
  });

  it('fragments in other VLANs do not mix', () => {
    const [first, second] = cut([8]);
    const frames = [ethernet({ vlans: [5] }, first!), ethernet({ vlans: [6] }, second!)].map((frame) => frameOf(frame));
    expect(tcpOf(decodeAll(frames).packets)).toEqual([]);
    expect(tcpOf(decodeAll(frames, { mergeScopes: true }).packets)).toHaveLength(1);
  });

  it('the next datagram with the same identification is another one', () => {
    const { packets } = decodeAll(framesOf([...cut([8]), ...cut([8])]));
    expect(tcpOf(packets)).toHaveLength(2);
  });

  it('a copy of every fragment (a mirrored port) gives no error', () => {
    const mirrored = cut([8, 24]).flatMap((fragment) => [fragment, fragment]);
    const { packets, undecoded } = decodeAll(framesOf(mirrored));
    expect(tcpOf(packets)).toHaveLength(1);
    expect(tcpOf(packets)[0]!.anomalies).toBe(ANOMALY_FRAGMENTED_HEADER);
    expect(undecoded).toEqual({});
  });

  it('a flood of them stays within its bytes and is counted', () => {
    const [first] = cut([8]);
    const idAt = packet === packet4 ? 14 + 4 : 14 + 44;
    const frames = Array.from({ length: 3000 }, (_v, i) => {
      const frame = ethernet({}, first!);
      frame[idAt] = i >> 8;
      frame[idAt + 1] = i & 0xff;
      return frameOf(frame);
    });
    const { undecoded } = decodeAll(frames, { fragmentBytes: 16_384 });
    expect(undecoded).toEqual({ 'fragments-incomplete': 3000 });
  });
});

describe('overlapping fragments', () => {
  /** A fragment of its own making: the payload bytes at `offset` of the datagram `id`. */
  const fragment = (fragmentOffset: number, moreFragments: boolean, data: Uint8Array) =>
    ipv4({ id: 99, protocol: 6, fragmentOffset, moreFragments }, data);
  const payload = packet4.slice(20);
  const evil = payload.map((byte, i) => (i === 13 ? 0x10 : byte));

  it('the first data wins, and the overlap is evidence', () => {
    const frames = [
      fragment(0, true, payload.slice(0, 16)),
      fragment(8, true, evil.slice(8, 32)),
      fragment(32, false, payload.slice(32)),
    ];
    const { packets, undecoded } = decodeAll(framesOf(frames));
    expect(tcpOf(packets)[0]).toMatchObject({
      flags: 2,
      destinationPort: 0,
      anomalies: ANOMALY_FRAGMENTED_HEADER | ANOMALY_OVERLAPPING_FRAGMENTS,
    });
    expect(undecoded).toEqual({ 'fragments-overlapping': 1 });
  });

  it('after the header was read: the segment is shown once more, with the overlap, and counted once', () => {
    const frames = [fragment(0, true, payload.slice(0, 40)), fragment(8, false, evil.slice(8))];
    const { packets, counts, undecoded } = decodeAll(framesOf(frames));
    const same = { destinationPort: 0, sequence: 0x89abcdef, flags: 2, checksum: CHECKSUM_UNKNOWN };
    expect(packets).toMatchObject([
      { ...same, anomalies: 0 },
      { ...same, anomalies: ANOMALY_OVERLAPPING_FRAGMENTS },
    ]);
    expect(counts.tcpSegments).toBe(1);
    expect(undecoded).toEqual({ 'fragments-overlapping': 1 });
  });
});

describe('fragments: impossible', () => {
  it('beyond the longest datagram', () => {
    const frame = frameOf(ethernet({}, ipv4({ protocol: 6, fragmentOffset: 65528, id: 1 }, new Uint8Array(64))));
    expect(decodeAll([frame])).toMatchObject({ packets: [{ status: MALFORMED }], undecoded: { 'malformed-ipv4': 1 } });
  });

  it('a header that no fragment completes is malformed once the datagram is there', () => {
    const short = ipv4({ id: 5 }, tcp({ dataOffset: 15 }));
    const { packets, undecoded } = decodeAll(framesOf(fragmentIpv4(short, [8])));
    expect(tcpOf(packets)[0]).toMatchObject({
      status: MALFORMED,
      destinationPort: 0,
      flags: 2,
      anomalies: ANOMALY_DATA_OFFSET_BEYOND | ANOMALY_FRAGMENTED_HEADER,
    });
    expect(undecoded).toEqual({ 'malformed-tcp': 1 });
  });

  it('a first fragment that the capture cut is used as far as it goes', () => {
    const frame = ethernet({}, fragmentIpv4(packet4, [40])[0]!);
    const { packets } = decodeAll([frameOf(frame, { snapLength: 14 + 20 + 8 })]);
    expect(packets[0]).toMatchObject({ destinationPort: 0, flags: -1, fragment: FRAGMENT_FIRST });
  });
});

describe('fragments of other things', () => {
  it('a tunnel: where it ends behind the ports, these are all that is known', () => {
    // 20 bytes of the inner IPv4 header, so 4 of TCP are in the first fragment (RFC 2003).
    const tunnel = fragmentIpv4(ipv4({ id: 9, protocol: 4 }, packet4), [24, 40]);
    const { packets } = decodeAll(framesOf(tunnel));
    expect(packets).toMatchObject([
      { sourcePort: 40000, destinationPort: 0, sequence: -1, flags: -1, layers: ['ethernet', 'ipv4', 'ipv4', 'tcp'] },
      { sourcePort: 40000, destinationPort: 0, sequence: 0x89abcdef, flags: 2, window: 64240 },
      { ...whole, fragment: FRAGMENT_NONE, payloadLength: 5, checksum: CHECKSUM_GOOD },
    ]);
  });

  it('UDP: the first has the ports', () => {
    const packet = ipv4({ id: 3 }, udp({ destinationPort: 0, payload: new Uint8Array(3000) }));
    const { packets, undecoded } = decodeAll(framesOf(fragmentIpv4(packet, [1480])));
    expect(packets[0]).toMatchObject({ status: OK, destinationPort: 0, payloadLength: 3000 });
    expect(undecoded).toEqual({});
  });

  it('extension headers behind the fragment header may be cut too', () => {
    const packet = ipv6({ extensions: [destinationOptions(new Uint8Array(22))] }, segment);
    const { packets } = decodeAll(framesOf(fragmentIpv6(packet, [8, 32])));
    expect(tcpOf(packets)[0]).toMatchObject({ ...whole, ttl: 64, anomalies: ANOMALY_FRAGMENTED_HEADER });
  });
});
