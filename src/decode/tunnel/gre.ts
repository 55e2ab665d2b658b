import { u16, u16le, u32 } from '../bytes.ts';
import {
  type Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IP,
  STEP_IPV4,
  STEP_PPP,
  STEP_WLAN,
} from '../cursor.ts';
import { isIpType } from '../heuristics.ts';
import { LAYER_EOIP, LAYER_ERSPAN, LAYER_GRE } from '../layers.ts';
import { readFrameRelay } from '../link/ppp.ts';
import { greReason, OUI_CISCO, REASON_MALFORMED_TUNNEL, REASON_TRUNCATED_TUNNEL, snapReason } from '../reasons.ts';
import { SCOPE_EOIP, SCOPE_ERSPAN, SCOPE_GRE, SCOPE_PPTP } from '../scopes.ts';
import { MALFORMED } from '../status.ts';

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

function cut(cursor: Cursor, n: number): number {
  return cursor.cut(n, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
}

export function readGre(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(4)) return cut(cursor, 4);
  if (!cursor.enter(LAYER_GRE)) return STEP_DONE;
  const flags = u16(bytes, offset);
  const version = flags & VERSION;
  if (version > 1) return cursor.fail(MALFORMED, REASON_MALFORMED_TUNNEL);
  if (version === 1) return u16(bytes, offset + 2) === TYPE_EOIP ? readEoip(cursor) : readPptp(cursor, flags);
  return readGreVersion0(cursor, flags);
}

function readGreVersion0(cursor: Cursor, flags: number): number {
  const { bytes, offset } = cursor;
  const type = u16(bytes, offset + 2);
  let length = 4;
  if ((flags & (HAS_CHECKSUM | HAS_ROUTING)) !== 0) length += 4;
  const keyAt = length;
  if ((flags & HAS_KEY) !== 0) length += 4;
  if ((flags & HAS_SEQUENCE) !== 0) length += 4;
  if (!cursor.has(length)) return cut(cursor, length);
  if ((flags & HAS_KEY) === 0) {
    cursor.alongOuterAddresses();
  } else if (type === TYPE_ETHERNET) {
    // In NVGRE the low byte of the key is a hash that each direction makes for itself (RFC 7637 §3.2).
    cursor.along(SCOPE_GRE, u32(bytes, offset + keyAt));
  } else {
    cursor.within(SCOPE_GRE, u32(bytes, offset + keyAt));
  }
  cursor.offset += length;
  if ((flags & HAS_ROUTING) !== 0 && !skipRouting(cursor)) return STEP_DONE;
  switch (type) {
    case TYPE_CISCO_DISCOVERY:
      return cursor.unsupported(snapReason(OUI_CISCO, type));
    case TYPE_ERSPAN:
      // Type I has no sequence number and no header of its own.
      return (flags & HAS_SEQUENCE) === 0 ? STEP_ETHERNET : readErspan(cursor, 8);
    case TYPE_ERSPAN_3:
      return readErspan(cursor, 12);
    case TYPE_PPP:
      return STEP_PPP;
    case TYPE_FRAME_RELAY:
      return readFrameRelay(cursor);
    case TYPE_WCCP:
      // WCCP version 2 puts four bytes before the packet, version 1 none.
      if (cursor.has(1) && cursor.bytes[cursor.offset]! >> 4 !== 4) cursor.offset += 4;
      return STEP_IPV4;
  }
  if (isArubaType(type)) {
    cursor.isPadded = false;
    cursor.isControlSwapped = false;
    return STEP_WLAN;
  }
  cursor.type = type;
  return type >= FIRST_ETHERTYPE ? STEP_ETHERTYPE : cursor.unsupported(greReason(type));
}

/**
 * Access points of Aruba number their radios from 0x8200 to 0x83f0 and from 0x9000 to 0x9110, in steps of 16, and send 802.11
 * frames without check sequence. No other protocol type stands there but 0x9100, a VLAN tag in Ethernet, where GRE has none.
 */
function isArubaType(type: number): boolean {
  return (type & 0x0f) === 0 && ((type >= 0x8200 && type <= 0x83f0) || (type >= 0x9000 && type <= 0x9110));
}

/** RFC 1701: address family (2), offset (1), length (1), routing data; an entry of length 0 ends the list. */
function skipRouting(cursor: Cursor): boolean {
  for (;;) {
    if (!cursor.has(4)) {
      cut(cursor, 4);
      return false;
    }
    const length = cursor.bytes[cursor.offset + 3]!;
    cursor.offset += 4 + length;
    if (length === 0) return true;
  }
}

function readPptp(cursor: Cursor, flags: number): number {
  const { bytes, offset } = cursor;
  let length = 8;
  if ((flags & HAS_SEQUENCE) !== 0) length += 4;
  if ((flags & HAS_ACKNOWLEDGMENT) !== 0) length += 4;
  if (!cursor.has(length)) return cut(cursor, length);
  // The call id is that of the receiver, so each direction has its own.
  cursor.along(SCOPE_PPTP, u16(bytes, offset + 6));
  cursor.offset += length;
  cursor.narrow(cursor.offset + u16(bytes, offset + 4));
  // Without a sequence number there is no payload, only an acknowledgment.
  return (flags & HAS_SEQUENCE) === 0 ? STEP_DONE : STEP_PPP;
}

/**
 * MikroTik: flags 0x2001, type 0x6400, length (2), tunnel id (2, little-endian, the same in both directions), then a frame. A
 * length of 0 is a keepalive.
 */
function readEoip(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(8)) return cut(cursor, 8);
  if (!cursor.enter(LAYER_EOIP)) return STEP_DONE;
  const length = u16(bytes, offset + 4);
  cursor.within(SCOPE_EOIP, u16le(bytes, offset + 6));
  cursor.offset += 8;
  cursor.narrow(cursor.offset + length);
  return length === 0 ? STEP_DONE : STEP_ETHERNET;
}

/*
 * draft-foschiano-erspan §4: version (4) VLAN (12) flags (6) session (10), index; type III also time stamp and more, the
 * last bit of which announces 8 further bytes
 */
function readErspan(cursor: Cursor, header: number): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(header)) return cut(cursor, header);
  if (!cursor.enter(LAYER_ERSPAN)) return STEP_DONE;
  cursor.along(SCOPE_ERSPAN, u16(bytes, offset + 2) & 0x03ff);
  const isType3 = header === 12;
  const frameType = isType3 ? (bytes[offset + 10]! >> 2) & 0x1f : 0;
  cursor.offset += isType3 && (bytes[offset + 11]! & 1) !== 0 ? header + 8 : header;
  return frameType === 2 ? STEP_IP : STEP_ETHERNET;
}
/**
 * RFC 8086 §3: version 0, what a receiver must discard not set (RFC 2784 §2.3), and a type that says what we know; any type
 * where no bit is set but those that RFC 8086 allows.
 */
export function isGre(cursor: Cursor): boolean {
  if (cursor.lacks(4)) return false;
  const flags = u16(cursor.bytes, cursor.offset);
  const type = u16(cursor.bytes, cursor.offset + 2);
  if ((flags & 0x4fff) === 0 && type >= FIRST_ETHERTYPE) return true;
  return (flags & 0x4c07) === 0 && (isIpType(type) || type === 0x6558 || type === 0x8847 || type === 0x8848);
}
