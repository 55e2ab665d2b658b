import { type Cursor, STEP_DONE } from '../cursor.ts';
import { LAYER_ICMP, LAYER_ICMPV6 } from '../layers.ts';
import { CHECKSUM_BAD, FRAGMENT_NONE, TRANSPORT_ICMP_ERROR } from '../packet.ts';
import { REASON_MALFORMED_ICMP, REASON_TRUNCATED_ICMP } from '../reasons.ts';
import { isIpv4HeaderBad, verifyIcmpChecksum } from '../transport/checksum.ts';

/*
 * RFC 792, RFC 4443 §2.1; the length byte is RFC 4884's: at 5 in 32-bit words in ICMP, at 4 in 64-bit words in ICMPv6
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     Type      |     Code      |          Checksum             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Length (v6)  |  Length (v4)  |                               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |      start of the packet in question ...
 */
const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const LENGTH_V6 = 4;
const LENGTH_V4 = 5;
const HEADER = 8;

const UNREACHABLE = 3;
const SOURCE_QUENCH = 4;
const REDIRECT = 5;
const TIME_EXCEEDED = 11;
const PARAMETER_PROBLEM = 12;

/** RFC 1122 §3.2.2: these are the error messages, and quote what they are about. */
function isError(type: number): boolean {
  return (
    type === UNREACHABLE ||
    type === TIME_EXCEEDED ||
    type === PARAMETER_PROBLEM ||
    type === SOURCE_QUENCH ||
    type === REDIRECT
  );
}

const UNREACHABLE_V6 = 1;
const TIME_EXCEEDED_V6 = 3;
const PARAMETER_PROBLEM_V6 = 4;

export function readIcmp(cursor: Cursor): number {
  return readMessage(cursor, LAYER_ICMP);
}

export function readIcmpv6(cursor: Cursor): number {
  return readMessage(cursor, LAYER_ICMPV6);
}

/** Leaves the cursor at the quote of an error, its end and limit at the quote's. */
function readMessage(cursor: Cursor, layer: number): number {
  if (!cursor.enter(layer)) return STEP_DONE;
  const { bytes, offset, record } = cursor;
  if (cursor.has(1)) record.icmpType = bytes[offset + TYPE]!;
  if (cursor.has(2)) record.icmpCode = bytes[offset + CODE]!;
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_ICMP, REASON_MALFORMED_ICMP);
  // RFC 1122 §3.2.2: no error is sent about an error, so a quoted one leads nowhere.
  if (cursor.quoting) return STEP_DONE;
  const type = record.icmpType;
  let quoteLength = 0;
  if (layer === LAYER_ICMP) {
    if (!isError(type)) return STEP_DONE;
    if (type === UNREACHABLE || type === TIME_EXCEEDED || type === PARAMETER_PROBLEM) {
      quoteLength = bytes[offset + LENGTH_V4]! * 4;
    }
  } else {
    // RFC 4443 §2.1: 1 to 4 are errors; of 100, 101 and 127 nobody knows the form.
    if (type < UNREACHABLE_V6 || type > PARAMETER_PROBLEM_V6) return STEP_DONE;
    if (type === UNREACHABLE_V6 || type === TIME_EXCEEDED_V6) quoteLength = bytes[offset + LENGTH_V6]! * 8;
  }
  record.transport = TRANSPORT_ICMP_ERROR;
  const isWhole = cursor.limit <= cursor.end && (record.fragment === FRAGMENT_NONE || cursor.isReassembledWhole);
  if (isWhole) {
    record.checksum = isIpv4HeaderBad(record)
      ? CHECKSUM_BAD
      : verifyIcmpChecksum(record, offset, cursor.limit, offset + CHECKSUM);
  }
  cursor.offset += HEADER;
  // RFC 4884 §4: extensions follow the quote. What is no sensible length (it was unused before) does not count.
  if (quoteLength >= 20) cursor.narrow(cursor.offset + quoteLength);
  return STEP_DONE;
}
