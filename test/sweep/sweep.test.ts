/**
 * Sweeps with real servers: workers are killed, the queue is killed and deleted, a capture kills and hangs its readers; each time
 * the report is what one machine says. At full size: PORTZERO_SWEEP_FILES=2000 PORTZERO_SWEEP_KILLS=20 npx vitest run test/sweep
 */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { pcap } from '../support/capture-builder.ts';
import { type Finished, fixture, runCommand, startCommand } from '../support/command.ts';
import { cutCapture } from '../support/cut.ts';
import { portZeroPart, writeRing } from '../support/distil.ts';
import { traffic } from '../support/ring-traffic.ts';
import { type RunningQueue, type RunningStore, requireServers, startQueue, startStore } from '../support/servers.ts';

const FILES = Number(process.env.PORTZERO_SWEEP_FILES ?? 200);
const KILLS = Number(process.env.PORTZERO_SWEEP_KILLS ?? 6);

/** What hangs on port 0, without the name, which one machine and a sweep choose otherwise. */
function partOf(report: AnalysisReport) {
  const { inputs, ...rest } = portZeroPart(report);
  return { ...rest, inputs: inputs.map(({ name: _, ...input }) => input) };
}

/** The first few places where two values differ: whole reports are too long to read. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other
      ? []
      : [`${path}: ${JSON.stringify(one)?.slice(0, 80)} is not ${JSON.stringify(other)?.slice(0, 80)}`];
  }
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names]
    .flatMap((name) =>
      differences((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name], `${path}.${name}`),
    )
    .slice(0, 5);
}

describe.skipIf(!requireServers())('a sweep', () => {
  let queue: RunningQueue;
  let store: RunningStore;
  let client: pg.Client;
  let folder: string;
  let ring: string[];
  let whole: ReturnType<typeof partOf>;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portzero-sweep-'));
    execFileSync('chmod', ['755', folder]);
    const cut = cutCapture(pcap(traffic()))!;
    const every = cut.frames / FILES;
    ring = writeRing(folder, cut.at(Array.from({ length: FILES - 1 }, (_, index) => Math.floor((index + 1) * every))));
    const one = await runCommand(['analyze', '--join', ...ring, '-f', 'json']);
    whole = partOf(JSON.parse(one.stdout) as AnalysisReport);
    [queue, store] = await Promise.all([startQueue(), startStore()]);
    client = new pg.Client(store.url);
    await client.connect();
    expect(await runCommand(['setup', 'store', '--store', store.url])).toMatchObject({ status: 0 });
    expect(await runCommand(['setup', 'hub', '--via', queue.url, '--ack-wait', '3'])).toMatchObject({ status: 0 });
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await client?.query('TRUNCATE shard, shard_chunk, sweep, sweep_file, failed, other_file');
    await runCommand(['setup', 'hub', '--via', queue.url, '--ack-wait', '3']);
  });

  afterAll(async () => {
    await client?.end();
    await Promise.all([queue?.stop(), store?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const work = (more: readonly string[] = [], env: Record<string, string> = {}): ChildProcess => {
    const started = startCommand(['work', '--via', queue.url, '--store', store.url, '--jobs', '1', ...more], { env });
    started.finished.catch(() => {});
    children.push(started.child);
    return started.child;
  };
  /** A worker that is started again whenever it ends, as a service is: one that starts while the queue is away ends at once. */
  const keepWorking = () => {
    let isWanted = true;
    let child: ChildProcess;
    const start = () => {
      child = work();
      child.once('exit', () => isWanted && start());
    };
    start();
    return {
      kill: () => child.kill('SIGKILL'),
      end() {
        isWanted = false;
        child.kill('SIGKILL');
      },
    };
  };
  const sweep = (more: readonly string[] = [], path = folder, env: Record<string, string> = {}): Promise<Finished> => {
    const args = ['sweep', path, '--via', queue.url, '--store', store.url, '-f', 'json', ...more];
    const started = startCommand(args, { env });
    children.push(started.child);
    return started.finished;
  };
  const expectWhole = ({ stdout }: Pick<Finished, 'stdout'>) => {
    const found = partOf(JSON.parse(stdout) as AnalysisReport);
    expect(differences(found, whole)).toEqual([]);
    expect(JSON.stringify(found) === JSON.stringify(whole)).toBe(true);
  };
  const count = async (table: string) => Number((await client.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);
  const untilShards = async (least: number) => {
    while ((await count('shard')) < least) await sleep(20);
  };

  it('is what one machine says, though workers and the queue are killed', async () => {
    const workers = [keepWorking(), keepWorking()];
    onTestFinished(() => {
      for (const worker of workers) worker.end();
    });
    const running = sweep();
    for (let kill = 1; kill <= KILLS; kill++) {
      await untilShards((kill * FILES) / (KILLS + 2));
      workers[kill % 2]!.kill();
      if (kill % Math.floor(KILLS / 3) === 0) {
        await queue.kill();
        await sleep(300);
        await queue.start();
      }
    }
    const finished = await running;
    expect(finished.stderr).not.toMatch(/internal error/);
    expect(finished.status).toBe(1);
    expectWhole(finished);
    expect(await count('failed')).toBe(0);
    expect(await count('shard')).toBe(FILES);
  });

  it('finishes when the queue is deleted, and a second one reads no file', async () => {
    const worker = work();
    const running = sweep();
    await untilShards(FILES / 4);
    const { connect } = await import('@nats-io/transport-node');
    const { jetstreamManager } = await import('@nats-io/jetstream');
    const connection = await connect({ servers: queue.url });
    await (await jetstreamManager(connection)).streams.delete('PZ_TASKS');
    await connection.close();
    const finished = await running;
    expectWhole(finished);
    worker.kill('SIGKILL');
    await runCommand(['setup', 'hub', '--via', queue.url, '--ack-wait', '3']);

    // No worker is there, and no capture can be opened; with other rules neither.
    for (const path of ring) execFileSync('mv', [path, `${path}.away`]);
    try {
      const only = await sweep(['--merge-only']);
      expectWhole(only);
      const config = join(folder, 'portzero.config.json');
      writeFileSync(config, JSON.stringify({ rules: { 'port-zero-scan': 'off' } }));
      const other = await sweep(['--merge-only', '-c', config]);
      const ids = (JSON.parse(other.stdout) as AnalysisReport).findings.map(({ ruleId }) => ruleId);
      expect(ids).toContain('port-zero-flood');
      expect(ids).not.toContain('port-zero-scan');
      rmSync(config);
    } finally {
      for (const path of ring) execFileSync('mv', [`${path}.away`, path]);
    }
    // With the captures at their places: not one of them is opened.
    const hook = join(tmpdir(), `portzero-opened-${process.pid}.mjs`);
    writeFileSync(
      hook,
      `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
       const { appendFileSync } = fs;
       const note = (path) => String(path).endsWith('.cap') && appendFileSync(${JSON.stringify(hook)} + '.log', path + '\\n');
       for (const name of ['openSync', 'open', 'createReadStream', 'readFileSync', 'readFile']) {
         const real = fs[name];
         fs[name] = (path, ...more) => { note(path); return real(path, ...more); };
       }
       const { open } = fs.promises;
       fs.promises.open = (path, ...more) => { note(path); return open(path, ...more); };
       appendFileSync(${JSON.stringify(hook)} + '.log', '');
       syncBuiltinESMExports();`,
    );
    try {
      const env = { NODE_OPTIONS: `--import=${hook}` };
      // Control: whoever reads them is seen.
      await runCommand(['analyze', ring[0]!], { env });
      expect(readFileSync(`${hook}.log`, 'utf8')).toContain(ring[0]);
      writeFileSync(`${hook}.log`, '');
      expectWhole(await sweep([], folder, env));
      expect(readFileSync(`${hook}.log`, 'utf8')).toBe('');
    } finally {
      rmSync(hook);
      rmSync(`${hook}.log`, { force: true });
    }
    expect(await count('other_file')).toBe(0);
  });

  it.each(['kills', 'hangs'])('tells of one capture that %s its reader, and of all others', async (how) => {
    const name = join(folder, 'ring-00007x.cap');
    writeFileSync(name, readFileSync(ring[7]!));
    // Stands for a fault of a decompressor or decoder that no capture of ours has.
    const hook = join(folder, 'poison.mjs');
    writeFileSync(
      hook,
      `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
       const { openSync } = fs;
       fs.openSync = (path, ...more) => {
         if (String(path).endsWith('00007x.cap')) { ${how === 'kills' ? "process.kill(process.pid, 'SIGKILL')" : 'for (;;);'} }
         return openSync(path, ...more);
       };
       syncBuiltinESMExports();`,
    );
    try {
      work(['--attempt-time', '500ms'], { NODE_OPTIONS: `--import=${hook}` });
      work(['--attempt-time', '500ms'], { NODE_OPTIONS: `--import=${hook}` });
      const finished = await sweep();
      expect(finished.status).toBe(2);
      const { rows } = await client.query('SELECT uri, deliveries, error FROM failed');
      expect(rows).toEqual([
        { uri: name, deliveries: 5, error: how === 'kills' ? 'its reader died (SIGKILL)' : 'not read within 0.5 s' },
      ]);
      const report = JSON.parse(finished.stdout) as AnalysisReport;
      expect(report.inputs.filter(({ complete }) => !complete)).toMatchObject([{ name }]);
      const rest = { ...report, inputs: report.inputs.filter(({ complete }) => complete) };
      expectWhole({ stdout: JSON.stringify(rest) });
      expect((await runCommand(['query', 'failed', '--store', store.url, '-f', 'csv'])).stdout).toContain(name);

      for (const child of children.splice(0)) child.kill('SIGKILL');
      work();
      expect(await sweep(['--retry-failed'])).toMatchObject({ status: 1 });
      expect(await count('failed')).toBe(0);
    } finally {
      rmSync(name);
      rmSync(hook);
    }
  });

  it('has the time of an attempt begin when its reader is there', async () => {
    const hook = join(folder, 'slow.mjs');
    writeFileSync(
      hook,
      `if (process.argv[1].endsWith('reader-child.js')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);`,
    );
    try {
      work(['--attempt-time', '2s'], { NODE_OPTIONS: `--import=${hook}` });
      const finished = await sweep([], ring[0]!);
      expect(finished.stderr).not.toMatch(/not read within/);
      expect([await count('failed'), await count('shard')]).toEqual([0, 1]);
    } finally {
      rmSync(hook);
    }
  });

  it('reads a capture again that has changed, and only that', async () => {
    work();
    await sweep();
    utimesSync(ring[3]!, new Date(), new Date(1_700_000_000_000));
    expectWhole(await sweep());
    expect(await count('shard')).toBe(FILES + 1);
    expect(await count('failed')).toBe(0);
  });

  it('has workers read nothing outside of their folders', async () => {
    work(['--path', `${folder}=/usr/share`]);
    const finished = await sweep([], ring[0]!);
    expect(finished.status).toBe(2);
    expect((await client.query('SELECT error FROM failed')).rows).toEqual([{ error: 'gone since it was listed' }]);
    await client.query('TRUNCATE failed');
    for (const child of children.splice(0)) child.kill('SIGKILL');
    work(['--path', '/usr/share']);
    await sweep(['--retry-failed'], ring[0]!);
    expect((await client.query('SELECT error FROM failed')).rows[0].error).toMatch(/below none of the folders/);
  });

  it('needs no more of the store than the role of a worker has', async () => {
    await client.query('CREATE ROLE hand LOGIN IN ROLE portzero_worker; CREATE ROLE eye LOGIN IN ROLE portzero_query');
    const started = startCommand(['work', '--via', queue.url, '--store', store.urlOf('hand'), '--jobs', '2']);
    children.push(started.child);
    expectWhole(await sweep());
    const hand = new pg.Client(store.urlOf('hand'));
    await hand.connect();
    for (const text of [
      'DELETE FROM shard',
      'SELECT head FROM shard',
      'SELECT * FROM shard_chunk',
      'UPDATE failed SET uri = uri',
    ]) {
      await expect(hand.query(text), text).rejects.toMatchObject({ code: '42501' });
    }
    await hand.end();
    const asked = await runCommand(['sweep', folder, '--merge-only', '--store', store.urlOf('eye'), '-f', 'json']);
    expectWhole(asked);
    const refused = await runCommand(['sweep', folder, '--via', queue.url, '--store', store.urlOf('eye')]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^portzero: postgres:.*no rights: permission denied for table sweep\n$/);
  });
});

describe('without the packages that talk to servers', () => {
  it('captures are analysed, and a sweep says what to install', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-alone-'));
    try {
      const root = join(import.meta.dirname, '../..');
      for (const name of ['bin', 'dist', 'atlas', 'package.json'])
        cpSync(join(root, name), join(folder, name), { recursive: true });
      const run = (...args: string[]) =>
        spawnSync(process.execPath, [join(folder, 'bin/portzero.js'), ...args], { encoding: 'utf8', cwd: folder });
      expect(run('analyze', fixture('invalid-reset/then-refused.pcap'))).toMatchObject({ status: 1 });
      for (const args of [
        ['sweep', '.', '--via', 'nats://127.0.0.1:1', '--store', 'postgres://127.0.0.1:1/x'],
        ['work', '--via', 'nats://127.0.0.1:1', '--store', 'postgres://127.0.0.1:1/x'],
        ['setup', 'hub', '--via', 'nats://127.0.0.1:1'],
      ]) {
        const { status, stderr } = run(...args);
        expect([status, stderr]).toEqual([
          2,
          'portzero: packages are missing that talk to the servers: npm install @nats-io/transport-node @nats-io/jetstream pg\n',
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('none of them is loaded for captures, where they are there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-loaded-'));
    try {
      const loaded = async (...args: string[]) => {
        const coverage = mkdtempSync(join(folder, 'run-'));
        await runCommand(args, { env: { NODE_V8_COVERAGE: coverage } });
        const text = readdirSync(coverage).map((name) => readFileSync(join(coverage, name), 'utf8'));
        const scripts = text.flatMap((it) => (JSON.parse(it) as { result: { url: string }[] }).result);
        expect(scripts.some(({ url }) => url.includes('/dist/bundle/'))).toBe(true);
        const packages = scripts.map(({ url }) => /node_modules\/((?:@nats-io\/)?[\w-]+)/.exec(url)?.[1]);
        return new Set(packages.filter((name) => name !== undefined));
      };
      const capture = fixture('invalid-reset/then-refused.pcap');
      expect(await loaded('analyze', capture)).toEqual(new Set());
      expect(await loaded('analyze', capture, capture, '-f', 'json', '--jobs', '2')).toEqual(new Set());
      expect(await loaded('distil', capture, '-o', join(folder, 'shards'))).toEqual(new Set());
      expect(await loaded('merge', join(folder, 'shards'))).toEqual(new Set());
      // Control: whoever loads them is seen.
      expect([...(await loaded('query', 'failed', '--store', 'postgres://127.0.0.1:1/x'))]).toContain('pg');
      expect([...(await loaded('setup', 'hub', '--via', 'nats://127.0.0.1:1'))]).toContain('@nats-io/jetstream');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!requireServers())('what a sweep needs and is not there', () => {
  let queue: RunningQueue;
  let store: RunningStore;
  beforeAll(async () => {
    [queue, store] = await Promise.all([startQueue('authorization { token: secret }'), startStore()]);
  });
  afterAll(async () => {
    await Promise.all([queue?.stop(), store?.stop()]);
  });

  const said = async (args: readonly string[]) => {
    const { status, stderr, stdout } = await runCommand(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^portzero: [^\n]+\n$/);
    return stderr;
  };

  it('is told in one line', async () => {
    expect(await said(['sweep', '/tmp', '--via', 'http://x', '--store', store.url])).toMatch(
      /tables .* not there yet: portzero setup store/,
    );
    expect((await runCommand(['setup', 'store', '--store', store.url])).status).toBe(0);
    expect((await runCommand(['setup', 'store', '--store', store.url])).status).toBe(0);
    const at = ['--store', store.url];
    expect(await said(['sweep', '/tmp', '--via', 'http://x', ...at])).toMatch(/--via http:\/\/x: expected nats:/);
    expect(await said(['sweep', '/tmp', '--via', 'nats://me:pw@x', ...at])).toMatch(/without secrets/);
    expect(await said(['work', '--via', 'nats://127.0.0.1:1', ...at])).toMatch(/cannot be reached: .*ECONNREFUSED/);
    expect(await said(['work', '--via', queue.url, ...at])).toMatch(/refused: /);
    expect(await said(['sweep', '/tmp', ...at])).toMatch(/--via/);
    expect(await said(['sweep', '/tmp', '--via', queue.url])).toMatch(/--store/);
    expect(await said(['query', 'failed', '--store', 'mysql://x'])).toMatch(/expected postgres:/);
    expect(await said(['query', 'failed', '--store', 'postgres://a:b@x/y'])).toMatch(/PGPASSWORD/);
    expect(await said(['query', 'failed', '--store', 'postgres://a@127.0.0.1:1/y'])).toMatch(
      /cannot be reached: .*ECONNREFUSED/,
    );
    expect(await said(['query', 'failed', '--store', store.urlOf('nobody')])).toMatch(
      /refused: role "nobody" does not exist/,
    );
    expect(await said(['query', 'failed', '--store', store.url.replace(/postgres$/, 'none')])).toMatch(
      /no such database/,
    );
    expect(await said(['sweep', '/tmp', '--merge-only', ...at])).toMatch(/not been swept yet/);
    const client = new pg.Client(store.url);
    await client.connect();
    await client.query('UPDATE portzero_schema SET version = 7');
    await client.end();
    for (const args of [
      ['query', 'failed', ...at],
      ['setup', 'store', ...at],
    ]) {
      expect(await said(args)).toMatch(/tables are of version 7, this portzero knows 1/);
    }
  });

  it('is told of a server without JetStream, and of an old one', async () => {
    const plain = await startQueue('');
    try {
      expect(await said(['setup', 'hub', '--via', plain.url])).toMatch(/JetStream is off/);
    } finally {
      await plain.stop();
    }
    const { createServer } = await import('node:net');
    const old = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('INFO {"server_id":"A","version":"2.1.9","max_payload":1048576,"headers":true,"proto":1}\r\n');
      socket.on('data', (bytes) => {
        if (bytes.includes('PING')) socket.write('PONG\r\n');
      });
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as { port: number };
    try {
      expect(await said(['setup', 'hub', '--via', `nats://127.0.0.1:${port}`])).toMatch(
        /nats-server 2\.1\.9 is too old, 2\.9 is needed/,
      );
    } finally {
      old.close();
    }
  });

  it('is told of a store that is too old', async () => {
    // PostgreSQL 10 as its protocol has it (version 3.0: tag, length, content), which knows of no compiler.
    const message = (tag: string, ...parts: Uint8Array[]) => {
      const body = Buffer.concat(parts);
      return Buffer.concat([Buffer.from(tag), int32(body.length + 4), body]);
    };
    const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255]);
    const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value)]);
    const text = (value: string) => Buffer.from(`${value}\0`);
    const ready = message('Z', Buffer.from('I'));
    const answer = (query: string) => {
      if (query.includes('SET jit'))
        return message(
          'E',
          text('SERROR'),
          text('C42704'),
          text('Munrecognized configuration parameter "jit"'),
          text(''),
        );
      const rows = query.includes('server_version') ? [['100023', '10.23']] : [];
      const columns = ['version', 'name'].map((name) =>
        Buffer.concat([text(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]),
      );
      const cell = (value: string) => Buffer.concat([int32(value.length), Buffer.from(value)]);
      return Buffer.concat([
        message('T', int16(columns.length), ...columns),
        ...rows.map((row) => message('D', int16(row.length), ...row.map(cell))),
        message('C', text(`SELECT ${rows.length}`)),
      ]);
    };
    const { createServer } = await import('node:net');
    const old = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        if (bytes[0] === 0) socket.write(Buffer.concat([message('R', int32(0)), ready]));
        else if (bytes[0] === 'Q'.charCodeAt(0))
          socket.write(Buffer.concat([answer(bytes.toString('utf8', 5)), ready]));
      });
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as { port: number };
    try {
      for (const command of [
        ['setup', 'store'],
        ['query', 'who'],
        ['work', '--via', queue.url],
      ])
        expect(await said([...command, '--store', `postgres://me@127.0.0.1:${port}/x`])).toMatch(
          /PostgreSQL 10\.23 is too old, 12 is needed/,
        );
    } finally {
      old.close();
    }
  });
});
