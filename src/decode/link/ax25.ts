import { type Cursor, STEP_DONE, STEP_IPV4 } from '../cursor.ts';
import { LAYER_AX25 } from '../layers.ts';
import { REASON_ARP, REASON_AX25, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { MALFORMED } from '../status.ts';

/*
 * AX.25 Link Access Protocol 2.2 §3 (amateur packet radio)
 *
 *   +------------------+-------------+- - - - - - - - - - - -+-------------+------------------+
 *   | destination (7)  | source (7)  | repeaters (7 each)    | control (1) | protocol id (1)
 *   +------------------+-------------+- - - - - - - - - - - -+-------------+------------------+
 *
 * The low bit of an address's last byte is set in the last one.
 */
const ADDRESS = 7;
const LAST_ADDRESS = 0x01;
/** Destination, source and eight repeaters. */
const MOST_ADDRESSES = 10;
const POLL = 0x10;
const UNNUMBERED_INFORMATION = 0x03;
const PID_IPV4 = 0xcc;
const PID_ARP = 0xcd;

export function readAx25(cursor: Cursor): number {
  const { bytes } = cursor;
  if (!cursor.enter(LAYER_AX25)) return STEP_DONE;
  for (let addresses = 1; ; addresses++) {
    if (!cursor.has(ADDRESS)) return cursor.cut(ADDRESS, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    cursor.offset += ADDRESS;
    if ((bytes[cursor.offset - 1]! & LAST_ADDRESS) !== 0) break;
    if (addresses === MOST_ADDRESSES) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  }
  if (!cursor.has(1)) return cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const control = bytes[cursor.offset]!;
  // §4.2: only information frames, numbered or not, carry something.
  const isInformation = (control & 1) === 0 || (control & ~POLL) === UNNUMBERED_INFORMATION;
  if (!isInformation) return STEP_DONE;
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const protocol = bytes[cursor.offset + 1]!;
  cursor.offset += 2;
  if (protocol === PID_IPV4) return STEP_IPV4;
  return cursor.unsupported(protocol === PID_ARP ? REASON_ARP : REASON_AX25);
}

/** KISS (Chepponis and Karn, 1987): port and command (1); command 0 is data, the others are for the modem. */
export function readKiss(cursor: Cursor): number {
  if (!cursor.has(1)) return cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const command = cursor.bytes[cursor.offset]! & 0x0f;
  cursor.offset += 1;
  return command === 0 ? readAx25(cursor) : STEP_DONE;
}

/** AX.25 in Ethernet (BPQ): length (2), the frame. */
export function readBpq(cursor: Cursor): number {
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += 2;
  return readAx25(cursor);
}
