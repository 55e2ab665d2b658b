import { u16, u24, u32le } from './bytes.ts';
import { LAYER_JUNIPER } from './layers.ts';
import * as linkTypes from './linktypes.ts';
import { isPppProtocol, readCiscoHdlc, readFrameRelay, readNetworkLayerId } from './ppp.ts';
import { REASON_JUNIPER, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from './reasons.ts';
import {
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IP,
  STEP_IPV4,
  STEP_IPV6,
  STEP_LLC,
  STEP_MPLS,
  STEP_PPP,
  type Walk,
} from './walk.ts';

/*
 * What JUNOS puts before a frame (no standard says it; told by how tcpdump and Wireshark read such captures):
 *
 *   +----------------+-----------+ - - - - - - - - - - - - - - - - - - +--------
 *   | "MGC" (3)      | flags (1) | length (2), extensions, if so flagged| cookie of the interface card, frame
 *   +----------------+-----------+ - - - - - - - - - - - - - - - - - - +--------
 *
 * JUNOS before 7 has no such header: the cookie or frame comes at once. Where the link layer was taken off, four bytes
 * (little-endian) say what the payload is.
 */
const MAGIC = 0x4d4743;
const INCOMING = 0x01;
const NO_LINK_LAYER = 0x02;
const EXTENDED = 0x80;

/** What follows, by JUNOS's own numbers. */
const UNKNOWN = 0;
const IPV4 = 2;
const IPV4_IN_MPLS = 3;
const IPV4_TO_MPLS = 4;
const MPLS = 5;
const IPV6 = 6;
const IPV6_IN_MPLS = 7;
const IPV6_TO_MPLS = 8;
const CLNP_TO_MPLS = 32;
const PPP = 200;
const ISO = 201;
const LLC = 202;
const LLC_SNAP = 203;
const ETHERNET = 204;
const FRAME_RELAY = 207;
const CISCO_HDLC = 208;
/** Four bytes of unknown meaning, then IPv4. */
const PADDED_IPV4 = 0xa248;

function cut(walk: Walk, n: number): number {
  return walk.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
}

/** Any of the LINKTYPE_JUNIPER_ values that are known. */
export function readJuniper(walk: Walk, linkType: number): number {
  const { bytes, offset } = walk;
  if (!walk.has(4)) return cut(walk, 4);
  if (!walk.enter(LAYER_JUNIPER)) return STEP_DONE;
  let flags = 0;
  if (u24(bytes, offset) === MAGIC) {
    flags = bytes[offset + 3]!;
    let length = 4;
    if ((flags & EXTENDED) !== 0) {
      if (!walk.has(6)) return cut(walk, 6);
      length = 6 + u16(bytes, offset + 4);
    }
    if (!walk.has(length)) return cut(walk, length);
    walk.offset += length;
    if ((flags & NO_LINK_LAYER) !== 0) {
      if (!walk.has(4)) return cut(walk, 4);
      walk.offset += 4;
      return readPayload(walk, u32le(bytes, walk.offset - 4));
    }
  }
  switch (linkType) {
    case linkTypes.LINKTYPE_JUNIPER_ETHER:
    case linkTypes.LINKTYPE_JUNIPER_PPPOE:
      return STEP_ETHERNET;
    case linkTypes.LINKTYPE_JUNIPER_PPP:
      return STEP_PPP;
    case linkTypes.LINKTYPE_JUNIPER_FRELAY:
      return readFrameRelay(walk);
    case linkTypes.LINKTYPE_JUNIPER_CHDLC:
      return readCiscoHdlc(walk);
    case linkTypes.LINKTYPE_JUNIPER_MLPPP:
      return readMultilinkPpp(walk, flags);
    case linkTypes.LINKTYPE_JUNIPER_ES:
      return readEncryptionServices(walk);
    case linkTypes.LINKTYPE_JUNIPER_MONITOR:
      return skipTo(walk, 8, STEP_IP);
    case linkTypes.LINKTYPE_JUNIPER_PPPOE_ATM:
      return readTyped(walk);
    case linkTypes.LINKTYPE_JUNIPER_MFR:
      return readFrameRelayBundle(walk);
    case linkTypes.LINKTYPE_JUNIPER_MLFR:
      return readMultilinkFrameRelay(walk);
    case linkTypes.LINKTYPE_JUNIPER_ATM1:
      return readAtm1(walk);
    case linkTypes.LINKTYPE_JUNIPER_ATM2:
      return readAtm2(walk, flags);
    case linkTypes.LINKTYPE_JUNIPER_GGSN:
      return readGgsn(walk);
    case linkTypes.LINKTYPE_JUNIPER_SERVICES:
      return skipTo(walk, (flags & INCOMING) !== 0 ? 16 : 12, STEP_IP);
    default: // voice
      return skipTo(walk, 18, STEP_IP);
  }
}

function readPayload(walk: Walk, protocol: number): number {
  switch (protocol) {
    case IPV4:
    case IPV4_IN_MPLS:
      return STEP_IPV4;
    case IPV6:
    case IPV6_IN_MPLS:
      return STEP_IPV6;
    case MPLS:
    case IPV4_TO_MPLS:
    case IPV6_TO_MPLS:
    case CLNP_TO_MPLS:
      return STEP_MPLS;
    case PPP:
      return STEP_PPP;
    case ISO:
      return readNetworkLayerId(walk);
    case LLC:
    case LLC_SNAP:
      return STEP_LLC;
    case ETHERNET:
      return STEP_ETHERNET;
    case FRAME_RELAY:
      return readFrameRelay(walk);
    case CISCO_HDLC:
      return readCiscoHdlc(walk);
    case PADDED_IPV4:
      return skipTo(walk, 4, STEP_IPV4);
    default:
      return walk.unsupported(REASON_JUNIPER);
  }
}

function skipTo(walk: Walk, length: number, step: number): number {
  if (!walk.has(length)) return cut(walk, length);
  walk.offset += length;
  return step;
}

/** Cookies of the service cards, by their first byte: link services (4 bytes), adaptive services (8). */
const LINK_SERVICES = 0x54;
const ADAPTIVE_SERVICES = 0x40;
const ADAPTIVE_SERVICES_2 = 0x47;
/** In the fifth byte: both bits are set where the packet is for the routing engine, or from it. */
const FOR_ROUTING_ENGINE = 0x03;

function cookieLength(walk: Walk): number {
  const id = walk.bytes[walk.offset];
  if (id === LINK_SERVICES) return 4;
  return id === ADAPTIVE_SERVICES || id === ADAPTIVE_SERVICES_2 ? 8 : 0;
}

/** The high half of the sixth byte of an adaptive services cookie says what follows. */
function cookieProtocol(walk: Walk): number {
  switch (walk.bytes[walk.offset + 5]! >> 4) {
    case 0:
      return IPV4;
    case 1:
      return IPV6;
    case 2:
      return MPLS;
    case 3:
      return ISO;
    default:
      return UNKNOWN;
  }
}

function readMultilinkPpp(walk: Walk, flags: number): number {
  const { bytes, offset } = walk;
  const length = cookieLength(walk);
  if (!walk.has(Math.max(length, 4))) return cut(walk, Math.max(length, 4));
  if (length === 4) return skipTo(walk, 4, STEP_PPP);
  if (length === 8) {
    const protocol = cookieProtocol(walk);
    const isForEngine = (bytes[offset + 4]! & FOR_ROUTING_ENGINE) === FOR_ROUTING_ENGINE;
    walk.offset += 8;
    // What comes in with the engine's bits unset is routing traffic over PPP.
    const isPpp = protocol === IPV4 && (flags & INCOMING) !== 0 && !isForEngine;
    return readPayload(walk, isPpp ? PPP : protocol);
  }
  // Members of a bundle have PPP at once, a bundle of the older card a cookie of two bytes before it.
  if (u16(bytes, offset) === 0xff03 || isPppProtocol(u16(bytes, offset))) return STEP_PPP;
  if (isPppProtocol(u16(bytes, offset + 2))) return skipTo(walk, 2, STEP_PPP);
  return walk.unsupported(REASON_JUNIPER);
}

/** LLC's unnumbered information; a network layer protocol id follows (RFC 2427 §3). */
const CONTROL = 0x03;

function readMultilinkFrameRelay(walk: Walk): number {
  const { bytes, offset } = walk;
  const length = cookieLength(walk);
  if (!walk.has(Math.max(length, 5))) return cut(walk, Math.max(length, 5));
  if (length === 8) {
    const isForEngine = (bytes[offset + 4]! & FOR_ROUTING_ENGINE) === FOR_ROUTING_ENGINE;
    const protocol = cookieProtocol(walk);
    walk.offset += 8;
    if (!isForEngine || protocol !== IPV4) return readPayload(walk, protocol);
    if (!walk.has(1)) return cut(walk, 1);
    if (bytes[walk.offset] !== CONTROL) return walk.unsupported(REASON_JUNIPER);
    walk.offset += 1;
    return readNetworkLayerId(walk);
  }
  walk.offset += length === 4 ? 4 : 2;
  // The control byte may have a zero before or behind it.
  if (bytes[walk.offset] === 0 && walk.has(2) && bytes[walk.offset + 1] === CONTROL) walk.offset += 2;
  else if (bytes[walk.offset] === CONTROL) walk.offset += 1;
  else return walk.unsupported(REASON_JUNIPER);
  return readNetworkLayerId(walk);
}

/** As above, but that the cookie of the link services card has two more bytes, and frames of members are Q.922's. */
function readFrameRelayBundle(walk: Walk): number {
  const length = cookieLength(walk);
  if (length === 8) return readMultilinkFrameRelay(walk);
  if (length === 0) return walk.unsupported(REASON_JUNIPER);
  if (!walk.has(7)) return cut(walk, 7);
  walk.offset += 6;
  if (walk.bytes[walk.offset] !== CONTROL) return walk.unsupported(REASON_JUNIPER);
  walk.offset += 1;
  return readNetworkLayerId(walk);
}

/** Kinds of security association whose packet follows in the clear, behind its header: ESP or AH alone. */
const ES_CLEAR = [3, 4, 5];

/** Index (2), TTL (1), kind (1), security parameter index (4), tunnel ends (4, 4), IP. What is encrypted as well is hidden. */
function readEncryptionServices(walk: Walk): number {
  if (!walk.has(16)) return cut(walk, 16);
  if (!ES_CLEAR.includes(walk.bytes[walk.offset + 3]!)) return walk.unsupported(REASON_JUNIPER);
  return skipTo(walk, 16, STEP_IP);
}

/** An EtherType and what it says. */
function readTyped(walk: Walk): number {
  if (!walk.has(2)) return cut(walk, 2);
  walk.type = u16(walk.bytes, walk.offset);
  walk.offset += 2;
  return STEP_ETHERTYPE;
}

const ATM1_OAM = 0x80;
const ATM2_OAM = 0x70;
const ATM2_GAP = 0x3f;

function readAtm1(walk: Walk): number {
  if (!walk.has(4)) return cut(walk, 4);
  const isOam = walk.bytes[walk.offset] === ATM1_OAM;
  walk.offset += 4;
  return isOam ? walk.unsupported(REASON_JUNIPER) : readAtmPayload(walk);
}

function readAtm2(walk: Walk, flags: number): number {
  const { bytes, offset } = walk;
  if (!walk.has(10)) return cut(walk, 10);
  walk.offset += 8;
  if ((bytes[offset + 7]! & ATM2_OAM) !== 0) return walk.unsupported(REASON_JUNIPER);
  if (isLlc(walk)) return STEP_LLC;
  // Outgoing frames with a gap count are bridged Ethernet (RFC 2684 §5.2) without LLC.
  if ((flags & INCOMING) === 0 && (bytes[offset + 3]! & ATM2_GAP) !== 0) return STEP_ETHERNET;
  return isPppProtocol(u16(bytes, walk.offset)) ? STEP_PPP : readAtmPayload(walk);
}

function isLlc(walk: Walk): boolean {
  if (!walk.has(3)) return false;
  const start = u24(walk.bytes, walk.offset);
  return start === 0xaaaa03 || start === 0xfefe03;
}

/** RFC 2684: LLC, or by agreement something else, which shows itself by its first byte. */
function readAtmPayload(walk: Walk): number {
  if (!walk.has(3)) return cut(walk, 3);
  if (isLlc(walk)) return STEP_LLC;
  const first = walk.bytes[walk.offset]!;
  if (first === CONTROL) {
    walk.offset += 1;
    return readNetworkLayerId(walk);
  }
  return first >> 4 === 4 || first >> 4 === 6 ? STEP_IP : walk.unsupported(REASON_JUNIPER);
}

/** Protocol (2) and VLAN (2), little-endian. */
function readGgsn(walk: Walk): number {
  if (!walk.has(4)) return cut(walk, 4);
  const protocol = walk.bytes[walk.offset]! | (walk.bytes[walk.offset + 1]! << 8);
  walk.offset += 4;
  return readPayload(walk, protocol);
}
