/**
 * npm run bench:scale [-- --only NAME,… --rows 10000000]
 *
 * Shows each promise of docs/scale.md at full size on one machine (root, Debian's nats-server and postgresql), one after the other: two hours with
 * --rows 100000000, of which the last case wants 40 GB of disk. Exit status 1 where one does not hold.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: { only: { type: 'string' }, rows: { type: 'string', default: '10000000' } },
});

const vitest = (env, ...args) => ({
  command: ['npx', 'vitest', 'run', '--reporter=verbose', ...args],
  env: { PORTZERO_NO_SKIP: '1', ...env },
});
const SWEEP = { PORTZERO_SWEEP_FILES: '2000', PORTZERO_SWEEP_KILLS: '20' };
const FLEET = { PORTZERO_FLEET_SENSORS: '1000', PORTZERO_FLEET_RECORDS: '1000000', PORTZERO_FLEET_KILLS: '20' };

/** By name: what is shown, and how. */
const CASES = {
  merge: ['merge of shuffled shards says what analyze --join does; file by file does not', vitest({}, 'test/shard')],
  killed: [
    'a sweep of 2,000 files, 20 workers and 3 queues killed',
    vitest(SWEEP, 'test/sweep/sweep.test.ts', '-t', 'though workers and the queue are killed'),
  ],
  deleted: [
    'its queue deleted midway; again, no file is read; other rules, no byte of a capture',
    vitest(SWEEP, 'test/sweep/sweep.test.ts', '-t', 'finishes when the queue is deleted'),
  ],
  poison: [
    'one capture that kills or hangs its reader',
    vitest(SWEEP, 'test/sweep/sweep.test.ts', '-t', 'tells of one'),
  ],
  cost: [
    'what a sweep costs a file, and what a second worker brings',
    { command: ['node', 'bench/sweep.mjs'], env: {} },
  ],
  fleet: [
    '1,000 sensors, a million records, the collector killed 20 times',
    vitest(FLEET, 'test/fleet/fleet.test.ts', '-t', 'stores each record once'),
  ],
  spool: [
    'a spool of 4 MiB overrun; a spool deleted',
    vitest({ PORTZERO_FLEET_SPOOL: '4' }, 'test/fleet/fleet.test.ts', '-t', 'spool that overran|spool is deleted'),
  ],
  link: ['two sensors on one link', vitest({}, 'test/fleet/two-sensors.test.ts')],
  query: [
    `questions to ${Number(options.rows).toLocaleString('en-US')} rows`,
    vitest({ PORTZERO_FLEET_ROWS: options.rows }, 'test/fleet/query.test.ts', '-t', 'answers soon'),
  ],
  rights: ['keys, TLS, roles; several servers', vitest({}, 'test/fleet/rights.test.ts')],
  alone: [
    'without the packages',
    vitest({}, 'test/sweep/sweep.test.ts', 'test/package.test.ts', '-t', 'without the packages|package'),
  ],
  trouble: [
    'what is not there, and full disks',
    vitest(
      {},
      ...[
        'test/fleet/full-disk.test.ts',
        'test/sweep/full-disk.test.ts',
        'test/sweep/sweep.test.ts',
        'test/fleet/rights.test.ts',
      ],
      ...['-t', 'disk|not there'],
    ),
  ],
};

/** What is promised, and which cases show it. */
const PROMISES = [
  ['merge of shuffled shards says of port 0 what analyze --join says, to the byte; file by file does not', ['merge']],
  ['a sweep survives killed workers and queues, and a queue that is deleted', ['killed', 'deleted']],
  ['one capture that kills or hangs its readers is one row of failed, and the rest is equal', ['poison']],
  ['a second sweep reads no capture, and other rules no byte of one', ['deleted']],
  ['a sweep costs at most 5 ms a file; two workers are 1.7 times one', ['cost']],
  ['a fleet loses no record and stores none twice, though the collector is killed', ['fleet']],
  ['what a full spool refused is what losses says; a spool that is lost stops nothing', ['spool']],
  ['two sensors on one link: one exchange', ['link']],
  ['questions are answered soon, and counts by day are what a recount says', ['query']],
  ['keys, TLS and roles let nobody do more than they should', ['rights']],
  ['without the packages analyze works, and with them it loads none', ['alone']],
  ['what is wrong, away, full, old or refused is one line and status 2, and nothing is lost', ['trouble']],
];

const held = new Map();
for (const [name, [what, { command, env }]] of Object.entries(CASES)) {
  if (options.only !== undefined && !options.only.split(',').includes(name)) continue;
  console.log(`\n# ${name}: ${what}`);
  const began = performance.now();
  const { status } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  held.set(name, { isHeld: status === 0, seconds });
  console.log(`# ${name}: ${status === 0 ? 'holds' : 'DOES NOT HOLD'}, ${seconds} s`);
}
console.log();
for (const [index, [what, names]] of PROMISES.entries()) {
  const runs = names.map((name) => held.get(name));
  const verdict = runs.some((run) => run?.isHeld === false)
    ? 'DOES NOT HOLD'
    : runs.includes(undefined)
      ? 'not run'
      : `holds (${names.map((name) => `${name} ${held.get(name).seconds} s`).join(', ')})`;
  console.log(`${String(index + 1).padStart(2)}. ${what}: ${verdict}`);
}
if ([...held.values()].some(({ isHeld }) => !isHeld)) process.exitCode = 1;
