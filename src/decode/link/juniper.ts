import { u16, u24, u32le } from '../bytes.ts';
import {
  type Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IP,
  STEP_IPV4,
  STEP_IPV6,
  STEP_LLC,
  STEP_MPLS,
  STEP_PPP,
} from '../cursor.ts';
import { LAYER_JUNIPER } from '../layers.ts';
import { REASON_JUNIPER, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import * as linkTypes from './linktypes.ts';
import { isPppProtocol, readCiscoHdlc, readFrameRelay, readNetworkLayerId } from './ppp.ts';

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
export const JUNIPER_MAGIC = 0x4d4743;
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

function cut(cursor: Cursor, n: number): number {
  return cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
}

/** Any of the LINKTYPE_JUNIPER_ values that are known. */
export function readJuniper(cursor: Cursor, linkType: number): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(4)) return cut(cursor, 4);
  if (!cursor.enter(LAYER_JUNIPER)) return STEP_DONE;
  let flags = 0;
  if (u24(bytes, offset) === JUNIPER_MAGIC) {
    flags = bytes[offset + 3]!;
    let length = 4;
    if ((flags & EXTENDED) !== 0) {
      if (!cursor.has(6)) return cut(cursor, 6);
      length = 6 + u16(bytes, offset + 4);
    }
    if (!cursor.has(length)) return cut(cursor, length);
    cursor.offset += length;
    if ((flags & NO_LINK_LAYER) !== 0) {
      if (!cursor.has(4)) return cut(cursor, 4);
      cursor.offset += 4;
      return readPayload(cursor, u32le(bytes, cursor.offset - 4));
    }
  }
  switch (linkType) {
    case linkTypes.LINKTYPE_JUNIPER_ETHER:
    case linkTypes.LINKTYPE_JUNIPER_PPPOE:
      return STEP_ETHERNET;
    case linkTypes.LINKTYPE_JUNIPER_PPP:
      return STEP_PPP;
    case linkTypes.LINKTYPE_JUNIPER_FRELAY:
      return readFrameRelay(cursor);
    case linkTypes.LINKTYPE_JUNIPER_CHDLC:
      return readCiscoHdlc(cursor);
    case linkTypes.LINKTYPE_JUNIPER_MLPPP:
      return readMultilinkPpp(cursor, flags);
    case linkTypes.LINKTYPE_JUNIPER_ES:
      return readEncryptionServices(cursor);
    case linkTypes.LINKTYPE_JUNIPER_MONITOR:
      return skipTo(cursor, 8, STEP_IP);
    case linkTypes.LINKTYPE_JUNIPER_PPPOE_ATM:
      return readTyped(cursor);
    case linkTypes.LINKTYPE_JUNIPER_MFR:
      return readFrameRelayBundle(cursor);
    case linkTypes.LINKTYPE_JUNIPER_MLFR:
      return readMultilinkFrameRelay(cursor);
    case linkTypes.LINKTYPE_JUNIPER_ATM1:
      return readAtm1(cursor);
    case linkTypes.LINKTYPE_JUNIPER_ATM2:
      return readAtm2(cursor, flags);
    case linkTypes.LINKTYPE_JUNIPER_GGSN:
      return readGgsn(cursor);
    case linkTypes.LINKTYPE_JUNIPER_SERVICES:
      return skipTo(cursor, (flags & INCOMING) !== 0 ? 16 : 12, STEP_IP);
    default: // voice
      return skipTo(cursor, 18, STEP_IP);
  }
}

function readPayload(cursor: Cursor, protocol: number): number {
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
      return readNetworkLayerId(cursor);
    case LLC:
    case LLC_SNAP:
      return STEP_LLC;
    case ETHERNET:
      return STEP_ETHERNET;
    case FRAME_RELAY:
      return readFrameRelay(cursor);
    case CISCO_HDLC:
      return readCiscoHdlc(cursor);
    case PADDED_IPV4:
      return skipTo(cursor, 4, STEP_IPV4);
    default:
      return cursor.unsupported(REASON_JUNIPER);
  }
}

function skipTo(cursor: Cursor, length: number, step: number): number {
  if (!cursor.has(length)) return cut(cursor, length);
  cursor.offset += length;
  return step;
}

/** Cookies of the service cards, by their first byte: link services (4 bytes), adaptive services (8). */
const LINK_SERVICES = 0x54;
const ADAPTIVE_SERVICES = 0x40;
const ADAPTIVE_SERVICES_2 = 0x47;
/** In the fifth byte: both bits are set where the packet is for the routing engine, or from it. */
const FOR_ROUTING_ENGINE = 0x03;

function cookieLength(cursor: Cursor): number {
  const id = cursor.bytes[cursor.offset];
  if (id === LINK_SERVICES) return 4;
  return id === ADAPTIVE_SERVICES || id === ADAPTIVE_SERVICES_2 ? 8 : 0;
}

/** The high half of the sixth byte of an adaptive services cookie says what follows. */
function cookieProtocol(cursor: Cursor): number {
  switch (cursor.bytes[cursor.offset + 5]! >> 4) {
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

function readMultilinkPpp(cursor: Cursor, flags: number): number {
  const { bytes, offset } = cursor;
  const length = cookieLength(cursor);
  if (!cursor.has(Math.max(length, 4))) return cut(cursor, Math.max(length, 4));
  if (length === 4) return skipTo(cursor, 4, STEP_PPP);
  if (length === 8) {
    const protocol = cookieProtocol(cursor);
    const isForEngine = (bytes[offset + 4]! & FOR_ROUTING_ENGINE) === FOR_ROUTING_ENGINE;
    cursor.offset += 8;
    // What comes in with the engine's bits unset is routing traffic over PPP.
    const isPpp = protocol === IPV4 && (flags & INCOMING) !== 0 && !isForEngine;
    return readPayload(cursor, isPpp ? PPP : protocol);
  }
  // Members of a bundle have PPP at once, a bundle of the older card a cookie of two bytes before it.
  if (u16(bytes, offset) === 0xff03 || isPppProtocol(u16(bytes, offset))) return STEP_PPP;
  if (isPppProtocol(u16(bytes, offset + 2))) return skipTo(cursor, 2, STEP_PPP);
  return cursor.unsupported(REASON_JUNIPER);
}

/** LLC's unnumbered information; a network layer protocol id follows (RFC 2427 §3). */
const CONTROL = 0x03;

function readMultilinkFrameRelay(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  const length = cookieLength(cursor);
  if (!cursor.has(Math.max(length, 5))) return cut(cursor, Math.max(length, 5));
  if (length === 8) {
    const isForEngine = (bytes[offset + 4]! & FOR_ROUTING_ENGINE) === FOR_ROUTING_ENGINE;
    const protocol = cookieProtocol(cursor);
    cursor.offset += 8;
    if (!isForEngine || protocol !== IPV4) return readPayload(cursor, protocol);
    if (!cursor.has(1)) return cut(cursor, 1);
    if (bytes[cursor.offset] !== CONTROL) return cursor.unsupported(REASON_JUNIPER);
    cursor.offset += 1;
    return readNetworkLayerId(cursor);
  }
  cursor.offset += length === 4 ? 4 : 2;
  // The control byte may have a zero before or behind it.
  if (bytes[cursor.offset] === 0 && cursor.has(2) && bytes[cursor.offset + 1] === CONTROL) cursor.offset += 2;
  else if (bytes[cursor.offset] === CONTROL) cursor.offset += 1;
  else return cursor.unsupported(REASON_JUNIPER);
  return readNetworkLayerId(cursor);
}

/** As above, but that the cookie of the link services card has two more bytes, and frames of members are Q.922's. */
function readFrameRelayBundle(cursor: Cursor): number {
  const length = cookieLength(cursor);
  if (length === 8) return readMultilinkFrameRelay(cursor);
  if (length === 0) return cursor.unsupported(REASON_JUNIPER);
  if (!cursor.has(7)) return cut(cursor, 7);
  cursor.offset += 6;
  if (cursor.bytes[cursor.offset] !== CONTROL) return cursor.unsupported(REASON_JUNIPER);
  cursor.offset += 1;
  return readNetworkLayerId(cursor);
}

/** Kinds of security association whose packet follows in the clear, behind its header: ESP or AH alone. */
const ES_CLEAR = [3, 4, 5];

/** Index (2), TTL (1), kind (1), security parameter index (4), tunnel ends (4, 4), IP. What is encrypted as well is hidden. */
function readEncryptionServices(cursor: Cursor): number {
  if (!cursor.has(16)) return cut(cursor, 16);
  if (!ES_CLEAR.includes(cursor.bytes[cursor.offset + 3]!)) return cursor.unsupported(REASON_JUNIPER);
  return skipTo(cursor, 16, STEP_IP);
}

/** An EtherType and what it says. */
function readTyped(cursor: Cursor): number {
  if (!cursor.has(2)) return cut(cursor, 2);
  cursor.type = u16(cursor.bytes, cursor.offset);
  cursor.offset += 2;
  return STEP_ETHERTYPE;
}

const ATM1_OAM = 0x80;
const ATM2_OAM = 0x70;
const ATM2_GAP = 0x3f;

function readAtm1(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  const isOam = cursor.bytes[cursor.offset] === ATM1_OAM;
  cursor.offset += 4;
  return isOam ? cursor.unsupported(REASON_JUNIPER) : readAtmPayload(cursor);
}

function readAtm2(cursor: Cursor, flags: number): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(10)) return cut(cursor, 10);
  cursor.offset += 8;
  if ((bytes[offset + 7]! & ATM2_OAM) !== 0) return cursor.unsupported(REASON_JUNIPER);
  if (isLlc(cursor)) return STEP_LLC;
  // Outgoing frames with a gap count are bridged Ethernet (RFC 2684 §5.2) without LLC.
  if ((flags & INCOMING) === 0 && (bytes[offset + 3]! & ATM2_GAP) !== 0) return STEP_ETHERNET;
  return isPppProtocol(u16(bytes, cursor.offset)) ? STEP_PPP : readAtmPayload(cursor);
}

function isLlc(cursor: Cursor): boolean {
  if (!cursor.has(3)) return false;
  const start = u24(cursor.bytes, cursor.offset);
  return start === 0xaaaa03 || start === 0xfefe03;
}

/** RFC 2684: LLC, or by agreement something else, which shows itself by its first byte. */
function readAtmPayload(cursor: Cursor): number {
  if (!cursor.has(3)) return cut(cursor, 3);
  if (isLlc(cursor)) return STEP_LLC;
  const first = cursor.bytes[cursor.offset]!;
  if (first === CONTROL) {
    cursor.offset += 1;
    return readNetworkLayerId(cursor);
  }
  return first >> 4 === 4 || first >> 4 === 6 ? STEP_IP : cursor.unsupported(REASON_JUNIPER);
}

/** Protocol (2) and VLAN (2), little-endian. */
function readGgsn(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  const protocol = cursor.bytes[cursor.offset]! | (cursor.bytes[cursor.offset + 1]! << 8);
  cursor.offset += 4;
  return readPayload(cursor, protocol);
}
