import { escapeCommandData, escapeCommandProperty } from '../../words/escape.ts';
import { formatCount, formatFrameList, formatNumber } from '../../words/numbers.ts';
import type { Severity } from '../../words/severity.ts';
import { SEVERITIES } from '../../words/severity.ts';
import { formatConclusion } from '../model/conclusion.ts';
import { countKnown, formatGone, isKnown } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import { countNew } from '../model/new-findings.ts';
import type { DocumentReporter, FindingReport, RunResult } from '../model/types.ts';

/** GitHub shows so many annotations of a type for a step, and drops the rest without a word. */
const MAX_ANNOTATIONS = 10;
const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };
const WORDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

interface Annotation {
  readonly file: string | null;
  /** From 1; null for the file as a whole, as of every capture. */
  readonly line: number | null;
  readonly title: string;
  readonly message: string;
  /** Findings or problems that it stands for. */
  readonly count: number;
}

/**
 * GitHub workflow commands, the gravest first and at most ten of a type: findings one by one where they are few, else one
 * for each input and rule. Trouble with an input is an error, and leaves half of the ten to findings. Where there are more
 * the last one says how many; the last line, which is no command, counts all.
 */
export const formatGithub: DocumentReporter = function* (result) {
  const { inputs, baseline } = result.report;
  const news = countNew(result.report);
  for (const severity of SEVERITIES) {
    // What is known, or gone, is no trouble: it is told as notes are, behind them.
    const isLast = severity === 'info';
    const told = isLast ? [...annotate(result, result.report.findings.filter(isKnown)), ...goneOf(result)] : [];
    const findings = [
      ...annotate(
        result,
        result.report.findings.filter((finding) => finding.severity === severity && !isKnown(finding)),
      ),
      ...told,
    ];
    const problems = severity === 'error' ? problemsOf(result) : [];
    const annotations = [
      ...problems.slice(0, findings.length > 0 ? MAX_ANNOTATIONS / 2 : MAX_ANNOTATIONS),
      ...findings,
    ];
    const old = isLast ? countKnown(result.report) + (baseline?.gone.length ?? 0) : 0;
    const total = news[severity] + old + countOf(problems);
    const fits = annotations.length <= MAX_ANNOTATIONS && countOf(annotations) >= total;
    const shown = fits ? annotations : annotations.slice(0, MAX_ANNOTATIONS - 1);
    for (const annotation of shown) yield formatCommand(COMMANDS[severity], annotation);
    if (fits) continue;
    const rest = formatCount(total - countOf(shown), `more ${WORDS[severity]}`);
    const message = `${rest}; see the job summary or another report format.`;
    yield formatCommand(COMMANDS[severity], { file: null, line: null, title: 'portzero', message });
  }
  const adjective = baseline === undefined ? '' : 'new ';
  const counts = SEVERITIES.map((severity) => formatCount(news[severity], `${adjective}${WORDS[severity]}`));
  if (baseline !== undefined) {
    counts.push(formatCount(countKnown(result.report), 'known finding'), `${formatNumber(baseline.gone.length)} gone`);
  }
  const found = counts.join(', ');
  yield `portzero: ${found} in ${formatCount(inputs.length, 'capture')}. ${formatConclusion(result)}\n`;
};

function countOf(annotations: readonly Annotation[]): number {
  return annotations.reduce((sum, { count }) => sum + count, 0);
}

function problemsOf({ report }: RunResult): Annotation[] {
  return report.inputs.flatMap(({ name, problems }) => {
    const [first, ...more] = problems;
    if (first === undefined) return [];
    const rest = more.length === 0 ? '' : ` And ${formatCount(more.length, 'more problem')} of this capture.`;
    const title = `portzero: ${first.code}`;
    return [{ file: name, line: null, title, message: `${first.message}${rest}`, count: problems.length }];
  });
}

/** Findings of the baseline that did not come again, where it has them. */
function goneOf({ report }: RunResult): Annotation[] {
  const { file = '', gone = [] } = report.baseline ?? {};
  return gone.map((each) => {
    const message = `${formatGone(each)}. --update-baseline takes it out`;
    return { file, line: each.line, title: 'portzero: baseline', message, count: 1 };
  });
}

/** Findings one by one where they are few, else one annotation for each input and rule. */
function annotate({ report }: RunResult, findings: readonly FindingReport[]): Annotation[] {
  const describe = ({ ruleId, message, frames, framesOmitted, input, place, known }: FindingReport) => ({
    // A broken expectation is mended, or taken back, where it is written.
    file: place?.file ?? report.inputs[input]?.name ?? null,
    line: place?.line ?? null,
    title: `portzero: ${ruleId}${known === undefined || known === null ? '' : ' (known)'}`,
    message: `${message}${frames.length === 0 ? '' : ` (${formatFrameList(frames, framesOmitted)})`}${
      known === undefined || known === null ? '' : ` ${formatKnown(known)}`
    }`,
  });
  if (findings.length <= MAX_ANNOTATIONS) return findings.map((finding) => ({ ...describe(finding), count: 1 }));
  const groups = new Map<string, FindingReport[]>();
  for (const finding of findings) {
    // Expectations stand on lines of their own.
    const { place } = finding;
    const key = `${finding.input} ${finding.ruleId} ${place === undefined ? '' : `${place.file} ${place.line}`}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  const atLeast = report.omitted.findings > 0 ? 'at least ' : '';
  return [...groups.values()].map(([first, ...more]) => {
    const { message, ...rest } = describe(first!);
    const others = more.length === 0 ? '' : ` And ${atLeast}${formatNumber(more.length)} more of this rule.`;
    return { ...rest, message: `${message}${others}`, count: more.length + 1 };
  });
}

function formatCommand(command: string, { file, line, title, message }: Omit<Annotation, 'count'>): string {
  const properties = [
    file === null ? null : `file=${escapeCommandProperty(file)}`,
    line === null ? null : `line=${line}`,
    `title=${escapeCommandProperty(title)}`,
  ];
  return `::${command} ${properties.filter((each) => each !== null).join(',')}::${escapeCommandData(message)}\n`;
}
