/** Who may do what: keys of sensors at the hub, TLS, roles of the store; and what is told in one line where something is not there. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, startCommand } from '../support/command.ts';
import { FakeSniff } from '../support/fake-capturer.ts';
import { exchangeRecord, openPublisher } from '../support/observations.ts';
import { type RunningQueue, type RunningStore, requireServers, startQueue, startStore } from '../support/servers.ts';
import { requireTool } from '../support/tools.ts';

describe.skipIf(!requireServers() || !requireTool('openssl'))('rights', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-rights-'));
  const path = (name: string) => join(folder, name);
  const keys = Object.fromEntries(
    ['sensor', 'other', 'collector', 'admin'].map((name) => {
      const pair = nkeys.createUser();
      const seed = Buffer.from(pair.getSeed());
      // As `nk -gen user` and nsc write them, with something around.
      writeFileSync(path(`${name}.nk`), `# ${name}\n${seed}\n`, { mode: 0o600 });
      return [name, { seed, key: pair.getPublicKey() }] as const;
    }),
  ) as Record<'sensor' | 'other' | 'collector' | 'admin', { seed: Buffer; key: string }>;
  let hub: RunningQueue;
  let store: RunningStore;
  let client: pg.Client;
  let ca: readonly string[];
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path('key.pem'), '-out', path('cert.pem')],
      ],
      { stdio: 'ignore' },
    );
    ca = ['--ca', path('cert.pem')];
    // As docs/scale.md shows it.
    const sensor = (name: string, key: string) =>
      `{ nkey: ${key}, permissions: { publish: ["pz.obs.lab.${name}"], subscribe: ["_INBOX_lab_${name}.>"] } }`;
    hub = await startQueue(`
      jetstream { store_dir: "STORE" }
      tls { cert_file: "${path('cert.pem')}", key_file: "${path('key.pem')}" }
      accounts { PZ {
        jetstream: enabled
        users: [
          ${sensor('edge1', keys.sensor.key)}
          ${sensor('edge2', keys.other.key)}
          { nkey: ${keys.collector.key}, permissions: {
              publish: ["$JS.API.CONSUMER.INFO.PZ_OBS.store", "$JS.API.CONSUMER.MSG.NEXT.PZ_OBS.store", "$JS.ACK.PZ_OBS.store.>"],
              subscribe: ["_INBOX.>"] } }
          { nkey: ${keys.admin.key} }
        ] } }`);
    store = await startStore({ cert: path('cert.pem'), key: path('key.pem') });
    client = session(store.url);
    await client.connect();
    expect(await runCommand(['setup', 'store', '--store', store.url, ...ca])).toMatchObject({ status: 0 });
    const admin = ['--via', hub.url, '--nkey', path('admin.nk'), ...ca];
    const made = await runCommand(['setup', 'hub', ...admin]);
    expect([made.status, made.stderr]).toEqual([0, expect.stringContaining('PZ_OBS')]);
    await client.query(
      'CREATE ROLE gatherer LOGIN IN ROLE portzero_collector; CREATE ROLE eye LOGIN IN ROLE portzero_query; CREATE ROLE hand LOGIN IN ROLE portzero_worker',
    );
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    await client?.end();
    await Promise.all([hub?.stop(), store?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const session = (url: string) => new pg.Client({ connectionString: url, ssl: { rejectUnauthorized: false } });
  const sniff = (name: string, seed: string, more: readonly string[] = ca) => {
    const running = new FakeSniff(mkdtempSync(path('sniff-')), [
      ...[
        '--answer-timeout',
        '200ms',
        '--to',
        hub.url,
        '--site',
        'lab',
        '--sensor',
        name,
        '--nkey',
        path(`${seed}.nk`),
      ],
      ...more,
    ]);
    ends.push(() => running.kill());
    return running;
  };
  const collect = (url: string) => {
    const args = ['collect', '--from', hub.url, '--nkey', path('collector.nk'), ...ca, '--store', url];
    const started = startCommand(args);
    started.finished.catch(() => {});
    ends.push(() => started.child.kill('SIGKILL'));
    return started;
  };
  const until = async (holds: () => Promise<boolean>) => {
    for (let i = 0; !(await holds()); i++) {
      if (i > 300) throw new Error('it does not hold');
      await sleep(100);
    }
  };
  const count = async (table: string) => Number((await client.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);

  it('suffice: a sensor and a collector need no more than theirs', async () => {
    const running = sniff('edge1', 'sensor');
    const collector = collect(store.urlOf('gatherer'));
    await running.connect(5);
    await until(async () => (await count('observation')) === 5);
    expect(await running.interrupt()).toBe(1);
    collector.child.kill('SIGINT');
    expect(await collector.finished).toMatchObject({ status: 0 });
    const asked = await runCommand(['query', 'losses', '--store', store.urlOf('eye'), ...ca, '-f', 'json']);
    expect(JSON.parse(asked.stdout)).toMatchObject({ losses: [{ sensor: 'edge1', lost: 0 }] });
  });

  it('end a sniff that has those of another sensor, in one line', async () => {
    const running = sniff('edge1', 'other');
    expect(await running.ended).toBe(2);
    expect(running.stderr).toMatch(
      /^portzero: nats:\S+ takes no record of pz\.obs\.lab\.edge1: [^\n]*ermission[^\n]*\n$/i,
    );
  });

  it('keep a sensor from every other subject', async () => {
    const connection = await connect({
      servers: hub.url,
      authenticator: nkeyAuthenticator(keys.sensor.seed),
      inboxPrefix: '_INBOX_lab_edge1',
      tls: { caFile: path('cert.pem'), host: '127.0.0.1' } as object,
    });
    ends.push(() => connection.close());
    const streams = jetstream(connection, { timeout: 2000 });
    const record = JSON.stringify({});
    await streams.publish('pz.obs.lab.edge1', record);
    for (const subject of [
      'pz.obs.lab.edge2',
      'pz.obs.other.edge1',
      'pz.obs.lab.edge1.more',
      'pz.task.map.0123456789abcdef',
    ])
      await expect(streams.publish(subject, record), subject).rejects.toThrow(/permission/i);
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 2000 });
    for (const [what, action] of Object.entries({
      'streams.info': () => manager.streams.info('PZ_OBS'),
      'streams.delete': () => manager.streams.delete('PZ_OBS'),
      'streams.purge': () => manager.streams.purge('PZ_OBS'),
      'consumers.info': () => manager.consumers.info('PZ_OBS', 'store'),
      getMessage: () => manager.streams.getMessage('PZ_OBS', { seq: 1 }),
    }))
      await expect(action(), what).rejects.toThrow(/permission/i);
    for (const subject of ['pz.obs.>', '>', '_INBOX.>', '_INBOX_lab_edge2.>']) {
      const error = await new Promise<Error | null>((resolve) => {
        connection.subscribe(subject, {
          callback: (failure) => {
            if (failure !== null) resolve(failure);
          },
        });
        setTimeout(() => resolve(null), 2000);
      });
      expect(String(error), subject).toMatch(/permission/i);
    }
  });

  it('are refused without TLS, without a key, and to a server that is not known', async () => {
    const plain = sniff('edge1', 'sensor', []);
    expect(await plain.ended).toBe(2);
    expect(plain.stderr).toMatch(/^portzero: nats:[^\n]*certificate[^\n]*\n$/);
    const none = await runCommand(['collect', '--from', hub.url, ...ca, '--store', store.url]);
    expect(none).toMatchObject({ status: 2, stdout: '' });
    expect(none.stderr).toMatch(/^portzero: nats:\S+ refused: [^\n]+\n$/);
    const clear = await runCommand(['query', 'who', '--store', store.url]);
    expect(clear).toMatchObject({ status: 2, stdout: '' });
    expect(clear.stderr).toMatch(/^portzero: postgres:\S+ refused: [^\n]*no encryption\n$/);
    // Nothing is said in clear before the handshake but the server's greeting.
    const { connect: connectTcp } = await import('node:net');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connectTcp(Number(hub.url.split(':').at(-1)), '127.0.0.1', () => {
        socket.write('CONNECT {"verbose":false}\r\nPUB pz.obs.lab.edge1 2\r\n{}\r\nPING\r\n');
      });
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/"tls_required":true/);
    expect(answer).not.toMatch(/PONG/);
  });

  it('of the store are just what each needs', async () => {
    const refused: Record<string, readonly string[]> = {
      hand: [
        'SELECT * FROM observation',
        'SELECT * FROM finding',
        'SELECT * FROM contact_day',
        'SELECT * FROM exchange',
        'DELETE FROM observation',
        'DELETE FROM shard',
        "SELECT portzero_add('[]', '[]', '[]', '[]')",
      ],
      gatherer: [
        'SELECT * FROM observation',
        'INSERT INTO contact_day SELECT * FROM contact_day',
        'DELETE FROM observation',
        'TRUNCATE received',
        'UPDATE sensor_run SET refused = 0',
        "SELECT portzero_month('observation', '2020-01-01')",
        'SELECT * FROM shard',
      ],
      eye: [
        'DELETE FROM observation',
        'INSERT INTO received SELECT * FROM received',
        "SELECT portzero_add('[]', '[]', '[]', '[]')",
        'UPDATE contact_day SET n = 0',
      ],
    };
    for (const [role, texts] of Object.entries(refused)) {
      const asked = session(store.urlOf(role));
      await asked.connect();
      for (const text of texts)
        await expect(asked.query(text), `${role}: ${text}`).rejects.toMatchObject({ code: '42501' });
      await asked.end();
    }
  });

  it('of the function are not lent to tables of whoever calls it', async () => {
    const before = await count('contact_day');
    const caller = session(store.urlOf('gatherer'));
    await caller.connect();
    await caller.query(
      'CREATE TEMP TABLE sensor_run (site text, sensor text, epoch text, last_seq bigint, heard timestamptz, status_seq bigint, refused bigint, frames bigint, drops bigint, PRIMARY KEY (site, sensor, epoch))',
    );
    const run = { site: 'x', sensor: 'trap', epoch: 'e', last_seq: 1, status_seq: 0 };
    await caller.query('SELECT portzero_add($1, $1, $2, $1)', ['[]', JSON.stringify([run])]);
    expect((await caller.query('SELECT * FROM pg_temp.sensor_run')).rows).toEqual([]);
    await caller.end();
    expect(await count("sensor_run WHERE sensor = 'trap'")).toBe(1);
    expect(await count('contact_day')).toBe(before);
    await client.query("DELETE FROM sensor_run WHERE sensor = 'trap'");
  });
});

describe.skipIf(!requireServers() || !requireTool('openssl'))('several servers of a hub', () => {
  const ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const;
  const folder = mkdtempSync(join(tmpdir(), 'portzero-hubs-'));
  const path = (name: string) => join(folder, name);
  const ca = ['--ca', path('both.pem')];
  const hubs: RunningQueue[] = [];
  let store: RunningStore;
  let client: pg.Client;
  let child: ChildProcess | null = null;

  /** On an address, with the certificate of that one or of the other one. */
  const startHub = async (address: string, named = address) => {
    const tls = `tls { cert_file: "${path(`${named}.pem`)}", key_file: "${path(`${named}.key`)}" }`;
    const hub = await startQueue(`jetstream { store_dir: "STORE" }\n${tls}`, address);
    hubs.push(hub);
    return hub;
  };
  beforeAll(async () => {
    for (const address of ADDRESSES) {
      const how = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=hub'];
      const names = ['-addext', `subjectAltName=IP:${address}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
      const files = ['-keyout', path(`${address}.key`), '-out', path(`${address}.pem`)];
      execFileSync('openssl', ['req', '-x509', ...how, ...names, ...files], { stdio: 'ignore' });
    }
    writeFileSync(path('both.pem'), ADDRESSES.map((address) => readFileSync(path(`${address}.pem`))).join(''));
    store = await startStore({ cert: path(`${ADDRESSES[0]}.pem`), key: path(`${ADDRESSES[0]}.key`) });
    client = new pg.Client({ connectionString: store.url, ssl: { rejectUnauthorized: false } });
    await client.connect();
    expect(await runCommand(['setup', 'store', '--store', store.url, ...ca])).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await client?.end();
    await Promise.all([...hubs.map((hub) => hub.stop()), store?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('are each known by their own address, also when one takes the place of another', async () => {
    const [first, second] = [await startHub(ADDRESSES[0]), await startHub(ADDRESSES[1])];
    for (const { url } of [first, second])
      expect(await runCommand(['setup', 'hub', '--via', url, ...ca])).toMatchObject({ status: 0 });
    const both = `${first.url},${second.url}`;
    await second.kill();
    const started = startCommand(['collect', '--from', both, ...ca, '--store', store.url]);
    started.finished.catch(() => {});
    child = started.child;
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    for (let i = 0; !said.includes('ready') && i < 1200; i++) await sleep(100);
    expect(said).toMatch(/ready/);
    await second.start();
    await first.kill();
    const connection = await connect({
      servers: second.url,
      tls: { caFile: path('both.pem'), host: ADDRESSES[1] } as object,
    });
    const record = exchangeRecord({
      ...{ site: 'lab', sensor: 'edge1', epoch: 'e', seq: 1, exchange: 1 },
      ...{ client: '10.0.0.1', server: '192.0.2.1', millis: Date.now() },
    });
    await jetstream(connection).publish('pz.obs.lab.edge1', JSON.stringify(record));
    await connection.close();
    for (let i = 0; (await client.query('SELECT FROM observation')).rowCount === 0 && i < 1200; i++) await sleep(100);
    expect((await client.query('SELECT FROM observation')).rowCount).toBe(1);
    child.kill('SIGKILL');
  });

  it('are refused where one has the certificate of another', async () => {
    const liar = await startHub(ADDRESSES[1], ADDRESSES[0]);
    const good = hubs[0]!;
    await good.kill();
    for (const via of [liar.url, `${good.url},${liar.url}`, `${liar.url},${good.url}`]) {
      const { status, stderr } = await runCommand(['setup', 'hub', '--via', via, ...ca]);
      expect([status, stderr]).toEqual([2, expect.stringMatching(/^portzero: nats:[^\n]+\n$/)]);
    }
    // Control: it is the name that is refused.
    const alone = await runCommand(['setup', 'hub', '--via', liar.url, ...ca]);
    expect(alone.stderr).toMatch(/127\.0\.0\.2 is not in the cert's list/);
  });
});

describe.skipIf(!requireServers())('what a fleet needs and is not there', () => {
  let hub: RunningQueue;
  let store: RunningStore;
  let child: ChildProcess | null = null;
  beforeAll(async () => {
    [hub, store] = await Promise.all([startQueue(), startStore()]);
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await Promise.all([hub?.stop(), store?.stop()]);
  });
  const said = async (args: readonly string[]) => {
    const { status, stderr, stdout } = await runCommand(args);
    expect([status, stdout], args.join(' ')).toEqual([2, '']);
    expect(stderr).toMatch(/^portzero: [^\n]+\n$/);
    return stderr;
  };

  it('is told in one line', async () => {
    const at = ['--store', store.url];
    expect(await said(['collect', '--from', hub.url, ...at])).toMatch(/tables .* not there yet: portzero setup store/);
    expect((await runCommand(['setup', 'store', ...at])).status).toBe(0);
    expect(await said(['collect', ...at])).toMatch(/--from/);
    expect(await said(['collect', '--from', 'http://x', ...at])).toMatch(/--from http:\/\/x: expected nats:/);
    expect(await said(['collect', '--from', 'nats://127.0.0.1:1', ...at])).toMatch(/ECONNREFUSED/);
    expect(await said(['collect', '--from', hub.url, ...at])).toMatch(/no stream PZ_OBS .*portzero setup hub/);
    expect(await said(['collect', '--from', hub.url])).toMatch(/--store/);
    const sniff = ['sniff', 'lo', '--to', hub.url];
    expect(await said(sniff)).toMatch(/--site/);
    expect(await said([...sniff, '--site', 'a.b'])).toMatch(/--site a\.b: expected/);
    expect(await said(['sniff', 'lo', '--spool', hub.url])).toMatch(/--spool is about the hub/);
    expect(await said(['sniff', 'lo', '--to', 'nats://127.0.0.1:1', '--site', 'a'])).toMatch(/ECONNREFUSED/);
    expect(await said([...sniff, '--site', 'a', '--sensor', 'b'])).toMatch(/there is no stream PZ_OBS/);
    expect(await said([...sniff, '--site', 'a', '--spool', 'nats://127.0.0.1:1'])).toMatch(/ECONNREFUSED/);
    expect(await said([...sniff, '--site', 'a', '--nkey', '/nowhere'])).toMatch(
      /--nkey \/nowhere: there is no such file/,
    );
    expect(await said(['query', 'who', ...at, '--client', 'nobody'])).toMatch(/--client nobody: expected an address/);
    expect(await said(['query', 'losses', ...at, '--client', '10.0.0.1'])).toMatch(/--client is not for query losses/);
    expect(await said(['query', 'who', ...at, '--since', 'monday'])).toMatch(/--since monday: expected an age/);
    expect(await said(['setup', 'store', ...at, '--max-size', '1GB'])).toMatch(/--max-size is about hub and spool/);
    const client = new pg.Client(store.url);
    await client.connect();
    await client.query('CREATE ROLE stranger LOGIN');
    expect((await runCommand(['setup', 'hub', '--via', hub.url])).status).toBe(0);
    expect(await said(['collect', '--from', hub.url, '--store', store.urlOf('stranger')])).toMatch(
      /no rights: permission denied/,
    );
    await client.query('UPDATE portzero_schema SET version = 9');
    expect(await said(['collect', '--from', hub.url, ...at])).toMatch(/tables are of version 9/);
    expect(await said(['query', 'who', ...at])).toMatch(/tables are of version 9/);
    await client.query('UPDATE portzero_schema SET version = 1');
    await client.end();
  });

  it('is told when it comes while records wait, and they wait on', async () => {
    await runCommand(['setup', 'hub', '--via', hub.url, '--ack-wait', '1']);
    const { publish, close } = await openPublisher(hub.url);
    await publish([
      exchangeRecord({
        site: 'a',
        sensor: 'b',
        epoch: 'e',
        seq: 1,
        exchange: 1,
        client: '10.0.0.1',
        server: '10.0.0.2',
        millis: Date.now(),
      }),
    ]);
    const client = new pg.Client(store.url);
    await client.connect();
    // What a full disk is to the collector: PostgreSQL says so with this code.
    await client.query(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full USING MESSAGE = 'could not extend file'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT ON received FOR EACH ROW EXECUTE FUNCTION full_disk()`,
    );
    expect(await said(['collect', '--from', hub.url, '--store', store.url, '-q'])).toMatch(
      /its disk is full: could not extend/,
    );
    await client.query('DROP TRIGGER full_disk ON received');
    const started = startCommand(['collect', '--from', hub.url, '--store', store.url]);
    started.finished.catch(() => {});
    child = started.child;
    for (let i = 0; i < 200 && (await client.query('SELECT FROM observation')).rowCount === 0; i++) await sleep(100);
    expect((await client.query('SELECT FROM observation')).rowCount).toBe(1);
    await client.end();
    await close();
  });
});
