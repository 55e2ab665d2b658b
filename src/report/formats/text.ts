import { VERDICTS } from '../../track/exchange.ts';
import { formatEndpoint } from '../../words/endpoint.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount, formatFrameList, formatNumber } from '../../words/numbers.ts';
import { bySeverity, SEVERITIES } from '../../words/severity.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { framesFilter } from '../display-filter.ts';
import { formatAnswer } from '../model/answer-phrase.ts';
import { extentOf, formatConclusion } from '../model/conclusion.ts';
import { countKnown, formatGone, isKnown, newFirst } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import { countNew } from '../model/new-findings.ts';
import { formatOrigin, senderOf } from '../model/origin.ts';
import { silenceDoubts } from '../model/silence-doubts.ts';
import type { DocumentReporter, ExchangeReport, FindingReport, ReportContext, RunResult } from '../model/types.ts';
import { createColors } from './colors.ts';
import { flow, pad, withCommas, wrap } from './layout.ts';
import { formatGroups } from './text-groups.ts';
import { formatInputs } from './text-inputs.ts';
import {
  fullTime,
  knownText,
  type Page,
  pageOf,
  severityColor,
  severityText,
  timeOfDay,
  verdictText,
} from './text-page.ts';
import { formatSources } from './text-sources.ts';

const MAX_LOOSE_FINDINGS = 20;
/** Findings of the baseline that are gone. */
const MAX_GONE = 20;

/** The report for a person: what was read, how port 0 was answered, what was flagged, and the answer in plain words. */
export const formatText: DocumentReporter = function* (result, context) {
  const page = pageOf(context);
  yield* formatHead(result, page);
  yield* formatVerdicts(result, page);
  yield* formatSources(result, page);
  yield* formatGroups(result, page);
  yield* formatLooseFindings(result, page);
  yield* formatTail(result, page);
};

/** The same without what was flagged, for a reader who has seen that already. */
export const formatTextSummary: DocumentReporter = function* (result, context) {
  const page = pageOf(context);
  yield* formatHead(result, page);
  yield* formatVerdicts(result, page);
  yield* formatSources(result, page);
  yield* formatTail(result, page);
};

/** One line for a finding as it comes; `exchange` tells where its sender is, if that is known. */
export function formatTextFinding(
  finding: FindingReport,
  context: ReportContext,
  exchange: ExchangeReport | null = null,
): string {
  const colors = createColors(context.color);
  const { severity, ruleId, message, frames, framesOmitted, time } = finding;
  const clock = time === null ? '' : `${colors.dim(timeOfDay(time))}  `;
  const where = frames.length === 0 ? '' : colors.dim(`  [${formatFrameList(frames, framesOmitted)}]`);
  const rule = colors.dim(escapeForTerminal(ruleId));
  const mark = isKnown(finding) ? knownText(colors) : severityText(severity, colors);
  const origin = exchange === null ? undefined : senderOf(exchange).origin;
  const from = origin === undefined ? '' : colors.dim(`  from ${escapeForTerminal(formatOrigin(origin))}`);
  return `${clock}${mark}  ${escapeForTerminal(message)}${where}  ${rule}${from}\n`;
}

/** One line for an answer that came after the findings of its exchange had been told. */
export function formatTextAnswer(exchange: ExchangeReport, context: ReportContext): string {
  const colors = createColors(context.color);
  const { client, server, answered, verdict, frames } = exchange;
  const clock = answered === null ? '' : `${colors.dim(timeOfDay(answered))}  `;
  const where = frames.answer === null ? '' : colors.dim(`  [${formatFrameList([frames.answer])}]`);
  const ends = `${formatEndpoint(client)} > ${formatEndpoint(server)}`;
  return `${clock}${'answer'.padEnd(7)}  ${ends} was ${VERDICT_WORDS[verdict].phrase}: ${escapeForTerminal(formatAnswer(exchange))}${where}\n`;
}

function* formatHead(result: RunResult, page: Page): Iterable<string> {
  const { name, version } = result.report.tool;
  yield `${page.colors.bold(name)} ${version}\n\n`;
  yield* formatInputs(result, page);
}

function* formatVerdicts(result: RunResult, page: Page): Iterable<string> {
  const { report } = result;
  const { colors, width } = page;
  const doubts = silenceDoubts(result);
  const { portZero, exchanges } = report.summary;
  yield '\n';
  if (exchanges.total === 0) {
    const where = extentOf(result) === 'all' ? '' : ', in what could be looked into';
    yield wrap(`No SYN or RST, and nothing on port 0${where}.`, width, '  ');
    return;
  }
  const line = verdictLine(exchanges.total, width);
  yield `${colors.dim(line('answer', 'port 0', 'all', 'nmap says'))}\n`;
  for (const verdict of VERDICTS) {
    if (exchanges[verdict] === 0) continue;
    const zero = portZero[verdict] === 0 ? colors.dim('-') : formatNumber(portZero[verdict]);
    yield `${line(verdictText(verdict, colors), zero, formatNumber(exchanges[verdict]), colors.dim(VERDICT_WORDS[verdict].state))}\n`;
    if (verdict === 'silent')
      for (const doubt of doubts) yield wrap(doubt, width, `    ${colors.yellow('!')} `, '      ');
  }
  yield `${line('total', formatNumber(portZero.total), formatNumber(exchanges.total), '')}\n`;
}

/** Columns of the table of verdicts; what nmap says is left out where there is no room for it. */
function verdictLine(total: number, width: number): (name: string, zero: string, all: string, word: string) => string {
  const nameWidth = Math.max(...VERDICTS.map((verdict) => verdict.length));
  const numberWidth = Math.max(formatNumber(total).length, 'port 0'.length);
  const gap = width >= 80 ? '   ' : ' ';
  const numbers = 2 + nameWidth + 2 * (gap.length + numberWidth);
  const wordWidth = Math.max(...VERDICTS.map((verdict) => VERDICT_WORDS[verdict].state.length));
  const hasWord = numbers + gap.length + wordWidth <= width;
  return (name, zero, all, word) =>
    [`  ${pad(name, nameWidth)}`, pad(zero, numberWidth, true), pad(all, numberWidth, true), hasWord ? word : '']
      .join(gap)
      .trimEnd();
}

function* formatLooseFindings({ report }: RunResult, page: Page): Iterable<string> {
  const { width, colors, indent } = page;
  const loose = newFirst(bySeverity(report.findings.filter((finding) => finding.exchange === null)), isKnown);
  if (loose.length === 0) return;
  yield '\n';
  for (const finding of loose.slice(0, MAX_LOOSE_FINDINGS)) {
    const { severity, ruleId, message, frames, framesOmitted, input, time, known } = finding;
    const mark = isKnown(finding) ? knownText(colors) : severityText(severity, colors);
    yield wrap(escapeForTerminal(message), width, `${mark}  `, indent);
    if (known !== undefined && known !== null)
      yield wrap(escapeForTerminal(formatKnown(known)), width, indent, `${indent}  `);
    const facts = [colors.dim(escapeForTerminal(ruleId))];
    if (report.inputs.length > 1 && frames.length > 0)
      facts.push(`in ${escapeForTerminal(report.inputs[input]?.name ?? '')}`);
    if (time !== null) facts.push(fullTime(time));
    if (frames.length > 0) facts.push(formatFrameList(frames, framesOmitted));
    yield flow(facts, colors.dim(' · '), width, indent);
    if (frames.length > 0 && frames.length <= 8 && report.inputs[input]?.format !== 'live')
      yield wrap(framesFilter(frames), width, `${indent}${colors.dim('Wireshark')} `, `${indent}  `);
  }
  const rest = loose.length - MAX_LOOSE_FINDINGS;
  if (rest > 0) yield wrap(`and ${formatCount(rest, 'more finding')} of this kind`, width, indent);
}

function* formatTail(result: RunResult, page: Page): Iterable<string> {
  const { colors, width } = page;
  const { omitted } = result.report;
  yield '\n';
  yield wrap(formatConclusion(result), width, `${colors.bold('=>')} `, '   ');
  if (omitted.evicted > 0)
    yield wrap(
      `${formatCount(omitted.evicted, 'exchange')} had to leave the full table before an answer could come, and ${
        omitted.evicted === 1 ? 'counts' : 'count'
      } as undecided: the table was too small. What answers them counts as not asked for; raise --max-exchanges.`,
      width,
      `${colors.yellow('!')}  `,
      '   ',
    );
  if (omitted.attempts > 0)
    yield wrap(
      `${formatCount(omitted.attempts, 'attempt')} on the same ends had one sequence number: too many to tell their answers apart.`,
      width,
      `${colors.yellow('!')}  `,
      '   ',
    );
  if (omitted.exchanges > 0 || omitted.findings > 0)
    yield wrap(
      `Counted but not listed one by one: ${formatCount(omitted.exchanges, 'exchange')}, ${formatCount(omitted.findings, 'finding')}.`,
      width,
      '   ',
    );
  yield* formatGoneFindings(result, page);
  const { baseline } = result.report;
  const news = countNew(result.report);
  const adjective = baseline === undefined ? '' : 'new ';
  const counts = SEVERITIES.filter((severity) => news[severity] > 0).map((severity) =>
    severityColor(
      severity,
      colors,
    )(formatCount(news[severity], `${adjective}${severity === 'info' ? 'note' : severity}`)),
  );
  if (baseline !== undefined && counts.length === 0) counts.push(colors.green('nothing new'));
  const known = countKnown(result.report);
  if (known > 0) counts.push(`${formatCount(known, 'known finding')} (${escapeForTerminal(baseline!.file)})`);
  if (counts.length === 0) counts.push(colors.green('nothing flagged'));
  yield flow(withCommas(counts), ' ', width, '   ');
}

/** What the baseline has and this run has not. */
function* formatGoneFindings({ report }: RunResult, { width, colors }: Page): Iterable<string> {
  const gone = report.baseline?.gone ?? [];
  for (const each of gone.slice(0, MAX_GONE))
    yield wrap(escapeForTerminal(formatGone(each)), width, `${colors.green('-')}  `, '   ');
  const rest = gone.length - MAX_GONE;
  if (rest > 0) yield wrap(`and ${formatCount(rest, 'more finding')} of the baseline that are gone`, width, '   ');
}
