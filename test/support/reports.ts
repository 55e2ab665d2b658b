import type {
  AnalysisReport,
  ExchangeGroup,
  ExchangeReport,
  FindingReport,
  InputReport,
  RunResult,
  SegmentReport,
  StreamReporterFactory,
  VerdictCounts,
} from '../../src/report/model/types.ts';
import { VERDICTS } from '../../src/track/exchange.ts';
import { countOverview } from './overview.ts';

/** Builders of report objects for tests, and whole sample runs. All are plain data that the report's schema accepts. */

export function makeSegmentReport(fields: Partial<SegmentReport> = {}): SegmentReport {
  return {
    frame: 1,
    time: '2026-11-21T05:55:10.123456Z',
    kind: 'probe',
    source: '192.0.2.1',
    acceptable: true,
    reason: 'probe',
    ttl: 64,
    hops: 0,
    ipId: 4711,
    dontFragment: true,
    flags: 'SYN',
    sequence: 1000,
    acknowledgment: 0,
    window: 64_240,
    options: 'mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7',
    payloadLength: 0,
    payloadText: null,
    icmp: null,
    repeats: 0,
    checksumBad: false,
    fingerprint: null,
    ...fields,
  };
}

/** By default a SYN from 192.0.2.1:59804 to 198.51.100.7:0 that was refused, in frames 1 and 2. */
export function makeExchangeReport(fields: Partial<ExchangeReport> = {}): ExchangeReport {
  const probe = makeSegmentReport();
  const answer = makeSegmentReport({
    frame: 2,
    time: '2026-11-21T05:55:10.123499Z',
    kind: 'reset',
    source: '198.51.100.7',
    reason: 'reset',
    ipId: 0,
    flags: 'RST,ACK',
    sequence: 0,
    acknowledgment: 1001,
    window: 0,
    options: '',
    fingerprint: 'R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=',
  });
  return {
    id: 1,
    input: 0,
    client: { address: '192.0.2.1', port: 59_804 },
    server: { address: '198.51.100.7', port: 0 },
    portZero: 'server',
    probe: 'syn',
    verdict: 'refused',
    state: 'closed',
    reason: 'reset',
    inferred: false,
    lateStart: false,
    answeredBy: '198.51.100.7',
    started: '2026-11-21T05:55:10.123456Z',
    answered: '2026-11-21T05:55:10.123499Z',
    latencyMs: 0.043,
    retransmissions: 0,
    frames: { probe: 1, answer: 2, all: [1, 2], count: 2, omitted: 0 },
    established: false,
    bytesToServer: 0,
    bytesToClient: 0,
    close: null,
    layers: ['ethernet', 'ipv4', 'tcp'],
    scope: '',
    answerScope: null,
    communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
    anomalies: [],
    evidence: { probe, answer, otherAnswers: [], segments: [], notes: [] },
    ...fields,
  };
}

/** The same with nobody answering. */
export function makeSilentReport(fields: Partial<ExchangeReport> = {}): ExchangeReport {
  return makeExchangeReport({
    verdict: 'silent',
    state: 'filtered',
    reason: 'no-response',
    answeredBy: null,
    answered: null,
    latencyMs: null,
    frames: { probe: 1, answer: null, all: [1], count: 1, omitted: 0 },
    evidence: { probe: makeSegmentReport(), answer: null, otherAnswers: [], segments: [], notes: [] },
    ...fields,
  });
}

export function makeFindingReport(fields: Partial<FindingReport> = {}): FindingReport {
  return {
    ruleId: 'syn-to-port-zero',
    severity: 'warning',
    message: 'SYN from 192.0.2.1 to port 0 of 198.51.100.7: refused by 198.51.100.7 (reset)',
    exchange: 1,
    input: 0,
    frames: [1, 2],
    time: '2026-11-21T05:55:10.123456Z',
    data: {},
    ...fields,
  };
}

export function makeInputReport(fields: Partial<InputReport> = {}): InputReport {
  return {
    name: 'refused.pcap',
    format: 'pcap',
    compression: null,
    linkTypes: ['EN10MB'],
    frames: 4,
    bytes: 296,
    firstTime: '2026-11-21T05:55:10.123456Z',
    lastTime: '2026-11-21T05:55:12.000001Z',
    complete: true,
    drops: null,
    problems: [],
    ...fields,
  };
}

function countVerdicts(exchanges: readonly ExchangeReport[]): VerdictCounts {
  const counts: Record<string, number> = { total: exchanges.length };
  for (const verdict of VERDICTS) counts[verdict] = exchanges.filter((exchange) => exchange.verdict === verdict).length;
  return counts as VerdictCounts;
}

/** One group for each way in which the exchanges of an input differ, as the analysis of one makes them. */
export function groupExchanges(
  exchanges: readonly ExchangeReport[],
  findings: readonly FindingReport[],
): ExchangeGroup[] {
  const groups = new Map<string, ExchangeReport[]>();
  const rulesOf = (id: number) => findings.filter((finding) => finding.exchange === id);
  for (const exchange of exchanges) {
    const found = rulesOf(exchange.id);
    if (found.length === 0) continue;
    const { input, portZero, probe, verdict, lateStart, reason } = exchange;
    const key = JSON.stringify([
      input,
      portZero,
      probe,
      verdict,
      lateStart,
      reason,
      found.map((finding) => finding.ruleId),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), exchange]);
  }
  return [...groups.values()].map((members) => {
    const first = members[0]!;
    const found = rulesOf(first.id);
    const severities = found.map((finding) => finding.severity);
    const times = members.map((member) => member.started).sort();
    return {
      input: first.input,
      inputs: 1,
      portZero: first.portZero,
      probe: first.probe,
      verdict: first.verdict,
      lateStart: first.lateStart,
      state: first.state,
      reason: first.reason,
      ruleIds: found.map((finding) => finding.ruleId),
      severity: severities.includes('error') ? 'error' : severities.includes('warning') ? 'warning' : 'info',
      count: members.length,
      clients: { count: new Set(members.map((member) => member.client.address)).size, atLeast: false },
      servers: { count: new Set(members.map((member) => member.server.address)).size, atLeast: false },
      firstTime: times[0]!,
      lastTime: times.at(-1)!,
      examples: members.slice(0, 3),
    };
  });
}

/** A whole run over the exchanges and findings; summary and groups follow from them unless given. */
export function makeRun(
  exchanges: readonly ExchangeReport[],
  findings: readonly FindingReport[],
  fields: Partial<AnalysisReport> & Partial<Pick<RunResult, 'groups' | 'expectations'>> = {},
): RunResult {
  const { groups, expectations, ...report } = fields;
  const frames = exchanges.reduce((sum, exchange) => sum + exchange.frames.all.length, 0);
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  return {
    report: {
      schemaVersion: 1,
      tool: { name: 'portzero', version: '0.1.0' },
      inputs: [makeInputReport()],
      summary: {
        frames,
        tcpSegments: frames,
        icmpErrors: 0,
        fragments: 0,
        notLookedInto: { frames: 0, reasons: {} },
        undecoded: {},
        exchanges: countVerdicts(exchanges),
        portZero: countVerdicts(exchanges.filter((exchange) => exchange.portZero !== null)),
        findings: { error: count('error'), warning: count('warning'), info: count('info') },
      },
      exchanges,
      findings,
      omitted: { exchanges: 0, findings: 0, evicted: 0, attempts: 0 },
      ...countOverview(exchanges),
      ...report,
    },
    groups: groups ?? groupExchanges(exchanges, findings),
    ...(expectations === undefined ? {} : { expectations }),
    elapsedMs: 12,
  };
}

/** Nothing to flag: one ordinary refused connection to port 80, not listed. */
export function emptyRun(): RunResult {
  const run = makeRun([], []);
  const counts = countVerdicts([makeExchangeReport({ portZero: null })]);
  return { ...run, report: { ...run.report, summary: { ...run.report.summary, frames: 4, exchanges: counts } } };
}

export function oneFindingRun(): RunResult {
  return makeRun([makeExchangeReport()], [makeFindingReport()]);
}

/** `count` exchanges from distinct clients: refused, silent and accepted in turn, each flagged, the accepted ones twice. */
export function manyFindingsRun(count: number): RunResult {
  const exchanges: ExchangeReport[] = [];
  const findings: FindingReport[] = [];
  for (let i = 0; i < count; i++) {
    const id = i + 1;
    const frames = [2 * i + 1, 2 * i + 2];
    const fields = {
      id,
      client: { address: `192.0.2.${i % 250}`, port: 1024 + (i % 60_000) },
      started: `2026-11-21T05:55:${String(10 + (i % 50)).padStart(2, '0')}.123456Z`,
      frames: { probe: frames[0]!, answer: frames[1]!, all: frames, count: frames.length, omitted: 0 },
    };
    if (i % 3 === 1) exchanges.push(makeSilentReport({ ...fields, frames: { ...fields.frames, answer: null } }));
    else if (i % 3 === 2)
      exchanges.push(makeExchangeReport({ ...fields, verdict: 'accepted', state: 'open', reason: 'syn-ack' }));
    else exchanges.push(makeExchangeReport(fields));
    findings.push(makeFindingReport({ exchange: id, frames }));
    if (i % 3 === 2)
      findings.push(
        makeFindingReport({
          exchange: id,
          frames,
          ruleId: 'port-zero-accepted',
          severity: 'error',
          message: 'accepted',
        }),
      );
  }
  return makeRun(exchanges, findings);
}

/** All that a file name, a payload or a plugin's message could try on whoever shows a report. */
export const HOSTILE =
  '\u001b[2J\u001b]0;owned\u0007\n::error::owned\r\n<script>alert("x")</script> & \'q\' "q", =1+1 %0A | `c` [l](u) {0} ' +
  '\u202e\u2066\u200b\ufeff\u0085\u009b31m\u0000\u007f\ufffe\ud800 \u{e0041}';

/** Hostile text wherever a report takes text from outside. */
export function hostileRun(): RunResult {
  const exchange = makeExchangeReport();
  const answer = { ...exchange.evidence.answer!, payloadText: 'go away\\x1b[2J', payloadLength: 12 };
  return makeRun(
    [
      {
        ...exchange,
        evidence: { ...exchange.evidence, answer, notes: ['The RST in frame 2 says: "go away\\x1b[2J".'] },
      },
    ],
    [
      makeFindingReport(),
      makeFindingReport({ ruleId: `own-${HOSTILE}`, severity: 'error', message: HOSTILE }),
      makeFindingReport({
        ruleId: 'port-zero-scan',
        exchange: null,
        message: HOSTILE,
        data: { client: '192.0.2.1', name: HOSTILE },
      }),
    ],
    {
      inputs: [
        makeInputReport({
          name: `=cmd${HOSTILE}.pcap`,
          complete: false,
          problems: [{ code: 'truncated-record', offset: 1234, frame: 5, message: `${HOSTILE}.pcap: ${HOSTILE}` }],
        }),
      ],
      expectations: [{ name: HOSTILE, held: true }],
    },
  );
}

/** The sample runs by name, for tests that go over all of them. */
export const SAMPLE_RUNS: ReadonlyArray<readonly [name: string, run: () => RunResult]> = [
  ['no finding', emptyRun],
  ['one finding', oneFindingRun],
  ['thousands of findings', () => manyFindingsRun(3000)],
  ['hostile names', hostileRun],
];

/** By code point, not by the property classes that the escaper uses. */
function isHarmful(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code <= 0x9f) ||
    code === 0xad ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0xfeff ||
    code === 0xfffe ||
    code === 0xffff ||
    (code >= 0xe0000 && code <= 0xe0fff)
  );
}

/** The characters of a text that may steer a terminal, hide or reorder text. Line feeds are for the caller to judge. */
export function harmfulIn(text: string): string[] {
  return [...text].filter((character) => isHarmful(character.codePointAt(0)!));
}

/** What a stream reporter writes of a run, fed as a command feeds it. */
export function streamRun(factory: StreamReporterFactory, run: RunResult): string {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const inputName = (input: number) => run.report.inputs[input]?.name ?? null;
  const reporter = factory(write, { width: 80, color: false, inputName });
  write(reporter.head?.() ?? '');
  const byId = new Map(run.report.exchanges.map((exchange) => [exchange.id, exchange]));
  for (const finding of run.report.findings) reporter.finding(finding, byId.get(finding.exchange ?? 0) ?? null);
  for (const exchange of run.report.exchanges) reporter.exchange(exchange);
  reporter.end(run);
  write(reporter.foot?.() ?? '');
  return text;
}
