import { parseAddress } from '../config/cidr.ts';
import { formatAddress } from '../decode/address.ts';
import { WindowTracker } from '../engine/window/window-tracker.ts';
import { portZeroScan } from '../rules/port-zero-scan.ts';
import type { Store } from '../sweep/store.ts';
import { type Answer, observedIn, type Scope } from './questions.ts';

export interface ScanRow {
  readonly client: string;
  readonly hosts: number;
  /** There were more than could be told apart. */
  readonly atLeast: boolean;
  readonly first: Date;
  readonly last: Date;
  readonly message: string;
}

/** Where the server begins, behind an address of IPv6. */
const SERVER = 4;

/**
 * Sources that asked port 0 of many hosts within a short time, whichever sensors saw it: by the rule that reports go by. Hosts are
 * distinct, so an exchange that two sensors saw is no second one.
 */
export async function askScans(
  store: Store,
  scope: Scope,
  options: { readonly hosts: number; readonly window: number },
  limit: number,
): Promise<Answer<ScanRow>> {
  const where = observedIn(scope);
  const asked = `probe IS NOT NULL AND port_zero <> 'none' AND ${where.text}`;
  // Most clients never ask so many hosts, and need not be looked at one by one.
  const many = `SELECT client FROM observation WHERE ${asked} GROUP BY client HAVING count(*) >= ${options.hosts} AND count(DISTINCT server) >= ${options.hosts}`;
  const text = `SELECT extract(epoch FROM started)::text AS time, host(client) AS client, host(server) AS server FROM observation
    WHERE ${asked} AND client IN (${many}) ORDER BY started, id`;
  const tracker = new WindowTracker(portZeroScan, options, false);
  const words = new Int32Array(2 * SERVER);
  const found: ScanRow[] = [];
  const tell = (episodes: ReturnType<WindowTracker['finish']>) => {
    for (const { match, address, first, last } of episodes) {
      const client = formatAddress(address);
      const { hosts, span } = match.data as { hosts: number; span?: string };
      const atLeast = match.messageId.endsWith('at-least');
      const message = portZeroScan.meta.messages[match.messageId]!.replace('{client}', client)
        .replace('{hosts}', String(hosts))
        .replace('{span}', span ?? '');
      found.push({ client, hosts, atLeast, first: dateOf(first), last: dateOf(last), message });
    }
  };
  for await (const rows of store.rows<{ time: string; client: string; server: string }>(text, where.values)) {
    for (const { time, client, server } of rows) {
      putAddress(words, 0, client);
      putAddress(words, SERVER, server);
      const [seconds, fraction = ''] = time.split('.');
      tell(
        tracker.observe({
          words,
          client: 0,
          server: SERVER,
          isIpv6: client.includes(':'),
          seconds: Number(seconds),
          nanos: Number(fraction.padEnd(9, '0')),
          digits: 6,
          frame: 0,
        }),
      );
    }
  }
  tell(tracker.finish());
  found.sort((one, other) => other.first.getTime() - one.first.getTime() || (one.client < other.client ? -1 : 1));
  return { rows: found.slice(0, limit), isMore: found.length > limit };
}

const dateOf = ({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): Date =>
  new Date(seconds * 1000 + nanos / 1e6);

function putAddress(words: Int32Array, at: number, text: string): void {
  const bytes = parseAddress(text)!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i * 4 < bytes.length; i++) words[at + i] = view.getInt32(i * 4);
}
