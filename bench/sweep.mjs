/**
 * npm run bench:sweep [-- --only overhead,scaling --files 2000 --megabytes 100 --captures 24 --rounds 3]
 *
 * What a sweep costs beside distil and merge on the same machine, a file, and how much faster two workers are than one, with a
 * nats-server and a PostgreSQL of its own (Debian's packages). Runs are interleaved, so that what else the machine does hits all alike;
 * the processor's time is told too, of all processes that take part. Of two workers more can be said only where two processors are free, and
 * no more than of two programs that have nothing to do with each other: so two distils side by side are measured beside them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { rolldown } from 'rolldown';
import * as captures from './captures.mjs';
import { median } from './measure.mjs';

const root = join(import.meta.dirname, '..');
const BIN = join(root, 'bin/portzero.js');
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'overhead,scaling' },
    /** Of the ring of which the overhead is measured. */
    files: { type: 'string', default: '2000' },
    /** Least size of a gzip capture of which the scaling is measured, and how many there are of it. */
    megabytes: { type: 'string', default: '100' },
    captures: { type: 'string', default: '24' },
    rounds: { type: 'string', default: '3' },
  },
});
const rounds = Number(options.rounds);
const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);

/** The servers of the tests, as JavaScript. @returns {Promise<typeof import('../test/support/servers.ts')>} */
async function loadServers() {
  const file = join(root, '.bench', 'servers.mjs');
  const bundle = await rolldown({
    input: join(root, 'test/support/servers.ts'),
    platform: 'node',
    external: /^[^./]/,
  });
  await bundle.write({ file, format: 'esm' });
  return import(file);
}

/** Seconds of the processor that this process, all below it, and those of them that have ended have taken. */
function cpuSeconds() {
  const parents = new Map();
  const ticks = new Map();
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ').map(Number);
      parents.set(pid, fields[1]);
      ticks.set(
        pid,
        fields.slice(11, 15).reduce((sum, field) => sum + field, 0),
      );
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid) => pid === process.pid || (parents.has(pid) && isOurs(parents.get(pid)));
  return [...ticks].reduce((sum, [pid, count]) => sum + (isOurs(pid) ? count : 0), 0) / ticksPerSecond;
}

/** Seconds by the wall, and of all processors. @param {() => Promise<void>} action */
async function timed(action) {
  const [began, cpuBefore] = [performance.now(), cpuSeconds()];
  await action();
  return { seconds: (performance.now() - began) / 1000, cpu: cpuSeconds() - cpuBefore };
}

/** The command, to its end: findings make exit status 1. */
function portzero(...args) {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (status) =>
      status === 0 || status === 1 ? resolve() : reject(new Error(`exit status ${status} of ${args[0]}: ${said}`)),
    );
  });
}

const { startQueue, startStore } = await loadServers();
const [queue, store] = await Promise.all([startQueue(), startStore()]);
const place = ['--via', queue.url, '--store', store.url];
const scratch = mkdtempSync(join(tmpdir(), 'portzero-bench-'));
const client = new pg.Client(store.url);
const workers = [];

/** Has so many workers of one job each, all of them waiting for tasks. */
async function haveWorkers(count) {
  while (workers.length > count) {
    const child = workers.pop();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await ended;
  }
  while (workers.length < count) {
    const child = spawn(process.execPath, [BIN, 'work', ...place, '--jobs', '1'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    workers.push(child);
    await new Promise((resolve) => child.stderr.on('data', (chunk) => String(chunk).includes('ready') && resolve()));
  }
}

async function sweep(folder) {
  await client.query('TRUNCATE shard, shard_chunk, sweep, sweep_file, failed, other_file');
  return timed(() => portzero('sweep', folder, ...place, '--quiet'));
}

const shown = (runs, of) => {
  const sorted = runs.map(of).sort((a, b) => a - b);
  return `${median(sorted).toFixed(2)} (${sorted[0].toFixed(2)} to ${sorted.at(-1).toFixed(2)})`;
};

async function overhead() {
  const count = Number(options.files);
  const folder = captures.manyFiles(count, 1000);
  const [plain, swept] = [[], []];
  await haveWorkers(1);
  for (let round = 0; round <= rounds; round++) {
    const shards = mkdtempSync(join(scratch, 'shards-'));
    const alone = await timed(async () => {
      await portzero('distil', folder, '--output', shards, '--quiet');
      await portzero('merge', shards, '--quiet');
    });
    const one = await sweep(folder);
    // The first round warms caches.
    if (round > 0) {
      plain.push(alone);
      swept.push(one);
    }
  }
  console.log(`${count} captures of 1,000 frames, seconds, median of ${rounds} (least to most):`);
  for (const [name, runs] of [
    ['distil and merge', plain],
    ['sweep, one worker', swept],
  ])
    console.log(`  ${name}: ${shown(runs, ({ seconds }) => seconds)}, CPU ${shown(runs, ({ cpu }) => cpu)}`);
  const millis = (of) =>
    ((median(swept.map(of).sort((a, b) => a - b)) - median(plain.map(of).sort((a, b) => a - b))) * 1000) / count;
  console.log(
    `overhead a file: ${millis(({ seconds }) => seconds).toFixed(2)} ms, CPU ${millis(({ cpu }) => cpu).toFixed(2)} ms; wanted: at most 5 ms`,
  );
  if (millis(({ seconds }) => seconds) > 5) process.exitCode = 1;
}

async function scaling() {
  const least = Number(options.megabytes) * 1e6;
  let zipped = null;
  for (let frames = 500_000; zipped === null || statSync(zipped).size < least; frames += 250_000)
    zipped = captures.gzip(captures.conversations(frames));
  const folder = join(scratch, 'zipped');
  const halves = ['even', 'odd'].map((half) => join(folder, half));
  for (const half of halves) mkdirSync(half, { recursive: true });
  const bytes = readFileSync(zipped);
  for (let i = 0; i < Number(options.captures); i++) {
    // Each has another time in its gzip header (RFC 1952 section 2.3), so that it is another capture.
    bytes.writeUInt32LE(i + 1, 4);
    writeFileSync(join(halves[i % 2], `part-${i}.pcap.gz`), bytes);
  }
  const distil = (from) => {
    const shards = mkdtempSync(join(scratch, 'shards-'));
    return portzero('distil', from, '--output', shards, '--quiet');
  };
  const [one, two, alone, beside] = [[], [], [], []];
  for (let round = 0; round <= rounds; round++) {
    for (const [runs, action] of [
      [one, () => sweep(folder)],
      [two, () => sweep(folder)],
      [
        alone,
        () =>
          timed(async () => {
            for (const half of halves) await distil(half);
          }),
      ],
      [beside, () => timed(() => Promise.all(halves.map(distil)))],
    ]) {
      await haveWorkers(runs === two ? 2 : 1);
      const run = await action();
      if (round > 0) runs.push(run);
    }
  }
  console.log(
    `${options.captures} gzip captures of ${Math.round(bytes.length / 1e6)} MB each, seconds, median of ${rounds} (least to most):`,
  );
  for (const [name, runs] of [
    ['one worker', one],
    ['two workers', two],
    ['two distils, one after the other', alone],
    ['two distils side by side', beside],
  ])
    console.log(`  ${name}: ${shown(runs, ({ seconds }) => seconds)}, CPU ${shown(runs, ({ cpu }) => cpu)}`);
  const ratio = (slow, fast, of) =>
    median(slow.map(of).sort((a, b) => a - b)) / median(fast.map(of).sort((a, b) => a - b));
  const wall = ratio(one, two, ({ seconds }) => seconds);
  console.log(
    `two workers: ${wall.toFixed(2)} times one by the wall, ${ratio(two, one, ({ cpu }) => cpu).toFixed(2)} times the CPU; wanted: 1.7 by the wall`,
  );
  console.log(
    `two programs at once: ${ratio(alone, beside, ({ seconds }) => seconds).toFixed(2)} times one after the other by the wall: what this machine has`,
  );
  if (wall < 1.7) process.exitCode = 1;
}

try {
  await client.connect();
  await portzero('setup', 'hub', '--via', queue.url);
  await portzero('setup', 'store', '--store', store.url);
  const load = loadavg()[0];
  console.log(`${availableParallelism()} processors, ${cpus()[0].model}; load before it began: ${load.toFixed(2)}`);
  if (load > 0.5) console.log('others use the processors: what the wall says is no measure here');
  const wanted = options.only.split(',');
  if (wanted.includes('overhead')) await overhead();
  if (wanted.includes('scaling')) await scaling();
} finally {
  await haveWorkers(0);
  await client.end();
  await Promise.all([queue.stop(), store.stop()]);
  rmSync(scratch, { recursive: true, force: true });
}
