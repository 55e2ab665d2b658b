import { cidrMatches, parseAddress } from '../config/cidr.ts';
import type { Cidr, Config } from '../config/types.ts';
import type { BaselineEntry } from '../report/model/baseline-file.ts';
import { type FindingIdentity, keyOfFinding, MAX_BASELINE_ENTRIES } from '../report/model/same-finding.ts';
import type { BaselineReport, GoneReport, KnownReport } from '../report/model/types.ts';
import { expectationMeta } from '../rules/expectation.ts';
import { SEVERITIES, type Severity } from '../words/severity.ts';
import type { AnalysisSettings } from './types.ts';

/** The findings that are known. Plain data, so that workers can have it. */
export interface Baseline {
  /** As it was named. */
  readonly file: string;
  readonly entries: readonly BaselineEntry[];
  /** Comments that no finding follows. */
  readonly comments: readonly string[];
  /** The date from which on new findings are known too (--update-baseline); null when they are new. */
  readonly updates: string | null;
}

/** What came of a baseline in one input. Plain data. */
export interface BaselineState {
  /** Findings that it has. */
  readonly known: Readonly<Record<Severity, number>>;
  /** Indexes of its entries that came again. */
  readonly seen: readonly number[];
  /** With --update-baseline: what it has not; at most one more than a baseline can hold. */
  readonly added: readonly FindingIdentity[];
}

/** Entries by key; made once for each baseline and thread, however many inputs there are. */
const indexes = new WeakMap<Baseline, ReadonlyMap<string, number>>();

/** Asks a baseline about the findings of one input, and remembers what came again. */
export class BaselineMatcher {
  readonly #baseline: Baseline;
  readonly #index: ReadonlyMap<string, number>;
  readonly #known: Record<Severity, number> = { info: 0, warning: 0, error: 0 };
  readonly #seen = new Set<number>();
  /** One more than a baseline can hold, which tells that there were too many. */
  readonly #added = new Map<string, FindingIdentity>();

  constructor(baseline: Baseline) {
    this.#baseline = baseline;
    let index = indexes.get(baseline);
    if (index === undefined) {
      index = new Map(baseline.entries.map((entry, at) => [keyOfFinding(entry), at]));
      indexes.set(baseline, index);
    }
    this.#index = index;
  }

  /** What the baseline says of the finding; null when it is new. */
  find(identity: FindingIdentity): KnownReport | null {
    const key = keyOfFinding(identity);
    const at = this.#index.get(key);
    if (at !== undefined) {
      this.#seen.add(at);
      const { since, why } = this.#baseline.entries[at]!;
      return { since, why };
    }
    const { updates } = this.#baseline;
    if (updates === null) return null;
    if (!this.#added.has(key)) {
      if (this.#added.size > MAX_BASELINE_ENTRIES) return null;
      this.#added.set(key, identity);
    }
    return { since: updates, why: '' };
  }

  /** Counts a finding that is known. Live, findings are found more often than once. */
  count(severity: Severity): void {
    this.#known[severity]++;
  }

  state(): BaselineState {
    return { known: { ...this.#known }, seen: [...this.#seen], added: [...this.#added.values()] };
  }
}

/** Puts together what the inputs, and the expectations, made of a baseline. */
export function compareBaseline(
  states: readonly (BaselineState | null)[],
  { baseline, config, rules }: Pick<AnalysisSettings, 'baseline' | 'config' | 'rules'>,
): { readonly report: BaselineReport; readonly added: readonly FindingIdentity[] } {
  const { file, entries } = baseline!;
  const known: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  const seen = new Set<number>();
  const added = new Map<string, FindingIdentity>();
  for (const state of states) {
    if (state === null) continue;
    for (const severity of SEVERITIES) known[severity] += state.known[severity];
    for (const at of state.seen) seen.add(at);
    for (const identity of state.added) added.set(keyOfFinding(identity), identity);
  }
  const isKnownRule = new Set([...rules.map(({ meta }) => meta.id), expectationMeta.id]);
  const gone = entries
    .filter((_, at) => !seen.has(at))
    .map(({ ruleId, who, whom, scope, since, why, line }): GoneReport => {
      const isOff = !isKnownRule.has(ruleId) || config.rules.get(ruleId)?.severity === 'off';
      const cause = isOff ? 'rule-off' : isIgnored(config.ignore, who, whom, ruleId) ? 'ignored' : 'not-seen';
      return { ruleId, who, whom, scope, since, why, line: line ?? 1, cause };
    });
  return { report: { file, known, gone }, added: [...added.values()] };
}

function isIgnored(ignore: Config['ignore'], who: string | null, whom: string | null, ruleId: string): boolean {
  if (ruleId === expectationMeta.id) return false;
  const [client, server] = [who, whom].map((end) => (end === null ? null : addressOf(end)));
  const matches = (block: Cidr | null, address: Uint8Array | null | undefined) =>
    block === null || (address !== null && address !== undefined && cidrMatches(block, address));
  return ignore.some(({ from, to }) => matches(from, client) && matches(to, server));
}

/** Of "192.0.2.1", "192.0.2.1:0", "2001:db8::1" and "[2001:db8::1]:0". */
function addressOf(end: string): Uint8Array | null {
  return parseAddress(end) ?? parseAddress(end.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
}
