/** What those see who watch a sweep by Prometheus. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcap } from '../support/capture-builder.ts';
import { startCommand } from '../support/command.ts';
import { cutCapture } from '../support/cut.ts';
import { writeRing } from '../support/distil.ts';
import { traffic } from '../support/ring-traffic.ts';
import {
  freePort,
  type RunningQueue,
  type RunningStore,
  requireServers,
  startQueue,
  startStore,
} from '../support/servers.ts';
import { requireTool } from '../support/tools.ts';

const FILES = 30;

describe.skipIf(!requireServers())('a sweep that is watched', () => {
  let queue: RunningQueue;
  let store: RunningStore;
  const folder = mkdtempSync(join(tmpdir(), 'portzero-watched-'));
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    [queue, store] = await Promise.all([startQueue(), startStore()]);
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([queue?.stop(), store?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (...args: readonly string[]) => {
    const started = startCommand(args);
    children.push(started.child);
    return started;
  };

  it('serves its numbers on loopback, in a form that Prometheus takes', async () => {
    const cut = cutCapture(pcap(traffic()))!;
    const every = cut.frames / FILES;
    const ring = writeRing(folder, cut.at(Array.from({ length: FILES - 1 }, (_, i) => Math.floor((i + 1) * every))));
    await start('setup', 'store', '--store', store.url).finished;
    await start('setup', 'hub', '--via', queue.url).finished;
    const port = await freePort();
    const at = ['--via', queue.url, '--store', store.url];
    const worker = start('work', ...at, '--jobs', '2', '--metrics', String(port));
    const swept = await start('sweep', folder, ...at, '-f', 'json').finished;
    expect(swept.status).toBe(1);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const numbers = Object.fromEntries(
      text
        .split('\n')
        .filter((line) => /^\w/.test(line))
        .map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]),
    );
    expect(numbers).toMatchObject({
      portzero_work_captures_total: FILES,
      portzero_work_failed_captures_total: 0,
      portzero_work_retried_attempts_total: 0,
      portzero_work_read_bytes_total: ring.reduce((sum, path) => sum + statSync(path).size, 0),
      portzero_work_frames_total: cut.frames,
      portzero_work_captures_in_work: 0,
    });
    if (requireTool('promtool')) {
      const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }
    worker.child.kill('SIGINT');
    expect((await worker.finished).stderr).toMatch(/30 captures distilled, 0 captures failed/);
  });
});
