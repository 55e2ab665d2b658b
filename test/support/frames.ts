/**
 * Builds frames from field objects, with right lengths and checksums unless a field says otherwise. Written after the RFC
 * diagrams and from nothing in src/, so that a wrong offset in a decoder cannot agree with itself.
 *
 *   ethernet({ vlans: [5] }, ipv4({ source: '192.0.2.1', destination: '198.51.100.7' }, tcp({ destinationPort: 0, flags: 'S' })))
 */

/** Text address to 4 or 16 bytes. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Joins bytes; a number is one byte, a string hexadecimal. */
export function bytesOf(...parts: readonly (number | string | Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === 'number') return [part];
      if (typeof part === 'string')
        return (part.replace(/[\s:]/g, '').match(/../g) ?? []).map((pair) => parseInt(pair, 16));
      return Array.from(part);
    }),
  );
}

export const be16 = (n: number): number[] => [(n >>> 8) & 0xff, n & 0xff];
export const be24 = (n: number): number[] => [(n >>> 16) & 0xff, ...be16(n)];
export const be32 = (n: number): number[] => [...be16(n >>> 16), ...be16(n)];
export const le16 = (n: number): number[] => be16(n).reverse();
export const le32 = (n: number): number[] => be32(n).reverse();

/** RFC 1071: ones' complement sum of 16-bit words, not complemented. */
export function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

const internetChecksum = (bytes: Uint8Array): number => ~onesSum(bytes) & 0xffff;

function patched(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy.set(be16(value), offset);
  return copy;
}

/** What an IP header passes down for the pseudo-header. */
interface Ends {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Something that rides on IP and needs its addresses. */
export interface Transport {
  readonly protocol: number;
  build(ends: Ends): Uint8Array;
}

/** RFC 793 §3.1, RFC 8200 §8.1. */
function pseudoHeader({ source, destination }: Ends, protocol: number, length: number): Uint8Array {
  return source.length === 4
    ? bytesOf(source, destination, 0, protocol, be16(length))
    : bytesOf(source, destination, be32(length), [0, 0, 0], protocol);
}

/** 'partial' is what Linux leaves for the card: the folded pseudo-header sum, not complemented. */
type Checksum = 'good' | 'bad' | 'partial' | number;

function withChecksum(
  segment: Uint8Array,
  offset: number,
  checksum: Checksum,
  ends: Ends,
  protocol: number,
): Uint8Array {
  if (typeof checksum === 'number') return patched(segment, offset, checksum);
  const pseudo = pseudoHeader(ends, protocol, segment.length);
  if (checksum === 'partial') return patched(segment, offset, onesSum(pseudo));
  const good = internetChecksum(bytesOf(pseudo, segment));
  return patched(segment, offset, checksum === 'good' ? good : good ^ 0x5555);
}

export interface TcpFields {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  /** Letters as nmap and Zeek use: F S R P A U E C, and e for AE; or the nine bits as a number. */
  readonly flags?: string | number;
  readonly window?: number;
  readonly urgentPointer?: number;
  /** Padded with zeros to a multiple of four. */
  readonly options?: Uint8Array | readonly number[];
  readonly payload?: Uint8Array | readonly number[] | string;
  /** In 32-bit words; right by default. */
  readonly dataOffset?: number;
  /** The three reserved bits. */
  readonly reserved?: number;
  readonly checksum?: Checksum;
}

const FLAG_BITS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128, e: 256 };

export function flagBits(flags: string | number): number {
  if (typeof flags === 'number') return flags;
  return Array.from(flags).reduce((bits, letter) => bits | FLAG_BITS[letter]!, 0);
}

const payloadBytes = (payload: TcpFields['payload']): Uint8Array =>
  typeof payload === 'string' ? new TextEncoder().encode(payload) : Uint8Array.from(payload ?? []);

export function tcp(fields: TcpFields = {}): Transport {
  return {
    protocol: 6,
    build(ends) {
      const options = Uint8Array.from(fields.options ?? []);
      const padding = new Uint8Array(-options.length & 3);
      const flags = flagBits(fields.flags ?? 'S');
      const words = fields.dataOffset ?? 5 + (options.length + padding.length) / 4;
      const segment = bytesOf(
        be16(fields.sourcePort ?? 40000),
        be16(fields.destinationPort ?? 0),
        be32(fields.sequence ?? 0),
        be32(fields.acknowledgment ?? 0),
        (words << 4) | ((fields.reserved ?? 0) << 1) | (flags >> 8),
        flags & 0xff,
        be16(fields.window ?? 64240),
        be16(0),
        be16(fields.urgentPointer ?? 0),
        options,
        padding,
        payloadBytes(fields.payload),
      );
      return withChecksum(segment, 16, fields.checksum ?? 'good', ends, 6);
    },
  };
}

export interface UdpFields {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly payload?: Uint8Array | readonly number[] | string;
  /** Length field; right by default. */
  readonly length?: number;
  readonly checksum?: Checksum;
}

export function udp(fields: UdpFields = {}): Transport {
  return {
    protocol: 17,
    build(ends) {
      const payload = payloadBytes(fields.payload);
      const datagram = bytesOf(
        be16(fields.sourcePort ?? 40000),
        be16(fields.destinationPort ?? 53),
        be16(fields.length ?? 8 + payload.length),
        be16(0),
        payload,
      );
      const built = withChecksum(datagram, 6, fields.checksum ?? 'good', ends, 17);
      // RFC 768: a sum of zero is sent as all ones, zero means no checksum.
      return fields.checksum === undefined && built[6] === 0 && built[7] === 0 ? patched(built, 6, 0xffff) : built;
    },
  };
}

export interface IcmpFields {
  readonly type: number;
  readonly code?: number;
  /** The second word of the header. */
  readonly rest?: number;
  readonly body?: Uint8Array;
}

/** ICMP; ICMPv6 when it rides on IPv6. */
export function icmp(fields: IcmpFields): Transport {
  return { protocol: 1, build: () => sealedIcmp(fields, new Uint8Array(0)) };
}

export function icmpv6(fields: IcmpFields): Transport {
  return {
    protocol: 58,
    build: (ends) => sealedIcmp(fields, pseudoHeader(ends, 58, 8 + (fields.body?.length ?? 0))),
  };
}

function sealedIcmp(fields: IcmpFields, pseudo: Uint8Array): Uint8Array {
  const message = bytesOf(fields.type, fields.code ?? 0, be16(0), be32(fields.rest ?? 0), fields.body ?? []);
  return patched(message, 2, internetChecksum(bytesOf(pseudo, message)));
}

/** The start of an IP packet as an ICMP error quotes it: its header and `payloadLength` bytes behind it. */
export function quoted(packet: Uint8Array, payloadLength = packet.length): Uint8Array {
  const headerLength = packet[0]! >> 4 === 4 ? (packet[0]! & 15) * 4 : 40;
  return packet.slice(0, headerLength + payloadLength);
}

export interface Ipv4Fields {
  readonly source?: string;
  readonly destination?: string;
  /** By default that of the transport, or 4 or 41 for an IP packet. */
  readonly protocol?: number;
  readonly ttl?: number;
  readonly id?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes; a multiple of eight. */
  readonly fragmentOffset?: number;
  /** Padded with zeros to a multiple of four. */
  readonly options?: Uint8Array | readonly number[];
  /** Right by default. */
  readonly totalLength?: number;
  /** In 32-bit words; right by default. */
  readonly headerWords?: number;
  readonly version?: number;
  readonly tos?: number;
  /** Right by default. */
  readonly headerChecksum?: number;
}

const protocolOf = (payload: Uint8Array): number => (payload.length > 0 && payload[0]! >> 4 === 6 ? 41 : 4);

export function ipv4(fields: Ipv4Fields, payload: Transport | Uint8Array): Uint8Array {
  const source = addressBytes(fields.source ?? '192.0.2.1');
  const destination = addressBytes(fields.destination ?? '198.51.100.7');
  const body = payload instanceof Uint8Array ? payload : payload.build({ source, destination });
  const options = Uint8Array.from(fields.options ?? []);
  const padding = new Uint8Array(-options.length & 3);
  const words = 5 + (options.length + padding.length) / 4;
  const flags = (fields.dontFragment ? 0x4000 : 0) | (fields.moreFragments ? 0x2000 : 0);
  const header = bytesOf(
    ((fields.version ?? 4) << 4) | (fields.headerWords ?? words),
    fields.tos ?? 0,
    be16(fields.totalLength ?? words * 4 + body.length),
    be16(fields.id ?? 0),
    be16(flags | ((fields.fragmentOffset ?? 0) / 8)),
    fields.ttl ?? 64,
    fields.protocol ?? (payload instanceof Uint8Array ? protocolOf(body) : payload.protocol),
    be16(0),
    source,
    destination,
    options,
    padding,
  );
  return bytesOf(patched(header, 10, fields.headerChecksum ?? internetChecksum(header)), body);
}

export interface Ipv6Extension {
  readonly protocol: number;
  /** Everything behind the next-header byte, whole multiples of eight with it. */
  readonly rest: Uint8Array;
}

/** Extension headers of RFC 8200 §4, padded to eight bytes. */
export const hopByHop = (options: Uint8Array = bytesOf(1, 4, be32(0))): Ipv6Extension => optionsHeader(0, options);
export const destinationOptions = (options: Uint8Array = bytesOf(1, 4, be32(0))): Ipv6Extension =>
  optionsHeader(60, options);
/** Type 4 with no segments left, RFC 8754. */
export const routing = (segmentsLeft = 0): Ipv6Extension => ({
  protocol: 43,
  rest: bytesOf(2, 4, segmentsLeft, 0, 0, be16(0), new Uint8Array(16)),
});
export const fragmentHeader = (fields: { offset: number; more: boolean; id: number }): Ipv6Extension => ({
  protocol: 44,
  rest: bytesOf(0, be16(fields.offset | (fields.more ? 1 : 0)), be32(fields.id)),
});
/** RFC 4302 with a 12-byte integrity check value. */
export const authentication = (): Ipv6Extension => ({
  protocol: 51,
  rest: bytesOf(4, be16(0), be32(0x1234), be32(1), new Uint8Array(12)),
});

function optionsHeader(protocol: number, options: Uint8Array): Ipv6Extension {
  const length = Math.ceil((2 + options.length) / 8) * 8;
  const rest = new Uint8Array(length - 1);
  rest[0] = length / 8 - 1;
  rest.set(options, 1);
  return { protocol, rest };
}

export interface Ipv6Fields {
  readonly source?: string;
  readonly destination?: string;
  readonly nextHeader?: number;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly extensions?: readonly Ipv6Extension[];
  readonly payloadLength?: number;
  readonly version?: number;
}

export function ipv6(fields: Ipv6Fields, payload: Transport | Uint8Array): Uint8Array {
  const source = addressBytes(fields.source ?? '2001:db8::1');
  const destination = addressBytes(fields.destination ?? '2001:db8:1::7');
  const body = payload instanceof Uint8Array ? payload : payload.build({ source, destination });
  const last = fields.nextHeader ?? (payload instanceof Uint8Array ? protocolOf(body) : payload.protocol);
  const extensions = fields.extensions ?? [];
  const chain = extensions.map((extension, i) => bytesOf(extensions[i + 1]?.protocol ?? last, extension.rest));
  const behind = bytesOf(...chain, body);
  return bytesOf(
    be32((((fields.version ?? 6) << 28) | ((fields.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0)) >>> 0),
    be16(fields.payloadLength ?? behind.length),
    extensions[0]?.protocol ?? last,
    fields.hopLimit ?? 64,
    source,
    destination,
    behind,
  );
}

/** Cuts the payload of an unfragmented IPv4 packet at the given offsets (multiples of eight), RFC 791 §3.2. */
export function fragmentIpv4(packet: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const headerLength = (packet[0]! & 15) * 4;
  const payload = packet.slice(headerLength);
  const edges = [0, ...cuts, payload.length];
  return edges.slice(1).map((end, i) => {
    const start = edges[i]!;
    const header = packet.slice(0, headerLength);
    header.set(be16(headerLength + end - start), 2);
    header.set(be16((end < payload.length ? 0x2000 : 0) | (start / 8)), 6);
    header.set(be16(0), 10);
    header.set(be16(internetChecksum(header)), 10);
    return bytesOf(header, payload.slice(start, end));
  });
}

/** Cuts what follows the fixed header of an IPv6 packet without extension headers, RFC 8200 §4.5. */
export function fragmentIpv6(packet: Uint8Array, cuts: readonly number[], id = 0xcafe): Uint8Array[] {
  const payload = packet.slice(40);
  const edges = [0, ...cuts, payload.length];
  return edges.slice(1).map((end, i) => {
    const start = edges[i]!;
    const header = packet.slice(0, 40);
    header.set(be16(8 + end - start), 4);
    header[6] = 44;
    const fragment = bytesOf(packet[6]!, 0, be16(start | (end < payload.length ? 1 : 0)), be32(id));
    return bytesOf(header, fragment, payload.slice(start, end));
  });
}

const etherTypeOf = (packet: Uint8Array): number => (packet.length > 0 && packet[0]! >> 4 === 6 ? 0x86dd : 0x0800);

interface VlanTag {
  readonly id: number;
  /** 0x8100 by default. */
  readonly type?: number;
  readonly priority?: number;
}

export interface EthernetFields {
  readonly source?: string;
  readonly destination?: string;
  /** By default IPv4 or IPv6, as the payload begins. */
  readonly type?: number;
  /** Outermost first. */
  readonly vlans?: readonly (number | VlanTag)[];
  /** Wraps the payload in 802.3 with LLC and SNAP instead of Ethernet II. */
  readonly snap?: boolean;
  /** Pads with this byte to 60 bytes. */
  readonly pad?: number;
}

export function ethernet(fields: EthernetFields, payload: Uint8Array): Uint8Array {
  const type = fields.type ?? etherTypeOf(payload);
  const frame = bytesOf(
    fields.destination ?? '02:00:00:00:00:02',
    fields.source ?? '02:00:00:00:00:01',
    ...(fields.vlans ?? []).map((vlan) => {
      const tag = typeof vlan === 'number' ? { id: vlan } : vlan;
      return bytesOf(be16(tag.type ?? 0x8100), be16(((tag.priority ?? 0) << 13) | tag.id));
    }),
    fields.snap ? bytesOf(be16(8 + payload.length), 'aa aa 03 00 00 00', be16(type)) : be16(type),
    payload,
  );
  if (fields.pad === undefined || frame.length >= 60) return frame;
  return bytesOf(frame, new Uint8Array(60 - frame.length).fill(fields.pad));
}

/** LINKTYPE_LINUX_SLL: packet type, ARPHRD_ type, address length, address (8), protocol. */
export function sll(
  fields: { protocol?: number; arphrd?: number; packetType?: number },
  payload: Uint8Array,
): Uint8Array {
  return bytesOf(
    be16(fields.packetType ?? 0),
    be16(fields.arphrd ?? 1),
    be16(6),
    '02 00 00 00 00 01 00 00',
    be16(fields.protocol ?? etherTypeOf(payload)),
    payload,
  );
}

/** LINKTYPE_LINUX_SLL2: protocol, reserved, interface index, ARPHRD_ type, packet type, address length, address (8). */
export function sll2(
  fields: { protocol?: number; arphrd?: number; packetType?: number; interfaceIndex?: number },
  payload: Uint8Array,
): Uint8Array {
  return bytesOf(
    be16(fields.protocol ?? etherTypeOf(payload)),
    be16(0),
    be32(fields.interfaceIndex ?? 1),
    be16(fields.arphrd ?? 1),
    fields.packetType ?? 0,
    6,
    '02 00 00 00 00 01 00 00',
    payload,
  );
}

/** LINKTYPE_NULL: the address family in the byte order of the machine that captured. */
export function nullLoopback(family: number, payload: Uint8Array, littleEndian = true): Uint8Array {
  return bytesOf(littleEndian ? le32(family) : be32(family), payload);
}

/** A frame as a reader hands it out: the bytes lie in a bigger buffer whose other bytes are `guard`. */
export interface TestFrame {
  bytes: Uint8Array;
  offset: number;
  capturedLength: number;
  wireLength: number;
  linkType: number;
  fcsLength: number;
  direction: number;
  timeDigits: number;
  interfaceIndex: number;
  seconds: number;
  nanos: number;
  number: number;
}

/** Wraps bytes as a frame. `snapLength` cuts what was captured; `guard` fills the buffer around the frame. */
export function frameOf(
  bytes: Uint8Array,
  fields: Partial<Omit<TestFrame, 'bytes' | 'offset' | 'capturedLength'>> & {
    snapLength?: number;
    guard?: number;
  } = {},
): TestFrame {
  const captured = bytes.subarray(0, fields.snapLength ?? bytes.length);
  const margin = 64;
  const buffer = new Uint8Array(captured.length + 2 * margin).fill(fields.guard ?? 0xee);
  buffer.set(captured, margin);
  return {
    bytes: buffer,
    offset: margin,
    capturedLength: captured.length,
    wireLength: fields.wireLength ?? bytes.length,
    linkType: fields.linkType ?? 1,
    fcsLength: fields.fcsLength ?? 0,
    direction: fields.direction ?? 0,
    timeDigits: fields.timeDigits ?? 9,
    interfaceIndex: fields.interfaceIndex ?? 0,
    seconds: fields.seconds ?? 1_795_000_000,
    nanos: fields.nanos ?? 0,
    number: fields.number ?? 1,
  };
}
