import { u16le, u32, u32le } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_LINK } from '../cursor.ts';
import { LAYER_RFTAP } from '../layers.ts';

/**
 * https://rftap.github.io: magic "RFta" (4), length in words (2), presence bits (2), then the fields; the first, with bit 0, is the
 * link type (4). All but the magic little-endian.
 */
const MAGIC = 0x52467461;
const HEADER = 8;
const HAS_LINK_TYPE = 0x01;

export function readRftap(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(HEADER) || u32(bytes, offset) !== MAGIC) return STEP_DONE;
  const length = u16le(bytes, offset + 4) * 4;
  // Without a link type a name of Wireshark's says what follows, or nothing does.
  const hasLinkType = (u16le(bytes, offset + 6) & HAS_LINK_TYPE) !== 0 && length >= HEADER + 4;
  if (cursor.lacks(length) || !cursor.enter(LAYER_RFTAP)) return STEP_DONE;
  cursor.type = hasLinkType ? u32le(bytes, offset + HEADER) : UNKNOWN_LINK_TYPE;
  cursor.offset += length;
  return STEP_LINK;
}

/** No link type has this number. */
const UNKNOWN_LINK_TYPE = 0xffff;
