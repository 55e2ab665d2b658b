import { parseAddress } from '../config/cidr.ts';
import { ConfigError } from '../config/errors.ts';
import { nearestWord } from '../config/nearest.ts';
import { decodeText } from '../config/text.ts';
import { formatAddress } from '../decode/address.ts';
import type { Rule } from '../engine/types.ts';
import { type BaselineEntry, MAX_BASELINE_ENTRIES, parseBaseline } from '../report/model/baseline-file.ts';
import { type FindingIdentity, keyOfFinding } from '../report/model/same-finding.ts';
import type { KnownReport } from '../report/model/types.ts';
import { expectationMeta } from '../rules/expectation.ts';
import type { Severity } from '../words/severity.ts';

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
  /** With --update-baseline: what it has not; at most MAX_BASELINE_ENTRIES. */
  readonly added: readonly FindingIdentity[];
}

/** Reads the text of a baseline. Throws ConfigError with file, line and what was expected. `path` is for messages. */
export function readBaseline(bytes: Uint8Array, path: string, rules: readonly Rule[]): Omit<Baseline, 'updates' | 'file'> {
  const fail = (line: number | null, column: number | null, message: string) => ({ path: '', line, column, message });
  let text: string;
  try {
    text = decodeText(bytes);
  } catch (error) {
    throw new ConfigError(path, [fail(null, null, (error as Error).message)], { cause: error });
  }
  const parsed = parseBaseline(text, canonicalAddress);
  if ('faults' in parsed) {
    throw new ConfigError(
      path,
      parsed.faults.map(({ line, column, message }) => fail(line, column, message)),
    );
  }
  const ids = [...rules.map(({ meta }) => meta.id), expectationMeta.id];
  const unknown = parsed.entries.filter(({ ruleId }) => !ids.includes(ruleId));
  if (unknown.length > 0) {
    throw new ConfigError(
      path,
      unknown.map(({ ruleId, line }) => {
        const near = nearestWord(ruleId, ids);
        const hint = near === null ? '' : `did you mean ${near}? `;
        return fail(line, 1, `there is no rule ${JSON.stringify(ruleId)}: ${hint}expected one of ${ids.join(', ')}`);
      }),
    );
  }
  return parsed;
}

function canonicalAddress(text: string): string | null {
  const bytes = parseAddress(text);
  return bytes === null ? null : formatAddress(bytes);
}

/** Entries by key; made once for each baseline and thread, however many inputs there are. */
const indexes = new WeakMap<Baseline, ReadonlyMap<string, number>>();

/** Asks a baseline about the findings of one input, and remembers what came again. */
export class BaselineMatcher {
  readonly #baseline: Baseline;
  readonly #index: ReadonlyMap<string, number>;
  readonly #known: Record<Severity, number> = { info: 0, warning: 0, error: 0 };
  readonly #seen = new Set<number>();
  /** Bounded by MAX_BASELINE_ENTRIES: what is past it, and new, is not known, and so the update fails. */
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
      if (this.#added.size === MAX_BASELINE_ENTRIES) return null;
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
