import { type Cursor, STEP_DONE, STEP_IP } from '../cursor.ts';
import { LAYER_LLCGPRS } from '../layers.ts';
import { REASON_ENCRYPTED, REASON_MALFORMED_LINK, REASON_SNDCP, REASON_TRUNCATED_LINK } from '../reasons.ts';

function cut(cursor: Cursor, n: number): number {
  return cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
}

/*
 * 3GPP TS 44.064 §6: address (1: protocol discriminator, command, service access point in the low four bits), control (2 to 3 and
 * more), information, check sequence (3)
 */
const FCS = 3;
/** Service access points of users' packets (table 6.2.3.1); others are signalling, SMS and tunnels of messages. */
const DATA = [3, 5, 9, 11];
const SELECTIVE = 3;

/** Length of the control field; 0 where no packet follows, -1 where it is encrypted. */
function controlLength(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  const first = bytes[offset]!;
  // Numbered information: three bytes, and in the selective form a bitmap and its length.
  if (first >> 7 === 0) {
    const isSelective = (bytes[offset + 2]! & 3) === SELECTIVE;
    return isSelective && cursor.has(4) ? 5 + (bytes[offset + 3]! & 0x1f) : 3;
  }
  // Unconfirmed information: two bytes, the last but one bit says encrypted. The rest supervises the link.
  if (first >> 5 !== 6) return 0;
  return (bytes[offset + 1]! & 2) === 0 ? 2 : -1;
}

/** LINKTYPE_GPRS_LLC. */
export function readGprsLlc(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  if (!cursor.enter(LAYER_LLCGPRS)) return STEP_DONE;
  const access = cursor.bytes[cursor.offset]! & 0x0f;
  if (!DATA.includes(access)) return STEP_DONE;
  cursor.offset += 1;
  cursor.narrow(cursor.limit - FCS);
  const length = controlLength(cursor);
  if (length < 0) return cursor.unsupported(REASON_ENCRYPTED);
  if (length === 0) return STEP_DONE;
  if (!cursor.has(length)) return cut(cursor, length);
  cursor.offset += length;
  return readSndcp(cursor);
}

/*
 * 3GPP TS 44.065 §7.2: spare, first, type (1: unacknowledged), more (a bit each), access point (4); in a first segment how data and
 * header are compressed (4 bits each); number of the packet (1), or of segment and packet (2)
 */
const FIRST = 0x40;
const UNACKNOWLEDGED = 0x20;

function readSndcp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(2)) return cut(cursor, 2);
  const flags = bytes[offset]!;
  // Only a first segment has headers; what is compressed is not read.
  if ((flags & FIRST) === 0 || bytes[offset + 1] !== 0) return cursor.unsupported(REASON_SNDCP);
  const length = (flags & UNACKNOWLEDGED) === 0 ? 3 : 4;
  if (!cursor.has(length)) return cut(cursor, length);
  cursor.offset += length;
  return STEP_IP;
}
