import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_FRAGMENT, STEP_PROTOCOL } from '../cursor.ts';
import { LAYER_IPV4 } from '../layers.ts';
import { FRAGMENT_FIRST, FRAGMENT_LATER } from '../packet.ts';
import { REASON_MALFORMED_IPV4, REASON_TRUNCATED_IPV4 } from '../reasons.ts';
import { MALFORMED } from '../status.ts';

/*
 * RFC 791 §3.1
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |Version|  IHL  |Type of Service|          Total Length         |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |         Identification        |Flags|      Fragment Offset    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Time to Live |    Protocol   |         Header Checksum       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                       Source Address                          |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Destination Address                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Options                    |    Padding    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_AND_OFFSET = 6;
const TIME_TO_LIVE = 8;
const PROTOCOL = 9;
const SOURCE = 12;
const DESTINATION = 16;
const HEADER = 20;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

export function readIpv4(cursor: Cursor): number {
  const { bytes, offset, record } = cursor;
  // What stands in the record is the packet around this one.
  if (record.ipVersion !== 0) record.resetNetwork();
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_IPV4, REASON_MALFORMED_IPV4);
  if (!cursor.enter(LAYER_IPV4)) return STEP_DONE;
  const version = bytes[offset]! >> 4;
  const headerLength = (bytes[offset]! & 0x0f) * 4;
  if (version !== 4 || headerLength < HEADER) return cursor.fail(MALFORMED, REASON_MALFORMED_IPV4);
  record.ipVersion = 4;
  record.sourceOffset = offset + SOURCE;
  record.destinationOffset = offset + DESTINATION;
  record.ttl = bytes[offset + TIME_TO_LIVE]!;
  record.ipId = u16(bytes, offset + IDENTIFICATION);
  const flags = u16(bytes, offset + FLAGS_AND_OFFSET);
  record.dontFragment = (flags & DONT_FRAGMENT) !== 0;

  const totalLength = u16(bytes, offset + TOTAL_LENGTH);
  // A segment that the card is to cut (TSO) may be captured with a total length of 0: then all that is there is data.
  // Some stacks spoil the length of the header that they quote in an ICMP error, so there it is only a hint.
  if (totalLength >= headerLength) {
    cursor.limit = offset + totalLength;
    cursor.isOpen = false;
    if (cursor.end > cursor.limit) cursor.end = cursor.limit;
  } else if (totalLength !== 0 && !cursor.quoting) {
    return cursor.fail(MALFORMED, REASON_MALFORMED_IPV4);
  }
  if (!cursor.has(headerLength)) return cursor.cut(headerLength, REASON_TRUNCATED_IPV4, REASON_MALFORMED_IPV4);
  cursor.offset += headerLength;
  cursor.type = bytes[offset + PROTOCOL]!;

  const fragmentOffset = (flags & FRAGMENT_OFFSET) * 8;
  if (fragmentOffset !== 0 || (flags & MORE_FRAGMENTS) !== 0) {
    record.fragment = fragmentOffset === 0 ? FRAGMENT_FIRST : FRAGMENT_LATER;
    cursor.fragmentOffset = fragmentOffset;
    cursor.moreFragments = (flags & MORE_FRAGMENTS) !== 0;
    return STEP_FRAGMENT;
  }
  return STEP_PROTOCOL;
}
