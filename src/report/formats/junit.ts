import { escapeXml } from '../../words/escape.ts';
import { formatFrames, formatNumber } from '../../words/numbers.ts';
import { ruleMetas } from '../model/rule-texts.ts';
import type { DocumentReporter, ExpectationReport, FindingReport, InputReport } from '../model/types.ts';

/** Findings of one rule that a failure spells out; a CI page with thousands of lines helps nobody. */
const MAX_LINES = 50;

interface TestCase {
  readonly name: string;
  readonly className: string;
  readonly failures: readonly FindingReport[];
  /** Findings of severity info: told, but no failure. */
  readonly remarks: readonly FindingReport[];
  readonly errors: ReadonlyArray<{ readonly type: string; readonly message: string }>;
}

interface TestSuite {
  readonly name: string;
  readonly timestamp: string | null;
  readonly cases: readonly TestCase[];
}

/**
 * JUnit XML: a suite for each input with a case for "readable" and for each rule, and a suite for the expectations.
 * Findings of severity warning and error fail their case; trouble with an input is an error of "readable".
 */
export const formatJunit: DocumentReporter = function* ({ report, elapsedMs, expectations }) {
  const ownIds = ruleMetas.map((meta) => meta.id).filter((id) => id !== 'expectation');
  const foundIds = report.findings.map((finding) => finding.ruleId).filter((id) => id !== 'expectation');
  const ids = [...new Set([...ownIds, ...foundIds])];
  const findings = new Map<string, FindingReport[]>();
  for (const finding of report.findings) {
    const key = `${finding.input} ${finding.ruleId}`;
    const list = findings.get(key);
    if (list === undefined) findings.set(key, [finding]);
    else list.push(finding);
  }
  const suites = report.inputs.map((input, index) =>
    inputSuite(input, ids, (id) => findings.get(`${index} ${id}`) ?? []),
  );
  const asserted = expectationSuite(
    expectations ?? [],
    report.findings.filter((finding) => finding.ruleId === 'expectation'),
  );
  if (asserted.cases.length > 0) suites.push(asserted);

  const seconds = (elapsedMs / 1000).toFixed(3);
  const cases = suites.flatMap((suite) => suite.cases);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name="portzero" ${counts(cases)} time="${seconds}">\n`;
  for (const suite of suites) {
    const timestamp = suite.timestamp === null ? '' : ` timestamp="${suite.timestamp.slice(0, 19)}"`;
    yield `  <testsuite name="${escapeXml(suite.name)}" ${counts(suite.cases)} skipped="0" time="0"${timestamp}>\n`;
    for (const testCase of suite.cases) yield formatCase(testCase);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
};

function inputSuite(
  input: InputReport,
  ids: readonly string[],
  findingsOf: (id: string) => FindingReport[],
): TestSuite {
  const errors = input.problems.map((problem) => ({ type: problem.code, message: problem.message }));
  if (errors.length === 0 && !input.complete)
    errors.push({ type: 'unreadable', message: 'not all of it could be read' });
  return {
    name: input.name,
    timestamp: input.firstTime,
    cases: [
      { name: 'readable', className: input.name, failures: [], remarks: [], errors },
      ...ids.map((id) => testCaseOf(id, input.name, findingsOf(id))),
    ],
  };
}

function testCaseOf(name: string, className: string, findings: readonly FindingReport[]): TestCase {
  return {
    name,
    className,
    failures: findings.filter((finding) => finding.severity !== 'info'),
    remarks: findings.filter((finding) => finding.severity === 'info'),
    errors: [],
  };
}

/** With the expectations at hand a case for each; else one for each that was broken. */
function expectationSuite(expectations: readonly ExpectationReport[], findings: readonly FindingReport[]): TestSuite {
  const nameOf = (finding: FindingReport) => String(finding.data.name ?? finding.message);
  const names = new Set([...expectations.map((expectation) => expectation.name), ...findings.map(nameOf)]);
  return {
    name: 'expectations',
    timestamp: null,
    cases: [...names].map((name) =>
      testCaseOf(
        name,
        'expectations',
        findings.filter((finding) => nameOf(finding) === name),
      ),
    ),
  };
}

function counts(cases: readonly TestCase[]): string {
  const failures = cases.filter((each) => each.failures.length > 0).length;
  const errors = cases.filter((each) => each.errors.length > 0).length;
  return `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
}

function formatCase({ name, className, failures, remarks, errors }: TestCase): string {
  const start = `    <testcase name="${escapeXml(name)}" classname="${escapeXml(className)}" time="0"`;
  if (failures.length === 0 && remarks.length === 0 && errors.length === 0) return `${start}/>\n`;
  let text = `${start}>\n`;
  for (const { type, message } of errors)
    text += `      <error type="${escapeXml(type)}" message="${escapeXml(message)}"/>\n`;
  if (failures.length > 0) {
    const more = failures.length === 1 ? '' : ` (and ${formatNumber(failures.length - 1)} more)`;
    const type = failures.some((finding) => finding.severity === 'error') ? 'error' : 'warning';
    text += `      <failure type="${type}" message="${escapeXml(failures[0]!.message + more)}">`;
    text += `${listFindings(failures)}</failure>\n`;
  }
  if (remarks.length > 0) text += `      <system-out>${listFindings(remarks)}</system-out>\n`;
  return `${text}    </testcase>\n`;
}

function listFindings(findings: readonly FindingReport[]): string {
  const lines = findings.slice(0, MAX_LINES).map((finding) => {
    const frames =
      finding.frames.length === 0 ? '' : ` [frames ${formatFrames(finding.frames, finding.framesOmitted)}]`;
    return escapeXml(`${finding.time ?? '-'} ${finding.message}${frames}`);
  });
  if (findings.length > MAX_LINES) lines.push(`and ${formatNumber(findings.length - MAX_LINES)} more`);
  return lines.join('\n');
}
