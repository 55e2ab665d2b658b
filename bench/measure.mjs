import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const GNU_TIME = '/usr/bin/time';

/**
 * One contender: a whole process (a shell command line), from its start to its end.
 * @typedef {{name: string, command: string, statuses?: number[]}} Contender
 * @typedef {{name: string, command: string, seconds: number, least: number, most: number, megabytes: number | null}} Measured
 */

/**
 * Runs the contenders in turn, `runs` times over, and gives the median of each. Interleaved, so that what else the machine
 * does, or its clock rate, hits all of them alike. The first round warms the page cache and is thrown away.
 * @param {readonly Contender[]} contenders @param {number} runs @returns {Measured[]}
 */
export function measure(contenders, runs) {
  const samples = contenders.map(() => /** @type {{seconds: number, kilobytes: number | null}[]} */ ([]));
  for (let round = 0; round <= runs; round++) {
    for (const [index, contender] of contenders.entries()) {
      const sample = runOnce(contender);
      if (round > 0) samples[index].push(sample);
    }
  }
  return contenders.map(({ name, command }, index) => {
    const seconds = samples[index].map((sample) => sample.seconds).sort((a, b) => a - b);
    const kilobytes = samples[index].map((sample) => sample.kilobytes).filter((value) => value !== null);
    return {
      name,
      command,
      seconds: median(seconds),
      least: seconds[0],
      most: seconds.at(-1),
      megabytes: kilobytes.length === 0 ? null : Math.max(...kilobytes) / 1024,
    };
  });
}

function runOnce({ command, statuses = [0] }) {
  const scratch = mkdtempSync(join(tmpdir(), 'portzero-bench-'));
  try {
    const report = join(scratch, 'time');
    const timed = existsSync(GNU_TIME);
    const words = timed ? [GNU_TIME, '-q', '-o', report, '-f', '%M', 'sh', '-c', command] : ['sh', '-c', command];
    const before = process.hrtime.bigint();
    const { status, stderr } = spawnSync(words[0], words.slice(1), {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    const seconds = Number(process.hrtime.bigint() - before) / 1e9;
    if (status === null || !statuses.includes(status)) {
      throw new Error(`exit status ${status} of: ${command}\n${stderr.trim().split('\n').slice(-5).join('\n')}`);
    }
    return { seconds, kilobytes: timed ? Number(readFileSync(report, 'utf8').trim().split('\n').at(-1)) : null };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {readonly number[]} sorted */
export function median(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function isInstalled(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}
