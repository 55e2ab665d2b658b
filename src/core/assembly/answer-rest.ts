/** What few answers have, in a row beside that of Answer: of IPv6 the rest of the source, and options where their length is not 0. */
@unmanaged
export class AnswerRest {
  sourceMore: u32;
  source2: u32;
  source3: u32;
  options: u32;
  options1: u32;
  options2: u32;
  options3: u32;
  options4: u32;
  options5: u32;
  options6: u32;
  options7: u32;
  options8: u32;
  options9: u32;
  unused1: u32;

  static at(rows: usize, answer: u32): AnswerRest {
    return changetype<AnswerRest>(rows + <usize>answer * offsetof<AnswerRest>());
  }

  static setOptions(row: AnswerRest, from: usize, length: u32): void {
    const to = changetype<usize>(row) + offsetof<AnswerRest>('options');
    for (let i: usize = 0; i < length; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(from + i)));
  }
}
