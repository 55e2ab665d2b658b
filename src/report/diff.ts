import { basename } from 'node:path';
import pc from 'picocolors';
import { escapeForTerminal, stringifySafely } from './escape.ts';
import { displayWidth, flow, MAX_WIDTH, MIN_WIDTH, pad, wrap } from './layout.ts';
import type { AnalysisReport, ExchangeReport, FindingReport, InputReport, ReportContext } from './types.ts';
import { formatCount, formatEndpoint, formatFrames, formatProbe } from './words.ts';

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

/** How the answers of one run differ from those of another. Plain data. */
export interface ReportDiff {
  readonly schemaVersion: 1;
  /** False when both runs say the same. */
  readonly changed: boolean;
  readonly exchanges: {
    readonly unchanged: number;
    readonly changed: readonly ExchangeChange[];
    readonly new: readonly ExchangeReport[];
    readonly gone: readonly ExchangeReport[];
  };
  readonly findings: {
    readonly unchanged: number;
    readonly new: readonly FindingReport[];
    readonly gone: readonly FindingReport[];
  };
  /** Why the comparison may not tell all. */
  readonly warnings: readonly string[];
}

/**
 * Compares two reports. What differs between any two runs does not count: times, frames, ids, latencies, sequence numbers and
 * the client's ephemeral port. An exchange of one run is that of the other when it has the same input, client, server and
 * server port, port 0 at the same end, the same kind of probe, the same client port if that is below 1024 (then it was
 * chosen), and is the same in number among those that have all this in common, in the order of the report.
 */
export function diffReports(old: AnalysisReport, current: AnalysisReport): ReportDiff {
  const [oldInputs, newInputs] = pairInputs(old.inputs, current.inputs);
  const oldKeys = numberKeys(old.exchanges, (exchange) => exchangeKey(exchange, oldInputs));
  const newKeys = numberKeys(current.exchanges, (exchange) => exchangeKey(exchange, newInputs));

  const changed: ExchangeChange[] = [];
  const gone: ExchangeReport[] = [];
  let unchanged = 0;
  for (const [key, before] of oldKeys) {
    const after = newKeys.get(key);
    if (after === undefined) {
      gone.push(before);
      continue;
    }
    const changes = COMPARED.filter((field) => before[field] !== after[field]).map((field) => ({
      field,
      old: before[field],
      new: after[field],
    }));
    if (changes.length === 0) unchanged++;
    else changed.push({ changes, old: before, new: after });
  }
  const added = [...newKeys].filter(([key]) => !oldKeys.has(key)).map(([, exchange]) => exchange);

  const oldFindings = numberKeys(old.findings, findingKeys(oldKeys, oldInputs));
  const newFindings = numberKeys(current.findings, findingKeys(newKeys, newInputs));
  const findings = {
    unchanged: [...oldFindings.keys()].filter((key) => newFindings.has(key)).length,
    new: [...newFindings].filter(([key]) => !oldFindings.has(key)).map(([, finding]) => finding),
    gone: [...oldFindings].filter(([key]) => !newFindings.has(key)).map(([, finding]) => finding),
  };

  const warnings = describeLimits(old, current);
  const lists = [changed, gone, added, findings.new, findings.gone];
  // Where not all is listed, the counts are all there is to tell a change by.
  const countsDiffer = isLimited(old, current) && JSON.stringify(countsOf(old)) !== JSON.stringify(countsOf(current));
  if (countsDiffer) warnings.push('The counts of exchanges with port 0 differ.');
  return {
    schemaVersion: 1,
    changed: countsDiffer || lists.some((list) => list.length > 0),
    exchanges: { unchanged, changed, new: added, gone },
    findings,
    warnings,
  };
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

/** Findings are told apart by rule, severity and what they are about: an exchange, or the ends and names in their data. */
function findingKeys(
  exchanges: ReadonlyMap<string, ExchangeReport>,
  inputs: readonly string[],
): (finding: FindingReport) => string {
  const keys = new Map([...exchanges].map(([key, exchange]) => [exchange.id, key]));
  return ({ ruleId, severity, exchange, input, data }) => {
    const { client, server, name, to } = data;
    const about = exchange === null ? [client, server, name, to] : keys.get(exchange);
    // A broken expectation is about the whole run, whatever the input that it happens to name.
    return JSON.stringify([ruleId, severity, name === undefined ? inputs[input] : null, about]);
  };
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

function countsOf(report: AnalysisReport): unknown {
  // By name, for the order of keys is not the reader's to rely on.
  return Object.entries(report.summary.portZero).sort(([a], [b]) => (a < b ? -1 : 1));
}

function isLimited(...reports: readonly AnalysisReport[]): boolean {
  return reports.some(({ omitted }) => omitted.exchanges > 0 || omitted.findings > 0);
}

function describeLimits(old: AnalysisReport, current: AnalysisReport): string[] {
  const warnings: string[] = [];
  for (const [name, report] of [
    ['old', old],
    ['new', current],
  ] as const) {
    if (isLimited(report))
      warnings.push(`The ${name} report does not list everything: only what is listed was compared.`);
    if (report.inputs.some((input) => !input.complete))
      warnings.push(`The ${name} report is about input that could not be read to its end.`);
  }
  return warnings;
}

/**
 * Reads the text of a JSON report. Throws an Error with one line for a person when it is none; what is in the lists is taken
 * on trust.
 */
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
  if (report.schemaVersion !== 1)
    throw new Error(`schemaVersion ${JSON.stringify(report.schemaVersion)} is not supported, only 1`);
  for (const list of ['inputs', 'exchanges', 'findings'] as const)
    if (!Array.isArray(report[list])) throw new Error(`not a whole report: ${list} is missing`);
  for (const part of ['summary', 'omitted'] as const)
    if (typeof report[part] !== 'object') throw new Error(`not a whole report: ${part} is missing`);
  return report as AnalysisReport;
}

/** The difference as JSON. */
export function* formatDiffJson(diff: ReportDiff): Iterable<string> {
  yield `${stringifySafely(diff, 2)}\n`;
}

/** The difference for a person. */
export function* formatDiffText(diff: ReportDiff, context: ReportContext): Iterable<string> {
  const colors = pc.createColors(context.color);
  const width = Math.min(Math.max(context.width, MIN_WIDTH), MAX_WIDTH);
  const { exchanges, findings, warnings } = diff;
  for (const { old, new: current, changes } of exchanges.changed) {
    yield `${colors.yellow('changed')}  ${describeEnds(current)}\n`;
    for (const { field, old: before, new: after } of changes) {
      const name = pad(field, Math.max(...changes.map((change) => displayWidth(change.field))));
      yield `         ${name}  ${before ?? 'none'} ${colors.dim('→')} ${colors.bold(after ?? 'none')}\n`;
    }
    yield `         ${colors.dim(`old ${framesOf(old)}, new ${framesOf(current)}`)}\n`;
  }
  for (const [word, paint, list] of [
    ['new', colors.green, exchanges.new],
    ['gone', colors.red, exchanges.gone],
  ] as const)
    for (const exchange of list) {
      yield `${paint(pad(word, 7))}  ${describeEnds(exchange)}\n`;
      yield `         ${exchange.verdict} (${exchange.state}), ${colors.dim(framesOf(exchange))}\n`;
    }
  for (const [word, paint, list] of [
    ['new', colors.green, findings.new],
    ['gone', colors.red, findings.gone],
  ] as const)
    for (const { ruleId, severity, message } of list)
      yield wrap(
        `${severity} ${escapeForTerminal(ruleId)}: ${escapeForTerminal(message)}`,
        width,
        `${paint(pad(word, 7))}  finding: `,
        '         ',
      );
  for (const warning of warnings) yield wrap(warning, width, `${colors.yellow('!')}  `, '   ');
  if (!diff.changed) {
    yield `${colors.green('no change')}: ${formatCount(exchanges.unchanged, 'exchange')}, ${formatCount(findings.unchanged, 'finding')}\n`;
    return;
  }
  yield flow(
    [
      `${exchanges.changed.length} changed`,
      `${exchanges.new.length} new`,
      `${exchanges.gone.length} gone`,
      `${exchanges.unchanged} the same`,
    ],
    ', ',
    width,
    'exchanges: ',
  );
  yield `findings:  ${findings.new.length} new, ${findings.gone.length} gone, ${findings.unchanged} the same\n`;
}

function describeEnds(exchange: ExchangeReport): string {
  const { client, server, portZero, probe } = exchange;
  return `${formatEndpoint(client)} → ${formatEndpoint(server)}  ${formatProbe(probe, portZero)}`;
}

function framesOf(exchange: ExchangeReport): string {
  return `frames ${formatFrames(exchange.frames.all)}`;
}
