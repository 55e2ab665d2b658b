/** Records of sensors as docs/scale.md describes them, made without the program's own code. */
import { createHash } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type pg from 'pg';

export interface Observed {
  readonly site: string;
  readonly sensor: string;
  readonly epoch: string;
  readonly seq: number;
  readonly exchange: number;
  readonly client: string;
  readonly clientPort?: number;
  readonly server: string;
  readonly isn?: number;
  readonly verdict?: string;
  /** Milliseconds since 1970. */
  readonly millis: number;
}

export const subject = ({ site, sensor }: { site: string; sensor: string }) => `pz.obs.${site}.${sensor}`;

export function idOf(site: string, sensor: string, epoch: string, type: string, what: string, rule = ''): string {
  const text = JSON.stringify([site, sensor, epoch, type, what, rule]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export function exchangeRecord(observed: Observed) {
  const { site, sensor, epoch, seq, exchange, client, clientPort = 40_000, server, isn = 1, millis } = observed;
  const { verdict = 'refused' } = observed;
  const time = new Date(millis).toISOString();
  return {
    v: 1,
    type: 'exchange',
    id: idOf(site, sensor, epoch, 'exchange', String(exchange)),
    site,
    sensor,
    epoch,
    seq,
    time,
    rules: ['syn-to-port-zero'],
    body: {
      id: exchange,
      input: 0,
      client: { address: client, port: clientPort },
      server: { address: server, port: 0 },
      portZero: 'server',
      probe: 'syn',
      verdict,
      state: verdict === 'accepted' ? 'open' : 'closed',
      reason: verdict === 'accepted' ? 'syn-ack' : 'reset',
      answeredBy: server,
      started: time,
      latencyMs: 0.25,
      evidence: { probe: { sequence: isn } },
    },
  };
}

export function statusRecord(site: string, sensor: string, epoch: string, seq: number, refused: number) {
  const id = idOf(site, sensor, epoch, 'status', `seq ${seq}`);
  const body = { refused, frames: 10, drops: 0 };
  return { v: 1, type: 'status', id, site, sensor, epoch, seq, time: new Date().toISOString(), body };
}

type AnyRecord = { readonly id: string; readonly site: string; readonly sensor: string };

/** A connection that puts records into a stream; without ids nothing but the store knows what came twice. */
export async function openPublisher(url: string) {
  const connection: NatsConnection = await connect({ servers: url, maxReconnectAttempts: -1 });
  const client = jetstream(connection, { timeout: 120_000 });
  return {
    connection,
    async publish(records: readonly AnyRecord[], { ids = true } = {}) {
      for (let i = 0; i < records.length; i += 500) {
        await Promise.all(
          records
            .slice(i, i + 500)
            .map((record) => client.publish(subject(record), JSON.stringify(record), ids ? { msgID: record.id } : {})),
        );
      }
    },
    close: () => connection.close(),
  };
}

const BY_DAY = `day, site, client, port_zero, verdict, count(*) AS n, min(started) AS first, max(started) AS last FROM observation GROUP BY 1, 2, 3, 4, 5`;
const BY_MONTH = `date_trunc('month', day)::date AS month, client, count(*) AS n, count(*) FILTER (WHERE verdict = 'accepted') AS accepted,
  sum(DISTINCT 1 << (date_part('day', day)::int - 1)) AS days, min(started) AS first, max(started) AS last, array_agg(DISTINCT site) AS sites
  FROM observation WHERE port_zero <> 'none' GROUP BY 1, 2`;

/** Rows of the counts by day and by month that are not what a count of all observations says. */
export async function miscounted(client: pg.Client): Promise<number> {
  let sum = 0;
  for (const [table, recount, keys] of [
    ['contact_day', BY_DAY, 'day, site, client, port_zero, verdict'],
    ['contact_month', BY_MONTH, 'month, client'],
  ] as const) {
    const values = table === 'contact_day' ? 'n, first, last' : 'n, accepted, days, first, last, sites';
    const columns = (of: string) => values.replaceAll(/\w+/g, `${of}.$&`);
    const { rows } = await client.query(
      `SELECT count(*)::float8 AS n FROM (SELECT ${recount}) AS r FULL JOIN ${table} AS c USING (${keys})
       WHERE (${columns('r')}) IS DISTINCT FROM (${columns('c')})`,
    );
    sum += (rows as [{ n: number }])[0].n;
  }
  // 2 to the power of width is the next above n, or, where n is one less, the one after.
  const { rows } = await client.query(
    'SELECT count(*)::float8 AS n FROM contact_month WHERE n >= 2::numeric ^ width OR n + 1 < 2::numeric ^ (width - 1)',
  );
  return sum + (rows as [{ n: number }])[0].n;
}
