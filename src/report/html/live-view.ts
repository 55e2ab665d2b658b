import type { Verdict } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import type { VerdictCounts } from '../model/types.ts';

/** A finding, or those of one rule that came too fast to be read one by one. */
export interface LiveFinding {
  /** One row of the page, whose words may change. */
  readonly key: number;
  /** RFC 3339; null where the frame has no time. */
  readonly time: string | null;
  readonly ruleId: string;
  readonly severity: Severity;
  /** Of the newest of them. */
  readonly message: string;
  /** Null while it waits, and where it is about no single exchange. */
  readonly verdict: Verdict | null;
  /** No answer yet. */
  readonly waiting: boolean;
  /** 1, or how many came too fast. */
  readonly count: number;
  /** RFC 3339, of the first of them. */
  readonly since: string | null;
}

export interface LiveRule {
  readonly ruleId: string;
  readonly severity: Severity;
  readonly total: number;
  readonly lastMinute: number;
}

/** What the live page shows at one moment, whole: whoever missed an earlier one has missed nothing. */
export interface LiveView {
  /** Counts from the start of the run; another start is another run. */
  readonly started: string;
  readonly time: string;
  readonly uptimeSeconds: number;
  /** The run is over, and this is its last word. */
  readonly ended: boolean;
  /** The interfaces that are captured at the moment; where none is, all that were asked for. */
  readonly name: string;
  /** True while one of them is. */
  readonly capturing: boolean;
  /** Why the run is not well; empty when it is. */
  readonly complaints: readonly string[];
  /** The newest last. */
  readonly problems: readonly string[];
  readonly frames: number;
  readonly framesPerSecond: number;
  /** A decimal, which may be beyond a number; null where nobody counts them. */
  readonly drops: string | null;
  readonly lagSeconds: number;
  readonly memoryBytes: number;
  readonly open: number;
  readonly evicted: number;
  /** Settled exchanges. */
  readonly portZero: VerdictCounts;
  readonly all: VerdictCounts;
  readonly timeline: {
    readonly binSeconds: number;
    /** The oldest first; of each the exchanges with port 0 that settled in it, by verdict, empty where none did. */
    readonly bins: readonly (readonly number[])[];
    /** Frames lost in each. */
    readonly drops: readonly number[];
  };
  readonly rules: readonly LiveRule[];
  /** The newest first. */
  readonly newest: readonly LiveFinding[];
}
