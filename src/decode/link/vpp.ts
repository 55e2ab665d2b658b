import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_IPV4, STEP_IPV6 } from '../cursor.ts';
import { LAYER_VPP } from '../layers.ts';
import { REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK, REASON_VPP } from '../reasons.ts';
import { MALFORMED } from '../status.ts';

/*
 * FD.io VPP's dispatch trace (https://www.tcpdump.org/linktypes/LINKTYPE_VPP_DISPATCH.html): version (1, 1), number of texts (1), what follows (1),
 * buffer (4), the texts, each ended by a zero: node, metadata and so on; then the packet as that node got it
 */
const HEADER = 8;
const VERSION = 1;
const HINT_NONE = 0;
const HINT_ETHERNET = 1;
const HINT_IPV4 = 2;
const HINT_IPV6 = 3;

/** LINKTYPE_VPP_DISPATCH. */
export function readVpp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_VPP)) return STEP_DONE;
  if (bytes[offset] !== VERSION) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  const hint = bytes[offset + 3]!;
  cursor.offset += HEADER;
  for (let texts = bytes[offset + 2]!; texts > 0; texts--) {
    while (cursor.has(1) && bytes[cursor.offset] !== 0) cursor.offset++;
    if (!cursor.has(1)) return cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    cursor.offset++;
  }
  if (hint === HINT_ETHERNET) return STEP_ETHERNET;
  if (hint === HINT_IPV4) return STEP_IPV4;
  if (hint === HINT_IPV6) return STEP_IPV6;
  // Most nodes give no hint. Behind the network layer a packet has no addresses.
  if (hint !== HINT_NONE) return cursor.unsupported(REASON_VPP);
  if (!cursor.has(1)) return cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const first = bytes[cursor.offset]!;
  if (first === 0x45) return STEP_IPV4;
  return first === 0x60 ? STEP_IPV6 : STEP_ETHERNET;
}
