import { describe, expect, it } from 'vitest';
import { formatJson } from '../../src/report/formats/json.ts';
import { diffReports, formatDiffJson, formatDiffText, parseReport } from '../../src/report/model/diff.ts';
import type { AnalysisReport, ExchangeReport } from '../../src/report/model/types.ts';
import {
  harmfulIn,
  hostileRun,
  makeExchangeReport,
  makeFindingReport,
  makeInputReport,
  makeRun,
  makeSilentReport,
  manyFindingsRun,
  oneFindingRun,
} from '../support/reports.ts';

const reportOf = (exchanges: readonly ExchangeReport[], name = 'a.pcap', rest: Partial<AnalysisReport> = {}) =>
  makeRun(
    exchanges,
    exchanges.map(({ id, verdict }) => makeFindingReport({ exchange: id, message: `SYN: ${verdict}` })),
    { inputs: [makeInputReport({ name })], ...rest },
  ).report;
const textOf = (old: AnalysisReport, current: AnalysisReport) =>
  [...formatDiffText(diffReports(old, current), { width: 80, color: false })].join('');
const countsOf = (old: AnalysisReport, current: AnalysisReport) => {
  const { exchanges, findings } = diffReports(old, current);
  return [
    exchanges.unchanged,
    exchanges.changed.length,
    exchanges.new.length,
    exchanges.gone.length,
    findings.new.length,
    findings.gone.length,
  ];
};

describe('diffReports', () => {
  it('finds nothing between a report and itself', () => {
    for (const run of [oneFindingRun(), manyFindingsRun(300), hostileRun(), makeRun([], [])])
      expect(diffReports(run.report, structuredClone(run.report))).toMatchObject({
        changed: false,
        warnings: expect.any(Array),
      });
  });

  it('takes another run of the same test for the same: other times, frames, ids, latencies and client ports', () => {
    const old = reportOf([makeExchangeReport()]);
    const current = reportOf(
      [
        makeExchangeReport({
          id: 9,
          client: { address: '192.0.2.1', port: 40_001 },
          started: '2027-01-01T00:00:00.5Z',
          answered: '2027-01-01T00:00:00.6Z',
          latencyMs: 100,
          frames: { probe: 7, answer: 9, all: [7, 9], count: 2, omitted: 0 },
        }),
      ],
      'runs/2/b.pcap',
    );
    expect(countsOf(old, current)).toEqual([1, 0, 0, 0, 0, 0]);
    expect(diffReports(old, current).changed).toBe(false);
  });

  it('tells what changed in an answer', () => {
    const diff = diffReports(reportOf([makeExchangeReport()]), reportOf([makeSilentReport()]));
    expect(diff.changed).toBe(true);
    expect(diff.exchanges.changed[0]!.changes).toEqual([
      { field: 'verdict', old: 'refused', new: 'silent' },
      { field: 'state', old: 'closed', new: 'filtered' },
      { field: 'reason', old: 'reset', new: 'no-response' },
      { field: 'answeredBy', old: '198.51.100.7', new: null },
    ]);
    // The same rule still fires for it.
    expect(diff.findings).toMatchObject({ unchanged: 1, new: [], gone: [] });
  });

  it('tells new from gone', () => {
    const one = makeExchangeReport();
    const other = makeExchangeReport({ id: 2, server: { address: '198.51.100.8', port: 0 } });
    expect(countsOf(reportOf([one]), reportOf([one, other]))).toEqual([1, 0, 1, 0, 1, 0]);
    expect(countsOf(reportOf([one, other]), reportOf([one]))).toEqual([1, 0, 0, 1, 0, 1]);
    expect(countsOf(reportOf([one]), reportOf([{ ...other, id: 1 }]))).toEqual([0, 0, 1, 1, 1, 1]);
  });

  it('pairs attempts between the same ends in order', () => {
    const attempts = (...verdicts: ('refused' | 'silent')[]) =>
      reportOf(
        verdicts.map((verdict, i) => (verdict === 'refused' ? makeExchangeReport : makeSilentReport)({ id: i + 1 })),
      );
    expect(countsOf(attempts('refused', 'silent'), attempts('refused', 'refused'))).toEqual([1, 1, 0, 0, 0, 0]);
    expect(countsOf(attempts('refused', 'refused'), attempts('refused'))).toEqual([1, 0, 0, 1, 0, 0]);
  });

  it('takes for the same finding what a baseline does: however often and in whichever capture; the count tells that', () => {
    const scans = (...inputs: number[]) =>
      makeRun(
        [],
        inputs.map((input) =>
          makeFindingReport({ ruleId: 'port-zero-scan', exchange: null, input, data: { client: '192.0.2.1' } }),
        ),
        { inputs: [makeInputReport({ name: 'a.pcap' }), makeInputReport({ name: 'b.pcap' })] },
      ).report;
    expect(diffReports(scans(0), scans(1))).toMatchObject({ changed: false, findings: { unchanged: 1 } });
    const twice = diffReports(scans(0), scans(0, 0));
    expect(twice.findings).toEqual({ unchanged: 1, new: [], gone: [], unmatched: 0 });
    expect(twice).toMatchObject({ changed: true, counts: [{ name: 'findings.warning', old: 1, new: 2 }] });
  });

  it('keeps apart what differs in kind: the end that is 0, the probe, a chosen client port, the place', () => {
    const base = makeExchangeReport();
    for (const fields of [
      { portZero: 'both', client: { address: '192.0.2.1', port: 0 } },
      { client: { address: '192.0.2.2', port: 59_804 } },
      { scope: 'vlan 5' },
    ] as const)
      expect(countsOf(reportOf([base]), reportOf([{ ...base, ...fields }]))).toEqual([0, 0, 1, 1, 1, 1]);
    // Another exchange, of which the rule says the same: it is about who and whom, as in a baseline.
    for (const fields of [{ probe: 'fin' }, { client: { address: '192.0.2.1', port: 20 } }] as const)
      expect(countsOf(reportOf([base]), reportOf([{ ...base, ...fields }]))).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('pairs inputs by name, then by file name, then what is left in order', () => {
    const of = (...names: string[]) =>
      makeRun(
        names.map((_, input) =>
          makeExchangeReport({
            id: input + 1,
            input,
            server: { address: `198.51.100.${names[input]!.charCodeAt(names[input]!.length - 6)}`, port: 0 },
          }),
        ),
        [],
        { inputs: names.map((name) => makeInputReport({ name })) },
      ).report;
    // The order of files may change; what each holds does not.
    expect(countsOf(of('old/a.pcap', 'old/b.pcap'), of('new/b.pcap', 'new/a.pcap'))).toEqual([2, 0, 0, 0, 0, 0]);
    expect(countsOf(of('x/a.pcap', 'y/a.pcap'), of('x/a.pcap', 'y/a.pcap'))).toEqual([2, 0, 0, 0, 0, 0]);
    expect(countsOf(of('a.pcap'), of('a.pcap', 'b.pcap'))).toEqual([1, 0, 1, 0, 0, 0]);
  });

  it('tells a finding whose severity changed, and aggregate findings by whom they are about', () => {
    const scan = (client: string, hosts: number) =>
      makeRun(
        [],
        [
          makeFindingReport({
            ruleId: 'port-zero-scan',
            exchange: null,
            data: { client, hosts },
            message: `${client} ${hosts}`,
          }),
        ],
      ).report;
    expect(countsOf(scan('192.0.2.1', 12), scan('192.0.2.1', 13))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(countsOf(scan('192.0.2.1', 12), scan('192.0.2.2', 12))).toEqual([0, 0, 0, 0, 1, 1]);
    const severe = makeRun([makeExchangeReport()], [makeFindingReport({ severity: 'error' })]).report;
    expect(countsOf(oneFindingRun().report, severe)).toEqual([1, 0, 0, 0, 1, 1]);
  });

  const servers = (...hosts: number[]) =>
    hosts.map((host, i) => makeExchangeReport({ id: i + 1, server: { address: `198.51.100.${host}`, port: 0 } }));
  /** What --max-listed does: the first ones are listed, all are counted. */
  const cutTo = (listed: number, report: AnalysisReport): AnalysisReport => ({
    ...report,
    exchanges: report.exchanges.slice(0, listed),
    findings: report.findings.slice(0, listed),
    omitted: {
      exchanges: report.exchanges.length - listed,
      findings: report.findings.length - listed,
      evicted: 0,
      attempts: 0,
    },
  });

  it('goes by the counts where not all is listed', () => {
    const old = cutTo(1, reportOf(servers(1, 2, 3)));
    expect(diffReports(old, structuredClone(old))).toMatchObject({
      changed: false,
      counts: [],
      warnings: [expect.stringMatching(/old .*2 exchanges and 2 findings/), expect.stringMatching(/new .*2 exchanges/)],
    });
    const more = cutTo(1, reportOf(servers(1, 2, 3, 4)));
    expect(diffReports(old, more)).toMatchObject({
      changed: true,
      counts: [
        { name: 'portZero.total', old: 3, new: 4 },
        { name: 'portZero.refused', old: 3, new: 4 },
        { name: 'findings.warning', old: 3, new: 4 },
        { name: 'frames', old: 6, new: 8 },
      ],
    });
    const silent = { ...old.summary.portZero, refused: 2, silent: 1 };
    expect(diffReports(old, { ...old, summary: { ...old.summary, portZero: silent } }).changed).toBe(true);
    const graver = { error: 1, warning: 2, info: 0 };
    expect(diffReports(old, { ...old, summary: { ...old.summary, findings: graver } }).changed).toBe(true);
  });

  it('does not take what one list left out for new or gone', () => {
    const whole = reportOf(servers(1, 2, 3));
    for (const [old, current] of [
      [whole, cutTo(1, whole)],
      [cutTo(1, whole), whole],
    ] as const) {
      const diff = diffReports(old, current);
      expect(diff).toMatchObject({ changed: false, exchanges: { unchanged: 1, new: [], gone: [], unmatched: 2 } });
      expect(diff.findings).toEqual({ unchanged: 1, new: [], gone: [], unmatched: 2 });
    }
    // What is listed in both is compared all the same.
    const other = reportOf([
      makeSilentReport({ server: { address: '198.51.100.1', port: 0 } }),
      ...servers(1, 2).slice(1),
    ]);
    expect(diffReports(cutTo(1, reportOf(servers(1, 2))), other).exchanges.changed).toHaveLength(1);
  });

  it('shows frames that differ, and takes them for no change', () => {
    const old = cutTo(1, reportOf(servers(1, 2)));
    const current = { ...old, summary: { ...old.summary, frames: 1005 } };
    expect(diffReports(old, current)).toMatchObject({
      changed: false,
      counts: [{ name: 'frames', old: 4, new: 1005 }],
    });
    expect(textOf(old, current)).toMatch(/^count {4}frames {2}4 → 1,005$/m);
  });
});

describe('formatDiffText', () => {
  it('is one line where nothing changed', () => {
    expect(textOf(oneFindingRun().report, oneFindingRun().report)).toBe('no change: 1 exchange, 1 finding\n');
  });

  it('shows each change', () => {
    const text = textOf(reportOf([makeExchangeReport()]), reportOf([makeSilentReport()]));
    expect(text).toMatch(/changed {2}192\.0\.2\.1:59804 → 198\.51\.100\.7:0 {2}SYN to port 0/);
    expect(text).toMatch(/verdict +refused → silent/);
    expect(text).toMatch(/answeredBy +198\.51\.100\.7 → none/);
    expect(text).toMatch(/exchanges: 1 changed, 0 new, 0 gone, 0 the same/);
  });

  it('is safe to show', () => {
    const text = textOf(makeRun([], []).report, hostileRun().report);
    expect(text).toMatch(/new {6}finding: error/);
    expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
    const json = [...formatDiffJson(diffReports(makeRun([], []).report, hostileRun().report))].join('');
    expect(harmfulIn(json.replaceAll('\n', ''))).toEqual([]);
    expect(JSON.parse(json).changed).toBe(true);
  });
});

describe('parseReport', () => {
  it('reads what was written', () => {
    const { report } = oneFindingRun();
    expect(parseReport([...formatJson(oneFindingRun(), { width: 80, color: false })].join(''))).toEqual(report);
  });

  it.each([
    ['', /not JSON/],
    ['{"a":', /not JSON/],
    ['null', /not a report of portzero/],
    ['[]', /not a report of portzero/],
    ['{"tool":{"name":"portzero"},"schemaVersion":2}', /schemaVersion 2 is not supported/],
    ['{"tool":{"name":"portzero"},"schemaVersion":"1"}', /schemaVersion is missing, or no number/],
    ['{"tool":{"name":"portzero"},"schemaVersion":1}', /: inputs: is missing$/],
    [
      `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},"tool":{"name":"portzero"},"schemaVersion":1}`,
      /deeper than 64/,
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseReport(text)).toThrow(message);
  });

  it.each<[string, (report: Mutable) => void, string]>([
    ['exchanges', (r) => (r.exchanges = [null]), 'exchanges[0]: must be an object, not null'],
    ['a list', (r) => (r.exchanges = {}), 'exchanges: must be a list, not an object'],
    ['an end', (r) => delete r.exchanges[0].client, 'exchanges[0].client: is missing'],
    ['a port', (r) => (r.exchanges[0].server.port = 65_536), 'exchanges[0].server.port: must be at most 65535'],
    [
      'frames',
      (r) => (r.exchanges[0].frames.all = [1, '2']),
      'exchanges[0].frames.all[1]: must be a whole number, not "2"',
    ],
    [
      'a verdict',
      (r) => (r.exchanges[0].verdict = 'x\u001b'),
      'exchanges[0].verdict: "x\\u001b" is not allowed; allowed: accepted',
    ],
    ['an answerer', (r) => (r.exchanges[0].answeredBy = 7), 'exchanges[0].answeredBy: must be a text, not 7'],
    ['a time', (r) => (r.exchanges[0].started = 'now'), 'exchanges[0].started: "now" has not the form'],
    ['a finding', (r) => (r.findings[0].message = null), 'findings[0].message: must be a text, not null'],
    ['a count', (r) => (r.summary.portZero.total = -1), 'summary.portZero.total: must be at least 0'],
    ['data', (r) => (r.findings[0].data = null), 'findings[0].data: must be an object, not null'],
  ])('names the key that does not fit: %s', (_, spoil, message) => {
    const report = structuredClone(oneFindingRun().report) as unknown as Mutable;
    spoil(report);
    const read = () => parseReport(JSON.stringify(report));
    expect(read).toThrow(`not a report as its schema has it: ${message}`);
  });

  it('takes a report from before keys that have come since', () => {
    const { report } = oneFindingRun();
    const before = structuredClone(report) as unknown as Mutable;
    for (const exchange of before.exchanges) {
      delete exchange.inferred;
      delete exchange.answerScope;
      delete exchange.frames.count;
      delete exchange.frames.omitted;
    }
    for (const finding of before.findings) delete finding.framesOmitted;
    delete before.omitted.attempts;
    delete before.summary.notLookedInto;
    const read = parseReport(JSON.stringify(before));
    expect(read.exchanges[0]?.frames).toEqual(report.exchanges[0]?.frames);
    expect(diffReports(read, report).changed).toBe(false);
    expect([...formatDiffText(diffReports(read, report), { width: 80, color: false })].join('')).not.toMatch(
      /undefined|NaN/,
    );
  });

  it('takes keys that a later version may add', () => {
    const report = structuredClone(oneFindingRun().report) as unknown as Mutable;
    report.later = report.exchanges[0].later = report.summary.portZero.later = { a: [null] };
    const read = parseReport(JSON.stringify(report));
    expect(diffReports(read, parseReport(JSON.stringify(oneFindingRun().report))).changed).toBe(false);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a report that is none.
type Mutable = any;

/** Paths of all values in it, lists and objects too. */
function pathsIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsIn((value as Mutable)[key], [...path, key]))];
}

describe('a forged report', () => {
  const good = oneFindingRun().report;
  const spoilt = (path: readonly (string | number)[], by: unknown) => {
    const copy = structuredClone(good) as Mutable;
    const at = path.slice(0, -1).reduce((value, key) => value[key], copy);
    at[path.at(-1)!] = by;
    return JSON.stringify(copy);
  };
  /** What diff prints of it beside the good one, both ways round; or why not. */
  const shown = (text: string): string => {
    let report: AnalysisReport;
    try {
      report = parseReport(text);
    } catch (error) {
      expect((error as Error).name).toBe('Error');
      expect((error as Error).message).not.toContain('\n');
      return (error as Error).message;
    }
    const pairs: [AnalysisReport, AnalysisReport][] = [
      [good, report],
      [report, good],
      [report, makeRun([], []).report],
    ];
    return pairs
      .flatMap(([old, current]) => [textOf(old, current), ...formatDiffJson(diffReports(old, current))])
      .join('');
  };

  it('never becomes an error of ours, whatever stands where', () => {
    for (const path of pathsIn(good).slice(1)) {
      for (const by of [null, [], {}, [null], 'x', -1, 0.5, 1e300, true]) shown(spoilt(path, by));
    }
  });

  it('cannot steer a terminal or a log through any of its texts', () => {
    const hostile = 'a\u001b[2J\r\n::error::b\u202ec\u009b ::stop-commands::d ##[error]e ##vso[task.complete]';
    let reached = 0;
    for (const path of pathsIn(good).slice(1)) {
      const text = shown(spoilt(path, hostile));
      if (text.includes('task.complete')) reached++;
      expect(harmfulIn(text.replaceAll('\n', '')), path.join('.')).toEqual([]);
      expect(text, path.join('.')).not.toMatch(/^\s*::|##\w*\[/m);
    }
    expect(reached).toBeGreaterThan(10);
  });
});
