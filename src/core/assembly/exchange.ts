/**
 * An exchange as a row of the table: all of a SYN over IPv4, or of an answer to none, but its options; what is mostly as something else is stands in the rest. The build
 * reads the layout off this class into ../exchange-layout.ts, by which the tracker reads and writes the same rows. What the fields mean in detail, and
 * the bits of `traits`: track/table.ts.
 */
@unmanaged
export class Exchange {
  // What finds it, and its list.
  /** client port << 16 | server port */
  ports: u32;
  scope: u32;
  traits: u32;
  hash: u32;
  /** Addresses are big-endian words, IPv4 in the first. */
  client: u32;
  server: u32;
  listPrevious: i32;
  listNext: u32;
  deadline: f64;
  list: u32;
  /** The first of its answers, which is the last too, and has settled the verdict, where the rest says nothing else. */
  answersFirst: u32;

  // Evidence.
  isn: u32;
  probeFrame: u32;
  startedSeconds: f64;
  startedNanos: u32;
  id: u32;
  framesFirst: u32;
  frameSecond: u32;
  layers: u32;
  probeHeader: u32;
  probeIpId: i32;
  probeWindow: u32;

  /** The row of an entry, where the table's rows begin at `rows`. */
  static at(rows: usize, entry: u32): Exchange {
    return changetype<Exchange>(rows + <usize>entry * offsetof<Exchange>());
  }

  static clear(row: Exchange): void {
    memory.fill(changetype<usize>(row), 0, offsetof<Exchange>());
  }
}
