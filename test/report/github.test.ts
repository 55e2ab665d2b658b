import { describe, expect, it } from 'vitest';
import { formatGithub, formatStepSummary } from '../../src/report/github.ts';
import type { RunResult } from '../../src/report/types.ts';
import {
  emptyRun,
  HOSTILE,
  harmfulIn,
  hostileRun,
  makeFindingReport,
  makeInputReport,
  makeRun,
  manyFindingsRun,
  oneFindingRun,
  SAMPLE_RUNS,
} from '../support/reports.ts';

/** Reads workflow commands as the runner does (actions/runner, ActionCommand.TryParse with the v2 format). */
function commandsOf(run: RunResult) {
  const text = [...formatGithub(run, { width: 80, color: false })].join('');
  expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
  const decode = (value: string) =>
    value
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const lines = text.trimEnd().split('\n');
  const commands = lines.flatMap((line) => {
    const match = /^::(error|warning|notice) (.*?)::(.*)$/.exec(line);
    if (match === null) return [];
    const [, command, properties = '', message = ''] = match;
    const fields = properties
      .split(',')
      .map((each) => [each.slice(0, each.indexOf('=')), decode(each.slice(each.indexOf('=') + 1))]);
    return [{ command, message: decode(message), ...(Object.fromEntries(fields) as { file?: string; title: string }) }];
  });
  return { commands, rest: lines.slice(commands.length) };
}

describe('formatGithub', () => {
  it.each(SAMPLE_RUNS)('is commands and one line: %s', (_, makeSample) => {
    const { commands, rest } = commandsOf(makeSample());
    expect(rest).toHaveLength(1);
    expect(rest[0]).toMatch(/^portzero: /);
    for (const each of commands)
      expect(Object.keys(each)).toEqual(expect.arrayContaining(['command', 'title', 'message']));
  });

  it('annotates the capture', () => {
    expect(commandsOf(oneFindingRun()).commands).toEqual([
      {
        command: 'warning',
        file: 'refused.pcap',
        title: 'portzero: syn-to-port-zero',
        message: 'SYN from 192.0.2.1 to port 0 of 198.51.100.7: refused by 198.51.100.7 (reset) (frames 1, 2)',
      },
    ]);
    expect(commandsOf(emptyRun()).commands).toEqual([]);
  });

  it('makes no more of a type than GitHub shows, and says what is left out', () => {
    const { commands } = commandsOf(manyFindingsRun(3000));
    expect(commands.map((each) => each.command)).toEqual(['error', 'warning']);
    expect(commands[1]!.message).toMatch(/And 2,999 more of this rule\.$/);
    const inputs = Array.from({ length: 30 }, (_, i) => makeInputReport({ name: `${i}.pcap` }));
    const findings = inputs.map((_, input) => makeFindingReport({ exchange: null, input }));
    const spread = commandsOf(makeRun([], findings, { inputs })).commands;
    expect(spread).toHaveLength(10);
    expect(spread[9]!.message).toMatch(/^21 more/);
  });

  it('lets no name start a command of its own', () => {
    const { commands } = commandsOf(hostileRun());
    expect(commands.map((each) => each.command)).toEqual(['error', 'error', 'warning', 'warning']);
    expect(commands[0]!.file).toMatch(/^=cmd/);
    expect(commands[0]!.title).toBe('portzero: truncated-record');
  });
});

describe('formatStepSummary', () => {
  it.each(SAMPLE_RUNS)('is Markdown with tables of equal cells: %s', (_, makeSample) => {
    const text = formatStepSummary(makeSample());
    expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    const tables = text.split('\n\n').filter((part) => part.startsWith('|'));
    expect(tables.length).toBeGreaterThanOrEqual(2);
    for (const table of tables) {
      const cells = table
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(cells).size).toBe(1);
    }
  });

  it('says the answer in plain words', () => {
    expect(formatStepSummary(emptyRun())).toMatch(/Nobody used TCP port 0\./);
    expect(formatStepSummary(oneFindingRun())).toMatch(/192\.0\.2\.1 put port 0 on the wire once/);
  });

  it('has no markup that a name brought along', () => {
    const text = formatStepSummary(hostileRun());
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('[l](u)');
    expect(text).not.toContain(HOSTILE);
  });
});
