import { clustersOf } from '../sweep/observation-tables.ts';
import type { Store } from '../sweep/store.ts';
import type { Verdict } from '../track/exchange.ts';

/** What is asked about; null for all. */
export interface Scope {
  readonly since: Date;
  readonly site: string | null;
  /** Address or network. */
  readonly client: string | null;
  readonly server: string | null;
}

export interface Answer<T> {
  readonly rows: readonly T[];
  /** There is more than was asked for. */
  readonly isMore: boolean;
}

/** Conditions of a WHERE, and the values that they name. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  add(text: string, value: unknown): this {
    this.values.push(value);
    this.#texts.push(text.replaceAll('?', `$${this.values.length}`));
    return this;
  }

  /** One address is looked up; a network has a beginning and an end. */
  addAddress(column: string, place: string | null): this {
    if (place === null) return this;
    return place.includes('/') ? this.add(`${column} <<= ?::inet`, place) : this.add(`${column} = ?::inet`, place);
  }

  addSite(site: string | null): this {
    return site === null ? this : this.add('site = ?', site);
  }

  get text(): string {
    return this.#texts.length === 0 ? 'true' : this.#texts.join(' AND ');
  }
}

/** Of the table of observations; by days, so that partitions that are older are left alone. */
export function observedIn({ since, site, client, server }: Scope): Conditions {
  return new Conditions()
    .add('day >= ?::date', dayOf(since))
    .add('started >= ?', since)
    .addSite(site)
    .addAddress('client', client)
    .addAddress('server', server);
}

const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

export interface ClientRow {
  readonly client: string;
  /** Of all sensors: an exchange that two of them saw counts twice. */
  readonly observations: number;
  readonly accepted: number;
  readonly days: number;
  readonly first: Date;
  readonly last: Date;
  readonly sites: readonly string[];
}

/** Who used port 0, the busiest first. Without a server it is read from the counts of whole days. */
export async function askWho(store: Store, scope: Scope, limit: number): Promise<Answer<ClientRow>> {
  const { since, site, client, server } = scope;
  const isOfAll = site === null && client === null && server === null;
  const rows =
    (isOfAll ? await askByMonth(store, since, limit + 1) : null) ?? (await askByDay(store, scope, limit + 1));
  return { rows: rows.slice(0, limit), isMore: rows.length > limit };
}

/** Reads the counts of each day; with a server the observations themselves. */
async function askByDay(store: Store, scope: Scope, most: number): Promise<ClientRow[]> {
  const { since, site, client, server } = scope;
  const isByDay = server === null;
  const where = isByDay
    ? new Conditions().add('day >= ?::date', dayOf(since)).addSite(site).addAddress('client', client)
    : observedIn(scope);
  const source = isByDay
    ? `SELECT day, site, client, verdict, n, first, last FROM contact_day WHERE port_zero <> 'none' AND ${where.text}`
    : `SELECT day, site, client, verdict, 1::bigint AS n, started AS first, started AS last FROM observation WHERE port_zero <> 'none' AND ${where.text}`;
  return store.query<ClientRow>(
    // The details are asked of those only that are shown.
    `WITH seen AS NOT MATERIALIZED (${source}),
       busy AS MATERIALIZED (SELECT client, sum(n::float8) AS n FROM seen GROUP BY client ORDER BY 2 DESC, 1 LIMIT ${most})
     SELECT host(client) AS client, busy.n AS observations, coalesce(sum(seen.n) FILTER (WHERE verdict = 'accepted'), 0)::float8 AS accepted,
       count(DISTINCT day)::int AS days, min(first) AS first, max(last) AS last, array_agg(DISTINCT site ORDER BY site) AS sites
     FROM busy JOIN seen USING (client) GROUP BY client, busy.n ORDER BY busy.n DESC, busy.client`,
    where.values,
  );
}

/** So many times more than are asked for are looked at, of each month. */
const BOUND_FACTOR = 4;
/** Of clients that are asked for; for more the days are read. */
const MOST_BY_MONTH = 10_000;

/**
 * Reads the counts of whole months, and those of days only of the month in which the time begins, and of clients that may be among
 * the busiest: whose months, that one whole, come to as much as the last of them has without it. Null where that does not settle it: no
 * month is whole.
 */
async function askByMonth(store: Store, since: Date, most: number): Promise<ClientRow[] | null> {
  const day = dayOf(since);
  const month = `${day.slice(0, 7)}-01`;
  if (most > MOST_BY_MONTH || dayOf(new Date()).startsWith(day.slice(0, 7))) return null;
  const looked = most * BOUND_FACTOR;
  // First the busiest of each month, then all clients.
  const [bounds, least] =
    (await leastOf(boundsOfBusiest(store, month, looked), most)) ??
    (await leastOf(boundsOfAll(store, month, looked), most)) ??
    [];
  if (bounds === undefined || least === undefined) return null;
  const clients = bounds.filter(({ upper }) => upper >= least).map(({ client }) => client);
  return store.query<ClientRow>(
    `WITH ${MONTHS}, candidate AS (SELECT unnest($3::inet[]) AS client), seen AS (
       SELECT client, n, accepted, length(replace(days::bit(31)::text, '0', '')) AS days, first, last, array_to_string(sites, ',') AS sites
       FROM candidate CROSS JOIN months CROSS JOIN LATERAL (
         SELECT n, accepted, days, first, last, sites FROM contact_month c WHERE c.month = months.month AND c.client = candidate.client OFFSET 0) AS found
       WHERE month > $1
       UNION ALL
       SELECT client, sum(n), coalesce(sum(n) FILTER (WHERE verdict = 'accepted'), 0), count(DISTINCT day), min(first), max(last), string_agg(DISTINCT site, ',')
       FROM candidate JOIN contact_day USING (client)
       WHERE port_zero <> 'none' AND day >= $2 AND day < ($1::date + interval '1 month')::date GROUP BY client
     )
     SELECT host(client) AS client, sum(n)::float8 AS observations, sum(accepted)::float8 AS accepted, sum(days)::int AS days, min(first) AS first, max(last) AS last,
       ARRAY(SELECT DISTINCT site FROM unnest(string_to_array(string_agg(sites, ','), ',')) AS site ORDER BY 1) AS sites
     FROM seen GROUP BY seen.client ORDER BY sum(n) DESC, seen.client LIMIT ${most}`,
    [month, day, clients],
  );
}

/** What a client has at most, and at least. */
interface Bounds {
  readonly client: string;
  readonly upper: number;
  readonly lower: number;
}
interface BoundsOfMany {
  readonly bounds: readonly Bounds[];
  /** What a client has at most that is not there. */
  readonly others: number;
}

/** With how much the last of the busiest has at least. Null where one that is not there may have as much. */
async function leastOf(found: Promise<BoundsOfMany>, most: number): Promise<[readonly Bounds[], number] | null> {
  const { bounds, others } = await found;
  const lowers = bounds.map(({ lower }) => lower).sort((a, b) => b - a);
  const least = lowers[most - 1] ?? 0;
  return others > 0 && others >= least ? null : [bounds, least];
}

/**
 * Months that there are from $1 on, found by the index one after the other. Each client is looked up in each (OFFSET 0): the planner
 * would read the whole table.
 */
const MONTHS = `RECURSIVE step AS (
       SELECT min(month) AS month FROM contact_month WHERE month >= $1
       UNION ALL SELECT (SELECT min(c.month) FROM contact_month c WHERE c.month > step.month) FROM step WHERE month IS NOT NULL
     ), months AS MATERIALIZED (SELECT month FROM step WHERE month IS NOT NULL)`;

/** Who is not among the busiest of any month has less than the last of these in each. */
async function boundsOfBusiest(store: Store, month: string, looked: number): Promise<BoundsOfMany> {
  const rows = await store.query<Bounds & { others: number }>(
    `WITH ${MONTHS}, busiest AS MATERIALIZED (
       SELECT months.month, b.* FROM months CROSS JOIN LATERAL (
         SELECT client, width FROM contact_month c WHERE c.month = months.month ORDER BY c.month DESC, width DESC LIMIT ${looked}) AS b
     ), other AS (
       SELECT coalesce(sum(most), 0) AS others FROM (
         SELECT CASE WHEN count(*) < ${looked} THEN 0 ELSE 2 ^ min(width)::float8 END AS most FROM busiest GROUP BY month) AS m
     )
     SELECT client, sum(n::float8) AS upper, coalesce(sum(n::float8) FILTER (WHERE month > $1), 0) AS lower, (SELECT others FROM other) AS others
     FROM (SELECT DISTINCT client FROM busiest) AS b CROSS JOIN months CROSS JOIN LATERAL (
       SELECT n FROM contact_month c WHERE c.month = months.month AND c.client = b.client OFFSET 0) AS found
     GROUP BY client`,
    [month],
  );
  return { bounds: rows, others: rows[0]?.others ?? 0 };
}

async function boundsOfAll(store: Store, month: string, looked: number): Promise<BoundsOfMany> {
  const bounds = await store.query<Bounds>(
    `SELECT client, sum(n::float8) AS upper, coalesce(sum(n::float8) FILTER (WHERE month > $1), 0) AS lower
     FROM contact_month WHERE month >= $1 GROUP BY client ORDER BY 2 DESC LIMIT ${looked}`,
    [month],
  );
  return { bounds, others: bounds.length < looked ? 0 : bounds.at(-1)!.upper };
}

export interface AcceptedRow {
  readonly started: Date;
  readonly client: string;
  readonly client_port: number;
  readonly server: string;
  readonly server_port: number;
  readonly observations: number;
  readonly sensors: number;
  readonly sites: readonly string[];
  readonly latency_ms: number | null;
  readonly rules: readonly string[];
  readonly verdict: Verdict;
}

/** Sensors that saw one exchange, on the average: it is asked for so many, and where that does not do, for more. */
const SENSORS_OF_ONE = [2, 8] as const;

/** Exchanges that were accepted, as one or another sensor saw, the newest first. */
export async function askAccepted(store: Store, scope: Scope, limit: number): Promise<Answer<AcceptedRow>> {
  let answer: Answer<AcceptedRow> = { rows: [], isMore: true };
  for (const sensors of SENSORS_OF_ONE) {
    if (!answer.isMore || answer.rows.length === limit) break;
    answer = await askAcceptedOf(store, scope, limit, (limit + 1) * sensors);
  }
  return answer;
}

/**
 * Of the newest observations, `most` of them. OFFSET 0 has the neighbours of each looked up by the index of clients: of many rows the
 * planner takes all for neighbours, and reads them.
 */
async function askAcceptedOf(store: Store, scope: Scope, limit: number, most: number): Promise<Answer<AcceptedRow>> {
  const where = observedIn(scope);
  const rows = await store.query<AcceptedRow & { hits: number }>(
    `WITH hit AS MATERIALIZED (
       SELECT day, client, client_port, server, server_port, isn, probe, started FROM observation
       WHERE verdict = 'accepted' AND port_zero <> 'none' AND ${where.text} ORDER BY started DESC LIMIT ${most}
     ), near AS (
       SELECT DISTINCT ON (o.day, o.id) o.* FROM hit h CROSS JOIN LATERAL (
         SELECT * FROM observation o WHERE o.client = h.client AND o.client_port = h.client_port
         AND o.server = h.server AND o.server_port = h.server_port AND o.isn IS NOT DISTINCT FROM h.isn AND o.probe IS NOT DISTINCT FROM h.probe
         AND o.started BETWEEN h.started - interval '1 minute' AND h.started + interval '1 minute' AND o.day BETWEEN h.day - 1 AND h.day + 1
         AND o.day >= $1::date - 1 OFFSET 0
       ) AS o
     )
     SELECT started, host(client) AS client, client_port, host(server) AS server, server_port, observations, sensors, sites, latency_ms, rules, verdict,
       (SELECT count(*)::int FROM hit) AS hits
     FROM (${clustersOf('SELECT * FROM near')}) AS c WHERE verdict = 'accepted' ORDER BY started DESC, client LIMIT ${limit + 1}`,
    where.values,
  );
  const shown = rows.slice(0, limit).map(({ hits: _, ...row }) => row);
  return { rows: shown, isMore: rows.length > limit || (rows[0]?.hits ?? 0) >= most };
}

export interface LossRow {
  readonly site: string;
  readonly sensor: string;
  readonly epoch: string;
  /** The highest number that has come. */
  readonly last_seq: number;
  /** Numbers below that which have not. */
  readonly lost: number;
  /** What the sensor said that it had to refuse. */
  readonly refused: number | null;
  readonly frames: number | null;
  readonly drops: number | null;
  /** When something came from it last. */
  readonly heard: Date;
}

/** What of the records of each run of a sensor has not come, most first. */
export async function askLosses(store: Store, { since, site }: Scope, limit: number): Promise<Answer<LossRow>> {
  const where = new Conditions().add('heard >= ?', since).addSite(site);
  const rows = await store.query<LossRow>(
    `SELECT site, sensor, epoch, last_seq::float8, (last_seq - came)::float8 AS lost, refused::float8, frames::float8, drops::float8, heard
     FROM (SELECT * FROM sensor_run WHERE ${where.text}) AS r
     CROSS JOIN LATERAL (SELECT coalesce(sum(length(replace(seen::text, '0', ''))), 0) AS came FROM received x
       WHERE (x.site, x.sensor, x.epoch) = (r.site, r.sensor, r.epoch)) AS c
     ORDER BY lost DESC, heard DESC, site, sensor, epoch LIMIT ${limit + 1}`,
    where.values,
  );
  return { rows: rows.slice(0, limit), isMore: rows.length > limit };
}
