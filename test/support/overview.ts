import type {
  ExchangeReport,
  TimelineReport,
  TopEndsReport,
  TopReport,
  VerdictShares,
} from '../../src/report/model/types.ts';

/** Counts of a report's own exchanges with port 0: bins of a second, and every end, exact. */
export function countOverview(exchanges: readonly ExchangeReport[]): { timeline: TimelineReport; top: TopReport } {
  const asked = exchanges.filter(({ portZero }) => portZero !== null);
  const timed = asked.filter(({ started }) => started !== null);
  const ends = (pick: (exchange: ExchangeReport) => string): TopEndsReport => {
    const all = countBy(asked, pick).sort((a, b) => b.count - a.count);
    return {
      distinct: { count: all.length, atLeast: false },
      maxError: 0,
      ends: all.slice(0, 100).map(({ key, ...rest }) => ({ address: key, ...rest, error: 0 })),
    };
  };
  return {
    timeline: {
      binSeconds: timed.length === 0 ? null : 1,
      bins: countBy(timed, ({ started }) => started!.slice(0, 19))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ key, ...rest }) => ({ time: `${key}Z`, ...rest })),
      untimed: asked.length - timed.length,
    },
    top: { sources: ends(({ client }) => client.address), targets: ends(({ server }) => server.address) },
  };
}

function countBy(exchanges: readonly ExchangeReport[], keyOf: (exchange: ExchangeReport) => string) {
  const counts = new Map<string, { count: number; verdicts: Record<string, number> }>();
  for (const exchange of exchanges) {
    const key = keyOf(exchange);
    const entry = counts.get(key) ?? { count: 0, verdicts: {} };
    entry.count++;
    entry.verdicts[exchange.verdict] = (entry.verdicts[exchange.verdict] ?? 0) + 1;
    counts.set(key, entry);
  }
  return [...counts].map(([key, { count, verdicts }]) => ({ key, count, verdicts: verdicts as VerdictShares }));
}
