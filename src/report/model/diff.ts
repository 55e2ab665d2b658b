import { basename } from 'node:path';
import { formatEndpoint } from '../../words/endpoint.ts';
import { escapeForTerminal, escapeStrings, stringifySafely } from '../../words/escape.ts';
import { formatCount, formatFrameList, formatNumber } from '../../words/numbers.ts';
import { formatProbe } from '../../words/probes.ts';
import { createColors } from '../formats/colors.ts';
import { displayWidth, flow, MIN_WIDTH, pad, wrap } from '../formats/layout.ts';
import { identifyFinding, keyOfFinding } from './same-finding.ts';
import { faultOfReport } from './schema-check.ts';
import type {
  AnalysisReport,
  ExchangeReport,
  FindingReport,
  InputReport,
  ReportContext,
  SummaryReport,
} from './types.ts';

/** The count of the summaries that no answer is judged by. */
const FRAMES = 'frames';
/** What the counts of findings are named by. */
const FINDINGS = 'findings';
/** What an exchange's answer is judged by. */
const COMPARED = ['verdict', 'state', 'reason', 'answeredBy'] as const;

export interface FieldChange {
  readonly field: (typeof COMPARED)[number];
  readonly old: string | null;
  readonly new: string | null;
}

export interface ExchangeChange {
  readonly changes: readonly FieldChange[];
  readonly old: ExchangeReport;
  readonly new: ExchangeReport;
}

/** A number of the summaries that is not the same. */
export interface CountChange {
  /** As in "portZero.refused". */
  readonly name: string;
  readonly old: number;
  readonly new: number;
}

/** How the answers of one run differ from those of another. Plain data. */
export interface ReportDiff {
  readonly schemaVersion: 1;
  /** False when both runs say the same. */
  readonly changed: boolean;
  /**
   * What the summaries count differently: exchanges with port 0 by verdict, findings by severity, frames. A change of findings
   * makes `changed` true, one of verdicts where a list was cut; else the lists tell it, and what is in no list is not flagged.
   */
  readonly counts: readonly CountChange[];
  readonly exchanges: {
    readonly unchanged: number;
    readonly changed: readonly ExchangeChange[];
    readonly new: readonly ExchangeReport[];
    readonly gone: readonly ExchangeReport[];
    /** Listed in one report, where the list of the other was cut and may have left it out. */
    readonly unmatched: number;
  };
  /** Each once, as in a baseline: how often it came is in `counts`. */
  readonly findings: {
    readonly unchanged: number;
    readonly new: readonly FindingReport[];
    readonly gone: readonly FindingReport[];
    readonly unmatched: number;
  };
  /** Why the comparison may not tell all. */
  readonly warnings: readonly string[];
}

/**
 * Compares two reports. What differs between any two runs does not count: times, frames, ids, latencies, sequence numbers and
 * the client's ephemeral port. An exchange of one run is that of the other when it has the same input, client, server and
 * server port, port 0 at the same end, the same kind of probe, the same client port if that is below 1024 (then it was
 * chosen), and is the same in number among those that have all this in common, in the order of the report. What the lists
 * leave out is compared by the counts of the summaries.
 */
export function diffReports(old: AnalysisReport, current: AnalysisReport): ReportDiff {
  const [oldInputs, newInputs] = pairInputs(old.inputs, current.inputs);
  const oldKeys = numberKeys(old.exchanges, (exchange) => exchangeKey(exchange, oldInputs));
  const newKeys = numberKeys(current.exchanges, (exchange) => exchangeKey(exchange, newInputs));

  const changed: ExchangeChange[] = [];
  let unchanged = 0;
  for (const [key, before] of oldKeys) {
    const after = newKeys.get(key);
    if (after === undefined) continue;
    const changes = COMPARED.filter((field) => before[field] !== after[field]).map((field) => ({
      field,
      old: before[field],
      new: after[field],
    }));
    if (changes.length === 0) unchanged++;
    else changed.push({ changes, old: before, new: after });
  }
  const exchanges = {
    unchanged,
    changed,
    ...comeAndGone(oldKeys, newKeys, old.omitted.exchanges > 0, current.omitted.exchanges > 0),
  };

  const oldFindings = findingsByKey(old);
  const newFindings = findingsByKey(current);
  const findings = {
    unchanged: [...oldFindings.keys()].filter((key) => newFindings.has(key)).length,
    ...comeAndGone(oldFindings, newFindings, old.omitted.findings > 0, current.omitted.findings > 0),
  };

  const lists = [changed, exchanges.new, exchanges.gone, findings.new, findings.gone];
  const counts = compareCounts(old, current);
  // Two runs of the same test differ in frames: a retransmission more is no other answer. How often a finding came is told by
  // nothing but its count; verdicts are in the lists, where those are whole.
  const hasCut = isCut(old) || isCut(current);
  const tells = counts.filter(({ name }) => name.startsWith(`${FINDINGS}.`) || (hasCut && name !== FRAMES));
  return {
    schemaVersion: 1,
    changed: [...lists, tells].some((list) => list.length > 0),
    counts,
    exchanges,
    findings,
    warnings: describeLimits(old, current),
  };
}

/** What is in one list only. A list that was cut says nothing of what is missing from it. */
function comeAndGone<T>(
  old: ReadonlyMap<string, T>,
  current: ReadonlyMap<string, T>,
  isOldCut: boolean,
  isNewCut: boolean,
): { new: T[]; gone: T[]; unmatched: number } {
  const only = (these: ReadonlyMap<string, T>, others: ReadonlyMap<string, T>) =>
    [...these].filter(([key]) => !others.has(key)).map(([, item]) => item);
  const [come, gone] = [only(current, old), only(old, current)];
  return {
    new: isOldCut ? [] : come,
    gone: isNewCut ? [] : gone,
    unmatched: (isOldCut ? come.length : 0) + (isNewCut ? gone.length : 0),
  };
}

function compareCounts(old: AnalysisReport, current: AnalysisReport): CountChange[] {
  const [before, after] = [countsOf(old.summary), countsOf(current.summary)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({ name, old: before.get(name) ?? 0, new: after.get(name) ?? 0 }))
    .filter((count) => count.old !== count.new);
}

function countsOf({ frames, portZero, findings }: SummaryReport): Map<string, number> {
  const named = (group: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .filter(([, count]) => typeof count === 'number')
      .map(([name, count]) => [`${group}.${name}`, count] as const);
  return new Map([...named('portZero', portZero), ...named(FINDINGS, findings), [FRAMES, frames]]);
}

/**
 * Names under which the inputs of both reports are compared. Inputs of the same name belong together, then those of the same
 * file name (runs are kept in folders of their own), then what is left in order, if it is as many.
 */
function pairInputs(old: readonly InputReport[], current: readonly InputReport[]): [string[], string[]] {
  const oldNames = new Array<string | undefined>(old.length).fill(undefined);
  const newNames = new Array<string | undefined>(current.length).fill(undefined);
  let pairs = 0;
  const pair = (i: number, j: number) => {
    oldNames[i] = newNames[j] = `pair ${pairs++}`;
  };
  for (const nameOf of [(input: InputReport) => input.name, (input: InputReport) => basename(input.name)])
    for (const [i, input] of old.entries()) {
      if (oldNames[i] !== undefined) continue;
      const j = current.findIndex((other, at) => newNames[at] === undefined && nameOf(other) === nameOf(input));
      if (j >= 0) pair(i, j);
    }
  const oldRest = [...old.keys()].filter((i) => oldNames[i] === undefined);
  const newRest = [...current.keys()].filter((j) => newNames[j] === undefined);
  if (oldRest.length === newRest.length) for (const [at, i] of oldRest.entries()) pair(i, newRest[at]!);
  return [oldNames.map((name, i) => name ?? `old ${i}`), newNames.map((name, j) => name ?? `new ${j}`)];
}

function exchangeKey(exchange: ExchangeReport, inputs: readonly string[]): string {
  const { client, server, portZero, probe, scope } = exchange;
  const clientPort = client.port < 1024 ? client.port : null;
  return JSON.stringify([
    inputs[exchange.input],
    scope,
    client.address,
    clientPort,
    server.address,
    server.port,
    portZero,
    probe,
  ]);
}

/**
 * The same finding is what a baseline takes for the same (see same-finding.ts): in whichever capture, and however often. With
 * another severity it is told as gone and new: the lists of a difference have no other word for it.
 */
function findingsByKey({ exchanges, findings }: AnalysisReport): Map<string, FindingReport> {
  const byId = new Map(exchanges.map((exchange) => [exchange.id, exchange]));
  const byKey = new Map<string, FindingReport>();
  for (const finding of findings) {
    const { ruleId, severity, exchange, data } = finding;
    const ends = exchange === null ? null : (byId.get(exchange) ?? null);
    const key = JSON.stringify([keyOfFinding(identifyFinding(ruleId, ends, data)), severity]);
    if (!byKey.has(key)) byKey.set(key, finding);
  }
  return byKey;
}

/** By key and number among its equals. */
function numberKeys<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  const seen = new Map<string, number>();
  const numbered = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    numbered.set(`${key} ${count}`, item);
  }
  return numbered;
}

function isCut({ omitted }: AnalysisReport): boolean {
  return omitted.exchanges > 0 || omitted.findings > 0;
}

function describeLimits(old: AnalysisReport, current: AnalysisReport): string[] {
  const warnings: string[] = [];
  for (const [name, report] of [
    ['old', old],
    ['new', current],
  ] as const) {
    const { exchanges, findings } = report.omitted;
    if (isCut(report))
      warnings.push(
        `The lists of the ${name} report were cut (${formatCount(exchanges, 'exchange')} and ${formatCount(findings, 'finding')} left out, see --max-listed): by their counts alone can those be compared.`,
      );
    if (report.inputs.some((input) => !input.complete))
      warnings.push(`The ${name} report is about input that could not be read to its end.`);
  }
  return warnings;
}

/** Reads the text of a JSON report. Throws an Error with one line for a person when it is none, or does not fit its schema. */
export function parseReport(text: string): AnalysisReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON (${escapeForTerminal(error instanceof Error ? error.message : String(error))})`);
  }
  const report = value as Partial<AnalysisReport> | null;
  if (typeof report !== 'object' || report === null || report.tool?.name !== 'portzero')
    throw new Error('not a report of portzero (written with --format json or --report x.json)');
  const version: unknown = report.schemaVersion;
  if (version !== 1)
    throw new Error(
      typeof version === 'number'
        ? `schemaVersion ${version} is not supported, only 1`
        : 'schemaVersion is missing, or no number',
    );
  const fault = faultOfReport(report);
  if (fault !== null) throw new Error(`not a report as its schema has it: ${escapeForTerminal(fault)}`);
  return withLaterKeys(report as AnalysisReport);
}

/** Reports of versions before lack keys that have come since: what they would say there is known. */
function withLaterKeys(report: AnalysisReport): AnalysisReport {
  const exchanges = report.exchanges.map((exchange) => ({
    ...exchange,
    inferred: exchange.inferred ?? false,
    lateStart: exchange.lateStart ?? false,
    answerScope: exchange.answerScope ?? null,
    frames: {
      ...exchange.frames,
      count: exchange.frames.count ?? exchange.frames.all.length,
      omitted: exchange.frames.omitted ?? 0,
    },
  }));
  return { ...report, exchanges, omitted: { ...report.omitted, attempts: report.omitted.attempts ?? 0 } };
}

/** The difference as JSON. */
export function* formatDiffJson(diff: ReportDiff): Iterable<string> {
  yield `${stringifySafely(diff, 2)}\n`;
}

/** The difference for a person. Reports come from files: whatever text is in them is made fit for a line first. */
export function* formatDiffText(raw: ReportDiff, context: ReportContext): Iterable<string> {
  const diff = escapeStrings(raw);
  const colors = createColors(context.color);
  const width = Math.max(context.width, MIN_WIDTH);
  const { exchanges, findings, warnings } = diff;
  for (const { old, new: current, changes } of exchanges.changed) {
    yield wrap(describeEnds(current), width, `${colors.yellow('changed')}  `, INDENT);
    for (const { field, old: before, new: after } of changes) {
      const name = pad(field, Math.max(...changes.map((change) => displayWidth(change.field))));
      yield wrap(
        `${before ?? 'none'} ${colors.dim('→')} ${colors.bold(after ?? 'none')}`,
        width,
        `${INDENT}${name}  `,
        INDENT,
      );
    }
    yield flow([`old ${framesOf(old)},`, `new ${framesOf(current)}`].map(colors.dim), ' ', width, INDENT);
  }
  for (const [word, paint, list] of [
    ['new', colors.green, exchanges.new],
    ['gone', colors.red, exchanges.gone],
  ] as const)
    for (const exchange of list) {
      yield wrap(describeEnds(exchange), width, `${paint(pad(word, 7))}  `, INDENT);
      yield flow([`${exchange.verdict} (${exchange.state}),`, colors.dim(framesOf(exchange))], ' ', width, INDENT);
    }
  for (const [word, paint, list] of [
    ['new', colors.green, findings.new],
    ['gone', colors.red, findings.gone],
  ] as const)
    for (const { ruleId, severity, message } of list)
      yield wrap(`${severity} ${ruleId}: ${message}`, width, `${paint(pad(word, 7))}  finding: `, INDENT);
  const names = diff.counts.map(({ name }) => name);
  const nameWidth = Math.max(...names.map(displayWidth));
  for (const [i, count] of diff.counts.entries())
    yield `${colors.yellow('count')}    ${pad(names[i]!, nameWidth)}  ${formatNumber(count.old)} ${colors.dim('→')} ${colors.bold(formatNumber(count.new))}\n`;
  for (const warning of warnings) yield wrap(warning, width, `${colors.yellow('!')}  `, '   ');
  if (!diff.changed) {
    yield `${colors.green('no change')}: ${formatCount(exchanges.unchanged, 'exchange')}, ${formatCount(findings.unchanged, 'finding')}\n`;
    return;
  }
  const total = (name: string, parts: readonly string[], unmatched: number) => {
    const cut = unmatched === 0 ? [] : [`${formatNumber(unmatched)} not in the list that was cut`];
    return flow([...parts, ...cut], ', ', width, pad(`${name}:`, 11), ' '.repeat(11));
  };
  const sizes = ({ new: come, gone, unchanged }: ReportDiff['exchanges'] | ReportDiff['findings']) => [
    `${formatNumber(come.length)} new`,
    `${formatNumber(gone.length)} gone`,
    `${formatNumber(unchanged)} the same`,
  ];
  yield total(
    'exchanges',
    [`${formatNumber(exchanges.changed.length)} changed`, ...sizes(exchanges)],
    exchanges.unmatched,
  );
  yield total('findings', sizes(findings), findings.unmatched);
}

/** As wide as "changed" and two blanks. */
const INDENT = '         ';

function describeEnds(exchange: ExchangeReport): string {
  const { client, server } = exchange;
  return `${formatEndpoint(client)} → ${formatEndpoint(server)}  ${formatProbe(exchange)}`;
}

function framesOf(exchange: ExchangeReport): string {
  return formatFrameList(exchange.frames.all, exchange.frames.omitted);
}
