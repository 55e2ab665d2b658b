import { u24 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_LLC } from '../cursor.ts';
import { LAYER_FC, LAYER_IPFC } from '../layers.ts';
import { REASON_FIBRE_CHANNEL, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';

function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

/** RFC 4338 §4: network header of destination and source (8 bytes each), then LLC. LINKTYPE_IP_OVER_FC. */
export function readIpOverFibreChannel(cursor: Cursor): number {
  if (!enter(cursor, 16, LAYER_IPFC)) return STEP_DONE;
  cursor.offset += 16;
  return STEP_LLC;
}

/*
 * INCITS FC-FS §9: routing (1), destination (3), class (1), source (3), type (1), frame control (3), sequence (1), data field
 * control (1), count (2), exchange ids (2, 2), parameter (4); optional headers; data
 */
const HEADER = 24;
const TYPE = 8;
const DATA_FIELD_CONTROL = 13;
/** RFC 4338 §4.1. */
const TYPE_IP = 0x05;
/** In the order in which they stand: security, network, association headers. */
const OPTIONAL: ReadonlyArray<readonly [bit: number, length: number]> = [
  [0x40, 8],
  [0x20, 16],
  [0x10, 32],
];
const LLC = 0xaaaa03;

/** LINKTYPE_FC_2. */
export function readFibreChannel(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, HEADER, LAYER_FC)) return STEP_DONE;
  if (bytes[offset + TYPE] !== TYPE_IP) return cursor.unsupported(REASON_FIBRE_CHANNEL);
  const control = bytes[offset + DATA_FIELD_CONTROL]!;
  let length = HEADER;
  for (const [bit, size] of OPTIONAL) if ((control & bit) !== 0) length += size;
  if (!cursor.has(length + 3)) return cursor.cut(length + 3, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += length;
  // The later frames of a sequence go on where the one before them ended.
  return u24(bytes, cursor.offset) === LLC ? STEP_LLC : cursor.unsupported(REASON_FIBRE_CHANNEL);
}

/** Start of frame (4) before it; check sequence (4) and end of frame (4) behind it. LINKTYPE_FC_2_WITH_FRAME_DELIMS. */
export function readDelimitedFibreChannel(cursor: Cursor): number {
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += 4;
  cursor.narrow(cursor.limit - 8);
  return readFibreChannel(cursor);
}
