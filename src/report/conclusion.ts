import { VERDICTS } from '../track/exchange.ts';
import type { ExchangeGroup, ExchangeReport, RunResult, VerdictCounts } from './types.ts';
import { formatCount, formatLatency, formatNumber, VERDICT_PHRASES } from './words.ts';

/** Most names that a sentence bears. */
const MAX_NAMED = 3;

/** The answer in plain words: who put port 0 on the wire, and how did the other stack answer? One to three sentences. */
export function formatConclusion(result: RunResult): string {
  const { summary, inputs } = result.report;
  const { portZero } = summary;
  const incomplete = inputs.some((input) => !input.complete);
  const asked = portZero.total - portZero.unsolicited;
  const sentences: string[] = [];

  if (portZero.total === 0) {
    sentences.push(incomplete ? 'Nobody used TCP port 0 in what could be read.' : 'Nobody used TCP port 0.');
    const udp = result.report.findings.filter((finding) => finding.ruleId === 'udp-port-zero').length;
    if (udp > 0) sentences.push('UDP datagrams went to port 0, though.');
    return sentences.join(' ');
  }

  const groups = result.groups.filter((group) => group.portZero !== null && group.probe !== null);
  if (asked > 0) sentences.push(describeAsked(asked, portZero, groups));
  if (portZero.unsolicited > 0)
    sentences.push(
      `${formatCount(portZero.unsolicited, 'answer')} from or to port 0 ${wasWere(portZero.unsolicited)} ${VERDICT_PHRASES.unsolicited}: backscatter of forged packets, or the capture began too late.`,
    );
  if (incomplete) sentences.push('Not all of the input could be read.');
  return sentences.join(' ');
}

function describeAsked(asked: number, counts: VerdictCounts, groups: readonly ExchangeGroup[]): string {
  const who = capitalize(nameEnds(groups, asked, 'client') ?? 'somebody');
  const whom = nameEnds(groups, asked, 'server');
  const towards = whom === null ? '' : `, towards ${whom}`;
  const verdicts = VERDICTS.filter((verdict) => verdict !== 'unsolicited' && counts[verdict] > 0);
  if (asked === 1) {
    const answer = groups[0] === undefined ? '' : describeAnswer(groups[0].examples[0]);
    return `${who} put port 0 on the wire once${towards}, and was ${VERDICT_PHRASES[verdicts[0]!]}${answer}.`;
  }
  const answers =
    verdicts.length === 1
      ? `${asked === 2 ? 'both' : 'all'} were ${VERDICT_PHRASES[verdicts[0]!]}`
      : verdicts
          .map((verdict) => `${formatNumber(counts[verdict])} ${wasWere(counts[verdict])} ${VERDICT_PHRASES[verdict]}`)
          .join(', ');
  return `${who} put port 0 on the wire ${asked === 2 ? 'twice' : `in ${formatNumber(asked)} exchanges`}${towards}: ${answers}.`;
}

function describeAnswer(exchange: ExchangeReport | undefined): string {
  if (exchange === undefined) return '';
  const { answeredBy, latencyMs, server, verdict, reason } = exchange;
  const kind = verdict === 'unreachable' && reason !== null ? ` (${reason})` : '';
  const by = answeredBy !== null && answeredBy !== server.address ? ` by ${answeredBy}` : '';
  return `${kind}${by}${latencyMs === null ? '' : ` after ${formatLatency(latencyMs)}`}`;
}

/** "192.0.2.1", "192.0.2.1 and 192.0.2.2", "At least 12 sources"; null when nothing is known of them. */
function nameEnds(groups: readonly ExchangeGroup[], asked: number, end: 'client' | 'server'): string | null {
  const known = groups.reduce((sum, group) => sum + group.count, 0);
  if (known === 0) return null;
  const names = new Set<string>();
  let complete = known === asked;
  let most = 0;
  for (const group of groups) {
    const distinct = group[`${end}s`];
    const seen = new Set(group.examples.map((example) => example[end].address));
    for (const name of seen) names.add(name);
    if (distinct.atLeast || distinct.count > seen.size) complete = false;
    most = Math.max(most, distinct.count);
  }
  if (complete && names.size <= MAX_NAMED) {
    const list = [...names];
    return list.length === 1 ? list[0]! : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;
  }
  const count = formatCount(Math.max(most, names.size), end === 'client' ? 'source' : 'target');
  // Groups may share ends, so their counts do not add up; that of one group that is everything is exact.
  const only = groups.length === 1 && known === asked ? groups[0]![`${end}s`] : null;
  return complete || only?.atLeast === false ? count : `at least ${count}`;
}

function wasWere(count: number): string {
  return count === 1 ? 'was' : 'were';
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
