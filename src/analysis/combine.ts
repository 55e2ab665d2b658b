import { type Count, toCount } from '../capture/source.ts';
import { type Broken, findBroken, mergeExpectationStates } from '../config/expectations.ts';
import { type InputGroup, mergeGroups } from '../report/model/merged-groups.ts';
import { describeOverview } from '../report/model/overview/overview.ts';
import { identifyFinding } from '../report/model/same-finding.ts';
import { addSummaries } from '../report/model/summary.ts';
import { formatTime } from '../report/model/time.ts';
import type { ExchangeReport, FindingReport, RunResult } from '../report/model/types.ts';
import { expectationMeta } from '../rules/expectation.ts';
import { VERSION } from '../version.ts';
import type { Severity } from '../words/severity.ts';
import { BaselineMatcher, compareBaseline } from './baseline.ts';
import type { AnalysisSettings, InputResult } from './types.ts';

/**
 * Puts the results of all inputs together in the order given: exchanges are numbered through by first frame, findings
 * follow their exchanges, and the expectations are checked against the whole.
 */
export function combineResults(results: readonly InputResult[], settings: AnalysisSettings): RunResult {
  const exchanges: ExchangeReport[] = [];
  const findings: FindingReport[] = [];
  const groups: InputGroup[] = [];
  const { maxListed } = settings;
  const omitted = { exchanges: 0, findings: 0, evicted: 0, attempts: 0 };
  const news = results.map((result) => newExchanges(result, settings.baseline !== undefined));
  /** What is new has room before what is known. */
  let [roomForNew, room] = [
    Math.min(
      maxListed,
      news.reduce((sum, ids) => sum + ids.size, 0),
    ),
    maxListed,
  ];
  room -= roomForNew;
  for (const [index, result] of results.entries()) {
    omitted.exchanges += result.omitted.exchanges;
    omitted.findings += result.omitted.findings;
    omitted.evicted += result.omitted.evicted;
    omitted.attempts += result.omitted.attempts;
    const numbers = new Map<number, number>();
    const inOrder = [...result.exchanges].sort(
      (a, b) => (a.frames.all[0] ?? 0) - (b.frames.all[0] ?? 0) || a.id - b.id,
    );
    for (const exchange of inOrder) {
      const isNew = news[index]!.has(exchange.id);
      if ((isNew ? roomForNew : room) === 0) {
        omitted.exchanges++;
        continue;
      }
      if (isNew) roomForNew--;
      else room--;
      const id = exchanges.length + 1;
      numbers.set(exchange.id, id);
      exchanges.push({ ...exchange, id });
    }
    const inFrames = [...result.findings].sort((a, b) => (a.frames[0] ?? 0) - (b.frames[0] ?? 0));
    for (const finding of inFrames) {
      const id = finding.exchange === null ? null : numbers.get(finding.exchange);
      if (id === undefined) omitted.findings++;
      else findings.push({ ...finding, exchange: id });
    }
    const renumber = (example: ExchangeReport) => ({ ...example, id: numbers.get(example.id) ?? example.id });
    groups.push(...result.groups.map((group) => ({ ...group, examples: group.examples.map(renumber) })));
  }
  const summary = addSummaries(results.map((result) => result.summary));
  const { expect } = settings.config;
  const states = mergeExpectationStates(results.map(({ expectations }) => expectations));
  const broken = findBroken(expect, states, { ...summary.notLookedInto, of: summary.frames });
  const baseline = settings.baseline === undefined ? null : new BaselineMatcher(settings.baseline);
  const brokenFindings = broken.map(formatBroken).map((finding) => {
    if (baseline === null) return finding;
    const known = baseline.find(identifyFinding(finding.ruleId, null, finding.data));
    if (known !== null) baseline.count(finding.severity);
    return { ...finding, known };
  });
  const compared =
    baseline === null
      ? null
      : compareBaseline([...results.map((result) => result.baseline), baseline.state()], settings);
  return {
    report: {
      schemaVersion: 1,
      tool: { name: 'portzero', version: VERSION },
      inputs: results.map(({ input }) => input),
      summary: {
        ...summary,
        findings: { ...summary.findings, error: summary.findings.error + brokenFindings.length },
      },
      exchanges,
      findings: [...findings, ...brokenFindings],
      omitted,
      ...describeOverview(results.map(({ overview }) => overview)),
      ...(compared === null ? {} : { baseline: compared.report }),
    },
    ...(compared === null ? {} : { added: compared.added }),
    groups: mergeGroups(groups),
    newByInput: results.map(countNewOf),
    lostBesideSilence: results.reduce(
      (total, { input, summary: { exchanges: counts } }) =>
        counts.silent > 0 ? toCount(BigInt(total) + BigInt(input.drops ?? 0)) : total,
      0 as Count,
    ),
    // Of a file nobody expects to hear it: classic pcap has no place for it.
    isLossUnknownBesideSilence: results.some(
      ({ input, summary: { exchanges: counts } }) =>
        counts.silent > 0 && input.format === 'live' && input.drops === null,
    ),
    untimed: results.reduce((total, { untimed }) => total + untimed, 0),
    ignored: results.reduce((total, { ignored }) => total + ignored, 0),
    expectations: expect.map((expectation) => ({
      name: expectation.name,
      held: !broken.some((other) => other.expectation === expectation),
    })),
    failOn: settings.config.failOn,
    elapsedMs: results.reduce((total, { elapsedMs }) => total + elapsedMs, 0),
  };
}
function countNewOf({ summary: { findings }, baseline }: InputResult): Readonly<Record<Severity, number>> {
  const known = baseline?.known ?? { error: 0, warning: 0, info: 0 };
  return {
    error: findings.error - known.error,
    warning: findings.warning - known.warning,
    info: findings.info - known.info,
  };
}

/** Ids of the exchanges of an input of which something is new: without a baseline all. */
function newExchanges({ exchanges, findings }: InputResult, hasBaseline: boolean): ReadonlySet<number> {
  if (!hasBaseline) return new Set(exchanges.map(({ id }) => id));
  return new Set(findings.flatMap(({ exchange, known }) => (exchange !== null && known === null ? [exchange] : [])));
}

export function formatBroken({ expectation, message, touched, broken, seen, late, examples }: Broken): FindingReport {
  // A finding has one input: that of the first exchange that broke it.
  const [first] = examples;
  const input = first?.input ?? 0;
  return {
    ruleId: expectationMeta.id,
    severity: expectationMeta.severity,
    message,
    exchange: null,
    input,
    frames: examples.flatMap((example) => (example.input === input ? example.frames : [])),
    framesOmitted: 0,
    time: first === undefined ? null : formatTime(first.started),
    ...(expectation.place === undefined ? {} : { place: expectation.place }),
    data: { name: expectation.name, touched, broken, seen, late },
  };
}
