import { type Exchange, VERDICTS, type Verdict } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import type { SummaryReport, VerdictCounts } from './types.ts';

type Counts = Record<'total' | Verdict, number>;

/** In the order of the contract: total, then the verdicts. */
export function emptyCounts(): Counts {
  return Object.fromEntries([['total', 0], ...VERDICTS.map((verdict) => [verdict, 0])]) as Counts;
}

/** Counts exchanges by verdict, all and those with port 0. */
export class VerdictTally {
  readonly exchanges: Counts = emptyCounts();
  readonly portZero: Counts = emptyCounts();

  add({ verdict, portZero }: Pick<Exchange, 'verdict' | 'portZero'>, times = 1): void {
    this.exchanges.total += times;
    this.exchanges[verdict] += times;
    if (portZero === null) return;
    this.portZero.total += times;
    this.portZero[verdict] += times;
  }

  /** Counts exchanges on other ports. */
  addOrdinary(verdict: Verdict, count: number): void {
    this.exchanges.total += count;
    this.exchanges[verdict] += count;
  }
}

/** Adds the summaries of several inputs up. */
export function addSummaries(summaries: readonly SummaryReport[]): SummaryReport {
  const sum = (pick: (summary: SummaryReport) => number) =>
    summaries.reduce((total, summary) => total + pick(summary), 0);
  const sumCounts = (pick: (summary: SummaryReport) => VerdictCounts): Counts => {
    const total = emptyCounts();
    for (const name of Object.keys(total) as (keyof Counts)[]) total[name] = sum((summary) => pick(summary)[name]);
    return total;
  };
  const sumReasons = (pick: (summary: SummaryReport) => Readonly<Record<string, number>>): Record<string, number> => {
    const total: Record<string, number> = {};
    for (const summary of summaries) {
      for (const [reason, frames] of Object.entries(pick(summary))) total[reason] = (total[reason] ?? 0) + frames;
    }
    return total;
  };
  return {
    frames: sum(({ frames }) => frames),
    tcpSegments: sum(({ tcpSegments }) => tcpSegments),
    icmpErrors: sum(({ icmpErrors }) => icmpErrors),
    fragments: sum(({ fragments }) => fragments),
    undecoded: sumReasons(({ undecoded }) => undecoded),
    notLookedInto: {
      frames: sum(({ notLookedInto }) => notLookedInto.frames),
      reasons: sumReasons(({ notLookedInto }) => notLookedInto.reasons),
    },
    exchanges: sumCounts(({ exchanges }) => exchanges),
    portZero: sumCounts(({ portZero }) => portZero),
    findings: Object.fromEntries(
      (['error', 'warning', 'info'] as const).map((severity) => [severity, sum(({ findings }) => findings[severity])]),
    ) as Record<Severity, number>,
  };
}
