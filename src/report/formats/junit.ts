import { escapeXml } from '../../words/escape.ts';
import { formatCount, formatFrameList, formatNumber } from '../../words/numbers.ts';
import { fails, SEVERITIES, type Severity } from '../../words/severity.ts';
import { isKnown } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import { formatMissed, formatRemedies } from '../model/looked-into.ts';
import { countNew } from '../model/new-findings.ts';
import { ruleMetas } from '../model/rule-texts.ts';
import type {
  AnalysisReport,
  DocumentReporter,
  ExpectationReport,
  FindingReport,
  InputReport,
  RunResult,
} from '../model/types.ts';

/** Findings of one rule that a failure spells out; a CI page with thousands of lines helps nobody. */
const MAX_LINES = 50;

interface TestCase {
  readonly name: string;
  readonly className: string;
  /** Findings that make the run fail. */
  readonly failures: readonly FindingReport[];
  /** Those below --fail-on: told, but no failure. */
  readonly remarks: readonly FindingReport[];
  /** Those of the baseline: they do not fail. */
  readonly known: readonly FindingReport[];
  readonly errors: ReadonlyArray<{ readonly type: string; readonly message: string }>;
  /** Why it says nothing. */
  readonly untold?: string;
}

interface TestSuite {
  readonly name: string;
  readonly timestamp: string | null;
  readonly cases: readonly TestCase[];
}

/**
 * JUnit XML: a suite for each input with a case for "readable" and for each rule, and a suite for the expectations. A case
 * fails by what makes the run fail (--fail-on), so that the exit status and the test page say the same; trouble with an
 * input is an error of "readable".
 */
export const formatJunit: DocumentReporter = function* (result) {
  const { report, elapsedMs, expectations, failOn = 'warning' } = result;
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
    inputSuite(input, ids, (id, className) => testCaseOf(id, className, findings.get(`${index} ${id}`) ?? [], failOn)),
  );
  const asserted = expectationSuite(
    expectations ?? [],
    report.findings.filter((finding) => finding.ruleId === 'expectation'),
    failOn,
  );
  if (asserted.cases.length > 0) suites.push(asserted);
  const missed = missedCase(report);
  if (missed !== null) suites.push({ name: 'looked into', timestamp: null, cases: [missed] });
  const unlisted = unlistedCase(result, failOn);
  if (unlisted !== null) suites.push({ name: 'not listed', timestamp: null, cases: [unlisted] });

  const seconds = (elapsedMs / 1000).toFixed(3);
  const cases = suites.flatMap((suite) => suite.cases);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name="portzero" ${counts(cases)} time="${seconds}">\n`;
  for (const suite of suites) {
    const timestamp = suite.timestamp === null ? '' : ` timestamp="${suite.timestamp.slice(0, 19)}"`;
    yield `  <testsuite name="${escapeXml(suite.name)}" ${counts(suite.cases)} time="0"${timestamp}>\n`;
    for (const testCase of suite.cases) yield formatCase(testCase);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
};

function inputSuite(
  input: InputReport,
  ids: readonly string[],
  caseOf: (id: string, className: string) => TestCase,
): TestSuite {
  const errors = input.problems.map((problem) => ({ type: problem.code, message: problem.message }));
  if (errors.length === 0 && !input.complete)
    errors.push({ type: 'unreadable', message: 'not all of it could be read' });
  return {
    name: input.name,
    timestamp: input.firstTime,
    cases: [
      { name: 'readable', className: input.name, failures: [], remarks: [], known: [], errors },
      ...ids.map((id) => caseOf(id, input.name)),
    ],
  };
}

function testCaseOf(
  name: string,
  className: string,
  findings: readonly FindingReport[],
  failOn: Severity | 'never',
): TestCase {
  return {
    name,
    className,
    failures: findings.filter((finding) => !isKnown(finding) && fails(finding.severity, failOn)),
    remarks: findings.filter((finding) => !isKnown(finding) && !fails(finding.severity, failOn)),
    known: findings.filter(isKnown),
    errors: [],
  };
}

/** Where frames could not be looked into, the green of the rules holds only for the others: a case that is skipped says so. */
function missedCase({ summary }: AnalysisReport): TestCase | null {
  const { notLookedInto, frames } = summary;
  if (notLookedInto.frames === 0) return null;
  const remedies = formatRemedies(notLookedInto.reasons);
  return {
    name: 'every frame was looked into',
    className: 'portzero',
    failures: [],
    remarks: [],
    known: [],
    errors: [],
    untold: `${formatMissed(notLookedInto, frames)}.${remedies === '' ? '' : ` ${remedies}`}`,
  };
}

/** What makes the run fail and is in no list must fail a case too: a red run without a red test would be a riddle. */
function unlistedCase({ report }: RunResult, failOn: Severity | 'never'): TestCase | null {
  const news = countNew(report);
  const unlisted = SEVERITIES.filter((severity) => fails(severity, failOn)).map((severity) => ({
    severity,
    count: news[severity] - report.findings.filter((it) => it.severity === severity && !isKnown(it)).length,
  }));
  const failures = unlisted
    .filter(({ count }) => count > 0)
    .map(({ severity, count }): FindingReport => {
      const message = `${formatCount(count, severity)} beyond the listing limit (--max-listed), counted and not listed`;
      return { ruleId: 'unlisted', severity, message, exchange: null, input: 0, frames: [], time: null, data: {} };
    });
  if (failures.length === 0) return null;
  return {
    name: 'findings beyond the listing limit',
    className: 'portzero',
    failures,
    remarks: [],
    known: [],
    errors: [],
  };
}

/** With the expectations at hand a case for each; else one for each that was broken. */
function expectationSuite(
  expectations: readonly ExpectationReport[],
  findings: readonly FindingReport[],
  failOn: Severity | 'never',
): TestSuite {
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
        failOn,
      ),
    ),
  };
}

function counts(cases: readonly TestCase[]): string {
  const failures = cases.filter((each) => each.failures.length > 0).length;
  const errors = cases.filter((each) => each.errors.length > 0).length;
  return `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${cases.filter(isSkipped).length}"`;
}

/** What is known alone says nothing of whether the case would hold. */
function isSkipped({ failures, remarks, known, errors, untold }: TestCase): boolean {
  if (untold !== undefined) return true;
  return known.length > 0 && failures.length + remarks.length + errors.length === 0;
}

function formatCase(testCase: TestCase): string {
  const { name, className, failures, remarks, known, errors, untold } = testCase;
  const start = `    <testcase name="${escapeXml(name)}" classname="${escapeXml(className)}" time="0"`;
  if (untold !== undefined) return `${start}>\n      <skipped message="${escapeXml(untold)}"/>\n    </testcase>\n`;
  if (failures.length + remarks.length + known.length + errors.length === 0) return `${start}/>\n`;
  let text = `${start}>\n`;
  for (const { type, message } of errors)
    text += `      <error type="${escapeXml(type)}" message="${escapeXml(message)}"/>\n`;
  if (failures.length > 0) {
    const more = failures.length === 1 ? '' : ` (and ${formatNumber(failures.length - 1)} more)`;
    const type = SEVERITIES.find((severity) => failures.some((finding) => finding.severity === severity))!;
    text += `      <failure type="${type}" message="${escapeXml(failures[0]!.message + more)}">`;
    text += `${listFindings(failures)}</failure>\n`;
  }
  if (isSkipped(testCase)) {
    const more = known.length === 1 ? '' : ` (and ${formatNumber(known.length - 1)} more)`;
    const message = `${formatKnown(known[0]!.known!)}${more}`;
    text += `      <skipped message="${escapeXml(message)}">${listFindings(known)}</skipped>\n`;
  }
  const told = isSkipped(testCase) ? remarks : [...remarks, ...known];
  if (told.length > 0) text += `      <system-out>${listFindings(told)}</system-out>\n`;
  return `${text}    </testcase>\n`;
}

function listFindings(findings: readonly FindingReport[]): string {
  const lines = findings.slice(0, MAX_LINES).map((finding) => {
    const frames = finding.frames.length === 0 ? '' : ` [${formatFrameList(finding.frames, finding.framesOmitted)}]`;
    const known = isKnown(finding) ? ` (${formatKnown(finding.known!)})` : '';
    return escapeXml(`${finding.time ?? '-'} ${finding.message}${frames}${known}`);
  });
  if (findings.length > MAX_LINES) lines.push(`and ${formatNumber(findings.length - MAX_LINES)} more`);
  return lines.join('\n');
}
