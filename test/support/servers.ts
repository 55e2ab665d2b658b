/** Servers of our own for a test: on free ports, in a temporary folder, ended by their process ids. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import aws4 from 'aws4';
import { requireTool } from './tools.ts';

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

const LOOPBACK = '127.0.0.1';

/** Where Debian keeps PostgreSQL's programs; null where there are none. */
function postgresPrograms(): string | null {
  const base = '/usr/lib/postgresql';
  try {
    const [newest] = readdirSync(base).sort((a, b) => Number(b) - Number(a));
    return newest === undefined ? null : join(base, newest, 'bin');
  } catch {
    return null;
  }
}

/** True when both servers can be had. Throws when not and PORTZERO_NO_SKIP is 1. */
export function requireServers(): boolean {
  const hasStore = postgresPrograms() !== null;
  if (!hasStore && process.env.PORTZERO_NO_SKIP === '1')
    throw new Error('PORTZERO_NO_SKIP is set and there is no PostgreSQL');
  return requireTool('nats-server') && hasStore;
}

export function freePort(address = LOOPBACK): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, address, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function untilOpen(port: number, child: ChildProcess, address = LOOPBACK): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`the server ended with status ${child.exitCode}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await sleep(100);
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** It listens before it answers. */
async function untilReady(programs: string, port: number): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const { status } = spawnSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
    if (status === 0) return;
    await sleep(100);
  }
  throw new Error('PostgreSQL is not ready');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

export interface RunningQueue {
  readonly url: string;
  /** As a power failure would, but for the disk. */
  kill(): Promise<void>;
  /** Again, with what it had. */
  start(): Promise<void>;
  /** Its disk is lost: what it had is gone when it is started again. */
  erase(): Promise<void>;
  stop(): Promise<void>;
}

const WITH_JETSTREAM = 'jetstream { store_dir: "STORE" }';

/** `more` stands in the server's configuration. */
export async function startQueue(more = WITH_JETSTREAM, address = LOOPBACK): Promise<RunningQueue> {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-nats-'));
  const port = await freePort(address);
  writeFileSync(join(folder, 'conf'), `listen: "${address}:${port}"\n${more.replaceAll('STORE', folder)}\n`);
  let child: ChildProcess;
  const start = async () => {
    child = spawn('nats-server', ['-c', join(folder, 'conf')], { stdio: 'ignore', env: ENV });
    await untilOpen(port, child, address);
  };
  await start();
  const kill = () => end(child, 'SIGKILL');
  return {
    url: `nats://${address}:${port}`,
    start,
    kill,
    async erase() {
      await kill();
      rmSync(join(folder, 'jetstream'), { recursive: true });
    },
    async stop() {
      await end(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RunningStore {
  /** As its superuser. */
  readonly url: string;
  urlOf(user: string): string;
  stop(): Promise<void>;
}

/** With a certificate and its key nobody is let in without TLS. */
export async function startStore(tls?: { readonly cert: string; readonly key: string }): Promise<RunningStore> {
  const programs = postgresPrograms()!;
  const folder = mkdtempSync(join(tmpdir(), 'portzero-postgres-'));
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const [uid, gid] = isRoot
    ? ['-u', '-g'].map((option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' })))
    : [undefined, undefined];
  if (isRoot) chownSync(folder, uid!, gid!);
  const ids = isRoot ? { uid: uid!, gid: gid! } : {};
  const data = join(folder, 'data');
  mkdirSync(data);
  if (isRoot) chownSync(data, uid!, gid!);
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'admin', '-E', 'UTF8', '--locale=C', '--no-sync'],
    {
      stdio: 'ignore',
      cwd: folder,
      ...ids,
    },
  );
  const secure: string[] = [];
  if (tls !== undefined) {
    for (const [setting, path] of [
      ['ssl_cert_file', tls.cert],
      ['ssl_key_file', tls.key],
    ] as const) {
      const copy = join(data, setting);
      copyFileSync(path, copy);
      chmodSync(copy, 0o600);
      if (isRoot) chownSync(copy, uid!, gid!);
      secure.push('-c', `${setting}=${copy}`);
    }
    writeFileSync(join(data, 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 trust\n');
    secure.push('-c', 'ssl=on');
  }
  const port = await freePort();
  const options = [...secure, '-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder];
  const child = spawn(join(programs, 'postgres'), options, { stdio: 'ignore', cwd: folder, ...ids });
  await untilOpen(port, child);
  await untilReady(programs, port);
  const urlOf = (user: string) => `postgres://${user}@127.0.0.1:${port}/postgres`;
  return {
    url: urlOf('admin'),
    urlOf,
    async stop() {
      // Fast shutdown: who is connected is let go.
      await end(child, 'SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RunningBucket {
  readonly port: number;
  /** With which the command may read the bucket "captures". */
  readonly env: Record<string, string>;
  put(key: string, body: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** OpenStack Swift, which talks S3. */
export async function startBucket(): Promise<RunningBucket> {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-swift-'));
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [port] = ports;
  const child = spawn(fileURLToPath(new URL('./object-server.py', import.meta.url)), [folder, ...ports.map(String)], {
    stdio: 'ignore',
    env: ENV,
  });
  for (const next of ports) await untilOpen(next, child);
  const keys = { accessKeyId: 'test:reader', secretAccessKey: 'secret' };
  const put = (path: string, body: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      const host = `127.0.0.1:${port}`;
      const headers = { 'Content-Length': body.length };
      const signed = aws4.sign(
        { service: 's3', region: 'us-east-1', method: 'PUT', host, path, body: Buffer.from(body), headers },
        keys,
      );
      const sent = request({
        host: '127.0.0.1',
        port,
        method: 'PUT',
        path: signed.path!,
        headers: signed.headers as OutgoingHttpHeaders,
      });
      sent.on('error', reject);
      sent.on('response', (answer) => {
        answer.resume();
        if (answer.statusCode === 200) answer.on('end', resolve);
        else reject(new Error(`${path}: ${answer.statusCode}`));
      });
      sent.end(body);
    });
  await put('/captures', new Uint8Array());
  return {
    port,
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
    put: (key, body) => put(`/captures/${key.split('/').map(encodeURIComponent).join('/')}`, body),
    async stop() {
      await end(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
