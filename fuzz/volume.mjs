/**
 * npm run fuzz:volume -- [--megabytes 100] [--seeds 4] [--memory]
 *
 * Rules out that some input costs more and more: makes large captures of mutated frames, and of floods that aim at what
 * portzero keeps (attempts on one 4-tuple, fragments, scopes, forged answers, ordinary exchanges), and compares the time for a byte with that of
 * as many bytes of the same fixtures as they are. Some are built from hashes: that of the layers as it once was, and the one
 * in use with another key than the process has.
 *
 * --memory: the peak of memory of each flood at a tenth of the bytes and at all of them, with few exchanges kept, so that the
 * bounds of docs/limits.md are reached.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CaptureFile } from '../bench/capture-file.mjs';
import { forOtherKeys, nestingsThatCollide } from './collide.mjs';
import { createRandom, readLayout } from './mutate.mjs';

const { values } = parseArgs({
  options: { megabytes: { type: 'string' }, seeds: { type: 'string' }, memory: { type: 'boolean' } },
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

/** Writes frames from `next` until there are enough bytes; a microsecond apart. */
function writeCapture(path, next, wanted = bytesWanted) {
  const file = new CaptureFile(path);
  for (let number = 0, size = 0; size < wanted; number++) {
    const frame = next(number);
    file.buffer.set(frame, file.begin(frame.length));
    file.end(1_700_000_000 + Math.floor(number / 1e6), (number % 1e6) * 1000);
    size += 16 + frame.length;
  }
  file.close();
}

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

/** A SYN to port 0, over whose bytes each kind of flood writes what it varies. */
const syn = Buffer.from(
  '020000000002020000000001080045000028000100004006000 00a0000010a0000029c400000000003e80000000050022000000000 00'.replaceAll(
    ' ',
    '',
  ),
  'hex',
);
const flood = (vary) => (number) => {
  const frame = Buffer.from(syn);
  vary(frame, number, Math.imul(number + 1, 0x9e3779b1) >>> 0);
  return frame;
};
const FLOODS = {
  'new numbers on one 4-tuple': flood((frame, _, mixed) => frame.writeUInt32BE(mixed, 38)),
  'fragments of distinct datagrams': flood((frame, _, mixed) => {
    frame.writeUInt32BE(mixed, 26);
    frame.writeUInt16BE(0x2000, 20);
    frame.writeUInt16BE(28, 16);
  }),
  'overlapping fragments of one datagram': flood((frame, number) => {
    frame.writeUInt16BE(0x2000 | (number % 8), 20);
    frame[34 + (number % 20)] = number & 0xff;
  }),
  'forged resets after one SYN': flood((frame, number, mixed) => {
    if (number === 0) return;
    frame.copy(frame, 0, 0);
    Buffer.from([10, 0, 0, 2, 10, 0, 0, 1, 0, 0, 0x9c, 0x40]).copy(frame, 26);
    frame.writeUInt32BE(mixed, 38);
    frame[47] = 0x04;
  }),
  'ordinary SYNs of distinct ends': flood((frame, _, mixed) => {
    frame.writeUInt32BE(mixed, 26);
    frame.writeUInt16BE(80, 36);
  }),
  // The core has to give each of them away.
  'ordinary SYNs, a second attempt each': flood((frame, number) => {
    frame.writeUInt32BE(Math.imul((number >> 1) + 1, 0x9e3779b1) >>> 0, 26);
    frame.writeUInt16BE(80, 36);
    frame.writeUInt32BE(number & 1, 38);
  }),
  'scan: another target each': flood((frame, number) => {
    frame.writeUInt32BE((0x0a000000 + number) >>> 0, 30);
  }),
  'backscatter from port 0': flood((frame, _, mixed) => {
    frame.writeUInt32BE(mixed, 30);
    Buffer.from([0, 0, 0x9c, 0x40]).copy(frame, 34);
    frame[47] = 0x14;
  }),
  'one conversation': flood((frame, number) => {
    if (number === 0) return;
    frame.writeUInt32BE(number, 38);
    frame[47] = 0x10;
  }),
  'one SYN, again and again': flood(() => {}),
  'ends whose hashes share a bucket under another key': flood((frame, number) => {
    frame.writeUInt32BE(forOtherKeys(number), 26);
  }),
  'datagrams whose hashes share a bucket under another key': flood((frame, number) => {
    frame.writeUInt32BE(forOtherKeys(number), 26);
    frame.writeUInt16BE(0x2001, 20);
  }),
  'tunnels between distinct ends': (number) => {
    const inner = syn.subarray(14, 54);
    const outer = Buffer.from(inner.subarray(0, 20));
    outer.writeUInt16BE(60, 2);
    outer[9] = 4;
    outer.writeUInt32BE(Math.imul(number + 1, 0x9e3779b1) >>> 0, 12);
    return Buffer.concat([syn.subarray(0, 14), outer, inner]);
  },
  'ways in that once had neighbouring hashes': nestingsThatCollide(syn.subarray(0, 14), syn.subarray(34, 54)),
  'two VLANs each': (number) => {
    const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
    const tags = Buffer.from([
      0x88,
      0xa8,
      (mixed >> 8) & 0x0f,
      mixed & 0xff,
      0x81,
      0x00,
      (mixed >> 20) & 0x0f,
      (mixed >> 12) & 0xff,
    ]);
    return Buffer.concat([syn.subarray(0, 12), tags, syn.subarray(12)]);
  },
};

/** Has the command say, as it ends, how much processor time it took: a busy machine must not look like a slow decoder. */
const TELL_TIME = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error('cpu ' + (user + system) / 1000 + ' rss ' + process.resourceUsage().maxRSS / 1024); })",
)}`;

/** Milliseconds of processor time, and megabytes at the peak. */
function measure(path, ...options) {
  const args = [
    '--import',
    TELL_TIME,
    join(root, 'bin/portzero.js'),
    '--quiet',
    '--fail-on',
    'never',
    ...options,
    path,
  ];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const told = /^cpu ([\d.]+) rss ([\d.]+)$/m.exec(stderr);
  if (status !== 0 || told === null) throw new Error(`portzero ended with ${status}: ${stderr}`);
  return { millis: Number(told[1]), megabytes: Number(told[2]) };
}

const time = (path) => measure(path).millis;

const MOST_TIMES = 3.5;
/** More than the noise of a garbage collector. */
const MEMORY_SLACK_MEGABYTES = 48;

function compareMemory() {
  let failed = 0;
  for (const [name, next] of Object.entries(FLOODS)) {
    const peaks = [bytesWanted / 10, bytesWanted].map((wanted) => {
      writeCapture(path, next, wanted);
      return measure(path, '--max-exchanges', '10000').megabytes;
    });
    const grows = peaks[1] > peaks[0] * 1.1 + MEMORY_SLACK_MEGABYTES;
    if (grows) failed++;
    console.log(
      `${name.padEnd(58)} ${peaks[0].toFixed(0).padStart(5)} MB  ${peaks[1].toFixed(0).padStart(5)} MB${grows ? '  GROWS' : ''}`,
    );
  }
  return failed;
}

const folder = mkdtempSync(join(tmpdir(), 'portzero-volume-'));
const path = join(folder, 'volume.pcap');
let worst = 0;
let grown = 0;
try {
  let ordinary = 0;
  const report = (name, millis) => {
    const ratio = millis / ordinary;
    worst = Math.max(worst, ratio);
    console.log(
      `${name.padEnd(58)} ${(millis / 1000).toFixed(2).padStart(7)} s  ${((millis * 1e6) / bytesWanted).toFixed(1).padStart(6)} ns a byte  ${ratio.toFixed(2)} times`,
    );
  };
  if (values.memory) grown = compareMemory();
  else measureTimes();

  function measureTimes() {
    writeCapture(path, (number) => frames[number % frames.length]);
    ordinary = time(path);
    report('the fixtures as they are', ordinary);
    for (let seed = 1; seed <= seeds; seed++) {
      writeCapture(path, mutated(seed));
      report(`mutated, seed ${seed}`, time(path));
    }
    for (const [name, next] of Object.entries(FLOODS)) {
      writeCapture(path, next);
      report(name, time(path));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!values.memory) console.log(`the worst: ${worst.toFixed(2)} times the ordinary time for a byte`);
process.exitCode = worst > MOST_TIMES || grown > 0 ? 1 : 0;
