/*
 * The pool of answers (track/answer-pool.ts), as far as the core adds to it: plain segments without payload.
 */
import {
  ANSWER_ACCEPTABLE,
  ANSWER_DIGITS_SHIFT,
  ANSWER_DONT_FRAGMENT,
  ANSWER_HAS_ACKNOWLEDGMENT,
  ANSWER_HAS_SEQUENCE,
  ANSWER_HAS_URGENT,
  ANSWER_HAS_WINDOW,
  ANSWER_IPV6,
  ANSWER_KIND_SHIFT,
  ANSWER_LIMIT,
  ANSWER_ROWS,
  ANSWERS,
  ANSWERS_FREE,
  ANSWERS_USED,
} from '../layout';
import { Answer } from './answer';
import { source, source1, source2, source3 } from './key';

function control(word: usize): u32 {
  return load<u32>(ANSWERS + (word << 2));
}

/** Whether there is room for one more. */
export function poolHasRoom(): bool {
  return control(ANSWERS_FREE) !== 0 || control(ANSWERS_USED) < load<u32>(ANSWER_LIMIT);
}

/** The segment at hand as an answer that counts; after poolHasRoom(). Without `keeps`, of its options nothing is kept. */
export function createAnswer(
  at: usize,
  transport: usize,
  headerLength: u32,
  ipv6: bool,
  kind: u32,
  seconds: u32,
  nanos: u32,
  digits: u32,
  frame: u32,
  keeps: bool,
): u32 {
  const rows = <usize>load<u32>(ANSWER_ROWS);
  let answer = control(ANSWERS_FREE);
  if (answer !== 0) store<u32>(ANSWERS + ((<usize>ANSWERS_FREE) << 2), Answer.at(rows, answer).next);
  else {
    answer = control(ANSWERS_USED);
    store<u32>(ANSWERS + ((<usize>ANSWERS_USED) << 2), answer + 1);
  }
  const row = Answer.at(rows, answer);
  row.next = 0;
  row.frame = frame;
  row.seconds = <f64>seconds;
  row.nanos = nanos;
  row.source = source;
  row.source1 = source1;
  row.source2 = source2;
  row.source3 = source3;
  const high = <u32>load<u8>(transport, 12);
  row.traits =
    <u32>load<u8>(at + (ipv6 ? 7 : 8)) |
    (kind << ANSWER_KIND_SHIFT) |
    ANSWER_ACCEPTABLE |
    (!ipv6 && (load<u8>(at, 6) & 0x40) !== 0 ? ANSWER_DONT_FRAGMENT : 0) |
    (ipv6 ? ANSWER_IPV6 : 0) |
    (ANSWER_HAS_SEQUENCE | ANSWER_HAS_ACKNOWLEDGMENT | ANSWER_HAS_WINDOW | ANSWER_HAS_URGENT) |
    (digits << ANSWER_DIGITS_SHIFT);
  row.ipId = ipv6 ? -1 : <i32>bswap<u16>(load<u16>(at, 4));
  row.sequence = bswap<u32>(load<u32>(transport, 4));
  row.acknowledgment = bswap<u32>(load<u32>(transport, 8));
  row.flags = ((high & 1) << 8) | <u32>load<u8>(transport, 13);
  row.window = ((<u32>bswap<u16>(load<u16>(transport, 14))) << 16) | <u32>bswap<u16>(load<u16>(transport, 18));
  row.reserved = (high >> 1) & 7;
  row.payloadLength = 0;
  row.icmp = -1;
  row.repeats = 0;
  row.optionsLength = 0;
  if (keeps) Answer.setOptions(row, transport + 20, headerLength - 20);
  return answer;
}
