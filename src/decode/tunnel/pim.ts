import { type Cursor, cut, STEP_DONE, STEP_IP } from '../cursor.ts';
import { LAYER_PIM } from '../layers.ts';
import { ipProtocolReason } from '../reasons.ts';

/** RFC 7761 §4.9: version 2 and type (1 byte), reserved (1), checksum (2); a Register has flags (4) and a packet. */
export const PIM_REGISTER = 0x21;
export const PIM_NULL_REGISTER = 0x40;
export function readPim(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(1)) return cut(cursor, 1);
  if (bytes[offset] !== PIM_REGISTER) return cursor.unsupported(ipProtocolReason(103));
  if (!cursor.has(8)) return cut(cursor, 8);
  // A Null-Register asks whether the source is still wanted: behind it is a header at most.
  if ((bytes[offset + 4]! & PIM_NULL_REGISTER) !== 0) return cursor.unsupported(ipProtocolReason(103));
  if (!cursor.enter(LAYER_PIM)) return STEP_DONE;
  cursor.alongOuterAddresses();
  cursor.offset += 8;
  return STEP_IP;
}
