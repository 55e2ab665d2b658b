/** Disks that are really full under distillates: the folder of distil, the store of workers, and the folder that these write to meanwhile. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { pcap } from '../support/capture-builder.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { portZeroPart } from '../support/distil.ts';
import { ethernet, ipv4, tcp } from '../support/frames.ts';
import { type RunningQueue, type RunningStore, requireServers, startQueue, startStore } from '../support/servers.ts';
import { growDisk, mountSmallDisk, unmountDisk } from '../support/small-disk.ts';
import { describeWith } from '../support/tools.ts';

const FILES = 40;
const FRAMES = 60;

/** Bytes that no store makes smaller. */
const noise = (seed: string) =>
  Buffer.concat(Array.from({ length: 16 }, (_, i) => createHash('sha512').update(`${seed} ${i}`).digest()));

/** SYNs with data to port 0, of which a distillate keeps all. */
function heavyCapture(file: number): Uint8Array {
  return pcap(
    Array.from({ length: FRAMES }, (_, i) => ({
      seconds: 1_700_000_000 + file * FRAMES + i,
      fraction: 0,
      bytes: ethernet(
        { type: 0x0800 },
        ipv4({ source: `10.0.${file}.${i}` }, tcp({ flags: 'S', sequence: i, payload: noise(`${file} ${i}`) })),
      ),
    })),
  );
}

/** What hangs on port 0, without the name, which one machine and a sweep choose otherwise. */
function partOf(stdout: string) {
  const { inputs, ...rest } = portZeroPart(JSON.parse(stdout) as AnalysisReport);
  return { ...rest, inputs: inputs.map(({ name: _, ...input }) => input) };
}

describeWith(['root'], 'a full disk', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'portzero-full-'));
  execFileSync('chmod', ['755', scratch]);
  const archive = join(scratch, 'archive');
  const mounts: string[] = [];
  let whole: ReturnType<typeof partOf>;
  beforeAll(async () => {
    mkdirSync(archive);
    const paths = Array.from({ length: FILES }, (_, file) => {
      const path = join(archive, `ring-${String(file).padStart(3, '0')}.cap`);
      writeFileSync(path, heavyCapture(file));
      return path;
    });
    whole = partOf((await runCommand(['analyze', '--join', ...paths, '-f', 'json'])).stdout);
    expect(whole.exchanges.length).toBe(FILES * FRAMES);
  });
  afterAll(() => {
    for (const folder of mounts) unmountDisk(folder);
    rmSync(scratch, { recursive: true, force: true });
  });
  const mount = (name: string, size: string) => {
    const folder = join(scratch, name);
    mountSmallDisk(folder, size);
    mounts.push(folder);
    return folder;
  };

  it('ends distil in one line; what is there is whole, and the rest comes with the next', async () => {
    const folder = mount('shards', '1m');
    const first = await runCommand(['distil', archive, '-o', folder, '-q']);
    expect([first.status, first.stdout]).toEqual([2, '']);
    expect(first.stderr).toMatch(/^portzero: cannot write into \S+: ENOSPC: no space left on device[^\n]*\n$/);
    const made = readdirSync(folder);
    expect(made.length).toBeGreaterThan(0);
    expect(made.length).toBeLessThan(FILES);
    expect((await runCommand(['merge', folder, '-f', 'json'])).status).toBe(1);
    growDisk(folder);
    expect(await runCommand(['distil', archive, '-o', folder, '-q'])).toMatchObject({ status: 0, stderr: '' });
    expect(partOf((await runCommand(['merge', folder, '-f', 'json'])).stdout)).toEqual(whole);
  });

  describe.skipIf(!requireServers())('with servers', { timeout: 300_000 }, () => {
    let queue: RunningQueue;
    let store: RunningStore;
    let client: pg.Client;
    const children: ChildProcess[] = [];
    beforeAll(async () => {
      [queue, store] = await Promise.all([startQueue(), startStore()]);
      client = new pg.Client(store.url);
      await client.connect();
      expect(await runCommand(['setup', 'store', '--store', store.url])).toMatchObject({ status: 0 });
      expect(await runCommand(['setup', 'hub', '--via', queue.url, '--ack-wait', '3'])).toMatchObject({ status: 0 });
    }, 120_000);
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await client.query('TRUNCATE shard, shard_chunk, sweep, sweep_file, failed, other_file');
    });
    afterAll(async () => {
      await client?.end();
      await Promise.all([queue?.stop(), store?.stop()]);
    });

    const start = (args: readonly string[], env: Record<string, string> = {}) => {
      const started = startCommand([...args, '--via', queue.url, '--store', store.url], { env });
      started.finished.catch(() => {});
      children.push(started.child);
      return started.finished;
    };
    const sweep = () => start(['sweep', archive, '-f', 'json']);
    const count = async (table: string) => Number((await client.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);
    const expectWhole = async (sweeping: ReturnType<typeof sweep>) => {
      const finished = await sweeping;
      expect(finished.stderr).not.toMatch(/internal error/);
      expect([finished.status, await count('failed'), await count('shard')]).toEqual([1, 0, FILES]);
      expect(partOf(finished.stdout)).toEqual(whole);
    };

    it('of the store ends a worker in one line, and others do what it had when there is room', async () => {
      const folder = mount('store', '1m');
      execFileSync('chown', ['postgres', folder]);
      await client.query(`CREATE TABLESPACE small LOCATION '${folder}'`);
      await client.query('ALTER TABLE shard_chunk SET TABLESPACE small');
      const sweeping = sweep();
      const ended = await start(['work', '--jobs', '2', '-q']);
      expect([ended.status, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toMatch(/^portzero: postgres:\S+ its disk is full: could not extend file [^\n]+\n$/);
      expect(await count('shard')).toBeLessThan(FILES);
      expect(await count('failed')).toBe(0);
      growDisk(folder);
      void start(['work', '--jobs', '2', '-q']);
      await expectWhole(sweeping);
      await client.query('ALTER TABLE shard_chunk SET TABLESPACE pg_default');
      await client.query('DROP TABLESPACE small');
    });

    it('of a worker ends it in one line, and its captures are none that failed', async () => {
      const folder = mount('scratch', '64k');
      const sweeping = sweep();
      const ended = await start(['work', '--jobs', '2', '-q'], { TMPDIR: folder });
      expect([ended.status, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toMatch(/^portzero: \S+\.cap: ENOSPC: no space left on device[^\n]*\n$/);
      expect(readdirSync(folder)).toEqual([]);
      await sleep(500);
      expect([await count('failed'), await count('shard')]).toEqual([0, 0]);
      void start(['work', '--jobs', '2', '-q']);
      await expectWhole(sweeping);
    });
  });
});
