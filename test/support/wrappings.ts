/** Builders for what packets are wrapped in, after the RFCs and link-type descriptions and from nothing in src/. */
import { be16, be24, be32, bytesOf, le16, le32, onesSum, type Transport, udp } from './frames.ts';

const isIpv6 = (packet: Uint8Array): boolean => packet[0]! >> 4 === 6;

/** RFC 3032: labels from the outermost; then the payload. */
export function mpls(labels: readonly number[], payload: Uint8Array): Uint8Array {
  return bytesOf(
    ...labels.map((label, i) => be32(((label << 12) | (i === labels.length - 1 ? 0x100 : 0) | 64) >>> 0)),
    payload,
  );
}

/** RFC 4385: the control word before a pseudowire's frame. */
export const controlWord = (frame: Uint8Array, sequence = 1): Uint8Array => bytesOf(be16(0), be16(sequence), frame);

export interface GreFields {
  readonly type?: number;
  readonly key?: number;
  readonly sequence?: number;
  readonly checksum?: boolean;
}

const packetType = (payload: Uint8Array): number => (isIpv6(payload) ? 0x86dd : 0x0800);

function greBytes(fields: GreFields, payload: Uint8Array): Uint8Array {
  const flags =
    (fields.checksum ? 0x8000 : 0) |
    (fields.key === undefined ? 0 : 0x2000) |
    (fields.sequence === undefined ? 0 : 0x1000);
  const packet = bytesOf(
    be16(flags),
    be16(fields.type ?? packetType(payload)),
    fields.checksum ? be32(0) : [],
    fields.key === undefined ? [] : be32(fields.key),
    fields.sequence === undefined ? [] : be32(fields.sequence),
    payload,
  );
  if (fields.checksum) packet.set(be16(~onesSum(packet)), 4);
  return packet;
}

export const gre = (fields: GreFields, payload: Uint8Array): Transport => ({
  protocol: 47,
  build: () => greBytes(fields, payload),
});

/** RFC 2637 §4.1: version 1, with sequence number and perhaps acknowledgment, around PPP. */
export const pptp = (callId: number, payload: Uint8Array, acknowledgment?: number): Transport => ({
  protocol: 47,
  build: () =>
    bytesOf(
      be16(acknowledgment === undefined ? 0x3001 : 0x3081),
      be16(0x880b),
      be16(payload.length),
      be16(callId),
      be32(7),
      acknowledgment === undefined ? [] : be32(acknowledgment),
      payload,
    ),
});

/** ERSPAN type II (in GRE 0x88be with a sequence number). */
export const erspan2 = (session: number, frame: Uint8Array): Uint8Array =>
  bytesOf(be16(0x1000 | 5), be16(session), be32(0), frame);

/** ERSPAN type III (in GRE 0x22eb), with the optional 8 bytes when `extended`. */
export const erspan3 = (session: number, frame: Uint8Array, extended = false): Uint8Array =>
  bytesOf(
    be16(0x2000 | 5),
    be16(session),
    be32(0x11223344),
    be16(0),
    be16(extended ? 1 : 0),
    extended ? new Uint8Array(8) : [],
    frame,
  );

export const vxlan = (vni: number, frame: Uint8Array, destinationPort = 4789): Transport =>
  udp({ sourcePort: 54321, destinationPort, checksum: 0, payload: bytesOf('08 000000', be24(vni), 0, frame) });

/** With the next protocol that the payload is: 1 IPv4, 2 IPv6, 3 Ethernet. */
export const vxlanGpe = (vni: number, next: number, payload: Uint8Array): Transport =>
  udp({ sourcePort: 54321, destinationPort: 4790, payload: bytesOf('0c 0000', next, be24(vni), 0, payload) });

export const geneve = (
  vni: number,
  type: number,
  payload: Uint8Array,
  options: Uint8Array = new Uint8Array(0),
): Transport =>
  udp({
    sourcePort: 54321,
    destinationPort: 6081,
    payload: bytesOf(options.length / 4, 0, be16(type), be24(vni), 0, options, payload),
  });

/** G-PDU. `extensions` are whole extension headers but for their last byte (the next type), with their own type first. */
export function gtp(
  endpoint: number,
  packet: Uint8Array,
  extensions: readonly { type: number; body: Uint8Array }[] = [],
): Transport {
  const chain = extensions.map((extension, i) =>
    bytesOf((extension.body.length + 2) / 4, extension.body, extensions[i + 1]?.type ?? 0),
  );
  const optional = extensions.length === 0 ? bytesOf() : bytesOf(be16(0), 0, extensions[0]!.type, ...chain);
  return udp({
    sourcePort: 2152,
    destinationPort: 2152,
    payload: bytesOf(
      extensions.length === 0 ? 0x30 : 0x34,
      255,
      be16(optional.length + packet.length),
      be32(endpoint),
      optional,
      packet,
    ),
  });
}

export const teredo = (packet: Uint8Array, before: Uint8Array = new Uint8Array(0)): Transport =>
  udp({ sourcePort: 51413, destinationPort: 3544, payload: bytesOf(before, packet) });

/** Identity of 16 bytes, signature of 20 (SHA1), operation 1 (forward). */
export const ayiya = (packet: Uint8Array): Transport =>
  udp({
    sourcePort: 5000,
    destinationPort: 5072,
    payload: bytesOf(
      0x41,
      0x52,
      0x11,
      isIpv6(packet) ? 41 : 4,
      be32(1),
      new Uint8Array(16).fill(7),
      new Uint8Array(20).fill(9),
      packet,
    ),
  });

/** RFC 2661 data message, with the length field. */
export const l2tp = (tunnel: number, session: number, pppFrame: Uint8Array): Transport =>
  udp({
    sourcePort: 1701,
    destinationPort: 1701,
    payload: bytesOf(be16(0x4002), be16(8 + pppFrame.length), be16(tunnel), be16(session), pppFrame),
  });

/** RFC 3931 over IP: session, cookie, sublayer, frame. */
export const l2tpv3 = (session: number, between: Uint8Array, frame: Uint8Array): Transport => ({
  protocol: 115,
  build: () => bytesOf(be32(session), between, frame),
});

/** PPP in HDLC-like framing; without address and control when `bare`. */
export const ppp = (packet: Uint8Array, bare = false): Uint8Array =>
  bytesOf(bare ? [] : [0xff, 0x03], be16(isIpv6(packet) ? 0x0057 : 0x0021), packet);

export const pppoe = (session: number, packet: Uint8Array): Uint8Array => {
  const inner = ppp(packet, true);
  return bytesOf(0x11, 0, be16(session), be16(inner.length), inner);
};

export const ciscoHdlc = (packet: Uint8Array): Uint8Array => bytesOf(0x0f, 0, be16(packetType(packet)), packet);

/** Two-byte Q.922 address and RFC 2427. */
export const frameRelay = (dlci: number, packet: Uint8Array): Uint8Array =>
  bytesOf((dlci >> 4) << 2, ((dlci & 15) << 4) | 1, 0x03, isIpv6(packet) ? 0x8e : 0xcc, packet);

/** The same with SNAP, padded as RFC 2427 §4.1 has it. */
export const frameRelaySnap = (dlci: number, packet: Uint8Array): Uint8Array =>
  bytesOf((dlci >> 4) << 2, ((dlci & 15) << 4) | 1, '03 00 80 000000', be16(packetType(packet)), packet);

/** IEEE 802.1ah: service id, then the customer's frame. The type 0x88e7 is the caller's. */
export const backboneTag = (serviceId: number, frame: Uint8Array): Uint8Array => bytesOf(0, be24(serviceId), frame);

/** MACsec without encryption, with SCI and a 16-byte check value; `type` is that of the data. */
export const macsec = (type: number, data: Uint8Array): Uint8Array =>
  bytesOf(
    0x20,
    data.length + 2 < 48 ? data.length + 2 : 0,
    be32(1),
    '020000000001 0001',
    be16(type),
    data,
    new Uint8Array(16).fill(0xcc),
  );

/** Cisco ISL around a whole frame (its frame check sequence and ISL's are four zero bytes each). */
export const isl = (vlan: number, frame: Uint8Array): Uint8Array =>
  bytesOf(
    '01000c0000 00 020000000001',
    be16(frame.length + 4 + 12),
    'aaaa03 020000',
    be16(vlan << 1),
    be16(0),
    be16(0),
    frame,
    be32(0),
    be32(0),
  );

export interface WlanFields {
  readonly qos?: boolean;
  readonly fourAddresses?: boolean;
  readonly protectedFrame?: boolean;
  readonly order?: boolean;
  /** Fills the body with subframes instead of one LLC header and packet. */
  readonly aggregate?: readonly Uint8Array[];
}

const llcSnap = (packet: Uint8Array): Uint8Array => bytesOf('aa aa 03 00 00 00', be16(packetType(packet)), packet);

/** An 802.11 data frame from a station to an access point. */
export function wlan(fields: WlanFields, packet: Uint8Array = new Uint8Array(0)): Uint8Array {
  const qos = fields.qos || fields.aggregate !== undefined;
  const flags = (fields.fourAddresses ? 0x03 : 0x01) | (fields.protectedFrame ? 0x40 : 0) | (fields.order ? 0x80 : 0);
  const subframes = (fields.aggregate ?? []).map((inner, i, all) => {
    const body = llcSnap(inner);
    const frame = bytesOf('020000000002 020000000001', be16(body.length), body);
    return i === all.length - 1 ? frame : bytesOf(frame, new Uint8Array(-frame.length & 3));
  });
  return bytesOf(
    qos ? 0x88 : 0x08,
    flags,
    be16(0),
    '020000000003 020000000001 020000000002',
    be16(0x1000),
    fields.fourAddresses ? '020000000004' : [],
    qos ? [fields.aggregate ? 0x80 : 0, 0] : [],
    qos && fields.order ? be32(0) : [],
    fields.aggregate ? bytesOf(...subframes) : llcSnap(packet),
  );
}

/** Radiotap with time and flags; `flags` 0x10 says that a frame check sequence follows, 0x20 that the header is padded. */
export const radiotap = (flags: number, frame: Uint8Array): Uint8Array =>
  bytesOf(0, 0, le16(17), le32(0x03), new Uint8Array(8), flags, frame);

/** Radiotap whose presence bits go on in a second word. */
export const longRadiotap = (flags: number, frame: Uint8Array): Uint8Array =>
  bytesOf(0, 0, le16(25), le32(0x80000003), le32(0), be32(0), new Uint8Array(8), flags, frame);

export const prism = (frame: Uint8Array): Uint8Array =>
  bytesOf(
    le32(0x44),
    le32(144),
    'wlan0'.split('').map((letter) => letter.charCodeAt(0)),
    new Uint8Array(131),
    frame,
  );

export const avs = (frame: Uint8Array): Uint8Array => bytesOf(be32(0x80211001), be32(64), new Uint8Array(56), frame);

/** PPI with an 802.11-common field that says whether a frame check sequence is there. */
export const ppi = (linkType: number, frame: Uint8Array, hasFcs = false): Uint8Array =>
  bytesOf(
    0,
    0,
    le16(32),
    le32(linkType),
    le16(2),
    le16(20),
    new Uint8Array(8),
    le16(hasFcs ? 1 : 0),
    new Uint8Array(10),
    frame,
  );

/** Netfilter log with a prefix (type 10) before the packet (type 9). */
export const nflog = (packet: Uint8Array): Uint8Array =>
  bytesOf(
    isIpv6(packet) ? 10 : 2,
    0,
    be16(5),
    le16(7),
    le16(10),
    '616200 00',
    le16(4 + packet.length),
    le16(9),
    packet,
  );

export const ipnet = (packet: Uint8Array): Uint8Array =>
  bytesOf(1, isIpv6(packet) ? 26 : 2, be16(1), be32(packet.length), new Uint8Array(16), packet);

/** RFC 8300: NSH with fixed metadata (type 1) around what `next` says. */
export const nsh = (next: number, payload: Uint8Array): Uint8Array =>
  bytesOf(be16(0x0fc6), 1, next, be24(9), 255, new Uint8Array(16), payload);
