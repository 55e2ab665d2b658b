import { formatEndpoint } from '../../words/endpoint.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount, formatFrameList, formatNumber } from '../../words/numbers.ts';
import { formatProbe } from '../../words/probes.ts';
import { bySeverity } from '../../words/severity.ts';
import { groupFilter } from '../display-filter.ts';
import { formatAnswer } from '../model/answer-phrase.ts';
import { isKnownGroup, newFirst } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import { formatOrigin, senderOf } from '../model/origin.ts';
import type { AnalysisReport, ExchangeGroup, ExchangeReport, RunResult } from '../model/types.ts';
import { displayWidth, flow, wrap } from './layout.ts';
import { dayOf, fullTime, knownText, type Page, severityText, spanTexts, timeOfDay, verdictText } from './text-page.ts';

const MAX_EXAMPLES = 3;
const MAX_GROUPS = 50;

/** What was flagged, the gravest first: exchanges that are alike in one block, with the first few of them. */
export function* formatGroups({ report, groups }: RunResult, page: Page): Iterable<string> {
  const sorted = newFirst(bySeverity(groups), isKnownGroup);
  for (const group of sorted.slice(0, MAX_GROUPS)) yield* formatGroup(group, report, page);
  const rest = sorted.slice(MAX_GROUPS);
  if (rest.length > 0) {
    const count = rest.reduce((sum, group) => sum + group.count, 0);
    const text = `and ${formatCount(count, 'more exchange')} of ${formatCount(rest.length, 'other kind')}`;
    yield `\n${wrap(text, page.width, '  ')}`;
  }
}

function* formatGroup(group: ExchangeGroup, report: AnalysisReport, page: Page): Iterable<string> {
  const { width, colors, indent } = page;
  const input = report.inputs[group.input];
  const mark = isKnownGroup(group) ? knownText(colors) : severityText(group.severity, colors);
  const isMerged = group.inputs > 1;
  const title = [`${colors.bold(`${formatNumber(group.count)} × ${formatProbe(group)}`)},`];
  title.push(`${verdictText(group.verdict, colors)} ${colors.dim(`(${stateText(group)})`)}${isMerged ? ',' : ''}`);
  if (isMerged) title.push(`in ${formatCount(group.inputs, 'capture')}`);
  yield '\n';
  yield flow(title, ' ', width, `${mark}  `, indent);
  if (group.ruleIds.length > 0) {
    const rules = group.ruleIds.map((id) => colors.dim(ruleName(id, group)));
    yield flow(rules, ' ', width, indent);
  }
  for (const known of group.known ?? [])
    yield wrap(escapeForTerminal(formatKnown(known)), width, indent, `${indent}  `);
  const facts: string[] = [];
  if (report.inputs.length > 1 && !isMerged && input !== undefined) facts.push(`in ${escapeForTerminal(input.name)}`);
  const saysSpan = group.count > group.examples.length || group.count > MAX_EXAMPLES;
  if (saysSpan) {
    facts.push(`${distinctText(group.clients, 'client')}, ${distinctText(group.servers, 'server')}`);
    facts.push(spanTexts(group.firstTime, group.lastTime).join(' '));
  }
  if (facts.length > 0) yield flow(facts, colors.dim(' · '), width, indent);
  // A day that was told is not said again, unless there are several.
  const told = saysSpan ? group : report.inputs.length === 1 ? input : undefined;
  const days = [told?.firstTime, told?.lastTime].map((time) => (typeof time === 'string' ? dayOf(time) : null));
  const day = days[0] === days[1] ? days[0]! : null;
  let looks: string | undefined;
  for (const example of group.examples.slice(0, MAX_EXAMPLES)) {
    const where = isMerged ? (report.inputs[example.input]?.name ?? null) : null;
    yield* formatExample(example, { where, day }, page);
    // What the one before looked like is not said again.
    const { looksLike } = example.evidence;
    if (looksLike !== undefined && looksLike.text !== looks) {
      looks = looksLike.text;
      yield wrap(escapeForTerminal(looks), width, `${indent}  ${colors.dim('≈')} `, `${indent}    `);
    }
  }
  const rest = group.count - Math.min(group.examples.length, MAX_EXAMPLES);
  if (rest > 0) yield `${indent}${colors.dim(`and ${formatNumber(rest)} more`)}\n`;
  yield wrap(
    groupFilter(group, input?.format === 'live'),
    width,
    `${indent}${colors.dim('Wireshark')} `,
    `${indent}  `,
  );
}

/** One exchange of a group. `where`: its capture, where the group does not tell that; `day`: one that was told. */
function* formatExample(
  exchange: ExchangeReport,
  { where, day }: { readonly where: string | null; readonly day: string | null },
  { width, colors, indent }: Page,
): Iterable<string> {
  const { client, server, started } = exchange;
  const time = started === null ? 'no time' : day === dayOf(started) ? timeOfDay(started) : fullTime(started);
  const deep = `${indent}  `;
  // An unsolicited answer is all there is: show the way that it went.
  const [from, to] = exchange.probe === null && !exchange.lateStart ? [server, client] : [client, server];
  const ends = [colors.dim(time), `${formatEndpoint(from)} ${colors.dim('→')}`, formatEndpoint(to)];
  const facts = factsOf(exchange);
  if (where !== null) facts.push(`in ${escapeForTerminal(where)}`);
  const line = `${indent}${ends.join(' ')}  ${facts.join(colors.dim(' · '))}\n`;
  if (displayWidth(line) <= width) yield line;
  else {
    yield flow(ends, ' ', width, indent, deep);
    yield flow(facts, colors.dim(' · '), width, deep);
  }
  for (const note of exchange.evidence.notes) yield wrap(note, width, `${deep}${colors.yellow('!')} `, `${deep}  `);
}

function factsOf(exchange: ExchangeReport): string[] {
  const { frames, retransmissions, bytesToServer, bytesToClient } = exchange;
  const answer = formatAnswer(exchange);
  const facts = answer === '' ? [] : [answer];
  const { origin } = senderOf(exchange);
  if (origin !== undefined) facts.push(`from ${escapeForTerminal(formatOrigin(origin))}`);
  if (retransmissions > 0) facts.push(formatCount(retransmissions, 'retransmission'));
  if (exchange.established) facts.push('connection established');
  if (bytesToServer > 0) facts.push(`${formatCount(bytesToServer, 'byte')} to the server`);
  if (bytesToClient > 0) facts.push(`${formatCount(bytesToClient, 'byte')} to the client`);
  if (exchange.close !== null) facts.push(exchange.close === 'fin' ? 'closed by FIN' : 'closed by RST');
  if (exchange.anomalies.length > 0) facts.push(exchange.anomalies.join(', '));
  if (exchange.scope !== '') facts.push(`in ${exchange.scope}`);
  if (exchange.answerScope !== null)
    facts.push(`answered ${exchange.answerScope === '' ? 'untagged' : `in ${exchange.answerScope}`}`);
  facts.push(formatFrameList(frames.all, frames.omitted));
  return facts;
}

/** In a group of which something is new the rules that the baseline has are told from those that it has not. */
function ruleName(id: string, group: ExchangeGroup): string {
  const known = group.knownRuleIds ?? [];
  const isMixed = known.length > 0 && known.length < group.ruleIds.length;
  return `${escapeForTerminal(id)}${isMixed ? (known.includes(id) ? ' (known)' : ' (new)') : ''}`;
}

function stateText(group: ExchangeGroup): string {
  return group.reason === null ? group.state : `${group.state}, ${group.reason}`;
}

function distinctText(distinct: { readonly count: number; readonly atLeast: boolean }, word: string): string {
  return `${distinct.atLeast ? 'at least ' : ''}${formatCount(distinct.count, word)}`;
}
