import { nextProtocol } from './bridging.ts';
import { u16, u24, u32 } from './bytes.ts';
import { readCapwap } from './capwap.ts';
import {
  LAYER_AH,
  LAYER_AYIYA,
  LAYER_ESP,
  LAYER_ETHERIP,
  LAYER_GENEVE,
  LAYER_GTP,
  LAYER_IPCOMP,
  LAYER_L2TP,
  LAYER_PIM,
  LAYER_VXLAN,
  LAYER_VXLAN_GPE,
  LAYER_WIREGUARD,
} from './layers.ts';
import { readLisp } from './lisp.ts';
import { looksLikeMpls } from './mpls.ts';
import { looksLikeEthernet, looksLikeIp } from './plausible.ts';
import { looksLikePpp } from './ppp.ts';
import {
  ipProtocolReason,
  REASON_ESP,
  REASON_IPCOMP,
  REASON_L2TPV3,
  REASON_MALFORMED_TUNNEL,
  REASON_TRUNCATED_TUNNEL,
  REASON_WIREGUARD,
} from './reasons.ts';
import { SCOPE_GENEVE, SCOPE_GTP, SCOPE_L2TP, SCOPE_VXLAN } from './scopes.ts';
import { OK, TRUNCATED } from './status.ts';
import { readTeredo } from './teredo.ts';
import {
  TUNNEL_AYIYA,
  TUNNEL_CAPWAP,
  TUNNEL_ESP,
  TUNNEL_GENEVE,
  TUNNEL_GRE,
  TUNNEL_GTP,
  TUNNEL_L2TP,
  TUNNEL_LISP,
  TUNNEL_MPLS,
  TUNNEL_TEREDO,
  TUNNEL_TZSP,
  TUNNEL_VXLAN,
  TUNNEL_VXLAN_GPE,
  TUNNEL_WIREGUARD,
} from './tunnel-ports.ts';
import { readUdpTzsp } from './tzsp.ts';
import {
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_GRE,
  STEP_IP,
  STEP_IPV4,
  STEP_IPV6,
  STEP_MPLS,
  STEP_PPP,
  STEP_PROTOCOL,
  type Walk,
} from './walk.ts';

function cut(walk: Walk, n: number): number {
  return walk.cut(n, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
}

/** Packets within IP, by protocol number, and what is opaque. */
export function readTunnelProtocol(walk: Walk, protocol: number): number {
  switch (protocol) {
    case 4: // RFC 2003, RFC 2473
      walk.alongOuterAddresses();
      return STEP_IPV4;
    case 41: // RFC 4213, RFC 2473
      walk.alongOuterAddresses();
      return STEP_IPV6;
    case 47:
      return STEP_GRE;
    case 50:
      walk.enter(LAYER_ESP);
      return walk.unsupported(REASON_ESP);
    case 51:
      return readAuthentication(walk);
    case 97:
      return readEtherIp(walk);
    case 103:
      return readPim(walk);
    case 108: // RFC 3173
      walk.enter(LAYER_IPCOMP);
      return walk.unsupported(REASON_IPCOMP);
    case 115:
      return readL2tpOverIp(walk);
    case 137: // RFC 4023
      return STEP_MPLS;
    case 143: // RFC 8986 §10.1
      walk.alongOuterAddresses();
      return STEP_ETHERNET;
    default:
      return walk.unsupported(ipProtocolReason(protocol));
  }
}

/*
 * RFC 4302 §2: next header, length in words less 2, reserved, index, sequence number, check value
 */
function readAuthentication(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(12)) return cut(walk, 12);
  const length = (bytes[offset + 1]! + 2) * 4;
  if (!walk.has(length)) return cut(walk, length);
  if (!walk.enter(LAYER_AH)) return STEP_DONE;
  walk.type = bytes[offset]!;
  // At least two words, so that a chain of headers always moves on.
  walk.offset += length;
  return STEP_PROTOCOL;
}

/** RFC 7761 §4.9: version 2 and type (1 byte), reserved (1), checksum (2); a Register has flags (4) and a packet. */
const PIM_REGISTER = 0x21;
const PIM_NULL_REGISTER = 0x40;

function readPim(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(1)) return cut(walk, 1);
  if (bytes[offset] !== PIM_REGISTER) return walk.unsupported(ipProtocolReason(103));
  if (!walk.has(8)) return cut(walk, 8);
  // A Null-Register asks whether the source is still wanted: behind it is a header at most.
  if ((bytes[offset + 4]! & PIM_NULL_REGISTER) !== 0) return walk.unsupported(ipProtocolReason(103));
  if (!walk.enter(LAYER_PIM)) return STEP_DONE;
  walk.alongOuterAddresses();
  walk.offset += 8;
  return STEP_IP;
}

/** RFC 3378: version 3 and twelve zero bits, then a frame. */
function readEtherIp(walk: Walk): number {
  if (!walk.has(2)) return cut(walk, 2);
  if (!walk.enter(LAYER_ETHERIP)) return STEP_DONE;
  walk.alongOuterAddresses();
  walk.offset += 2;
  return STEP_ETHERNET;
}

/**
 * A UDP payload at a tunnel's port, Walk.type its TUNNEL_ number. What does not look like the tunnel is ordinary UDP,
 * and the packet stays the UDP datagram. Where the capture ends before the header shows what it is, nobody can say so.
 */
export function readUdpTunnel(walk: Walk): number {
  walk.wasCut = false;
  const step = readTunnel(walk);
  if (step === STEP_DONE && walk.wasCut && walk.record.status === OK)
    return walk.fail(TRUNCATED, REASON_TRUNCATED_TUNNEL);
  return step;
}

function readTunnel(walk: Walk): number {
  switch (walk.type) {
    case TUNNEL_VXLAN:
      return readVxlan(walk);
    case TUNNEL_VXLAN_GPE:
      return readVxlanGpe(walk);
    case TUNNEL_GENEVE:
      return readGeneve(walk);
    case TUNNEL_GTP:
      return readGtp(walk);
    case TUNNEL_TEREDO:
      return readTeredo(walk);
    case TUNNEL_AYIYA:
      return readAyiya(walk);
    case TUNNEL_L2TP:
      return readL2tp(walk);
    case TUNNEL_MPLS:
      return looksLikeMpls(walk) ? STEP_MPLS : STEP_DONE;
    case TUNNEL_GRE:
      return isGre(walk) ? STEP_GRE : STEP_DONE;
    case TUNNEL_ESP:
      return readUdpEsp(walk);
    case TUNNEL_WIREGUARD:
      return readWireguard(walk);
    case TUNNEL_TZSP:
      return readUdpTzsp(walk);
    case TUNNEL_LISP:
      return readLisp(walk);
    case TUNNEL_CAPWAP:
      return readCapwap(walk);
    default:
      return STEP_DONE;
  }
}

/*
 * RFC 7348 §5
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |R|R|R|R|I|R|R|R|            Reserved                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                VXLAN Network Identifier (VNI) |   Reserved    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const VXLAN_HAS_VNI = 0x08;
const VXLAN_PLAIN = 0x08000000;

function readVxlan(walk: Walk): number {
  const { bytes, offset } = walk;
  if (walk.lacks(8)) return STEP_DONE;
  // All other bits are reserved and ignored on receipt; extensions use some of them.
  if ((bytes[offset]! & VXLAN_HAS_VNI) === 0) return STEP_DONE;
  // With all of them clear, as the sender must leave them, it is VXLAN whatever the frame holds.
  const isPlain = u32(bytes, offset) === VXLAN_PLAIN && bytes[offset + 7] === 0 && walk.limit - offset >= 8 + 14;
  if (!isPlain && !looksLikeEthernet(walk, 8)) return STEP_DONE;
  if (!walk.enter(LAYER_VXLAN)) return STEP_DONE;
  walk.within(SCOPE_VXLAN, u24(bytes, offset + 4));
  walk.offset += 8;
  return STEP_ETHERNET;
}

/** draft-ietf-nvo3-vxlan-gpe §3: flags with version (2 bits), I, P, B, O; next protocol in byte 3 when P is set. */
const GPE_HAS_PROTOCOL = 0x04;
const GPE_VERSION = 0x30;

function readVxlanGpe(walk: Walk): number {
  const { bytes, offset } = walk;
  if (walk.lacks(8)) return STEP_DONE;
  const flags = bytes[offset]!;
  const protocol = (flags & GPE_HAS_PROTOCOL) === 0 ? 3 : bytes[offset + 3]!;
  const isSound = (flags & GPE_VERSION) === 0 && (flags & VXLAN_HAS_VNI) !== 0;
  if (!isSound) return STEP_DONE;
  // With all that is reserved clear it is the tunnel whatever it holds: what cannot be read of that is counted.
  const isPlain =
    flags === (VXLAN_HAS_VNI | GPE_HAS_PROTOCOL) && u16(bytes, offset + 1) === 0 && bytes[offset + 7] === 0;
  if (!isPlain && !looksLikeNext(walk, protocol)) return STEP_DONE;
  if (!walk.enter(LAYER_VXLAN_GPE)) return STEP_DONE;
  walk.within(SCOPE_VXLAN, u24(bytes, offset + 4));
  walk.offset += 8;
  return nextProtocol(walk, protocol);
}

function looksLikeNext(walk: Walk, protocol: number): boolean {
  if (protocol <= 2) return protocol !== 0 && looksLikeIp(walk, 8);
  return protocol === 3 ? looksLikeEthernet(walk, 8) : protocol <= 5;
}

/*
 * RFC 8926 §3.4
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |Ver|  Opt Len  |O|C|    Rsvd.  |          Protocol Type        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |        Virtual Network Identifier (VNI)       |    Reserved   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Variable-Length Options                    |
 */
function readGeneve(walk: Walk): number {
  const { bytes, offset } = walk;
  if (walk.lacks(8)) return STEP_DONE;
  const length = 8 + (bytes[offset]! & 0x3f) * 4;
  const type = u16(bytes, offset + 2);
  // Another version is dropped; reserved bits are ignored.
  if (bytes[offset]! >> 6 !== 0 || offset + length > walk.limit) return STEP_DONE;
  // With all that is reserved clear it is Geneve whatever it holds: what cannot be read of that is counted.
  const isPlain = (bytes[offset + 1]! & 0x3f) === 0 && bytes[offset + 7] === 0 && type >= FIRST_ETHERTYPE;
  const isLikely = type === 0x6558 ? looksLikeEthernet(walk, length) : isIpType(type) && looksLikeIp(walk, length);
  if (!isPlain && !isLikely) return STEP_DONE;
  if (!walk.enter(LAYER_GENEVE)) return STEP_DONE;
  if (!walk.has(length)) return cut(walk, length);
  walk.within(SCOPE_GENEVE, u24(bytes, offset + 4));
  walk.type = type;
  walk.offset += length;
  return STEP_ETHERTYPE;
}

const FIRST_ETHERTYPE = 0x0600;

function isIpType(type: number): boolean {
  return type === 0x0800 || type === 0x86dd;
}

/*
 * 3GPP TS 29.281 §5.1
 *
 *   +---------+--+--+--+--+--+--------+-----------+-----------------+ - - - - - - - - - - - - - - - - - +
 *   | Ver (3) |PT| *| E| S|PN| type(1)| length (2)| endpoint id (4) | sequence (2), N-PDU (1), next (1) |
 *   +---------+--+--+--+--+--+--------+-----------+-----------------+ - - - - - - - - - - - - - - - - - +
 *
 * The last four bytes are there when any of E, S, PN is set. An extension is a length in words, data and the next type.
 */
const GTP_VERSION_1 = 0x30;
const GTP_HAS_EXTENSION = 0x04;
const GTP_USER_DATA = 255;

function readGtp(walk: Walk): number {
  const { bytes, offset } = walk;
  if (walk.lacks(8) || (bytes[offset]! & 0xf0) !== GTP_VERSION_1) return STEP_DONE;
  const end = offset + 8 + u16(bytes, offset + 2);
  // Echoes and error indications are sound UDP that carries no packet.
  if (bytes[offset + 1] !== GTP_USER_DATA || (end > walk.limit && !walk.quoting)) return STEP_DONE;
  const flags = bytes[offset]! & 0x07;
  let length = 8;
  if (flags !== 0) {
    length = 12;
    if (walk.lacks(length)) return STEP_DONE;
    let next = (flags & GTP_HAS_EXTENSION) === 0 ? 0 : bytes[offset + 11]!;
    while (next !== 0) {
      if (walk.lacks(length + 1)) return STEP_DONE;
      const size = bytes[offset + length]! * 4;
      if (size === 0 || walk.lacks(length + size)) return STEP_DONE;
      length += size;
      next = bytes[offset + length - 1]!;
    }
  }
  // A length that is right says that it is user data; that may be PPP or Ethernet too (3GPP TS 29.281 §4.2.1).
  const isExact = end === walk.limit && length < end - offset;
  if (!isExact && !looksLikeIp(walk, length)) return STEP_DONE;
  if (!walk.enter(LAYER_GTP)) return STEP_DONE;
  walk.along(SCOPE_GTP, u32(bytes, offset + 4));
  walk.offset += length;
  walk.narrow(end);
  return STEP_IP;
}

/*
 * draft-massar-v6ops-ayiya §4: id length (4 bits, a power of 2) and type, signature length (4, in words) and hash method,
 * authentication method and operation (4), next header (8), time (32), id, signature
 */
function readAyiya(walk: Walk): number {
  const { bytes, offset } = walk;
  if (walk.lacks(8)) return STEP_DONE;
  const length = 8 + 2 ** (bytes[offset]! >> 4) + (bytes[offset + 1]! >> 4) * 4;
  const protocol = bytes[offset + 3];
  const version = protocol === 41 ? 6 : protocol === 4 ? 4 : 0;
  if (version === 0 || (bytes[offset + 2]! & 0x0f) !== 1 || walk.lacks(length + 1)) return STEP_DONE;
  if (bytes[offset + length]! >> 4 !== version || !looksLikeIp(walk, length)) return STEP_DONE;
  if (!walk.enter(LAYER_AYIYA)) return STEP_DONE;
  walk.offset += length;
  return version === 6 ? STEP_IPV6 : STEP_IPV4;
}

/*
 * RFC 2661 §3.1; version 3: RFC 3931 §4.1.2
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ - - - - - - -+-----------------+----------------+ - - - - - - - - - - - - - - - -+
 *   |T|L|x|x|S|x|O|P|x|x|x|x|  Ver  | length (L)   | tunnel id (2)   | session id (2) | Ns, Nr (S) | offset size (O) ...
 */
const L2TP_CONTROL = 0x8000;
const L2TP_HAS_LENGTH = 0x4000;
const L2TP_HAS_SEQUENCE = 0x0800;
const L2TP_HAS_OFFSET = 0x0200;
const L2TP_RESERVED = 0x34f0;

function readL2tp(walk: Walk): number {
  const { bytes, offset } = walk;
  if (walk.lacks(8)) return STEP_DONE;
  const flags = u16(bytes, offset);
  const version = flags & 0x0f;
  if ((flags & L2TP_CONTROL) !== 0) return STEP_DONE;
  const hasReserved = (flags & L2TP_RESERVED) !== 0;
  if (version === 3) {
    if (hasReserved) return STEP_DONE;
    walk.offset += 4;
    return readL2tpSession(walk);
  }
  if (version !== 2) return STEP_DONE;
  let length = 6;
  if ((flags & L2TP_HAS_LENGTH) !== 0) length += 2;
  const idsAt = length - 4;
  if ((flags & L2TP_HAS_SEQUENCE) !== 0) length += 4;
  if ((flags & L2TP_HAS_OFFSET) !== 0) {
    if (walk.lacks(length + 2)) return STEP_DONE;
    length += 2 + u16(bytes, offset + length);
  }
  if (walk.lacks(length + 1)) return STEP_DONE;
  // Reserved bits are ignored on receipt, but then the payload must say that it is one.
  if (hasReserved && !looksLikePpp(walk, length)) return STEP_DONE;
  if (!walk.enter(LAYER_L2TP)) return STEP_DONE;
  // Both ids are the receiver's, so each direction has its own.
  walk.along(SCOPE_L2TP, u32(bytes, offset + idsAt));
  walk.offset += length;
  return STEP_PPP;
}

/** Version 3 right on IP, RFC 3931 §4.1.1: a session id; 0 is control. */
function readL2tpOverIp(walk: Walk): number {
  if (!walk.has(4)) return cut(walk, 4);
  // Control messages set up sessions and carry no packets.
  if (u32(walk.bytes, walk.offset) === 0) return STEP_DONE;
  return readL2tpSession(walk);
}

/**
 * Behind the session id come a cookie (0, 4 or 8 bytes) and perhaps a sublayer (4), as agreed beforehand. The frame shows by
 * itself which it is: the sublayer alone is the default of RFC 3931 §4.6.
 */
function readL2tpSession(walk: Walk): number {
  if (!walk.has(4)) return cut(walk, 4);
  if (!walk.enter(LAYER_L2TP)) return STEP_DONE;
  walk.along(SCOPE_L2TP, u32(walk.bytes, walk.offset));
  for (const skip of [8, 4, 12, 16]) {
    if (!looksLikeEthernet(walk, skip)) continue;
    walk.offset += skip;
    return STEP_ETHERNET;
  }
  return walk.unsupported(REASON_L2TPV3);
}

/**
 * RFC 8086 §3: version 0, what a receiver must discard not set (RFC 2784 §2.3), and a type that says what we know; any type
 * where no bit is set but those that RFC 8086 allows.
 */
function isGre(walk: Walk): boolean {
  if (walk.lacks(4)) return false;
  const flags = u16(walk.bytes, walk.offset);
  const type = u16(walk.bytes, walk.offset + 2);
  if ((flags & 0x4fff) === 0 && type >= FIRST_ETHERTYPE) return true;
  return (flags & 0x4c07) === 0 && (isIpType(type) || type === 0x6558 || type === 0x8847 || type === 0x8848);
}

/** RFC 3948 §2: four zero bytes mark IKE, a single 0xff keeps the NAT alive, everything else is ESP. */
function readUdpEsp(walk: Walk): number {
  if (walk.limit - walk.offset <= 8 || !walk.has(4) || u32(walk.bytes, walk.offset) === 0) return STEP_DONE;
  if (walk.enter(LAYER_ESP)) walk.unsupported(REASON_ESP);
  return STEP_DONE;
}

/** Sizes of WireGuard's messages: initiation, response, cookie; transport data is at least this and grows by 16. */
const WIREGUARD_SIZES = [0, 148, 92, 64, 32];

function readWireguard(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(4) || u24(bytes, offset + 1) !== 0) return STEP_DONE;
  const type = bytes[offset]!;
  const size = walk.limit - offset;
  const isMessage = type >= 1 && type <= 3 && size === WIREGUARD_SIZES[type];
  const isData = type === 4 && size >= 32 && size % 16 === 0;
  if (!isMessage && !isData) return STEP_DONE;
  if (walk.enter(LAYER_WIREGUARD)) walk.unsupported(REASON_WIREGUARD);
  return STEP_DONE;
}
