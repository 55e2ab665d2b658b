/**
 * What is asked of the store: small stories whose answers are known, and how long answers take. At full size (30 GB):
 * PORTZERO_FLEET_ROWS=100000000 npx vitest run test/fleet/query.test.ts
 */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseRecord, rowsOf } from '../../src/fleet/rows.ts';
import { Store } from '../../src/sweep/store.ts';
import { runCommand } from '../support/command.ts';
import { fillObservations } from '../support/many-observations.ts';
import { exchangeRecord, miscounted, type Observed, statusRecord, subject } from '../support/observations.ts';
import { type RunningStore, requireServers, startStore } from '../support/servers.ts';

const ROWS = Number(process.env.PORTZERO_FLEET_ROWS ?? 200_000);
const NOW = Date.now();
const HOUR = 3600_000;

describe.skipIf(!requireServers())('the store is asked', () => {
  let server: RunningStore;
  let store: Store;
  let client: pg.Client;
  let seq = 0;

  beforeAll(async () => {
    server = await startStore();
    expect(await runCommand(['setup', 'store', '--store', server.url])).toMatchObject({ status: 0 });
    store = await Store.open(server.url);
    client = new pg.Client(server.url);
    await client.connect();
  });
  afterEach(() => client.query('TRUNCATE observation, finding, contact_day, contact_month, sensor_run, received'));
  afterAll(async () => {
    await client?.end();
    await store?.close();
    await server?.stop();
  });

  const add = async (records: readonly object[]) => {
    const parsed = records.map((record) => {
      const found = parseRecord(Buffer.from(JSON.stringify(record)), subject(record as Observed));
      expect(found).not.toBeNull();
      return found!;
    });
    const { exchanges, findings, runs, blocks } = rowsOf(parsed);
    return store.addObservations(exchanges, findings, runs, blocks);
  };
  const seen = (change: Partial<Observed>) => {
    seq++;
    const plain = {
      site: 'lab',
      sensor: 's1',
      epoch: 'e',
      seq,
      exchange: seq,
      client: '10.0.0.1',
      server: '192.0.2.1',
    };
    return exchangeRecord({ ...plain, millis: NOW - HOUR, ...change });
  };
  const query = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await runCommand(['query', ...args, '--store', server.url]);
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  };
  const ask = async (...args: readonly string[]) =>
    (JSON.parse(await query(...args, '-f', 'json')) as Record<string, Record<string, unknown>[]>)[args[0]!]!;

  it('what two sensors saw: one exchange, two observations', async () => {
    const at = (millis: number, sensor: string, verdict: string) =>
      seen({ millis: NOW - HOUR + millis, sensor, verdict, isn: 77, site: sensor === 's1' ? 'lab' : 'edge' });
    await add([at(0, 's1', 'silent'), at(2000, 's2', 'accepted')]);
    expect(await ask('accepted')).toMatchObject([
      { client: '10.0.0.1', server: '192.0.2.1', serverPort: 0, observations: 2, sensors: 2, sites: ['edge', 'lab'] },
    ]);
    // The same SYN, later: another one.
    await add([at(6000, 's1', 'accepted')]);
    expect((await ask('accepted')).map(({ observations }) => observations)).toEqual([1, 2]);
    expect((await client.query('SELECT verdict, observations FROM exchange ORDER BY started')).rows).toEqual([
      { verdict: 'accepted', observations: 2 },
      { verdict: 'accepted', observations: 1 },
    ]);
    // Another ISN at the same time is another attempt.
    await add([seen({ isn: 78, verdict: 'accepted' })]);
    expect((await ask('accepted')).length).toBe(3);
    expect(await ask('accepted', '--site', 'nowhere')).toEqual([]);
  });

  it('as many exchanges as are asked for, though many sensors saw the newest', async () => {
    const at = (millis: number, isn: number) =>
      Array.from({ length: isn === 1 ? 7 : 1 }, (_, i) =>
        seen({ millis: NOW - HOUR + millis, isn, sensor: `s${i}`, verdict: 'accepted' }),
      );
    await add([...at(60_000, 1), ...at(40_000, 2), ...at(20_000, 3)]);
    const { stdout, stderr } = await runCommand([
      ...['query', 'accepted', '--limit', '2', '--store', server.url, '-f', 'json'],
    ]);
    const { accepted } = JSON.parse(stdout) as { accepted: { observations: number }[] };
    expect(accepted.map(({ observations }) => observations)).toEqual([7, 1]);
    expect(stderr).toMatch(/more than 2: --limit/);
    expect((await ask('accepted', '--limit', '3')).length).toBe(3);
  });

  it('who, by site, client, server and age', async () => {
    await add([
      seen({ client: '10.0.0.1' }),
      seen({ client: '10.0.0.1', site: 'edge', verdict: 'accepted', server: '192.0.2.9' }),
      seen({ client: '10.0.0.1', millis: NOW - 10 * 24 * HOUR }),
      seen({ client: '10.0.0.2' }),
      seen({ client: '2001:db8::1', server: '2001:db8::2', millis: NOW - 100 * 24 * HOUR }),
    ]);
    const brief = async (...args: readonly string[]) =>
      (await ask('who', ...args)).map(({ client: who, observations, accepted, days }) => [
        who,
        observations,
        accepted,
        days,
      ]);
    expect(await brief()).toEqual([
      ['10.0.0.1', 3, 1, 2],
      ['10.0.0.2', 1, 0, 1],
    ]);
    expect(await brief('--since', '200d', '--client', '2001:db8::/32')).toEqual([['2001:db8::1', 1, 0, 1]]);
    expect(await brief('--site', 'edge')).toEqual([['10.0.0.1', 1, 1, 1]]);
    expect(await brief('--server', '192.0.2.9')).toEqual([['10.0.0.1', 1, 1, 1]]);
    expect(await brief('--server', '192.0.2.0/25', '--since', '2d', '--client', '10.0.0.2')).toEqual([
      ['10.0.0.2', 1, 0, 1],
    ]);
    expect(await query('who', '-f', 'csv', '--client', '10.0.0.2')).toMatch(
      /^client,observations,accepted,days,first,last,sites\r\n10\.0\.0\.2,1,0,1,\d{4}-[^,]+Z,\d{4}-[^,]+Z,lab\r\n$/,
    );
    const lines = (await query('who', '-f', 'ndjson')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'who', client: '10.0.0.1' },
      { type: 'who', client: '10.0.0.2' },
    ]);
    expect(await query('who', '--client', '10.0.0.2')).toMatch(
      /^client +seen +accepted +days +first +last +sites\n10\.0\.0\.2 +1 +0 +1 +\S+Z +\S+Z +lab\n$/,
    );
    const limited = await runCommand(['query', 'who', '--limit', '1', '--store', server.url, '-f', 'csv']);
    expect(limited.stdout.split('\r\n').length).toBe(3);
    expect(limited.stderr).toMatch(/more than 1: --limit/);
  });

  it('who, of months, as a count of all observations has it', async () => {
    // Client n has some 400/n observations, so that there are many alike at the end; days, sites and verdicts vary.
    const records = Array.from({ length: 60 }, (_, rank) =>
      Array.from({ length: Math.ceil(400 / (rank + 1)) }, (_, i) =>
        seen({
          client: `10.1.0.${rank}`,
          millis: NOW - ((i * 37 + rank * 11) % 130) * 24 * HOUR - i * 1000,
          site: ['lab', 'edge', 'core'][(i + rank) % 3]!,
          verdict: i % 7 === 0 ? 'accepted' : 'refused',
          isn: i,
        }),
      ),
    ).flat();
    await add(records.slice(0, 900));
    await add(records.slice(500));
    expect(await miscounted(client)).toBe(0);
    for (const days of [0, 5, 26, 35, 61, 90, 120])
      for (const limit of [3, 10, 100]) {
        const since = new Date(NOW - days * 24 * HOUR).toISOString().slice(0, 10);
        const { rows } = await client.query(
          `SELECT host(client) AS client, count(*)::int AS observations, (count(*) FILTER (WHERE verdict = 'accepted'))::int AS accepted, count(DISTINCT day)::int AS days,
             min(started) AS first, max(started) AS last, array_agg(DISTINCT site ORDER BY site) AS sites
           FROM observation WHERE day >= $1 GROUP BY 1, observation.client ORDER BY 2 DESC, observation.client LIMIT $2`,
          [since, limit],
        );
        const { stdout } = await runCommand([
          ...['query', 'who', '--store', server.url, '-f', 'json'],
          ...['--since', `${days}d`, '--limit', String(limit)],
        ]);
        expect((JSON.parse(stdout) as { who: unknown }).who, `${days} days, ${limit}`).toEqual(
          JSON.parse(JSON.stringify(rows)),
        );
      }
  });

  it('which sources scanned, across sensors', async () => {
    const scan = (from: string, hosts: number, everyMillis: number) =>
      Array.from({ length: hosts }, (_, i) =>
        seen({
          client: from,
          server: `192.0.2.${i + 1}`,
          sensor: `s${i % 3}`,
          isn: i,
          millis: NOW - HOUR + i * everyMillis,
        }),
      );
    await add([
      ...scan('10.0.0.1', 12, 1000),
      ...scan('10.0.0.2', 9, 1000),
      ...scan('10.0.0.3', 30, 10_000),
      ...scan('2001:db8::7', 3, 1),
    ]);
    expect(await ask('scans')).toMatchObject([
      { client: '10.0.0.1', hosts: 12, message: '10.0.0.1 asked port 0 of 12 hosts in 11 s' },
    ]);
    expect((await ask('scans', '--hosts', '9')).map(({ client: who }) => who)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect((await ask('scans', '--window', '5m', '--client', '10.0.0.3')).map(({ hosts }) => hosts)).toEqual([30]);
    expect((await ask('scans', '--hosts', '3', '--client', '2001:db8::/64')).map(({ hosts }) => hosts)).toEqual([3]);
    expect(await ask('scans', '--since', '30m')).toEqual([]);
  });

  it('what was lost, in any order, and twice', async () => {
    const of = (numbers: readonly number[], sensor = 's1') =>
      numbers.map((number) => seen({ sensor, seq: number, exchange: number }));
    await add(of([300, 2, 1]));
    await add(of([2, 5, 700]));
    await add([...of([1, 2, 3], 's2'), statusRecord('lab', 's2', 'e', 6, 2)]);
    expect(await ask('losses')).toMatchObject([
      { sensor: 's1', lost: 695, records: 700, refused: null },
      { sensor: 's2', lost: 2, records: 6, refused: 2 },
    ]);
    expect((await ask('losses', '--site', 'other')).length).toBe(0);
  });

  it('of clocks that are wrong, and drops months', async () => {
    const years = ['1999-12-31T23:59:59Z', '2031-01-01T00:00:00Z', '9999-12-31T00:00:00Z'];
    await add(years.map((time) => seen({ millis: Date.parse(time) })));
    expect((await client.query('SELECT count(*)::int AS n FROM observation_other')).rows).toEqual([{ n: 3 }]);
    // A day that was ahead gets its month later.
    const ahead = new Date(NOW).toISOString().slice(0, 10);
    await client.query(`DROP TABLE IF EXISTS observation_${ahead.slice(0, 7).replace('-', '_')}`);
    await client.query(
      `INSERT INTO observation_other SELECT $1::date, gen_random_uuid(), started, site, sensor, epoch, seq, client, client_port, server, server_port, isn, probe,
         port_zero, verdict, state, reason, answered_by, latency_ms, rules, body FROM observation_other LIMIT 1`,
      [ahead],
    );
    await add([seen({ millis: NOW })]);
    expect((await client.query('SELECT count(*)::int AS n FROM observation_other')).rows).toEqual([{ n: 3 }]);
    expect((await client.query(`SELECT count(*)::int AS n FROM observation WHERE day = '${ahead}'`)).rows).toEqual([
      { n: 2 },
    ]);
    await add([seen({ millis: NOW - 200 * 24 * HOUR })]);
    const months = async () =>
      (await client.query("SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'observation'::regclass"))
        .rows[0].n as number;
    const before = await months();
    const { status, stderr } = await runCommand(['setup', 'store', '--store', server.url, '--keep-months', '3']);
    expect([status, stderr]).toEqual([0, expect.stringMatching(/\d partitions? dropped/)]);
    expect(await months()).toBeLessThan(before);
    expect(
      (await client.query("SELECT count(*)::int AS n FROM observation WHERE day < now() - interval '4 months'")).rows,
    ).toEqual([{ n: 0 }]);
    // Counts by day stay: of two that are to come, of now, and of the day that was dropped.
    expect((await ask('who', '--since', '300d'))[0]).toMatchObject({ observations: 4 });
  });

  it(`answers soon, of ${ROWS.toLocaleString('en-US')} rows`, async () => {
    await fillObservations(server.url, ROWS);
    // The last of them as they come; and again, as they come too.
    const records = Array.from({ length: 2000 }, (_, i) =>
      seen({ client: `10.0.${i % 7}.${i % 250}`, millis: NOW - (i % 80) * 24 * HOUR, site: `site${i % 9}`, isn: i }),
    );
    await add(records);
    await add(records);
    expect(await miscounted(client)).toBe(0);
    const start = await time(['failed']);
    const asked = [
      ['accepted', ['accepted', '--since', '90d'], 1],
      ['--client', ['who', '--client', '10.0.0.3', '--since', '90d'], 0.1],
      ['accepted --client', ['accepted', '--client', '10.0.0.200', '--since', '90d'], 0.1],
      ['who', ['who', '--since', '90d'], 5],
    ] as const;
    const took: Record<string, number> = {};
    // Without what any command takes to start.
    for (const [name, args] of asked) took[name] = Math.round((await time(args)) - start);
    // How soon is asked at full size only, of a machine that has nothing else to do.
    if (process.env.PORTZERO_FLEET_ROWS === undefined) return;
    console.log(`${ROWS} rows, ms beyond ${Math.round(start)}: ${JSON.stringify(took)}`);
    for (const [name, , seconds] of asked) expect(took[name], name).toBeLessThan(seconds * 1000);
  });

  async function time(args: readonly string[]): Promise<number> {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const began = performance.now();
      // As people ask, who get the first thousand.
      const { status } = await runCommand(['query', ...args, '--store', server.url, '-f', 'csv']);
      expect(status).toBe(0);
      best = Math.min(best, performance.now() - began);
    }
    return best;
  }
});
