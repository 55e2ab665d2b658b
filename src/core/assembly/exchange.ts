/**
 * An exchange as a row of the table: four cache lines, of which a new SYN that is not known touches those it fills. The build reads
 * the layout off this class into ../exchange-layout.ts, by which the tracker reads and writes the same rows. What the fields
 * mean in detail, and the bits of `traits`: track/table.ts.
 */
@unmanaged
export class Exchange {
  // What finds it, and its list.
  /** client port << 16 | server port */
  ports: u32;
  scope: u32;
  traits: u32;
  hash: u32;
  newer: u32;
  older: u32;
  listPrevious: i32;
  listNext: u32;
  deadline: f64;
  list: u32;
  isn: u32;
  /** Addresses are big-endian words, IPv4 in the first. */
  client: u32;
  client1: u32;
  client2: u32;
  client3: u32;

  // What most segments look at.
  server: u32;
  server1: u32;
  server2: u32;
  server3: u32;
  probeHeader: u32;
  probeIpId: i32;
  lastSeconds: f64;
  lastNanos: u32;
  startedNanos: u32;
  startedSeconds: f64;
  probeFrame: u32;
  id: u32;
  probePayloadLength: i32;
  ends: u32;

  // Evidence.
  probeAcknowledgment: u32;
  probeWindow: u32;
  framesFirst: u32;
  framesLast: u32;
  answersFirst: u32;
  answersLast: u32;
  answer: u32;
  retransmissions: u32;
  anomalies: u32;
  mark: u32;
  conversation: u32;
  layers: u32;
  path: u32;
  waits: u32;
  optionsLength: u32;
  frameSecond: u32;
  options: u64;
  options2: u64;
  options4: u64;
  options6: u64;
  options8: u64;
  lastGap: f64;
  holdUntil: f64;
  unused2: u64;

  /** The row of an entry, where the table's rows begin at `rows`. */
  static at(rows: usize, entry: u32): Exchange {
    return changetype<Exchange>(rows + <usize>entry * offsetof<Exchange>());
  }

  static clear(row: Exchange): void {
    memory.fill(changetype<usize>(row), 0, offsetof<Exchange>());
  }

  static setOptions(row: Exchange, from: usize, length: u32): void {
    row.optionsLength = length;
    const to = changetype<usize>(row) + offsetof<Exchange>('options');
    for (let i: usize = 0; i < length; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(from + i)));
  }
}
