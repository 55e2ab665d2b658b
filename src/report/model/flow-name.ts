import { createHash } from 'node:crypto';
import { formatEndpoint } from '../../words/endpoint.ts';
import type { ExchangeReport, FindingReport } from './types.ts';

/* What other programs know a flow by: the same in every run over the same capture, and in every record about it. */

/** SHA-256 of what tells an exchange from all others of its capture. */
export function exchangeDigest({ client, server, scope, started }: ExchangeReport): Buffer {
  return digest(`${formatEndpoint(client)} ${formatEndpoint(server)} ${scope} ${started}`);
}

/** The same of the flow of UDP datagrams that a finding is about. */
export function datagramDigest({ data, time }: FindingReport): Buffer {
  return digest(`udp ${data.client} ${data.clientPort} ${data.server} ${data.serverPort} ${time}`);
}

/** The same of a finding that is about no one flow. */
export function findingDigest({ ruleId, data, time, input }: FindingReport): Buffer {
  return digest(`${ruleId} ${input} ${time} ${JSON.stringify(data)}`);
}

function digest(name: string): Buffer {
  return createHash('sha256').update(name).digest();
}
