/** Handshakes that were not wholly seen: what later segments say of the answer. */

import { ACK, FIN, type PacketRecord, RST, SYN } from '../decode/packet.ts';
import { type Asked, goesOn, judgeServer, type Numbers, SAYS_ESTABLISHED, SAYS_NOTHING } from './acceptance.ts';
import { KIND_ACK, KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { ACCEPTED, SIMULTANEOUS, UNDECIDED } from './codes.ts';
import { acceptableSynAck, closeConversation, takeConversing } from './conversing.ts';
import { addAnswer, addFrame, conversationOf, tellChanged } from './evidence.ts';
import { decideVerdict, holdOpen } from './lifecycle.ts';
import { isAcknowledgedBy, isDroppedAnswer, isUnanswered, probeFlags } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { watchWaits } from './waits.ts';

/** Whether a segment without SYN and RST is of this attempt, whose answer is not in the capture. */
export function concernsAttempt(s: Tracking, entry: number, packet: PacketRecord, fromClient: boolean): boolean {
  if (fromClient) return goesOn(s.table.get(entry, t.ISN) >>> 0, packet);
  return judgeSegment(s, entry, packet) !== SAYS_NOTHING;
}

/** It shows that there was an answer, or even which one. */
export function showAnswer(s: Tracking, entry: number, packet: PacketRecord, fromClient: boolean): void {
  const table = s.table;
  if (!fromClient && judgeSegment(s, entry, packet) === SAYS_ESTABLISHED) {
    inferAcceptance(s, entry, packet);
    return;
  }
  if (fromClient && acceptDropped(s, entry, packet)) {
    takeConversing(s, entry, packet);
    return;
  }
  const conversation = conversationOf(s, entry);
  if (!fromClient) {
    // The SYN has arrived, but that alone does not make a connection.
    conversation.serverAckFrame ||= s.frame;
    table.add(entry, t.TRAIT_UNSEEN_ANSWER);
    addAnswer(s, entry, packet, KIND_ACK, false);
    tellChanged(s, entry);
    return;
  }
  goOn(s, entry, packet, packet.sequence);
}

/**
 * A damaged SYN-ACK whose number the client acknowledges was not dropped: it was damaged where the capture was taken, or
 * by who changed addresses in it. It is the answer.
 */
export function acceptDropped(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const answers = s.answers;
  if ((packet.flags & (SYN | RST | ACK)) !== ACK || !isUnanswered(s, entry)) return false;
  if (!goesOn(s.table.get(entry, t.ISN) >>> 0, packet)) return false;
  for (let answer = s.table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    if (answers.kind(answer) !== KIND_SYN_ACK || !isDroppedAnswer(s, answer)) continue;
    if (packet.acknowledgment !== (answers.sequence(answer) + 1) >>> 0) continue;
    if (!isAcknowledgedBy(s, entry, answers.acknowledgment(answer))) continue;
    answers.setAcceptable(answer);
    decideVerdict(s, entry, ACCEPTED, answer);
    return true;
  }
  return false;
}

/** The client acts as one that was answered. `first` is the number of its first byte of data. */
export function goOn(s: Tracking, entry: number, packet: PacketRecord, first: number): void {
  const table = s.table;
  const conversation = conversationOf(s, entry);
  const fin = (packet.flags & FIN) !== 0 ? 1 : 0;
  conversation.noteClient(first, Math.max(0, packet.payloadLength) + fin, packet.acknowledgment);
  // A SYN-ACK that came too late to settle it is an answer that was seen.
  if (acceptableSynAck(s, entry) === 0) {
    conversation.wentOnFrame ||= s.frame;
    table.add(entry, t.TRAIT_UNSEEN_ANSWER);
    table.drop(entry, t.TRAIT_TIMED_OUT);
    table.setVerdict(entry, UNDECIDED);
    holdOpen(s, entry);
    watchWaits(s, entry);
  }
  takeConversing(s, entry, packet);
  reconsider(s, entry);
}

/** The server talks as one that has accepted. */
export function inferAcceptance(s: Tracking, entry: number, packet: PacketRecord): void {
  acceptUnseen(s, entry, s.frame, packet.sequence);
  if ((packet.flags & RST) === 0) {
    takeConversing(s, entry, packet);
    return;
  }
  addFrame(s, entry, packet);
  closeConversation(s, entry, t.TRAIT_RESET, packet);
}

export function acceptUnseen(s: Tracking, entry: number, frame: number, sequence: number): void {
  const conversation = conversationOf(s, entry);
  conversation.inferredFrame = frame;
  conversation.serverSequence = sequence;
  if (s.isPortZero) s.table.add(entry, t.TRAIT_ESTABLISHED);
  if (conversation.splitFrame > 0) decideVerdict(s, entry, SIMULTANEOUS, 0);
  else decideVerdict(s, entry, ACCEPTED, acceptableSynAck(s, entry));
}

/**
 * More is known of what either end sent: what the server acknowledged may be that (frames are recorded out of order), and its segment may
 * carry data.
 */
export function reconsider(s: Tracking, entry: number): void {
  const table = s.table;
  const answers = s.answers;
  if (!table.has(entry, t.TRAIT_CHALLENGED | t.TRAIT_INVALID_RESET | t.TRAIT_UNSEEN_ANSWER)) return;
  for (let answer = table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    const kind = answers.kind(answer);
    if ((kind !== KIND_ACK && kind !== KIND_RESET) || isDroppedAnswer(s, answer)) continue;
    const segment: Numbers = {
      flags: answers.flags(answer),
      sequence: answers.sequence(answer),
      acknowledgment: answers.acknowledgment(answer),
      payloadLength: answers.payloadLength(answer),
    };
    if (judgeSegment(s, entry, segment) !== SAYS_ESTABLISHED) continue;
    table.drop(entry, t.TRAIT_CHALLENGED);
    acceptUnseen(s, entry, answers.frame(answer), segment.sequence);
    if (kind !== KIND_RESET) return;
    const conversation = conversationOf(s, entry);
    if (--conversation.invalidResets === 0) {
      conversation.invalidResetFrame = 0;
      table.drop(entry, t.TRAIT_INVALID_RESET);
    }
    closeConversation(s, entry, t.TRAIT_RESET, segment, false);
    return;
  }
}

/** What a segment of the server says of an attempt without an answer. */
export function judgeSegment(s: Tracking, entry: number, segment: Numbers): number {
  const table = s.table;
  if (!isUnanswered(s, entry)) return SAYS_NOTHING;
  const known = table.get(entry, t.CONVERSATION) === 0 ? null : conversationOf(s, entry);
  const fin = (probeFlags(s, entry) & FIN) !== 0 ? 1 : 0;
  const asked: Asked = {
    isn: table.get(entry, t.ISN) >>> 0,
    synLength: Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH)) + fin,
    clientEnd: known?.clientEnd ?? -1,
    clientAcknowledgment: known?.clientAcknowledgment ?? -1,
  };
  return judgeServer(asked, segment);
}

export function isInferred(s: Tracking, entry: number): boolean {
  return s.table.verdict(entry) === ACCEPTED && s.table.get(entry, t.ANSWER) === 0;
}
