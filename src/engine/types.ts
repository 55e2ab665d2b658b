import type { PacketRecord } from '../decode/packet.ts';
import type { Exchange } from '../track/exchange.ts';
import type { Severity } from '../words/severity.ts';

export type OptionValue = number | string;
export type RuleOptions = Readonly<Record<string, OptionValue>>;

/** One option of a rule, as configured: validated before a rule sees it. Durations reach rules in nanoseconds. */
export interface OptionSpec {
  readonly kind: 'count' | 'duration' | 'rate' | 'choice';
  readonly description: string;
  /** As a user would write it: 10, "60s", "100/s", "zero". */
  readonly default: number | string;
  /** For kind choice. */
  readonly choices?: readonly string[];
}

export interface RuleMeta {
  readonly id: string;
  readonly severity: Severity;
  /** One line: what it flags. */
  readonly summary: string;
  /** A paragraph each, plain text: what it means, and what to do. */
  readonly meaning: string;
  readonly action: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /**
   * English by message id. {client}, {serverEnd}, {answer} … are filled in from the exchange's report (see
   * exchangeValues in message.ts), other names from the match's data.
   */
  readonly messages: Readonly<Record<string, string>>;
}

/** What a rule reports. Data is numbers and plain words: addresses are put in when a report is written. */
export interface Match {
  readonly messageId: string;
  readonly data?: Readonly<Record<string, number | string | boolean | null>>;
  /** Frames that show it; the probe's and the answer's when left out. Of exchange rules only. */
  readonly frames?: readonly number[];
}

/**
 * Looks at one exchange. `match` is pure, and monotonic: once it matches, it goes on to match as the exchange grows, so
 * that a live run may ask early and an offline run once, when the exchange has settled. It is asked about exchanges with
 * port 0 at either end; about others only when the rule has an option named `ports` that is set to `any`.
 */
export interface ExchangeRule {
  readonly kind: 'exchange';
  readonly meta: RuleMeta;
  /**
   * Whether its match is the same for all exchanges with the same Exchange.shape (default false): then it is asked once for each shape, not for
   * each of a million exchanges of a flood. So not of a rule that looks at addresses, port numbers, frames, times or layers.
   */
  readonly goesByShape?: boolean;
  match(exchange: Exchange, options: RuleOptions): Match | null;
}

/**
 * What a window over the openings of one source, or at one target, adds up to; reused between calls. Both numbers stop at
 * what the rule asked to be counted. Once an episode is over, `match` is asked again with the totals of all of it.
 */
export interface WindowTotals {
  /** Distinct other ends; 0 when the rule did not ask. */
  readonly peers: number;
  /** True when there were more peers than can be told apart. Of whole episodes only. */
  readonly peersAtLeast: boolean;
  /** 0 when the rule did not ask. */
  readonly openings: number;
  /** From the first of them to the last, in seconds with nanoseconds. */
  readonly seconds: number;
}

/**
 * Looks at the openings to port 0 that share a source or a target, in capture time. `match` is pure, and grows with the
 * totals: more peers and openings never undo a match.
 */
export interface WindowRule {
  readonly kind: 'window';
  readonly meta: RuleMeta;
  /** What openings are grouped by. */
  readonly by: 'client' | 'server';
  /**
   * Length of the window in nanoseconds (an opening just that old is still in it), and how many peers or openings the
   * engine must be able to count in it: 0 for what the rule does not look at, else at most MAX_WINDOW_COUNT.
   */
  window(options: RuleOptions): { readonly nanos: number; readonly peers: number; readonly openings: number };
  match(totals: WindowTotals, options: RuleOptions): Match | null;
}

/** Looks at one UDP datagram. `match` is pure; findings are merged by source and target. */
export interface DatagramRule {
  readonly kind: 'datagram';
  readonly meta: RuleMeta;
  match(packet: PacketRecord, options: RuleOptions): Match | null;
}

export type Rule = ExchangeRule | WindowRule | DatagramRule;
