/**
 * npm run fuzz -- [--seconds 60] [--seed N] [--only N]
 *
 * Mutates the captures under fixtures/ and analyses them, for a given time. Each failure is written as a capture of its
 * own, named after what failed, seed and number, into fuzz/found/: mend it, then move the file to fixtures/ with an entry
 * in the manifest. --only N makes and checks just that number of a seed again.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createRandom, mutate } from './mutate.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const seconds = Number(values.seconds ?? 60);
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000)) >>> 0;
const only = values.only === undefined ? null : Number(values.only);
const HANG_MILLIS = 30_000;
const MAX_FIXTURE_BYTES = 200_000;

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const found = fileURLToPath(new URL('./found/', import.meta.url));
const corpus = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(pcap|pcapng|cap)(\.(gz|zst))?$/.test(name))
  .sort()
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(fixtures, name))) }))
  .filter(({ bytes }) => bytes.length > 0 && bytes.length <= MAX_FIXTURE_BYTES);
const others = corpus.map(({ bytes }) => bytes);

const folder = mkdtempSync(join(tmpdir(), 'portzero-fuzz-'));
const path = join(folder, 'capture');

let worker = null;
/** Asks the worker for one check; starts it first where there is none. */
async function ask(size) {
  if (worker === null) {
    worker = new Worker(new URL('./check.mjs', import.meta.url));
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  }
  const current = worker;
  return await new Promise((resolve) => {
    const finish = (answer, isGone) => {
      clearTimeout(timer);
      current.off('message', onMessage);
      current.off('error', onError);
      if (isGone) {
        worker = null;
        void current.terminate();
      }
      resolve(answer);
    };
    const onMessage = (answer) => finish(answer, false);
    const onError = (error) => finish({ failure: `the worker died: ${error.stack ?? error}` }, true);
    const timer = setTimeout(() => finish({ failure: `hang: no result after ${HANG_MILLIS} ms` }, true), HANG_MILLIS);
    current.on('message', onMessage);
    current.on('error', onError);
    current.postMessage({ path, size });
  });
}

const totals = { runs: 0, refused: 0, frames: 0, exchanges: 0, failures: 0 };
const end = Date.now() + seconds * 1000;
let number = only ?? 0;
while (only === null ? Date.now() < end : number === only) {
  // Each number has a generator of its own, so that one can be made again without those before it.
  const random = createRandom(seed ^ Math.imul(number + 1, 0x9e3779b1));
  const original = random.pick(corpus);
  const { bytes, done } = mutate(original.bytes, random, others);
  writeFileSync(path, bytes);
  const answer = await ask(bytes.length);
  totals.runs++;
  if (answer.failure === undefined) {
    if (answer.refused) totals.refused++;
    totals.frames += answer.frames;
    totals.exchanges += answer.exchanges;
  } else {
    totals.failures++;
    mkdirSync(found, { recursive: true });
    const what = answer.failure
      .split('\n')[0]
      .replace(/^Error: /, '')
      .replace(/[^a-z0-9]+/gi, '-')
      .slice(0, 40);
    const name = `${what}-${seed}-${number}.pcap`.toLowerCase();
    writeFileSync(join(found, name), bytes);
    console.error(`${name}: from ${original.name} by ${done.join(', ')}\n${answer.failure}\n`);
  }
  number++;
}
await worker?.terminate();
rmSync(folder, { recursive: true, force: true });
console.log(
  `seed ${seed}: ${totals.runs} captures from ${corpus.length} fixtures in ${seconds} s, ${totals.frames} frames, ` +
    `${totals.exchanges} exchanges, ${totals.refused} refused as no capture, ${totals.failures} failures`,
);
process.exitCode = totals.failures > 0 ? 1 : 0;
