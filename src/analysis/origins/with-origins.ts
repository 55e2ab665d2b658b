import { senderOf } from '../../report/model/origin.ts';
import type {
  EndpointReport,
  ExchangeReport,
  OriginReport,
  RunResult,
  TopEndReport,
  TopEndsReport,
} from '../../report/model/types.ts';

/** What is known of an address; null for nothing. */
export type OriginOf = (address: string) => OriginReport | null;

/** The exchange with what is known of its ends. */
export function withOrigins(exchange: ExchangeReport, originOf: OriginOf): ExchangeReport {
  return { ...exchange, client: placed(exchange.client, originOf), server: placed(exchange.server, originOf) };
}

/** A whole result with what is known of all ends that it names. */
export function resultWithOrigins(result: RunResult, originOf: OriginOf): RunResult {
  const { report, groups } = result;
  const place = (exchange: ExchangeReport) => withOrigins(exchange, originOf);
  const ends = (side: TopEndsReport): TopEndsReport => ({
    ...side,
    ends: side.ends.map((end) => placed<TopEndReport>(end, originOf)),
  });
  return {
    ...result,
    report: {
      ...report,
      exchanges: report.exchanges.map(place),
      top: { sources: ends(report.top.sources), targets: ends(report.top.targets) },
    },
    groups: groups.map((group) => ({ ...group, examples: group.examples.map(place) })),
  };
}

/** Who put port 0 on the wire: the busiest first, then who a report shows, then who it lists. */
export function* sourcesOf({ report, groups }: RunResult): Iterable<string> {
  for (const { address } of report.top.sources.ends) yield address;
  for (const { examples } of groups) for (const example of examples) yield senderOf(example).address;
  for (const exchange of report.exchanges) yield senderOf(exchange).address;
}

function placed<T extends Pick<EndpointReport, 'address' | 'origin'>>(end: T, originOf: OriginOf): T {
  const origin = originOf(end.address);
  return origin === null ? end : { ...end, origin };
}
