import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSize, readRotation } from '../../../src/cli/sensor/rotation.ts';
import { runCommand } from '../../support/command.ts';
import { FakeSniff } from '../../support/fake-capturer.ts';
import { describeWith } from '../../support/tools.ts';
import { readZeekLog } from '../../support/zeek-log.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-rotation-'));
let folder: string;
let place: string;
let number = 0;
let running: FakeSniff | null = null;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  place = join(folder, 'place');
  mkdirSync(place, { recursive: true });
});
afterEach(() => running?.kill());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const start = (...args: string[]) => {
  running = new FakeSniff(folder, ['--answer-timeout', '200ms', ...args]);
  return running;
};
const files = (pattern = /./) =>
  readdirSync(place)
    .filter((name) => pattern.test(name))
    .sort();
const sizeOf = (name: string) => statSync(join(place, name)).size;
/** The lines of all files, in the order of their names. */
const lines = (pattern = /./) =>
  files(pattern).flatMap((name) => {
    const text = readFileSync(join(place, name), 'utf8');
    expect(text === '' || text.endsWith('\n'), name).toBe(true);
    return text.split('\n').filter((line) => line !== '');
  });
/** The same while they are written: the last may be the half of one. */
const soFar = (pattern = /./) => files(pattern).flatMap((name) => readFileSync(join(place, name), 'utf8').split('\n'));
/** A column of all frames, as tshark reads them; fails where a file cannot be read to its end. */
function read(name: string, field: string): string[] {
  const { status, stdout, stderr } = spawnSync('tshark', ['-r', join(place, name), '-T', 'fields', '-e', field], {
    encoding: 'utf8',
  });
  expect([name, status, stderr.replace(/^Running as user.*\n/, '')]).toEqual([name, 0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('sizes and times of --rotate', () => {
  it.each([
    ['100MB', 100_000_000],
    ['64MiB', 67_108_864],
    ['10G', 10_737_418_240],
    ['1.5kB', 1500],
    ['12', 12],
    ['1 MB', 1_000_000],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));
  it.each(['', 'MB', '-1MB', '1XB', '1e3', '99999999999TB'])('%j is no size', (text) =>
    expect(parseSize(text)).toBeNull(),
  );

  it.each([
    ['1h', { maxMillis: 3_600_000, maxBytes: null }],
    ['100MB', { maxMillis: null, maxBytes: 100_000_000 }],
    ['24h,10GB', { maxMillis: 86_400_000, maxBytes: 10_000_000_000 }],
    ['10GB,24h', { maxMillis: 86_400_000, maxBytes: 10_000_000_000 }],
  ])('%s', (text, expected) => expect(readRotation(text)).toEqual(expected));
  it.each(['', '1h,2h', '1MB,2MB', '100', '10ms', '100B', 'often', '1h,'])('%j is refused', (text) => {
    expect(() => readRotation(text)).toThrow('--rotate');
  });

  it.each([
    [['--keep', '3'], '--keep is about the files that --rotate begins'],
    [['--rotate', '1h'], '--rotate is about the files of -w and -o'],
    [['--max-disk', '1GB'], '--max-disk is about the files of -w and -o'],
    [['-w', 'x.pcapng', '--rotate', '1h', '--keep', '0'], '--keep 0'],
    [['-w', 'x.pcapng', '--max-disk', 'little'], '--max-disk little'],
    [['-w', 'x.pcapng', '--evidence-memory', '1'], '--evidence-memory 1'],
    [['-o', 'x.json', '-f', 'json'], 'json is written at the end'],
  ])('%j is one line and status 2', async (args, message) => {
    const { status, stderr } = await runCommand(['sniff', 'lo', ...args], { cwd: folder });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});

describeWith(['tshark'], 'evidence in several files', () => {
  it('is cut by size: names sort, each file is whole, and together they have every frame once', async () => {
    const sniff = start('-w', join(place, 'evidence.pcapng'), '--rotate', '16KiB', '-f', 'ndjson');
    for (let turn = 0; turn < 10; turn++) await sniff.connect(30);
    await sniff.until(({ stdout }) => stdout.split('"type":"exchange"').length === 301, '300 exchanges');
    expect(await sniff.interrupt()).toBe(1);
    const names = files();
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) {
      expect(name).toMatch(/^evidence-\d{8}T\d{6}Z-\d{5}\.pcapng$/);
      // The block of statistics comes on top.
      expect(sizeOf(name)).toBeLessThan(16 * 1024 + 400);
    }
    const comments = names.flatMap((name) => read(name, 'frame.comment'));
    const numbers = comments.map((comment) => Number(/frame (\d+)/.exec(comment)![1]));
    expect(new Set(numbers).size).toBe(600);
    expect(numbers).toHaveLength(600);
  });

  it('is cut by time, and says in each file what the capture came to', async () => {
    const sniff = start('-w', join(place, 'evidence.pcapng'), '--rotate', '1s', '-f', 'ndjson');
    for (let turn = 0; turn < 8; turn++) {
      await sniff.connect(2);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    await sniff.until(({ stdout }) => stdout.split('"type":"exchange"').length === 17, '16 exchanges');
    expect(await sniff.interrupt()).toBe(1);
    expect(files().length).toBeGreaterThan(2);
    expect(files().flatMap((name) => read(name, 'frame.number'))).toHaveLength(32);
    const last = readFileSync(join(place, files().at(-1)!));
    // Interface statistics block (type 5), isb_ifrecv (4) and isb_usrdeliv (8), each of 8 bytes.
    const at = last.lastIndexOf(Uint8Array.of(5, 0, 0, 0));
    expect(last.subarray(at).includes(Buffer.of(4, 0, 8, 0, 32, 0, 0, 0, 0, 0, 0, 0))).toBe(true);
    expect(last.subarray(at).includes(Buffer.of(8, 0, 8, 0, 32, 0, 0, 0, 0, 0, 0, 0))).toBe(true);
  });

  it('keeps the newest files, those of earlier runs counted', async () => {
    const [earlier, other] = ['evidence-20200101T000000Z-00001.pcapng', 'evidence-notes.pcapng'];
    for (const name of [earlier, other]) writeFileSync(join(place, name), 'x');
    const sniff = start('-w', join(place, 'evidence.pcapng'), '--rotate', '8KiB', '--keep', '3', '-f', 'ndjson');
    for (let turn = 0; turn < 10; turn++) await sniff.connect(30);
    await sniff.until(({ stdout }) => stdout.split('"type":"exchange"').length === 301, '300 exchanges');
    expect(await sniff.interrupt()).toBe(1);
    expect(files()).toHaveLength(4);
    expect(files()).toContain(other);
    expect(files()).not.toContain(earlier);
    const numbers = files(/Z-/)
      .flatMap((name) => read(name, 'frame.comment'))
      .map((it) => Number(/frame (\d+)/.exec(it)![1]));
    expect(Math.max(...numbers)).toBe(600);
  });

  it('takes no more disk than it may, with the records', async () => {
    const sniff = start(
      ...['-w', join(place, 'evidence.pcapng'), '-o', join(place, 'eve.json'), '-f', 'eve', '--max-disk', '128KiB'],
    );
    let most = 0;
    for (let turn = 0; turn < 30; turn++) {
      await sniff.connect(30);
      await new Promise((resolve) => setTimeout(resolve, 120));
      most = Math.max(
        most,
        files().reduce((sum, name) => sum + sizeOf(name), 0),
      );
    }
    await sniff.interrupt();
    expect(most).toBeGreaterThan(64 * 1024);
    expect(most).toBeLessThanOrEqual(128 * 1024 + 1024);
    for (const name of files(/pcapng$/)) read(name, 'frame.number');
    for (const line of lines(/json$/)) JSON.parse(line);
    expect(files(/json$/).length).toBeGreaterThan(0);
  });

  it('can be read up to its last second after a kill', async () => {
    const sniff = start(
      '-w',
      join(place, 'evidence.pcapng'),
      '--rotate',
      '16KiB',
      '-o',
      join(place, 'x.ndjson'),
      '-f',
      'ndjson',
    );
    for (let turn = 0; turn < 20; turn++) {
      await sniff.connect(20);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const exchanges = () => soFar(/ndjson$/).filter((line) => line.includes('"type":"exchange"'));
    await sniff.until(() => exchanges().length === 400, 'all records');
    // The evidence has no lines to count; it is as quick.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    sniff.child.kill('SIGKILL');
    await sniff.ended;
    expect(files(/pcapng$/).flatMap((name) => read(name, 'frame.number'))).toHaveLength(800);
    expect(lines(/ndjson$/).filter((line) => JSON.parse(line).type === 'exchange')).toHaveLength(400);
  });
});

describe('records in a file of -o', () => {
  it('are appended to what is there, and half a line of a run that was killed is ended', async () => {
    const path = join(place, 'eve.json');
    writeFileSync(path, '{"a":1}\n{"b":');
    const sniff = start('-o', path, '-f', 'eve');
    await sniff.connect(2);
    expect(await sniff.interrupt()).toBe(1);
    expect(sniff.stdout).toBe('');
    const [first, half, ...rest] = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect([first, half]).toEqual(['{"a":1}', '{"b":']);
    expect(rest.map((line) => JSON.parse(line).event_type)).toEqual(['alert', 'alert']);
  });

  it('go to a new file after SIGHUP, as logrotate does without copytruncate, and none is lost', async () => {
    const path = join(place, 'lines.ndjson');
    const sniff = start('-o', path, '-f', 'ndjson', '--exchanges', 'all');
    for (let turn = 0; turn < 6; turn++) {
      await sniff.connect(20);
      renameSync(path, `${path}.${turn}`);
      sniff.child.kill('SIGHUP');
      await sniff.until(() => files().includes('lines.ndjson'), 'the new file');
    }
    await sniff.connect(1);
    expect(await sniff.interrupt()).toBe(1);
    const all = lines().map((line) => JSON.parse(line) as { type: string });
    expect(all.filter(({ type }) => type === 'exchange')).toHaveLength(121);
    expect(files()).toHaveLength(7);
  });

  it('have the header line of CSV in each file', async () => {
    const sniff = start('-o', join(place, 'x.csv'), '-f', 'csv', '--rotate', '8KiB', '--keep', '50');
    await sniff.connect(100);
    await sniff.until(() => soFar().filter((line) => /^\d/.test(line)).length === 100, 'all rows');
    expect(await sniff.interrupt()).toBe(1);
    expect(files().length).toBeGreaterThan(1);
    for (const name of files()) expect(readFileSync(join(place, name), 'utf8')).toMatch(/^input,/);
    expect(lines()).toHaveLength(100 + files().length);
  });

  it('are whole logs of Zeek, each with its own header and end', async () => {
    const sniff = start('-o', join(place, 'portzero.log'), '-f', 'zeek', '--rotate', '16KiB', '--keep', '50');
    const begun = Date.now();
    const reach = (count: number) =>
      sniff.until(() => soFar().filter((line) => /^[^#]/.test(line)).length === count, `${count} rows`);
    await sniff.connect(50);
    await reach(50);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await sniff.connect(50);
    await reach(100);
    expect(await sniff.interrupt()).toBe(1);
    const texts = files().map((name) => readFileSync(join(place, name), 'utf8'));
    expect(texts.length).toBeGreaterThan(2);
    let rows = 0;
    const secondsOf = (stamp: string) => new Date(stamp.replace(/-(\d+)-(\d+)-(\d+)$/, 'T$1:$2:$3')).getTime();
    let before = begun - 1000;
    for (const text of texts) {
      const { header, ...log } = readZeekLog(text);
      rows += log.rows.length;
      expect(text).toMatch(/^#separator/);
      expect(text).toMatch(/\n#close\t[\d-]+\n$/);
      expect(secondsOf(header.open!)).toBeGreaterThanOrEqual(before);
      expect(secondsOf(header.close!)).toBeGreaterThanOrEqual(secondsOf(header.open!));
      before = secondsOf(header.open!);
    }
    expect(rows).toBe(100);
    // Not that of the run: the last one was begun after the pause.
    expect(before).toBeGreaterThan(begun + 1000);
  });
});
