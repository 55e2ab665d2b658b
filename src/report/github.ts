import type { Severity } from '../rules/types.ts';
import { VERDICTS } from '../track/exchange.ts';
import { formatConclusion } from './conclusion.ts';
import { escapeCommandData, escapeCommandProperty, escapeForTerminal, escapeMarkdown } from './escape.ts';
import { groupFilter } from './filter.ts';
import type { DocumentReporter, ExchangeGroup, RunResult } from './types.ts';
import {
  bySeverity,
  formatAnswer,
  formatCount,
  formatEndpoint,
  formatFrames,
  formatNumber,
  formatProbe,
  SEVERITIES,
  VERDICT_STATES,
} from './words.ts';

/** GitHub shows so many annotations of a type for a step, and drops the rest without a word. */
const MAX_ANNOTATIONS = 10;
const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

interface Annotation {
  readonly file: string | null;
  readonly title: string;
  readonly message: string;
}

/**
 * GitHub workflow commands, at most ten of a type: findings one by one where they are few, else one for each input and
 * rule. Trouble with an input comes first, as an error. The last line, which is no command, counts what there was.
 */
export const formatGithub: DocumentReporter = function* (result) {
  const { inputs, summary } = result.report;
  for (const severity of SEVERITIES) {
    const annotations =
      severity === 'error' ? [...problemsOf(result), ...findingsOf(result, severity)] : findingsOf(result, severity);
    const shown = annotations.length <= MAX_ANNOTATIONS ? annotations : annotations.slice(0, MAX_ANNOTATIONS - 1);
    for (const annotation of shown) yield formatCommand(COMMANDS[severity], annotation);
    const rest = annotations.length - shown.length;
    if (rest > 0)
      yield formatCommand(COMMANDS[severity], {
        file: null,
        title: 'portzero',
        message: `${formatNumber(rest)} more of this kind; see the job summary or another report format.`,
      });
  }
  const { error, warning, info } = summary.findings;
  const found = [formatCount(error, 'error'), formatCount(warning, 'warning'), formatCount(info, 'note')].join(', ');
  yield `portzero: ${found} in ${formatCount(inputs.length, 'capture')}. ${formatConclusion(result)}\n`;
};

function problemsOf({ report }: RunResult): Annotation[] {
  return report.inputs.flatMap((input) =>
    input.problems.map((problem) => ({
      file: input.name,
      title: `portzero: ${problem.code}`,
      message: problem.message,
    })),
  );
}

function findingsOf({ report }: RunResult, severity: Severity): Annotation[] {
  const findings = report.findings.filter((finding) => finding.severity === severity);
  const fileOf = (input: number) => report.inputs[input]?.name ?? null;
  const framesOf = (frames: readonly number[]) => (frames.length === 0 ? '' : ` (frames ${formatFrames(frames)})`);
  if (findings.length <= MAX_ANNOTATIONS)
    return findings.map(({ ruleId, message, frames, input }) => ({
      file: fileOf(input),
      title: `portzero: ${ruleId}`,
      message: `${message}${framesOf(frames)}`,
    }));
  const groups = new Map<string, typeof findings>();
  for (const finding of findings) {
    const key = `${finding.input} ${finding.ruleId}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].map(([first, ...more]) => ({
    file: fileOf(first!.input),
    title: `portzero: ${first!.ruleId}`,
    message:
      `${first!.message}${framesOf(first!.frames)}` +
      (more.length === 0
        ? ''
        : ` And ${report.omitted.findings > 0 ? 'at least ' : ''}${formatNumber(more.length)} more of this rule.`),
  }));
}

function formatCommand(command: string, { file, title, message }: Annotation): string {
  const properties = [
    file === null ? null : `file=${escapeCommandProperty(file)}`,
    `title=${escapeCommandProperty(title)}`,
  ];
  return `::${command} ${properties.filter((each) => each !== null).join(',')}::${escapeCommandData(message)}\n`;
}

/** Markdown for the job summary ($GITHUB_STEP_SUMMARY): the same as the text report says, as tables. */
export function formatStepSummary(result: RunResult): string {
  const { report, groups } = result;
  const lines = ['## portzero', '', formatConclusion(result), ''];

  lines.push('| Capture | Frames | From | To | Read |', '| --- | ---: | --- | --- | --- |');
  for (const input of report.inputs)
    lines.push(
      row([
        escapeMarkdown(input.name),
        formatNumber(input.frames),
        input.firstTime ?? '',
        input.lastTime ?? '',
        input.complete && input.problems.length === 0
          ? 'whole'
          : `:warning: ${input.problems.map((problem) => escapeMarkdown(problem.message)).join('<br>') || 'not whole'}`,
      ]),
    );

  lines.push('', '| Answer | nmap says | Port 0 | All |', '| --- | --- | ---: | ---: |');
  const { portZero, exchanges } = report.summary;
  for (const verdict of VERDICTS)
    if (exchanges[verdict] > 0)
      lines.push(
        row([verdict, VERDICT_STATES[verdict], formatNumber(portZero[verdict]), formatNumber(exchanges[verdict])]),
      );
  lines.push(row(['**total**', '', formatNumber(portZero.total), formatNumber(exchanges.total)]));

  const flagged = groups.filter(({ severity }) => severity !== null);
  if (flagged.length > 0) {
    lines.push(
      '',
      '| Severity | What | Answer | First seen | Rules | Filter |',
      '| --- | --- | --- | --- | --- | --- |',
    );
    for (const group of bySeverity(flagged)) lines.push(groupRow(group));
  }
  const loose = report.findings.filter((finding) => finding.exchange === null);
  if (loose.length > 0) {
    lines.push('');
    for (const { severity, ruleId, message } of loose.slice(0, 50))
      lines.push(`- **${severity}** \`${escapeForTerminal(ruleId).replaceAll('`', "'")}\` ${escapeMarkdown(message)}`);
    if (loose.length > 50) lines.push(`- and ${formatNumber(loose.length - 50)} more`);
  }
  return `${lines.join('\n')}\n`;
}

function groupRow(group: ExchangeGroup): string {
  const first = group.examples[0];
  const what = `${formatNumber(group.count)} × ${formatProbe(group.probe, group.portZero)}`;
  const example = first === undefined ? '' : `<br>${formatEndpoint(first.client)} → ${formatEndpoint(first.server)}`;
  const how = first === undefined || group.count > 1 ? '' : `: ${formatAnswer(first)}`;
  const answer = `${group.verdict} (${group.state})${how}`;
  const rules = group.ruleIds.map((id) => escapeMarkdown(id)).join('<br>');
  // A pipe ends a table cell even within a code span, unless it has a backslash before it.
  const filter = `\`${groupFilter(group).replaceAll('|', '\\|')}\``;
  return row([group.severity ?? '', `${what}${example}`, answer, group.firstTime, rules, filter]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
