import { u16, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE } from '../cursor.ts';
import { LAYER_TCP } from '../layers.ts';
import {
  ANOMALY_BAD_CHECKSUM,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_DATA_OFFSET_SMALL,
  ANOMALY_ODD_FLAGS,
  ANOMALY_OPTIONS_OVERRUN,
  ANOMALY_SNAPPED,
  ANOMALY_SYN_FIN,
  ANOMALY_SYN_RST,
  CHECKSUM_BAD,
  FIN,
  FRAGMENT_NONE,
  RST,
  SYN,
  TRANSPORT_TCP,
} from '../packet.ts';
import { REASON_MALFORMED_TCP, REASON_TRUNCATED_TCP } from '../reasons.ts';
import { MALFORMED, TRUNCATED } from '../status.ts';
import { isIpv4HeaderBad, verifyChecksum } from './checksum.ts';
import { tcpOptionsOverrun } from './tcp-options.ts';

/*
 * RFC 9293 §3.1; the bit before CWR is AE (RFC 9768)
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |          Source Port          |       Destination Port        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                        Sequence Number                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Acknowledgment Number                      |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  Data |     |A|C|E|U|A|P|R|S|F|                               |
 *   | Offset| Rsv |E|W|C|R|C|S|S|Y|I|            Window             |
 *   |       |     | |R|E|G|K|H|T|N|N|                               |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |           Checksum            |         Urgent Pointer        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                           [Options]                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT_POINTER = 18;
const HEADER = 20;
const PROTOCOL_TCP = 6;

export function readTcp(cursor: Cursor): number {
  if (!cursor.enter(LAYER_TCP)) return STEP_DONE;
  const { bytes, offset, end, limit, record } = cursor;
  record.transport = TRANSPORT_TCP;
  if (offset + HEADER > end) return readCutHeader(cursor);

  record.sourcePort = u16(bytes, offset + SOURCE_PORT);
  record.destinationPort = u16(bytes, offset + DESTINATION_PORT);
  record.sequence = u32(bytes, offset + SEQUENCE);
  record.acknowledgment = u32(bytes, offset + ACKNOWLEDGMENT);
  readFlags(cursor);
  record.window = u16(bytes, offset + WINDOW);
  record.urgentPointer = u16(bytes, offset + URGENT_POINTER);
  const headerEnd = offset + record.headerLength;
  const isFragment = record.fragment !== FRAGMENT_NONE && !cursor.isReassembledWhole;
  const isVerified = cursor.verifiesAll || record.sourcePort === 0 || record.destinationPort === 0;
  if (headerEnd < offset + HEADER) {
    // No stack takes such a segment, but its ports can be read, and scanners send it to port 0.
    record.anomalies |= ANOMALY_DATA_OFFSET_SMALL;
    cursor.fail(MALFORMED, REASON_MALFORMED_TCP);
  } else if (headerEnd > limit && !cursor.quoting && !isFragment) {
    record.anomalies |= ANOMALY_DATA_OFFSET_BEYOND;
    cursor.fail(MALFORMED, REASON_MALFORMED_TCP);
  } else {
    record.optionsOffset = offset + HEADER;
    record.optionsEnd = Math.min(headerEnd, end);
    if (headerEnd > end) {
      // The flags are there, only options are missing: sound as far as it goes.
      if (end === cursor.fragmentEnd) cursor.starved = true;
      if (!cursor.quoting) record.anomalies |= ANOMALY_SNAPPED;
    }
    if (isVerified && tcpOptionsOverrun(bytes, record.optionsOffset, headerEnd, record.optionsEnd)) {
      record.anomalies |= ANOMALY_OPTIONS_OVERRUN;
    }
    record.payloadLength = limit > headerEnd ? limit - headerEnd : 0;
    record.payloadOffset = Math.min(headerEnd, end);
    record.payloadEnd = end;
  }
  if (isVerified && limit <= end && !isFragment && !cursor.quoting) {
    record.checksum = verifyChecksum(record, PROTOCOL_TCP, offset, limit, offset + CHECKSUM);
    if (record.checksum !== CHECKSUM_BAD && isIpv4HeaderBad(record)) record.checksum = CHECKSUM_BAD;
    if (record.checksum === CHECKSUM_BAD) record.anomalies |= ANOMALY_BAD_CHECKSUM;
  }
  return STEP_DONE;
}

/** Data offset, reserved bits and flags, and what is odd about them. */
function readFlags(cursor: Cursor): void {
  const { bytes, offset, record } = cursor;
  const high = bytes[offset + DATA_OFFSET]!;
  const flags = ((high & 1) << 8) | bytes[offset + FLAGS]!;
  record.headerLength = (high >> 4) * 4;
  record.reservedBits = (high >> 1) & 7;
  record.flags = flags;
  if ((flags & (SYN | FIN)) === (SYN | FIN)) record.anomalies |= ANOMALY_SYN_FIN;
  if ((flags & (SYN | RST)) === (SYN | RST)) record.anomalies |= ANOMALY_SYN_RST;
  if ((flags & (RST | FIN)) === (RST | FIN) || (flags === 0 && record.reservedBits !== 0)) {
    record.anomalies |= ANOMALY_ODD_FLAGS;
  }
}

/** Less than 20 bytes: what is there is used, nothing is guessed. */
function readCutHeader(cursor: Cursor): number {
  const { bytes, offset, end, record } = cursor;
  const there = end - offset;
  if (there >= 2) record.sourcePort = u16(bytes, offset + SOURCE_PORT);
  if (there >= 4) record.destinationPort = u16(bytes, offset + DESTINATION_PORT);
  if (there >= 8) record.sequence = u32(bytes, offset + SEQUENCE);
  if (there >= 12) record.acknowledgment = u32(bytes, offset + ACKNOWLEDGMENT);
  if (there >= 14) readFlags(cursor);
  if (there >= 16) record.window = u16(bytes, offset + WINDOW);
  cursor.cut(HEADER, REASON_TRUNCATED_TCP, REASON_MALFORMED_TCP);
  if (cursor.quoting) return STEP_DONE;
  // Where the IP packet itself has no room for a header, the header reaches beyond the data whatever its offset says.
  record.anomalies |= record.status === TRUNCATED ? ANOMALY_SNAPPED : ANOMALY_DATA_OFFSET_BEYOND;
  return STEP_DONE;
}
