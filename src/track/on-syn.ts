/** Segments with SYN: questions, and answers that accept. */

import { FIN, type PacketRecord, RST } from '../decode/packet.ts';
import { KIND_SYN, KIND_SYN_ACK } from './answer-pool.ts';
import { ACCEPTED, SILENT, SIMULTANEOUS, UNSOLICITED } from './codes.ts';
import { takeConversing } from './conversing.ts';
import {
  findEarlyRefusals,
  findEarlyReset,
  takeEarlierSynAck,
  takeFurtherAnswer,
  takeQuestion,
  takesQuestion,
  takesSynAck,
} from './disorder.ts';
import { addAnswer, conversationOf, NEW, noteAnswerPath } from './evidence.ts';
import { goOn, isInferred } from './handshake.ts';
import { openedOther, openedOwn } from './kinship.ts';
import { becomeLate, joinsLate } from './late.ts';
import { decideVerdict, holdOpen, openExchange, takeUnsolicited } from './lifecycle.ts';
import {
  acknowledges,
  isAmbiguous,
  isConversing,
  isRetransmission,
  isSyn,
  isUnanswered,
  isWaiting,
  mayContinue,
  siblingOf,
} from './questions.ts';
import { takeRetransmission } from './retransmission.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';

/** A SYN without ACK (with whatever else): a new attempt, a retransmission, or one that crosses the peer's. */
export function takeOpening(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (takesQuestion(s, entry, packet)) {
      takeQuestion(s, entry, packet);
      return;
    }
    if (!table.isFromClient(entry, s.key)) continue;
    if (isRetransmission(s, entry, packet)) {
      takeRetransmission(s, entry, packet);
      return;
    }
    if (mayContinue(s, entry) && openedOwn(siblingOf(s, entry), packet)) becomeLate(s, entry);
  }
  const isBareSyn = (packet.flags & (FIN | RST)) === 0;
  for (let entry = newest; entry !== 0 && isBareSyn; entry = s.attempts.after(entry)) {
    if (table.isFromClient(entry, s.key) || !isSyn(s, entry)) continue;
    if (table.verdict(entry) === SIMULTANEOUS && table.listOf(entry) !== t.LIST_CLOSED) {
      addAnswer(s, entry, packet, KIND_SYN, true);
      return;
    }
    // RFC 9293 §3.5: each side's SYN crosses the other's. A peer that had answered already is opening anew.
    if (isWaiting(s, entry)) {
      addAnswer(s, entry, packet, KIND_SYN, true);
      decideVerdict(s, entry, SIMULTANEOUS, table.get(entry, t.ANSWERS_LAST));
      return;
    }
  }
  const isRefused = newest !== 0 && findEarlyRefusals(s, newest, packet);
  const opened = openExchange(s, packet, newest);
  if (isRefused) table.add(opened, t.TRAIT_UNSEEN_ANSWER);
}

export function takeSynAck(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  const asked = findAsked(s, packet, newest);
  if (asked !== 0) {
    takeAcceptance(s, asked, packet);
    return;
  }
  let candidate = 0;
  let match = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (takesSynAck(s, entry, packet)) {
      takeEarlierSynAck(s, entry, packet);
      return;
    }
    if (table.isFromClient(entry, s.key) && !isAmbiguous(s)) {
      // In a simultaneous open both ends send one (RFC 9293 §3.5, figure 8).
      if (table.verdict(entry) === SIMULTANEOUS || joinsLate(s, entry, packet) || repeatsOwnSyn(s, entry, packet)) {
        takeConversing(s, entry, packet);
        return;
      }
      if (answersUnseenSyn(s, entry, packet)) {
        splitHandshake(s, entry, packet);
        return;
      }
      continue;
    }
    if (mayContinue(s, entry) && openedOther(siblingOf(s, entry), packet)) {
      becomeLate(s, entry);
      takeConversing(s, entry, packet);
      return;
    }
    if (table.verdict(entry) === UNSOLICITED) {
      if (candidate === 0 && isSameQuestion(s, entry, packet)) candidate = entry;
      continue;
    }
    if (acknowledges(s, entry, packet)) {
      if (table.verdict(entry) === SIMULTANEOUS) {
        takeConversing(s, entry, packet);
        return;
      }
      // Of several that it may answer (one in each tunnel), the one that waits.
      if (match === 0 || (isWaiting(s, entry) && !isWaiting(s, match))) match = entry;
      continue;
    }
    if (candidate === 0 || table.verdict(candidate) === UNSOLICITED) candidate = entry;
  }
  if (match !== 0) {
    takeAcceptance(s, match, packet);
    return;
  }
  if (candidate === 0) {
    takeUnsolicited(s, packet, KIND_SYN_ACK);
    return;
  }
  if (table.verdict(candidate) === UNSOLICITED) {
    addAnswer(s, candidate, packet, KIND_SYN_ACK, true);
    if (table.listOf(candidate) === t.LIST_LONE) holdOpen(s, candidate);
    return;
  }
  // RFC 9293 §3.10.7.3: an ACK number that is not acceptable makes a client send a RST and go on waiting.
  addAnswer(s, candidate, packet, KIND_SYN_ACK, false);
  table.add(candidate, t.TRAIT_CHALLENGED);
}

/**
 * The SYN that a SYN-ACK acknowledges, and that waits for it or has had the same before; 0 for none. Its numbers name that one: no
 * conversation on the same ends whose start is not known, and no probe with the same number, comes before it.
 */
function findAsked(s: Tracking, packet: PacketRecord, newest: number): number {
  const table = s.table;
  let repeated = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (table.isFromClient(entry, s.key) && !isAmbiguous(s)) continue;
    if (!isSyn(s, entry) || !acknowledges(s, entry, packet)) continue;
    if (isWaiting(s, entry)) return entry;
    if (repeated === 0 && table.verdict(entry) === ACCEPTED && repeatsAnswer(s, entry, packet)) repeated = entry;
  }
  return repeated;
}

function repeatsAnswer(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const answer = s.table.get(entry, t.ANSWER);
  return answer !== 0 && s.answers.kind(answer) === KIND_SYN_ACK && s.answers.sequence(answer) === packet.sequence;
}

/** A SYN-ACK that acknowledges the opening segment. */
function takeAcceptance(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  const added = addAnswer(s, entry, packet, KIND_SYN_ACK, true);
  if (isWaiting(s, entry)) noteAnswerPath(s, entry, packet);
  if (isWaiting(s, entry)) {
    decideVerdict(s, entry, ACCEPTED, table.get(entry, t.ANSWERS_LAST));
    findEarlyReset(s, entry);
  } else if (isInferred(s, entry)) table.set(entry, t.ANSWER, table.get(entry, t.ANSWERS_LAST));
  else if (added === NEW) takeFurtherAnswer(s, entry, ACCEPTED);
  // Too late for the verdict, but there may be a connection now.
  if (s.isPortZero && table.verdict(entry) === SILENT) holdOpen(s, entry);
}

/** Whether a lone SYN-ACK is for the same question as one before. */
function isSameQuestion(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const answer = s.table.get(entry, t.ANSWER);
  if (answer === 0 || s.answers.kind(answer) !== KIND_SYN_ACK) return true;
  return s.answers.acknowledgment(answer) === packet.acknowledgment;
}

/** The client's SYN-ACK in a simultaneous open of which the peer's SYN was not captured: the peer's SYN-ACK had accepted it already. */
function repeatsOwnSyn(s: Tracking, entry: number, packet: PacketRecord): boolean {
  return isConversing(s, entry) && isSyn(s, entry) && s.table.get(entry, t.ISN) >>> 0 === packet.sequence;
}

/** Whether a SYN-ACK of the client's has the number of its SYN: it has got a bare SYN (RFC 9293 §3.10.7.3) that was not captured. */
function answersUnseenSyn(s: Tracking, entry: number, packet: PacketRecord): boolean {
  return isUnanswered(s, entry) && s.table.get(entry, t.ISN) >>> 0 === packet.sequence;
}

function splitHandshake(s: Tracking, entry: number, packet: PacketRecord): void {
  conversationOf(s, entry).splitFrame ||= s.frame;
  goOn(s, entry, packet, (packet.sequence + 1) >>> 0);
}
