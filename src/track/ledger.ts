/**
 * Somebody else who keeps exchanges on ordinary ports as long as nothing unusual happens to them (core/). One pair of ends is
 * in the ledger, or in the tracker's table, or in neither, never in both, whatever the scope; and in the ledger in one scope only.
 */
import type { FlowKey } from './flow-key.ts';

export interface Ledger {
  /** State of the clock that both go by: see CaptureClock. */
  readonly clock: Float64Array;
  /** Exchanges that it keeps. */
  readonly size: number;
  /** Id for an exchange that the tracker opens. */
  nextId(): number;
  /** Takes the exchange with these ends, in either direction and whatever scope, out of the ledger; null when it is not there. */
  take(key: FlowKey): LedgerEntry | null;
  /** Whether it keeps an exchange with these ends, in either direction and whatever scope, that waits for an answer. */
  awaits(key: FlowKey): boolean;
  /** The tracker's table holds one exchange more (or less) on ordinary ports whose ends have this hash. */
  note(hash: number, by: 1 | -1): void;
  /** What is least worth keeping there; null when the ledger is empty. */
  readonly leastWorthKeeping: { readonly isDecided: boolean; readonly isOpen: boolean; readonly id: number } | null;
  /** Settles that before its time. */
  evictLeast(): void;
  /** The clock was advanced. */
  expire(): void;
  /** Settles what is left. */
  finish(): void;
}

/** An exchange as the ledger hands it over. Addresses are words as in the table; `answer` is null where none came. */
export interface LedgerEntry {
  readonly id: number;
  readonly scope: number;
  readonly client: Int32Array;
  readonly server: Int32Array;
  readonly ports: number;
  readonly state: 'open' | 'conversing' | 'closed' | 'refused' | 'silent';
  readonly clientFin: boolean;
  readonly serverFin: boolean;
  readonly reset: boolean;
  readonly closedByFin: boolean;
  /** Time by the clock at which its timer fires. */
  readonly deadline: number;
  /** Nanoseconds between the last two transmissions of an open one; 0 when there was one. */
  readonly lastGap: number;
  /** Time until which a silent one is held. */
  readonly holdUntil: number;
  /** Time of the first transmission. */
  readonly startedSeconds: number;
  readonly startedNanos: number;
  /** As it was transmitted last, but for the frame, which is the first. */
  readonly probe: LedgerSegment;
  readonly answer: LedgerSegment | null;
}

export interface LedgerSegment {
  readonly frame: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly flags: number;
  readonly ttl: number;
  /** -1 for IPv6. */
  readonly ipId: number;
  readonly sequence: number;
  readonly acknowledgment: number;
}
