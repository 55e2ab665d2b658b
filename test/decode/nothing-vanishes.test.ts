import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { TRANSPORT_NONE, TRANSPORT_TCP } from '../../src/decode/packet.ts';
import { SCOPE_FULL, ScopeTable } from '../../src/decode/scopes.ts';
import { OK } from '../../src/decode/status.ts';
import {
  bytesOf,
  ethernet,
  fragmentIpv4,
  frameOf,
  ipv4,
  type TestFrame,
  type Transport,
  tcp,
  udp,
} from '../support/frames.ts';
import { wlan } from '../support/wrappings.ts';
import { CASES, outer } from './cases.ts';
import { copyPacket, type Decoded, triageFrame } from './support.ts';

/** Layers behind which nothing needs to come: the message is all there is. */
const WHOLE_BY_ITSELF = [
  'icmp',
  'icmpv6',
  // Acknowledgments of PPTP and keepalives of EoIP.
  'gre',
  'eoip',
  // "No next header", RFC 8200 §4.7.
  'ipv6',
  'ah',
  // Null frames, and messages between sniffers.
  'wlan',
  'tzsp',
];

/**
 * What holds no packet by its own type, and says so: null frames of 802.11, keepalives of TZSP, supervisory frames of AX.25 and LLC, management of
 * DOCSIS and GFP, control frames in ATM, metadata and padding of ERF, mPackets that verify, electrical events.
 */
const EMPTY = ['wlan', 'tzsp', 'ax25', 'atm', 'docsis', 'erf', 'gfp', 'llcgprs', 'mpacket', 'netanalyzer'];

describe('CAPWAP', () => {
  // RFC 5415 section 4.3: an 8-byte header with nothing optional, and an 802.3 frame of whatever type.
  const inner = (type: number) => bytesOf('020000000001 020000000002', [type >> 8, type & 0xff], new Uint8Array(40));
  const undecodedOf = (header: string, payload: Uint8Array) => {
    const decoder = createDecoder();
    decoder.decode(
      frameOf(outer(udp({ sourcePort: 5247, destinationPort: 5247, payload: bytesOf(header, payload) }))),
      () => {},
    );
    return decoder.undecoded();
  };

  it('around an unknown EtherType is counted by it', () => {
    expect(undecodedOf('00 100200 00000000', inner(0x9999))).toEqual({ 'ethertype-0x9999': 1 });
    // The first fragment of two.
    expect(undecodedOf('00 100280 00070000', inner(0x9999))).toEqual({ 'ethertype-0x9999': 1 });
  });

  it('is not seen in what has a header that no sender makes', () => {
    for (const header of [
      '00 100201 00000000',
      '00 100200 00000007',
      '00 100200 00070000',
      '00 180200 00000000 00000000',
    ])
      expect(undecodedOf(header, inner(0x9999))).toEqual({});
  });
});

/** Counts frames that are neither handed out nor counted by reason, and have no right to be. */
function findVanished(frames: readonly TestFrame[]): string[] {
  const vanished: string[] = [];
  for (const frame of frames) {
    if (!triageFrame(frame)) continue;
    const decoder = createDecoder();
    const packets: Decoded[] = [];
    let layers: string[] = [];
    decoder.decode(frame, (packet) => {
      packets.push(copyPacket(packet, (scope) => decoder.scopeName(scope)));
      layers = packets.at(-1)!.layers;
    });
    const isCounted = Object.keys(decoder.undecoded()).length > 0;
    if (isCounted) continue;
    const bytes = Buffer.from(frame.bytes).toString('hex');
    const where = `link type ${frame.linkType}, ${layers.join(' ')}: ${bytes}`;
    if (packets.length === 0 && !mayBeEmpty(frame)) vanished.push(`no packet: ${where}`);
    for (const packet of packets) {
      if (packet.status !== OK) vanished.push(`status without a count: ${where}`);
      const isFollowed = packet.transport !== TRANSPORT_NONE || WHOLE_BY_ITSELF.includes(packet.layers.at(-1)!);
      if (!isFollowed) vanished.push(`not followed: ${where}`);
    }
  }
  return vanished;
}

const LAYERS_BY_LINK = new Map<number, Set<string>>();
for (const { linkType = 1, layers } of CASES) {
  const known = LAYERS_BY_LINK.get(linkType) ?? new Set();
  for (const layer of layers.split(' ')) known.add(layer);
  LAYERS_BY_LINK.set(linkType, known);
}

/** Whether a frame of that link type can be one that says of itself that it holds nothing. */
const mayBeEmpty = (frame: TestFrame): boolean => EMPTY.some((layer) => LAYERS_BY_LINK.get(frame.linkType)?.has(layer));

describe('nothing vanishes uncounted', () => {
  it('of any wrapping, cut anywhere', () => {
    for (const { bytes, linkType = 1, name } of CASES) {
      const cuts = Array.from({ length: bytes.length }, (_, snapLength) => frameOf(bytes, { linkType, snapLength }));
      expect(findVanished(cuts), name).toEqual([]);
      const short = Array.from({ length: bytes.length }, (_, length) => frameOf(bytes.slice(0, length), { linkType }));
      expect(findVanished(short), name).toEqual([]);
    }
  });

  it('of any wrapping, with bytes changed', () => {
    const change = fc.tuple(fc.nat(160), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...CASES), fc.array(change, { minLength: 1, maxLength: 4 }), (entry, changes) => {
        const bytes = entry.bytes.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        expect(findVanished([frameOf(bytes, { linkType: entry.linkType ?? 1 })])).toEqual([]);
      }),
      { numRuns: 6000 },
    );
  });

  it('of any EtherType, IP protocol, link type and UDP port', () => {
    const body = new Uint8Array(60).fill(0xab);
    const frames: TestFrame[] = [];
    for (let type = 0; type < 0x10000; type += type % 256 === 0 ? 1 : 17) {
      const bytes = outer(tcp()).slice();
      bytes[12] = type >> 8;
      bytes[13] = type & 0xff;
      frames.push(frameOf(bytes));
    }
    for (let protocol = 0; protocol < 256; protocol++) frames.push(frameOf(outer(body, { protocol })));
    for (let linkType = 0; linkType < 300; linkType++) frames.push(frameOf(body, { linkType }));
    expect(findVanished(frames)).toEqual([]);
  });

  it('of fragments that never become whole, each in its place', () => {
    const [first, second, third] = fragmentIpv4(ipv4({ id: 3 }, tcp({ payload: 'x'.repeat(100) })), [8, 64]);
    for (const given of [[first], [second], [third], [second, third], [first, third]]) {
      const decoder = createDecoder();
      let handed = 0;
      given.forEach((fragment, i) => {
        decoder.decode(frameOf(ethernet({}, fragment!), { number: i + 1 }), () => handed++);
      });
      const counted = Object.values(decoder.undecoded()).reduce((sum, frames) => sum + frames, 0);
      expect(handed + counted).toBeGreaterThanOrEqual(given.length);
    }
  });
});

/** Whether port 0 is seen in a frame that holds it, or it is said that the frame could not be looked into. */
function isHonest(frame: TestFrame): boolean {
  if (!triageFrame(frame)) return false;
  const decoder = createDecoder();
  let found = false;
  decoder.decode(frame, ({ transport, destinationPort }) => {
    found ||= transport === TRANSPORT_TCP && destinationPort === 0;
  });
  return found || decoder.notLookedInto().frames > 0;
}

describe('no false all-clear', () => {
  /** Whose payload was cut away altogether: at ports that are anybody's. */
  const AT_ANY_PORT = 14 + 20 + 8;

  it.each(CASES)('$name, cut anywhere', ({ bytes, linkType = 1, name }) => {
    const silent: number[] = [];
    for (let snapLength = 0; snapLength <= bytes.length; snapLength++) {
      if (!isHonest(frameOf(bytes, { linkType, snapLength }))) silent.push(snapLength);
    }
    const allowed = name.includes('between clients') ? silent.filter((at) => at <= AT_ANY_PORT) : [];
    expect(silent).toEqual(allowed);
  });

  it.each([
    ['VXLAN', 4789, '08000000 000007 00'],
    ['VXLAN-GPE', 4790, '0c000003 000007 00'],
    ['Geneve', 6081, '0000 6558 000007 00'],
    ['TZSP', 37008, '01000001 0a01c8 01'],
  ])('%s around a tag that nobody knows', (_, destinationPort, header) => {
    const inner = ethernet({ type: 0xa001 }, bytesOf('0007 0800', ipv4({}, tcp({ destinationPort: 0 }))));
    const frame = frameOf(outer(udp({ sourcePort: 50000, destinationPort, payload: bytesOf(header, inner) })));
    const decoder = createDecoder();
    decoder.decode(frame, () => {});
    expect(decoder.notLookedInto().reasons).toEqual({ 'ethertype-0xa001': 1 });
  });

  it.each([
    ['Geneve of another type', 6081, '0000 894a 000007 00', 'ethertype-0x894a'],
    ['GTP-U with Ethernet', 2152, '30ff 004a 00000007', 'not-ip'],
    ['GRE in UDP of another type', 4754, '0000 894a', 'ethertype-0x894a'],
    ['TZSP of another link', 37008, '0100 0077 0001', ''],
  ])('%s', (_, destinationPort, header, reason) => {
    const payload = bytesOf(header, new Uint8Array(74).fill(1));
    const decoder = createDecoder();
    decoder.decode(frameOf(outer(udp({ sourcePort: 50000, destinationPort, payload }))), () => {});
    expect(decoder.notLookedInto().frames).toBe(1);
    if (reason !== '') expect(decoder.notLookedInto().reasons).toEqual({ [reason]: 1 });
  });

  it('of a nesting that there is no number left for', () => {
    const decoder = createDecoder();
    const { child } = ScopeTable.prototype;
    ScopeTable.prototype.child = () => SCOPE_FULL;
    let handed = 0;
    try {
      decoder.decode(frameOf(ethernet({ vlans: [5] }, ipv4({}, tcp({ destinationPort: 0 })))), () => handed++);
    } finally {
      ScopeTable.prototype.child = child;
    }
    expect(handed).toBe(0);
    expect(decoder.notLookedInto().reasons).toEqual({ 'too-many-scopes': 1 });
  });

  it('of an aggregate that the capture cut between its frames', () => {
    const inner = [80, 0].map((destinationPort) => ipv4({}, tcp({ destinationPort })));
    const bytes = wlan({ aggregate: inner });
    for (let snapLength = 0; snapLength <= bytes.length; snapLength++) {
      expect(isHonest(frameOf(bytes, { linkType: 105, snapLength })), `${snapLength}`).toBe(true);
    }
  });

  const missedOf = (...frames: Uint8Array[]) => {
    const decoder = createDecoder();
    let found = false;
    frames.forEach((bytes, i) => {
      decoder.decode(frameOf(bytes, { number: i + 1 }), ({ transport, sourcePort, destinationPort }) => {
        found ||= transport === TRANSPORT_TCP && (sourcePort === 0 || destinationPort === 0);
      });
    });
    return { found, reasons: decoder.notLookedInto().reasons };
  };
  /** Two readings of one datagram in fragments, the second with port 0: `sizes` as fragmentIpv4 has them. */
  const readings = (wrapped: (destinationPort: number) => Transport, sizes: readonly number[]) =>
    [80, 0].map((port) => fragmentIpv4(ipv4({ id: 9 }, wrapped(port)), sizes).map((each) => ethernet({}, each)));
  const inner = (destinationPort: number) => ipv4({}, tcp({ destinationPort, payload: 'x'.repeat(60) }));

  it('of fragments that contradict each other where the ports are', () => {
    const [plain, zero] = readings((destinationPort) => tcp({ destinationPort, payload: 'x'.repeat(60) }), [8, 16]);
    const { found, reasons } = missedOf(plain![0]!, zero![0]!, plain![1]!, plain![2]!);
    expect(found || reasons['fragments-overlapping'] === 1).toBe(true);
  });

  it('of fragments that contradict each other in a tunnel', () => {
    const around = (port: number): Transport => ({ protocol: 4, build: () => inner(port) });
    const [plain, zero] = readings(around, [16, 32]);
    const { found, reasons } = missedOf(plain![0]!, plain![1]!, zero![1]!, plain![2]!);
    expect(found).toBe(false);
    expect(reasons).toEqual({ 'fragments-overlapping': 1 });
  });

  it('but for those that tell the same twice, and those behind the ports', () => {
    const [plain] = readings((destinationPort) => tcp({ destinationPort, payload: 'x'.repeat(60) }), [8, 16]);
    expect(missedOf(plain![0]!, plain![1]!, plain![1]!, plain![2]!).reasons).toEqual({});
    const changed = plain![1]!.slice();
    changed[14 + 20 + 1]! ^= 1;
    expect(missedOf(plain![0]!, plain![1]!, changed, plain![2]!).reasons).toEqual({});
  });

  it('of what is known under one organization, or on one link, only', () => {
    const snap = (organization: string) => ethernet({ type: 46 }, bytesOf('aaaa03', organization, new Uint8Array(38)));
    expect(missedOf(snap('00000c 2000')).reasons).toEqual({});
    expect(missedOf(snap('00e02b 00bb')).reasons).toEqual({});
    expect(missedOf(snap('0080c2 000e')).reasons).toEqual({});
    expect(missedOf(snap('00e02b 2000')).reasons).toEqual({ 'snap-0x2000': 1 });
    expect(missedOf(snap('123456 2000')).reasons).toEqual({ 'snap-unknown-0x2000': 1 });
    expect(missedOf(snap('080007 000e')).reasons).toEqual({ 'snap-unknown-0x000e': 1 });
    expect(missedOf(ethernet({ type: 0x2000 }, new Uint8Array(46))).reasons).toEqual({ 'ethertype-0x2000': 1 });
  });

  it.each([
    ['IPX', ethernet({ type: 0x8137 }, new Uint8Array(46)), 'ethertype-0x8137'],
    ['IPX in LLC', ethernet({ type: 46 }, bytesOf('e0e003', new Uint8Array(43))), 'llc-0xe0'],
    ['CLNP', ethernet({ type: 46 }, bytesOf('fefe0381', new Uint8Array(42))), 'nlpid-0x81'],
    ['a switch tag of Realtek', ethernet({ type: 0x8899 }, bytesOf('a0010800', ipv4({}, tcp()))), 'ethertype-0x8899'],
  ])('%s, which may carry TCP', (_, frame, reason) => {
    expect(missedOf(frame).reasons).toEqual({ [reason]: 1 });
  });

  const datagram = (destinationPort: number, payload: string) =>
    outer(udp({ sourcePort: 50000, destinationPort, payload: bytesOf(payload, new Uint8Array(40).fill(0xab)) }));

  it.each([
    // A fragment of LWAPP's own that is not the first (RFC 5412 §3.3.6: L is not set), to the data port.
    ['LWAPP, its second fragment', datagram(12222, '02 07 0028 0000'), 'lwapp-fragment'],
    ['sFlow 5', datagram(6343, '00000005 00000001 c0000201'), 'sflow'],
    ['GSMTAP of a packet channel', datagram(4729, '02 04 01 00 0000 00 00 00000000 0d 00 00 00'), 'gsmtap'],
    ['GPRS user data', datagram(2157, '00 00 0002 01'), 'gprs-ns'],
    ['802.15.4 in UDP', datagram(17754, '4558 02 01'), 'ieee802154'],
    ['WASSP', datagram(13910, '03 09 0001'), 'wassp'],
    ['what an AudioCodes device records', datagram(925, '05'), 'acdr'],
    ['IPX in UDP', datagram(213, 'ffff 0028'), 'ipx'],
    [
      'PROFINET pieces of ordinary frames',
      ethernet({ type: 0x8892 }, bytesOf('ff81 80', new Uint8Array(43))),
      'profinet-fragment',
    ],
    ['HomePlug 1.0', ethernet({ type: 0x887b }, new Uint8Array(46)), 'ethertype-0x887b'],
  ])('%s, which is not followed', (_, frame, reason) => {
    expect(missedOf(frame).reasons).toEqual({ [reason]: 1 });
  });

  it.each([
    ['LWAPP control', datagram(12222, '04 00 0028 0000')],
    ['GSMTAP of a broadcast channel', datagram(4729, '02 04 01 00 0000 00 00 00000000 01 00 00 00')],
    ['GSMTAP of a SIM card', datagram(4729, '02 04 04 00 0000 00 00 00000000 00 00 00 00')],
    ['GPRS signalling', datagram(2157, '02 00 8103')],
    ['OpenVPN data, which is encrypted', datagram(1194, '30')],
    ['PROFINET cyclic data', ethernet({ type: 0x8892 }, bytesOf('8000', new Uint8Array(44)))],
    ['LWAPP control on Ethernet', ethernet({ type: 0x88bb }, bytesOf('04 00 0028 0000', new Uint8Array(40)))],
    ['another program at a port of LWAPP', datagram(12222, '47')],
    ['another program at the port of sFlow', datagram(6343, '47455420')],
  ])('%s is looked into', (_, frame) => {
    expect(missedOf(frame).reasons).toEqual({});
  });

  it.each([
    ['CAN and CAN FD', 227, '00000123 08000000 0102030405060708', {}],
    ['CAN XL', 227, '00000123 81030008 00000000 0102030405060708', { 'can-xl': 1 }],
    // RFC 8163; the 6LoWPAN command class of Z-Wave; RFC 9428.
    ['BACnet MS/TP', 165, '55ff2201', { 'link-type-bacnet-ms-tp': 1 }],
    ['Z-Wave', 262, '01020304', { 'link-type-zwave-r3': 1 }],
    ['NFC', 264, '0000fe00', { 'link-type-iso-14443': 1 }],
    ['802.11 of version 1', 105, `${'09'.repeat(1)}00${'00'.repeat(30)}`, { 'malformed-link': 1 }],
  ])('%s (link type %i)', (_, linkType, bytes, reasons) => {
    const decoder = createDecoder();
    decoder.decode(frameOf(bytesOf(bytes), { linkType }), () => {});
    expect(decoder.notLookedInto().reasons).toEqual(reasons);
  });

  it('nor a false alarm', () => {
    const isis = ethernet({ type: 46 }, bytesOf('fefe0383', new Uint8Array(42)));
    const register = outer(bytesOf('2000deff 00000000', new Uint8Array(20)), { protocol: 103 });
    const originator = ethernet({ type: 0x4305 }, bytesOf('000f3200', new Uint8Array(42)));
    expect(missedOf(isis, register, originator).reasons).toEqual({});
  });
});
