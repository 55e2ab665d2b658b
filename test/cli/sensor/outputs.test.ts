import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeSniff } from '../../support/fake-capturer.ts';
import { mountSmallDisk, unmountDisk } from '../../support/small-disk.ts';
import { describeWith } from '../../support/tools.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-outputs-'));
const disk = join(scratch, 'disk');
let folder: string;
let number = 0;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let running: FakeSniff | null = null;
const start = (...args: ConstructorParameters<typeof FakeSniff>) => {
  running = new FakeSniff(...args);
  return running;
};
afterEach(() => running?.kill());

const LINE = ['--answer-timeout', '200ms', '-f', 'ndjson'];
const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');
const isJson = (line: string) => {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};
const findingsIn = (text: string) => text.split('"type":"finding"').length - 1;
/** Frames of a pcapng file, by a reader that is not ours; fails where it cannot be read to its end. */
function framesOf(path: string): number {
  const { status, stdout, stderr } = spawnSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.number'], {
    encoding: 'utf8',
  });
  expect([status, stderr.replace(/^Running as user.*\n/, '')]).toEqual([0, '']);
  return stdout.split('\n').length - 1;
}
const count = (text: string, pattern: RegExp) => text.match(new RegExp(pattern, 'g'))?.length ?? 0;

describeWith(['root', 'tshark'], 'sniff, on a disk that is full', () => {
  beforeEach(() => {
    mountSmallDisk(disk, '64k');
  });
  afterEach(() => {
    running?.kill();
    unmountDisk(disk);
  });
  const fill = () => spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=1k', 'count=64']);

  it('goes on, tells it once and its end once, and every line is whole: standard output and its log', async () => {
    const [out, log] = [join(disk, 'out.ndjson'), join(disk, 'log')];
    const other = join(folder, 'other.ndjson');
    const descriptors = [openSync(out, 'a'), openSync(log, 'a')] as const;
    const sniff = start(folder, [...LINE, '-r', other], { stdio: ['ignore', ...descriptors] });
    for (const descriptor of descriptors) closeSync(descriptor);
    await sniff.connect(5);
    await sniff.until(() => existsSync(other) && findingsIn(readFileSync(other, 'utf8')) === 5, 'five findings');
    fill();
    await sniff.connect(20);
    await sniff.until(() => findingsIn(readFileSync(other, 'utf8')) === 25, '25 findings in the other report');
    // Some time in which it is tried again and again.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(sniff.child.exitCode).toBeNull();
    rmSync(join(disk, 'fill'));
    await sniff.until(() => findingsIn(readFileSync(out, 'utf8')) === 25, 'what waited, on standard output');
    fill();
    await sniff.connect(20);
    await sniff.until(() => findingsIn(readFileSync(other, 'utf8')) === 45, '45 findings in the other report');
    expect(await sniff.interrupt()).toBe(2);
    expect(linesOf(out).every(isJson)).toBe(true);
    expect(linesOf(other).every(isJson)).toBe(true);
    expect(readFileSync(other, 'utf8')).toContain('"type":"summary"');
  });

  it('so do -w and a report of lines; what is there can be read at any time', async () => {
    const [evidence, report] = [join(disk, 'evidence.pcapng'), join(disk, 'lines.ndjson')];
    const sniff = start(folder, [...LINE, '-w', evidence, '-r', report]);
    await sniff.connect(3);
    await sniff.until(() => readFileSync(report, 'utf8').split('"type":"exchange"').length === 4, 'three exchanges');
    await sniff.until(() => framesOf(evidence) === 6, 'six frames');
    fill();
    await sniff.connect(300);
    await sniff.until(({ stdout }) => stdout.split('"type":"exchange"').length === 304, '303 exchanges');
    await sniff.until(({ stderr }) => count(stderr, /cannot write .*; going on/) === 2, 'two complaints');
    const kept = framesOf(evidence);
    expect(kept).toBeLessThan(606);
    expect(linesOf(report).every(isJson)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(count(sniff.stderr, /cannot write/)).toBe(2);
    expect(await sniff.interrupt()).toBe(2);
    expect(sniff.stderr).toContain(`cannot write ${evidence}: ENOSPC`);
    expect(sniff.stderr).toContain(`cannot write ${report}: ENOSPC`);
    const lost = Number(
      new RegExp(`${evidence}: ENOSPC[^\\n]*write: ([\\d,]+) records? lost`).exec(sniff.stderr)![1]!.replace(',', ''),
    );
    expect(framesOf(evidence) + lost).toBe(606);
    expect(JSON.parse(sniff.stdout.trimEnd().split('\n').at(-1)!).summary.portZero.refused).toBe(303);
  });

  it('and when there is room again what waited is written, and the end is clean', async () => {
    const evidence = join(disk, 'evidence.pcapng');
    const sniff = start(folder, [...LINE, '-w', evidence, '--fail-on', 'never']);
    fill();
    await sniff.connect(20);
    await sniff.until(({ stderr }) => stderr.includes('cannot write'), 'the complaint');
    rmSync(join(disk, 'fill'));
    await sniff.until(
      ({ stderr }) => stderr.includes(`${evidence} can be written again: 0 records lost`),
      'the recovery',
    );
    expect(await sniff.interrupt()).toBe(0);
    expect(framesOf(evidence)).toBe(40);
  });
});

describeWith(['root', 'tshark'], 'sniff -w, on a disk that is full from the start', () => {
  const evidence = join(disk, 'evidence.pcapng');
  beforeEach(() => {
    mountSmallDisk(disk, '64k');
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=1k', 'count=64']);
    start(folder, [...LINE, '-w', evidence, '--fail-on', 'never']);
  });
  afterEach(() => {
    running?.kill();
    unmountDisk(disk);
  });
  const untilTold = () =>
    running!.until(({ stderr }) => stderr.includes(`cannot write ${evidence}: ENOSPC`), 'the complaint');

  it('says that the file has not even a header, and does not end well', async () => {
    await untilTold();
    expect(await running!.interrupt()).toBe(2);
    expect(count(running!.stderr, /cannot write .*ENOSPC/)).toBe(2);
  });

  it('writes the header when there is room', async () => {
    await untilTold();
    rmSync(join(disk, 'fill'));
    await running!.until(({ stderr }) => stderr.includes(`${evidence} can be written again`), 'the recovery');
    expect(framesOf(evidence)).toBe(0);
    expect(await running!.interrupt()).toBe(0);
    expect(framesOf(evidence)).toBe(0);
  });
});

describeWith(['tshark'], 'sniff, when its files go', () => {
  it.each(['the file', 'the folder'])('makes them anew when %s was removed', async (what) => {
    const place = join(folder, 'place');
    mkdirSync(place);
    const [evidence, report] = [join(place, 'evidence.pcapng'), join(place, 'lines.ndjson')];
    const sniff = start(folder, [...LINE, '-w', evidence, '-r', report]);
    await sniff.connect(3);
    await sniff.until(() => findingsIn(readFileSync(report, 'utf8')) === 3, 'three findings');
    await sniff.until(() => framesOf(evidence) === 6, 'six frames');
    if (what === 'the file') for (const path of [evidence, report]) rmSync(path);
    else rmSync(place, { recursive: true });
    await sniff.until(({ stderr }) => count(stderr, /was removed; going on/) === 2, 'two complaints');
    await sniff.connect(4);
    if (what === 'the folder') mkdirSync(place);
    await sniff.until(() => existsSync(report) && findingsIn(readFileSync(report, 'utf8')) === 4, 'four findings');
    await sniff.until(() => existsSync(evidence) && framesOf(evidence) === 8, 'eight frames');
    await sniff.interrupt();
    expect(linesOf(report).every(isJson)).toBe(true);
    // Each loss is told when it is over, and all again at the end.
    const again = [...sniff.stderr.matchAll(/(\S+) can be written again: ([\d,]+) records? lost/g)];
    expect(again.map(([, name]) => name).sort()).toEqual([evidence, report].sort());
    for (const [, name, lost] of again)
      expect(sniff.stderr).toMatch(new RegExp(`cannot write ${name}: .*was removed: ${lost} records? lost`));
  });

  it('goes on in a new file where the old one was moved away, and loses nothing', async () => {
    const report = join(folder, 'lines.ndjson');
    const sniff = start(folder, [...LINE, '-r', report, '--fail-on', 'never']);
    await sniff.connect(3);
    await sniff.until(() => findingsIn(readFileSync(report, 'utf8')) === 3, 'three findings');
    renameSync(report, `${report}.1`);
    for (let more = 1; !existsSync(report); more++) {
      await sniff.connect(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(more).toBeLessThan(100);
    }
    await sniff.connect(1);
    expect(await sniff.interrupt()).toBe(0);
    const all = [...linesOf(`${report}.1`), ...linesOf(report)];
    expect(all.every(isJson)).toBe(true);
    expect(all.filter((line) => line.includes('"type":"finding"'))).toHaveLength(findingsIn(sniff.stdout));
  });

  it('tells that the file of its standard output was removed', async () => {
    const out = join(folder, 'out');
    const descriptor = openSync(out, 'a');
    const sniff = start(folder, [...LINE, '-r', join(folder, 'other.ndjson')], {
      stdio: ['ignore', descriptor, 'pipe'],
    });
    closeSync(descriptor);
    await sniff.connect(1);
    await sniff.until(() => readFileSync(out, 'utf8').includes('finding'), 'a finding');
    rmSync(out);
    await sniff.until(
      ({ stderr }) => stderr.includes('cannot write standard output: its file was removed'),
      'the complaint',
    );
    await sniff.connect(2);
    expect(await sniff.interrupt()).toBe(2);
    expect(findingsIn(readFileSync(join(folder, 'other.ndjson'), 'utf8'))).toBe(3);
  });

  it('writes the documents of the end though their files were removed meanwhile', async () => {
    const report = join(folder, 'report.json');
    const sniff = start(folder, [...LINE, '-r', report]);
    await sniff.connect(2);
    await sniff.until(({ stdout }) => findingsIn(stdout) === 2, 'two findings');
    rmSync(report);
    expect(await sniff.interrupt()).toBe(1);
    expect(JSON.parse(readFileSync(report, 'utf8')).summary.portZero.refused).toBe(2);
  });
});

describe('sniff, whose reader takes nothing', () => {
  /** Findings that fill a pipe many times over. */
  const MANY = 12_000;
  const ONE_PIPE = ['--answer-timeout', '200ms', '-f', 'ndjson', '--exchanges', 'all'];

  it('goes on, keeps what has room, counts the rest, and ends when it is asked to', async () => {
    const other = join(folder, 'other.csv');
    const sniff = start(folder, [...ONE_PIPE, '-r', other], { unread: true });
    for (let sent = 0; sent < MANY; sent += 1000) await sniff.connect(1000);
    await sniff.until(
      () => existsSync(other) && linesOf(other).length === MANY + 1,
      'all exchanges in the other report',
    );
    await sniff.until(
      ({ stderr }) => stderr.includes('cannot write standard output: its reader takes nothing'),
      'a word of it',
    );
    expect(await sniff.interrupt()).toBe(2);
    expect(sniff.stderr).toMatch(/cannot write standard output: its reader takes nothing: [\d,]+ records lost/);
  });

  it('waits for one that is only slow, and loses nothing', async () => {
    const sniff = start(folder, [...ONE_PIPE, '--fail-on', 'never'], { unread: true });
    await sniff.connect(1000);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    sniff.read();
    await sniff.until(({ stdout }) => stdout.split('"type":"exchange"').length === 1001, 'all exchanges');
    expect(await sniff.interrupt()).toBe(0);
    expect(sniff.stdout.trimEnd().split('\n').every(isJson)).toBe(true);
  });

  it('goes on without the reader of a FIFO, and with the next one', async () => {
    const fifo = join(folder, 'lines.ndjson');
    spawnSync('mkfifo', [fifo]);
    const first = spawn('head', ['-n', '1', fifo]);
    const sniff = start(folder, [...LINE, '-r', fifo, '-w', join(folder, 'e.pcapng')]);
    await sniff.connect(3);
    await new Promise((resolve) => first.once('close', resolve));
    for (let turn = 0; !sniff.stderr.includes(`cannot write ${fifo}: its reader has gone`); turn++) {
      expect(turn).toBeLessThan(200);
      await sniff.connect(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const second = spawn('cat', [fifo]);
    let text = '';
    second.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    await sniff.connect(1);
    await sniff.until(() => findingsIn(text) > 0, 'a finding for the second reader');
    await sniff.until(({ stderr }) => stderr.includes(`${fifo} can be written again`), 'the recovery');
    await sniff.interrupt();
    expect(text.trimEnd().split('\n').every(isJson)).toBe(true);
  });
});

describe('sniff, whose reader has gone', () => {
  it('goes on for its other outputs, and says so', async () => {
    const report = join(folder, 'lines.ndjson');
    const sniff = start(folder, [...LINE, '-r', report]);
    await sniff.connect(1);
    await sniff.until(({ stdout }) => findingsIn(stdout) === 1, 'a finding');
    sniff.child.stdout!.destroy();
    await sniff.connect(2);
    await sniff.until(
      ({ stderr }) => stderr.includes('cannot write standard output: its reader has gone'),
      'a word of it',
    );
    await sniff.connect(2);
    await sniff.until(() => findingsIn(readFileSync(report, 'utf8')) === 5, 'all findings in the report');
    expect(await sniff.interrupt()).toBe(2);
  });

  it('ends quietly where nobody else is told anything', async () => {
    const sniff = start(folder, [...LINE, '-q']);
    await sniff.connect(1);
    await sniff.until(({ stdout }) => findingsIn(stdout) === 1, 'a finding');
    sniff.child.stdout!.destroy();
    await sniff.connect(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await sniff.finish()).toBe(1);
    expect(sniff.stderr).toBe('');
  });

  it('of its log goes on without, and the status says it', async () => {
    const sniff = start(folder, LINE);
    await sniff.connect(1);
    await sniff.until(({ stdout }) => findingsIn(stdout) === 1, 'a finding');
    sniff.child.stderr!.destroy();
    sniff.child.kill('SIGUSR1');
    await new Promise((resolve) => setTimeout(resolve, 300));
    sniff.child.kill('SIGUSR1');
    await sniff.connect(1);
    await sniff.until(({ stdout }) => findingsIn(stdout) === 2, 'another finding');
    expect(await sniff.interrupt()).toBe(2);
  });
});
