import type { RuleMeta } from '../../engine/types.ts';
import { escapeForTerminal, stringifySafely } from '../../words/escape.ts';
import { formatCount, formatFrameList } from '../../words/numbers.ts';
import type { Severity } from '../../words/severity.ts';
import { SEVERITIES } from '../../words/severity.ts';
import { exchangeFilter, framesFilter } from '../display-filter.ts';
import { formatGone, isKnown } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import { ruleMetas } from '../model/rule-texts.ts';
import { fingerprintOfFinding, identifyFinding } from '../model/same-finding.ts';
import type {
  BaselineReport,
  DocumentReporter,
  ExchangeReport,
  FindingReport,
  InputReport,
  RunResult,
} from '../model/types.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** GitHub code scanning refuses a run with more than 25,000 results, and a file of more than 10 MB (packed; this is unpacked). */
const MAX_RESULTS = 24_999;
const MAX_BYTES = 10 * 1024 * 1024;
/** Shares of that: captures by name, and what was wrong with them. Results have what is left. */
const MAX_ARTIFACT_BYTES = 1024 * 1024;
const MAX_NOTIFICATION_BYTES = 1024 * 1024;
/** Findings of the baseline that are gone, and are told one by one; and characters of each. */
const MAX_GONE = 100;
const MAX_GONE_LENGTH = 1000;
/** Heads, braces, and notifications about what was left out. */
const SPARE_BYTES = 64 * 1024;
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

/**
 * SARIF 2.1.0 (OASIS): one run, the captures as artifacts, the findings as results. It stays below what code scanning takes,
 * the gravest findings first, and its notifications say what it leaves out.
 */
export const formatSarif: DocumentReporter = function* (result) {
  const { report } = result;
  const ids = [...new Set([...ruleMetas.map((meta) => meta.id), ...report.findings.map((finding) => finding.ruleId)])];
  const driver = stringifySafely({
    name: report.tool.name,
    version: report.tool.version,
    semanticVersion: report.tool.version,
    shortDescription: { text: 'Who put the reserved TCP port 0 on the wire, and how did the other stack answer?' },
    rules: ids.map((id) =>
      describeRule(
        id,
        ruleMetas.find((meta) => meta.id === id),
      ),
    ),
    notifications: [...new Set(report.inputs.flatMap((input) => input.problems.map((problem) => problem.code)))].map(
      (id) => ({ id }),
    ),
  });
  const properties = stringifySafely({
    summary: report.summary,
    omitted: report.omitted,
    ...(report.baseline === undefined ? {} : { baseline: { ...report.baseline, gone: report.baseline.gone.length } }),
  });
  const artifacts = new Artifacts(report.inputs);
  const problems = describeProblems(report.inputs, artifacts);
  const goneText = describeGone(report.baseline);
  const room =
    MAX_BYTES -
    MAX_ARTIFACT_BYTES -
    SPARE_BYTES -
    bytesOf(driver) -
    bytesOf(properties) -
    problems.bytes -
    bytesOf(goneText.join(','));
  const results = describeResults(result, new Map(ids.map((id, index) => [id, index])), artifacts, room);

  yield `{\n"$schema": "${SCHEMA}",\n"version": "2.1.0",\n"runs": [{\n`;
  yield `"tool": {"driver":${driver}},\n`;
  const notifications = [...problems.shown, ...goneText, ...describeOmissions(result, results.length, problems.left)];
  yield `"invocations": [{"executionSuccessful":${report.inputs.every((input) => input.complete)},"toolExecutionNotifications":[${notifications.join(',')}]}],\n`;
  yield `"artifacts": [${artifacts.shown.join(',')}],\n`;
  yield '"columnKind": "utf16CodeUnits",\n';
  yield `"properties": ${properties},\n`;
  yield '"results": [';
  for (const [index, text] of results.entries()) yield `${index === 0 ? '\n' : ',\n'}${text}`;
  yield '\n]\n}]\n}\n';
};

/** Captures by name, as long as there is room: all of them in their order, or where they are too many those that are pointed at. */
class Artifacts {
  readonly shown: string[] = [];
  readonly #inputs: readonly InputReport[];
  readonly #indexes = new Map<number, number>();
  #bytes = 0;

  constructor(inputs: readonly InputReport[]) {
    this.#inputs = inputs;
    for (let input = 0; input < inputs.length && this.#bytes <= MAX_ARTIFACT_BYTES; input++) this.#add(input);
    if (this.#bytes <= MAX_ARTIFACT_BYTES) return;
    this.shown.length = 0;
    this.#indexes.clear();
    this.#bytes = 0;
  }

  /** Where a capture stands among the artifacts; undefined when there is no room for it, as its URI says all. */
  indexOf(input: number): number | undefined {
    const index = this.#indexes.get(input);
    if (index !== undefined || this.#bytes > MAX_ARTIFACT_BYTES / 2) return index;
    this.#add(input);
    return this.#indexes.get(input);
  }

  #add(input: number): void {
    const text = stringifySafely({ location: { uri: artifactUri(this.#inputs[input]!.name) } });
    this.#bytes += bytesOf(text) + 1;
    this.#indexes.set(input, this.shown.length);
    this.shown.push(text);
  }
}

/** What was wrong with the inputs, a notification each, and how many there was no room for. */
function describeProblems(
  inputs: readonly InputReport[],
  artifacts: Artifacts,
): { shown: string[]; bytes: number; left: number } {
  const shown: string[] = [];
  let bytes = 0;
  let left = 0;
  for (const [index, input] of inputs.entries()) {
    for (const { code, message, offset, frame } of input.problems) {
      const text = stringifySafely({
        descriptor: { id: code },
        level: 'error',
        message: { text: escapeMessage(message) },
        locations: [locationOf(input, index, artifacts)],
        properties: { offset, frame },
      });
      if (bytes + bytesOf(text) > MAX_NOTIFICATION_BYTES) left++;
      else {
        shown.push(text);
        bytes += bytesOf(text) + 1;
      }
    }
  }
  return { shown, bytes, left };
}

/** Not as results that are "absent": code scanning would show these as alerts. */
function describeGone(baseline: BaselineReport | undefined): string[] {
  const { file = '', gone = [] } = baseline ?? {};
  const texts = gone.slice(0, MAX_GONE).map((each) =>
    stringifySafely({
      level: 'note',
      message: { text: escapeMessage(`Of the baseline, ${formatGone(each)}.`.slice(0, MAX_GONE_LENGTH)) },
      locations: [lineOf({ file, line: each.line })],
    }),
  );
  const rest = gone.length - texts.length;
  if (rest > 0) {
    const text = `Of the baseline, ${formatCount(rest, 'more finding')} ${isAre(rest)} gone.`;
    texts.push(stringifySafely({ level: 'note', message: { text } }));
  }
  return texts;
}

function describeOmissions({ report }: RunResult, listed: number, problems: number): string[] {
  const findings = report.omitted.findings + report.findings.length - listed;
  const texts: string[] = [];
  if (findings > 0) texts.push(`${formatCount(findings, 'more finding')} ${isAre(findings)} counted but not listed.`);
  if (problems > 0)
    texts.push(`${formatCount(problems, 'more problem')} of captures ${isAre(problems)} counted but not listed.`);
  return texts.map((text) => stringifySafely({ level: 'warning', message: { text } }));
}

function isAre(count: number): string {
  return count === 1 ? 'is' : 'are';
}

/** The results in the order of the report; where there is no room for all, what is new, then the gravest, and of these the first. */
function describeResults(
  { report }: RunResult,
  ruleIndex: ReadonlyMap<string, number>,
  artifacts: Artifacts,
  room: number,
): string[] {
  const exchanges = new Map(report.exchanges.map((exchange) => [exchange.id, exchange]));
  const seen = new Map<string, number>();
  const texts: string[] = [];
  const order: number[] = [];
  let left = room;
  for (const [severity, known] of [false, true].flatMap((it) =>
    SEVERITIES.map((severity) => [severity, it] as const),
  )) {
    for (const [at, finding] of report.findings.entries()) {
      if (finding.severity !== severity || isKnown(finding) !== known || texts.length === MAX_RESULTS) continue;
      const exchange = finding.exchange === null ? null : (exchanges.get(finding.exchange) ?? null);
      const text = stringifySafely(describeResult(finding, exchange, report.inputs, { ruleIndex, artifacts, seen }));
      const bytes = bytesOf(text) + 2;
      // A shorter one may have room yet.
      if (bytes > left) continue;
      left -= bytes;
      texts.push(text);
      order.push(at);
    }
  }
  if (texts.length < report.findings.length) return texts;
  return [...texts.keys()].sort((a, b) => order[a]! - order[b]!).map((at) => texts[at]!);
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function describeRule(id: string, meta: RuleMeta | undefined): object {
  const common = {
    id,
    name: id.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
  };
  // A rule of the user's own: its words are not known here, its findings bring their messages.
  if (meta === undefined) return { ...common, shortDescription: { text: escapeForTerminal(id) } };
  return {
    ...common,
    shortDescription: { text: sentence(meta.summary) },
    fullDescription: { text: meta.meaning },
    help: {
      text: `${meta.meaning}\n\nWhat to do: ${meta.action}`,
      markdown: `${meta.meaning}\n\n**What to do.** ${meta.action}`,
    },
    defaultConfiguration: { level: LEVELS[meta.severity] },
    properties: { tags: ['security', 'network', 'tcp-port-0'] },
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

interface ResultContext {
  readonly ruleIndex: ReadonlyMap<string, number>;
  readonly artifacts: Artifacts;
  /** How often each fingerprint has come. */
  readonly seen: Map<string, number>;
}

function describeResult(
  finding: FindingReport,
  exchange: ExchangeReport | null,
  inputs: readonly InputReport[],
  { ruleIndex, artifacts, seen }: ResultContext,
): object {
  const { ruleId, severity, frames, framesOmitted = 0, data, time, place, known } = finding;
  const input = inputs[finding.input];
  const where = frames.length === 0 ? '' : ` (${formatFrameList(frames, framesOmitted)})`;
  const identity = identifyFinding(ruleId, exchange, data);
  const fingerprint = fingerprintOfFinding(identity, input?.name);
  const occurrence = (seen.get(fingerprint) ?? 0) + 1;
  seen.set(fingerprint, occurrence);
  return {
    ruleId,
    ruleIndex: ruleIndex.get(ruleId),
    level: LEVELS[severity],
    message: { text: escapeMessage(`${finding.message}${where}`) },
    // A broken expectation is shown where it is written: no capture is at fault.
    ...(place !== undefined
      ? { locations: [lineOf(place)] }
      : input === undefined
        ? {}
        : { locations: [locationOf(input, finding.input, artifacts)] }),
    // The name is the one that GitHub code scanning looks for, and so is the form: hash, colon, occurrence.
    partialFingerprints: {
      primaryLocationLineHash: `${fingerprint}:${occurrence}`,
      'portzeroFinding/v1': fingerprintOfFinding(identity),
    },
    ...(known === undefined ? {} : { baselineState: known === null ? 'new' : 'unchanged' }),
    ...(known === undefined || known === null
      ? {}
      : {
          suppressions: [
            { kind: 'external', status: 'accepted', justification: escapeForTerminal(formatKnown(known)) },
          ],
        }),
    properties: {
      frames,
      framesOmitted,
      time,
      data,
      ...(exchange === null ? {} : { exchange: withoutEvidence(exchange) }),
      ...(frames.length === 0 && exchange === null
        ? {}
        : { displayFilter: exchange === null ? framesFilter(frames) : exchangeFilter(exchange) }),
    },
  };
}

function withoutEvidence({ evidence, ...rest }: ExchangeReport): object {
  return { ...rest, notes: evidence.notes };
}

function locationOf(input: InputReport, index: number, artifacts: Artifacts): object {
  // A capture has no lines, but code scanning shows a result only where it has one.
  return {
    physicalLocation: {
      artifactLocation: { uri: artifactUri(input.name), index: artifacts.indexOf(index) },
      region: { startLine: 1 },
    },
  };
}

function lineOf({ file, line }: { readonly file: string; readonly line: number }): object {
  return { physicalLocation: { artifactLocation: { uri: artifactUri(file) }, region: { startLine: line } } };
}

/** RFC 3986: every character of a name that has a meaning in a URI is percent-encoded; slashes part the path. */
export function artifactUri(name: string): string {
  const path = name.replace(/\p{Cs}/gu, '\ufffd').replace(/^([A-Za-z]:)[\\/]/, '/$1/');
  const isWindows = path !== name && /^\/[A-Za-z]:\//.test(path);
  const encoded = (isWindows ? path.replaceAll('\\', '/') : path).split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${encoded.replace(/^\/([A-Za-z])%3A\//, '/$1:/')}` : encoded;
}

/** SARIF §3.11: braces are placeholders and brackets with parentheses links, unless escaped. */
function escapeMessage(text: string): string {
  return escapeForTerminal(text).replaceAll('{', '{{').replaceAll('}', '}}').replaceAll('](', ']\\(');
}
