/** The opening segment again, or more of it. */

import { NO_PROBE } from '../core/layout.ts';
import { CHECKSUM_GOOD, CHECKSUM_OFFLOADED, type PacketRecord, SYN } from '../decode/packet.ts';
import { KIND_ICMP, KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { ACCEPTED, REFUSED, UNDECIDED, UNREACHABLE } from './codes.ts';
import {
  addFrame,
  conversationOf,
  countInvalidReset,
  keepsEvidence,
  noteHopsApart,
  setProbeHeader,
  setStart,
  tellChanged,
} from './evidence.ts';
import { becomeUnsolicited, decideVerdict } from './lifecycle.ts';
import {
  answersSyn,
  bringsNews,
  isAnswerByFlags,
  isHidden,
  isSyn,
  isWaiting,
  looksMirrored,
  nanosSince,
} from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';

/** Of an answer that counts, by KIND_ of answers.ts. */
const VERDICT_OF_KIND = [ACCEPTED, REFUSED, UNREACHABLE];
/** More of the opening segment is there than when it was seen first. */
export function refreshProbe(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  const wasHidden = isHidden(s, entry);
  if (bringsNews(packet)) {
    table.drop(entry, t.TRAIT_PARTIAL);
    const isFoundByNumber = s.attempts.forget(entry);
    setProbeHeader(s, entry, packet);
    if (isFoundByNumber) s.attempts.renew(entry);
  }
  awaitAnswer(s, entry);
  if (isHidden(s, entry) && table.has(entry, t.TRAIT_PARTIAL)) return;
  const wasQuiet = table.has(entry, t.TRAIT_QUIET);
  table.drop(entry, t.TRAIT_QUIET);
  if (!wasHidden || packet.flags < 0) return;
  if (isAnswerByFlags(packet.flags)) {
    becomeAnswer(s, entry, packet);
    return;
  }
  const answer = table.get(entry, t.ANSWER);
  if (isSyn(s, entry) && table.verdict(entry) === REFUSED && !answersSyn(s, answer, packet)) {
    // While the flags were hidden, any RST was taken for an answer; of a SYN it is one only with the right ACK.
    s.answers.reject(answer);
    const other = nextAnswer(s, entry, packet);
    if (other === 0) {
      table.set(entry, t.ANSWER, 0);
      table.setVerdict(entry, UNDECIDED);
      table.enlist(entry, t.LIST_OPEN, s.clock.now + s.timeoutNanos);
    } else decideVerdict(s, entry, VERDICT_OF_KIND[s.answers.kind(other)]!, other);
    countInvalidReset(s, entry);
  }
  // As it has not been told of, it starts where its header is complete, unless it was answered before.
  if (wasQuiet && table.get(entry, t.ANSWERS_FIRST) === 0) setStart(s, entry);
}

/** The first of what came besides that answers the SYN, now that its numbers are known; 0 when none does. */
function nextAnswer(s: Tracking, entry: number, packet: PacketRecord): number {
  const answers = s.answers;
  let answer = s.table.get(entry, t.ANSWERS_FIRST);
  while (answer !== 0 && !(countsAsAnswer(s, answer) && answersSyn(s, answer, packet))) answer = answers.next(answer);
  return answer;
}

function countsAsAnswer(s: Tracking, answer: number): boolean {
  return s.answers.isAcceptable(answer) && s.answers.kind(answer) <= KIND_ICMP;
}

/** What was taken for a question while its flags were hidden is an answer that nobody asked for. */
function becomeAnswer(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  s.answers.release(table.get(entry, t.ANSWERS_FIRST));
  s.attempts.forget(entry);
  table.swapEnds(entry);
  s.conversations.get(table.get(entry, t.CONVERSATION))?.traced?.swapEnds();
  table.set(entry, t.PROBE_FRAME, 0);
  table.setProbe(entry, NO_PROBE);
  becomeUnsolicited(s, entry, packet, (packet.flags & SYN) !== 0 ? KIND_SYN_ACK : KIND_RESET);
}

/** The opening segment again. */
export function takeRetransmission(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  const elapsed = nanosSince(s, table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
  const ttl = table.get(entry, t.PROBE_HEADER) & 0xff;
  const isCopy = looksMirrored(s, table.get(entry, t.PROBE_IP_ID), ttl, packet, elapsed);
  if (isCopy) noteHopsApart(s, entry, ttl, packet.ttl);
  else {
    // IPv6 has no IP ID (-1), but no host sends the same SYN with another hop limit.
    if (ttl !== packet.ttl && packet.ipId !== 0 && packet.ipId === table.get(entry, t.PROBE_IP_ID))
      conversationOf(s, entry).isAskedElsewhere = true;
    table.set(entry, t.RETRANSMISSIONS, table.get(entry, t.RETRANSMISSIONS) + 1);
    table.set(entry, t.PROBE_IP_ID, packet.ipId);
    table.setFloat(entry, t.LAST_GAP, Math.max(0, elapsed));
  }
  addFrame(s, entry, packet);
  const isSound = packet.checksum === CHECKSUM_GOOD || packet.checksum === CHECKSUM_OFFLOADED;
  if (isSound && table.has(entry, t.TRAIT_CHECKSUM_BAD) && keepsEvidence(s))
    conversationOf(s, entry).isSentSound = true;
  if (packet.flags >= 0 && isHidden(s, entry)) {
    table.drop(entry, t.TRAIT_QUIET);
    refreshProbe(s, entry, packet);
    tellChanged(s, entry);
  } else if (!isCopy) awaitAnswer(s, entry);
}

/** The opening segment, or more of it, has just gone out: the time for an answer begins anew. */
function awaitAnswer(s: Tracking, entry: number): void {
  const table = s.table;
  table.set(entry, t.LAST_NANOS, s.nanos);
  table.setFloat(entry, t.LAST_SECONDS, s.seconds);
  if (isWaiting(s, entry) || table.has(entry, t.TRAIT_TIMED_OUT)) {
    table.setVerdict(entry, UNDECIDED);
    table.drop(entry, t.TRAIT_TIMED_OUT);
    table.enlist(entry, t.LIST_OPEN, s.clock.now + s.timeoutNanos);
  }
}
