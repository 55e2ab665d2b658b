/** Captures in buckets, of a real server that talks S3. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readObjectSettings } from '../../src/capture/s3/settings.ts';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { pcap } from '../support/capture-builder.ts';
import { fixture, runCommand, startCommand } from '../support/command.ts';
import { cutCapture } from '../support/cut.ts';
import { portZeroPart, writeRing } from '../support/distil.ts';
import { traffic } from '../support/ring-traffic.ts';
import {
  freePort,
  type RunningBucket,
  requireServers,
  startBucket,
  startQueue,
  startStore,
} from '../support/servers.ts';
import { requireTool } from '../support/tools.ts';

const hasBuckets = requireTool('swift-proxy-server') && requireTool('swift-object-server');
const small = readFileSync(fixture('accepted/custom-stacks-0-to-0-ipv6.pcap'));

describe.skipIf(!hasBuckets)('s3://', () => {
  let bucket: RunningBucket;
  let folder: string;
  beforeAll(async () => {
    bucket = await startBucket();
  });
  afterAll(async () => {
    await bucket?.stop();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const shards = () => {
    folder = mkdtempSync(join(tmpdir(), 'portzero-bucket-'));
    return join(folder, 'shards');
  };
  const distil = (names: readonly string[], to: string, env: Record<string, string> = {}) =>
    runCommand(['distil', ...names, '-o', to], { env: { ...bucket.env, ...env } });
  const urisIn = (from: string) =>
    readdirSync(from)
      .map((name) => /"uri":("[^"]*")/.exec(readFileSync(join(from, name), 'utf8'))![1]!)
      .map((it) => JSON.parse(it) as string);

  it.each([
    'odd/a b.pcap',
    'odd/a+b.pcap',
    'odd/a%20b.pcap',
    'odd/été-端口.pcap',
    'odd//twice.pcap',
    'odd/up/../down.pcap',
    "odd/q'(!*)&=?#;:@.pcap",
    '/slash-first.pcap',
  ])('%s is a key as any other', async (key) => {
    await bucket.put(key, small);
    const to = shards();
    expect(await distil([`s3://captures/${key}`], to)).toMatchObject({ status: 0 });
    expect(urisIn(to)).toEqual([`s3://captures/${key}`]);
  });

  it('takes an object of that name alone, else all whose names begin so, captures only', async () => {
    await bucket.put('which/ring.pcap', small);
    await bucket.put('which/ring.pcap1', small);
    await bucket.put('which/ring/2.pcap.gz', gzipSync(small));
    await bucket.put('which/ring/note.txt', Buffer.from('no capture at all, but some words'));
    await bucket.put('which/ring/empty.pcap', new Uint8Array());
    const to = shards();
    expect(await distil(['s3://captures/which/ring.pcap'], `${to}1`)).toMatchObject({ status: 0 });
    expect(urisIn(`${to}1`)).toEqual(['s3://captures/which/ring.pcap']);
    expect(await distil(['s3://captures/which/ring'], `${to}2`)).toMatchObject({ status: 0 });
    expect(urisIn(`${to}2`).sort()).toEqual(
      ['.pcap', '.pcap1', '/2.pcap.gz'].map((end) => `s3://captures/which/ring${end}`),
    );
    expect((await distil(['s3://captures/which/ring/'], `${to}3`)).stderr).toContain('1 capture distilled');
    expect(await distil(['s3://captures/which/ring'], `${to}2`)).toMatchObject({
      stderr: expect.stringContaining('3 distillates there already'),
    });
  });

  it('lists more than a page of names', async () => {
    const keys = Array.from({ length: 1005 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
    const left = [...keys];
    const putSome = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop())
        await bucket.put(key, Buffer.from(`no capture: ${key}`));
    };
    await Promise.all(Array.from({ length: 8 }, putSome));
    await bucket.put('many/z.pcap', small);
    const to = shards();
    expect(await distil(['s3://captures/many/'], to)).toMatchObject({ status: 0 });
    expect(urisIn(to)).toEqual(['s3://captures/many/z.pcap']);
  });

  it.each([
    ['no such bucket', ['s3://elsewhere/a'], {}, 's3://elsewhere/a: no bucket elsewhere'],
    ['a wrong secret', ['s3://captures/a'], { AWS_SECRET_ACCESS_KEY: 'x' }, 'do not belong together'],
    ['no rights', ['s3://captures/a'], { AWS_ACCESS_KEY_ID: 'test:stranger' }, 'these keys may not read it'],
    [
      'another region',
      ['s3://captures/a'],
      { AWS_REGION: 'eu-west-1' },
      'the bucket is in us-east-1, and AWS_REGION is eu-west-1',
    ],
    ['nobody there', ['s3://captures/a'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'the connection was refused'],
    ['no keys', ['s3://captures/a'], { AWS_ACCESS_KEY_ID: '', HOME: '/nowhere' }, 'no keys: AWS_ACCESS_KEY_ID'],
    ['no address', ['s3://captures/a'], { AWS_ENDPOINT_URL: 'nowhere' }, 'nowhere is no address'],
    ['nothing of that name', ['s3://captures/none'], {}, 'no captures of that name'],
    ['an empty object that was named', ['s3://captures/empty'], {}, 'empty, expected pcap or pcapng'],
    [
      'a clock an hour behind',
      ['s3://captures/a'],
      {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent('const D=Date;globalThis.Date=class extends D{constructor(...a){if(a.length)super(...a);else super(D.now()-3600000)}}')}`,
      },
      "this machine's clock differs too much",
    ],
  ] as const)('%s: one line, exit 2, and the others are read', async (what, names, env, expected) => {
    await bucket.put('empty', new Uint8Array());
    const to = shards();
    const { status, stderr } = await distil([...names, fixture('accepted/custom-stacks-0-to-0-ipv6.pcap')], to, env);
    const lines = stderr.trim().split('\n');
    expect(lines[0]).toContain(expected);
    // What is empty has a distillate that says so, as a file has.
    expect(lines.at(-1)).toContain(
      what.startsWith('an empty') ? '2 captures distilled, 1 capture damaged' : '1 capture distilled',
    );
    expect(lines.length).toBe(2);
    expect(status).toBe(2);
  });

  it('goes on where a connection broke, and makes the same distillate', async () => {
    const bytes = pcap(traffic());
    await bucket.put('broken/big.pcap', bytes);
    await bucket.put('broken/big.pcap.gz', gzipSync(bytes));
    const to = shards();
    const most = Math.floor(bytes.length / 3);
    const proxy = await cuttingProxy(bucket.port, most);
    const name = ['s3://captures/broken/big.pcap'];
    const env = { AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}` };
    expect(await distil(name, `${to}1`, env)).toMatchObject({ status: 0 });
    expect(proxy.cut()).toBeGreaterThan(1);
    proxy.server.close();
    expect(await distil(name, `${to}2`)).toMatchObject({ status: 0 });
    const [one] = readdirSync(`${to}1`);
    expect(readFileSync(join(`${to}1`, one!)).equals(readFileSync(join(`${to}2`, one!)))).toBe(true);
  });

  it('has no distillate of an object that is replaced while it is read', async () => {
    const bytes = pcap(traffic());
    await bucket.put('changed/big.pcap', bytes);
    const to = shards();
    const proxy = await cuttingProxy(bucket.port, Math.floor(bytes.length / 3), () =>
      bucket.put('changed/big.pcap', Buffer.concat([bytes.subarray(0, 24)])),
    );
    const done = await distil(['s3://captures/changed/big.pcap'], to, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}`,
    });
    proxy.server.close();
    expect(done.stderr).toContain('s3://captures/changed/big.pcap: changed since it was listed');
    expect(done).toMatchObject({ status: 2 });
    expect(readdirSync(to)).toEqual([]);
  });

  it('gives up on a server that breaks each time', async () => {
    await bucket.put('gone/a.pcap', small);
    const proxy = await cuttingProxy(bucket.port, 0);
    const { status, stderr } = await distil(['s3://captures/gone/a.pcap'], shards(), {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}`,
    });
    proxy.server.close();
    expect(stderr).toMatch(/s3:\/\/captures\/gone\/a\.pcap: .*; tried 5 times/);
    expect(status).toBe(2);
  });

  it.skipIf(!requireServers())(
    'a sweep of a bucket says what one machine says of the files, and reads nothing twice',
    async () => {
      shards();
      const cut = cutCapture(pcap(traffic()))!;
      const ring = writeRing(
        folder,
        cut.at(Array.from({ length: 19 }, (_, index) => Math.floor(((index + 1) * cut.frames) / 20))),
      );
      for (const path of ring) await bucket.put(`ring/${path.split('/').at(-1)!}`, readFileSync(path));
      const one = await runCommand(['analyze', '--join', ...ring, '-f', 'json']);
      const [queue, store] = await Promise.all([startQueue(), startStore()]);
      const services = ['--via', queue.url, '--store', store.url];
      const partOf = (text: string) => {
        const { inputs: _, ...rest } = portZeroPart(JSON.parse(text) as AnalysisReport);
        return rest;
      };
      const sweep = () => runCommand(['sweep', 's3://captures/ring/', ...services, '-f', 'json'], { env: bucket.env });
      await runCommand(['setup', 'store', '--store', store.url]);
      await runCommand(['setup', 'hub', '--via', queue.url]);
      const worker = startCommand(['work', ...services, '--path', 's3://captures/ring'], { env: bucket.env });
      try {
        const first = await sweep();
        expect(partOf(first.stdout)).toEqual(partOf(one.stdout));
        expect(first.status).toBe(one.status);
      } finally {
        worker.child.kill('SIGTERM');
        await worker.finished;
      }
      try {
        // Nobody is there who could read.
        expect(partOf((await sweep()).stdout)).toEqual(partOf(one.stdout));
      } finally {
        await Promise.all([queue.stop(), store.stop()]);
      }
    },
  );
});

describe('settings of s3://', () => {
  it('come from the environment, then from the profile', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-profile-'));
    const files = { AWS_CONFIG_FILE: join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials') };
    writeFileSync(
      files.AWS_CONFIG_FILE,
      '[default]\nregion = eu-north-1\n[profile lab]\nregion=eu-west-3\nendpoint_url = https://s3.lab:9000\n',
    );
    writeFileSync(
      files.AWS_SHARED_CREDENTIALS_FILE,
      '[default]\naws_access_key_id = A\naws_secret_access_key = B\n[lab]\naws_access_key_id=C\naws_secret_access_key=D=\naws_session_token=E\n',
    );
    expect(readObjectSettings(files)).toEqual({
      region: 'eu-north-1',
      endpoint: null,
      credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
    });
    expect(readObjectSettings({ ...files, AWS_PROFILE: 'lab', AWS_REGION: 'us-west-2' })).toEqual({
      region: 'us-west-2',
      endpoint: new URL('https://s3.lab:9000'),
      credentials: { accessKeyId: 'C', secretAccessKey: 'D=', sessionToken: 'E' },
    });
    // A pair of keys is taken from one place.
    expect(
      readObjectSettings({ ...files, AWS_ACCESS_KEY_ID: 'X', AWS_SECRET_ACCESS_KEY: 'Y', AWS_PROFILE: 'lab' })
        .credentials,
    ).toEqual({
      accessKeyId: 'X',
      secretAccessKey: 'Y',
    });
    expect(() => readObjectSettings({ ...files, AWS_PROFILE: 'other' })).toThrow('the profile other has no keys');
    rmSync(folder, { recursive: true });
  });

  it('says what to install where the package is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-alone-'));
    // As it is installed, but with nothing beside it.
    const root = join(import.meta.dirname, '../..');
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const run = (name: string) =>
      spawnSync(process.execPath, [join(folder, 'bin/portzero.js'), 'distil', name, '-o', join(folder, 'shards')], {
        env,
        encoding: 'utf8',
      });
    const done = run('s3://captures/a');
    expect(done.stderr).toContain('a package is missing that s3:// needs: npm install aws4');
    expect(done.status).toBe(2);
    // Files need none.
    expect(run(fixture('accepted/custom-stacks-0-to-0-ipv6.pcap'))).toMatchObject({ status: 0 });
    rmSync(folder, { recursive: true });
  });
});

/** Hands answers on, and breaks each connection after so many bytes. */
async function cuttingProxy(
  to: number,
  most: number,
  onCut: () => Promise<unknown> = async () => {},
): Promise<{ port: number; server: Server; cut(): number }> {
  const port = await freePort();
  let cut = 0;
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    let passed = 0;
    client.on('error', () => {});
    upstream.on('error', () => {});
    client.pipe(upstream);
    upstream.on('data', (part: Buffer) => {
      if (passed + part.length <= most) {
        passed += part.length;
        client.write(part);
        return;
      }
      upstream.destroy();
      cut++;
      client.write(part.subarray(0, most - passed));
      void onCut().then(() => client.end());
    });
    upstream.on('end', () => client.end());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, server, cut: () => cut };
}
