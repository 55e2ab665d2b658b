/*
 * The pool of answers (track/answer-pool.ts), as far as the core adds to it: plain segments without payload.
 */
import {
  ANSWER_ACCEPTABLE,
  ANSWER_DIGITS_SHIFT,
  ANSWER_DONT_FRAGMENT,
  ANSWER_HAS_ACKNOWLEDGMENT,
  ANSWER_HAS_RESERVED,
  ANSWER_HAS_REST,
  ANSWER_HAS_SEQUENCE,
  ANSWER_HAS_URGENT,
  ANSWER_HAS_WINDOW,
  ANSWER_IPV6,
  ANSWER_KIND_SHIFT,
  ANSWER_LIMIT,
  ANSWER_RESERVED_SHIFT,
  ANSWER_REST,
  ANSWER_ROWS,
  ANSWERS,
  ANSWERS_FREE,
  ANSWERS_USED,
} from '../layout';
import { Answer } from './answer';
import { AnswerOptions } from './answer-options';
import { AnswerRest } from './answer-rest';
import {
  acknowledgment,
  digits,
  dontFragment,
  flagsOf,
  frame,
  headerLength,
  identification,
  isIpv6,
  nanos,
  reservedBits,
  seconds,
  sequence,
  timeToLive,
  transport,
  windowAndUrgent,
} from './at-hand';
import { source, source1, source2, source3 } from './key';

function control(word: usize): u32 {
  return load<u32>(ANSWERS + (word << 2));
}

/** Whether there is room for one more. */
export function poolHasRoom(): bool {
  return control(ANSWERS_FREE) !== 0 || control(ANSWERS_USED) < load<u32>(ANSWER_LIMIT);
}

/** The segment at hand as an answer that counts; after poolHasRoom(). Without `keeps`, of its options nothing is kept. */
export function createAnswer(kind: u32, keeps: bool): u32 {
  const rows = <usize>load<u32>(ANSWER_ROWS);
  let answer = control(ANSWERS_FREE);
  // Of one that is free, the next is where the frame was.
  if (answer !== 0) store<u32>(ANSWERS + ((<usize>ANSWERS_FREE) << 2), Answer.at(rows, answer).frame);
  else {
    answer = control(ANSWERS_USED);
    store<u32>(ANSWERS + ((<usize>ANSWERS_USED) << 2), answer + 1);
  }
  const row = Answer.at(rows, answer);
  row.frame = frame;
  row.seconds = <f64>seconds;
  row.nanos = nanos;
  row.source = source;
  row.traits =
    timeToLive() |
    (kind << ANSWER_KIND_SHIFT) |
    ANSWER_ACCEPTABLE |
    (dontFragment() ? ANSWER_DONT_FRAGMENT : 0) |
    (isIpv6 ? ANSWER_IPV6 : 0) |
    (ANSWER_HAS_SEQUENCE | ANSWER_HAS_ACKNOWLEDGMENT | ANSWER_HAS_WINDOW | ANSWER_HAS_URGENT) |
    (digits << ANSWER_DIGITS_SHIFT) |
    (reservedBits() << ANSWER_RESERVED_SHIFT) |
    ANSWER_HAS_RESERVED;
  row.ipId = identification();
  row.sequence = sequence();
  row.acknowledgment = acknowledgment();
  row.flags = flagsOf();
  row.window = windowAndUrgent();
  const optionsLength: u32 = keeps ? headerLength - 20 : 0;
  row.optionsLength = optionsLength;
  let rest: AnswerRest | null = null;
  if (isIpv6 || AnswerOptions.areLong(optionsLength)) {
    row.traits |= ANSWER_HAS_REST;
    rest = AnswerRest.begin(<usize>load<u32>(ANSWER_REST), answer);
    rest.sourceMore = source1;
    rest.source2 = source2;
    rest.source3 = source3;
  }
  if (optionsLength > 0) AnswerOptions.set(answer, rest, transport + 20, optionsLength);
  return answer;
}
