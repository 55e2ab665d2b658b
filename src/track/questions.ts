/** Questions about one exchange and one packet. They change nothing. */

import {
  ACK,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_FRAGMENTED_HEADER,
  ANOMALY_SNAPPED,
  CHECKSUM_BAD,
  FIN,
  hasImpossibleHeader,
  type PacketRecord,
  RST,
  SYN,
} from '../decode/packet.ts';
import type { Numbers } from './acceptance.ts';
import { KIND_ICMP } from './answer-pool.ts';
import {
  ACCEPTED,
  CHALLENGED,
  INVALID_RESET,
  PROBE_ACK,
  PROBE_MAIMON,
  PROBE_OTHER,
  PROBE_SYN,
  PROBE_SYN_DATA,
  SILENT,
  SIMULTANEOUS,
  UNDECIDED,
  UNSOLICITED,
} from './codes.ts';
import type { Sibling } from './kinship.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { acknowledgesSyn } from './verdict.ts';

/** The sender did not show the flags: they are in other fragments, or nowhere. Elsewhere the capture cut them off. */
export const HIDES_FLAGS = ANOMALY_FRAGMENTED_HEADER | ANOMALY_DATA_OFFSET_BEYOND;

/**
 * A receiver gives up a datagram that stays incomplete 60 s after its first fragment (RFC 8200 §4.5, RFC 1122 §3.3.2; Linux 30 s
 * for IPv4), and only then may say so: by ICMP time exceeded, code 1.
 */
const REASSEMBLY_NANOS = 60e9;
/**
 * Two like packets this close together are one packet seen twice (port mirroring, capture on "any", both interfaces of a
 * router), not a retransmission: no stack retransmits so soon.
 */
const MIRROR_NANOS = 10e6;
/** A SYN whose answer, as far as it is known, did not count. */
export function isUnanswered(s: Tracking, entry: number): boolean {
  const verdict = s.table.verdict(entry);
  const isOpen = verdict === UNDECIDED || verdict === SILENT || verdict === CHALLENGED || verdict === INVALID_RESET;
  return isOpen && isSyn(s, entry) && !isHidden(s, entry);
}

/** The client has gone on as if answered; what the server did is not in the capture so far. */
export function isHalfKnown(s: Tracking, entry: number): boolean {
  const table = s.table;
  if (table.verdict(entry) !== UNDECIDED || !table.isListed(entry)) return false;
  const list = table.listOf(entry);
  return list === t.LIST_CONVERSATION || list === t.LIST_LONE;
}

/** Whether an opening that is no SYN may turn out to be part of a conversation: it has ACK, as all of those have. */
export function mayContinue(s: Tracking, entry: number): boolean {
  const table = s.table;
  const verdict = table.verdict(entry);
  if (verdict !== UNDECIDED && verdict !== SILENT) return false;
  const probe = table.probe(entry);
  if (probe !== PROBE_ACK && probe !== PROBE_MAIMON && probe !== PROBE_OTHER) return false;
  return (probeFlags(s, entry) & (SYN | RST | ACK)) === ACK;
}

/** The numbers of an opening that has ACK. */
export function siblingOf(s: Tracking, entry: number): Sibling {
  const table = s.table;
  return {
    sequence: table.get(entry, t.ISN) >>> 0,
    acknowledgment: table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0,
  };
}

/**
 * Whether the receiver has dropped it for its checksum or its data offset: RFC 9293 §3.1, RFC 792. What the capturing host leaves
 * to its card is no bad checksum (see verifyChecksum).
 */
export function isDropped(s: Tracking, packet: PacketRecord): boolean {
  return (packet.checksum === CHECKSUM_BAD && !s.trusts) || hasImpossibleHeader(packet);
}

/** The same of an answer that is kept. */
export function isDroppedAnswer({ answers, trusts }: Tracking, answer: number): boolean {
  return answers.isHeaderBad(answer) || (answers.isChecksumBad(answer) && !trusts);
}

/** No acceptable answer yet, and time left. What comes later than that is evidence: silence was what there was. */
export function isWaiting(s: Tracking, entry: number): boolean {
  const table = s.table;
  if (table.isListed(entry) && table.listOf(entry) === t.LIST_OPEN) return true;
  if (isHalfKnown(s, entry)) return true;
  // Another frame's time stamp may have run ahead and timed it out: what counts is the time between these two.
  if (!table.has(entry, t.TRAIT_TIMED_OUT) || table.verdict(entry) !== SILENT) return false;
  const elapsed = nanosSince(s, table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
  return elapsed >= 0 && elapsed <= patienceOf(s, entry);
}

/** Nanoseconds in which an answer to what went out last counts as one. */
export function patienceOf(s: Tracking, entry: number): number {
  return s.timeoutNanos + (s.table.has(entry, t.TRAIT_PARTIAL) ? REASSEMBLY_NANOS : 0);
}

export function isConversing(s: Tracking, entry: number): boolean {
  const verdict = s.table.verdict(entry);
  return verdict === ACCEPTED || verdict === SIMULTANEOUS;
}

export function isSyn(s: Tracking, entry: number): boolean {
  const probe = s.table.probe(entry);
  return (
    probe === PROBE_SYN || probe === PROBE_SYN_DATA || (probe === PROBE_OTHER && (probeFlags(s, entry) & SYN) !== 0)
  );
}

/** The flags of the opening segment are not known: they are in fragments that have not come, or nowhere. */
export function isHidden(s: Tracking, entry: number): boolean {
  return ((s.table.get(entry, t.PROBE_HEADER) >>> 8) & 0xff) >= t.HIDDEN_SEQUENCE;
}

/** The capture cut the flags: what the segment was, and so what an answer to it means, is not known. */
export function isCut(s: Tracking, entry: number): boolean {
  const anomalies = s.table.get(entry, t.ANOMALIES);
  return isHidden(s, entry) && (anomalies & ANOMALY_SNAPPED) !== 0 && (anomalies & HIDES_FLAGS) === 0;
}

/** Not even its sequence number is. */
export function hidesSequence(s: Tracking, entry: number): boolean {
  return ((s.table.get(entry, t.PROBE_HEADER) >>> 8) & 0xff) === t.HIDDEN_SEQUENCE;
}

export function probeFlags(s: Tracking, entry: number): number {
  return s.table.get(entry, t.PROBE_HEADER) >>> 16;
}

/** Both ends are the same (a LAND segment, or a socket that connects to itself): the direction does not tell. */
export function isAmbiguous(s: Tracking): boolean {
  const { source, destination, sourcePort, destinationPort } = s.key;
  return sourcePort === destinationPort && source.every((word, i) => word === destination[i]);
}

/** The same opening segment: sequence number and kind; a SYN with data may be repeated without (RFC 7413 §4.1.3). */
export function isRetransmission(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const table = s.table;
  if (table.get(entry, t.PROBE_FRAME) === 0 || table.get(entry, t.ISN) >>> 0 !== packet.sequence) return false;
  // The same ends and number under another label or in another tunnel: another exchange.
  if (table.get(entry, t.PATH) !== packet.path && packet.scope === s.key.scope) return false;
  const deciding = FIN | SYN | RST | ACK;
  if ((probeFlags(s, entry) & deciding) === (packet.flags & deciding)) return true;
  return packet.flags < 0 || isHidden(s, entry);
}

/** Whether the entry has answers without a question, and the packet is the question of one. */
export function isOrphanOf(s: Tracking, entry: number, packet: PacketRecord): boolean {
  if (s.table.verdict(entry) !== UNSOLICITED) return false;
  let answer = s.table.get(entry, t.ANSWERS_FIRST);
  while (answer !== 0 && !answersSyn(s, answer, packet)) answer = s.answers.next(answer);
  return answer !== 0;
}

export function isAcceptableReset(s: Tracking, entry: number, packet: Numbers): boolean {
  // Of a stealth probe the sender judges by ports alone, as nmap does.
  if (!isSyn(s, entry)) return true;
  // RFC 9293 §3.10.7.3, second check: in SYN-SENT a RST without an acceptable ACK is dropped.
  if ((packet.flags & ACK) === 0) return false;
  return acknowledges(s, entry, packet);
}

export function acknowledges(s: Tracking, entry: number, packet: Numbers): boolean {
  return isAcknowledgedBy(s, entry, packet.acknowledgment);
}

export function isAcknowledgedBy(s: Tracking, entry: number, acknowledgment: number): boolean {
  if (hidesSequence(s, entry)) return true;
  // A FIN on the SYN takes a sequence number of its own.
  const fin = (probeFlags(s, entry) & FIN) !== 0 ? 1 : 0;
  const payloadLength = s.table.get(entry, t.PROBE_PAYLOAD_LENGTH);
  // Where later fragments carry more of it, how much is not known.
  const length = (payloadLength < 0 ? 0xffff : payloadLength) + fin;
  return acknowledgesSyn(acknowledgment, s.table.get(entry, t.ISN) >>> 0, length);
}

export function answersSyn(s: Tracking, answer: number, packet: PacketRecord): boolean {
  if (answer === 0) return false;
  if (s.answers.kind(answer) === KIND_ICMP) return s.answers.sequence(answer) === packet.sequence;
  if (packet.flags < 0 || (s.answers.flags(answer) & ACK) === 0) return false;
  const fin = (packet.flags & FIN) !== 0 ? 1 : 0;
  return acknowledgesSyn(s.answers.acknowledgment(answer), packet.sequence, packet.payloadLength + fin);
}

export function isLike(s: Tracking, answer: number, packet: PacketRecord, kind: number, acceptable: boolean): boolean {
  const answers = s.answers;
  if (answers.kind(answer) !== kind || answers.isAcceptable(answer) !== acceptable) return false;
  if (!answers.isFrom(answer, packet)) return false;
  if (kind === KIND_ICMP) return answers.icmp(answer) === ((packet.icmpType << 8) | (packet.icmpCode & 0xff));
  return (
    answers.sequence(answer) === packet.sequence &&
    answers.acknowledgment(answer) === packet.acknowledgment &&
    answers.flags(answer) === packet.flags
  );
}

/** The same packet at another place of its way: the same IP ID, no more hops to live than before, at once. */
export function looksMirrored(
  _s: Tracking,
  ipId: number,
  ttl: number,
  packet: PacketRecord,
  elapsedNanos: number,
): boolean {
  return Math.abs(elapsedNanos) <= MIRROR_NANOS && ipId === packet.ipId && Math.abs(ttl - packet.ttl) <= 8;
}

export function nanosSince(s: Tracking, seconds: number, nanos: number): number {
  return (s.seconds - seconds) * 1e9 + (s.nanos - nanos);
}

/** Exchanges in the table and in the ledger. */
export function countKept(s: Tracking): number {
  return s.table.size + (s.ledger?.size ?? 0);
}

/** Whether fragments tell more of the segment's header than was known, or at last all of its payload. */
export function bringsNews({ assembly, anomalies }: PacketRecord): boolean {
  return assembly === null || assembly.isWhole || (anomalies & ANOMALY_FRAGMENTED_HEADER) !== 0;
}

/** A SYN-ACK or a RST: nothing that opens an exchange. */
export function isAnswerByFlags(flags: number): boolean {
  return (flags & SYN) === 0 ? (flags & RST) !== 0 : (flags & (ACK | RST)) === ACK;
}
