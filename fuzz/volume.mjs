/**
 * npm run fuzz:volume -- [--megabytes 100] [--seeds 4] [--only TEXT] [--memory | --known-key | --threads]
 *
 * Rules out that some input costs more and more: makes large captures of mutated frames, and of floods that aim at what
 * portzero keeps (floods.mjs), and compares the time for a byte with that of as many bytes of the same fixtures as they are.
 * Some are built from hashes: those that once were in use, and the one in use with another key than the process has.
 *
 * --memory: the peak of memory of each flood when the bounds of docs/limits.md are reached, and at ten times that length.
 * Bounds that can be set are set low; frames are a millisecond apart, so that windows of time are full as well.
 *
 * --threads: the same of files that a thread of their own reads, as portzero does from 1 GiB on (two-threads.mjs).
 *
 * --known-key: forces the key for which the last ones are built, and holds them to be slow: a blank would prove nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CaptureFile } from '../bench/capture-file.mjs';
import { FLOODS, KNOWN_KEY, OLD_HASHES, syn } from './floods.mjs';
import { createRandom, readLayout } from './mutate.mjs';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string' },
    seeds: { type: 'string' },
    only: { type: 'string' },
    memory: { type: 'boolean' },
    'known-key': { type: 'boolean' },
    threads: { type: 'boolean' },
  },
});
const bytesWanted = Number(values.megabytes ?? 100) * 1e6;
const seeds = Number(values.seeds ?? 4);
const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = join(root, 'fixtures');

/** The frames of every Ethernet fixture in little-endian pcap. */
const frames = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pcap'))
  .sort()
  .flatMap((name) => {
    const bytes = new Uint8Array(readFileSync(join(fixtures, name)));
    const layout = readLayout(bytes);
    if (layout?.kind !== 'pcap' || !layout.little || bytes[20] !== 1) return [];
    return layout.records.map(([start, end]) => bytes.subarray(start + layout.headerLength, end));
  });

/** A SYN, since something has to be understood, and frames from `next` as long as `wanted` says, so many microseconds apart. */
function writeFrames(path, next, step, wanted) {
  const file = new CaptureFile(path);
  for (let number = -1, size = 0; wanted(number, size); number++) {
    const frame = number < 0 ? syn : next(number);
    file.buffer.set(frame, file.begin(frame.length));
    const micros = (number + 1) * step;
    file.end(1_700_000_000 + Math.floor(micros / 1e6), (micros % 1e6) * 1000);
    size += 16 + frame.length;
  }
  file.close();
}

const writeCapture = (path, next) => writeFrames(path, next, 1, (_, size) => size < bytesWanted);

const mutated = (seed) => {
  const random = createRandom(seed);
  return () => {
    const frame = Buffer.from(random.pick(frames));
    for (let count = random.below(4); count > 0 && frame.length > 0; count--) {
      frame[random.below(frame.length)] = random.below(3) === 0 ? 1 << random.below(8) : random.below(256);
    }
    return random.below(10) === 0 ? frame.subarray(0, random.below(frame.length + 1)) : frame;
  };
};

const preload = (script) => ['--import', `data:text/javascript,${encodeURIComponent(script)}`];

/** Has the command say, as it ends, how much processor time it took: a busy machine must not look like a slow decoder. */
const TELL_COST = preload(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error('cpu ' + (user + system) / 1000 + ' rss ' + process.resourceUsage().maxRSS / 1024); })",
);
const FORCE_KEY = preload('crypto.getRandomValues = (array) => array.fill(0)');

const commandOf = (...options) =>
  values.threads
    ? [join(root, 'fuzz/two-threads.mjs'), ...options]
    : [join(root, 'bin/portzero.js'), '--quiet', '--fail-on', 'never', ...options];

/** Milliseconds of processor time, and megabytes at the peak. */
function measure(nodeOptions, ...options) {
  const args = [...TELL_COST, ...nodeOptions, ...commandOf(...options)];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const told = /^cpu ([\d.]+) rss ([\d.]+)$/m.exec(stderr);
  if (status !== 0 || told === null) throw new Error(`portzero ended with ${status}: ${stderr}`);
  return { millis: Number(told[1]), megabytes: Number(told[2]) };
}

const MOST_TIMES = 3.5;
/**
 * What a key that is known has to cost: times as much as one that is not. This is the control, that a flood does collide. Two runs of
 * one command differ by a tenth; a table of a few thousand rows, as that of scanners, costs 1.4 times when all are in one chain.
 */
const FEWEST_KNOWN_TIMES = 1.25;

// --- memory ---------------------------------------------------------------------------------------------------------------

/** Longer than the windows of scans and floods, the answer timeout, and what is kept of old questions. */
const BOUNDED_FRAMES = 100_000;
/** Where the bound is one that cannot be set lower. */
const FRAMES_TO_BOUND = new Map([
  ['tunnels between distinct ends', 1_150_000],
  ['two VLANs each', 1_150_000],
]);
/** More than the noise of a garbage collector. */
const MEMORY_SLACK_MEGABYTES = 24;
const MICROS_APART = 1000;

function compareMemory(folder, path) {
  const config = join(folder, 'portzero.config.json');
  writeFileSync(config, JSON.stringify({ decoder: { fragmentBytes: 262_144 } }));
  let grown = 0;
  for (const [name, next] of selected({ ...FLOODS, ...OLD_HASHES })) {
    const frames = FRAMES_TO_BOUND.get(name) ?? BOUNDED_FRAMES;
    const [before, after] = [frames, frames * 10].map((count) => {
      writeFrames(path, next, MICROS_APART, (number) => number < count);
      return measure([], '--max-exchanges', '2000', '--config', config, path).megabytes;
    });
    const grows = after > before + MEMORY_SLACK_MEGABYTES;
    if (grows) grown++;
    console.log(
      `${name.padEnd(NAME_WIDTH)} ${before.toFixed(0).padStart(5)} MB  ${after.toFixed(0).padStart(5)} MB${grows ? '  GROWS' : ''}`,
    );
  }
  return grown;
}

// --- time -----------------------------------------------------------------------------------------------------------------

const NAME_WIDTH = 58;

const selected = (floods) => Object.entries(floods).filter(([name]) => name.includes(values.only ?? ''));

function report(name, millis, ordinary) {
  const ratio = millis / ordinary;
  console.log(
    `${name.padEnd(NAME_WIDTH)} ${(millis / 1000).toFixed(2).padStart(7)} s  ${((millis * 1e6) / bytesWanted).toFixed(1).padStart(6)} ns a byte  ${ratio.toFixed(2)} times`,
  );
  return ratio;
}

function compareTimes(path) {
  writeCapture(path, (number) => frames[number % frames.length]);
  const ordinary = measure([], path).millis;
  report('the fixtures as they are', ordinary, ordinary);
  let worst = 0;
  const hold = (name, next) => {
    writeCapture(path, next);
    worst = Math.max(worst, report(name, measure([], path).millis, ordinary));
  };
  if (values.only === undefined) {
    for (let seed = 1; seed <= seeds; seed++) hold(`mutated, seed ${seed}`, mutated(seed));
  }
  for (const [name, next] of selected({ ...FLOODS, ...OLD_HASHES, ...KNOWN_KEY })) hold(name, next);
  console.log(`the worst: ${worst.toFixed(2)} times the ordinary time for a byte`);
  return worst > MOST_TIMES ? 1 : 0;
}

function compareKeys(path) {
  let blanks = 0;
  for (const [name, next] of selected(KNOWN_KEY)) {
    writeCapture(path, next);
    const times = report(`${name}, with the key known`, measure(FORCE_KEY, path).millis, measure([], path).millis);
    if (times < FEWEST_KNOWN_TIMES) blanks++;
  }
  return blanks;
}

const folder = mkdtempSync(join(tmpdir(), 'portzero-volume-'));
try {
  const path = join(folder, 'volume.pcap');
  const failed = values.memory
    ? compareMemory(folder, path)
    : values['known-key']
      ? compareKeys(path)
      : compareTimes(path);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
