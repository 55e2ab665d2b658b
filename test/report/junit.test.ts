import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { formatJunit } from '../../src/report/formats/junit.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import { rules } from '../../src/rules/index.ts';
import {
  emptyRun,
  harmfulIn,
  makeFindingReport,
  makeInputReport,
  makeRun,
  oneFindingRun,
  SAMPLE_RUNS,
} from '../support/reports.ts';

interface Case {
  '@_name': string;
  '@_classname': string;
  failure?: { '@_message': string; '@_type': string; '#text': string };
  error?: { '@_message': string; '@_type': string };
  'system-out'?: string;
}
interface Suite {
  '@_name': string;
  '@_tests': string;
  '@_failures': string;
  '@_errors': string;
  testcase: Case[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  isArray: (name) => name === 'testsuite' || name === 'testcase',
});

/** Reads the XML as a CI server does: suites, and the counts that they claim. */
function read(run: RunResult): Suite[] {
  const xml = [...formatJunit(run, { width: 80, color: false })].join('');
  expect(harmfulIn(xml.replaceAll('\n', ''))).toEqual([]);
  expect(XMLValidator.validate(xml)).toBe(true);
  const { testsuites } = parser.parse(xml);
  const suites: Suite[] = testsuites.testsuite;
  const cases = suites.flatMap((suite) => suite.testcase);
  expect(testsuites['@_tests']).toBe(String(cases.length));
  expect(testsuites['@_failures']).toBe(String(cases.filter((each) => each.failure).length));
  for (const suite of suites) {
    expect(suite['@_tests']).toBe(String(suite.testcase.length));
    expect(suite['@_failures']).toBe(String(suite.testcase.filter((each) => each.failure).length));
    expect(suite['@_errors']).toBe(String(suite.testcase.filter((each) => each.error).length));
  }
  return suites;
}

describe('formatJunit', () => {
  it.each(SAMPLE_RUNS)('is well-formed, and its counts add up: %s', (_, makeSample) => {
    read(makeSample());
  });

  it('has a case for every input and rule, all green when nothing was found', () => {
    const [suite] = read(emptyRun());
    const names = suite!.testcase.map((each) => each['@_name']);
    for (const { meta } of rules) expect(names).toContain(meta.id);
    expect(suite!['@_failures']).toBe('0');
    expect(suite!.testcase.every((each) => each['@_classname'] === 'refused.pcap')).toBe(true);
  });

  it('fails the case of a rule that fired, with message and frames', () => {
    const [suite] = read(oneFindingRun());
    const [failed, ...others] = suite!.testcase.filter((each) => each.failure);
    expect(others).toEqual([]);
    expect(failed!['@_name']).toBe('syn-to-port-zero');
    expect(failed!.failure).toMatchObject({ '@_type': 'warning' });
    expect(failed!.failure!['#text']).toMatch(/2026-11-21T05:55:10.123456Z SYN from .*\[frames 1, 2\]/);
  });

  it('does not fail for a note', () => {
    const [suite] = read(
      makeRun([], [makeFindingReport({ exchange: null, ruleId: 'udp-port-zero', severity: 'info' })]),
    );
    expect(suite!['@_failures']).toBe('0');
    expect(suite!.testcase.find((each) => each['@_name'] === 'udp-port-zero')?.['system-out']).toMatch(/SYN from/);
  });

  it('fails by --fail-on, and by nothing else', () => {
    const findings = (['info', 'warning', 'error'] as const).map((severity) =>
      makeFindingReport({ exchange: null, severity, ruleId: `own-${severity}`, message: `an ${severity}` }),
    );
    const broken = makeFindingReport({
      ruleId: 'expectation',
      severity: 'error',
      exchange: null,
      data: { name: 'edge' },
    });
    const failed = (failOn: 'info' | 'warning' | 'error' | 'never') =>
      read({ ...makeRun([], [...findings, broken]), failOn }).flatMap(({ testcase }) =>
        testcase.filter((each) => each.failure).map((each) => [each['@_name'], each.failure!['@_type']]),
      );
    expect(failed('info')).toEqual([
      ['own-info', 'info'],
      ['own-warning', 'warning'],
      ['own-error', 'error'],
      ['edge', 'error'],
    ]);
    expect(failed('warning')).toEqual(failed('info').slice(1));
    expect(failed('error')).toEqual(failed('info').slice(2));
    expect(failed('never')).toEqual([]);
    const [suite] = read({ ...makeRun([], findings), failOn: 'never' });
    expect(suite!.testcase.find((each) => each['@_name'] === 'own-error')!['system-out']).toMatch(/an error/);
  });

  it('is red where what makes the run fail is in no list', () => {
    const run = makeRun([], [makeFindingReport({ exchange: null })]);
    const summary = { ...run.report.summary, findings: { error: 1, warning: 3, info: 9 } };
    const unlisted = (failOn: 'warning' | 'error' | 'never') =>
      read({ ...run, failOn, report: { ...run.report, summary } }).find((suite) => suite['@_name'] === 'not listed');
    expect(unlisted('warning')!.testcase[0]!.failure!['#text']).toMatch(/1 error beyond.*\n.*2 warnings beyond/);
    expect(unlisted('error')!.testcase[0]!.failure!['#text']).not.toMatch(/warning/);
    expect(unlisted('never')).toBeUndefined();
  });

  it('has trouble with an input as an error', () => {
    const problem = { code: 'bad-block', offset: 9, frame: 3, message: 'bad.pcapng: at byte 9' } as const;
    const inputs = [makeInputReport(), makeInputReport({ name: 'bad.pcapng', complete: false, problems: [problem] })];
    const suites = read(makeRun([], [], { inputs }));
    expect(suites.map((suite) => suite['@_errors'])).toEqual(['0', '1']);
    expect(suites[1]!.testcase[0]!.error).toEqual({ '@_type': 'bad-block', '@_message': 'bad.pcapng: at byte 9' });
  });

  it('has a case for each expectation, held or broken', () => {
    const broken = makeFindingReport({
      ruleId: 'expectation',
      severity: 'error',
      exchange: null,
      message: 'expectation “edge” broken',
      data: { name: 'edge' },
    });
    const expectations = [
      { name: 'edge', held: false },
      { name: 'core', held: true },
    ];
    const suite = read(makeRun([], [broken], { expectations })).at(-1)!;
    expect(suite['@_name']).toBe('expectations');
    expect(suite.testcase.map((each) => [each['@_name'], each.failure !== undefined])).toEqual([
      ['edge', true],
      ['core', false],
    ]);
    // Without the list of expectations there is still a case for each broken one.
    expect(read(makeRun([], [broken])).at(-1)!.testcase).toHaveLength(1);
  });
});
