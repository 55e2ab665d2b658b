import { type Cursor, STEP_DONE, STEP_LINK } from '../cursor.ts';
import { looksLikeEthernet, looksLikeIp } from '../heuristics.ts';
import { LAYER_TZSP } from '../layers.ts';
import * as linkTypes from '../link/linktypes.ts';
import { REASON_MALFORMED_TUNNEL, REASON_NOT_IP, REASON_TRUNCATED_TUNNEL } from '../reasons.ts';

/*
 * TaZmen Sniffer Protocol, as access points and MikroTik's routers send what they have captured:
 *
 *   +-------------+----------+-------------------+-----------------------------------------+-------
 *   | version (1) | type (1) | encapsulation (2) | tags: number, length, value; 0 and 1 are| frame
 *   |             |          |                   | alone, 1 ends them                      |
 *   +-------------+----------+-------------------+-----------------------------------------+-------
 */
const VERSION = 1;
const HEADER = 4;
const RECEIVED = 0;
const FOR_TRANSMISSION = 1;
const TAG_PADDING = 0;
const TAG_END = 1;
/** A sniffer says a dozen things of a frame. */
const MOST_TAGS = 64;

const ETHERNET = 1;
const RAW_IP = 7;

/** LINKTYPE_ value of an encapsulation; -1 for one that is not read. */
function linkTypeOf(encapsulation: number): number {
  switch (encapsulation) {
    case ETHERNET:
      return linkTypes.LINKTYPE_ETHERNET;
    case 2:
      return linkTypes.LINKTYPE_TOKEN_RING;
    case 4:
      return linkTypes.LINKTYPE_PPP;
    case 5:
      return linkTypes.LINKTYPE_FDDI;
    case RAW_IP:
      return linkTypes.LINKTYPE_RAW;
    case 18:
      return linkTypes.LINKTYPE_IEEE802_11;
    case 119:
      return linkTypes.LINKTYPE_PRISM_HEADER;
    case 127:
      return linkTypes.LINKTYPE_IEEE802_11_AVS;
    default:
      return -1;
  }
}

/** Length of the header with its tags; 0 where they have no end, -1 where it was not captured. */
function headerLength(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  let length = HEADER;
  for (let tags = 0; tags < MOST_TAGS; tags++) {
    if (!cursor.has(length + 1)) return -1;
    const tag = bytes[offset + length]!;
    length++;
    if (tag === TAG_END) return length;
    if (tag === TAG_PADDING) continue;
    if (!cursor.has(length + 1)) return -1;
    length += 1 + bytes[offset + length]!;
  }
  return 0;
}

/** LINKTYPE_TZSP. */
export function readTzsp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
  if (!cursor.enter(LAYER_TZSP)) return STEP_DONE;
  // Keepalives and port openers hold nothing.
  if (bytes[offset + 1]! > FOR_TRANSMISSION) return STEP_DONE;
  const linkType = linkTypeOf((bytes[offset + 2]! << 8) | bytes[offset + 3]!);
  if (linkType < 0) return cursor.unsupported(REASON_NOT_IP);
  const length = headerLength(cursor);
  if (length <= 0) return cursor.cut(cursor.end - offset + 1, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
  cursor.offset += length;
  cursor.type = linkType;
  return STEP_LINK;
}

/** The same in a UDP datagram, where only the port says so. */
export function readUdpTzsp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(HEADER) || bytes[offset] !== VERSION) return STEP_DONE;
  const type = bytes[offset + 1]!;
  const encapsulation = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
  if (type !== RECEIVED && type !== FOR_TRANSMISSION) return STEP_DONE;
  const length = headerLength(cursor);
  if (length < 0) cursor.lacks(cursor.end - offset + 1);
  // Tags that end where they should say that it is TZSP, though perhaps of what is not read.
  if (length <= 0) return STEP_DONE;
  // Without any tag but the end that is three bytes alone, and the frame must agree.
  if (length > HEADER + 1) return readTzsp(cursor);
  if (encapsulation === ETHERNET && !looksLikeEthernet(cursor, length)) return STEP_DONE;
  if (encapsulation === RAW_IP && !looksLikeIp(cursor, length)) return STEP_DONE;
  return readTzsp(cursor);
}
