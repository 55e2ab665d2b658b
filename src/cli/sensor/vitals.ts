import type { AnalysisProgress, AnalysisSink } from '../../analysis/types.ts';
import type { StatsReport } from '../../report/model/types.ts';
import type { Outlets } from './outlets.ts';
import type { Policy } from './policy.ts';

/** What a live run knows of its capture beside the analysis. */
export interface CaptureState {
  /** The interfaces that are captured at the moment, and those that are not. */
  readonly captured: readonly string[];
  readonly missed: readonly string[];
  /** Times that one began to. */
  readonly starts: number;
  /** Steps of the clock. */
  readonly clockSteps: number;
}

export interface VitalsOptions {
  readonly capture: CaptureState;
  readonly outlets: Outlets;
  readonly policy: Policy;
  readonly evidence: () => StatsReport['evidence'];
}

/** How long a loss that has ended is still a reason to be unhealthy. */
const LOSS_MILLIS = 60_000;

/** The numbers of a live run as they are now: what records of statistics, metrics and health show. */
export class Vitals {
  readonly #started = performance.now();
  readonly #options: VitalsOptions;
  readonly #findings = new Map<string, number>();
  #progress: AnalysisProgress | null = null;
  #lost = 0;
  #lostAt = Number.NEGATIVE_INFINITY;

  constructor(options: VitalsOptions) {
    this.#options = options;
  }

  /** Counts findings by rule. */
  readonly sink: AnalysisSink = {
    finding: ({ ruleId }) => {
      this.#findings.set(ruleId, (this.#findings.get(ruleId) ?? 0) + 1);
    },
  };

  get capture(): CaptureState {
    return this.#options.capture;
  }

  get policy(): Policy {
    return this.#options.policy;
  }

  /** Ids of the rules that may fire. */
  get rules(): string[] {
    const { rules } = this.policy.settings.config;
    return [...rules].filter(([, { severity }]) => severity !== 'off').map(([id]) => id);
  }

  /** Takes what the analysis has come to, some times a second. */
  update(progress: AnalysisProgress): void {
    this.#progress = progress;
    this.#noteLoss();
  }

  read(): StatsReport {
    const progress = this.#progress;
    const drops = progress?.source.drops ?? null;
    return {
      time: new Date().toISOString(),
      uptimeSeconds: Math.floor((performance.now() - this.#started) / 1000),
      capturing: this.capture.missed.length === 0,
      frames: progress?.frames ?? 0,
      bytes: progress?.bytes ?? 0,
      drops: typeof drops === 'bigint' ? String(drops) : drops,
      lagSeconds: (progress?.source.lagMillis ?? 0) / 1000,
      exchanges: {
        open: progress?.openExchanges ?? 0,
        evicted: progress?.evicted ?? 0,
        all: progress?.exchanges?.all ?? null,
        portZero: progress?.exchanges?.portZero ?? null,
      },
      findings: Object.fromEntries([...this.#findings].sort(([a], [b]) => (a < b ? -1 : 1))),
      evidence: this.#options.evidence(),
      outputs: this.#options.outlets.all.map(({ name, written, lost, reason }) => ({
        name,
        written,
        lost,
        failing: reason,
      })),
      memoryBytes: process.memoryUsage.rss(),
    };
  }

  /** Why the run is not well; empty when it is. */
  complaints(): string[] {
    this.#noteLoss();
    const complaints: string[] = [];
    const { captured, missed } = this.capture;
    if (captured.length === 0) complaints.push('nothing is captured');
    else if (missed.length > 0) complaints.push(`nothing is captured on ${missed.join(', ')}`);
    for (const { name, reason } of this.#options.outlets.all)
      if (reason !== null) complaints.push(`cannot write ${name}: ${reason}`);
    if (performance.now() - this.#lostAt < LOSS_MILLIS)
      complaints.push('frames or records were lost in the last minute');
    if (this.policy.isStale) complaints.push('the policy could not be reloaded, and is the one of before');
    return complaints;
  }

  #noteLoss(): void {
    const { evidence, outlets } = this.#options;
    const lost =
      Number(this.#progress?.source.drops ?? 0) +
      (evidence()?.missing ?? 0) +
      outlets.all.reduce((sum, outlet) => sum + outlet.lost, 0);
    if (lost > this.#lost) this.#lostAt = performance.now();
    this.#lost = lost;
  }
}
