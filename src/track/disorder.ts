/**
 * Segments that stand in the file in another order than they were on the wire, as their time stamps say: several queues of a card,
 * interfaces or files that were merged. What stands first in the file was read as if nothing had been before it; here that is put
 * right when what was before it turns up. Where time stamps do not tell, the order of the file counts.
 */
import { ACK, FIN, type PacketRecord, RST, SYN } from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';
import type { Numbers } from './acceptance.ts';
import { KIND_ICMP, KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { ACCEPTED, REFUSED, UNDECIDED, UNREACHABLE, UNSOLICITED } from './codes.ts';
import { closeConversation, isResetOfConversation } from './conversing.ts';
import {
  addAnswer,
  compareAnswers,
  conversationOf,
  isSeenElsewhere,
  joinFrame,
  setProbe,
  tellChanged,
} from './evidence.ts';
import { NO_TIME } from './exchange.ts';
import { acceptUnseen } from './handshake.ts';
import { openedOther, openedOwn } from './kinship.ts';
import { becomeLate, swapLate } from './late.ts';
import { decideVerdict, holdOpen } from './lifecycle.ts';
import {
  answersSyn,
  isAmbiguous,
  isDroppedAnswer,
  isOrphanOf,
  isSyn,
  mayContinue,
  nanosSince,
  siblingOf,
} from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { clearOf } from './unseen-attempt.ts';
import { watchWaits } from './waits.ts';

/** A RST of the client's is at most so far behind its SYN: what it sent meanwhile. */
const MOST_SENT = 1 << 20;

/** Whether the packet was on the wire before everything of the exchange, all of which stands before it in the file. */
function precedes(s: Tracking, entry: number): boolean {
  const { table } = s;
  if (s.digits === NO_TIME || table.digits(entry) === NO_TIME) return false;
  return nanosSince(s, table.getFloat(entry, t.STARTED_SECONDS), table.get(entry, t.STARTED_NANOS)) < 0;
}

/** Nanoseconds from one answer to another; 0 where either has no time. */
function nanosBetween({ answers }: Tracking, from: number, to: number): number {
  if (answers.digits(from) === NO_TIME || answers.digits(to) === NO_TIME) return 0;
  return (answers.seconds(to) - answers.seconds(from)) * 1e9 + (answers.nanos(to) - answers.nanos(from));
}

/** Whether it has no opening segment, only what came after one. */
function lacksOpening(s: Tracking, entry: number): boolean {
  return s.table.verdict(entry) === UNSOLICITED && s.table.get(entry, t.PROBE_FRAME) === 0;
}

/** Numbers of the ends of a conversation whose start is not known; null where it has none. */
function knownNumbers(s: Tracking, entry: number): { client: number; server: number } | null {
  if (s.table.get(entry, t.CONVERSATION) === 0) return null;
  const { lateClient, lateServer } = conversationOf(s, entry);
  return lateClient < 0 || lateServer < 0 ? null : { client: lateClient, server: lateServer };
}

// --- answers ------------------------------------------------------------------------------------------------------------

/**
 * An acceptable answer to what another one has settled, which came first in the file. The first on the wire settles it; one that
 * seems to come before the question is of another clock.
 */
export function takeFurtherAnswer(s: Tracking, entry: number, verdict: number): void {
  const { table } = s;
  const settling = table.get(entry, t.ANSWER);
  const latest = table.get(entry, t.ANSWERS_LAST);
  const isFirst = settling !== 0 && nanosBetween(s, latest, settling) > 0 && !precedes(s, entry);
  if (!isFirst || isSeenElsewhere(s, entry, settling, latest)) {
    compareAnswers(s, entry);
    return;
  }
  decideVerdict(s, entry, verdict, latest);
  judgeBeside(s, entry, settling);
}

const segmentOf = ({ answers }: Tracking, answer: number): Numbers => ({
  flags: answers.flags(answer),
  sequence: answers.sequence(answer),
  acknowledgment: answers.acknowledgment(answer),
  payloadLength: answers.payloadLength(answer),
});

/** An acceptable answer besides the one that settles it, wherever it stands. */
function judgeBeside(s: Tracking, entry: number, answer: number): void {
  const { table, answers } = s;
  const settling = table.get(entry, t.ANSWER);
  const segment = segmentOf(s, answer);
  const isAccepted = table.verdict(entry) === ACCEPTED && answers.kind(settling) === KIND_SYN_ACK;
  const isOwnReset = answers.kind(answer) === KIND_RESET && answers.ttl(answer) === answers.ttl(settling);
  if (isAccepted && isOwnReset && isResetOfConversation(s, entry, segment))
    closeConversation(s, entry, t.TRAIT_RESET, segment, false);
  else if (!isAccepted || answersNumber(s, answer, table.get(entry, t.ISN) >>> 0)) compareAnswers(s, entry, answer);
}

/** Whether a segment acknowledges a SYN without data, or an ICMP error quotes it. */
function answersNumber({ answers }: Tracking, answer: number, isn: number): boolean {
  if (answers.kind(answer) === KIND_ICMP) return answers.sequence(answer) === isn;
  return answers.acknowledgment(answer) === (isn + 1) >>> 0;
}

// --- questions ----------------------------------------------------------------------------------------------------------

/** Whether a SYN without ACK opened what stands before it in the file. */
export function takesQuestion(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const isFromClient = s.table.isFromClient(entry, s.key);
  // Of an answer that acknowledges it the numbers say so, whatever the time.
  if (isFromClient && isOrphanOf(s, entry, packet)) return true;
  if ((packet.flags & (SYN | RST)) !== SYN || !precedes(s, entry)) return false;
  if (mayContinue(s, entry)) {
    const { sequence, acknowledgment } = siblingOf(s, entry);
    return isBehind(isFromClient ? sequence : acknowledgment, packet);
  }
  if (!lacksOpening(s, entry)) return false;
  const numbers = knownNumbers(s, entry);
  if (numbers !== null) return isBehind(isFromClient ? numbers.client : numbers.server, packet);
  return !isFromClient && isOwnReset(s, entry, packet);
}

/** Whether a number is one of what follows a SYN. */
function isBehind(number: number, syn: PacketRecord): boolean {
  const sent = sequenceDifference(number, syn.sequence);
  return sent >= 0 && sent <= MOST_SENT;
}

/** Whether a RST that nobody had asked for is that of the SYN's own sender. */
function isOwnReset(s: Tracking, entry: number, syn: PacketRecord): boolean {
  const answer = s.table.get(entry, t.ANSWER);
  if (answer === 0 || answer !== s.table.get(entry, t.ANSWERS_LAST) || s.answers.kind(answer) !== KIND_RESET)
    return false;
  return s.answers.sequence(answer) !== 0 && isBehind(s.answers.sequence(answer), syn);
}

/** After takesQuestion(). */
export function takeQuestion(s: Tracking, entry: number, packet: PacketRecord): void {
  const { table, answers } = s;
  const wasProbe = mayContinue(s, entry);
  if (wasProbe) becomeLate(s, entry);
  const isReset = knownNumbers(s, entry) === null && !table.isFromClient(entry, s.key) && !isOrphanOf(s, entry, packet);
  if (!table.isFromClient(entry, s.key)) swapLate(s, entry);
  if (isReset) dropAnswers(s, entry);
  setProbe(s, entry, packet);
  joinFrame(s, entry, packet);
  // An opening is counted once: what was taken for one has been.
  if (s.isPortZero && !wasProbe) s.sink.opened?.(s.view.at(entry));
  const isDropped = knownNumbers(s, entry) === null && passOverDropped(s, entry);
  const answer = firstAnswer(s, entry, packet);
  if (answer === 0) {
    if (isDropped) waitForAnswer(s, entry);
    else goOnUnanswered(s, entry, isReset);
    return;
  }
  decideVerdict(s, entry, verdictOf(answers.kind(answer)), answer);
  for (let other = table.get(entry, t.ANSWERS_FIRST); other !== 0; other = answers.next(other))
    if (other !== answer && answers.isAcceptable(other)) judgeBeside(s, entry, other);
  endAgain(s, entry);
}

const verdictOf = (kind: number): number =>
  kind === KIND_SYN_ACK ? ACCEPTED : kind === KIND_ICMP ? UNREACHABLE : REFUSED;

/** What its receiver drops was taken for an answer of its own, as nobody had asked; it answers nothing. Returns whether there is nothing else. */
function passOverDropped(s: Tracking, entry: number): boolean {
  const { table, answers } = s;
  const first = table.get(entry, t.ANSWERS_FIRST);
  let others = 0;
  for (let answer = first; answer !== 0; answer = answers.next(answer)) {
    if (isDroppedAnswer(s, answer)) answers.reject(answer);
    else others++;
  }
  return first !== 0 && others === 0;
}

/** As any SYN does. */
function waitForAnswer(s: Tracking, entry: number): void {
  const { table } = s;
  table.setVerdict(entry, UNDECIDED);
  table.set(entry, t.ANSWER, 0);
  table.enlist(entry, t.LIST_OPEN, s.clock.now + s.timeoutNanos);
  watchWaits(s, entry);
  tellChanged(s, entry);
}

/** What answers the opening segment, and was first on the wire; 0 when nothing does. */
function firstAnswer(s: Tracking, entry: number, packet: PacketRecord): number {
  const { answers } = s;
  let first = 0;
  for (let answer = s.table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    const isVerdict = answers.kind(answer) <= KIND_ICMP && answers.isAcceptable(answer);
    if (!isVerdict || (isSyn(s, entry) && !answersSyn(s, answer, packet))) continue;
    if (first === 0 || nanosBetween(s, answer, first) > 0) first = answer;
  }
  return first;
}

/** The SYN of a conversation, or of a client that has reset it, whose SYN-ACK is not known. */
function goOnUnanswered(s: Tracking, entry: number, isReset: boolean): void {
  const { table } = s;
  table.setVerdict(entry, UNDECIDED);
  table.set(entry, t.ANSWER, 0);
  table.add(entry, t.TRAIT_UNSEEN_ANSWER);
  if (isReset) {
    table.add(entry, t.TRAIT_CLIENT_RESET);
    waitForAnswer(s, entry);
    return;
  }
  const conversation = conversationOf(s, entry);
  const { lateServer, serverHeardFrame } = conversation;
  // Both ends have talked, and so has the server alone where it has acknowledged what only a connection has.
  const isEstablished =
    conversation.isMutual || sequenceDifference(conversation.lateClient, table.get(entry, t.ISN)) > 1;
  if (serverHeardFrame > 0 && isEstablished) acceptUnseen(s, entry, serverHeardFrame, lateServer);
  else {
    conversation.wentOnFrame ||= conversation.clientHeardFrame;
    conversation.serverAckFrame ||= serverHeardFrame;
    holdOpen(s, entry);
    watchWaits(s, entry);
    tellChanged(s, entry);
  }
  endAgain(s, entry);
}

/** Its end stands before its beginning; and both ends have talked, maybe. */
function endAgain(s: Tracking, entry: number): void {
  const { table } = s;
  if (table.verdict(entry) !== ACCEPTED) return;
  if (table.get(entry, t.CONVERSATION) !== 0 && conversationOf(s, entry).clientHeardFrame > 0 && s.isPortZero)
    table.add(entry, t.TRAIT_ESTABLISHED);
  if (table.has(entry, t.TRAIT_RESET | t.TRAIT_CLOSED_BY_FIN))
    table.enlist(entry, t.LIST_LINGER, s.clock.now + s.timeoutNanos);
}

function dropAnswers(s: Tracking, entry: number): void {
  const { table, answers } = s;
  const answer = table.get(entry, t.ANSWERS_FIRST);
  conversationOf(s, entry).clientResetFrame ||= answers.frame(answer);
  answers.release(answer);
  table.set(entry, t.ANSWERS_FIRST, 0);
  table.set(entry, t.ANSWERS_LAST, 0);
  table.set(entry, t.ANSWER, 0);
}

/**
 * RSTs that acknowledge a SYN stand before it, and were taken for invalid ones of earlier attempts on the same ends. They accuse nobody; of this SYN it is
 * known that there was an answer.
 */
export function findEarlyRefusals(s: Tracking, newest: number, packet: PacketRecord): boolean {
  if (s.digits === NO_TIME) return false;
  const { answers } = s;
  const isOfThis = (answer: number): boolean => {
    if (!answersSyn(s, answer, packet) || answers.digits(answer) === NO_TIME) return false;
    if (nanosSince(s, answers.seconds(answer), answers.nanos(answer)) >= 0) return false;
    answers.setEarly(answer);
    return true;
  };
  let found = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry))
    if (s.table.isFromClient(entry, s.key)) found += clearOf(s, entry, isOfThis);
  return found > 0;
}

/** The server's RST of a conversation stands before its SYN-ACK, and was taken for an invalid answer. */
export function findEarlyReset(s: Tracking, entry: number): void {
  const { table, answers } = s;
  if (!table.has(entry, t.TRAIT_INVALID_RESET)) return;
  const settling = table.get(entry, t.ANSWER);
  let reset = 0;
  clearOf(s, entry, (answer) => {
    const isLater = nanosBetween(s, settling, answer) > 0 && answers.ttl(answer) === answers.ttl(settling);
    if (!isLater || !isResetOfConversation(s, entry, segmentOf(s, answer))) return false;
    reset = answer;
    answers.setEarly(answer);
    return true;
  });
  if (reset !== 0) closeConversation(s, entry, t.TRAIT_RESET, segmentOf(s, reset), false);
}

// --- SYN-ACKs -----------------------------------------------------------------------------------------------------------

/** Whether a SYN-ACK is of the conversation, or the reset, that stands before it in the file, without a SYN. */
export function takesSynAck(s: Tracking, entry: number, packet: PacketRecord): boolean {
  if (!precedes(s, entry)) return false;
  const isFromClient = s.table.isFromClient(entry, s.key);
  if (mayContinue(s, entry)) {
    const sibling = siblingOf(s, entry);
    return isFromClient ? openedOwn(sibling, packet) : openedOther(sibling, packet);
  }
  if (!lacksOpening(s, entry)) return false;
  const numbers = knownNumbers(s, entry);
  if (numbers !== null) {
    const { client, server } = numbers;
    const sibling = { sequence: client, acknowledgment: server };
    return isFromClient ? openedOwn(sibling, packet) : openedOther(sibling, packet);
  }
  const answer = s.table.get(entry, t.ANSWER);
  if (answer === 0 || answer !== s.table.get(entry, t.ANSWERS_LAST) || s.answers.kind(answer) !== KIND_RESET)
    return false;
  const number = s.answers.sequence(answer);
  if (!isFromClient) return false;
  // The RST of the end that the SYN-ACK was sent to.
  const sent = sequenceDifference(number, packet.acknowledgment);
  return sent >= 0 && sent <= MOST_SENT;
}

/** After takesSynAck(). */
export function takeEarlierSynAck(s: Tracking, entry: number, packet: PacketRecord): void {
  const { table } = s;
  if (mayContinue(s, entry)) becomeLate(s, entry);
  const isReset = knownNumbers(s, entry) === null;
  if (table.isFromClient(entry, s.key)) swapLate(s, entry);
  if (isReset) dropAnswers(s, entry);
  addAnswer(s, entry, packet, KIND_SYN_ACK, true);
  table.set(entry, t.ANSWER, table.get(entry, t.ANSWERS_LAST));
  table.set(entry, t.STARTED_NANOS, s.nanos);
  table.setFloat(entry, t.STARTED_SECONDS, s.seconds);
  tellChanged(s, entry);
}

// --- stealth probes -----------------------------------------------------------------------------------------------------

/** Whether a segment without SYN and RST is what a lone answer, before it in the file, refuses (RFC 9293 §3.10.7.1) or quotes. */
export function isRefusedBefore(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const { table, answers } = s;
  if (!lacksOpening(s, entry) || table.listOf(entry) !== t.LIST_LINGER || !precedes(s, entry)) return false;
  if (!table.isFromClient(entry, s.key) || isAmbiguous(s)) return false;
  const answer = table.get(entry, t.ANSWER);
  if (answer === 0 || answer !== table.get(entry, t.ANSWERS_LAST)) return false;
  if (answers.kind(answer) === KIND_ICMP) return answers.sequence(answer) === packet.sequence;
  if (answers.kind(answer) !== KIND_RESET) return false;
  if ((packet.flags & ACK) !== 0) return answers.sequence(answer) === packet.acknowledgment;
  const length = Math.max(0, packet.payloadLength) + ((packet.flags & FIN) !== 0 ? 1 : 0);
  return (answers.flags(answer) & ACK) !== 0 && answers.acknowledgment(answer) === (packet.sequence + length) >>> 0;
}
