import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_UDP_TUNNEL } from '../cursor.ts';
import { LAYER_UDP } from '../layers.ts';
import { ANOMALY_BAD_CHECKSUM, CHECKSUM_BAD, FRAGMENT_NONE, TRANSPORT_UDP } from '../packet.ts';
import { REASON_MALFORMED_UDP, REASON_TRUNCATED_TUNNEL, REASON_TRUNCATED_UDP } from '../reasons.ts';
import { MALFORMED, TRUNCATED } from '../status.ts';
import { TUNNEL_NONE, TUNNEL_TEREDO } from '../tunnel/ports.ts';
import { isCutTeredo, isTeredoPacket } from '../tunnel/teredo.ts';
import { verifyChecksum } from './checksum.ts';

/*
 * RFC 768
 *
 *   +--------+--------+--------+--------+
 *   |   source port   | destination port|
 *   +--------+--------+--------+--------+
 *   |     length      |    checksum     |
 *   +--------+--------+--------+--------+
 */
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const HEADER = 8;
const PROTOCOL_UDP = 17;

export function readUdp(cursor: Cursor): number {
  if (!cursor.enter(LAYER_UDP)) return STEP_DONE;
  const { bytes, offset, end, record } = cursor;
  record.transport = TRANSPORT_UDP;
  if (offset + 2 <= end) record.sourcePort = u16(bytes, offset + SOURCE_PORT);
  if (offset + 4 <= end) record.destinationPort = u16(bytes, offset + DESTINATION_PORT);
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_UDP, REASON_MALFORMED_UDP);
  const length = u16(bytes, offset + LENGTH);
  // A length of 0 is that of a jumbogram (RFC 2675 §4): the IP length counts.
  const isFragment = record.fragment !== FRAGMENT_NONE && !cursor.isReassembledWhole;
  if (length !== 0) {
    const fits = offset + length <= cursor.limit || isFragment || cursor.quoting;
    if (length < HEADER || !fits) return cursor.fail(MALFORMED, REASON_MALFORMED_UDP);
    cursor.narrow(offset + length);
    // Of a first fragment the datagram's own length says how far it goes on.
    if (isFragment) cursor.limit = offset + length;
  }
  cursor.isOpen = isFragment && length === 0;
  const { limit } = cursor;
  record.payloadLength = length === 0 ? limit - offset - HEADER : length - HEADER;
  record.payloadOffset = offset + HEADER;
  record.payloadEnd = cursor.end;
  // RFC 768: a stored checksum of 0 says that there is none.
  if (limit <= cursor.end && !isFragment && !cursor.quoting && u16(bytes, offset + CHECKSUM) !== 0) {
    record.checksum = verifyChecksum(record, PROTOCOL_UDP, offset, limit, offset + CHECKSUM);
    if (record.checksum === CHECKSUM_BAD) record.anomalies |= ANOMALY_BAD_CHECKSUM;
  }
  cursor.type = cursor.tunnelPorts.tunnelOf(record.sourcePort, record.destinationPort);
  if (cursor.type === TUNNEL_NONE) {
    if (record.ipVersion !== 4 || !cursor.tunnelPorts.findsTeredo) return STEP_DONE;
    if (record.destinationPort === 0) return STEP_DONE;
    if (!isTeredoPacket(bytes, offset + HEADER, cursor.end, cursor.limit)) {
      if (cursor.quoting || isFragment || !isCutTeredo(bytes, offset + HEADER, cursor.end, cursor.limit))
        return STEP_DONE;
      return cursor.fail(TRUNCATED, REASON_TRUNCATED_TUNNEL);
    }
    cursor.type = TUNNEL_TEREDO;
  }
  cursor.offset += HEADER;
  return STEP_UDP_TUNNEL;
}
