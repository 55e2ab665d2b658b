import { u16 } from './bytes.ts';
import { verifyChecksum } from './checksum.ts';
import { LAYER_UDP } from './layers.ts';
import { ANOMALY_BAD_CHECKSUM, CHECKSUM_BAD, FRAGMENT_NONE, TRANSPORT_UDP } from './packet.ts';
import { REASON_MALFORMED_UDP, REASON_TRUNCATED_TUNNEL, REASON_TRUNCATED_UDP } from './reasons.ts';
import { MALFORMED, TRUNCATED } from './status.ts';
import { isCutTeredo, isTeredoPacket } from './teredo.ts';
import { TUNNEL_NONE, TUNNEL_TEREDO } from './tunnel-ports.ts';
import { STEP_DONE, STEP_UDP_TUNNEL, type Walk } from './walk.ts';

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

export function readUdp(walk: Walk): number {
  if (!walk.enter(LAYER_UDP)) return STEP_DONE;
  const { bytes, offset, end, record } = walk;
  record.transport = TRANSPORT_UDP;
  if (offset + 2 <= end) record.sourcePort = u16(bytes, offset + SOURCE_PORT);
  if (offset + 4 <= end) record.destinationPort = u16(bytes, offset + DESTINATION_PORT);
  if (!walk.has(HEADER)) return walk.cut(HEADER, REASON_TRUNCATED_UDP, REASON_MALFORMED_UDP);
  const length = u16(bytes, offset + LENGTH);
  // A length of 0 is that of a jumbogram (RFC 2675 §4): the IP length counts.
  const isFragment = record.fragment !== FRAGMENT_NONE && !walk.isReassembledWhole;
  if (length !== 0) {
    const fits = offset + length <= walk.limit || isFragment || walk.quoting;
    if (length < HEADER || !fits) return walk.fail(MALFORMED, REASON_MALFORMED_UDP);
    walk.narrow(offset + length);
    // Of a first fragment the datagram's own length says how far it goes on.
    if (isFragment) walk.limit = offset + length;
  }
  walk.isOpen = isFragment && length === 0;
  const { limit } = walk;
  record.payloadLength = length === 0 ? limit - offset - HEADER : length - HEADER;
  record.payloadOffset = offset + HEADER;
  record.payloadEnd = walk.end;
  // RFC 768: a stored checksum of 0 says that there is none.
  if (limit <= walk.end && !isFragment && !walk.quoting && u16(bytes, offset + CHECKSUM) !== 0) {
    record.checksum = verifyChecksum(record, PROTOCOL_UDP, offset, limit, offset + CHECKSUM);
    if (record.checksum === CHECKSUM_BAD) record.anomalies |= ANOMALY_BAD_CHECKSUM;
  }
  walk.type = walk.tunnelPorts.tunnelOf(record.sourcePort, record.destinationPort);
  if (walk.type === TUNNEL_NONE) {
    if (record.ipVersion !== 4 || !walk.tunnelPorts.findsTeredo) return STEP_DONE;
    if (record.sourcePort === 0 || record.destinationPort === 0) return STEP_DONE;
    if (!isTeredoPacket(bytes, offset + HEADER, walk.end, walk.limit)) {
      if (walk.quoting || isFragment || !isCutTeredo(bytes, offset + HEADER, walk.end, walk.limit)) return STEP_DONE;
      return walk.fail(TRUNCATED, REASON_TRUNCATED_TUNNEL);
    }
    walk.type = TUNNEL_TEREDO;
  }
  walk.offset += HEADER;
  return STEP_UDP_TUNNEL;
}
