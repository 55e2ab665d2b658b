import type { ExchangeReport } from '../report/model/types.ts';
import type { AnalysisSink } from './types.ts';

/**
 * Gives exchanges of several inputs numbers of their own in the order in which a stream tells of them: an input's own
 * numbers would collide with the next one's.
 */
export function numberStream(sink: AnalysisSink): AnalysisSink {
  let next = 1;
  const numbers = new Map<string, number>();
  const numbered = (exchange: ExchangeReport): ExchangeReport => {
    const key = `${exchange.input}:${exchange.id}`;
    let id = numbers.get(key);
    if (id === undefined) {
      id = next++;
      numbers.set(key, id);
    }
    return { ...exchange, id };
  };
  return {
    exchange(exchange) {
      sink.exchange?.(numbered(exchange));
      numbers.delete(`${exchange.input}:${exchange.id}`);
    },
    finding(finding, exchange) {
      const report = exchange === null ? null : numbered(exchange);
      sink.finding?.({ ...finding, exchange: report?.id ?? null }, report);
    },
    overflow: sink.overflow,
    ...(sink.answered === undefined
      ? {}
      : {
          answered(exchange, findings) {
            const report = numbered(exchange);
            sink.answered?.(
              report,
              findings.map((finding) => ({ ...finding, exchange: report.id })),
            );
          },
        }),
  };
}
export function bothSinks(one: AnalysisSink | undefined, other: AnalysisSink): AnalysisSink {
  return {
    exchange(exchange) {
      one?.exchange?.(exchange);
      other.exchange?.(exchange);
    },
    finding(finding, exchange) {
      one?.finding?.(finding, exchange);
      other.finding?.(finding, exchange);
    },
    answered(exchange, findings) {
      one?.answered?.(exchange, findings);
      other.answered?.(exchange, findings);
    },
  };
}
