import { VERDICTS } from '../../track/exchange.ts';
import { formatEndpoint } from '../../words/endpoint.ts';
import { escapeForTerminal, escapeMarkdown } from '../../words/escape.ts';
import { formatCount, formatNumber } from '../../words/numbers.ts';
import { formatProbe } from '../../words/probes.ts';
import { bySeverity } from '../../words/severity.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { groupFilter } from '../display-filter.ts';
import { formatAnswer } from '../model/answer-phrase.ts';
import { formatConclusion } from '../model/conclusion.ts';
import { formatFindingCounts, formatGone, isKnown, isKnownGroup, newFirst } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import type {
  AnalysisReport,
  ExchangeGroup,
  FindingReport,
  GoneReport,
  InputReport,
  RunResult,
} from '../model/types.ts';

/** GitHub takes no summary at all of a step that has written more. */
export const MAX_STEP_SUMMARY_BYTES = 1024 * 1024;
/** Rows of a table, and findings: more nobody reads on the page of a run. */
const MAX_ROWS = 200;
const MAX_FINDINGS = 50;
/** Of an input: the first ones. */
const MAX_PROBLEMS = 3;

/**
 * Markdown for the job summary ($GITHUB_STEP_SUMMARY): the same as the text report says, as tables. It has no more bytes than
 * `room`, and says what it left out; it is empty where there is no room for so much as the counts.
 */
export function formatStepSummary(result: RunResult, room = MAX_STEP_SUMMARY_BYTES): string {
  const { report, groups } = result;
  const head = `## portzero\n\n${formatConclusion(result)}\n${formatBaselineCounts(report)}`;
  const verdicts = `\n${lines(verdictTable(report))}`;
  let left = room - bytesOf(head) - bytesOf(verdicts);
  if (left < 0) return '';

  // What was flagged goes before a list of captures, though it stands below it.
  const take = (share: number, section: (bytes: number) => string) => {
    const text = section(Math.floor(left * share));
    left -= bytesOf(text);
    return text;
  };
  const flagged = take(1 / 2, (bytes) => formatGroups(groups, report.inputs, bytes));
  const findings = take(1 / 2, (bytes) => formatFindings(report, bytes));
  const gone = take(1 / 2, (bytes) => formatGoneFindings(report, bytes));
  const captures = take(1, (bytes) => formatCaptures(report.inputs, bytes));
  return [head, captures, verdicts, flagged, findings, gone].join('');
}

function verdictTable({ summary }: AnalysisReport): string[] {
  const { portZero, exchanges } = summary;
  return [
    '| Answer | nmap says | Port 0 | All |',
    '| --- | --- | ---: | ---: |',
    ...VERDICTS.filter((verdict) => exchanges[verdict] > 0).map((verdict) =>
      row([verdict, VERDICT_WORDS[verdict].state, formatNumber(portZero[verdict]), formatNumber(exchanges[verdict])]),
    ),
    row(['**total**', '', formatNumber(portZero.total), formatNumber(exchanges.total)]),
  ];
}

function formatCaptures(inputs: readonly InputReport[], bytes: number): string {
  const isWhole = ({ complete, problems }: InputReport) => complete && problems.length === 0;
  // Those in trouble first: they must not be among those left out.
  const sorted = inputs.toSorted((a, b) => Number(isWhole(a)) - Number(isWhole(b)));
  const captureRow = (input: InputReport) => {
    const { name, frames, firstTime, lastTime, problems } = input;
    const shown = problems.slice(0, MAX_PROBLEMS).map(({ message }) => escapeMarkdown(message));
    if (problems.length > MAX_PROBLEMS) shown.push(`and ${formatNumber(problems.length - MAX_PROBLEMS)} more`);
    const read = isWhole(input) ? 'whole' : `:warning: ${shown.join('<br>') || 'not whole'}`;
    return row([
      escapeMarkdown(name),
      formatNumber(frames),
      firstTime ?? (frames > 0 ? 'no time' : ''),
      lastTime ?? '',
      read,
    ]);
  };
  const head = ['| Capture | Frames | From | To | Read |', '| --- | ---: | --- | --- | --- |'];
  return formatList(head, sorted, captureRow, { bytes, most: MAX_ROWS }, (rest) => {
    const troubled = rest.filter((input) => !isWhole(input)).length;
    const how = troubled === 0 ? 'read whole' : `${formatNumber(troubled)} of them not read whole`;
    return `${formatCount(rest.length, 'more capture')}, ${how}`;
  });
}

function formatGroups(groups: readonly ExchangeGroup[], inputs: readonly InputReport[], bytes: number): string {
  const flagged = newFirst(bySeverity(groups.filter(({ severity }) => severity !== null)), isKnownGroup);
  const columns = ['Severity', 'What', 'Answer', 'First seen', 'Rules', 'Filter'];
  if (inputs.length > 1) columns.splice(1, 0, 'Capture');
  const groupRow = (group: ExchangeGroup) => {
    const cells = groupCells(group);
    const where =
      group.inputs > 1 ? `${formatNumber(group.inputs)} captures` : escapeMarkdown(inputs[group.input]?.name ?? '');
    if (inputs.length > 1) cells.splice(1, 0, where);
    return row(cells);
  };
  const head = [row(columns), row(columns.map(() => '---'))];
  return formatList(head, flagged, groupRow, { bytes, most: MAX_ROWS }, (rest) => {
    const count = rest.reduce((sum, group) => sum + group.count, 0);
    return `${formatCount(count, 'more exchange')} of ${formatCount(rest.length, 'other kind')}`;
  });
}

function groupCells(group: ExchangeGroup): string[] {
  const first = group.examples[0];
  const what = `${formatNumber(group.count)} × ${formatProbe(group)}`;
  const example = first === undefined ? '' : `<br>${formatEndpoint(first.client)} → ${formatEndpoint(first.server)}`;
  const how = first === undefined || group.count > 1 ? '' : `: ${formatAnswer(first)}`;
  const answer = `${group.verdict} (${group.state})${how}`;
  const rules = group.ruleIds.map((id) => escapeMarkdown(id)).join('<br>');
  // A pipe ends a table cell even within a code span, unless it has a backslash before it.
  const filter = `\`${groupFilter(group).replaceAll('|', '\\|')}\``;
  const known = (group.known ?? []).map((entry) => `<br>${escapeMarkdown(formatKnown(entry))}`).join('');
  const mark = isKnownGroup(group) ? `known${known}` : (group.severity ?? '');
  return [mark, `${what}${example}`, answer, group.firstTime ?? 'no time', rules, filter];
}

/** Findings that no exchange stands for. */
function formatFindings({ findings, inputs }: AnalysisReport, bytes: number): string {
  const loose = newFirst(bySeverity(findings.filter((finding) => finding.exchange === null)), isKnown);
  const item = ({ severity, ruleId, message, frames, input, known }: FindingReport) => {
    const rule = `\`${escapeForTerminal(ruleId).replaceAll('`', "'")}\``;
    // A broken expectation that nothing touched is about no capture.
    const where = inputs.length > 1 && frames.length > 0 ? ` (in ${escapeMarkdown(inputs[input]?.name ?? '')})` : '';
    const isOld = known !== undefined && known !== null;
    const why = isOld ? ` (${escapeMarkdown(formatKnown(known))})` : '';
    return `- **${isOld ? 'known' : severity}** ${rule} ${escapeMarkdown(message)}${where}${why}`;
  };
  return formatList([], loose, item, { bytes, most: MAX_FINDINGS }, (rest) => formatCount(rest.length, 'more finding'));
}

function formatBaselineCounts(report: AnalysisReport): string {
  const { baseline } = report;
  if (baseline === undefined) return '';
  const counts = formatFindingCounts(report);
  const gone = `${formatNumber(baseline.gone.length)} gone`;
  return `\nBaseline ${escapeMarkdown(baseline.file)}: ${counts === '' ? '' : `${counts}, `}${gone}.\n`;
}

function formatGoneFindings({ baseline }: AnalysisReport, bytes: number): string {
  const item = (gone: GoneReport) => `- ${escapeMarkdown(formatGone(gone))}`;
  const rest = (left: readonly GoneReport[]) => `${formatCount(left.length, 'more finding')} of the baseline`;
  return formatList([], baseline?.gone ?? [], item, { bytes, most: MAX_FINDINGS }, rest);
}

/** The lines of `items` that fit, after a blank line, and what `nameRest` says of the others. "" for no items, or no room. */
function formatList<T>(
  head: readonly string[],
  items: readonly T[],
  format: (item: T) => string,
  { bytes, most }: { readonly bytes: number; readonly most: number },
  nameRest: (rest: readonly T[]) => string,
): string {
  if (items.length === 0) return '';
  const restLines = (shown: number) => {
    const rest = items.slice(shown);
    return rest.length === 0 ? '' : lines(['', `and ${nameRest(rest)}`]);
  };
  const shown = [lines(['', ...head])];
  // No line about the rest is longer than that about all of it.
  let used = bytesOf(shown[0]!) + bytesOf(restLines(0));
  for (const item of items.slice(0, most)) {
    const line = lines([format(item)]);
    used += bytesOf(line);
    if (used > bytes) break;
    shown.push(line);
  }
  const text = (shown.length === 1 ? '' : shown.join('')) + restLines(shown.length - 1);
  return bytesOf(text) <= bytes ? text : '';
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
