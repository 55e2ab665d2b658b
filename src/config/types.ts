import type { DecoderOptions } from '../decode/decoder.ts';
import type { OptionValue } from '../engine/types.ts';
import type { Verdict } from '../track/exchange.ts';
import type { Severity } from '../words/severity.ts';

/** A block of addresses: 4 or 16 bytes and the number of leading bits that count. */
export interface Cidr {
  readonly bytes: Uint8Array;
  readonly bits: number;
  /** As it was written. */
  readonly text: string;
}

/** Exchanges that are counted but not flagged. At least one of from and to is given. */
export interface IgnoreEntry {
  readonly from: Cidr | null;
  readonly to: Cidr | null;
  /** Null: any port of `to` (respectively `from`). */
  readonly reason: string | null;
}

/** What CI asserts of the stack under test. */
export interface Expectation {
  readonly name: string;
  readonly to: Cidr;
  readonly port: number;
  readonly from: Cidr | null;
  readonly verdict: readonly Verdict[];
  /** Nanoseconds from question to answer; null when not asked for. */
  readonly withinNanos: number | null;
  /** Exchanges that must be there; 0 allows none. */
  readonly atLeast: number;
  /** Where it is written; absent where it comes from no file. */
  readonly place?: ExpectationPlace;
}

/** A line of a configuration file. */
export interface ExpectationPlace {
  /** Relative where it lies in the working directory, with slashes; else absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface RuleSetting {
  readonly severity: Severity | 'off';
  /** Validated and complete; durations in nanoseconds, rates per second. */
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** A configuration after validation, with every default filled in. */
export interface Config {
  readonly answerTimeoutNanos: number;
  readonly failOn: Severity | 'never';
  readonly ignore: readonly IgnoreEntry[];
  /** Every known rule, by id. */
  readonly rules: ReadonlyMap<string, RuleSetting>;
  readonly expect: readonly Expectation[];
  readonly decoder: DecoderOptions;
  /** Findings that are known and do not fail: the absolute path of the file; null for none. */
  readonly baseline: string | null;
  /** Modules with rules and reporters of the user's own: absolute paths or package names. */
  readonly plugins: readonly string[];
  /** Where it came from; null for the defaults. */
  readonly path: string | null;
}
