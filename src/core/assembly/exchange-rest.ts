/**
 * What few exchanges have: a row beside that of Exchange, which is there only where TRAIT_HAS_REST says so, and zero when that is first said. The
 * fields are numbered on from those of Exchange.
 */
@unmanaged
export class ExchangeRest {
  newer: u32;
  older: u32;
  /** The other words of IPv6. */
  clientMore: u32;
  client2: u32;
  client3: u32;
  serverMore: u32;
  server2: u32;
  server3: u32;
  lastGap: f64;
  holdUntil: f64;
  probePayloadLength: i32;
  framesLast: u32;
  retransmissions: u32;
  anomalies: u32;
  mark: u32;
  conversation: u32;
  waits: u32;
  /** What options longer than most go on with (exchange-options.ts). */
  optionsMore: u32;
  optionsMore1: u32;
  optionsMore2: u32;
  optionsMore3: u32;
  optionsMore4: u32;
  /** Where there is no rest, this is the scope; */
  path: u32;
  /** these are the first answer; */
  answersLast: u32;
  answer: u32;
  /** this is 0; */
  probeAcknowledgment: u32;
  /** and these are when it started, or 0 where there was no question. */
  lastSeconds: f64;
  lastNanos: u32;
  unused1: u32;

  static at(rows: usize, entry: u32): ExchangeRest {
    return changetype<ExchangeRest>(rows + <usize>entry * offsetof<ExchangeRest>());
  }

  /** What the options go on with, which begins at `from`. */
  static setOptions(row: ExchangeRest, from: usize, length: usize): void {
    const to = changetype<usize>(row) + offsetof<ExchangeRest>('optionsMore');
    for (let i: usize = 0; i < length; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(from + i)));
  }

  static clear(row: ExchangeRest): void {
    memory.fill(changetype<usize>(row), 0, offsetof<ExchangeRest>());
  }
}
