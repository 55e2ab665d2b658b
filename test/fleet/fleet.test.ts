/**
 * Sensors, hub and store with real servers: the collector is killed, the hub goes away, a spool overruns, a stream is deleted. At full size:
 * PORTZERO_FLEET_SENSORS=1000 PORTZERO_FLEET_RECORDS=1000000 PORTZERO_FLEET_KILLS=20 npx vitest run test/fleet/fleet.test.ts
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { FakeSniff } from '../support/fake-capturer.ts';
import { exchangeRecord, miscounted, openPublisher, statusRecord } from '../support/observations.ts';
import { type RunningQueue, type RunningStore, requireServers, startQueue, startStore } from '../support/servers.ts';

const SENSORS = Number(process.env.PORTZERO_FLEET_SENSORS ?? 50);
const RECORDS = Number(process.env.PORTZERO_FLEET_RECORDS ?? 20_000);
const KILLS = Number(process.env.PORTZERO_FLEET_KILLS ?? 4);
const SPOOL_MEBIBYTES = Number(process.env.PORTZERO_FLEET_SPOOL ?? 1);

describe.skipIf(!requireServers())('a fleet', () => {
  let hub: RunningQueue;
  let spool: RunningQueue;
  let store: RunningStore;
  let client: pg.Client;
  let folder: string;
  const children: ChildProcess[] = [];
  const sniffs: FakeSniff[] = [];
  const scratch = mkdtempSync(join(tmpdir(), 'portzero-fleet-'));

  beforeAll(async () => {
    [hub, spool, store] = await Promise.all([startQueue(), startQueue(), startStore()]);
    client = new pg.Client(store.url);
    await client.connect();
    expect(await runCommand(['setup', 'store', '--store', store.url])).toMatchObject({ status: 0 });
  });
  beforeEach(async () => {
    expect(await runCommand(['setup', 'hub', '--via', hub.url, '--ack-wait', '3'])).toMatchObject({ status: 0 });
    folder = mkdtempSync(join(scratch, 'run-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const sniff of sniffs.splice(0)) sniff.kill();
    await client.query('TRUNCATE observation, finding, contact_day, contact_month, sensor_run, received');
    for (const [url, name] of [
      [hub.url, 'PZ_OBS'],
      [spool.url, 'PZ_EDGE'],
    ] as const)
      await withManager(url, (manager) => manager.streams.delete(name).catch(() => false));
  });
  afterAll(async () => {
    await client?.end();
    await Promise.all([hub?.stop(), spool?.stop(), store?.stop()]);
    rmSync(scratch, { recursive: true, force: true });
  });

  async function withManager<T>(
    url: string,
    action: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
  ): Promise<T> {
    const { connection, close } = await openPublisher(url);
    try {
      return await action(await jetstreamManager(connection));
    } finally {
      await close();
    }
  }
  const collect = () => {
    const started = startCommand(['collect', '--from', hub.url, '--store', store.url]);
    started.finished.catch(() => {});
    children.push(started.child);
    return started;
  };
  const sniff = (args: readonly string[], name = 'edge1') => {
    const running = new FakeSniff(mkdtempSync(join(folder, 'sniff-')), [
      ...['--answer-timeout', '200ms', '--to', hub.url, '--site', 'lab', '--sensor', name],
      ...args,
    ]);
    sniffs.push(running);
    return running;
  };
  const count = async (what: string) => Number((await client.query(`SELECT count(*) AS n FROM ${what}`)).rows[0].n);
  const untilCount = async (what: string, wanted: number, seconds = 60) => {
    for (let i = 0; (await count(what)) < wanted; i++) {
      if (i > seconds * 10) throw new Error(`${await count(what)} of ${wanted} in ${what}`);
      await sleep(100);
    }
  };
  const ask = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await runCommand(['query', ...args, '--store', store.url, '-f', 'json']);
    expect([status, stderr]).toEqual([0, '']);
    return (JSON.parse(stdout) as Record<string, Record<string, unknown>[]>)[args[0]!]!;
  };
  const messagesIn = (url: string, stream: string) =>
    withManager(url, async (manager) => (await manager.streams.info(stream)).state.messages);

  it('has in the store what a sensor saw, each once, and nothing lost', async () => {
    const collector = collect();
    const running = sniff([]);
    await running.connect(40);
    await untilCount('observation', 40);
    expect(await running.interrupt()).toBe(1);
    expect(running.stderr).toMatch(/portzero: \d+ records for nats:/);
    await untilCount('sensor_run WHERE status_seq = last_seq', 1);
    const { rows } = await client.query(
      'SELECT DISTINCT site, sensor, host(server) AS server, server_port, probe, port_zero, verdict, state, reason, rules, isn::int FROM observation',
    );
    expect(rows).toEqual([
      {
        site: 'lab',
        sensor: 'edge1',
        server: '192.0.2.2',
        server_port: 0,
        probe: 'syn',
        port_zero: 'server',
        verdict: 'refused',
        state: 'closed',
        reason: 'reset',
        rules: ['syn-to-port-zero'],
        isn: 7,
      },
    ]);
    // Each finding is of an exchange that is there.
    expect(await count('finding f JOIN observation o ON o.id = f.exchange')).toBe(40);
    expect(await ask('losses')).toMatchObject([{ site: 'lab', sensor: 'edge1', lost: 0, refused: 0, frames: 80 }]);
    expect(await ask('who', '--client', '10.0.0.0/30')).toMatchObject(
      ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => ({
        client: address,
        observations: 1,
        days: 1,
        sites: ['lab'],
      })),
    );
    collector.child.kill('SIGINT');
    expect(await collector.finished).toMatchObject({ status: 0, stderr: expect.stringMatching(/40 new exchanges\n$/) });
    expect(await messagesIn(hub.url, 'PZ_OBS')).toBe(0);
  });

  it('stores each record once, though the collector is killed, and records come twice without ids', async () => {
    const { publish, close } = await openPublisher(hub.url);
    const each = Math.floor(RECORDS / SENSORS);
    const base = Date.now() - 3600_000;
    let isWanted = true;
    let running = collect();
    const restart = () => {
      if (!isWanted) return;
      running = collect();
      running.child.once('exit', restart);
    };
    running.child.once('exit', restart);
    const began = performance.now();
    const killing = (async () => {
      for (let kill = 1; kill <= KILLS; kill++) {
        await untilCount('received', 1);
        await sleep(300 + Math.random() * 1500);
        running.child.kill('SIGKILL');
      }
    })();
    for (let at = 0; at < each; at += 100) {
      for (let sensor = 0; sensor < SENSORS; sensor += 10) {
        const records = Array.from({ length: 10 }, (_, of) =>
          Array.from({ length: Math.min(100, each - at) }, (_, i) =>
            exchangeRecord({
              ...{
                site: `site${(sensor + of) % 7}`,
                sensor: `s${sensor + of}`,
                epoch: 'e1',
                seq: at + i + 1,
                exchange: at + i + 1,
              },
              client: `10.${(at + i) % 200}.${sensor % 250}.${of}`,
              server: `192.0.2.${(at + i) % 250}`,
              isn: at + i,
              verdict: (at + i) % 50 === 0 ? 'accepted' : 'refused',
              millis: base + at + i,
            }),
          ),
        ).flat();
        await publish(records);
        if ((at / 100 + sensor / 10) % 10 === 0) await publish(records, { ids: false });
      }
    }
    await killing;
    const total = each * SENSORS;
    await untilCount('observation', total, 900);
    const perSecond = Math.round(total / ((performance.now() - began) / 1000));
    for (let i = 0; (await messagesIn(hub.url, 'PZ_OBS')) > 0 && i < 1200; i++) await sleep(100);
    isWanted = false;
    expect(await count('observation')).toBe(total);
    expect((await client.query('SELECT count(DISTINCT (sensor, seq))::int AS n FROM observation')).rows[0].n).toBe(
      total,
    );
    expect(await miscounted(client)).toBe(0);
    const losses = await ask('losses', '--limit', '10000');
    expect(losses.length).toBe(SENSORS);
    expect(losses.filter(({ lost, records }) => lost !== 0 || records !== each)).toEqual([]);
    await close();
    if (process.env.PORTZERO_FLEET_RECORDS !== undefined)
      console.log(`${perSecond} records a second, published and stored`);
  });

  it('tells exactly what a spool that overran had to refuse, and what it holds arrives', async () => {
    await runCommand(['setup', 'spool', '--via', spool.url, '--max-size', `${SPOOL_MEBIBYTES}MiB`]);
    const began = performance.now();
    const running = sniff(['--spool', spool.url, '-f', 'ndjson']);
    await running.until(({ stderr }) => stderr.includes('sniffing on'), 'sniffing');
    await hub.kill();
    try {
      // A MiB holds some 700 records; each connect is two.
      for (let i = 0; i < 10 * SPOOL_MEBIBYTES; i++) await running.connect(100);
      await running.until(({ stderr }) => /the spool nats:.*it is full; going on/.test(stderr), 'full spool');
      await sleep(1500);
    } finally {
      await hub.start();
    }
    collect();
    await running.until(({ stderr }) => /takes records again/.test(stderr), 'hub');
    await sleep(1500);
    // There is room again.
    await running.connect(5);
    await running.until(
      ({ stderr }) => /the spool nats:\S+ can be written again: [\d,]+ records lost/.test(stderr),
      'room',
    );
    // What is left at the end would go with the next run.
    while ((await messagesIn(spool.url, 'PZ_EDGE')) > 0) await sleep(100);
    expect(await running.interrupt()).toBe(2);
    const said = /cannot write the spool [^\n]* ([\d,]+) records lost\n/.exec(running.stderr);
    const lost = Number(said![1]!.replaceAll(',', ''));
    expect(lost).toBeGreaterThan(100);
    // What it saw, whether or not standard output could take it all.
    const last = running.stdout.trimEnd().split('\n').at(-1)!;
    const { summary } = JSON.parse(last) as { summary: AnalysisReport['summary'] };
    const { error, warning, info } = summary.findings;
    expect(summary.portZero.total).toBe(1000 * SPOOL_MEBIBYTES + 5);
    const seen = summary.portZero.total + error + warning + info;
    await untilCount('sensor_run WHERE status_seq = last_seq', 1);
    const [row] = (await ask('losses')) as [{ records: number; lost: number; refused: number }];
    expect([row.lost, row.refused]).toEqual([lost, lost]);
    // It says how it is at both ends, and each minute.
    const told = row.records - seen;
    expect(told).toBeGreaterThanOrEqual(2);
    expect(told).toBeLessThanOrEqual(2 + (performance.now() - began) / 60_000);
    const stored = (await count('observation')) + (await count('finding'));
    expect(stored).toBeGreaterThanOrEqual(row.records - lost - told);
    expect(stored).toBeLessThan(row.records - lost);
  });

  it('goes on when the spool is deleted, and when the hub is restarted', async () => {
    const running = sniff(['--spool', spool.url]);
    collect();
    await running.connect(10);
    await untilCount('observation', 10);
    await withManager(spool.url, (manager) => manager.streams.delete('PZ_EDGE'));
    await running.connect(10);
    await untilCount('observation', 20);
    await hub.kill();
    await running.connect(10);
    await sleep(500);
    await hub.start();
    await untilCount('observation', 30);
    while ((await messagesIn(spool.url, 'PZ_EDGE')) > 0) await sleep(100);
    // Its whole disk.
    await spool.erase();
    await running.connect(10);
    await sleep(500);
    await spool.start();
    await untilCount('observation', 40);
    await running.connect(10);
    await untilCount('observation', 50);
    await running.interrupt();
    await untilCount('sensor_run WHERE status_seq = last_seq', 1);
    expect(await ask('losses')).toMatchObject([{ lost: 0, refused: 0 }]);
  });

  it('leaves out what is no record, or in the name of another sensor', async () => {
    const { connection, publish, close } = await openPublisher(hub.url);
    const good = {
      site: 'a',
      sensor: 'b',
      epoch: 'e',
      seq: 1,
      exchange: 1,
      client: '10.0.0.1',
      server: '10.0.0.2',
      millis: Date.now(),
    };
    const of = (change: object) => JSON.stringify({ ...exchangeRecord({ ...good, seq: 2, exchange: 2 }), ...change });
    const body = (change: object) => of({ body: { ...exchangeRecord({ ...good, exchange: 2 }).body, ...change } });
    const bad = [
      'no JSON',
      'null',
      of({ v: 2 }),
      of({ site: 'other' }),
      of({ id: 'f'.repeat(32) }),
      of({ time: '2026-02-30T00:00:00Z' }),
      of({ seq: -1 }),
      body({ client: { address: '10.0.0.1; DROP TABLE', port: 1 } }),
      body({ client: { address: '10.0.0.1', port: 70_000 } }),
      body({ verdict: 'perhaps' }),
      body({ portZero: 'neither' }),
    ];
    for (const text of bad) connection.publish('pz.obs.a.b', text);
    await publish([
      exchangeRecord({ ...good, client: '10.0.0.1' }),
      { ...exchangeRecord({ ...good, seq: 3, exchange: 3 }), rules: ['nul\0'] } as never,
      statusRecord('a', 'b', 'e', 4, 0),
    ]);
    const { child, finished } = collect();
    await untilCount('sensor_run WHERE status_seq = 4', 1);
    child.kill('SIGINT');
    expect((await finished).stderr).toMatch(/1 new exchange; 12 records left out\n$/);
    expect(await count('observation')).toBe(1);
    expect(await ask('losses')).toMatchObject([{ lost: 2 }]);
    await close();
  });
});
