import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeSniff, refusal } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-clock-'));
let folder: string;
let number = 0;
let running: FakeSniff | null = null;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterEach(() => running?.kill());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const MINUTE = 60_000;
const STEPS = [10 * MINUTE, -10 * MINUTE, 300 * MINUTE, -300 * MINUTE];

interface Record {
  readonly type: string;
  readonly verdict: string;
  readonly client: { readonly address: string };
}

/** Ends of an exchange as `refusal` numbers them. */
const question = (at: number) => refusal(at)[0]!;
const answer = (at: number) => refusal(at)[1]!;

describe.each(STEPS)('the clock of frames steps by %d ms', (step) => {
  const start = async () => {
    running = new FakeSniff(folder, ['--answer-timeout', '2s', '-f', 'ndjson', '--exchanges', 'all']);
    await running.until(({ stderr }) => stderr.includes('sniffing'), 'capturer');
    return running;
  };
  const exchanges = ({ stdout }: FakeSniff) =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record)
      .filter(({ type }) => type === 'exchange');

  it('in the middle of an exchange: what was open is answered, what is not is silent in its time', async () => {
    const sniff = await start();
    const begun = performance.now();
    await sniff.send([{ bytes: question(1) }, { bytes: question(2) }]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await sniff.send([{ bytes: answer(1), millis: Date.now() + step }]);
    await sniff.until((it) => exchanges(it).length === 2, 'two exchanges');
    const took = performance.now() - begun;
    // Not before the answer timeout, and neither ten minutes later.
    expect(took).toBeGreaterThan(2000);
    expect(took).toBeLessThan(15_000);
    const verdicts = Object.fromEntries(exchanges(sniff).map((it) => [it.client.address, it.verdict]));
    expect(verdicts).toEqual({ '10.0.0.1': 'refused', '10.0.0.2': 'silent' });
    expect(sniff.stderr.match(/the clock went.*/g), sniff.stderr).toHaveLength(1);
    const [, size] = /the clock went (.*?): /.exec(sniff.stderr)!;
    expect(size).toMatch(Math.abs(step) > 60 * MINUTE ? /^(5 h 0|4 h 59) min/ : /^(10|9) min/);
    expect(size).toContain(step > 0 ? 'forwards' : 'backwards');
    expect(await sniff.interrupt()).toBe(2);
  });

  it('between exchanges: those that follow take their time', async () => {
    const sniff = await start();
    await sniff.send([{ bytes: question(1) }, { bytes: answer(1) }]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const begun = performance.now();
    await sniff.send([{ bytes: question(2), millis: Date.now() + step }]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await sniff.send([
      { bytes: answer(2), millis: Date.now() + step },
      { bytes: question(3), millis: Date.now() + step },
    ]);
    await sniff.until((it) => exchanges(it).some(({ client }) => client.address === '10.0.0.3'), 'silence');
    expect(performance.now() - begun).toBeGreaterThan(2900);
    const verdicts = Object.fromEntries(exchanges(sniff).map((it) => [it.client.address, it.verdict]));
    expect(verdicts).toEqual({ '10.0.0.1': 'refused', '10.0.0.2': 'refused', '10.0.0.3': 'silent' });
    expect(sniff.stderr.match(/the clock went.*/g), sniff.stderr).toHaveLength(1);
    expect(await sniff.interrupt()).toBe(2);
  });
});

/** Has Node see another clock of the system from SIGUSR2 on. */
const setClock = (step: number) => `
let step = 0;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + step);
    else super(...args);
  }
  static now() {
    return Real.now() + step;
  }
};
process.on('SIGUSR2', () => {
  step = ${step};
});
`;

describe.each(STEPS)('the clock of the system, and of frames with it, steps by %d ms', (step) => {
  const start = async (...args: string[]) => {
    const preload = join(folder, 'clock.mjs');
    writeFileSync(preload, setClock(step));
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(preload)}` };
    const file = join(folder, 'records.ndjson');
    running = new FakeSniff(
      folder,
      ['--answer-timeout', '2s', '-f', 'ndjson', '--exchanges', 'all', '-o', file, ...args],
      { env },
    );
    await running.until(({ stderr }) => stderr.includes('sniffing'), 'capturer');
    return running;
  };
  /** Files of records, in the order of their names, and what they hold. */
  const files = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('records'))
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
  const exchanges = () =>
    files()
      .flat()
      .map((line) => JSON.parse(line) as Record)
      .filter(({ type }) => type === 'exchange');
  const isTold = ({ stderr }: FakeSniff) => stderr.includes('the clock went');

  it('while an exchange is open: it is told once with its size, and each has its own verdict', async () => {
    const sniff = await start();
    const begun = performance.now();
    await sniff.send([{ bytes: question(1) }, { bytes: question(2) }]);
    sniff.child.kill('SIGUSR2');
    await sniff.until(isTold, 'step');
    await sniff.send([{ bytes: answer(1), millis: Date.now() + step }]);
    await sniff.until(() => exchanges().length === 2, 'two exchanges');
    // Not before the answer timeout; that it does not take the step's time, the wait for them shows.
    expect(performance.now() - begun).toBeGreaterThan(2000);
    const verdicts = Object.fromEntries(exchanges().map((it) => [it.client.address, it.verdict]));
    expect(verdicts).toEqual({ '10.0.0.1': 'refused', '10.0.0.2': 'silent' });
    expect(sniff.stderr.match(/the clock went.*/g), sniff.stderr).toHaveLength(1);
    expect(await sniff.interrupt()).toBe(2);
    const [, size] = /the clock went (.*?): /.exec(sniff.stderr)!;
    expect(size).toMatch(Math.abs(step) > 60 * MINUTE ? /^(5 h 0|4 h 59) min/ : /^(10|9) min/);
    expect(size).toContain(step > 0 ? 'forwards' : 'backwards');
  });

  it('while nothing is captured: files of --rotate sort by when they were begun, and none is begun twice', async () => {
    const sniff = await start('--rotate', '1m');
    await sniff.send([{ bytes: question(1) }, { bytes: answer(1) }]);
    await sniff.until(() => exchanges().length === 1, 'an exchange');
    const before = files().length;
    sniff.child.kill('SIGUSR2');
    await sniff.until(isTold, 'step');
    await sniff.send([
      { bytes: question(2), millis: Date.now() + step },
      { bytes: answer(2), millis: Date.now() + step },
    ]);
    await sniff.until(() => exchanges().length === 2, 'another exchange');
    expect(sniff.stderr.match(/the clock went.*/g), sniff.stderr).toHaveLength(1);
    expect(await sniff.interrupt()).toBe(2);
    expect(exchanges().map(({ client }) => client.address)).toEqual(['10.0.0.1', '10.0.0.2']);
    // A minute of the clock may end meanwhile.
    expect(files().length - before).toBeGreaterThanOrEqual(1);
    expect(files().length - before).toBeLessThanOrEqual(2);
  });
});
