import { u16, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_IP } from '../cursor.ts';
import { looksLikeIp } from '../heuristics.ts';
import { LAYER_GTP } from '../layers.ts';
import { SCOPE_GTP } from '../scopes.ts';

/*
 * 3GPP TS 29.281 §5.1
 *
 *   +---------+--+--+--+--+--+--------+-----------+-----------------+ - - - - - - - - - - - - - - - - - +
 *   | Ver (3) |PT| *| E| S|PN| type(1)| length (2)| endpoint id (4) | sequence (2), N-PDU (1), next (1) |
 *   +---------+--+--+--+--+--+--------+-----------+-----------------+ - - - - - - - - - - - - - - - - - +
 *
 * The last four bytes are there when any of E, S, PN is set. An extension is a length in words, data and the next type.
 */
export const GTP_VERSION_1 = 0x30;
export const GTP_HAS_EXTENSION = 0x04;
export const GTP_USER_DATA = 255;
export function readGtp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(8) || (bytes[offset]! & 0xf0) !== GTP_VERSION_1) return STEP_DONE;
  const end = offset + 8 + u16(bytes, offset + 2);
  // Echoes and error indications are sound UDP that carries no packet.
  if (bytes[offset + 1] !== GTP_USER_DATA || (end > cursor.limit && !cursor.quoting)) return STEP_DONE;
  const flags = bytes[offset]! & 0x07;
  let length = 8;
  if (flags !== 0) {
    length = 12;
    if (cursor.lacks(length)) return STEP_DONE;
    let next = (flags & GTP_HAS_EXTENSION) === 0 ? 0 : bytes[offset + 11]!;
    while (next !== 0) {
      if (cursor.lacks(length + 1)) return STEP_DONE;
      const size = bytes[offset + length]! * 4;
      if (size === 0 || cursor.lacks(length + size)) return STEP_DONE;
      length += size;
      next = bytes[offset + length - 1]!;
    }
  }
  // A length that is right says that it is user data; that may be PPP or Ethernet too (3GPP TS 29.281 §4.2.1).
  const isExact = end === cursor.limit && length < end - offset;
  if (!isExact && !looksLikeIp(cursor, length)) return STEP_DONE;
  if (!cursor.enter(LAYER_GTP)) return STEP_DONE;
  cursor.along(SCOPE_GTP, u32(bytes, offset + 4));
  cursor.offset += length;
  cursor.narrow(end);
  return STEP_IP;
}
