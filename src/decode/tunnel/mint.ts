import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET } from '../cursor.ts';
import { looksLikeEthernet } from '../heuristics.ts';
import { LAYER_MINT } from '../layers.ts';

/**
 * Media independent network transport (Motorola's, now Extreme's access points), as Wireshark knows it: unknown (4),
 * destination (4), source (4), type (2), type of the source (2); then before a frame to one host 2 bytes, before one to many
 * VLAN (2), sequence number (4) and unknown (4).
 */
const TYPE = 12;
const TO_ONE = 1;
const TO_MANY = 2;

export function readMint(cursor: Cursor): number {
  if (cursor.lacks(TYPE + 2)) return STEP_DONE;
  const type = u16(cursor.bytes, cursor.offset + TYPE);
  const length = type === TO_ONE ? 18 : type === TO_MANY ? 26 : 0;
  // Everything else is between the access points.
  if (length === 0 || cursor.lacks(length + 1) || !looksLikeEthernet(cursor, length)) return STEP_DONE;
  if (!cursor.enter(LAYER_MINT)) return STEP_DONE;
  cursor.offset += length;
  return STEP_ETHERNET;
}
