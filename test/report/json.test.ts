import { describe, expect, it } from 'vitest';
import { formatJson } from '../../src/report/formats/json.ts';
import { streamNdjson } from '../../src/report/formats/ndjson.ts';
import { harmfulIn, manyFindingsRun, oneFindingRun, SAMPLE_RUNS, streamRun } from '../support/reports.ts';
import { partErrors, reportErrors } from './schema.ts';

const context = { width: 80, color: false };
/** Plain data with halves of surrogate pairs replaced, as readers of JSON insist. */
function withWholePairs<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, each) =>
    typeof each === 'string' ? each.replace(/\p{Cs}/gu, '\ufffd') : each,
  );
}

describe('formatJson', () => {
  it.each(SAMPLE_RUNS)('is valid by the schema that ships: %s', (_, makeRun) => {
    const run = makeRun();
    const text = [...formatJson(run, context)].join('');
    expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
    const report = JSON.parse(text);
    expect(reportErrors(report)).toEqual([]);
    expect(report).toEqual(withWholePairs(run.report));
  });

  it('has the keys of the contract in order', () => {
    const report = JSON.parse([...formatJson(oneFindingRun(), context)].join(''));
    expect(Object.keys(report).join(' ')).toBe(
      'schemaVersion tool inputs summary exchanges findings omitted timeline top',
    );
  });

  it('comes in pieces, so that a large report is never one string', () => {
    const pieces = [...formatJson(manyFindingsRun(3000), context)];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(5000);
  });
});

describe('the schema', () => {
  const report = () => structuredClone(oneFindingRun().report) as unknown as Record<string, Record<string, unknown>[]>;

  it('refuses what is not in the contract', () => {
    expect(reportErrors({ ...report(), more: 1 })).not.toEqual([]);
    const extra = report();
    extra.exchanges![0]!.more = 1;
    expect(reportErrors(extra)).not.toEqual([]);
    const missing = report();
    delete missing.exchanges![0]!.verdict;
    expect(reportErrors(missing)).not.toEqual([]);
  });

  it.each([
    ['verdict', 'shrugged'],
    ['started', 'yesterday'],
    ['started', '2026-11-21T05:55:10+00:00'],
    ['answeredBy', 'somebody'],
    ['communityId', '1:x'],
    ['id', 0],
  ])('refuses an exchange with %s %s', (field, value) => {
    const broken = report();
    broken.exchanges![0]![field] = value;
    expect(reportErrors(broken)).not.toEqual([]);
  });
});

describe('streamNdjson', () => {
  it.each(SAMPLE_RUNS)('writes an object a line, the type first: %s', (_, makeRun) => {
    const run = makeRun();
    const text = streamRun(streamNdjson, run);
    expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
    expect(text.endsWith('\n')).toBe(true);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.every((line) => Object.keys(line)[0] === 'type')).toBe(true);
    const ofType = (type: string) => lines.filter((line) => line.type === type).map(({ type: _type, ...rest }) => rest);
    for (const exchange of ofType('exchange').slice(0, 50)) expect(partErrors('exchange', exchange)).toEqual([]);
    for (const finding of ofType('finding').slice(0, 50)) expect(partErrors('finding', finding)).toEqual([]);
    expect(ofType('exchange')).toEqual(withWholePairs(run.report.exchanges));
    expect(ofType('finding')).toEqual(withWholePairs(run.report.findings));
    const { exchanges, findings, ...rest } = run.report;
    expect(lines.at(-1)).toEqual({ type: 'summary', ...withWholePairs(rest) });
    expect(Object.keys(lines.at(-1)).join(' ')).toBe('type schemaVersion tool inputs summary omitted timeline top');
  });
});
