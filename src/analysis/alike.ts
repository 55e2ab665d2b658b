import type { RuleEngine } from '../engine/engine.ts';
import type { AlikeCounts } from '../prefilter/alike-counts.ts';
import type { Group } from '../report/model/groups.ts';
import type { VerdictTally } from '../report/model/summary.ts';
import type { Exchange, PortZeroEnd, Verdict } from '../track/exchange.ts';
import type { Findings } from './findings.ts';

/** Exchanges of one shape of which only counts are told. */
interface Kind {
  readonly verdict: Verdict;
  readonly portZero: PortZeroEnd | null;
  readonly mask: number;
  /** Null where nothing fires that is told of. */
  readonly group: Group | null;
  /** Those that no sum has yet. */
  count: number;
}

/**
 * The exchanges of floods, scans and backscatter are of few shapes. Once a report has its examples of one and its lists are full,
 * or not wanted, all that comes of another is a number: then no rule is asked and no object is made.
 */
export class AlikeExchanges {
  readonly #engine: RuleEngine;
  readonly #findings: Findings;
  readonly #tally: VerdictTally;
  readonly #counts: AlikeCounts | null;
  /** By shape, of which there are MOST_SHAPES. */
  readonly #kinds: (Kind | null)[] = [];
  /** Those that there are: some hundred times a second they are asked what they have counted. */
  readonly #known: number[] = [];

  /** `counts`: where the core counts them too, which does not come here then; null where it is to count none. */
  constructor(engine: RuleEngine, findings: Findings, tally: VerdictTally, counts: AlikeCounts | null) {
    this.#engine = engine;
    this.#findings = findings;
    this.#tally = tally;
    this.#counts = counts;
  }

  /** Counts a settled exchange. False where more is to be told of it. */
  takes(exchange: Exchange): boolean {
    const { shape } = exchange;
    if (shape < 0) return false;
    const kind = this.#kinds[shape] ?? this.#learn(exchange, shape);
    if (kind === null) return false;
    kind.count++;
    const { group } = kind;
    if (group === null && this.#counts === null) return true;
    const { opening } = exchange;
    group?.add(opening);
    this.#counts?.goByNumbers(shape, opening, group?.hasAllClients !== false, group?.hasAllServers !== false);
    return true;
  }

  /** Adds what was counted to the sums. */
  flush(): void {
    for (const shape of this.#known) {
      const kind = this.#kinds[shape]!;
      if (this.#counts !== null) {
        const { count, first, last } = this.#counts.take(shape);
        kind.count += count;
        kind.group?.addAlike(count, first, last);
      }
      if (kind.count === 0) continue;
      this.#tally.add(kind, kind.count);
      this.#engine.countAlike(kind.mask, kind.count);
      this.#findings.omit(kind.mask, kind.count);
      kind.count = 0;
    }
  }

  /** Null while more than counts comes of them. */
  #learn(exchange: Exchange, shape: number): Kind | null {
    const mask = this.#engine.firesOnAll(exchange, shape);
    if (mask < 0) return null;
    const group = this.#findings.onlyCounted(exchange, mask);
    if (group === undefined) return null;
    const { verdict, portZero } = exchange;
    const kind = { verdict, portZero, mask, group, count: 0 };
    this.#kinds[shape] = kind;
    this.#known.push(shape);
    return kind;
  }
}
