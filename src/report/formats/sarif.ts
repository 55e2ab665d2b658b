import { createHash } from 'node:crypto';
import type { RuleMeta } from '../../engine/types.ts';
import { escapeForTerminal, stringifySafely } from '../../words/escape.ts';
import { formatFrames, formatNumber } from '../../words/numbers.ts';
import type { Severity } from '../../words/severity.ts';
import { SEVERITIES } from '../../words/severity.ts';
import { exchangeFilter, framesFilter } from '../display-filter.ts';
import { ruleMetas } from '../model/rule-texts.ts';
import type { DocumentReporter, ExchangeReport, FindingReport, InputReport, RunResult } from '../model/types.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** GitHub code scanning refuses a run with more results than this. */
const MAX_RESULTS = 25_000;
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

/** SARIF 2.1.0 (OASIS): one run, the captures as artifacts, the findings as results. */
export const formatSarif: DocumentReporter = function* (result) {
  const { report } = result;
  const findings = selectFindings(report.findings);
  const ids = [...new Set([...ruleMetas.map((meta) => meta.id), ...findings.map((finding) => finding.ruleId)])];
  const ruleIndex = new Map(ids.map((id, index) => [id, index]));
  const exchanges = new Map(report.exchanges.map((exchange) => [exchange.id, exchange]));
  const driver = {
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
  };
  yield `{\n"$schema": "${SCHEMA}",\n"version": "2.1.0",\n"runs": [{\n`;
  yield `"tool": ${stringifySafely({ driver })},\n`;
  yield `"invocations": ${stringifySafely([describeInvocation(result, findings.length)])},\n`;
  const artifacts = report.inputs.map((input) => ({ location: { uri: artifactUri(input.name) } }));
  yield `"artifacts": ${stringifySafely(artifacts)},\n`;
  yield '"columnKind": "utf16CodeUnits",\n';
  yield `"properties": ${stringifySafely({ summary: report.summary, omitted: report.omitted })},\n`;
  yield '"results": [';
  const seen = new Map<string, number>();
  let separator = '\n';
  for (const finding of findings) {
    const exchange = finding.exchange === null ? null : (exchanges.get(finding.exchange) ?? null);
    const index = ruleIndex.get(finding.ruleId)!;
    yield separator + stringifySafely(describeResult(finding, exchange, report.inputs, index, seen));
    separator = ',\n';
  }
  yield '\n]\n}]\n}\n';
};

function selectFindings(findings: readonly FindingReport[]): readonly FindingReport[] {
  if (findings.length <= MAX_RESULTS) return findings;
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity)).slice(
    0,
    MAX_RESULTS,
  );
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

function describeInvocation({ report }: RunResult, listed: number): object {
  const notifications: object[] = report.inputs.flatMap((input, index) =>
    input.problems.map((problem) => ({
      descriptor: { id: problem.code },
      level: 'error',
      message: { text: escapeMessage(problem.message) },
      locations: [locationOf(input, index)],
      properties: { offset: problem.offset, frame: problem.frame },
    })),
  );
  const missing = report.omitted.findings + report.findings.length - listed;
  if (missing > 0)
    notifications.push({
      level: 'warning',
      message: { text: `${formatNumber(missing)} more findings are counted but not listed.` },
    });
  return {
    executionSuccessful: report.inputs.every((input) => input.complete),
    toolExecutionNotifications: notifications,
  };
}

function describeResult(
  finding: FindingReport,
  exchange: ExchangeReport | null,
  inputs: readonly InputReport[],
  ruleIndex: number,
  seen: Map<string, number>,
): object {
  const { ruleId, severity, frames, framesOmitted = 0, data, time } = finding;
  const input = inputs[finding.input];
  const where =
    frames.length === 0 ? '' : ` (${frames.length === 1 ? 'frame' : 'frames'} ${formatFrames(frames, framesOmitted)})`;
  const fingerprint = fingerprintOf(finding, exchange, input);
  const occurrence = (seen.get(fingerprint) ?? 0) + 1;
  seen.set(fingerprint, occurrence);
  return {
    ruleId,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: escapeMessage(`${finding.message}${where}`) },
    ...(input === undefined ? {} : { locations: [locationOf(input, finding.input)] }),
    // The name is the one that GitHub code scanning looks for, and so is the form: hash, colon, occurrence.
    partialFingerprints: { primaryLocationLineHash: `${fingerprint}:${occurrence}` },
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

function locationOf(input: InputReport, index: number): object {
  // A capture has no lines, but code scanning shows a result only where it has one.
  return {
    physicalLocation: { artifactLocation: { uri: artifactUri(input.name), index }, region: { startLine: 1 } },
  };
}

/** The same for the same thing in another run: no times, frames, ids or ephemeral ports. */
function fingerprintOf(
  finding: FindingReport,
  exchange: ExchangeReport | null,
  input: InputReport | undefined,
): string {
  const parts: unknown[] = [finding.ruleId, input?.name];
  if (exchange === null) parts.push(finding.data.client, finding.data.server, finding.data.name);
  else parts.push(exchange.client.address, exchange.server, exchange.portZero, exchange.probe, exchange.verdict);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
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
