import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { FakeSniff } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-stats-'));
let folder: string;
let number = 0;
let running: FakeSniff | null = null;

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterEach(() => running?.kill());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const start = (...args: string[]) => {
  running = new FakeSniff(folder, ['--answer-timeout', '200ms', '--stats-interval', '200ms', ...args]);
  return running;
};
const records = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('sniff --stats-interval', () => {
  it('tells in NDJSON what was counted since the start, and goes on telling', async () => {
    const sniff = start('-f', 'ndjson', '-w', join(folder, 'e.pcapng'));
    const latest = () => records(sniff.stdout).findLast(({ type }) => type === 'stats');
    await sniff.connect(3);
    await sniff.until(() => latest()?.exchanges.portZero.refused === 3, 'three exchanges');
    await sniff.until(() => latest().evidence.frames === 6, 'six frames of evidence');
    const { frames, bytes, drops, exchanges, findings, evidence, outputs, memoryBytes, lagSeconds } = latest();
    // 54 bytes each, padded to 60 as the wire has it or not, as the frames were built.
    expect(frames).toBe(6);
    expect([54 * 6, 60 * 6]).toContain(bytes);
    // cat is no tcpdump: it never says what it lost.
    expect(drops).toBeNull();
    expect(exchanges.all).toEqual(exchanges.portZero);
    expect(exchanges).toMatchObject({ open: 0, evicted: 0, all: { total: 3, refused: 3 } });
    expect(findings).toEqual({ 'syn-to-port-zero': 3 });
    expect(evidence).toMatchObject({ frames: 6, missing: 0 });
    expect(outputs.map(({ name, lost, failing }: Record<string, unknown>) => [name, lost, failing])).toEqual([
      ['standard output', 0, null],
      [join(folder, 'e.pcapng'), 0, null],
    ]);
    expect(memoryBytes).toBeGreaterThan(10_000_000);
    expect(lagSeconds).toBeLessThan(60);
    await sniff.connect(2);
    await sniff.until(() => latest().frames === 10, 'ten frames');
    expect(await sniff.interrupt()).toBe(1);
  });

  it('is a record of type stats in EVE, with the names that Suricata has', async () => {
    const path = join(folder, 'eve.json');
    const sniff = start('-f', 'eve', '-o', path);
    await sniff.connect(2);
    const latest = () => records(readFileSync(path, 'utf8')).findLast(({ event_type }) => event_type === 'stats');
    await sniff.until(() => latest()?.stats.detect.alert === 2, 'two alerts');
    expect(latest()).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000$/),
      stats: { uptime: expect.any(Number), decoder: { pkts: 4 }, detect: { alert: 2 } },
      portzero: { schemaVersion: 1, stats: { findings: { 'syn-to-port-zero': 2 } } },
    });
    expect(latest().stats).not.toHaveProperty('capture');
    expect(await sniff.interrupt()).toBe(1);
  });

  it.each(['0s', '1ms', 'often'])('%s is one line and status 2', async (interval) => {
    const { status, stderr } = await runCommand(['sniff', 'lo', '--stats-interval', interval], { cwd: folder });
    expect([status, stderr.split('\n').length]).toEqual([2, 2]);
    expect(stderr).toContain('--stats-interval');
  });
});
