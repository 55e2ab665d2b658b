/**
 * Fills a store with as many observations as a fleet has in three months, faster than they could come in: month by month without indexes, which are
 * made when each is whole. Clients by Zipf's law: that of rank n has a share that falls as 1/n, of a million; 6 in 10,000 are accepted.
 */
import pg from 'pg';
import { BUSIEST_INDEX, monthsOf } from '../../src/sweep/observation-tables.ts';

const DAYS = 89;
const CLIENTS = 1e6;
const AT_ONCE = 2;
const SETTINGS = `SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'; SET TIME ZONE 'UTC'`;

export async function fillObservations(url: string, rows: number): Promise<void> {
  const now = new Date();
  const first = new Date(now.getTime() - DAYS * 86_400_000);
  const months: string[] = [];
  for (let at = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), 1)); at <= now; at = monthAfter(at))
    months.push(at.toISOString().slice(0, 10));
  const client = await open(url);
  for (const month of months) await client.query(`DROP TABLE IF EXISTS ${tableOf(month)}`);
  const left = [...months];
  const fill = async () => {
    const own = await open(url);
    for (let month = left.pop(); month !== undefined; month = left.pop()) await fillMonth(own, month, now, rows);
    await own.end();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fill));
  await client.query(`
    ALTER TABLE contact_day DROP CONSTRAINT contact_day_pkey;
    DROP INDEX contact_day_client;
    ALTER TABLE contact_month DROP CONSTRAINT contact_month_pkey;
    DROP INDEX contact_month_busiest`);
  for (const month of months) {
    await client.query(
      `INSERT INTO contact_day SELECT day, site, client, port_zero, verdict, count(*), min(started), max(started) FROM ${tableOf(month)} GROUP BY 1, 2, 3, 4, 5`,
    );
    await client.query(
      `INSERT INTO contact_month ${monthsOf(`(SELECT * FROM contact_day WHERE day >= '${month}') AS d`)}`,
    );
  }
  await client.query(`
    ALTER TABLE contact_day ADD PRIMARY KEY (day, site, client, port_zero, verdict);
    CREATE INDEX contact_day_client ON contact_day (client, day);
    ALTER TABLE contact_month ADD PRIMARY KEY (month, client);
    ${BUSIEST_INDEX}`);
  await client.query('VACUUM ANALYZE observation, contact_day, contact_month');
  await client.end();
}

async function fillMonth(client: pg.Client, month: string, now: Date, rows: number): Promise<void> {
  const table = tableOf(month);
  const next = monthAfter(new Date(month));
  const begins = new Date(Math.max(Date.parse(month), now.getTime() - DAYS * 86_400_000));
  const ends = new Date(Math.min(next.getTime(), now.getTime()));
  const count = Math.ceil((rows * (ends.getTime() - begins.getTime())) / (DAYS * 86_400_000));
  await client.query(`CREATE UNLOGGED TABLE ${table} (LIKE observation INCLUDING DEFAULTS)`);
  await client.query(
    `INSERT INTO ${table} SELECT started::date, gen_random_uuid(), started, 'site' || n % 9, 's' || n % 1000, 'e', n, client, 40000, server, 0, n, 'syn', 'server',
       CASE WHEN is_open THEN 'accepted' ELSE 'refused' END, 'closed', 'reset', server, 0.2, '{syn-to-port-zero}', '{}'
     FROM (SELECT n, '10.0.0.0'::inet + floor(exp(random() * ln(${CLIENTS})))::bigint AS client, '198.18.0.0'::inet + (random() * 65535)::int AS server,
       $1::timestamptz + random() * ($2::timestamptz - $1::timestamptz) AS started, random() < 0.0006 AS is_open FROM generate_series(1, $3::int) AS n) AS drawn`,
    [begins, ends, count],
  );
  await client.query(
    `ALTER TABLE observation ATTACH PARTITION ${table} FOR VALUES FROM ('${month}') TO ('${next.toISOString().slice(0, 10)}')`,
  );
}

const tableOf = (month: string): string => `observation_${month.slice(0, 7).replace('-', '_')}`;

const monthAfter = (at: Date): Date => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(SETTINGS);
  return client;
}
