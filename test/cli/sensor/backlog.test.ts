/** Frames that were captured a while before they are handed over: at the end of a run, and while it goes on. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnalysisReport } from '../../../src/report/model/types.ts';
import { FakeSniff, type SniffOptions } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-backlog-'));
let folder: string;
let number = 0;
let sniff: FakeSniff;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterEach(() => sniff.kill());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const LATE = 5000;
const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const start = (options: SniffOptions, ...args: string[]) => {
  sniff = new FakeSniff(folder, ['-f', 'ndjson', '--stats-interval', '100ms', '-r', 'r.json', ...args], options);
};
const input = () => (JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')) as AnalysisReport).inputs[0]!;
const latest = () =>
  sniff.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
    .findLast(({ type }) => type === 'stats');

describe('the end of sniff', () => {
  it('comes when all is there that was captured before it', async () => {
    start({ leaves: true });
    await sniff.connect(1, Date.now() - LATE);
    await sniff.until(() => latest()?.frames === 2, 'first frames');
    sniff.child.kill('SIGINT');
    for (let turn = 0; turn < 5; turn++) {
      await wait(200);
      await sniff.connect(1, Date.now() - LATE);
    }
    // Captured after the end, which tells that nothing from before it is left.
    await sniff.connect(1);
    expect(await sniff.ended).toBe(1);
    expect(input()).toMatchObject({ frames: 14, complete: true, problems: [] });
  });

  it('does not wait for the next frame on a quiet wire', async () => {
    start({ leaves: true });
    await sniff.connect(1);
    await sniff.until(() => latest()?.frames === 2, 'first frames');
    await wait(300);
    sniff.child.kill('SIGINT');
    expect(await sniff.ended).toBe(1);
    expect(input()).toMatchObject({ frames: 2, complete: true, problems: [] });
  });

  it('says that frames are lost where that takes too long', async () => {
    start({ leaves: true });
    await sniff.connect(1, Date.now() - 60_000);
    await sniff.until(() => latest()?.frames === 2, 'first frames');
    sniff.child.kill('SIGINT');
    let ended = false;
    void sniff.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      await sniff.connect(1, Date.now() - 60_000);
      await wait(100);
    }
    expect(await sniff.ended).toBe(2);
    expect(input()).toMatchObject({
      complete: false,
      problems: [
        {
          code: 'capture-gap',
          message: 'any was not captured to the end: tcpdump still had frames after 10 s; what waited in it is lost',
        },
      ],
    });
  }, 60_000);

  it('says that frames are lost where the capturer had to be killed', async () => {
    start({});
    await sniff.connect(1);
    await sniff.until(() => latest()?.frames === 2, 'first frames');
    sniff.child.kill('SIGINT');
    expect(await sniff.ended).toBe(2);
    expect(input().problems).toMatchObject([
      { code: 'capture-gap', message: expect.stringContaining('tcpdump did not end within 3 s and was killed') },
    ]);
  });
});

describe('lag', () => {
  it('is the age of frames when they come, none before the first, and none of those that came in time', async () => {
    start({ leaves: true });
    await sniff.until(() => latest() !== undefined, 'record before the first frame');
    expect(latest()).toMatchObject({ frames: 0, lagSeconds: 0 });
    const sent = Date.now();
    await sniff.connect(1, sent);
    await sniff.until(() => latest().frames === 2, 'frames');
    let most = 0;
    for (const begun = performance.now(); performance.now() - begun < 2000; await wait(50)) {
      most = Math.max(most, latest().lagSeconds);
    }
    // A second of silence is no lag of a second.
    expect(most).toBeLessThan(0.9);
    // Behind the last one, and two seconds old all the same.
    const stamp = sent + 10;
    await sniff.connect(1, stamp);
    await sniff.until(() => latest().lagSeconds > 1.9, 'lag');
    expect(latest().lagSeconds).toBeLessThan((Date.now() - stamp) / 1000 + 0.1);
    await sniff.until(() => latest().lagSeconds === 0, 'end of the lag');
  });
});
