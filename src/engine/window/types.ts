/**
 * Counts in a sliding window, exactly, for many groups at a time (a slot each). Most groups have one opening only (forged
 * sources, a scan that asks each host once), so the first is kept in flat arrays, and more is allocated with the second.
 * Slots come in order, and the arrays grow with them.
 * Times are nanoseconds that never step back within a group; what is older than the window's length is forgotten.
 */
export interface WindowCounter {
  /** Openings or peers kept beyond the first of each group: for a bound on memory. */
  readonly held: number;
  /** Forgets what the slot counted. */
  clear(slot: number): void;
  /** Calls back for what is in the slot's window, oldest first. */
  forEach(slot: number, visit: (nanos: number, frame: number) => void): void;
}
