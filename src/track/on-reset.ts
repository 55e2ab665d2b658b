/** Segments with RST: answers that refuse, ends of conversations, and what a client must ignore. */

import { ACK, FIN, type PacketRecord, SYN } from '../decode/packet.ts';
import { SAYS_ESTABLISHED } from './acceptance.ts';
import { KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { REFUSED, SILENT, UNSOLICITED } from './codes.ts';
import { closeConversation, isResetOfConversation, takeConversing } from './conversing.ts';
import { takeFurtherAnswer } from './disorder.ts';
import {
  addAnswer,
  addFrame,
  COPY,
  conversationOf,
  countInvalidReset,
  isSameDistance,
  NEW,
  noteAnswerPath,
  noteSegment,
  tellChanged,
} from './evidence.ts';
import { inferAcceptance, judgeSegment } from './handshake.ts';
import { aborts } from './kinship.ts';
import { becomeLate, continuesUnknown, isOfClosed, takeLate } from './late.ts';
import { decideVerdict, takeUnsolicited } from './lifecycle.ts';
import {
  isAcceptableReset,
  isAmbiguous,
  isConversing,
  isCut,
  isHalfKnown,
  isSyn,
  isUnanswered,
  isWaiting,
  mayContinue,
  probeFlags,
  siblingOf,
} from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { clearOthers, isLikeReset, isOfUnseenAttempt } from './unseen-attempt.ts';

/**
 * Whether a RST is to somebody who has asked. One that has SYN as well is an answer then: in SYN-SENT RST is looked at first (RFC 9293
 * §3.10.7.3; Linux says ECONNREFUSED). To others it opens something, with flags that no stack sends.
 */
export function isAsked(s: Tracking, newest: number): boolean {
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    const isTo = !s.table.isFromClient(entry, s.key) || isAmbiguous(s);
    if (isTo && s.table.get(entry, t.PROBE_FRAME) !== 0) return true;
  }
  return false;
}

export function takeResetSegment(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  let own = 0;
  let candidate = 0;
  let match = 0;
  let questions = 0;
  let orphan = 0;
  let closed = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (table.listOf(entry) === t.LIST_CLOSED) {
      if (closed === 0 && isOfClosed(s, entry, packet)) closed = entry;
      continue;
    }
    if (table.isFromClient(entry, s.key) && !isAmbiguous(s)) {
      if (own === 0 || isBetterOwner(s, entry, own, packet)) own = entry;
      continue;
    }
    const counts = isAcceptableReset(s, entry, packet) || judgeSegment(s, entry, packet) === SAYS_ESTABLISHED;
    if (table.verdict(entry) === UNSOLICITED) {
      if (orphan === 0 && isLikeReset(s, entry, packet)) orphan = entry;
    } else if (isSyn(s, entry)) questions++;
    if (table.verdict(entry) !== UNSOLICITED && counts) {
      const isBetter = match === 0 || (isWaiting(s, entry) && !isWaiting(s, match));
      // Of several probes that wait, the one that it acknowledges; else the newest.
      const isNamed = match !== 0 && isWaiting(s, entry) && namesOpening(s, entry, packet);
      if (isBetter || (isNamed && !namesOpening(s, match, packet))) match = entry;
    } else if (candidate === 0) candidate = entry;
  }
  if (match !== 0) {
    const isAnswer = isWaiting(s, match);
    takeReset(s, match, packet);
    if (isAnswer) clearOthers(s, newest, match);
    return;
  }
  const isOfOwn = own !== 0 && table.get(own, t.ISN) >>> 0 === (packet.sequence - 1) >>> 0;
  if (closed !== 0 && !isOfOwn) {
    takeLate(s, closed, packet);
    return;
  }
  if (own === 0 && candidate !== 0 && orphan !== 0) {
    takeReset(s, orphan, packet);
    return;
  }
  if (own === 0 && candidate !== 0 && isOfUnseenAttempt(s, newest, candidate, questions, packet)) {
    takeUnsolicited(s, packet, KIND_RESET);
    return;
  }
  if (candidate !== 0 && (own === 0 || !isConversing(s, own))) {
    takeReset(s, candidate, packet);
    return;
  }
  if (own !== 0) {
    clientReset(s, own, packet);
    return;
  }
  takeUnsolicited(s, packet, KIND_RESET);
}

/** A RST from the server's side. */
function takeReset(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  if (mayContinue(s, entry) && aborts(siblingOf(s, entry), packet)) becomeLate(s, entry);
  const verdict = table.verdict(entry);
  if (verdict === UNSOLICITED) {
    if (table.listOf(entry) === t.LIST_CONVERSATION) addFrame(s, entry, packet);
    else addAnswer(s, entry, packet, KIND_RESET, true);
    if (table.listOf(entry) !== t.LIST_LINGER) closeConversation(s, entry, t.TRAIT_RESET, packet);
    return;
  }
  if (judgeSegment(s, entry, packet) === SAYS_ESTABLISHED) {
    inferAcceptance(s, entry, packet);
    return;
  }
  if (verdict === SILENT && mayContinue(s, entry) && !isWaiting(s, entry)) {
    // So late it is no answer to a scanner: both segments are of a conversation that was under way.
    becomeLate(s, entry);
    addFrame(s, entry, packet);
    closeConversation(s, entry, t.TRAIT_RESET, packet);
    return;
  }
  if (isCut(s, entry)) {
    takeConversing(s, entry, packet);
    return;
  }
  if (isWaiting(s, entry)) {
    const isAcceptable = isAcceptableReset(s, entry, packet);
    const added = addAnswer(s, entry, packet, KIND_RESET, isAcceptable);
    if (isAcceptable) noteAnswerPath(s, entry, packet);
    if (isAcceptable) decideVerdict(s, entry, REFUSED, table.get(entry, t.ANSWERS_LAST));
    else if (added !== COPY) countInvalidReset(s, entry);
    return;
  }
  if (isConversing(s, entry) && isResetOfConversation(s, entry, packet)) {
    // The conversation's own end, unless another TTL says that somebody else forged it (Weaver et al., NDSS 2009).
    const answer = table.get(entry, t.ANSWER);
    const isForeign =
      answer !== 0 &&
      !table.has(entry, t.TRAIT_RESET) &&
      s.answers.kind(answer) === KIND_SYN_ACK &&
      s.answers.isFrom(answer, packet) &&
      !isSameDistance(s, entry, s.answers.ttl(answer), packet.ttl);
    if (isForeign) {
      addAnswer(s, entry, packet, KIND_RESET, true);
      table.add(entry, t.TRAIT_CONFLICTING);
    } else addFrame(s, entry, packet);
    noteSegment(s, entry, packet);
    closeConversation(s, entry, t.TRAIT_RESET, packet);
    return;
  }
  const isAcceptable = isAcceptableReset(s, entry, packet);
  const added = addAnswer(s, entry, packet, KIND_RESET, isAcceptable);
  if (!isAcceptable && added !== COPY) countInvalidReset(s, entry);
  else if (isAcceptable && added === NEW) takeFurtherAnswer(s, entry, REFUSED);
}

/** A RST from the client's side: it gives up, or says no to what it got. */
function clientReset(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  addFrame(s, entry, packet);
  noteSegment(s, entry, packet);
  if (mayContinue(s, entry) && continuesUnknown(s, entry, packet)) becomeLate(s, entry);
  const isUnderWay = table.listOf(entry) === t.LIST_CONVERSATION || isHalfKnown(s, entry);
  if (isConversing(s, entry) || isUnderWay) {
    if (isUnanswered(s, entry)) conversationOf(s, entry).clientResetFrame ||= s.frame;
    closeConversation(s, entry, t.TRAIT_RESET, packet);
    return;
  }
  // It was nobody who had asked.
  if (table.listOf(entry) === t.LIST_LONE) table.enlist(entry, t.LIST_LINGER, s.clock.now + s.timeoutNanos);
  if (!isWaiting(s, entry)) return;
  table.add(entry, t.TRAIT_CLIENT_RESET);
  conversationOf(s, entry).clientResetFrame ||= s.frame;
  // RFC 9293 §3.10.7.1: a RST that answers a SYN-ACK takes its sequence number from the ACK, here ISN + 1.
  const hasChallenge = table.has(entry, t.TRAIT_CHALLENGED | t.TRAIT_INVALID_RESET);
  if (!hasChallenge && isSyn(s, entry) && packet.sequence === (table.get(entry, t.ISN) + 1) >>> 0)
    table.add(entry, t.TRAIT_UNSEEN_ANSWER);
  tellChanged(s, entry);
}

/** Whether a RST has the numbers that a closed port makes of the opening segment's (RFC 9293 §3.10.7.1). */
function namesOpening(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const table = s.table;
  const flags = probeFlags(s, entry);
  if ((flags & ACK) !== 0) return packet.sequence === table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0;
  const length =
    Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH)) +
    ((flags & SYN) !== 0 ? 1 : 0) +
    ((flags & FIN) !== 0 ? 1 : 0);
  return (packet.flags & ACK) !== 0 && packet.acknowledgment === (table.get(entry, t.ISN) + length) >>> 0;
}

function isBetterOwner(s: Tracking, entry: number, than: number, packet: PacketRecord): boolean {
  const next = (packet.sequence - 1) >>> 0;
  return s.table.get(than, t.ISN) >>> 0 !== next && s.table.get(entry, t.ISN) >>> 0 === next;
}
