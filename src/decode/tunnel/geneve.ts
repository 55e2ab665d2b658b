import { u16, u24 } from '../bytes.ts';
import { type Cursor, cut, STEP_DONE, STEP_ETHERTYPE } from '../cursor.ts';
import { FIRST_ETHERTYPE, isIpType, looksLikeEthernet, looksLikeIp } from '../heuristics.ts';
import { LAYER_GENEVE } from '../layers.ts';
import { SCOPE_GENEVE } from '../scopes.ts';

/*
 * RFC 8926 §3.4
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |Ver|  Opt Len  |O|C|    Rsvd.  |          Protocol Type        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |        Virtual Network Identifier (VNI)       |    Reserved   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Variable-Length Options                    |
 */
export function readGeneve(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(8)) return STEP_DONE;
  const length = 8 + (bytes[offset]! & 0x3f) * 4;
  const type = u16(bytes, offset + 2);
  // Another version is dropped; reserved bits are ignored.
  if (bytes[offset]! >> 6 !== 0 || offset + length > cursor.limit) return STEP_DONE;
  // With all that is reserved clear it is Geneve whatever it holds: what cannot be read of that is counted.
  const isPlain = (bytes[offset + 1]! & 0x3f) === 0 && bytes[offset + 7] === 0 && type >= FIRST_ETHERTYPE;
  const isLikely = type === 0x6558 ? looksLikeEthernet(cursor, length) : isIpType(type) && looksLikeIp(cursor, length);
  if (!isPlain && !isLikely) return STEP_DONE;
  if (!cursor.enter(LAYER_GENEVE)) return STEP_DONE;
  if (!cursor.has(length)) return cut(cursor, length);
  cursor.within(SCOPE_GENEVE, u24(bytes, offset + 4));
  cursor.type = type;
  cursor.offset += length;
  return STEP_ETHERTYPE;
}
