import { resolve } from 'node:path';
import { GeoDatabaseError, GeoDatabases } from '../analysis/origins/geo-databases.ts';
import { resolveNames } from '../analysis/origins/resolved-names.ts';
import { resultWithOrigins, sourcesOf, withOrigins } from '../analysis/origins/with-origins.ts';
import { showPath } from '../capture/paths.ts';
import type { ExchangeReport, OriginReport, RunResult } from '../report/model/types.ts';
import { whyUnreadable } from '../unreadable.ts';
import { CliError, type CliIo } from './io.ts';

/** Adds to what reports are made of where the ends are. */
export interface Origins {
  ofExchange(exchange: ExchangeReport): ExchangeReport;
  /** With --resolve the name servers are asked here, once, at the end. */
  ofResult(result: RunResult): Promise<RunResult>;
  /** What went wrong on the way; null for nothing. */
  readonly failure: CliError | null;
}

/** Opens the databases of --geoip. Throws CliError. */
export function openOrigins(
  { geoip = [], resolves }: { readonly geoip?: readonly string[] | undefined; readonly resolves: boolean },
  io: CliIo,
): Origins {
  const databases = new GeoDatabases();
  for (const path of geoip) {
    if (path === '') throw new CliError('--geoip: expected the path of a database (.mmdb)');
    try {
      databases.add(resolve(io.cwd, path));
    } catch (error) {
      const why = error instanceof GeoDatabaseError ? error.message : whyUnreadable(error);
      throw new CliError(`--geoip ${showPath(path)}: ${why}`, { cause: error });
    }
  }
  let failure: CliError | null = null;
  const find = (address: string): OriginReport | null => {
    if (failure !== null) return null;
    try {
      return databases.find(address);
    } catch (error) {
      if (!(error instanceof GeoDatabaseError)) throw error;
      failure = new CliError(`--geoip ${geoip.map(showPath).join(' ')}: ${error.message}`, { cause: error });
      return null;
    }
  };
  return {
    ofExchange: (exchange) => withOrigins(exchange, find),
    async ofResult(result) {
      const names = resolves ? await resolveNames(sourcesOf(result)) : new Map<string, string>();
      return resultWithOrigins(result, (address) => {
        const origin = find(address);
        const name = names.get(address);
        if (name === undefined) return origin;
        return { ...(origin ?? { country: null, asn: null, organization: null }), name };
      });
    },
    get failure() {
      return failure;
    },
  };
}
