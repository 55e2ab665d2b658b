import { createHash } from 'node:crypto';
import { formatEndpoint } from '../../words/endpoint.ts';
import type { ExchangeReport } from './types.ts';

/**
 * What makes two findings the same, in this run and the next, for a baseline as for `diff` and SARIF: the rule, who, whom, and
 * where that lives. Not how often, when, in which capture or frames, how it was answered, or how severe the configuration
 * says that it is.
 */
export interface FindingIdentity {
  readonly ruleId: string;
  /** The client: its address, and its port where that is 0, as others are given out anew each time. Null when it is about many. */
  readonly who: string | null;
  /** The server as "address:port", or the name of an expectation. Null when it is about many. */
  readonly whom: string | null;
  /** VLAN and tunnel, as in "vlan 5 > vxlan 42": the same addresses elsewhere are other hosts. "" for none. */
  readonly scope: string;
}

/** What of an exchange tells it from another one. */
export type ExchangeEnds = Pick<ExchangeReport, 'client' | 'server' | 'scope'>;

/** `exchange`: null where the finding is about no single one; then its data says whom it is about. */
export function identifyFinding(
  ruleId: string,
  exchange: ExchangeEnds | null,
  data: Readonly<Record<string, unknown>>,
): FindingIdentity {
  if (exchange !== null) {
    const { client, server, scope } = exchange;
    return {
      ruleId,
      who: client.port === 0 ? formatEndpoint(client) : client.address,
      whom: formatEndpoint(server),
      scope,
    };
  }
  const { client, server, serverPort, name } = data;
  const port = typeof serverPort === 'number' ? serverPort : 0;
  return {
    ruleId,
    who: typeof client === 'string' ? client : null,
    whom:
      typeof name === 'string' ? name : typeof server === 'string' ? formatEndpoint({ address: server, port }) : null,
    scope: '',
  };
}

/** Findings that a baseline can hold; more nobody reads, and `ignore` is meant for. Bounds what a run gathers for an update too. */
export const MAX_BASELINE_ENTRIES = 100_000;

/** The same text for the same finding, and for no other. */
export function keyOfFinding({ ruleId, who, whom, scope }: FindingIdentity): string {
  return JSON.stringify([ruleId, who, whom, scope]);
}

/** The key as 32 hexadecimal digits, for formats that want it short. */
export function fingerprintOfFinding(identity: FindingIdentity, ...more: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([keyOfFinding(identity), ...more]))
    .digest('hex')
    .slice(0, 32);
}
