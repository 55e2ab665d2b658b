import { type Cursor, STEP_DONE, STEP_IPV4, STEP_IPV6 } from '../cursor.ts';
import { looksLikeIp } from '../heuristics.ts';
import { LAYER_AYIYA } from '../layers.ts';

/*
 * draft-massar-v6ops-ayiya §4: id length (4 bits, a power of 2) and type, signature length (4, in words) and hash method,
 * authentication method and operation (4), next header (8), time (32), id, signature
 */
export function readAyiya(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(8)) return STEP_DONE;
  const length = 8 + 2 ** (bytes[offset]! >> 4) + (bytes[offset + 1]! >> 4) * 4;
  const protocol = bytes[offset + 3];
  const version = protocol === 41 ? 6 : protocol === 4 ? 4 : 0;
  if (version === 0 || (bytes[offset + 2]! & 0x0f) !== 1 || cursor.lacks(length + 1)) return STEP_DONE;
  if (bytes[offset + length]! >> 4 !== version || !looksLikeIp(cursor, length)) return STEP_DONE;
  if (!cursor.enter(LAYER_AYIYA)) return STEP_DONE;
  cursor.offset += length;
  return version === 6 ? STEP_IPV6 : STEP_IPV4;
}
