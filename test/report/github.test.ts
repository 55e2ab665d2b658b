import { describe, expect, it } from 'vitest';
import { formatGithub } from '../../src/report/formats/github.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import {
  emptyRun,
  harmfulIn,
  hostileRun,
  makeExchangeReport,
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

  it('makes no more of a type than GitHub shows, the gravest first, and says how many are left out', () => {
    const { commands } = commandsOf(manyFindingsRun(3000));
    expect(commands.map((each) => each.command)).toEqual(['error', 'warning']);
    expect(commands[1]!.message).toMatch(/And 2,999 more of this rule\.$/);
    const inputs = Array.from({ length: 30 }, (_, i) => makeInputReport({ name: `${i}.pcap` }));
    const severities = ['info', 'warning', 'error'] as const;
    const findings = severities.flatMap((severity) =>
      inputs.map((_, input) => makeFindingReport({ exchange: null, input, severity })),
    );
    const spread = commandsOf(makeRun([], findings, { inputs })).commands;
    const types = spread.map(({ command }) => command);
    expect(types).toEqual(['error', 'warning', 'notice'].flatMap((type) => Array(10).fill(type)));
    expect(spread.filter(({ title }) => title === 'portzero').map(({ message }) => message.split(';')[0])).toEqual([
      '21 more errors',
      '21 more warnings',
      '21 more notes',
    ]);
  });

  it('annotates a broken expectation where it is written, each on its own line', () => {
    const broken = (line: number) =>
      makeFindingReport({ ruleId: 'expectation', severity: 'error', exchange: null, place: { file: 'p.yaml', line } });
    const places = (count: number) =>
      commandsOf(
        makeRun(
          [],
          Array.from({ length: count }, (_, i) => broken(i + 1)),
        ),
      ).commands;
    expect(places(1)).toMatchObject([{ command: 'error', file: 'p.yaml', line: '1' }]);
    expect(
      places(30)
        .slice(0, 9)
        .map((each) => (each as { line?: string }).line),
    ).toEqual([...'123456789']);
  });

  it('counts what is in no list', () => {
    const run = makeRun([makeExchangeReport()], [makeFindingReport()], {
      omitted: { exchanges: 41, findings: 41, evicted: 0, attempts: 0 },
    });
    const summary = { ...run.report.summary, findings: { error: 0, warning: 42, info: 0 } };
    const { commands, rest } = commandsOf({ ...run, report: { ...run.report, summary } });
    expect(commands).toHaveLength(2);
    expect(commands[1]!.message).toMatch(/^41 more warnings; see/);
    expect(rest[0]).toMatch(/^portzero: 0 errors, 42 warnings, 0 notes in 1 capture\./);
  });

  it('leaves room for errors beside trouble with inputs', () => {
    const problems = [0, 1, 2, 3].map(
      (i) => ({ code: 'truncated-record', offset: i, frame: null, message: `bad ${i}` }) as const,
    );
    const inputs = Array.from({ length: 30 }, (_, i) =>
      makeInputReport({ name: `${i}.pcap`, complete: false, problems }),
    );
    const findings = [makeFindingReport({ exchange: null, severity: 'error' })];
    const { commands } = commandsOf(makeRun([], findings, { inputs }));
    expect(commands).toHaveLength(7);
    expect(commands[0]).toMatchObject({ file: '0.pcap', message: 'bad 0 And 3 more problems of this capture.' });
    expect(commands[5]).toMatchObject({ title: 'portzero: syn-to-port-zero' });
    // 30 captures with 4 problems each, of which 5 are told of.
    expect(commands[6]!.message).toMatch(/^100 more errors;/);
    expect(commandsOf(makeRun([], [], { inputs })).commands).toHaveLength(10);
  });

  it('lets no name start a command of its own', () => {
    const { commands } = commandsOf(hostileRun());
    expect(commands.map((each) => each.command)).toEqual(['error', 'error', 'warning', 'warning']);
    expect(commands[0]!.file).toMatch(/^=cmd/);
    expect(commands[0]!.title).toBe('portzero: truncated-record');
  });
});
