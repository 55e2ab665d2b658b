import { VERDICTS } from '../../track/exchange.ts';
import { formatCount, formatLatency, formatNumber } from '../../words/numbers.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { formatMissed, formatRemedies } from './looked-into.ts';
import type { ExchangeGroup, ExchangeReport, RunResult } from './types.ts';

/** Most names that a sentence bears. */
const MAX_NAMED = 3;

/**
 * The answer in plain words: who put port 0 on the wire, and how did the other stack answer? It is about what was flagged,
 * and says how much was not. One to five sentences.
 */
export function formatConclusion(result: RunResult): string {
  const { summary, inputs } = result.report;
  const { portZero } = summary;
  const incomplete = inputs.some((input) => !input.complete);
  const sentences: string[] = [];

  const missed = describeMissed(result);
  if (portZero.total === 0) {
    sentences.push(describeNobody(result));
    sentences.push(...missed);
    const udp = result.report.findings.filter((finding) => finding.ruleId === 'udp-port-zero').length;
    if (udp > 0) sentences.push('UDP datagrams went to port 0, though.');
    return sentences.join(' ');
  }

  const flagged = result.groups.filter((group) => group.portZero !== null && group.severity !== null);
  const asked = flagged.filter((group) => group.probe !== null);
  if (asked.length > 0) sentences.push(describeAsked(asked));
  const late = flagged.filter((group) => group.lateStart);
  if (late.length > 0) {
    const count = countOf(late);
    sentences.push(`Of ${formatCount(count, 'conversation')} over port 0 the capture does not hold the start.`);
  }
  const unsolicited = countOf(flagged) - countOf(asked) - countOf(late);
  if (unsolicited > 0)
    sentences.push(
      `${formatCount(unsolicited, 'answer')} from or to port 0 ${wasWere(unsolicited)} ${VERDICT_WORDS.unsolicited.phrase}: backscatter of forged packets, or the capture began too late.`,
    );
  const rest = portZero.total - countOf(flagged);
  if (rest > 0)
    sentences.push(describeRest(rest, result.ignored ?? 0, flagged.length > 0 ? 'more exchange' : 'exchange'));
  const { untimed = 0 } = result;
  if (untimed > 0)
    sentences.push(
      `${formatCount(untimed, 'packet')} had no time stamp, so rates (scans, floods) and waiting times could not be judged.`,
    );
  sentences.push(...missed);
  if (incomplete && missed.length === 0) sentences.push('Not all of the input could be read.');
  return sentences.join(' ');
}

/** Problems that say of an input what the summary's notLookedInto says of all. */
const UNSEEN = new Set(['link-type-unknown', 'nothing-understood', 'not-looked-into']);

/**
 * How much is known where no port 0 was seen: "nobody" is said only of inputs that were read whole, and of which each frame
 * was looked into.
 */
export function extentOf({ report }: RunResult): 'all' | 'read' | 'looked-into' | 'nothing' {
  const { inputs, summary } = report;
  if (summary.notLookedInto.frames === 0) return inputs.every((input) => input.complete) ? 'all' : 'read';
  const nothing = inputs.every(
    ({ frames, problems }) =>
      frames === 0 || problems.some(({ code }) => UNSEEN.has(code) && code !== 'not-looked-into'),
  );
  return nothing ? 'nothing' : 'looked-into';
}

function describeNobody(result: RunResult): string {
  switch (extentOf(result)) {
    case 'all':
      return 'Nobody used TCP port 0.';
    case 'read':
      return 'No TCP port 0 in what could be read.';
    case 'looked-into':
      return 'No TCP port 0 in what could be looked into.';
    case 'nothing':
      return 'Nothing could be looked into, so nothing is known of TCP port 0.';
  }
}

/** How many frames could not be looked into, why, and what helps; and whether some could not be read. */
function describeMissed({ report }: RunResult): string[] {
  const { summary, inputs } = report;
  const { notLookedInto } = summary;
  if (notLookedInto.frames === 0) return [];
  const unread = inputs.some(({ complete, problems }) => !complete && !problems.every(({ code }) => UNSEEN.has(code)));
  return [
    `${formatMissed(notLookedInto, summary.frames)}.`,
    formatRemedies(notLookedInto.reasons),
    unread ? 'Not all of the input could be read.' : '',
  ].filter((sentence) => sentence !== '');
}

function describeAsked(groups: readonly ExchangeGroup[]): string {
  const asked = countOf(groups);
  const who = capitalize(nameEnds(groups, 'client'));
  const towards = `, towards ${nameEnds(groups, 'server')}`;
  const counts = VERDICTS.map((verdict) => ({
    verdict,
    count: countOf(groups.filter((group) => group.verdict === verdict)),
  })).filter(({ count }) => count > 0);
  const phrase = VERDICT_WORDS[counts[0]!.verdict].phrase;
  if (asked === 1)
    return `${who} put port 0 on the wire once${towards}, and was ${phrase}${describeAnswer(groups[0]!.examples[0])}.`;
  const answers =
    counts.length === 1
      ? `${asked === 2 ? 'both' : 'all'} were ${phrase}`
      : counts
          .map(({ verdict, count }) => `${formatNumber(count)} ${wasWere(count)} ${VERDICT_WORDS[verdict].phrase}`)
          .join(', ');
  return `${who} put port 0 on the wire ${asked === 2 ? 'twice' : `in ${formatNumber(asked)} exchanges`}${towards}: ${answers}.`;
}

/** Exchanges with port 0 that nothing was said of: those to ignore, and those whose rules are off. */
function describeRest(rest: number, ignored: number, word: string): string {
  const exchanges = `${formatCount(rest, word)} with port 0 ${wasWere(rest)}`;
  if (ignored === 0) return `${exchanges} not flagged.`;
  if (ignored === rest) return `${exchanges} ignored, as the configuration says: counted, not flagged.`;
  return `${exchanges} not flagged, ${formatNumber(ignored)} of them ignored, as the configuration says.`;
}

function countOf(groups: readonly ExchangeGroup[]): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}

function describeAnswer(exchange: ExchangeReport | undefined): string {
  if (exchange === undefined) return '';
  const { answeredBy, latencyMs, server, verdict, reason } = exchange;
  if (exchange.inferred) return ', which the capture does not hold but what followed shows';
  const kind = verdict === 'unreachable' && reason !== null ? ` (${reason})` : '';
  const by = answeredBy !== null && answeredBy !== server.address ? ` by ${answeredBy}` : '';
  return `${kind}${by}${latencyMs === null ? '' : ` after ${formatLatency(latencyMs)}`}`;
}

/** "192.0.2.1", "192.0.2.1 and 192.0.2.2", "12 sources", "at least 12 sources". */
function nameEnds(groups: readonly ExchangeGroup[], end: 'client' | 'server'): string {
  const names = new Set<string>();
  let complete = true;
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
  const only = groups.length === 1 ? groups[0]![`${end}s`] : null;
  return complete || only?.atLeast === false ? count : `at least ${count}`;
}

function wasWere(count: number): string {
  return count === 1 ? 'was' : 'were';
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
