import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const GNU_TIME = '/usr/bin/time';

/**
 * One contender: a whole process (a shell command line), from its start to its end.
 * @typedef {{name: string, command: string, statuses?: number[]}} Contender
 * `cpuSeconds`: user and system time.
 * @typedef {{name: string, command: string, seconds: number, least: number, most: number, cpuSeconds: number | null, megabytes: number | null}} Measured
 */

/**
 * Runs the contenders in turn, `runs` times over, and gives the median of each. Interleaved, so that what else the machine
 * does, or its clock rate, hits all of them alike. The first round warms the page cache and is thrown away.
 * @param {readonly Contender[]} contenders @param {number} runs @returns {Measured[]}
 */
export function measure(contenders, runs) {
  const samples = contenders.map(() => /** @type {Sample[]} */ ([]));
  for (let round = 0; round <= runs; round++) {
    for (const [index, contender] of contenders.entries()) {
      const sample = runOnce(contender);
      if (round > 0) samples[index].push(sample);
    }
  }
  return contenders.map(({ name, command }, index) => {
    const seconds = samples[index].map((sample) => sample.seconds).sort((a, b) => a - b);
    const used = samples[index].map((sample) => sample.used).filter((value) => value !== null);
    const cpu = used.map(({ cpuSeconds }) => cpuSeconds).sort((a, b) => a - b);
    return {
      name,
      command,
      seconds: median(seconds),
      least: seconds[0],
      most: seconds.at(-1),
      cpuSeconds: cpu.length === 0 ? null : typicalCpu(cpu),
      megabytes: used.length === 0 ? null : Math.max(...used.map(({ kilobytes }) => kilobytes)) / 1024,
    };
  });
}

/** @typedef {{seconds: number, used: {cpuSeconds: number, kilobytes: number} | null}} Sample */

/** @returns {Sample} */
function runOnce({ command, statuses = [0] }) {
  const scratch = mkdtempSync(join(tmpdir(), 'portzero-bench-'));
  try {
    const report = join(scratch, 'time');
    const timed = existsSync(GNU_TIME);
    const words = timed ? [GNU_TIME, '-q', '-o', report, '-f', '%U %S %M', 'sh', '-c', command] : ['sh', '-c', command];
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
    if (!timed) return { seconds, used: null };
    const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
    return { seconds, used: { cpuSeconds: user + system, kilobytes } };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** GNU time tells hundredths of a second: of short runs the mean says more than the median. @param {readonly number[]} sorted */
const typicalCpu = (sorted) =>
  median(sorted) >= 0.5 ? median(sorted) : sorted.reduce((sum, value) => sum + value, 0) / sorted.length;

/** @param {readonly number[]} sorted */
export function median(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function isInstalled(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}
