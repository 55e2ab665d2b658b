import { u32 } from '../bytes.ts';
import { type Cursor, cut, STEP_DONE, STEP_PROTOCOL } from '../cursor.ts';
import { LAYER_AH, LAYER_ESP } from '../layers.ts';
import { REASON_ESP } from '../reasons.ts';

/** RFC 3948 §2: four zero bytes mark IKE, a single 0xff keeps the NAT alive, everything else is ESP. */
export function readUdpEsp(cursor: Cursor): number {
  if (cursor.limit - cursor.offset <= 8 || !cursor.has(4) || u32(cursor.bytes, cursor.offset) === 0) return STEP_DONE;
  if (cursor.enter(LAYER_ESP)) cursor.unsupported(REASON_ESP);
  return STEP_DONE;
}
/*
 * RFC 4302 §2: next header, length in words less 2, reserved, index, sequence number, check value
 */
export function readAuthentication(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(12)) return cut(cursor, 12);
  const length = (bytes[offset + 1]! + 2) * 4;
  if (!cursor.has(length)) return cut(cursor, length);
  if (!cursor.enter(LAYER_AH)) return STEP_DONE;
  cursor.type = bytes[offset]!;
  // At least two words, so that a chain of headers always moves on.
  cursor.offset += length;
  return STEP_PROTOCOL;
}
