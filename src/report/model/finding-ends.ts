import { isIP } from 'node:net';
import type { EndpointReport, FindingReport } from './types.ts';

export type MaybeEnd = Partial<EndpointReport>;

/** Who and whom a finding is about that has no exchange, as far as its data tells: of a window that is one address, and that the port is 0. */
export function endsOfFinding({ data }: FindingReport): readonly [client: MaybeEnd, server: MaybeEnd] {
  return [endOf(data.client, data.clientPort), endOf(data.server, data.serverPort)];
}

/** Whether a finding that has no exchange is about UDP. */
export function isAboutDatagrams(finding: FindingReport): boolean {
  return finding.exchange === null && finding.data.transport === 'udp';
}

function endOf(address: unknown, port: unknown): MaybeEnd {
  return {
    ...(typeof address === 'string' && isIP(address) !== 0 ? { address } : {}),
    ...(typeof port === 'number' ? { port } : {}),
  };
}
