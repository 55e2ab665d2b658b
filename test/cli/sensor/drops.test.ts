import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeSniff, refusal, type SniffOptions } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-drops-'));
let folder: string;
let number = 0;
let running: FakeSniff | null = null;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterEach(() => running?.kill());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Records of statistics, the newest last. */
const stats = ({ stdout }: FakeSniff) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'stats');

const page = () => readFileSync(join(folder, 'r.html'), 'utf8');

/** A run in which one SYN is met with silence. */
async function silence(args: readonly string[], options: SniffOptions = {}, millis = Date.now()): Promise<FakeSniff> {
  running = new FakeSniff(folder, ['--answer-timeout', '100ms', '-r', 'r.html', ...args], options);
  await running.send([{ bytes: refusal(1)[0]!, millis }]);
  return running;
}

describe('what the capturer lost', () => {
  it('is asked for while it runs, and stands beside silence', async () => {
    const sniff = await silence(['-f', 'ndjson', '--stats-interval', '200ms'], { drops: 12 });
    await sniff.until((it) => stats(it).at(-1)?.drops === 12, 'drops in a record of statistics');
    await sniff.until((it) => stats(it).at(-1)?.exchanges.all.silent === 1, 'silence');
    expect(await sniff.interrupt()).toBe(1);
    expect(page()).toContain('Silent: the capture lost 12 frames, so an answer may be among them.');
  });

  it('is said to be not known where it does not tell, in the text', async () => {
    const sniff = await silence([], {}, Date.now() - 5000);
    // The text does not say when an answer is waited for no longer: the time stamp of what follows does.
    await sniff.connect(1);
    await sniff.until(({ stdout }) => stdout.includes('refused by'), 'finding');
    expect(await sniff.interrupt()).toBe(1);
    expect(sniff.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'silent 1 1 filtered ! how many frames the capture lost is not known: an answer may be among them',
    );
    expect(page()).toContain('Silent: how many frames the capture lost is not known: an answer may be among them.');
  });

  it('is no matter where nothing was met with silence', async () => {
    running = new FakeSniff(folder, ['--answer-timeout', '100ms', '-r', 'r.html']);
    await running.connect(1);
    await running.until(({ stdout }) => stdout.includes('refused by'), 'finding');
    expect(await running.interrupt()).toBe(1);
    expect(running.stdout).not.toContain('lost');
    expect(page()).not.toContain('Doubts about silence');
  });
});
