/** Builders for link layers that few machines have, after the RFCs, libpcap's list of link types and what tshark reads. */
import { be16, be24, be32, bytesOf, le32 } from './frames.ts';

const isIpv6 = (packet: Uint8Array): boolean => packet[0]! >> 4 === 6;
const packetType = (packet: Uint8Array): number[] => be16(isIpv6(packet) ? 0x86dd : 0x0800);

/** RFC 1042: LLC and SNAP before a packet. */
export const llcSnap = (packet: Uint8Array): Uint8Array => bytesOf('aaaa03 000000', packetType(packet), packet);
/** RFC 2684 §4.1: LLC of ISO protocols, a network layer protocol id, and the packet. */
export const llcNlpid = (packet: Uint8Array): Uint8Array => bytesOf('fefe03', isIpv6(packet) ? 0x8e : 0xcc, packet);

/** RFC 1390. */
export const fddi = (packet: Uint8Array, control = 0x50): Uint8Array =>
  bytesOf(control, '020000000002 020000000001', llcSnap(packet));

/** IEEE 802.5; with a route of two rings when `routed`. */
export const tokenRing = (packet: Uint8Array, routed = false): Uint8Array =>
  bytesOf(
    0x10,
    0x40,
    '020000000002',
    routed ? '820000000001' : '020000000001',
    routed ? '0610 0011 0020' : '',
    llcSnap(packet),
  );

/** RFC 4391 §6, behind an InfiniBand global routing header. */
export const infiniband = (packet: Uint8Array): Uint8Array =>
  bytesOf(
    be32(0x60000000),
    be16(packet.length),
    27,
    64,
    new Uint8Array(32).fill(0xfe),
    packetType(packet),
    be16(0),
    packet,
  );

/** RFC 1201 (protocol 0xd4, 0xc4 for IPv6) or RFC 1051 (0xf0); Linux has two bytes of offset before the protocol. */
export const arcnet = (packet: Uint8Array, { linux = false, old = false, exception = false } = {}): Uint8Array => {
  const protocol = old ? 0xf0 : isIpv6(packet) ? 0xc4 : 0xd4;
  return bytesOf(
    1,
    2,
    linux ? be16(0) : [],
    protocol,
    exception ? [0xff, 0xff, 0xff, protocol] : [],
    old ? [] : [0, ...be16(7)],
    packet,
  );
};

/** Darwin: length 108, record of type 1, DLT of what follows, and 96 bytes about interface and process. */
export const pktap = (linkType: number, frame: Uint8Array): Uint8Array =>
  bytesOf(le32(108), le32(1), le32(linkType), new Uint8Array(96), frame);

export interface JuniperFields {
  /** 1 incoming, 2 without link layer, 0x80 with extensions. */
  readonly flags?: number;
  /** Length and value of extensions. */
  readonly extensions?: Uint8Array;
  /** JUNOS's number of what follows, where the link layer is missing. */
  readonly protocol?: number;
  readonly cookie?: Uint8Array | string;
}

export const juniper = (fields: JuniperFields, frame: Uint8Array): Uint8Array => {
  const { flags = 0, extensions, protocol, cookie = '' } = fields;
  return bytesOf(
    be24(0x4d4743),
    flags | (extensions === undefined ? 0 : 0x80) | (protocol === undefined ? 0 : 2),
    extensions === undefined ? [] : be16(extensions.length),
    extensions ?? [],
    protocol === undefined ? [] : le32(protocol),
    cookie,
    frame,
  );
};

/** IEEE 802.3 §3.2.9: the check sequence behind a frame. */
export const withFcs = (frame: Uint8Array): Uint8Array => {
  let value = 0xffffffff;
  for (const byte of frame) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
  }
  return bytesOf(frame, le32(~value >>> 0));
};

/** AX.25 2.2 §3.12: two addresses, or with repeaters; UI, protocol id of IP. */
export const ax25 = (packet: Uint8Array, { repeaters = 0, control = 0x03, protocol = 0xcc } = {}): Uint8Array => {
  const call = (name: string, isLast: boolean) =>
    bytesOf(
      [...name.padEnd(6)].map((letter) => letter.charCodeAt(0) << 1),
      isLast ? 0x61 : 0x60,
    );
  const relays = Array.from({ length: repeaters }, (_, i) => call(`RELAY${i}`, i === repeaters - 1));
  return bytesOf(call('NOCALL', false), call('MYCALL', repeaters === 0), ...relays, control, protocol, packet);
};

/** Endace: time, type, flags, length, loss, wire length; extensions of 8 bytes whose first bit says that another follows. */
export const erf = (type: number, record: Uint8Array, extensions: readonly string[] = []): Uint8Array => {
  const body = bytesOf(...extensions.map((hex) => bytesOf(hex)), record);
  return bytesOf(
    new Uint8Array(8),
    type | (extensions.length === 0 ? 0 : 0x80),
    4,
    be16(16 + body.length),
    be16(0),
    be16(record.length),
    body,
  );
};

/** Wireshark's exported packets: a tag with the dissector's name, padded to four, and the end of the tags. */
export const exported = (dissector: string, packet: Uint8Array, before: Uint8Array | string = ''): Uint8Array => {
  const name = [...dissector.padEnd((dissector.length + 3) & ~3, '\0')].map((letter) => letter.charCodeAt(0));
  return bytesOf(before, be16(12), be16(name.length), name, be16(0), be16(0), packet);
};

const crc16 = (bytes: Uint8Array, start: number, polynomial: number, isReflected: boolean): number => {
  let value = start;
  for (const byte of bytes) {
    value ^= isReflected ? byte : byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      if (isReflected) value = (value & 1) === 0 ? value >> 1 : (value >> 1) ^ polynomial;
      else value = ((value & 0x8000) === 0 ? value << 1 : (value << 1) ^ polynomial) & 0xffff;
    }
  }
  return value;
};

/** G.7041: core header and payload header, each with its check; `linear` puts the extension with a channel between. */
export const gfp = (payload: number, frame: Uint8Array, { type = 0, extension = '' } = {}): Uint8Array => {
  const checked = (bytes: Uint8Array) => bytesOf(bytes, be16(crc16(bytes, 0, 0x1021, false)));
  const body = bytesOf(checked(bytesOf(type, payload)), extension === '' ? '' : checked(bytesOf(extension)), frame);
  return bytesOf(checked(bytesOf(be16(body.length))), body);
};

/** DOCSIS MAC header with its check (the CRC of HDLC, low byte first) before a frame. */
export const docsis = (control: number, frame: Uint8Array, extended = ''): Uint8Array => {
  const elements = bytesOf(extended);
  const header = bytesOf(control, elements.length, be16(frame.length + elements.length), elements);
  const check = ~crc16(header, 0xffff, 0x8408, true) & 0xffff;
  return bytesOf(header, check & 0xff, check >> 8, frame);
};

/** FD.io VPP: version 1.0, number of texts, hint, buffer, texts. */
export const vpp = (hint: number, texts: readonly string[], packet: Uint8Array): Uint8Array =>
  bytesOf(
    1,
    0,
    texts.length,
    hint,
    be32(7),
    [...texts.map((text) => `${text}\0`).join('')].map((letter) => letter.charCodeAt(0)),
    packet,
  );

/** Redback: context, flags, circuit, length, protocol, where the network layer begins, and its data. */
export const redback = (protocol: number, data: number, packet: Uint8Array): Uint8Array =>
  bytesOf(be32(1), be32(0), new Uint8Array(8), be16(24 + packet.length), be16(protocol), be16(24), be16(data), packet);
