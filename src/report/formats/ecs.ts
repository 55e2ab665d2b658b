import { stringifySafely } from '../../words/escape.ts';
import type { Severity } from '../../words/severity.ts';
import { endsOfFinding, isAboutDatagrams, type MaybeEnd } from '../model/finding-ends.ts';
import { datagramDigest, exchangeDigest, findingDigest } from '../model/flow-name.ts';
import { formatMissed } from '../model/looked-into.ts';
import { ruleText } from '../model/rule-texts.ts';
import type {
  AnalysisReport,
  ExchangeReport,
  FindingReport,
  StatsReport,
  StreamReporterFactory,
} from '../model/types.ts';

/*
 * Elastic Common Schema, one JSON document a line (elastic.co/docs/reference/ecs): an exchange is an `event`, a finding an `alert`, the
 * run's and a live run's counters are a `metric`. What ECS has no field for stands under `portzero`, which ECS leaves to us.
 */

const ECS_VERSION = '9.4.0';

/** Higher is worse; log.level has the same in words. */
const SEVERITY_NUMBERS: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 };

type Outcome = 'success' | 'failure' | 'unknown';
/** How the attempt to connect came out for who made it. */
function outcomeOf({ verdict }: ExchangeReport): Outcome {
  if (verdict === 'accepted' || verdict === 'simultaneous') return 'success';
  return verdict === 'refused' || verdict === 'unreachable' || verdict === 'silent' ? 'failure' : 'unknown';
}

export const streamEcs: StreamReporterFactory = (write, { inputName }) => {
  const writeDocument = (document: object) => write(`${stringifySafely(document)}\n`);
  const captureOf = (input: number) => inputName(input) ?? undefined;
  return {
    exchange: (exchange) => writeDocument(exchangeDocument(exchange, captureOf(exchange.input))),
    finding: (finding, exchange) => writeDocument(findingDocument(finding, exchange, captureOf(finding.input))),
    stats: (stats) => writeDocument(statsDocument(stats)),
    end: ({ report }) => writeDocument(summaryDocument(report)),
  };
};

/** What every document has. `time` is null where there is none: ECS wants the time at which it was met then. */
function base(time: string | null, tool: { readonly version: string } | null) {
  return {
    '@timestamp': time ?? new Date().toISOString(),
    ecs: { version: ECS_VERSION },
    observer: { product: 'portzero', type: 'sensor', ...(tool === null ? {} : { version: tool.version }) },
  };
}

function exchangeDocument(exchange: ExchangeReport, capture: string | undefined): object {
  const { started } = exchange;
  return {
    ...base(started, null),
    message: `${exchange.probe ?? 'answer'} ${exchange.verdict}: ${exchange.state}${exchange.reason === null ? '' : `, ${exchange.reason}`}`,
    event: {
      kind: 'event',
      category: ['network'],
      type: ['connection', ...(exchange.verdict === 'unsolicited' ? ['info'] : [])],
      outcome: outcomeOf(exchange),
      module: 'portzero',
      dataset: 'portzero.exchange',
      id: exchangeDigest(exchange).toString('hex', 0, 16),
      start: started ?? undefined,
    },
    ...flow(exchange),
    portzero: { capture, ...exchangeFields(exchange) },
  };
}

function findingDocument(finding: FindingReport, exchange: ExchangeReport | null, capture: string | undefined): object {
  const { ruleId, severity, time, known } = finding;
  const { summary, meaning } = ruleText(ruleId);
  const isUdp = isAboutDatagrams(finding);
  const digest = exchange !== null ? exchangeDigest(exchange) : isUdp ? datagramDigest(finding) : null;
  return {
    ...base(time, null),
    message: finding.message,
    event: {
      kind: 'alert',
      category: ['network', 'intrusion_detection'],
      type: ['info'],
      severity: SEVERITY_NUMBERS[severity],
      module: 'portzero',
      dataset: 'portzero.finding',
      // The same finding in another run has it too; two rules on one exchange have two.
      id: `${(digest ?? findingDigest(finding)).toString('hex', 0, 16)}-${ruleId}`,
    },
    log: { level: severity },
    rule: { id: ruleId, name: summary, description: meaning, ruleset: 'portzero' },
    ...(exchange !== null ? flow(exchange) : flowOfFinding(finding, isUdp)),
    portzero: {
      capture,
      ...(exchange === null
        ? { frames: finding.frames, frame_count: finding.frames.length + (finding.framesOmitted ?? 0) }
        : exchangeFields(exchange)),
      ...(known === undefined
        ? {}
        : { known: known !== null, ...(known === null ? {} : { known_since: known.since }) }),
    },
  };
}

/** Under names of our own what ECS has none for: the fields of the JSON report, with underscores. */
function exchangeFields(exchange: ExchangeReport): object {
  const { frames, evidence } = exchange;
  return {
    port_zero: exchange.portZero,
    probe: exchange.probe,
    verdict: exchange.verdict,
    state: exchange.state,
    reason: exchange.reason,
    inferred: exchange.inferred,
    late_start: exchange.lateStart,
    answered_by: exchange.answeredBy,
    answered: exchange.answered,
    latency_ms: exchange.latencyMs,
    retransmissions: exchange.retransmissions,
    established: exchange.established,
    close: exchange.close,
    probe_frame: frames.probe,
    answer_frame: frames.answer,
    frames: frames.all,
    frame_count: frames.count,
    layers: exchange.layers,
    scope: exchange.scope,
    answer_scope: exchange.answerScope,
    anomalies: exchange.anomalies,
    fingerprint: evidence.answer?.fingerprint ?? null,
    ...(exchange.started === null ? { untimed: true } : {}),
  };
}

function flow(exchange: ExchangeReport): object {
  const { client, server, answeredBy, bytesToServer, bytesToClient } = exchange;
  const vlan = /^vlan (\d+)/.exec(exchange.scope)?.[1];
  const inner = /^vlan \d+ > vlan (\d+)/.exec(exchange.scope)?.[1];
  const ips = [client.address, server.address, ...(answeredBy === null ? [] : [answeredBy])];
  return {
    source: endFields(client, bytesToServer),
    destination: endFields(server, bytesToClient),
    network: {
      ...protocolFields(client.address, 'tcp'),
      bytes: bytesToServer + bytesToClient,
      community_id: exchange.communityId ?? undefined,
      vlan: vlan === undefined ? undefined : { id: vlan },
      inner: inner === undefined ? undefined : { vlan: { id: inner } },
    },
    related: { ip: [...new Set(ips)] },
  };
}

function flowOfFinding(finding: FindingReport, isUdp: boolean): object {
  const [client, server] = endsOfFinding(finding);
  const ips = [client.address, server.address].flatMap((address) => (address === undefined ? [] : [address]));
  const { communityId } = finding.data;
  return {
    source: hasAny(client) ? endFields(client) : undefined,
    destination: hasAny(server) ? endFields(server) : undefined,
    network: {
      ...protocolFields(ips[0], isUdp ? 'udp' : 'tcp'),
      community_id: isUdp && typeof communityId === 'string' ? communityId : undefined,
    },
    related: ips.length === 0 ? undefined : { ip: [...new Set(ips)] },
  };
}

function hasAny({ address, port }: MaybeEnd): boolean {
  return address !== undefined || port !== undefined;
}

function endFields({ address, port, origin }: MaybeEnd, bytes?: number): object {
  const { country, asn, organization, name } = origin ?? {};
  const hasNetwork = asn != null || organization != null;
  return {
    address,
    ip: address,
    port,
    bytes,
    domain: name ?? undefined,
    geo: country == null ? undefined : { country_iso_code: country },
    as: hasNetwork
      ? { number: asn ?? undefined, organization: organization == null ? undefined : { name: organization } }
      : undefined,
  };
}

/** Numbers of IANA, which ECS has as a keyword. */
function protocolFields(address: string | undefined, transport: 'tcp' | 'udp'): object {
  return {
    transport,
    iana_number: transport === 'tcp' ? '6' : '17',
    type: address === undefined ? undefined : address.includes(':') ? 'ipv6' : 'ipv4',
  };
}

/** The last document: nobody who finds no alert is to take that for "nobody used port 0". */
function summaryDocument({ tool, inputs, summary, omitted }: AnalysisReport): object {
  const { frames, notLookedInto, portZero, findings } = summary;
  const end = inputs.findLast((input) => input.lastTime !== null)?.lastTime ?? null;
  const missed = notLookedInto.frames === 0 ? 'all looked into' : formatMissed(notLookedInto, frames);
  return {
    ...base(end, tool),
    message: `${portZero.total} exchanges with port 0 in ${frames} frames; ${missed}`,
    event: { kind: 'metric', category: ['network'], type: ['info'], module: 'portzero', dataset: 'portzero.summary' },
    portzero: {
      summary: {
        frames,
        not_looked_into: {
          frames: notLookedInto.frames,
          // A list, since names of reasons as names of fields would be as many fields.
          reasons: Object.entries(notLookedInto.reasons).map(([reason, count]) => ({ reason, frames: count })),
        },
        exchanges: summary.exchanges,
        port_zero: portZero,
        findings,
        evicted: omitted.evicted,
      },
      captures: inputs.map(({ name, complete, problems }) => ({
        name,
        complete,
        problems: problems.map(({ message }) => message),
      })),
    },
  };
}

function statsDocument(stats: StatsReport): object {
  const { time, findings, ...numbers } = stats;
  return {
    ...base(time, null),
    message: `${stats.frames} frames after ${Math.round(stats.uptimeSeconds)} s`,
    event: { kind: 'metric', category: ['network'], type: ['info'], module: 'portzero', dataset: 'portzero.stats' },
    portzero: {
      stats: { ...numbers, findings: Object.entries(findings).map(([rule, count]) => ({ rule, count })) },
    },
  };
}
