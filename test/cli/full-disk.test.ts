import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../support/command.ts';
import { mountSmallDisk, unmountDisk } from '../support/small-disk.ts';
import { describeWith } from '../support/tools.ts';

const COMMAND = join(import.meta.dirname, '../../bin/portzero.js');
const REFUSED = fixture('closed/connect-ipv4.pcap');
const ONE_LINE = 'portzero: cannot write standard output: ENOSPC: no space left on device, write\n';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-full-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs it with standard output in a file, as `> path` of a shell. */
function runInto(path: string, args: readonly string[], flags = 'w') {
  const output = openSync(path, flags);
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', output, 'pipe'],
    encoding: 'utf8',
    cwd: scratch,
    env: { PATH: process.env.PATH },
  });
  closeSync(output);
  return { status, stderr };
}

const withFull = existsSync('/dev/full') ? it : it.skip;

describe('standard output on a full disk', () => {
  withFull.each(['text', 'json', 'ndjson', 'eve', 'sarif', 'junit', 'github', 'csv', 'zeek', 'ecs', 'html'])(
    'is one line and status 2 in format %s',
    (format) => {
      expect(runInto('/dev/full', [REFUSED, '--fail-on', 'never', '-f', format])).toEqual({
        status: 2,
        stderr: ONE_LINE,
      });
    },
  );

  withFull.each([
    [['--help']],
    [['--version']],
    [['sniff', '--help']],
    [['rules']],
    [['rules', '-f', 'json']],
    [['interfaces']],
    [['interfaces', '-f', 'json']],
    [['--print-config', REFUSED]],
    [['probe', '127.0.0.1', '--fail-on', 'never', '--timeout', '1ms']],
  ])('is one line and status 2 for %j', (args) => {
    const { status, stderr } = runInto('/dev/full', args);
    expect(status).toBe(2);
    // Without the right to capture probe says how to get it.
    expect(
      stderr
        .split('\n')
        .filter((line) => !/setcap|sudo/.test(line))
        .join('\n'),
    ).toBe(ONE_LINE);
  });

  withFull('is one line and status 2 for diff', () => {
    const report = join(scratch, 'report.json');
    expect(runInto(report, [REFUSED, '-q', '-f', 'json', '--fail-on', 'never']).status).toBe(0);
    expect(runInto('/dev/full', ['diff', report, report])).toEqual({ status: 2, stderr: ONE_LINE });
  });

  withFull('does not keep a report in another place from being written', () => {
    const other = join(scratch, 'other.json');
    expect(runInto('/dev/full', [REFUSED, '-r', other])).toEqual({ status: 2, stderr: ONE_LINE });
    expect(JSON.parse(readFileSync(other, 'utf8')).summary.frames).toBe(2);
  });

  withFull('of standard error is silence, and the status is that of the run', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stdout } = spawnSync(process.execPath, [COMMAND, REFUSED, '-f', 'json'], {
      stdio: ['ignore', 'pipe', full],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([status, JSON.parse(stdout).summary.frames]).toEqual([1, 2]);
  });
});

describe('a report on a full disk', () => {
  withFull.each([
    'x.json',
    'x.ndjson',
    'x.sarif',
    'x.xml',
    'x.html',
    'x.csv',
    'x.log',
    'x.ecs.json',
    'x.txt',
    'x.pcapng',
  ])('%s', (name) => {
    const path = join(scratch, name);
    symlinkSync('/dev/full', path);
    const { status, stderr } = runInto('/dev/null', [REFUSED, '-r', path]);
    rmSync(path);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^portzero: cannot write .*: ENOSPC: no space left on device, write\n$/);
  });
});

describeWith(['root'], 'a disk that fills', () => {
  const disk = join(scratch, 'disk');
  beforeAll(() => {
    mountSmallDisk(disk, '8k');
    return () => unmountDisk(disk);
  });

  // Node hands the first kilobytes over, the disk takes them, and nothing says that the rest was not.
  it.each(['text', 'json', 'ndjson', 'html'])('in the middle of standard output, format %s', (format) => {
    const path = join(disk, 'out');
    const { status, stderr } = runInto(path, [
      fixture('closed'),
      fixture('accepted'),
      '--exchanges',
      'all',
      '-f',
      format,
      '--fail-on',
      'never',
    ]);
    const { size } = statSync(path);
    rmSync(path);
    expect([size > 0, status, stderr]).toEqual([true, 2, ONE_LINE]);
  });

  it('leaves no half of a document', () => {
    const reports = ['a.html', 'b.json'].map((name) => join(disk, name));
    const { status, stderr } = runInto('/dev/null', [fixture('closed'), ...reports.flatMap((path) => ['-r', path])]);
    expect(status).toBe(2);
    expect(stderr).toContain(`cannot write ${reports[0]}: ENOSPC`);
    expect(stderr).toContain('; what was written of it was removed\n');
    expect(existsSync(reports[0]!)).toBe(false);
    // Where its room was enough for the other, that one is whole.
    if (existsSync(reports[1]!)) expect(() => JSON.parse(readFileSync(reports[1]!, 'utf8'))).not.toThrow();
  });

  it.each(['ndjson', 'csv', 'log'])('leaves whole lines of a stream: %s', (ending) => {
    const path = join(disk, `lines.${ending}`);
    const inputs = [fixture('closed'), fixture('accepted'), fixture('scan'), fixture('stealth')];
    const { status, stderr } = runInto('/dev/null', [...inputs, '--exchanges', 'all', '-r', path]);
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    expect([status, stderr.includes(`cannot write ${path}: ENOSPC`), text.endsWith('\n')]).toEqual([2, true, true]);
    const lines = text.trim().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    if (ending === 'ndjson') for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  it('leaves evidence that can be read to its end', () => {
    const path = join(disk, 'evidence.pcapng');
    const { status, stderr } = runInto('/dev/null', [
      fixture('closed'),
      fixture('accepted'),
      fixture('scan'),
      '-r',
      path,
    ]);
    expect([status, stderr.includes('cannot write')]).toEqual([2, true]);
    const read = spawnSync(process.execPath, [COMMAND, path, '-q', '-f', 'json', '--fail-on', 'never'], {
      encoding: 'utf8',
    });
    rmSync(path);
    expect(read.status).toBe(0);
    expect(JSON.parse(read.stdout).summary.frames).toBeGreaterThan(0);
  });
});
