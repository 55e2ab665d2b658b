import { describe, expect, it } from 'vitest';
import {
  ANOMALY_BAD_CHECKSUM,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_DATA_OFFSET_SMALL,
  ANOMALY_ODD_FLAGS,
  ANOMALY_OPTIONS_OVERRUN,
  ANOMALY_SNAPPED,
  ANOMALY_SYN_FIN,
  ANOMALY_SYN_RST,
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_OFFLOADED,
  CHECKSUM_UNKNOWN,
  TRANSPORT_ICMP_ERROR,
  TRANSPORT_NONE,
  TRANSPORT_TCP,
  TRANSPORT_UDP,
} from '../../src/decode/packet.ts';
import { MALFORMED, OK, TRUNCATED } from '../../src/decode/status.ts';
import {
  addressBytes,
  authentication,
  be16,
  bytesOf,
  destinationOptions,
  ethernet,
  flagBits,
  fragmentHeader,
  frameOf,
  hopByHop,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  nullLoopback,
  quoted,
  routing,
  sll,
  sll2,
  tcp,
  udp,
} from '../support/frames.ts';
import { decodeAll, decodeOne, undecodedReason } from './support.ts';

const RAW = 101;
const synToZero = tcp({ sourcePort: 40000, destinationPort: 0, sequence: 0xfedcba98, flags: 'S' });
const packet4 = ipv4({ id: 0x1234, ttl: 63, dontFragment: true }, synToZero);
const packet6 = ipv6({ hopLimit: 63 }, synToZero);

describe('links: deconstruct', () => {
  it.each([
    ['Ethernet II', 1, ethernet({}, packet4), ['ethernet']],
    ['802.1Q', 1, ethernet({ vlans: [5] }, packet4), ['ethernet', 'vlan']],
    ['priority tag', 1, ethernet({ vlans: [0] }, packet4), ['ethernet', 'vlan']],
    ['802.1ad', 1, ethernet({ vlans: [{ id: 7, type: 0x88a8 }, 5] }, packet4), ['ethernet', 'vlan', 'vlan']],
    ['0x9100', 1, ethernet({ vlans: [{ id: 7, type: 0x9100 }, 5] }, packet4), ['ethernet', 'vlan', 'vlan']],
    ['five tags', 1, ethernet({ vlans: [1, 2, 3, 4, 5] }, packet4), ['ethernet', ...new Array<string>(5).fill('vlan')]],
    ['LLC and SNAP', 1, ethernet({ snap: true }, packet4), ['ethernet', 'llc']],
    ['tagged LLC and SNAP', 1, ethernet({ snap: true, vlans: [5] }, packet4), ['ethernet', 'vlan', 'llc']],
    ['SLL', 113, sll({}, packet4), ['sll']],
    ['SLL with VLAN', 113, sll({ protocol: 0x8100 }, bytesOf(be16(5), be16(0x0800), packet4)), ['sll', 'vlan']],
    ['SLL2', 276, sll2({}, packet4), ['sll2']],
    ['NULL, little endian', 0, nullLoopback(2, packet4), ['null']],
    ['NULL, big endian', 0, nullLoopback(2, packet4, false), ['null']],
    ['LOOP', 108, nullLoopback(2, packet4, false), ['null']],
    ['RAW', RAW, packet4, ['raw']],
    ['RAW (12)', 12, packet4, ['raw']],
    ['RAW (14)', 14, packet4, ['raw']],
    ['IPV4', 228, packet4, ['raw']],
  ])('%s', (_, linkType, bytes, layers) => {
    expect(decodeOne(bytes, { linkType })).toMatchObject({
      status: OK,
      layers: [...layers, 'ipv4', 'tcp'],
      source: '192.0.2.1',
      destination: '198.51.100.7',
      sourcePort: 40000,
      destinationPort: 0,
      sequence: 0xfedcba98,
      checksum: CHECKSUM_GOOD,
    });
  });

  it.each([
    ['Ethernet II', 1, ethernet({}, packet6)],
    ['SLL', 113, sll({}, packet6)],
    ['SLL2', 276, sll2({}, packet6)],
    ['NULL on Linux', 0, nullLoopback(10, packet6)],
    ['NULL on OpenBSD', 0, nullLoopback(24, packet6)],
    ['NULL on FreeBSD', 0, nullLoopback(28, packet6)],
    ['NULL on macOS', 0, nullLoopback(30, packet6)],
    ['RAW', RAW, packet6],
    ['IPV6', 229, packet6],
  ])('%s with IPv6', (_, linkType, bytes) => {
    expect(decodeOne(bytes, { linkType })).toMatchObject({
      status: OK,
      source: '2001:db8::1',
      destination: '2001:db8:1::7',
      destinationPort: 0,
      checksum: CHECKSUM_GOOD,
    });
  });

  it('reads the misplaced inner tag of stacked VLANs in a cooked capture', () => {
    const frame = sll2({ protocol: 0x0800 }, bytesOf(be16(6), be16(0x0800), packet4));
    expect(decodeOne(frame, { linkType: 276 })).toMatchObject({ status: OK, destinationPort: 0, scope: 'vlan 6' });
  });

  it('leaves a frame check sequence out of the data', () => {
    const frame = bytesOf(ethernet({}, ipv4({ totalLength: 0 }, tcp({ payload: 'hello' }))), 'deadbeef');
    expect(decodeOne(frame, { fcsLength: 4 })).toMatchObject({ payloadLength: 5, checksum: CHECKSUM_GOOD });
  });

  it.each([
    ['ARP', 1, ethernet({ type: 0x0806 }, new Uint8Array(28)), 'arp'],
    ['LLDP', 1, ethernet({ type: 0x88cc }, new Uint8Array(28)), 'ethertype-0x88cc'],
    ['STP', 1, bytesOf(ethernet({ type: 38 }, bytesOf('42 42 03', new Uint8Array(35)))), 'llc-0x42'],
    ['CDP', 1, bytesOf(ethernet({ type: 38 }, bytesOf('aa aa 03 00 00 0c 20 00', new Uint8Array(30)))), 'snap-0x2000'],
    ['netlink', 113, sll({ arphrd: 824, protocol: 0 }, new Uint8Array(20)), 'arphrd-824'],
    ['an unknown family', 0, nullLoopback(7, packet4), 'address-family-7'],
    ['neither IPv4 nor IPv6', RAW, bytesOf('1234'), 'not-ip'],
    ['USB', 189, new Uint8Array(64), 'link-type-usb-linux'],
    ['an unknown link type', 4711, new Uint8Array(64), 'link-type-unknown-4711'],
  ])('names %s as not understood', (_, linkType, bytes, reason) => {
    expect(undecodedReason(bytes, { linkType })).toBe(reason);
  });

  it('refuses more layers than it has room for', () => {
    const frame = ethernet({ vlans: new Array<number>(30).fill(5) }, packet4);
    expect(undecodedReason(frame)).toBe('too-deep');
  });
});

describe('links: truncated', () => {
  it.each([
    [1, ethernet({ vlans: [5] }, packet4), 17],
    [113, sll({}, packet4), 15],
    [276, sll2({}, packet4), 19],
    [0, nullLoopback(2, packet4), 3],
  ])('link type %i', (linkType, bytes, length) => {
    for (let snapLength = 0; snapLength <= length; snapLength++) {
      expect(undecodedReason(bytes, { linkType, snapLength })).toBe('truncated-link');
    }
    expect(undecodedReason(bytes.subarray(0, length), { linkType })).toBe('malformed-link');
  });
});

describe('IPv4: deconstruct', () => {
  it('reads what serves as evidence', () => {
    expect(decodeOne(ethernet({}, packet4))).toMatchObject({ ipVersion: 4, ttl: 63, ipId: 0x1234, dontFragment: true });
  });

  it('skips options', () => {
    const frame = ethernet({}, ipv4({ options: bytesOf('94040000 07070400000000') }, synToZero));
    expect(decodeOne(frame)).toMatchObject({ destinationPort: 0, checksum: CHECKSUM_GOOD, payloadLength: 0 });
  });

  it('takes Ethernet padding for no data', () => {
    expect(decodeOne(ethernet({ pad: 0xaa }, ipv4({}, synToZero)))).toMatchObject({
      payloadLength: 0,
      checksum: CHECKSUM_GOOD,
    });
  });

  it('takes all that is there for data when the total length is 0 (TSO)', () => {
    const frame = ethernet({}, ipv4({ totalLength: 0 }, tcp({ payload: new Uint8Array(3000), checksum: 'partial' })));
    expect(decodeOne(frame)).toMatchObject({ status: OK, payloadLength: 3000, checksum: CHECKSUM_OFFLOADED });
  });
});

describe('IPv4: truncated', () => {
  it('has no packet without the whole header', () => {
    for (let length = 14; length < 34; length++) {
      expect(undecodedReason(ethernet({}, packet4), { snapLength: length })).toBe('truncated-ipv4');
    }
  });

  it('knows the ends but no ports when options are cut', () => {
    const frame = ethernet({}, ipv4({ options: new Uint8Array(8) }, synToZero));
    expect(decodeOne(frame, { snapLength: 36 })).toMatchObject({
      status: TRUNCATED,
      source: '192.0.2.1',
      transport: TRANSPORT_NONE,
      sourcePort: -1,
    });
  });
});

describe('IPv4: impossible lengths', () => {
  it.each([
    ['a header of 16 bytes', ipv4({ headerWords: 4 }, synToZero)],
    ['another version', ipv4({ version: 5 }, synToZero)],
  ])('%s', (_, packet) => {
    expect(undecodedReason(ethernet({ type: 0x0800 }, packet))).toBe('malformed-ipv4');
  });

  it('a total length below that of the header', () => {
    expect(decodeOne(ethernet({}, ipv4({ totalLength: 19 }, synToZero)))).toMatchObject({
      status: MALFORMED,
      transport: TRANSPORT_NONE,
    });
  });

  it('a total length beyond the frame: the data is taken as cut', () => {
    const frame = ethernet({}, ipv4({ totalLength: 1500 }, tcp({ payload: 'hello' })));
    expect(decodeOne(frame)).toMatchObject({
      status: OK,
      payloadLength: 1460,
      payload: bytesOf('68656c6c6f'),
      checksum: CHECKSUM_UNKNOWN,
    });
  });
});

describe('IPv6: deconstruct', () => {
  it.each([
    ['hop-by-hop', [hopByHop()]],
    ['destination options', [destinationOptions()]],
    ['routing', [routing()]],
    ['authentication', [authentication()]],
    ['an atomic fragment', [fragmentHeader({ offset: 0, more: false, id: 0xfeed0001 })]],
    ['all of them', [hopByHop(), destinationOptions(), routing(), authentication(), destinationOptions()]],
    ['many', new Array(40).fill(destinationOptions())],
  ])('skips %s', (_, extensions) => {
    const got = decodeOne(ethernet({}, ipv6({ extensions }, synToZero)));
    expect(got).toMatchObject({
      status: OK,
      destinationPort: 0,
      checksum: CHECKSUM_GOOD,
      payloadLength: 0,
      fragment: 0,
    });
  });

  it('gives the identification of an atomic fragment', () => {
    const extensions = [fragmentHeader({ offset: 0, more: false, id: 0xfeed0001 })];
    expect(decodeOne(ethernet({}, ipv6({ extensions }, synToZero)))).toMatchObject({ ipId: 0xfeed0001 });
    expect(decodeOne(ethernet({}, packet6))).toMatchObject({ ipId: -1 });
  });

  it('takes the last segment for the destination while a routing header has some left', () => {
    const last = addressBytes('2001:db8:2::9');
    const header = { protocol: 43, rest: bytesOf(2, 4, 1, 0, 0, 0, 0, last) };
    const direct = ipv6({ destination: '2001:db8:2::9' }, synToZero).slice(40);
    const frame = ethernet({}, ipv6({ extensions: [header], nextHeader: 6 }, direct));
    expect(decodeOne(frame)).toMatchObject({ destination: '2001:db8:2::9', checksum: CHECKSUM_GOOD });
  });

  it('understands a packet without a next header', () => {
    const { packets, undecoded } = decodeAll([frameOf(ethernet({}, ipv6({ nextHeader: 59 }, new Uint8Array(0))))]);
    expect(packets[0]).toMatchObject({ status: OK, transport: TRANSPORT_NONE });
    expect(undecoded).toEqual({});
  });

  it('takes all that is there for data when the payload length is 0', () => {
    const frame = ethernet({}, ipv6({ payloadLength: 0 }, tcp({ payload: new Uint8Array(3000), checksum: 'partial' })));
    expect(decodeOne(frame)).toMatchObject({ payloadLength: 3000, checksum: CHECKSUM_OFFLOADED });
  });
});

describe('IPv6: truncated', () => {
  it('has no packet without the whole header', () => {
    for (let length = 14; length < 54; length++) {
      expect(undecodedReason(ethernet({}, packet6), { snapLength: length })).toBe('truncated-ipv6');
    }
  });

  it('has no ports when an extension header is cut', () => {
    const frame = ethernet({}, ipv6({ extensions: [hopByHop()] }, synToZero));
    expect(decodeOne(frame, { snapLength: 60 })).toMatchObject({ status: TRUNCATED, transport: TRANSPORT_NONE });
  });
});

describe('IPv6: impossible lengths', () => {
  it('an extension header beyond the payload', () => {
    const frame = ethernet(
      {},
      ipv6({ extensions: [{ protocol: 0, rest: bytesOf(200, new Uint8Array(6)) }] }, synToZero),
    );
    expect(decodeOne(frame)).toMatchObject({ status: MALFORMED, transport: TRANSPORT_NONE });
  });
});

describe('TCP: deconstruct', () => {
  it('reads every field', () => {
    const options = bytesOf('020405b4 0402 080a0000000100000002 01 030307');
    const segment = tcp({
      sourcePort: 0xabcd,
      destinationPort: 0,
      sequence: 0xffffffff,
      acknowledgment: 0x80000001,
      flags: 'SAEC',
      window: 65535,
      urgentPointer: 77,
      options,
      payload: 'hi',
      reserved: 5,
    });
    const got = decodeOne(ethernet({}, ipv4({}, segment)));
    expect(got).toMatchObject({
      status: OK,
      transport: TRANSPORT_TCP,
      sourcePort: 0xabcd,
      destinationPort: 0,
      sequence: 0xffffffff,
      acknowledgment: 0x80000001,
      flags: flagBits('SAEC'),
      headerLength: 40,
      window: 65535,
      urgentPointer: 77,
      reservedBits: 5,
      payloadLength: 2,
      checksum: CHECKSUM_GOOD,
      anomalies: 0,
    });
    expect(got.options).toEqual(options);
    expect(got.payload).toEqual(bytesOf('6869'));
  });

  it('reads the nine flags', () => {
    for (const flag of 'FSRPAUECe') {
      expect(decodeOne(ethernet({}, ipv4({}, tcp({ flags: flag })))).flags).toBe(flagBits(flag));
    }
  });

  it.each([
    ['good', CHECKSUM_GOOD, 0],
    ['partial', CHECKSUM_OFFLOADED, 0],
    ['bad', CHECKSUM_BAD, ANOMALY_BAD_CHECKSUM],
  ] as const)('tells a %s checksum', (checksum, value, anomalies) => {
    for (const payload of ['', 'x', 'odd', 'even', 'a longer one of which all is summed up']) {
      expect(decodeOne(ethernet({}, ipv4({}, tcp({ checksum, payload }))))).toMatchObject({
        checksum: value,
        anomalies,
      });
      expect(decodeOne(ethernet({}, ipv6({}, tcp({ checksum, payload }))))).toMatchObject({
        checksum: value,
        anomalies,
      });
    }
  });

  it.each([
    ['SF', ANOMALY_SYN_FIN],
    ['SR', ANOMALY_SYN_RST],
    ['RF', ANOMALY_ODD_FLAGS],
    ['SRF', ANOMALY_SYN_FIN | ANOMALY_SYN_RST | ANOMALY_ODD_FLAGS],
    ['S', 0],
    ['SA', 0],
    ['RA', 0],
    ['', 0],
    ['FPU', 0],
    ['SEC', 0],
  ])('flags %s', (flags, anomalies) => {
    expect(decodeOne(ethernet({}, ipv4({}, tcp({ flags })))).anomalies).toBe(anomalies);
  });

  it('finds reserved bits without a flag odd', () => {
    expect(decodeOne(ethernet({}, ipv4({}, tcp({ flags: '', reserved: 2 })))).anomalies).toBe(ANOMALY_ODD_FLAGS);
  });

  it('finds options that overrun', () => {
    const frame = ethernet({}, ipv4({}, tcp({ options: bytesOf('0101 02ff') })));
    expect(decodeOne(frame)).toMatchObject({ status: OK, anomalies: ANOMALY_OPTIONS_OVERRUN });
  });
});

describe('TCP: truncated', () => {
  const frame = ethernet(
    {},
    ipv4({}, tcp({ sequence: 7, acknowledgment: 9, flags: 'A', options: bytesOf('020405b4') })),
  );
  const known = [
    ['sourcePort', 2],
    ['destinationPort', 4],
    ['sequence', 8],
    ['acknowledgment', 12],
    ['flags', 14],
    ['window', 16],
  ] as const;

  it('gives what was captured, and -1 for the rest', () => {
    for (let length = 0; length < 20; length++) {
      const got = decodeOne(frame, { snapLength: 34 + length });
      expect(got).toMatchObject({ status: TRUNCATED, transport: TRANSPORT_TCP, anomalies: ANOMALY_SNAPPED });
      for (const [field, end] of known) expect(got[field] === -1).toBe(length < end);
      expect(got.payloadLength).toBe(-1);
    }
  });

  it('uses half an option as far as it goes', () => {
    const got = decodeOne(frame, { snapLength: 34 + 22 });
    expect(got).toMatchObject({ status: OK, anomalies: ANOMALY_SNAPPED, payloadLength: 0, checksum: CHECKSUM_UNKNOWN });
    expect(got.options).toEqual(bytesOf('0204'));
  });

  it('gives the payload length by the IP length', () => {
    const long = ethernet({}, ipv4({}, tcp({ payload: new Uint8Array(1000).fill(0x41) })));
    const got = decodeOne(long, { snapLength: 60 });
    expect(got).toMatchObject({ status: OK, payloadLength: 1000, anomalies: 0, checksum: CHECKSUM_UNKNOWN });
    expect(got.payload).toHaveLength(6);
  });
});

describe('TCP: impossible lengths', () => {
  it.each([0, 1, 2, 3, 4])('a data offset of %i words: ports and flags are read all the same', (dataOffset) => {
    expect(decodeOne(ethernet({}, ipv4({}, tcp({ destinationPort: 0, dataOffset, flags: 'S' }))))).toMatchObject({
      status: MALFORMED,
      destinationPort: 0,
      flags: 2,
      headerLength: dataOffset * 4,
      payloadLength: -1,
      anomalies: ANOMALY_DATA_OFFSET_SMALL,
    });
  });

  it('a data offset beyond the data', () => {
    expect(decodeOne(ethernet({ pad: 0 }, ipv4({}, tcp({ dataOffset: 6, flags: 'S' }))))).toMatchObject({
      status: MALFORMED,
      destinationPort: 0,
      flags: 2,
      payloadLength: -1,
      anomalies: ANOMALY_DATA_OFFSET_BEYOND,
    });
  });

  it('an IP packet without room for a header', () => {
    for (let length = 0; length < 20; length++) {
      const packet = ipv4({ totalLength: 20 + length }, synToZero);
      expect(decodeOne(ethernet({}, packet))).toMatchObject({
        status: MALFORMED,
        destinationPort: length < 4 ? -1 : 0,
        anomalies: ANOMALY_DATA_OFFSET_BEYOND,
      });
    }
  });
});

describe('UDP', () => {
  it('deconstruct', () => {
    const got = decodeOne(
      ethernet({ pad: 0 }, ipv4({}, udp({ sourcePort: 0, destinationPort: 53, payload: 'hello' }))),
    );
    expect(got).toMatchObject({
      status: OK,
      transport: TRANSPORT_UDP,
      sourcePort: 0,
      destinationPort: 53,
      payloadLength: 5,
      checksum: CHECKSUM_GOOD,
      layers: ['ethernet', 'ipv4', 'udp'],
    });
    expect(got.payload).toEqual(bytesOf('68656c6c6f'));
  });

  it.each([
    ['bad', CHECKSUM_BAD],
    ['partial', CHECKSUM_OFFLOADED],
    [0, CHECKSUM_UNKNOWN],
  ] as const)('checksum %s', (checksum, value) => {
    expect(decodeOne(ethernet({}, ipv6({}, udp({ checksum, payload: 'x' })))).checksum).toBe(value);
  });

  it('truncated', () => {
    const got = decodeOne(ethernet({}, ipv4({}, udp({ destinationPort: 0 }))), { snapLength: 34 + 4 });
    expect(got).toMatchObject({ status: TRUNCATED, destinationPort: 0, payloadLength: -1 });
  });

  it.each([1, 7, 14])('impossible length %i', (length) => {
    const got = decodeOne(ethernet({}, ipv4({}, udp({ destinationPort: 0, length, payload: 'hello' }))));
    expect(got).toMatchObject({ status: MALFORMED, destinationPort: 0 });
  });
});

describe('ICMP errors', () => {
  const question = ipv4({ id: 7 }, tcp({ sourcePort: 40000, destinationPort: 0, sequence: 0x89abcdef, flags: 'S' }));
  const question6 = ipv6({}, tcp({ sourcePort: 40000, destinationPort: 0, sequence: 0x89abcdef, flags: 'S' }));

  it.each([
    [3, 0],
    [3, 3],
    [3, 4],
    [3, 13],
    [4, 0],
    [5, 1],
    [11, 0],
    [12, 0],
  ])('deconstruct %i/%i with 8 bytes of TCP', (type, code) => {
    const frame = ethernet({}, ipv4({ source: '203.0.113.1' }, icmp({ type, code, body: quoted(question, 8) })));
    const { packets, counts, undecoded } = decodeAll([frameOf(frame)]);
    expect(undecoded).toEqual({});
    expect(counts).toEqual({ tcpSegments: 0, icmpErrors: 1, fragments: 0 });
    expect(packets[0]).toMatchObject({
      status: OK,
      transport: TRANSPORT_ICMP_ERROR,
      source: '203.0.113.1',
      icmpType: type,
      icmpCode: code,
      layers: ['ethernet', 'ipv4', 'icmp'],
      quote: {
        transport: TRANSPORT_TCP,
        source: '192.0.2.1',
        destination: '198.51.100.7',
        ipId: 7,
        sourcePort: 40000,
        destinationPort: 0,
        sequence: 0x89abcdef,
        acknowledgment: -1,
        flags: -1,
        anomalies: 0,
        quote: null,
      },
    });
  });

  it.each([1, 2, 3, 4])('deconstruct ICMPv6 %i', (type) => {
    const frame = ethernet({}, ipv6({ source: '2001:db8::ff' }, icmpv6({ type, code: 4, body: question6 })));
    expect(decodeOne(frame)).toMatchObject({
      transport: TRANSPORT_ICMP_ERROR,
      icmpType: type,
      icmpCode: 4,
      layers: ['ethernet', 'ipv6', 'icmpv6'],
      quote: { destinationPort: 0, sequence: 0x89abcdef, flags: 2, payloadLength: 0 },
    });
  });

  it('finds the ports of a quoted IPv6 packet behind extension headers', () => {
    const behind = ipv6({ extensions: [hopByHop(), destinationOptions()] }, synToZero);
    const frame = ethernet({}, ipv6({}, icmpv6({ type: 1, code: 4, body: behind })));
    expect(decodeOne(frame).quote).toMatchObject({ sourcePort: 40000, destinationPort: 0 });
  });

  it('ends the quote where RFC 4884 says, before the extensions', () => {
    const body = bytesOf(question, new Uint8Array(128 - question.length), '2000dfff 00080101 12345678');
    const rest = 32 << 16;
    const frame = ethernet({}, ipv4({}, icmp({ type: 11, rest, body })));
    expect(decodeOne(frame).quote).toMatchObject({ destinationPort: 0, payloadLength: 0, flags: 2 });
    const cut = ethernet({}, ipv4({}, icmp({ type: 11, rest: 7 << 16, body })));
    expect(decodeOne(cut).quote).toMatchObject({ destinationPort: 0, sequence: 0x89abcdef, flags: -1 });
    const body6 = bytesOf(question6, new Uint8Array(4));
    const frame6 = ethernet({}, ipv6({}, icmpv6({ type: 3, rest: 6 << 24, body: body6 })));
    expect(decodeOne(frame6).quote).toMatchObject({ destinationPort: 0, sequence: 0x89abcdef, flags: -1 });
  });

  it('uses less than 8 bytes of TCP as far as they go', () => {
    for (let length = 0; length < 8; length++) {
      const frame = ethernet({}, ipv4({}, icmp({ type: 3, code: 3, body: quoted(question, length) })));
      expect(decodeOne(frame).quote).toMatchObject({
        sourcePort: length < 2 ? -1 : 40000,
        destinationPort: length < 4 ? -1 : 0,
        sequence: -1,
      });
    }
  });

  it('minds no length that a stack spoiled in its quote', () => {
    for (const totalLength of [0, 5, 0x2800]) {
      const spoiled = ipv4({ totalLength }, synToZero);
      const frame = ethernet({}, ipv4({}, icmp({ type: 3, code: 3, body: quoted(spoiled, 8) })));
      expect(decodeOne(frame).quote).toMatchObject({ destinationPort: 0, sequence: 0xfedcba98 });
    }
  });

  it('reads no ports in a quoted later fragment', () => {
    const fragment = ipv4({ fragmentOffset: 1480 }, synToZero);
    const frame = ethernet({}, ipv4({}, icmp({ type: 11, code: 1, body: fragment })));
    expect(decodeOne(frame).quote).toMatchObject({ transport: TRANSPORT_NONE, sourcePort: -1, fragment: 2 });
  });

  it('understands messages that are no errors', () => {
    const frames = [
      ethernet({}, ipv4({}, icmp({ type: 8, body: new Uint8Array(40) }))),
      ethernet({}, ipv6({}, icmpv6({ type: 135, body: new Uint8Array(20) }))),
    ];
    const { packets, counts, undecoded } = decodeAll(frames.map((frame) => frameOf(frame)));
    expect(packets.map((packet) => [packet.transport, packet.icmpType])).toEqual([
      [TRANSPORT_NONE, 8],
      [TRANSPORT_NONE, 135],
    ]);
    expect(counts.icmpErrors).toBe(0);
    expect(undecoded).toEqual({});
  });

  it('quotes no error in an error', () => {
    const inner = ipv4({}, icmp({ type: 3, code: 3, body: question }));
    const frame = ethernet({}, ipv4({}, icmp({ type: 3, code: 1, body: inner })));
    expect(decodeOne(frame).quote).toMatchObject({ transport: TRANSPORT_NONE, icmpType: 3, quote: null });
  });

  it('truncated', () => {
    const frame = ethernet({}, ipv4({}, icmp({ type: 3, code: 3, body: question })));
    for (let length = 34; length < 42; length++) {
      expect(decodeOne(frame, { snapLength: length })).toMatchObject({ status: TRUNCATED, quote: null });
    }
    expect(decodeOne(frame, { snapLength: 42 })).toMatchObject({
      status: OK,
      quote: { ipVersion: 0, status: TRUNCATED },
    });
  });
});

describe('counting', () => {
  it('names other protocols', () => {
    expect(decodeAll([frameOf(ethernet({}, ipv4({ protocol: 132 }, new Uint8Array(20))))]).undecoded).toEqual({
      'ip-protocol-132': 1,
    });
    expect(decodeAll([frameOf(ethernet({}, ipv6({ nextHeader: 58 }, new Uint8Array(2))))]).undecoded).toEqual({
      'malformed-icmp': 1,
    });
  });

  it('counts frames by kind', () => {
    const frames = [packet4, packet6, ipv4({}, udp()), ipv4({ protocol: 89 }, new Uint8Array(8))];
    const { counts, undecoded } = decodeAll(frames.map((packet) => frameOf(ethernet({}, packet))));
    expect(counts).toEqual({ tcpSegments: 2, icmpErrors: 0, fragments: 0 });
    expect(undecoded).toEqual({ 'ip-protocol-89': 1 });
  });

  it('keeps the number of distinct reasons bounded', () => {
    const frames = Array.from({ length: 2000 }, (_, i) => frameOf(ethernet({ type: 0x9400 + i }, new Uint8Array(8))));
    const { undecoded } = decodeAll(frames);
    expect(Object.keys(undecoded).length).toBeLessThan(300);
    expect(Object.values(undecoded).reduce((sum, count) => sum + count)).toBe(2000);
    expect(undecoded.other).toBeGreaterThan(1000);
  });
});
