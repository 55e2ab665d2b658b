import { u16, u16le, u32 } from './bytes.ts';
import { LAYER_EOIP, LAYER_ERSPAN, LAYER_GRE } from './layers.ts';
import { readFrameRelay } from './ppp.ts';
import { greReason, OUI_CISCO, REASON_MALFORMED_TUNNEL, REASON_TRUNCATED_TUNNEL, snapReason } from './reasons.ts';
import { SCOPE_EOIP, SCOPE_ERSPAN, SCOPE_GRE, SCOPE_PPTP } from './scopes.ts';
import { MALFORMED } from './status.ts';
import {
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IP,
  STEP_IPV4,
  STEP_PPP,
  STEP_WLAN,
  type Walk,
} from './walk.ts';

/*
 * RFC 2784 §2 with RFC 2890 (key, sequence) and RFC 1701 (routing); version 1 is PPTP's, RFC 2637 §4.1
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |C|R|K|S|s|Recur|A| Flags | Ver |         Protocol Type         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |      Checksum (C or R)        |       Offset (C or R)         |
 *   |                     Key (K); PPTP: length, call id            |
 *   |                     Sequence Number (S)                       |
 *   |       Routing (R), a list; PPTP: Acknowledgment Number (A)    |
 */
const HAS_CHECKSUM = 0x8000;
const HAS_ROUTING = 0x4000;
const HAS_KEY = 0x2000;
const HAS_SEQUENCE = 0x1000;
const HAS_ACKNOWLEDGMENT = 0x0080;
const VERSION = 0x0007;

const TYPE_WCCP = 0x883e;
const TYPE_ERSPAN = 0x88be;
const TYPE_ERSPAN_3 = 0x22eb;
const TYPE_ETHERNET = 0x6558;
const TYPE_PPP = 0x880b;
const TYPE_FRAME_RELAY = 0x6559;
/** MikroTik's Ethernet over IP. */
const TYPE_EOIP = 0x6400;
/** As in Cisco's HDLC; on Ethernet this is no type. */
const TYPE_CISCO_DISCOVERY = 0x2000;
const FIRST_ETHERTYPE = 0x0600;

function cut(walk: Walk, n: number): number {
  return walk.cut(n, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
}

export function readGre(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(4)) return cut(walk, 4);
  if (!walk.enter(LAYER_GRE)) return STEP_DONE;
  const flags = u16(bytes, offset);
  const version = flags & VERSION;
  if (version > 1) return walk.fail(MALFORMED, REASON_MALFORMED_TUNNEL);
  if (version === 1) return u16(bytes, offset + 2) === TYPE_EOIP ? readEoip(walk) : readPptp(walk, flags);
  return readGreVersion0(walk, flags);
}

function readGreVersion0(walk: Walk, flags: number): number {
  const { bytes, offset } = walk;
  const type = u16(bytes, offset + 2);
  let length = 4;
  if ((flags & (HAS_CHECKSUM | HAS_ROUTING)) !== 0) length += 4;
  const keyAt = length;
  if ((flags & HAS_KEY) !== 0) length += 4;
  if ((flags & HAS_SEQUENCE) !== 0) length += 4;
  if (!walk.has(length)) return cut(walk, length);
  if ((flags & HAS_KEY) === 0) {
    walk.alongOuterAddresses();
  } else if (type === TYPE_ETHERNET) {
    // In NVGRE the low byte of the key is a hash that each direction makes for itself (RFC 7637 §3.2).
    walk.along(SCOPE_GRE, u32(bytes, offset + keyAt));
  } else {
    walk.within(SCOPE_GRE, u32(bytes, offset + keyAt));
  }
  walk.offset += length;
  if ((flags & HAS_ROUTING) !== 0 && !skipRouting(walk)) return STEP_DONE;
  switch (type) {
    case TYPE_CISCO_DISCOVERY:
      return walk.unsupported(snapReason(OUI_CISCO, type));
    case TYPE_ERSPAN:
      // Type I has no sequence number and no header of its own.
      return (flags & HAS_SEQUENCE) === 0 ? STEP_ETHERNET : readErspan(walk, 8);
    case TYPE_ERSPAN_3:
      return readErspan(walk, 12);
    case TYPE_PPP:
      return STEP_PPP;
    case TYPE_FRAME_RELAY:
      return readFrameRelay(walk);
    case TYPE_WCCP:
      // WCCP version 2 puts four bytes before the packet, version 1 none.
      if (walk.has(1) && walk.bytes[walk.offset]! >> 4 !== 4) walk.offset += 4;
      return STEP_IPV4;
  }
  if (isArubaType(type)) {
    walk.isPadded = false;
    walk.isControlSwapped = false;
    return STEP_WLAN;
  }
  walk.type = type;
  return type >= FIRST_ETHERTYPE ? STEP_ETHERTYPE : walk.unsupported(greReason(type));
}

/**
 * Access points of Aruba number their radios from 0x8200 to 0x83f0 and from 0x9000 to 0x9110, in steps of 16, and send 802.11
 * frames without check sequence. No other protocol type stands there but 0x9100, a VLAN tag in Ethernet, where GRE has none.
 */
function isArubaType(type: number): boolean {
  return (type & 0x0f) === 0 && ((type >= 0x8200 && type <= 0x83f0) || (type >= 0x9000 && type <= 0x9110));
}

/** RFC 1701: address family (2), offset (1), length (1), routing data; an entry of length 0 ends the list. */
function skipRouting(walk: Walk): boolean {
  for (;;) {
    if (!walk.has(4)) {
      cut(walk, 4);
      return false;
    }
    const length = walk.bytes[walk.offset + 3]!;
    walk.offset += 4 + length;
    if (length === 0) return true;
  }
}

function readPptp(walk: Walk, flags: number): number {
  const { bytes, offset } = walk;
  let length = 8;
  if ((flags & HAS_SEQUENCE) !== 0) length += 4;
  if ((flags & HAS_ACKNOWLEDGMENT) !== 0) length += 4;
  if (!walk.has(length)) return cut(walk, length);
  // The call id is that of the receiver, so each direction has its own.
  walk.along(SCOPE_PPTP, u16(bytes, offset + 6));
  walk.offset += length;
  walk.narrow(walk.offset + u16(bytes, offset + 4));
  // Without a sequence number there is no payload, only an acknowledgment.
  return (flags & HAS_SEQUENCE) === 0 ? STEP_DONE : STEP_PPP;
}

/**
 * MikroTik: flags 0x2001, type 0x6400, length (2), tunnel id (2, little-endian, the same in both directions), then a frame. A
 * length of 0 is a keepalive.
 */
function readEoip(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(8)) return cut(walk, 8);
  if (!walk.enter(LAYER_EOIP)) return STEP_DONE;
  const length = u16(bytes, offset + 4);
  walk.within(SCOPE_EOIP, u16le(bytes, offset + 6));
  walk.offset += 8;
  walk.narrow(walk.offset + length);
  return length === 0 ? STEP_DONE : STEP_ETHERNET;
}

/*
 * draft-foschiano-erspan §4: version (4) VLAN (12) flags (6) session (10), index; type III also time stamp and more, the
 * last bit of which announces 8 further bytes
 */
function readErspan(walk: Walk, header: number): number {
  const { bytes, offset } = walk;
  if (!walk.has(header)) return cut(walk, header);
  if (!walk.enter(LAYER_ERSPAN)) return STEP_DONE;
  walk.along(SCOPE_ERSPAN, u16(bytes, offset + 2) & 0x03ff);
  const isType3 = header === 12;
  const frameType = isType3 ? (bytes[offset + 10]! >> 2) & 0x1f : 0;
  walk.offset += isType3 && (bytes[offset + 11]! & 1) !== 0 ? header + 8 : header;
  return frameType === 2 ? STEP_IP : STEP_ETHERNET;
}
