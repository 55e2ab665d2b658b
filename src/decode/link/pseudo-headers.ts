import { u16, u16le, u32le } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_IP, STEP_LINK } from '../cursor.ts';
import { LAYER_ENC, LAYER_IPNET, LAYER_NFLOG, LAYER_PFLOG, LAYER_PKTAP, LAYER_PPI } from '../layers.ts';
import { DIRECTION_INBOUND, DIRECTION_OUTBOUND, DIRECTION_UNKNOWN } from '../packet.ts';
import { linkTypeReason, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { MALFORMED } from '../status.ts';
import { LINKTYPE_IEEE802_11, LINKTYPE_USER2 } from './linktypes.ts';

/* Headers that the capturing machine puts before a frame or packet, to say where it saw it. */

/** Checks for n bytes and notes the layer. False when decoding ends here. */
function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

/** Moves behind a header of `length` bytes, which must be at least `least`. */
function skip(cursor: Cursor, length: number, least: number): boolean {
  if (length < least) cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  else if (!cursor.has(length)) cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  else {
    cursor.offset += length;
    return true;
  }
  return false;
}

/*
 * Per-packet information: version (1), flags (1), length (2), DLT_ value (4), fields of type (2) and length (2); little-endian.
 * Field 2 (802.11 common) has flags 8 bytes in, whose low bit says that a frame check sequence is there.
 */
const PPI_HEADER = 8;
const PPI_COMMON = 2;
const FCS = 4;

export function readPpi(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, PPI_HEADER, LAYER_PPI)) return STEP_DONE;
  const length = u16le(bytes, offset + 2);
  const linkType = u32le(bytes, offset + 4);
  if (!skip(cursor, length, PPI_HEADER)) return STEP_DONE;
  for (let at = PPI_HEADER; at + 4 <= length; at += 4 + u16le(bytes, offset + at + 2)) {
    const isCommon = u16le(bytes, offset + at) === PPI_COMMON && at + 14 <= length;
    if (isCommon && linkType === LINKTYPE_IEEE802_11 && (bytes[offset + at + 12]! & 1) !== 0)
      cursor.narrow(cursor.limit - FCS);
  }
  cursor.type = linkType;
  return STEP_LINK;
}

/*
 * Darwin's packet metadata: length (4), type (4), DLT_ value (4), interface name (24), flags (4), and more; little-endian. Bits of the flags
 * (XNU, bsd/net/pktap.h): 1 for inbound, 2 for outbound.
 */
const PKTAP_FLAGS = 36;

export function readPktap(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, 12, LAYER_PKTAP)) return STEP_DONE;
  const linkType = u32le(bytes, offset + 8);
  const direction = cursor.has(PKTAP_FLAGS + 4) ? u32le(bytes, offset + PKTAP_FLAGS) & 3 : DIRECTION_UNKNOWN;
  if (!skip(cursor, u32le(bytes, offset), 12)) return STEP_DONE;
  if (direction === DIRECTION_INBOUND || direction === DIRECTION_OUTBOUND) cursor.record.direction = direction;
  cursor.type = linkType;
  return STEP_LINK;
}

/** The fixed part, and what is more than anybody puts before a packet. */
const PKTAP_HEADER = 108;
const PKTAP_LONGEST = 1024;
const PKTAP_PACKET = 1;

/**
 * Darwin's own number for PKTAP is USER2, which is anybody's: the header must say a sensible length, that a packet follows,
 * and of which type.
 */
export function readUserPktap(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  const isPktap =
    cursor.has(12) &&
    u32le(bytes, offset) >= PKTAP_HEADER &&
    u32le(bytes, offset) <= PKTAP_LONGEST &&
    u32le(bytes, offset + 4) === PKTAP_PACKET &&
    u32le(bytes, offset + 8) <= 0xffff;
  return isPktap ? readPktap(cursor) : cursor.unsupported(linkTypeReason(LINKTYPE_USER2));
}

/*
 * Linux netfilter log: family (1), version (1), resource (2), then attributes of length (2, with these four bytes), type (2) and
 * value, padded to four; in the byte order of the capturing machine. The packet is the value of type 9.
 */
const NFLOG_HEADER = 4;
const NFLOG_PAYLOAD = 9;

export function readNflog(cursor: Cursor): number {
  const { bytes } = cursor;
  if (!enter(cursor, NFLOG_HEADER, LAYER_NFLOG)) return STEP_DONE;
  cursor.offset += NFLOG_HEADER;
  // The first attribute is a short one, so its length shows the byte order.
  const isLittle = !cursor.has(2) || u16le(bytes, cursor.offset) < 0x0100 || u16(bytes, cursor.offset) >= 0x0100;
  for (;;) {
    if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    const at = cursor.offset;
    const length = isLittle ? u16le(bytes, at) : u16(bytes, at);
    const type = (isLittle ? u16le(bytes, at + 2) : u16(bytes, at + 2)) & 0x7fff;
    if (length < 4) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
    if (type === NFLOG_PAYLOAD) {
      cursor.narrow(at + length);
      cursor.offset += 4;
      return STEP_IP;
    }
    cursor.offset += (length + 3) & ~3;
  }
}

/** Solaris IPNET: version (1), family (1), hook (2), length (4), interfaces (8), zones (8). */
export function readIpnet(cursor: Cursor): number {
  if (!enter(cursor, 24, LAYER_IPNET)) return STEP_DONE;
  cursor.offset += 24;
  return STEP_IP;
}

/** OpenBSD's packet filter log: length (1), family (1), and more; the length is rounded up to four. */
export function readPflog(cursor: Cursor): number {
  if (!enter(cursor, 4, LAYER_PFLOG)) return STEP_DONE;
  return skip(cursor, (cursor.bytes[cursor.offset]! + 3) & ~3, 4) ? STEP_IP : STEP_DONE;
}

/** OpenBSD's encapsulating interface: family (4), security parameter index (4), flags (4). */
export function readEnc(cursor: Cursor): number {
  if (!enter(cursor, 12, LAYER_ENC)) return STEP_DONE;
  cursor.offset += 12;
  return STEP_IP;
}
