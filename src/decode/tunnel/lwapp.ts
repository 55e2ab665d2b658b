import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_WLAN } from '../cursor.ts';
import { looksLikeEthernet } from '../heuristics.ts';
import { LAYER_LWAPP } from '../layers.ts';
import { looksLikeWlanData } from '../link/ieee80211.ts';
import {
  REASON_LWAPP_CONTROL,
  REASON_LWAPP_FRAGMENT,
  REASON_MALFORMED_TUNNEL,
  REASON_TRUNCATED_TUNNEL,
} from '../reasons.ts';

/*
 * RFC 5412, the protocol before CAPWAP, as tcpdump's print-lwapp.c draws it; to the control port a MAC address stands before it, as Wireshark knows
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |VER| RID |C|F|L|    Frag ID    |            Length             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |          Status/WLANs         |   802.11 frame ...
 */
const HEADER = 6;
const VERSION = 0xc0;
const IS_CONTROL = 0x04;
const IS_FRAGMENT = 0x02;
const IS_NOT_LAST = 0x01;
const CONTROL_PORT = 12223;
const ADDRESS = 6;

/** In UDP. What does not look like it is an ordinary datagram. */
export function readUdpLwapp(cursor: Cursor): number {
  const { bytes, record } = cursor;
  const before = record.destinationPort === CONTROL_PORT ? ADDRESS : 0;
  if (cursor.lacks(before + HEADER + 2)) return STEP_DONE;
  const at = cursor.offset + before;
  const flags = bytes[at]!;
  if ((flags & (VERSION | IS_CONTROL)) !== 0) return STEP_DONE;
  const isExact = u16(bytes, at + 2) === cursor.limit - at - HEADER;
  const frame = at + HEADER;
  if (!isExact && !looksLikeWlanData(bytes[frame]!) && !looksLikeWlanData(bytes[frame + 1]!)) return STEP_DONE;
  if (!cursor.enter(LAYER_LWAPP)) return STEP_DONE;
  cursor.offset = at;
  return readData(cursor);
}

/** Right on Ethernet (0x88bb, and 0xbbbb before there was one). */
export function readLwapp(cursor: Cursor): number {
  if (!cursor.has(HEADER + 2)) return cursor.cut(HEADER + 2, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
  if (!cursor.enter(LAYER_LWAPP)) return STEP_DONE;
  if ((cursor.bytes[cursor.offset]! & IS_CONTROL) !== 0) return cursor.unsupported(REASON_LWAPP_CONTROL);
  return readData(cursor);
}

function readData(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  // There are two fragments at most (§3.3.6), and the first has the headers.
  const isSecond = (bytes[offset]! & IS_FRAGMENT) !== 0 && (bytes[offset]! & IS_NOT_LAST) === 0;
  if (isSecond) return cursor.unsupported(REASON_LWAPP_FRAGMENT);
  cursor.offset += HEADER;
  cursor.isPadded = false;
  // As with CAPWAP, many access points swap the two bytes of 802.11's frame control.
  cursor.isControlSwapped = !looksLikeWlanData(bytes[cursor.offset]!) && looksLikeWlanData(bytes[cursor.offset + 1]!);
  return STEP_WLAN;
}

/** The oldest form, at a port of its own (12220): a whole Ethernet frame, and nothing around it. */
export function readLwappEthernet(cursor: Cursor): number {
  if (cursor.lacks(1) || !looksLikeEthernet(cursor, 0) || !cursor.enter(LAYER_LWAPP)) return STEP_DONE;
  return STEP_ETHERNET;
}
