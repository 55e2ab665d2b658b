import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/index.ts';
import { displayWidth } from '../../src/report/formats/layout.ts';
import { formatText } from '../../src/report/formats/text.ts';
import type { InputReport, RunResult } from '../../src/report/model/types.ts';
import { FIXTURES, loadManifest } from '../support/manifest.ts';
import { makeExchangeReport, makeFindingReport, makeInputReport, makeRun } from '../support/reports.ts';

const textOf = (run: RunResult, width = 80) => [...formatText(run, { width, color: false })].join('');

const ring = (count: number, fields: (i: number) => Partial<InputReport> = () => ({})): InputReport[] =>
  Array.from({ length: count }, (_, i) => makeInputReport({ name: `ring-${i}.pcap`, ...fields(i) }));

describe('the text report of a folder', () => {
  it('says how many were read, and names none where there is nothing to say of them', () => {
    const run = makeRun([], [], { inputs: ring(810) });
    const summary = { ...run.report.summary, frames: 1_234_567 };
    const text = textOf({ ...run, report: { ...run.report, summary } });
    expect(text).toMatch(/^ {2}810 captures, all read\n {4}1,234,567 frames in 1\.88 s from /m);
    expect(text).not.toMatch(/ring-/);
  });

  it('names what is flagged, the gravest first, and what is damaged', () => {
    const damaged = { complete: false, problems: [{ code: 'truncated-record', offset: 9, frame: 3, message: 'cut' }] };
    const inputs = ring(810, (i) => (i === 700 ? damaged : {}));
    const exchanges = [5, 30, 31].map((input, i) => makeExchangeReport({ id: i + 1, input }));
    const findings = exchanges.map(({ id, input }) =>
      makeFindingReport({ exchange: id, input, ...(input === 30 ? { severity: 'error' as const } : {}) }),
    );
    const lines = textOf(makeRun(exchanges, findings, { inputs })).split('\n');
    expect(lines[2]).toMatch(/^ {2}810 captures, 1 not read whole/);
    expect(lines.filter((line) => line.startsWith('  ring-'))).toEqual([
      '  ring-700.pcap',
      '  ring-30.pcap   1 error',
      '  ring-5.pcap    1 warning',
      '  ring-31.pcap   1 warning',
    ]);
    expect(lines).toContain('    truncated-record  cut');
  });

  it('counts the flagged ones that it does not name', () => {
    const exchanges = Array.from({ length: 45 }, (_, i) => makeExchangeReport({ id: i + 1, input: i }));
    const findings = exchanges.map(({ id, input }) => makeFindingReport({ exchange: id, input }));
    const text = textOf(makeRun(exchanges, findings, { inputs: ring(50) }));
    expect(text.match(/^ {2}ring-/gm)).toHaveLength(20);
    expect(text).toMatch(/^ {2}and 25 more captures with findings$/m);
  });

  it('gives one line to a capture where all have room, and else the same two to each', () => {
    const names = ['a.pcap', 'a-much-longer-name-of-a-capture.pcapng'];
    const inputs = names.map((name, i) => makeInputReport({ name, frames: 10 ** (i * 4) }));
    const exchanges = names.map((_, input) => makeExchangeReport({ id: input + 1, input }));
    const findings = exchanges.map(({ id, input }) => makeFindingReport({ exchange: id, input }));
    const run = makeRun(exchanges, findings, { inputs });
    const wide = textOf(run, 200).split('\n').slice(3, 5);
    for (const [i, line] of wide.entries()) {
      expect(line).toMatch(new RegExp(`^  ${names[i]} +1 warning +[\\d,]+ frames? +in 1\\.88 s +from 2026.* pcap$`));
      expect(line.indexOf('from')).toBe(wide[0]!.indexOf('from'));
    }
    const narrow = textOf(run, 80).split('\n').slice(3, 7);
    expect(narrow.map((line) => /^ */.exec(line)![0].length)).toEqual([2, 4, 2, 4]);
  });

  it('says "at" where all is at one instant, and never "in 0 s"', () => {
    const [firstTime, lastTime] = ['2026-11-21T05:55:10.1Z', '2026-11-21T05:55:10.100Z'];
    const text = textOf(makeRun([], [], { inputs: [makeInputReport({ firstTime, lastTime })] }));
    expect(text).toMatch(/4 frames {2}at 2026-11-21 05:55:10\.1 UTC/);
    expect(text).not.toMatch(/ in |0 s/);
  });

  it('names the five largest reasons, and counts the others', () => {
    const run = makeRun([], []);
    const undecoded = { a: 1, b: 2, c: 3000, d: 4, e: 5, f: 6, g: 1 };
    const text = textOf({ ...run, report: { ...run.report, summary: { ...run.report.summary, undecoded } } });
    expect(text).toMatch(/not understood {2}c 3,000, f 6, e 5, d 4, b 2, and 2 more reasons \(2 frames\)$/m);
  });
});

describe('of all fixtures', () => {
  let run: RunResult;
  const words = (width: number) =>
    textOf(run, width)
      .split(/\s+/)
      .filter((word) => word !== '·')
      .sort();

  beforeAll(async () => {
    const paths = loadManifest().map(({ file }) => file);
    run = await analyzeCapture(paths.map((path) => join(FIXTURES, path))).result();
    // As they are named in the folder.
    const inputs = run.report.inputs.map((input, i) => ({ ...input, name: `fixtures/${paths[i]}` }));
    run = { ...run, report: { ...run.report, inputs } };
  });

  it.each([40, 80, 200])('nothing sticks out of %i columns', (width) => {
    for (const line of textOf(run, width).split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
  });

  it('breaks no word but paths, and leaves nothing out, in a narrow terminal', () => {
    expect(words(80)).toEqual(words(200));
    expect(textOf(run, 40).replace(/[\s·]+/g, '')).toBe(textOf(run, 41).replace(/[\s·]+/g, ''));
    expect(words(40).join('')).toHaveLength(words(200).join('').length);
    const narrow = new Set(words(40));
    for (const word of words(200)) if (!word.includes('/')) expect(narrow).toContain(word);
  });

  it('breaks a long path behind a slash, a long name behind a mark, and what has none anywhere', () => {
    const name = `captures/${'x'.repeat(45)}/of-the-second-sensor-behind-the-gateway-in-november.pcap`;
    const [input] = run.report.inputs;
    const text = textOf({ ...run, report: { ...run.report, inputs: [{ ...input!, name }] } }, 40);
    const at = text.split('\n').findIndex((line) => line.startsWith('  captures/'));
    expect(text.split('\n').slice(at, at + 5)).toEqual([
      `  captures/${'x'.repeat(29)}`,
      `    ${'x'.repeat(16)}/of-the-second-`,
      '    sensor-behind-the-gateway-in-',
      '    november.pcap',
      expect.stringMatching(/^ {4}\d/),
    ]);
  });

  it('puts what is alike in different captures into one group', () => {
    const text = textOf(run, 200);
    const merged = [...text.matchAll(/^\w+ +([\d,]+) × .*, in (\d+) captures$/gm)];
    expect(merged.length).toBeGreaterThan(10);
    const kinds = [...text.matchAll(/^\w+ +[\d,]+ × .*\n.*$/gm)].map(([title]) =>
      title.replace(/^\w+ +[\d,]+ × /, '').replace(/, in \d+ captures/, ''),
    );
    expect(new Set(kinds).size).toBe(kinds.length);
  });
});
