import { u16, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_FRAGMENT, STEP_PROTOCOL } from '../cursor.ts';
import { LAYER_IPV6 } from '../layers.ts';
import { FRAGMENT_FIRST, FRAGMENT_LATER } from '../packet.ts';
import { ipProtocolReason, REASON_MALFORMED_IPV6, REASON_TRUNCATED_IPV6 } from '../reasons.ts';
import { MALFORMED } from '../status.ts';

/*
 * RFC 8200 §3
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |Version| Traffic Class |           Flow Label                  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |         Payload Length        |  Next Header  |   Hop Limit   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         Source Address (16)                   |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      Destination Address (16)                 |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER = 40;

export function readIpv6(cursor: Cursor): number {
  const { bytes, offset, record } = cursor;
  // What stands in the record is the packet around this one.
  if (record.ipVersion !== 0) record.resetNetwork();
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_IPV6, REASON_MALFORMED_IPV6);
  if (!cursor.enter(LAYER_IPV6)) return STEP_DONE;
  if (bytes[offset]! >> 4 !== 6) return cursor.fail(MALFORMED, REASON_MALFORMED_IPV6);
  record.ipVersion = 6;
  record.sourceOffset = offset + SOURCE;
  record.destinationOffset = offset + DESTINATION;
  record.ttl = bytes[offset + HOP_LIMIT]!;
  const payloadLength = u16(bytes, offset + PAYLOAD_LENGTH);
  // A length of 0 is that of a jumbogram (RFC 2675 §3) or of a segment that the card is to cut (TSO): what is there counts.
  if (payloadLength !== 0) {
    cursor.limit = offset + HEADER + payloadLength;
    cursor.isOpen = false;
    if (cursor.end > cursor.limit) cursor.end = cursor.limit;
  }
  cursor.type = bytes[offset + NEXT_HEADER]!;
  cursor.offset += HEADER;
  return STEP_PROTOCOL;
}

/*
 * RFC 8200 §4: hop-by-hop and destination options, routing; also mobility, HIP and Shim6 headers (RFC 6275, 7401, 5533)
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
 *   |  Next Header  |  Hdr Ext Len  |  ...
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
 */
export function readExtension(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(8)) return cursor.cut(8, REASON_TRUNCATED_IPV6, REASON_MALFORMED_IPV6);
  const length = (bytes[offset + 1]! + 1) * 8;
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_IPV6, REASON_MALFORMED_IPV6);
  cursor.type = bytes[offset]!;
  cursor.offset += length;
  return STEP_PROTOCOL;
}

/**
 * RFC 4727 §3.3: numbers for experiments. New extension headers have the form of the others (RFC 6564 §4), so one whose length
 * leads to something known is passed over; anything else stays unknown.
 */
export function readExperiment(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_IPV6, REASON_MALFORMED_IPV6);
  const isKnown = FOLLOWERS.includes(bytes[offset]!);
  const length = (bytes[offset + 1]! + 1) * 8;
  const room = cursor.isOpen ? length : cursor.limit - offset;
  if (!isKnown || length > room) return cursor.unsupported(ipProtocolReason(cursor.type));
  return readExtension(cursor);
}

/** Next headers that are read, or known to be the last: extension headers, TCP, UDP, ICMPv6, IP, GRE, ESP, AH, none. */
const FOLLOWERS = [0, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 135, 139, 140, 143, 253, 254];

const ROUTING_SOURCE_ROUTE = 0;
const ROUTING_MOBILE = 2;
const ROUTING_SEGMENTS = 4;

/*
 * RFC 8200 §4.4, RFC 8754 §2
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Next Header  |  Hdr Ext Len  |  Routing Type | Segments Left |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  4 bytes by type              | addresses of 16 bytes each ...
 */
export function readRouting(cursor: Cursor): number {
  const { bytes, offset, record } = cursor;
  const step = readExtension(cursor);
  if (step === STEP_DONE || bytes[offset + 3] === 0) return step;
  // While segments are left, the header's destination is only the next stop. The answer will come from the last one, and
  // the checksum is over it (RFC 8200 §8.1).
  const length = cursor.offset - offset;
  const type = bytes[offset + 2];
  if (length < 24) return step;
  if (type === ROUTING_SEGMENTS) record.destinationOffset = offset + 8;
  else if (type === ROUTING_SOURCE_ROUTE || type === ROUTING_MOBILE) record.destinationOffset = cursor.offset - 16;
  return step;
}

/*
 * RFC 8200 §4.5
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         Identification                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export function readFragmentHeader(cursor: Cursor): number {
  const { bytes, offset, record } = cursor;
  if (!cursor.has(8)) return cursor.cut(8, REASON_TRUNCATED_IPV6, REASON_MALFORMED_IPV6);
  const word = u16(bytes, offset + 2);
  record.ipId = u32(bytes, offset + 4);
  cursor.type = bytes[offset]!;
  cursor.offset += 8;
  cursor.fragmentOffset = word & 0xfff8;
  cursor.moreFragments = (word & 1) !== 0;
  // RFC 6946: an atomic fragment is a whole packet.
  if (cursor.fragmentOffset === 0 && !cursor.moreFragments) return STEP_PROTOCOL;
  record.fragment = cursor.fragmentOffset === 0 ? FRAGMENT_FIRST : FRAGMENT_LATER;
  return STEP_FRAGMENT;
}
