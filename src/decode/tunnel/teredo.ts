import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_IPV6 } from '../cursor.ts';
import { looksLikeIp } from '../heuristics.ts';
import { LAYER_TEREDO } from '../layers.ts';

/**
 * RFC 4380 §5.1.1: perhaps an authentication header (0x0001, lengths of id and value, both, nonce, confirmation), perhaps an
 * origin indication (0x0000, port, address), then IPv6.
 */
export function readTeredo(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  let length = 0;
  if (cursor.lacks(4)) return STEP_DONE;
  if (u16(bytes, offset) === 1) length = 13 + bytes[offset + 2]! + bytes[offset + 3]!;
  if (cursor.lacks(length + 2)) return STEP_DONE;
  if (u16(bytes, offset + length) === 0) length += 8;
  if (cursor.lacks(length + 1) || bytes[offset + length]! >> 4 !== 6 || !looksLikeIp(cursor, length)) return STEP_DONE;
  if (!cursor.enter(LAYER_TEREDO)) return STEP_DONE;
  cursor.offset += length;
  return STEP_IPV6;
}

/** RFC 4380 §2.6: 2001:0::/32. */
const PREFIX_HIGH = 0x2001;
const HEADER = 40;

/**
 * Whether a UDP payload at `at` is IPv6 from or to a Teredo address. Only servers have a port of their own: clients talk to
 * each other, and to relays, from whatever port their NAT gives them (RFC 4380 §5.2.4). Their addresses name that port,
 * but so does the prefix by itself: with version and length six bytes have to agree. Only what was captured counts.
 */
export function isTeredoPacket(bytes: Uint8Array, at: number, end: number, limit: number): boolean {
  if (at + HEADER > end || !mayBeTeredo(bytes, at, end, limit)) return false;
  return at + HEADER + u16(bytes, at + 4) === limit;
}

/**
 * Whether the capture ends within what may be such a header: version and length agree, as far as they are there, and nothing
 * speaks against it. Of a payload that was cut away altogether nobody can tell anything, and it counts as ordinary UDP.
 */
export function isCutTeredo(bytes: Uint8Array, at: number, end: number, limit: number): boolean {
  if (end >= limit || at + HEADER <= end || !mayBeTeredo(bytes, at, end, limit)) return false;
  if (at + 6 <= end && at + HEADER + u16(bytes, at + 4) !== limit) return false;
  // Of the addresses the source comes first; the destination may be the one of Teredo as long as it is not there.
  return at + 28 > end || hasPrefix(bytes, at + 8) || hasPrefix(bytes, at + 24);
}

/** Version and prefix, as far as they were captured: what triage lets through. */
export function mayBeTeredo(bytes: Uint8Array, at: number, end: number, limit: number): boolean {
  if (at >= end || bytes[at]! >> 4 !== 6 || at + HEADER > limit) return false;
  return at + HEADER > end || hasPrefix(bytes, at + 8) || hasPrefix(bytes, at + 24);
}

function hasPrefix(bytes: Uint8Array, at: number): boolean {
  return u16(bytes, at) === PREFIX_HIGH && u16(bytes, at + 2) === 0;
}
