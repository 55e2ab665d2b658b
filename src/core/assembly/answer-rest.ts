import { ANSWER_OPTIONS } from '../layout';
import { AnswerOptions } from './answer-options';

/**
 * What few answers have, in a row beside that of Answer, which is there only where ANSWER_HAS_REST says so: the next in the list, what did not come alone or
 * is no segment, of IPv6 the rest of the source, and what long options go on with.
 */
@unmanaged
export class AnswerRest {
  next: u32;
  payloadLength: i32;
  icmp: i32;
  repeats: u32;
  sourceMore: u32;
  source2: u32;
  source3: u32;
  optionsMore: u32;
  optionsMore1: u32;
  optionsMore2: u32;
  optionsMore3: u32;
  optionsMore4: u32;

  /** As of an answer that has none. */
  static begin(rows: usize, answer: u32): AnswerRest {
    const rest = changetype<AnswerRest>(rows + <usize>answer * offsetof<AnswerRest>());
    rest.next = 0;
    rest.payloadLength = 0;
    rest.icmp = -1;
    rest.repeats = 0;
    return rest;
  }

  /** The options of an answer, which begin at `from`; `rest` where they are longer than most. */
  static setOptions(answer: u32, rest: AnswerRest | null, from: usize, length: usize): void {
    const first = <usize>load<u32>(ANSWER_OPTIONS) + <usize>answer * offsetof<AnswerOptions>();
    const most = offsetof<AnswerOptions>();
    for (let i: usize = 0; i < min(length, most); i += 4) store<u32>(first + i, bswap<u32>(load<u32>(from + i)));
    if (rest === null) return;
    const more = changetype<usize>(rest) + offsetof<AnswerRest>('optionsMore');
    for (let i = most; i < length; i += 4) store<u32>(more + i - most, bswap<u32>(load<u32>(from + i)));
  }
}
