import type { Verdict } from '../../track/exchange.ts';
import { VERDICTS } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { isKnownGroup, newFirst } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import type { ExchangeReport, FindingReport, RunResult, TimelineReport, TopReport } from '../model/types.ts';
import { groupKey, type PageGroup } from './alike.ts';
import { shortNames } from './paths.ts';

/** Exchanges that a page lists; the rest it only counts. Ten thousand open in a blink and filter without a wait. */
const PAGE_EXCHANGES = 10_000;
/** Runs of frame numbers kept of one exchange. */
const FRAME_RUNS = 500;

/** An exchange as the page gets it: the frames as ranges, since a long conversation has thousands of them. */
export interface PageExchange extends Omit<ExchangeReport, 'frames'> {
  readonly frames: {
    readonly probe: number | null;
    readonly answer: number | null;
    readonly count: number;
    /** As in "1..3,9": Wireshark's words for a set. */
    readonly ranges: string;
    /** Frames that the ranges leave out. */
    readonly cut: number;
  };
}

/** A finding without its data, which the message says in words. */
export type PageFinding = Pick<FindingReport, 'ruleId' | 'severity' | 'message' | 'exchange' | 'known'>;

/** What the page's script reads. */
export interface PagePayload {
  /** Names of the inputs, without the folder that all are in. */
  readonly inputs: readonly string[];
  readonly verdicts: readonly { readonly id: Verdict; readonly label: string; readonly meaning: string }[];
  /** Sorted by severity, then as the report has them. */
  readonly exchanges: readonly PageExchange[];
  /** Those of listed exchanges. */
  readonly findings: readonly PageFinding[];
  /** Exchanges that would be listed, but are only counted. */
  readonly unlisted: number;
  /** Of all exchanges with port 0, listed or not: how many, when, and between whom. */
  readonly total: number;
  readonly timeline: TimelineReport;
  readonly top: TopReport;
  /** Flagged exchanges that are alike, listed or not: the gravest first, and those that a baseline has last. */
  readonly groups: readonly PageGroup[];
}

export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1 };

/** Of a finding that the baseline has, whatever its severity. */
export const KNOWN_RANK = 0.5;

/** Chooses what the page lists: the gravest exchanges first where there are too many. */
export function buildPayload({ report, groups }: RunResult): PagePayload {
  const ranks = new Map<number, number>();
  for (const { exchange, severity, known } of report.findings) {
    // What the baseline has goes behind what is new.
    const rank = known === undefined || known === null ? SEVERITY_RANK[severity] : KNOWN_RANK;
    if (exchange !== null) ranks.set(exchange, Math.max(ranks.get(exchange) ?? 0, rank));
  }
  let listed = report.exchanges;
  if (listed.length > PAGE_EXCHANGES) {
    const rank = (exchange: ExchangeReport) => ranks.get(exchange.id) ?? 0;
    listed = [...listed].sort((a, b) => rank(b) - rank(a)).slice(0, PAGE_EXCHANGES);
  }
  const ids = new Set(listed.map(({ id }) => id));
  const flagged = groups.reduce((sum, { count }) => sum + count, 0);
  const flaggedListed = listed.reduce((sum, { id }) => sum + (ranks.has(id) ? 1 : 0), 0);
  return {
    inputs: shortNames(report.inputs),
    verdicts: VERDICTS.map((id) => ({ id, label: VERDICT_WORDS[id].label, meaning: VERDICT_WORDS[id].meaning })),
    exchanges: listed.map((exchange) => ({ ...exchange, frames: packFrames(exchange.frames) })),
    unlisted: Math.max(flagged - flaggedListed, report.omitted.exchanges + report.exchanges.length - listed.length),
    total: report.summary.portZero.total,
    timeline: report.timeline,
    top: report.top,
    groups: describeGroups(groups),
    findings: report.findings.flatMap(({ ruleId, severity, message, exchange, known }) =>
      exchange !== null && ids.has(exchange)
        ? [{ ruleId, severity, message, exchange, ...(known === undefined ? {} : { known }) }]
        : [],
    ),
  };
}

function describeGroups(groups: RunResult['groups']): PageGroup[] {
  const flagged = groups.flatMap(({ severity, ...group }) => (severity === null ? [] : [{ ...group, severity }]));
  flagged.sort((a, b) => SEVERITY_RANK[b.severity] - SEVERITY_RANK[a.severity] || b.count - a.count);
  return newFirst(flagged, isKnownGroup).map((group) => {
    const { portZero, probe, verdict, lateStart, state, reason, ruleIds, knownRuleIds = [] } = group;
    const { severity, count, clients, servers, inputs, input, firstTime, lastTime, examples } = group;
    const shared = { portZero, probe, verdict, lateStart, state, reason, ruleIds, knownRuleIds };
    const named = (ends: typeof clients, name = '') => ({
      ...ends,
      name: ends.count === 1 && name !== '' ? name : null,
    });
    return {
      key: groupKey(shared),
      ...shared,
      severity,
      known: (group.known ?? []).map(formatKnown),
      count,
      clients: named(clients, examples[0]?.client.address),
      servers: named(servers, examples[0]?.server.address),
      inputs,
      input,
      firstTime,
      lastTime,
    };
  });
}

function packFrames({ probe, answer, all, count, omitted }: ExchangeReport['frames']): PageExchange['frames'] {
  const { ranges, cut } = frameRanges(all);
  return { probe, answer, count, ranges, cut: cut + omitted };
}

/** Frame numbers as the ranges of Wireshark's set membership, as in "1..3,9"; `cut` of them did not fit. */
export function frameRanges(frames: readonly number[]): { readonly ranges: string; readonly cut: number } {
  const sorted = [...new Set(frames)].sort((a, b) => a - b);
  const runs: string[] = [];
  let index = 0;
  while (index < sorted.length && runs.length < FRAME_RUNS) {
    const first = sorted[index]!;
    let last = first;
    while (sorted[++index] === last + 1) last++;
    runs.push(first === last ? String(first) : last === first + 1 ? `${first},${last}` : `${first}..${last}`);
  }
  return { ranges: runs.join(','), cut: sorted.length - index };
}
