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

  /** What the options go on with, which begins at `from`. */
  static setOptions(row: AnswerRest, from: usize, length: usize): void {
    const to = changetype<usize>(row) + offsetof<AnswerRest>('optionsMore');
    for (let i: usize = 0; i < length; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(from + i)));
  }
}
