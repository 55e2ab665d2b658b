/** What came back, as a row of the pool of answers: see track/answer-pool.ts. The build reads the layout off this class into ../answer-layout.ts. */
@unmanaged
export class Answer {
  next: u32;
  frame: u32;
  nanos: u32;
  /** Big-endian words, IPv4 in the first. */
  source: u32;
  source1: u32;
  source2: u32;
  source3: u32;
  traits: u32;
  ipId: i32;
  sequence: u32;
  acknowledgment: u32;
  flags: i32;
  window: u32;
  payloadLength: i32;
  icmp: i32;
  repeats: u32;
  optionsLength: u32;
  reserved: i32;
  seconds: f64;
  options: u64;
  options2: u64;
  options4: u64;
  options6: u64;
  options8: u64;
  unused1: u64;

  /** The row of an answer, where the pool's rows begin at `rows`. */
  static at(rows: usize, answer: u32): Answer {
    return changetype<Answer>(rows + <usize>answer * offsetof<Answer>());
  }

  static setOptions(row: Answer, from: usize, length: u32): void {
    row.optionsLength = length;
    const to = changetype<usize>(row) + offsetof<Answer>('options');
    for (let i: usize = 0; i < length; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(from + i)));
  }
}
