import type { AnalysisProgress, AnalysisSink } from '../../analysis/types.ts';
import type { StatsReport } from '../../report/model/types.ts';
import type { Outlets } from './outlets.ts';

/** The numbers of a live run as they are now. */
export class Vitals {
  readonly #started = performance.now();
  readonly #outlets: Outlets;
  readonly #evidence: () => StatsReport['evidence'];
  readonly #findings = new Map<string, number>();

  constructor(outlets: Outlets, evidence: () => StatsReport['evidence']) {
    this.#outlets = outlets;
    this.#evidence = evidence;
  }

  /** Counts findings by rule. */
  readonly sink: AnalysisSink = {
    finding: ({ ruleId }) => {
      this.#findings.set(ruleId, (this.#findings.get(ruleId) ?? 0) + 1);
    },
  };

  read({ source, frames, bytes = 0, openExchanges, evicted = 0, exchanges }: AnalysisProgress): StatsReport {
    return {
      time: new Date().toISOString(),
      uptimeSeconds: Math.floor((performance.now() - this.#started) / 1000),
      frames,
      bytes,
      drops: typeof source.drops === 'bigint' ? String(source.drops) : source.drops,
      lagSeconds: (source.lagMillis ?? 0) / 1000,
      exchanges: {
        open: openExchanges,
        evicted,
        all: exchanges?.all ?? null,
        portZero: exchanges?.portZero ?? null,
      },
      findings: Object.fromEntries([...this.#findings].sort(([a], [b]) => (a < b ? -1 : 1))),
      evidence: this.#evidence(),
      outputs: this.#outlets.all.map(({ name, written, lost, reason }) => ({ name, written, lost, failing: reason })),
      memoryBytes: process.memoryUsage.rss(),
    };
  }
}
