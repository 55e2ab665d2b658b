import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_IPV4, STEP_IPV6 } from '../cursor.ts';
import { LAYER_ERF } from '../layers.ts';
import { REASON_ERF, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { readAal5 } from './atm.ts';
import { readPppOrHdlc } from './ppp.ts';

/*
 * Endace's ERF (Extensible Record Format, EDM11-01)
 *
 *   +----------+-----------+-----------+------------+-----------+------------+- - - - - - - - - - - - -+- - - - -
 *   | time (8) | type (1)  | flags (1) | length (2) | loss (2)  | wire (2)   | extensions (8 each)     | by type
 *   +----------+-----------+-----------+------------+-----------+------------+- - - - - - - - - - - - -+- - - - -
 *
 * The first bit of the type, and of each extension, says that an extension follows.
 */
const HEADER = 16;
const TYPE = 8;
const EXTENSION = 8;
const MORE = 0x80;

/** Types, by what they carry. */
const HDLC = [1, 10, 15];
const ETHERNET = [2, 11, 16, 20];
const AAL5 = 4;
/** With four bytes more that say by which channel. */
const CHANNEL_HDLC = [5, 17];
const CHANNEL_AAL5 = 9;
const IPV4 = 22;
const IPV6 = 23;
/** What the recorder says of itself. */
const META = 27;
const PAD = 48;

function skip(cursor: Cursor, n: number): boolean {
  if (!cursor.has(n)) {
    cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    return false;
  }
  cursor.offset += n;
  return true;
}

/** LINKTYPE_ERF. */
export function readErf(cursor: Cursor): number {
  const { bytes } = cursor;
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_ERF)) return STEP_DONE;
  const first = bytes[cursor.offset + TYPE]!;
  cursor.offset += HEADER;
  for (let hasMore = (first & MORE) !== 0; hasMore; ) {
    const at = cursor.offset;
    if (!skip(cursor, EXTENSION)) return STEP_DONE;
    hasMore = (bytes[at]! & MORE) !== 0;
  }
  const type = first & ~MORE;
  // Ethernet has two bytes before it, offset and padding.
  if (ETHERNET.includes(type)) return skip(cursor, 2) ? STEP_ETHERNET : STEP_DONE;
  if (HDLC.includes(type)) return readPppOrHdlc(cursor);
  if (CHANNEL_HDLC.includes(type)) return skip(cursor, 4) ? readPppOrHdlc(cursor) : STEP_DONE;
  if (CHANNEL_AAL5 === type) return skip(cursor, 4) ? readAal5(cursor) : STEP_DONE;
  if (type === AAL5) return readAal5(cursor);
  if (type === IPV4) return STEP_IPV4;
  if (type === IPV6) return STEP_IPV6;
  return type === META || type === PAD ? STEP_DONE : cursor.unsupported(REASON_ERF);
}
