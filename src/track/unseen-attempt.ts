/**
 * RSTs whose question is not in the capture, on ends of which it holds other attempts. A RST that acknowledges none of them is one
 * that the client must ignore, made by somebody who guesses (RFC 9293 §3.10.7.3), or the answer to an attempt that the capture
 * does not hold. It accuses nobody where the file shows the latter: these ends ask again and again; or what refuses another attempt
 * of theirs has sent it, by TTL, IP ID and window, and the two attempts were made as far apart, by the clock of their numbers, as
 * the RSTs came. Nobody is cleared whose TTL is not that of who answers. Where there is just one attempt, that nothing
 * else answers, the two cannot be told apart: it is an invalid reset.
 */
import { ACK, type PacketRecord } from '../decode/packet.ts';
import { KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { INVALID_RESET, REFUSED, SILENT, UNDECIDED, UNSOLICITED } from './codes.ts';
import { conversationOf, tellChanged } from './evidence.ts';
import { NO_TIME } from './exchange.ts';
import { decideWithoutAnswer } from './expiry.ts';
import { isDroppedAnswer, isSyn } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';

/**
 * Initial sequence numbers of one pair of ends grow with a clock (RFC 6528 §3), whose tick is 4 µs (RFC 9293 §3.4.1) down to
 * 64 ns (Linux: secure_tcp_seq). Round trips differ: the time between two answers is that between their questions by half or
 * twice.
 */
const MOST_NANOS_A_TICK = 4_000 * 2;
const LEAST_NANOS_A_TICK = 64 / 2;

/** Whether a RST that acknowledges none of the attempts may be the answer of one that the capture does not hold. */
export function isOfUnseenAttempt(
  s: Tracking,
  newest: number,
  entry: number,
  questions: number,
  packet: PacketRecord,
): boolean {
  const table = s.table;
  if ((packet.flags & ACK) === 0 || packet.sequence !== 0 || !isSyn(s, entry)) return false;
  if (table.verdict(entry) === UNSOLICITED) return false;
  if (questions > 1) return !isFromElsewhere(s, newest, packet);
  return table.verdict(entry) === REFUSED && isLikeReset(s, entry, packet);
}

/** Whether the exchange's answer is a RST of the same sender, by address and TTL. */
export function isLikeReset(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const answers = s.answers;
  const answer = s.table.get(entry, t.ANSWER);
  if (answer === 0 || answers.kind(answer) !== KIND_RESET || packet.sequence !== 0) return false;
  return answers.isFrom(answer, packet) && answers.ttl(answer) === packet.ttl;
}

/** Whether who has answered attempts on these ends is further away, or nearer, than who sent this: each time another one. */
function isFromElsewhere(s: Tracking, newest: number, packet: PacketRecord): boolean {
  const { table, answers } = s;
  let others = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    const answer = table.get(entry, t.ANSWER);
    if (answer === 0 || !isSyn(s, entry) || table.isFromClient(entry, s.key)) continue;
    const isAnswer = answers.kind(answer) === KIND_RESET || answers.kind(answer) === KIND_SYN_ACK;
    if (!isAnswer || !answers.isAcceptable(answer) || !answers.isFrom(answer, packet)) continue;
    if (answers.ttl(answer) === packet.ttl) return false;
    others++;
  }
  return others > 0;
}

/** An attempt was refused: who did that has refused others too, where RSTs that look the same were taken for invalid ones. */
export function clearOthers(s: Tracking, newest: number, refused: number): void {
  const { table } = s;
  const settling = table.get(refused, t.ANSWER);
  if (table.verdict(refused) !== REFUSED || settling === 0 || !isSyn(s, refused)) return;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry))
    clearOf(s, entry, (answer) => isRefusalAlike(s, answer, settling) && keepsTime(s, answer, settling));
}

/** RSTs that were taken for invalid ones are of another attempt where `isOther` says so. Returns how many. */
export function clearOf(s: Tracking, entry: number, isOther: (answer: number) => boolean): number {
  if (!s.table.has(entry, t.TRAIT_INVALID_RESET)) return 0;
  const { table, answers } = s;
  const conversation = conversationOf(s, entry);
  let cleared = 0;
  let firstLeft = 0;
  for (let answer = table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    if (answers.kind(answer) !== KIND_RESET || answers.isAcceptable(answer) || answers.isOfOther(answer)) continue;
    if (isDroppedAnswer(s, answer)) continue;
    if (isOther(answer)) {
      answers.setOfOther(answer);
      cleared += 1 + answers.repeats(answer);
    } else if (firstLeft === 0) firstLeft = answers.frame(answer);
  }
  if (cleared === 0) return 0;
  conversation.invalidResets = firstLeft === 0 ? 0 : Math.max(1, conversation.invalidResets - cleared);
  conversation.invalidResetFrame = firstLeft;
  if (firstLeft === 0) {
    table.drop(entry, t.TRAIT_INVALID_RESET);
    if (table.verdict(entry) === INVALID_RESET) {
      table.set(entry, t.ANSWER, 0);
      decideWithoutAnswer(s, entry, table.digits(entry) === NO_TIME ? UNDECIDED : SILENT);
    }
  }
  tellChanged(s, entry);
  return cleared;
}

/** As a closed port does it (RFC 9293 §3.10.7.1), and with the marks of the same stack at the same distance. */
function isRefusalAlike({ answers }: Tracking, answer: number, settling: number): boolean {
  return (
    (answers.flags(answer) & ACK) !== 0 &&
    answers.flags(answer) === answers.flags(settling) &&
    answers.sequence(answer) === 0 &&
    answers.sequence(settling) === 0 &&
    answers.ttl(answer) === answers.ttl(settling) &&
    (answers.ipId(answer) === 0) === (answers.ipId(settling) === 0) &&
    answers.window(answer) === answers.window(settling)
  );
}

/** Whether the number that a RST acknowledges is as far behind that of a later one as an earlier attempt's would be. */
function keepsTime({ answers }: Tracking, answer: number, settling: number): boolean {
  if (answers.digits(answer) === NO_TIME || answers.digits(settling) === NO_TIME) return false;
  const behind = (answers.acknowledgment(settling) - answers.acknowledgment(answer)) >>> 0;
  const seconds = answers.seconds(settling) - answers.seconds(answer);
  const elapsed = seconds * 1e9 + answers.nanos(settling) - answers.nanos(answer);
  return elapsed > 0 && behind * MOST_NANOS_A_TICK >= elapsed && behind * LEAST_NANOS_A_TICK <= elapsed;
}
