import { type Cursor, cut, STEP_DONE, STEP_ETHERNET } from '../cursor.ts';
import { LAYER_ETHERIP } from '../layers.ts';

/** RFC 3378: version 3 and twelve zero bits, then a frame. */
export function readEtherIp(cursor: Cursor): number {
  if (!cursor.has(2)) return cut(cursor, 2);
  if (!cursor.enter(LAYER_ETHERIP)) return STEP_DONE;
  cursor.alongOuterAddresses();
  cursor.offset += 2;
  return STEP_ETHERNET;
}
