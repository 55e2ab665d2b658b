import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeSniff } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-policy-'));
let folder: string;
let policy: string;
let number = 0;
let running: FakeSniff | null = null;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  policy = join(folder, 'portzero.config.yaml');
  mkdirSync(folder);
});
afterEach(() => running?.kill());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function start(text: string, ...args: string[]) {
  writeFileSync(policy, text);
  running = new FakeSniff(folder, ['--answer-timeout', '100ms', '-c', policy, '-f', 'ndjson', ...args]);
  await running.until(({ stderr }) => stderr.includes('sniffing'), 'capturer');
  return running;
}

async function reload(sniff: FakeSniff, text: string, words: string) {
  writeFileSync(policy, text);
  const before = sniff.stderr.length;
  sniff.child.kill('SIGHUP');
  await sniff.until(({ stderr }) => stderr.slice(before).includes(words), `"${words}"`);
}

const records = ({ stdout }: FakeSniff) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const findings = (sniff: FakeSniff) => records(sniff).filter(({ type }) => type === 'finding');
const settled = (sniff: FakeSniff) => records(sniff).filter(({ type }) => type === 'exchange').length;

describe('SIGHUP', () => {
  it('has sniff go by the policy as it is now', async () => {
    const sniff = await start('rules: { syn-to-port-zero: error }\n', '--exchanges', 'all');
    await sniff.connect(2);
    await sniff.until((it) => settled(it) === 2, 'two exchanges');
    await reload(sniff, 'rules: { syn-to-port-zero: off }\n', 'policy reloaded');
    await sniff.connect(3);
    await sniff.until((it) => settled(it) === 5, 'five exchanges');
    await reload(sniff, 'rules: { syn-to-port-zero: info }\n', 'policy reloaded');
    await sniff.connect(1);
    await sniff.until((it) => findings(it).length === 3, 'three findings');
    expect(findings(sniff).map(({ severity }) => severity)).toEqual(['error', 'error', 'info']);
    expect(await sniff.interrupt()).toBe(1);
    const summary = records(sniff).at(-1);
    expect(summary.summary.portZero.refused).toBe(6);
    expect(summary.summary.findings).toMatchObject({ error: 2, info: 1 });
  });

  it.each([
    ['rules: { syn-to-port-zero: loud }\n', 'syn-to-port-zero'],
    ['rules: [\n', 'portzero.config.yaml'],
    ['answerTimeout: soon\n', 'answerTimeout'],
    [
      'rules: { invalid-reset: [warning, { ports: any }] }\n',
      'ports: any, or an expectation of a port other than 0, cannot change while it runs',
    ],
    ['decoder: { checksums: trust }\n', 'decoder cannot change while it runs'],
    ['plugins: [./none.js]\n', 'none.js'],
  ])('tells of %j, and goes on by the old policy', async (bad, words) => {
    const good = 'rules: { syn-to-port-zero: error }\n';
    const sniff = await start(good, '--metrics', '0');
    const [, url] = /metrics at (\S+)\/metrics/.exec(sniff.stderr)!;
    await reload(sniff, bad, 'stays as it was');
    expect(sniff.stderr).toContain(words);
    await sniff.connect(1);
    await sniff.until((it) => findings(it).length === 1, 'a finding');
    expect(findings(sniff)[0].severity).toBe('error');
    const health = await fetch(`${url}/healthz`);
    expect([health.status, (await health.json()).complaints]).toEqual([
      503,
      ['the policy could not be reloaded, and is the one of before'],
    ]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('portzero_policy_reloads_total{result="failed"} 1');
    await reload(sniff, good, 'is as it was');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await sniff.interrupt()).toBe(1);
  });

  it('says nothing where nothing is new', async () => {
    const text = 'rules: { syn-to-port-zero: error }\n';
    const sniff = await start(text, '--metrics', '0');
    const [, url] = /metrics at (\S+)\/metrics/.exec(sniff.stderr)!;
    const before = sniff.stderr;
    sniff.child.kill('SIGHUP');
    await expect
      .poll(async () => (await fetch(`${url}/metrics`)).text())
      .toContain('portzero_policy_reloads_total{result="done"} 1');
    expect(sniff.stderr).toBe(before);
    await sniff.interrupt();
  });

  it('keeps what expectations and rates have seen', async () => {
    const expectation = (name: string) => `  - { name: ${name}, to: 192.0.2.2, verdict: [refused], atLeast: 4 }\n`;
    const flood = 'rules: { port-zero-flood: [error, { rate: 36/m, window: 10s }] }\n';
    const sniff = await start(`${flood}expect:\n${expectation('old')}`);
    await sniff.connect(3);
    await sniff.until((it) => settled(it) === 3, 'three exchanges');
    await reload(
      sniff,
      `failOn: error\n${flood}expect:\n${expectation('new')}${expectation('old')}`,
      'policy reloaded',
    );
    await sniff.connect(3);
    await sniff.until((it) => settled(it) === 6, 'six exchanges');
    await sniff.until((it) => findings(it).some(({ ruleId }) => ruleId === 'port-zero-flood'), 'flood');
    await sniff.interrupt();
    const broken = findings(sniff).filter(({ ruleId }) => ruleId === 'expectation');
    expect(broken.map(({ data }) => data.name)).toEqual(['new']);
    expect(broken[0].message).toContain('3');
  });

  it('still has files opened anew', async () => {
    const sniff = await start('rules: {}\n', '-o', join(folder, 'lines'));
    rmSync(join(folder, 'lines'));
    await reload(sniff, 'failOn: error\n', 'policy reloaded');
    await sniff.connect(1);
    await sniff.until(() => readFileSync(join(folder, 'lines'), 'utf8').includes('finding'), 'lines');
    await sniff.interrupt();
  });
});
