/** How an exchange ends: by time, by the bound of the table, or with the capture. */

import { LONE_NANOS, MAX_LONE, MOST_PAUSE_NANOS } from '../core/layout.ts';
import { KIND_ACK, KIND_OTHER, KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { CLOSED_NANOS, MOST_CLOSED } from './closed.ts';
import { CHALLENGED, INVALID_RESET, SILENT, UNDECIDED } from './codes.ts';
import { tellChanged } from './evidence.ts';
import { NO_TIME } from './exchange.ts';
import { isAcknowledgedBy, isDroppedAnswer, mayContinue, patienceOf } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { setWaits, WAITS_NONE } from './waits.ts';

/** After a retransmission a stack waits about twice as long for the next: hold a silent exchange until that is past. */
const BACKOFF_FACTOR = 2.5;
/** Frames without time stamps came before the first with one: what they opened waits from now on. */
function startTimers(s: Tracking): void {
  const table = s.table;
  s.hasTimers = true;
  for (const list of [t.LIST_OPEN, t.LIST_LINGER]) {
    // Each goes behind the others, until the first is the first again.
    const first = table.head(list);
    // What came after the clock was started waits by it already.
    for (let entry = first; entry !== 0 && table.deadline(entry) <= s.timeoutNanos; ) {
      table.enlist(entry, list, s.clock.now + s.timeoutNanos);
      entry = table.head(list);
      if (entry === first) break;
    }
  }
}

export function expireAll(s: Tracking): void {
  const table = s.table;
  // The clock may be somebody else's, too, who has started it.
  if (!s.hasTimers && s.clock.isRunning) startTimers(s);
  s.ledger?.expire();
  const { now } = s.clock;
  for (let entry = s.takeover?.due(now) ?? 0; entry !== 0; entry = s.takeover?.due(now) ?? 0) {
    if (table.listOf(entry) === t.LIST_OPEN) timeOut(s, entry, now);
    else endLinger(s, entry, now);
  }
  for (let entry = table.head(t.LIST_OPEN); entry !== 0; entry = table.head(t.LIST_OPEN)) {
    if (table.deadline(entry) > now) break;
    timeOut(s, entry, now);
  }
  for (let entry = table.head(t.LIST_LINGER); entry !== 0; entry = table.head(t.LIST_LINGER)) {
    if (table.deadline(entry) > now) break;
    endLinger(s, entry, now);
  }
  for (let entry = table.head(t.LIST_CLOSED); entry !== 0; entry = table.head(t.LIST_CLOSED)) {
    if (table.deadline(entry) > now && table.count(t.LIST_CLOSED) <= MOST_CLOSED) break;
    settleExchange(s, entry);
  }
  while (table.count(t.LIST_LONE) > MAX_LONE && table.deadline(table.head(t.LIST_LONE)) <= now)
    settleExchange(s, table.head(t.LIST_LONE));
}

/**
 * No frame of a capture by one clock has a later time stamp, but stamps have gone back: the tracker's clock tells less then than how
 * far the latest is from the last of each exchange. Of more than a pause nobody knows whether the clock was set meanwhile. Of ordinary
 * ports others keep exchanges, too, which go by the tracker's clock.
 */
export function expireByStamps(s: Tracking, seconds: number, nanos: number): void {
  const { table, clock } = s;
  for (let entry = table.head(t.LIST_OPEN); entry !== 0; ) {
    const following = table.following(entry);
    const isPortZero = table.clientPort(entry) === 0 || table.serverPort(entry) === 0;
    const waited = (seconds - table.getFloat(entry, t.LAST_SECONDS)) * 1e9 + (nanos - table.get(entry, t.LAST_NANOS));
    if (isPortZero && table.digits(entry) !== NO_TIME && waited >= patienceOf(s, entry) && waited <= MOST_PAUSE_NANOS)
      timeOut(s, entry, clock.now);
    entry = following;
  }
}

/** The time for an answer is over. */
function timeOut(s: Tracking, entry: number, now: number): void {
  const table = s.table;
  // How long an opening without a time stamp has waited, nobody knows.
  decideWithoutAnswer(s, entry, table.digits(entry) === NO_TIME ? UNDECIDED : SILENT);
  const lastNanos = table.deadline(entry) - s.timeoutNanos;
  const hold = Math.max(table.getFloat(entry, t.LAST_GAP) * BACKOFF_FACTOR, patienceOf(s, entry));
  table.setFloat(entry, t.HOLD_UNTIL, lastNanos + hold);
  table.drop(entry, t.TRAIT_QUIET);
  table.add(entry, t.TRAIT_TIMED_OUT);
  table.enlist(entry, t.LIST_LINGER, now + s.timeoutNanos);
  tellChanged(s, entry);
}

function endLinger(s: Tracking, entry: number, now: number): void {
  const table = s.table;
  if (table.has(entry, t.TRAIT_TIMED_OUT) && now < table.getFloat(entry, t.HOLD_UNTIL))
    table.enlist(entry, t.LIST_LINGER, now + s.timeoutNanos);
  else if (mayContinue(s, entry)) table.enlist(entry, t.LIST_LONE, now + LONE_NANOS);
  else if (isClosed(s, entry)) table.enlist(entry, t.LIST_CLOSED, now + CLOSED_NANOS);
  else settleExchange(s, entry);
}

/** Whether it was a conversation over port 0: of others nobody asks what comes late. */
function isClosed(s: Tracking, entry: number): boolean {
  const table = s.table;
  if (!table.has(entry, t.TRAIT_RESET | t.TRAIT_CLOSED_BY_FIN)) return false;
  return table.clientPort(entry) === 0 || table.serverPort(entry) === 0;
}

/** The verdict of an exchange that got no acceptable answer; `otherwise` where it got nothing at all. */
export function decideWithoutAnswer(s: Tracking, entry: number, otherwise: number): void {
  const table = s.table;
  const first = table.get(entry, t.ANSWERS_FIRST);
  if (table.has(entry, t.TRAIT_CHALLENGED)) {
    table.setVerdict(entry, CHALLENGED);
    table.set(entry, t.ANSWER, firstChallenge(s, entry, first));
  } else if (table.has(entry, t.TRAIT_INVALID_RESET)) {
    table.setVerdict(entry, INVALID_RESET);
    table.set(entry, t.ANSWER, firstInvalid(s, first));
  } else if (table.has(entry, t.TRAIT_CLIENT_RESET | t.TRAIT_UNSEEN_ANSWER | t.TRAIT_HIDDEN_ANSWER)) {
    table.setVerdict(entry, UNDECIDED);
  } else table.setVerdict(entry, otherwise);
}

/** The first segment that acknowledges something else, or nothing. */
function firstChallenge(s: Tracking, entry: number, first: number): number {
  const { answers } = s;
  for (let answer = first; answer !== 0; answer = answers.next(answer)) {
    const kind = answers.kind(answer);
    if (kind !== KIND_ACK && kind !== KIND_SYN_ACK && kind !== KIND_OTHER) continue;
    if (isDroppedAnswer(s, answer)) continue;
    if (kind === KIND_OTHER || !isAcknowledgedBy(s, entry, answers.acknowledgment(answer))) return answer;
  }
  return 0;
}

/** The first RST that the client must ignore. */
function firstInvalid(s: Tracking, first: number): number {
  const { answers } = s;
  for (let answer = first; answer !== 0; answer = answers.next(answer))
    if (answers.kind(answer) === KIND_RESET && !isDroppedAnswer(s, answer) && !answers.isOfOther(answer)) return answer;
  return 0;
}

/** What is already decided goes first; then the one not heard of for longest. */
function leastWorthKeeping(s: Tracking): number {
  const table = s.table;
  const closed = table.head(t.LIST_CLOSED);
  if (closed !== 0) return closed;
  const lingering = table.head(t.LIST_LINGER);
  if (lingering !== 0) return lingering;
  const lone = table.head(t.LIST_LONE);
  if (lone !== 0) return lone;
  const conversing = table.head(t.LIST_CONVERSATION);
  const open = table.head(t.LIST_OPEN);
  if (open === 0 || conversing === 0) return open === 0 ? conversing : open;
  return table.get(conversing, t.ID) >>> 0 < table.get(open, t.ID) >>> 0 ? conversing : open;
}

export function evictLeast(s: Tracking): void {
  const entry = leastWorthKeeping(s);
  const other = s.ledger?.leastWorthKeeping ?? null;
  const isOther = other !== null && (entry === 0 || isWorthMore(s, entry, other));
  if (!isOther) {
    evictExchange(s, entry);
    return;
  }
  if (other.isOpen) s.evicted++;
  s.ledger?.evictLeast();
}

/** Whether the entry is worth keeping more than what the ledger would give away. */
function isWorthMore(s: Tracking, entry: number, other: { readonly isDecided: boolean; readonly id: number }): boolean {
  const list = s.table.listOf(entry);
  const isDecided = list === t.LIST_LINGER || list === t.LIST_LONE || list === t.LIST_CLOSED;
  return isDecided === other.isDecided ? other.id < s.table.get(entry, t.ID) >>> 0 : other.isDecided;
}

function evictExchange(s: Tracking, entry: number): void {
  if (s.table.listOf(entry) === t.LIST_OPEN) {
    decideWithoutAnswer(s, entry, UNDECIDED);
    if (s.table.verdict(entry) === UNDECIDED) loseQuestion(s, entry);
  }
  settleExchange(s, entry);
}

/** Its answer may come yet. */
export function loseQuestion(s: Tracking, entry: number): void {
  const table = s.table;
  s.evicted++;
  const hash = table.hash(entry);
  const isn = table.get(entry, t.ISN);
  const length = Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH));
  s.evictedQuestions.note(hash, isn);
  if (length > 0) s.evictedQuestions.note(hash, (isn + length) | 0);
}

export function settleExchange(s: Tracking, entry: number): void {
  endExchange(s, entry);
  s.table.remove(entry);
}

/** Tells that it has settled, and gives back all that it has but its row. */
export function endExchange(s: Tracking, entry: number): void {
  const table = s.table;
  s.sink.settled(s.view.at(entry));
  setWaits(s, entry, WAITS_NONE, table.clientPort(entry), table.serverPort(entry));
  if (table.get(entry, t.FRAMES_LAST) !== 0) s.frames.release(table.get(entry, t.FRAMES_FIRST));
  s.answers.release(table.get(entry, t.ANSWERS_FIRST));
  const conversation = table.get(entry, t.CONVERSATION);
  if (conversation !== 0) {
    s.traces.give(s.conversations.get(conversation)?.traced?.count ?? 0);
    s.conversations.release(conversation);
  }
  if (s.ledger !== null && table.clientPort(entry) !== 0 && table.serverPort(entry) !== 0)
    s.ledger.note(table.ends(entry), -1);
  s.attempts.forget(entry);
  s.crossings.forget(entry);
}
