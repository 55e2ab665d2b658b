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
