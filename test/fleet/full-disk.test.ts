/** Disks that are really full: small file systems in memory under the store, the hub and the spool, which get more room later. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand, startCommand } from '../support/command.ts';
import { FakeSniff } from '../support/fake-capturer.ts';
import { exchangeRecord, miscounted, openPublisher } from '../support/observations.ts';
import { type RunningQueue, type RunningStore, requireServers, startQueue, startStore } from '../support/servers.ts';
import { growDisk, mountSmallDisk, unmountDisk } from '../support/small-disk.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['root'], 'a full disk', () => {
  describe.skipIf(!requireServers())('with servers', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'portzero-full-'));
    execFileSync('chmod', ['755', scratch]);
    const mounts: string[] = [];
    const queues: RunningQueue[] = [];
    const children: ChildProcess[] = [];
    const sniffs: FakeSniff[] = [];
    let store: RunningStore;
    let client: pg.Client;

    beforeEach(async () => {
      store = await startStore();
      client = new pg.Client(store.url);
      await client.connect();
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      for (const sniff of sniffs.splice(0)) sniff.kill();
      await client.end();
      await Promise.all([...queues.splice(0).map((queue) => queue.stop()), store.stop()]);
      for (const folder of mounts.splice(0)) unmountDisk(folder);
    });
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    const mount = (name: string, size: string) => {
      const folder = join(scratch, name);
      mountSmallDisk(folder, size);
      mounts.push(folder);
      return folder;
    };
    const startOn = async (folder?: string) => {
      const place = folder ?? '"STORE"';
      // Else it would see how little room there is, and make no stream.
      const queue = await startQueue(`jetstream { store_dir: ${place}, max_file_store: 16G }`);
      queues.push(queue);
      return queue;
    };
    const setUp = async (hub: RunningQueue) => {
      expect(await runCommand(['setup', 'store', '--store', store.url])).toMatchObject({ status: 0 });
      expect(await runCommand(['setup', 'hub', '--via', hub.url, '--ack-wait', '3'])).toMatchObject({ status: 0 });
    };
    const collect = (hub: RunningQueue) => {
      const started = startCommand(['collect', '--from', hub.url, '--store', store.url]);
      started.finished.catch(() => {});
      children.push(started.child);
    };
    const sniff = (...args: readonly string[]) => {
      const folder = mkdtempSync(join(scratch, 'sniff-'));
      const running = new FakeSniff(folder, [
        '--answer-timeout',
        '200ms',
        '--site',
        'lab',
        '--sensor',
        'edge1',
        ...args,
      ]);
      sniffs.push(running);
      return running;
    };
    const count = async (what: string) => Number((await client.query(`SELECT count(*) AS n FROM ${what}`)).rows[0].n);
    const untilCount = async (what: string, wanted: number) => {
      for (let i = 0; (await count(what)) < wanted; i++) {
        if (i > 900) throw new Error(`${await count(what)} of ${wanted} in ${what}`);
        await sleep(100);
      }
      expect(await count(what)).toBe(wanted);
    };
    const losses = async () => {
      const { stdout } = await runCommand(['query', 'losses', '--store', store.url, '-f', 'json']);
      return (JSON.parse(stdout) as { losses: object[] }).losses;
    };

    it('of the store ends the collector in one line, and what it had comes with the next', async () => {
      const folder = mount('store', '12m');
      execFileSync('chown', ['postgres', folder]);
      await client.query(`CREATE TABLESPACE small LOCATION '${folder}'`);
      await client.query('ALTER DATABASE postgres SET default_tablespace = small');
      const hub = await startOn();
      await setUp(hub);
      const { publish, close } = await openPublisher(hub.url);
      const records = Array.from({ length: 20_000 }, (_, i) =>
        exchangeRecord({
          ...{ site: 'lab', sensor: 'edge1', epoch: 'e', seq: i + 1, exchange: i + 1 },
          ...{ client: `10.0.${i >> 8}.${i & 255}`, server: '192.0.2.1', isn: i, millis: Date.now() },
        }),
      );
      await publish(records);
      await close();
      const ended = await runCommand(['collect', '--from', hub.url, '--store', store.url, '-q']);
      expect([ended.status, ended.stderr]).toEqual([
        2,
        expect.stringMatching(/^portzero: postgres:\S+ its disk is full: could not extend file [^\n]+\n$/),
      ]);
      expect(await count('observation')).toBeLessThan(records.length);
      growDisk(folder);
      collect(hub);
      await untilCount('observation', records.length);
      expect(await losses()).toMatchObject([{ lost: 0, records: records.length }]);
      expect(await miscounted(client)).toBe(0);
    });

    it.each(['hub', 'spool'])('of the %s has records wait, and go on when there is room', async (which) => {
      const folder = mount(which, '3m');
      const small = await startOn(folder);
      const hub = which === 'hub' ? small : await startOn();
      await setUp(hub);
      const running = sniff('--to', hub.url, ...(which === 'spool' ? ['--spool', small.url] : []));
      await running.until(({ stderr }) => stderr.includes('sniffing on'), 'sniffing');
      // The hub is away, so that what the spool has stays there.
      if (which === 'spool') await hub.kill();
      for (let i = 0; i < 30; i++) await running.connect(100);
      await running.until(({ stderr }) => /cannot write [^\n]*nats:[^\n]*; going on/.test(stderr), 'failure');
      growDisk(folder);
      await small.kill();
      await small.start();
      if (which === 'spool') await hub.start();
      collect(hub);
      await running.until(({ stderr }) => /nats:\S+ can be written again\b/.test(stderr), 'room');
      await untilCount('observation', 3000);
      expect(await running.interrupt()).toBe(1);
      await untilCount('sensor_run WHERE status_seq = last_seq', 1);
      expect(await losses()).toMatchObject([{ lost: 0, refused: 0 }]);
    });
  });
});
