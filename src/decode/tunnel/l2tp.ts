import { u16, u32 } from '../bytes.ts';
import { type Cursor, cut, STEP_DONE, STEP_ETHERNET, STEP_PPP } from '../cursor.ts';
import { looksLikeEthernet } from '../heuristics.ts';
import { LAYER_L2TP } from '../layers.ts';
import { looksLikePpp } from '../link/ppp.ts';
import { REASON_L2TPV3 } from '../reasons.ts';
import { SCOPE_L2TP } from '../scopes.ts';

/*
 * RFC 2661 §3.1; version 3: RFC 3931 §4.1.2
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ - - - - - - -+-----------------+----------------+ - - - - - - - - - - - - - - - -+
 *   |T|L|x|x|S|x|O|P|x|x|x|x|  Ver  | length (L)   | tunnel id (2)   | session id (2) | Ns, Nr (S) | offset size (O) ...
 */
export const L2TP_CONTROL = 0x8000;
export const L2TP_HAS_LENGTH = 0x4000;
export const L2TP_HAS_SEQUENCE = 0x0800;
export const L2TP_HAS_OFFSET = 0x0200;
export const L2TP_RESERVED = 0x34f0;
export function readL2tp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(8)) return STEP_DONE;
  const flags = u16(bytes, offset);
  const version = flags & 0x0f;
  if ((flags & L2TP_CONTROL) !== 0) return STEP_DONE;
  const hasReserved = (flags & L2TP_RESERVED) !== 0;
  if (version === 3) {
    if (hasReserved) return STEP_DONE;
    cursor.offset += 4;
    return readL2tpSession(cursor);
  }
  if (version !== 2) return STEP_DONE;
  let length = 6;
  if ((flags & L2TP_HAS_LENGTH) !== 0) length += 2;
  const idsAt = length - 4;
  if ((flags & L2TP_HAS_SEQUENCE) !== 0) length += 4;
  if ((flags & L2TP_HAS_OFFSET) !== 0) {
    if (cursor.lacks(length + 2)) return STEP_DONE;
    length += 2 + u16(bytes, offset + length);
  }
  if (cursor.lacks(length + 1)) return STEP_DONE;
  // Reserved bits are ignored on receipt, but then the payload must say that it is one.
  if (hasReserved && !looksLikePpp(cursor, length)) return STEP_DONE;
  if (!cursor.enter(LAYER_L2TP)) return STEP_DONE;
  // Both ids are the receiver's, so each direction has its own.
  cursor.along(SCOPE_L2TP, u32(bytes, offset + idsAt));
  cursor.offset += length;
  return STEP_PPP;
}
/** Version 3 right on IP, RFC 3931 §4.1.1: a session id; 0 is control. */
export function readL2tpOverIp(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  // Control messages set up sessions and carry no packets.
  if (u32(cursor.bytes, cursor.offset) === 0) return STEP_DONE;
  return readL2tpSession(cursor);
}
/**
 * Behind the session id come a cookie (0, 4 or 8 bytes) and perhaps a sublayer (4), as agreed beforehand. The frame shows by
 * itself which it is: the sublayer alone is the default of RFC 3931 §4.6.
 */
export function readL2tpSession(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  if (!cursor.enter(LAYER_L2TP)) return STEP_DONE;
  cursor.along(SCOPE_L2TP, u32(cursor.bytes, cursor.offset));
  for (const skip of [8, 4, 12, 16]) {
    if (!looksLikeEthernet(cursor, skip)) continue;
    cursor.offset += skip;
    return STEP_ETHERNET;
  }
  return cursor.unsupported(REASON_L2TPV3);
}
