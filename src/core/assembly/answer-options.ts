import { ANSWER_OPTIONS } from '../layout';
import { AnswerRest } from './answer-rest';

/** The options of an answer, as long as most are, where their length is not 0; what is longer goes on in the rest (answer-rest.ts). */
@unmanaged
export class AnswerOptions {
  options: u32;
  options1: u32;
  options2: u32;
  options3: u32;
  options4: u32;

  /** Whether options of that length go on in the rest. */
  static areLong(length: u32): bool {
    return length > <u32>offsetof<AnswerOptions>();
  }

  /** Enters those that begin at `from`; `rest` is that of the answer, where they are long. */
  static set(answer: u32, rest: AnswerRest | null, from: usize, length: usize): void {
    const most = offsetof<AnswerOptions>();
    const to = <usize>load<u32>(ANSWER_OPTIONS) + <usize>answer * most;
    for (let i: usize = 0; i < min(length, most); i += 4) store<u32>(to + i, bswap<u32>(load<u32>(from + i)));
    if (rest !== null && length > most) AnswerRest.setOptions(rest, from + most, length - most);
  }
}
