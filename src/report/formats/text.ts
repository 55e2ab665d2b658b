import { VERDICTS, type Verdict } from '../../track/exchange.ts';
import { formatEndpoint } from '../../words/endpoint.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount, formatFrames, formatNumber } from '../../words/numbers.ts';
import { formatProbe } from '../../words/probes.ts';
import type { Severity } from '../../words/severity.ts';
import { bySeverity, SEVERITIES } from '../../words/severity.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { framesFilter, groupFilter } from '../display-filter.ts';
import { formatDuration, secondsBetween } from '../html/words.ts';
import { formatAnswer } from '../model/answer-phrase.ts';
import { extentOf, formatConclusion } from '../model/conclusion.ts';
import { countKnown, formatGone, formatKnown, isKnown, isKnownGroup, newFirst } from '../model/known.ts';
import { countNew } from '../model/new-findings.ts';
import type {
  DocumentReporter,
  ExchangeGroup,
  ExchangeReport,
  FindingReport,
  InputReport,
  ReportContext,
  RunResult,
} from '../model/types.ts';
import { type Colors, createColors } from './colors.ts';
import { displayWidth, flow, MAX_WIDTH, MIN_WIDTH, pad, wrap } from './layout.ts';

const MAX_EXAMPLES = 3;
const MAX_INPUTS = 20;
const MAX_GROUPS = 50;
const MAX_LOOSE_FINDINGS = 20;
const MAX_PROBLEMS = 20;
/** Findings of the baseline that are gone. */
const MAX_GONE = 20;

/** What the parts of a text report need to know. */
interface Page {
  readonly width: number;
  readonly colors: Colors;
}

/** The report for a person: what was read, how port 0 was answered, what was flagged, and the answer in plain words. */
export const formatText: DocumentReporter = function* (result, context) {
  const page = pageOf(context);
  yield* formatHead(result, page);
  yield* formatVerdicts(result, page);
  yield* formatGroups(result, page);
  yield* formatLooseFindings(result, page);
  yield* formatTail(result, page);
};

/** The same without what was flagged, for a reader who has seen that already. */
export const formatTextSummary: DocumentReporter = function* (result, context) {
  const page = pageOf(context);
  yield* formatHead(result, page);
  yield* formatVerdicts(result, page);
  yield* formatTail(result, page);
};

/** One line for a finding as it comes. */
export function formatTextFinding(finding: FindingReport, context: ReportContext): string {
  const colors = createColors(context.color);
  const { severity, ruleId, message, frames, framesOmitted, time } = finding;
  const clock = time === null ? '' : `${colors.dim(timeOfDay(time))}  `;
  const where = frames.length === 0 ? '' : colors.dim(`  [${framesText(frames, framesOmitted)}]`);
  const rule = colors.dim(escapeForTerminal(ruleId));
  const mark = isKnown(finding) ? knownText(colors) : severityText(severity, colors);
  return `${clock}${mark}  ${escapeForTerminal(message)}${where}  ${rule}\n`;
}

/** One line for an answer that came after the findings of its exchange had been told. */
export function formatTextAnswer(exchange: ExchangeReport, context: ReportContext): string {
  const colors = createColors(context.color);
  const { client, server, answered, verdict, frames } = exchange;
  const clock = answered === null ? '' : `${colors.dim(timeOfDay(answered))}  `;
  const where = frames.answer === null ? '' : colors.dim(`  [${framesText([frames.answer])}]`);
  const ends = `${formatEndpoint(client)} > ${formatEndpoint(server)}`;
  return `${clock}${'answer'.padEnd(7)}  ${ends} was ${VERDICT_WORDS[verdict].phrase}: ${escapeForTerminal(formatAnswer(exchange))}${where}\n`;
}

function pageOf(context: ReportContext): Page {
  return { width: Math.min(Math.max(context.width, MIN_WIDTH), MAX_WIDTH), colors: createColors(context.color) };
}

function* formatHead({ report }: RunResult, page: Page): Iterable<string> {
  const { colors, width } = page;
  yield `${colors.bold(report.tool.name)} ${report.tool.version}\n\n`;
  const odd = report.inputs.filter((input) => !input.complete || input.problems.length > 0);
  // Whatever the number of inputs, those in trouble are named.
  const shown = new Set([...odd, ...report.inputs].slice(0, Math.max(MAX_INPUTS, odd.length)));
  const nameWidth = Math.min(
    Math.max(0, ...[...shown].map((input) => displayWidth(escapeForTerminal(input.name)))),
    Math.floor(width / 3),
  );
  let problems = 0;
  for (const input of report.inputs) {
    if (!shown.has(input)) continue;
    yield* formatInput(input, nameWidth, page);
    for (const { message, code } of input.problems)
      if (problems++ < MAX_PROBLEMS)
        yield wrap(escapeForTerminal(message), width, `    ${colors.red(code)}  `, '      ');
    if (input.problems.length === 0 && !input.complete) yield `    ${colors.red('not all of it could be read')}\n`;
  }
  if (problems > MAX_PROBLEMS) yield `    and ${formatCount(problems - MAX_PROBLEMS, 'more problem')}\n`;
  const rest = report.inputs.length - shown.size;
  if (rest > 0) yield colors.dim(`  and ${formatNumber(rest)} more, read whole`).concat('\n');

  const undecoded = Object.entries(report.summary.undecoded).sort(([, a], [, b]) => b - a);
  if (undecoded.length > 0) {
    const reasons = undecoded.map(([reason, frames]) => `${escapeForTerminal(reason)} ${formatNumber(frames)}`);
    yield flow(reasons, ', ', width, `  ${colors.yellow('not understood')}  `, '                  ');
  }
}

function* formatInput(input: InputReport, nameWidth: number, { width, colors }: Page): Iterable<string> {
  const name = escapeForTerminal(input.name);
  const details = [formatCount(input.frames, 'frame')];
  if (input.linkTypes.length > 0) details.push(input.linkTypes.map(escapeForTerminal).join(' + '));
  if (input.format !== null)
    details.push(input.compression === null ? input.format : `${input.format}, ${input.compression}`);
  if (input.firstTime !== null && input.lastTime !== null) details.push(...formatSpan(input.firstTime, input.lastTime));
  else if (input.frames > 0) details.push('no time');
  if (input.drops !== null && input.drops !== 0)
    details.push(colors.yellow(`${formatNumber(input.drops)} lost by the capture`));
  const fits = displayWidth(name) <= nameWidth;
  const hang = ' '.repeat(fits ? nameWidth + 4 : 4);
  if (!fits) yield `  ${colors.bold(name)}\n`;
  yield flow(details, colors.dim(' · '), width, fits ? `  ${colors.bold(pad(name, nameWidth))}  ` : hang, hang);
}

/** "2026-11-21 05:55:10.123 to 05:55:12.001 UTC", "1.9 s". */
function formatSpan(first: string, last: string): string[] {
  const sameDay = dayOf(first) === dayOf(last);
  const from = `${dayOf(first)} ${timeOfDay(first)}`;
  if (first === last) return [`${from} UTC`];
  const span = formatDuration(secondsBetween(first, last));
  return [`${from} to ${sameDay ? '' : `${dayOf(last)} `}${timeOfDay(last)} UTC`, span];
}

function* formatVerdicts(result: RunResult, page: Page): Iterable<string> {
  const { report, lostBesideSilence = 0 } = result;
  const { colors, width } = page;
  const { portZero, exchanges } = report.summary;
  yield '\n';
  if (exchanges.total === 0) {
    const where = extentOf(result) === 'all' ? '' : ', in what could be looked into';
    yield `  No SYN or RST, and nothing on port 0${where}.\n`;
    return;
  }
  const numberWidth = Math.max(formatNumber(exchanges.total).length, 8);
  const line = (name: string, zero: string, all: string, word: string) =>
    `  ${pad(name, 14)}${pad(zero, numberWidth, true)}${pad(all, numberWidth + 2, true)}   ${word}`.trimEnd();
  yield `${colors.dim(line('answer', 'port 0', 'all', 'nmap says'))}\n`;
  for (const verdict of VERDICTS) {
    if (exchanges[verdict] === 0) continue;
    const zero = portZero[verdict] === 0 ? colors.dim('-') : formatNumber(portZero[verdict]);
    yield `${line(verdictText(verdict, colors), zero, formatNumber(exchanges[verdict]), colors.dim(VERDICT_WORDS[verdict].state))}\n`;
    if (verdict === 'silent' && lostBesideSilence > 0)
      yield wrap(
        `the capture lost ${formatCount(lostBesideSilence, 'frame')}, so an answer may be among them`,
        width,
        `    ${colors.yellow('!')} `,
        '      ',
      );
  }
  yield `${line('total', formatNumber(portZero.total), formatNumber(exchanges.total), '')}\n`;
}

function* formatGroups({ report, groups }: RunResult, page: Page): Iterable<string> {
  const { width, colors } = page;
  const sorted = newFirst(bySeverity(groups), isKnownGroup);
  for (const group of sorted.slice(0, MAX_GROUPS)) {
    const input = report.inputs[group.input];
    const isLive = input?.format === 'live';
    yield '\n';
    const title = `${formatNumber(group.count)} × ${formatProbe(group)}`;
    const answer = `${verdictText(group.verdict, colors)} ${colors.dim(`(${stateText(group)})`)}`;
    const mark = isKnownGroup(group) ? knownText(colors) : severityText(group.severity, colors);
    yield flow([`${colors.bold(title)},`, answer], ' ', width, `${mark}  `, INDENT);
    if (group.ruleIds.length > 0)
      yield flow(
        group.ruleIds.map((id) => colors.dim(ruleName(id, group))),
        ' ',
        width,
        INDENT,
      );
    for (const known of group.known ?? [])
      yield wrap(escapeForTerminal(formatKnown(known)), width, INDENT, `${INDENT}  `);
    const facts: string[] = [];
    if (report.inputs.length > 1 && input !== undefined) facts.push(`in ${escapeForTerminal(input.name)}`);
    if (group.count > group.examples.length || group.count > MAX_EXAMPLES) {
      facts.push(`${distinctText(group.clients, 'client')}, ${distinctText(group.servers, 'server')}`);
      const { firstTime, lastTime } = group;
      facts.push(...(firstTime === null || lastTime === null ? ['no time'] : formatSpan(firstTime, lastTime)));
    }
    if (facts.length > 0) yield flow(facts, colors.dim(' · '), width, INDENT);
    for (const example of group.examples.slice(0, MAX_EXAMPLES)) yield* formatExample(example, group, page);
    const rest = group.count - Math.min(group.examples.length, MAX_EXAMPLES);
    if (rest > 0) yield `${INDENT}${colors.dim(`and ${formatNumber(rest)} more`)}\n`;
    yield wrap(groupFilter(group, isLive), width, `${INDENT}${colors.dim('Wireshark')} `, `${INDENT}          `);
  }
  const rest = sorted.slice(MAX_GROUPS);
  if (rest.length > 0) {
    const count = rest.reduce((sum, group) => sum + group.count, 0);
    yield `\n  and ${formatCount(count, 'more exchange')} of ${formatCount(rest.length, 'other kind')}\n`;
  }
}

/** As wide as the longest severity and two blanks. */
const INDENT = '         ';

function* formatExample(exchange: ExchangeReport, group: ExchangeGroup, page: Page): Iterable<string> {
  const { colors, width } = page;
  const { client, server, frames, retransmissions } = exchange;
  const time = startText(exchange, group);
  const deep = `${INDENT}  `;
  // An unsolicited answer is all there is: show the way that it went.
  const [from, to] = exchange.probe === null && !exchange.lateStart ? [server, client] : [client, server];
  const ends = [colors.dim(time), `${formatEndpoint(from)} ${colors.dim('→')}`, formatEndpoint(to)];
  const answer = formatAnswer(exchange);
  const facts = answer === '' ? [] : [answer];
  if (retransmissions > 0) facts.push(formatCount(retransmissions, 'retransmission'));
  if (exchange.established) facts.push('connection established');
  if (exchange.bytesToServer > 0) facts.push(`${formatCount(exchange.bytesToServer, 'byte')} to the server`);
  if (exchange.bytesToClient > 0) facts.push(`${formatCount(exchange.bytesToClient, 'byte')} to the client`);
  if (exchange.close !== null) facts.push(exchange.close === 'fin' ? 'closed by FIN' : 'closed by RST');
  if (exchange.anomalies.length > 0) facts.push(exchange.anomalies.join(', '));
  if (exchange.scope !== '') facts.push(`in ${exchange.scope}`);
  if (exchange.answerScope !== null)
    facts.push(`answered ${exchange.answerScope === '' ? 'untagged' : `in ${exchange.answerScope}`}`);
  facts.push(framesText(frames.all, frames.omitted));
  const line = `${INDENT}${ends.join(' ')}  ${facts.join(colors.dim(' · '))}\n`;
  if (displayWidth(line) <= width) yield line;
  else {
    yield flow(ends, ' ', width, INDENT, deep);
    yield flow(facts, colors.dim(' · '), width, deep);
  }
  for (const note of exchange.evidence.notes) yield wrap(note, width, `${deep}${colors.yellow('!')} `, `${deep}  `);
}

/** In a group of which something is new the rules that the baseline has are told from those that it has not. */
function ruleName(id: string, group: ExchangeGroup): string {
  const known = group.knownRuleIds ?? [];
  const isMixed = known.length > 0 && known.length < group.ruleIds.length;
  return `${escapeForTerminal(id)}${isMixed ? (known.includes(id) ? ' (known)' : ' (new)') : ''}`;
}

function* formatLooseFindings({ report }: RunResult, page: Page): Iterable<string> {
  const { width, colors } = page;
  const loose = newFirst(bySeverity(report.findings.filter((finding) => finding.exchange === null)), isKnown);
  if (loose.length === 0) return;
  yield '\n';
  for (const finding of loose.slice(0, MAX_LOOSE_FINDINGS)) {
    const { severity, ruleId, message, frames, framesOmitted, input, time, known } = finding;
    const mark = isKnown(finding) ? knownText(colors) : severityText(severity, colors);
    yield wrap(escapeForTerminal(message), width, `${mark}  `, INDENT);
    if (known !== undefined && known !== null)
      yield wrap(escapeForTerminal(formatKnown(known)), width, INDENT, `${INDENT}  `);
    const facts = [colors.dim(escapeForTerminal(ruleId))];
    if (report.inputs.length > 1 && frames.length > 0)
      facts.push(`in ${escapeForTerminal(report.inputs[input]?.name ?? '')}`);
    if (time !== null) facts.push(fullTime(time));
    if (frames.length > 0) facts.push(framesText(frames, framesOmitted));
    yield flow(facts, colors.dim(' · '), width, INDENT);
    if (frames.length > 0 && frames.length <= 8 && report.inputs[input]?.format !== 'live')
      yield wrap(framesFilter(frames), width, `${INDENT}${colors.dim('Wireshark')} `, `${INDENT}          `);
  }
  const rest = loose.length - MAX_LOOSE_FINDINGS;
  if (rest > 0) yield `${INDENT}and ${formatCount(rest, 'more finding')} of this kind\n`;
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
  yield `   ${counts.length === 0 ? colors.green('nothing flagged') : counts.join(', ')}\n`;
}

/** What the baseline has and this run has not. */
function* formatGoneFindings({ report }: RunResult, { width, colors }: Page): Iterable<string> {
  const gone = report.baseline?.gone ?? [];
  for (const each of gone.slice(0, MAX_GONE))
    yield wrap(escapeForTerminal(formatGone(each)), width, `${colors.green('-')}  `, '   ');
  const rest = gone.length - MAX_GONE;
  if (rest > 0) yield `   and ${formatCount(rest, 'more finding')} of the baseline that are gone\n`;
}

function stateText(group: ExchangeGroup): string {
  return group.reason === null ? group.state : `${group.state}, ${group.reason}`;
}

function distinctText(distinct: { readonly count: number; readonly atLeast: boolean }, word: string): string {
  return `${distinct.atLeast ? 'at least ' : ''}${formatCount(distinct.count, word)}`;
}

function framesText(frames: readonly number[], omitted = 0): string {
  return `${frames.length + omitted === 1 ? 'frame' : 'frames'} ${formatFrames(frames, omitted)}`;
}

function severityColor(severity: Severity, colors: Colors): (text: string) => string {
  return severity === 'error' ? colors.red : severity === 'warning' ? colors.yellow : colors.cyan;
}

/** In the place of a severity: what is known does not fail. */
function knownText(colors: Colors): string {
  return colors.dim(pad('known', 7));
}

function severityText(severity: Severity | null, colors: Colors, width = 7): string {
  if (severity === null) return pad('', width);
  return pad(severityColor(severity, colors)(severity), width);
}

const VERDICT_COLORS: Readonly<Record<Verdict, 'red' | 'green' | 'magenta' | 'yellow' | null>> = {
  accepted: 'red',
  refused: 'green',
  unreachable: 'yellow',
  silent: 'yellow',
  undecided: null,
  simultaneous: 'red',
  challenged: 'magenta',
  'invalid-reset': 'magenta',
  unsolicited: null,
};

function verdictText(verdict: Verdict, colors: Colors): string {
  const color = VERDICT_COLORS[verdict];
  return color === null ? verdict : colors[color](verdict);
}

/** Of an RFC 3339 time: "2026-11-21", "05:55:10.123456", and both. */
function dayOf(time: string): string {
  return time.slice(0, 10);
}

function timeOfDay(time: string): string {
  return time.slice(11, -1);
}

/** The time of day where the group says the day. */
function startText({ started }: ExchangeReport, { firstTime, lastTime }: ExchangeGroup): string {
  if (started === null) return 'no time';
  const saysDay = firstTime !== null && lastTime !== null && dayOf(firstTime) === dayOf(lastTime);
  return saysDay && started >= firstTime ? timeOfDay(started) : fullTime(started);
}

function fullTime(time: string): string {
  return `${dayOf(time)} ${timeOfDay(time)}`;
}
