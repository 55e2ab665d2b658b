import { u16, u24 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_LLC } from '../cursor.ts';
import { LAYER_ATM } from '../layers.ts';
import { REASON_ATM, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { readRaw } from './cooked.ts';

/* ATM: what the adaptation layer 5 put together again, behind one cell header or none. */

const LLC = 0xaaaa03;
const LLC_ISO = 0xfefe03;

/** LLC (RFC 2684 §4.1), which shows itself by its first bytes. */
export function isAtmLlc(cursor: Cursor): boolean {
  if (!cursor.has(3)) return false;
  const start = u24(cursor.bytes, cursor.offset);
  return start === LLC || start === LLC_ISO;
}

/** Linux's classical IP over ATM: LLC where the circuit has it, else the bare packet. LINKTYPE_ATM_CLIP. */
export function readClassicalIp(cursor: Cursor): number {
  return isAtmLlc(cursor) ? STEP_LLC : readRaw(cursor);
}

const TRAFFIC = 0x0f;
const TRAFFIC_UNKNOWN = 0;
const TRAFFIC_LANE = 1;
const TRAFFIC_LLC = 2;

/** Direction (1 bit) and kind of traffic (low 4), path (1), circuit (2). LINKTYPE_SUNATM. */
export function readSunAtm(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_ATM)) return STEP_DONE;
  const traffic = bytes[offset]! & TRAFFIC;
  cursor.offset += 4;
  if (traffic === TRAFFIC_LANE) return readLane(cursor);
  if (traffic === TRAFFIC_LLC) return STEP_LLC;
  return traffic === TRAFFIC_UNKNOWN && isAtmLlc(cursor) ? STEP_LLC : cursor.unsupported(REASON_ATM);
}

/** The header of one cell (4 bytes, without its check), then what all cells of the packet carried. */
export function readAal5(cursor: Cursor): number {
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_ATM)) return STEP_DONE;
  cursor.offset += 4;
  return isAtmLlc(cursor) ? STEP_LLC : cursor.unsupported(REASON_ATM);
}

/** In the place of a client's number, control frames (ATM Forum, LAN Emulation 1.0 §4.1.1, §4.3). */
const LANE_CONTROL = 0xff00;

/** LAN emulation: number of the sending client (2), Ethernet. LINKTYPE_LANE8023, and inside of SunATM. */
export function readLane(cursor: Cursor): number {
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const client = u16(cursor.bytes, cursor.offset);
  cursor.offset += 2;
  return client === LANE_CONTROL ? STEP_DONE : STEP_ETHERNET;
}
