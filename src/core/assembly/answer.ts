/**
 * What came back, as a row of the pool of answers: what a segment without payload fills over IPv4, but its options. See track/answer-pool.ts. The
 * build reads the layout off this class into ../answer-layout.ts.
 */
@unmanaged
export class Answer {
  frame: u32;
  nanos: u32;
  seconds: f64;
  /** A big-endian word; the others of IPv6 are in the rest. */
  source: u32;
  traits: u32;
  ipId: i32;
  sequence: u32;
  acknowledgment: u32;
  flags: i32;
  window: u32;
  optionsLength: u32;

  /** The row of an answer, where the pool's rows begin at `rows`. */
  static at(rows: usize, answer: u32): Answer {
    return changetype<Answer>(rows + <usize>answer * offsetof<Answer>());
  }
}
