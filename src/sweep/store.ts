import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Pool, PoolClient, PoolConfig, QueryResultRow } from 'pg';
import type { DecoderOptions } from '../decode/decoder.ts';
import type { ShardBrief } from '../shard/open-shard.ts';
import { whyUnreadable } from '../unreadable.ts';
import { explain } from './nats.ts';
import { loadPostgres } from './packages.ts';
import { GRANTS, ROLES, SCHEMA_VERSION, TABLES } from './schema.ts';
import { ServiceError } from './service-error.ts';
import type { Task } from './task.ts';

/** What workers have to know of a sweep. */
export interface SweepConfig {
  /** Absolute. */
  readonly paths: readonly string[];
  readonly decoder: DecoderOptions;
  readonly answerTimeoutNanos: number;
  readonly maxExchanges: number;
}

export interface FailedFile {
  readonly key: string;
  readonly uri: string;
  readonly deliveries: number;
  readonly error: string;
  readonly created: Date;
}

/** How far a sweep is. */
export interface SweepState {
  readonly files: number;
  readonly bytes: number;
  readonly doneFiles: number;
  readonly doneBytes: number;
  readonly failed: number;
}

export interface StoreOptions {
  readonly authority?: string | undefined;
  readonly connections?: number;
  /** Whether its tables have to be there. */
  readonly isSetUp?: boolean;
  /** For sorting and counting, of each step of a query, as PostgreSQL writes it (default: the server's). */
  readonly memory?: string;
}

const LEAST_SERVER = 120_000;
const CONNECT_MILLIS = 5000;
/** Of a value that is sent at once. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Rows that are sent, or asked for, at once. */
const BATCH = 5000;

/** Where results live: PostgreSQL. What is in it is there for good, whoever wrote it may be killed at any time. */
export class Store {
  readonly #pool: Pool;
  readonly #place: string;

  private constructor(pool: Pool, place: string) {
    this.#pool = pool;
    this.#place = place;
  }

  /** Rejects with ServiceError where the server cannot be reached, refuses, is too old, or has other tables. */
  static async open(
    url: string,
    { authority, connections = 4, isSetUp = true, memory }: StoreOptions = {},
  ): Promise<Store> {
    const postgres = await loadPostgres();
    // To compile a query takes longer here than it saves. Of servers that are too old to know it, the version is told.
    const settings = `SELECT set_config('jit', 'off', false) WHERE current_setting('jit', true) IS NOT NULL${memory === undefined ? '' : `; SET work_mem = '${memory}'`}`;
    const pool = new postgres.Pool({
      ...readOptions(url, authority, connections),
      onConnect: async (client) => {
        await client.query(settings);
      },
    });
    // Of connections that nobody uses at the moment: the next query tells.
    pool.on('error', () => {});
    const store = new Store(pool, url);
    try {
      const [row] = await store.#connect();
      if (Number(row?.version) < LEAST_SERVER) {
        throw new ServiceError(`${url}: PostgreSQL ${row?.name} is too old, 12 is needed`);
      }
      if (isSetUp) await store.#checkSchema();
      return store;
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async #connect(): Promise<{ version: string; name: string }[]> {
    try {
      const text = "SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS name";
      return (await this.#pool.query<{ version: string; name: string }>(text)).rows;
    } catch (error) {
      throw new ServiceError(`${this.#place}: ${explainConnection(error as Error)}`, { cause: error });
    }
  }

  async #checkSchema(): Promise<void> {
    let version: number | undefined;
    try {
      version = (await this.query<{ version: number }>('SELECT version FROM portzero_schema')).at(0)?.version;
    } catch (error) {
      if (codeOf((error as Error).cause) !== '42P01') throw error;
    }
    if (version === undefined) {
      throw new ServiceError(
        `${this.#place}: the tables of portzero are not there yet: portzero setup store makes them`,
      );
    }
    if (version !== SCHEMA_VERSION) {
      throw new ServiceError(
        `${this.#place}: the tables are of version ${version}, this portzero knows ${SCHEMA_VERSION}: use the portzero that made them`,
      );
    }
  }

  /** Makes tables and roles where they are not. May be run again. Says what it had no rights for. */
  async setUp(): Promise<string[]> {
    const notes: string[] = [];
    try {
      await this.#checkSchema();
    } catch (error) {
      // Tables of another version are left alone.
      if (!(error instanceof ServiceError) || !error.message.includes('not there yet')) throw error;
    }
    await this.#inTransaction(async (client) => {
      // Somebody else may be at it.
      await client.query('SELECT pg_advisory_xact_lock(7090000)');
      await client.query(TABLES);
      await client.query('INSERT INTO portzero_schema SELECT $1 WHERE NOT EXISTS (SELECT FROM portzero_schema)', [
        SCHEMA_VERSION,
      ]);
    });
    try {
      await this.#inTransaction(async (client) => {
        for (const role of ROLES) {
          const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
          if (rowCount === 0) await client.query(`CREATE ROLE ${role} NOLOGIN`);
        }
        await client.query(GRANTS);
      });
    } catch (error) {
      if (!(error instanceof ServiceError) || codeOf(error.cause) !== '42501') throw error;
      notes.push(`the roles ${ROLES.join(', ')} could not be made: ${explain(error.cause as Error)}`);
    }
    return notes;
  }

  // --- observations ----------------------------------------------------------------------------------------------------

  /** Stores what sensors sent, all of it or nothing; what is there already is not counted again. Returns exchanges that are new. */
  async addObservations(
    exchanges: readonly object[],
    findings: readonly object[],
    runs: readonly object[],
    blocks: readonly object[],
  ): Promise<number> {
    const rows = await this.query<{ added: string }>('SELECT portzero_add($1, $2, $3, $4) AS added', [
      toJson(exchanges),
      toJson(findings),
      toJson(runs),
      toJson(blocks),
    ]);
    return Number(rows[0]!.added);
  }

  /** Drops the observations and findings of whole months before this day. Returns how many partitions that were. */
  async dropBefore(day: string): Promise<number> {
    const rows = await this.query<{ name: string; ends: string }>(
      `SELECT c.relname AS name, to_char(to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month', 'YYYY-MM-DD') AS ends
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent IN ('observation'::regclass, 'finding'::regclass) AND c.relname ~ '_\\d{4}_\\d{2}$'`,
    );
    const old = rows.filter(({ ends }) => ends <= day);
    for (const { name } of old) await this.query(`DROP TABLE ${name}`);
    for (const name of ['observation', 'finding']) await this.query(`DELETE FROM ${name}_other WHERE day < $1`, [day]);
    return old.length;
  }

  /** Rows in portions, however many there are, as they were when it began. */
  async *rows<T extends QueryResultRow>(text: string, values: readonly unknown[]): AsyncGenerator<T[]> {
    let client: PoolClient | null = null;
    let isWhole = false;
    try {
      client = await this.#pool.connect();
      await client.query('BEGIN READ ONLY');
      await client.query(`DECLARE portion NO SCROLL CURSOR FOR ${text}`, [...values]);
      for (;;) {
        const { rows } = await client.query<T>(`FETCH ${BATCH} FROM portion`);
        if (rows.length === 0) break;
        yield rows;
      }
      await client.query('COMMIT');
      isWhole = true;
    } catch (error) {
      throw this.#say(error as Error);
    } finally {
      client?.release(!isWhole);
    }
  }

  // --- shards ----------------------------------------------------------------------------------------------------------

  /** Stores a shard, all of it or nothing; one that is there stays as it is. */
  async addShard({ key, series, uri }: Task, head: object, frames: Uint8Array): Promise<void> {
    if (frames.length <= CHUNK_BYTES) {
      await this.query(
        `WITH made AS (INSERT INTO shard (key, series, uri, head) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING key)
         INSERT INTO shard_chunk (key, n, frames) SELECT key, 0, $5 FROM made`,
        [key, series, uri, toJson(head), frames],
      );
      return;
    }
    await this.#inTransaction(async (client) => {
      const { rowCount } = await client.query(
        'INSERT INTO shard (key, series, uri, head) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING key',
        [key, series, uri, toJson(head)],
      );
      if (rowCount === 0) return;
      for (let n = 0; n * CHUNK_BYTES < frames.length; n++) {
        const chunk = frames.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
        await client.query('INSERT INTO shard_chunk (key, n, frames) VALUES ($1, $2, $3)', [key, n, chunk]);
      }
    });
  }

  /** Whether nothing is to be done for it any more. */
  async isSettled(key: string): Promise<boolean> {
    const rows = await this.query(
      'SELECT key FROM shard WHERE key = $1 UNION ALL SELECT key FROM failed WHERE key = $1',
      [key],
    );
    return rows.length > 0;
  }

  async readChunk(key: string, n: number): Promise<Uint8Array | null> {
    const rows = await this.query<{ frames: Buffer }>('SELECT frames FROM shard_chunk WHERE key = $1 AND n = $2', [
      key,
      n,
    ]);
    return rows[0]?.frames ?? null;
  }

  /** A failed file is told once. */
  async addFailed({ key, uri }: Task, deliveries: number, error: string): Promise<void> {
    await this.query(
      'INSERT INTO failed (key, uri, deliveries, error) SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT key FROM shard WHERE key = $1) ON CONFLICT DO NOTHING',
      [key, uri, deliveries, error.replaceAll('\0', '').slice(0, 2000)],
    );
  }

  // --- sweeps ----------------------------------------------------------------------------------------------------------

  /** Begins a run of a sweep; returns its number. */
  async beginSweep(id: string, config: SweepConfig): Promise<number> {
    const rows = await this.query<{ run: number }>(
      'INSERT INTO sweep (id, config, run) VALUES ($1, $2, 1) ON CONFLICT (id) DO UPDATE SET run = sweep.run + 1, config = excluded.config RETURNING run',
      [id, JSON.stringify(config)],
    );
    return rows[0]!.run;
  }

  async sweepConfig(id: string): Promise<SweepConfig | null> {
    const rows = await this.query<{ config: SweepConfig }>('SELECT config FROM sweep WHERE id = $1', [id]);
    return rows[0]?.config ?? null;
  }

  /** The run that last listed all files; 0 for none. */
  async listedRun(id: string): Promise<number> {
    const rows = await this.query<{ run: number }>(
      'SELECT coalesce(max(run), 0)::int AS run FROM sweep_file WHERE sweep = $1 AND EXISTS (SELECT FROM sweep WHERE id = $1 AND listed IS NOT NULL)',
      [id],
    );
    return rows[0]!.run;
  }

  /** Which of these keys are known, and as what. */
  async known(keys: readonly string[]): Promise<{ captures: Set<string>; others: Set<string> }> {
    const rows = await this.query<{ key: string; other: boolean }>(
      `SELECT key, false AS other FROM shard WHERE key = ANY($1) UNION ALL SELECT key, false FROM failed WHERE key = ANY($1)
       UNION ALL SELECT key, true FROM other_file WHERE key = ANY($1)`,
      [keys],
    );
    const pick = (isOther: boolean) => new Set(rows.filter(({ other }) => other === isOther).map(({ key }) => key));
    return { captures: pick(false), others: pick(true) };
  }

  async addOthers(files: readonly { readonly key: string; readonly uri: string }[]): Promise<void> {
    if (files.length === 0) return;
    await this.query(
      'INSERT INTO other_file (key, uri) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
      [files.map(({ key }) => key), files.map(({ uri }) => uri)],
    );
  }

  /** Files of a run; those that an earlier run has listed are of this one now. */
  async addFiles(tasks: readonly Task[], run: number): Promise<void> {
    if (tasks.length === 0) return;
    await this.query(
      `INSERT INTO sweep_file (sweep, key, uri, series, size, version, run)
       SELECT $1, t.*, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[]) AS t
       ON CONFLICT (sweep, key) DO UPDATE SET run = greatest(sweep_file.run, excluded.run)`,
      [
        tasks[0]!.sweep,
        run,
        tasks.map(({ key }) => key),
        tasks.map(({ uri }) => uri),
        tasks.map(({ series }) => series),
        tasks.map(({ size }) => size),
        tasks.map(({ version }) => version),
      ],
    );
  }

  /** All files of the run are there; those that are gone since an earlier run are not of it. */
  async endListing(sweep: string, run: number): Promise<void> {
    await this.query('DELETE FROM sweep_file WHERE sweep = $1 AND run < $2', [sweep, run]);
    await this.query('UPDATE sweep SET listed = now() WHERE id = $1', [sweep]);
  }

  async sweepState(sweep: string): Promise<SweepState> {
    const [row] = await this.query<{ files: string; bytes: string; done: string; done_bytes: string; failed: string }>(
      `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes,
         count(*) FILTER (WHERE s.key IS NOT NULL OR f.key IS NOT NULL) AS done,
         coalesce(sum(size) FILTER (WHERE s.key IS NOT NULL OR f.key IS NOT NULL), 0) AS done_bytes,
         count(f.key) AS failed
       FROM sweep_file w LEFT JOIN shard s USING (key) LEFT JOIN failed f USING (key) WHERE w.sweep = $1`,
      [sweep],
    );
    return {
      files: Number(row!.files),
      bytes: Number(row!.bytes),
      doneFiles: Number(row!.done),
      doneBytes: Number(row!.done_bytes),
      failed: Number(row!.failed),
    };
  }

  /** What nobody has settled yet, by key. */
  async *missing(sweep: string): AsyncGenerator<Task[]> {
    for (let after = ''; ; ) {
      const rows = await this.query<{ key: string; uri: string; series: string; size: string; version: string }>(
        `SELECT key, uri, series, size, version FROM sweep_file w WHERE sweep = $1 AND key > $2
           AND NOT EXISTS (SELECT FROM shard s WHERE s.key = w.key) AND NOT EXISTS (SELECT FROM failed f WHERE f.key = w.key)
         ORDER BY key LIMIT ${BATCH}`,
        [sweep, after],
      );
      if (rows.length === 0) return;
      yield rows.map((row) => ({ v: 1, sweep, ...row, size: Number(row.size) }));
      after = rows.at(-1)!.key;
    }
  }

  /** What is there of a sweep, by key. */
  async *briefs(sweep: string): AsyncGenerator<{ key: string; brief: ShardBrief; bytes: number }[]> {
    for (let after = ''; ; ) {
      const rows = await this.query<{ key: string; head: Omit<ShardBrief, 'key'>; bytes: string }>(
        `SELECT s.key, jsonb_build_object('origin', head->'origin', 'decoder', head->'decoder', 'start', head->'start',
           'format', head->'format', 'compression', head->'compression') AS head, (SELECT sum(octet_length(frames)) FROM shard_chunk c WHERE c.key = s.key) AS bytes
         FROM sweep_file w JOIN shard s USING (key) WHERE w.sweep = $1 AND s.key > $2 ORDER BY s.key LIMIT ${BATCH}`,
        [sweep, after],
      );
      if (rows.length === 0) return;
      yield rows.map(({ key, head, bytes }) => ({ key, brief: { ...head, key }, bytes: Number(bytes) }));
      after = rows.at(-1)!.key;
    }
  }

  /** Newest first; of one sweep, or of all. */
  async failed(most: number, sweep: string | null = null, since: Date | null = null): Promise<FailedFile[]> {
    return this.query<FailedFile & QueryResultRow>(
      `SELECT key, uri, deliveries, error, created FROM failed
       WHERE ($2::text IS NULL OR key IN (SELECT key FROM sweep_file WHERE sweep = $2)) AND ($3::timestamptz IS NULL OR created >= $3)
       ORDER BY created DESC, key LIMIT $1`,
      [most, sweep, since],
    );
  }

  /** Lets failed files of a sweep be tried again. */
  async forgetFailed(sweep: string): Promise<number> {
    const rows = await this.query(
      'DELETE FROM failed WHERE key IN (SELECT key FROM sweep_file WHERE sweep = $1) RETURNING key',
      [sweep],
    );
    return rows.length;
  }

  // --- the server ------------------------------------------------------------------------------------------------------

  /** Rejects with ServiceError, but for what may pass: see isPassing(). */
  async query<T extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    try {
      return (await this.#pool.query<T>(text, [...values])).rows;
    } catch (error) {
      throw this.#say(error as Error);
    }
  }

  async #inTransaction(action: (client: PoolClient) => Promise<void>): Promise<void> {
    let client: PoolClient | null = null;
    try {
      client = await this.#pool.connect();
      await client.query('BEGIN');
      await action(client);
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      // Nothing of a connection that ends in the middle stays.
      client?.release(true);
      throw this.#say(error as Error);
    }
  }

  #say(error: Error): Error {
    const code = codeOf(error);
    if (code === undefined) return error;
    const why =
      code === '42501'
        ? `no rights: ${explain(error)}`
        : code === '53100'
          ? `its disk is full: ${explain(error)}`
          : code.startsWith('28')
            ? `refused: ${explain(error)}`
            : explain(error);
    return new ServiceError(`${this.#place}: ${why}`, { cause: error });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** Whether the same may work in a while: the server is away, starts, stops, or has too many connections. */
export function isPassing(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  const code = codeOf(cause);
  if (code !== undefined) return /^(08|57P0|40|53300|55P03|ECONN|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH)/.test(code);
  return cause instanceof Error && /connection|timeout|terminated/i.test(cause.message);
}

/** JSON as PostgreSQL takes it: no NUL, no half of a pair. */
function toJson(value: object): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\0', '\ufffd').replace(/\p{Surrogate}/gu, '\ufffd') : part,
  );
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

function readOptions(url: string, authority: string | undefined, connections: number): PoolConfig {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ServiceError(`--store ${url}: expected postgres://USER@HOST/DATABASE`);
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    throw new ServiceError(`--store ${url}: expected postgres://USER@HOST/DATABASE`);
  }
  if (parsed.password !== '' || parsed.searchParams.has('password')) {
    throw new ServiceError(
      '--store: no password in the address, where other users of the machine could see it: set PGPASSWORD or PGPASSFILE',
    );
  }
  const tls = authority === undefined ? {} : { ssl: { ca: readAuthority(authority), ...ownAddress(parsed.hostname) } };
  return {
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_MILLIS,
    application_name: 'portzero',
    keepAlive: true,
    ...tls,
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ServiceError(`--ca ${path}: ${whyUnreadable(error)}`);
  }
}

/** Names go to the server by themselves; an address would be held against a certificate of "localhost". */
function ownAddress(hostname: string): { host?: string } {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) > 0 ? { host: address } : {};
}

function explainConnection(error: Error): string {
  const code = codeOf(error);
  if (code === '3D000') return `there is no such database: ${explain(error)}`;
  if (code?.startsWith('28') === true) return `refused: ${explain(error)}`;
  return `cannot be reached: ${explain(error)}`;
}
