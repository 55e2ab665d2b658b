import { crc32 } from 'node:zlib';
import { stringifySafely } from '../../words/escape.ts';
import type { Severity } from '../../words/severity.ts';
import { endsOfFinding, isAboutDatagrams, type MaybeEnd } from '../model/finding-ends.ts';
import { datagramDigest, exchangeDigest } from '../model/flow-name.ts';
import { formatMissed } from '../model/looked-into.ts';
import { ruleText } from '../model/rule-texts.ts';
import type {
  AnalysisReport,
  ExchangeReport,
  FindingReport,
  StatsReport,
  StreamReporterFactory,
} from '../model/types.ts';

/**
 * Signature ids, never to be changed or used again. They lie in the block that Suricata leaves to local rules (1,000,000
 * to 1,999,999), away from its beginning, where people number their own.
 */
const SIGNATURE_IDS: Readonly<Record<string, number>> = {
  'syn-to-port-zero': 1_633_501,
  'syn-from-port-zero': 1_633_502,
  'port-zero-accepted': 1_633_503,
  'port-zero-data': 1_633_504,
  'stealth-probe-to-port-zero': 1_633_505,
  'port-zero-backscatter': 1_633_506,
  'port-zero-scan': 1_633_507,
  'port-zero-flood': 1_633_508,
  'invalid-reset': 1_633_509,
  'conflicting-answers': 1_633_510,
  'malformed-port-zero': 1_633_511,
  'udp-port-zero': 1_633_512,
  expectation: 1_633_513,
  'port-zero-cut': 1_633_514,
};
/** Rules of the user's own get an id from their name, in this block. */
const FOREIGN_SIGNATURES = 1_700_000;

/** Descriptions of Suricata's classification.config, which consumers group by. */
const CATEGORIES: Readonly<Record<string, string>> = {
  'port-zero-scan': 'Detection of a Network Scan',
  'port-zero-flood': 'Detection of a Denial of Service Attack',
  'stealth-probe-to-port-zero': 'Attempted Information Leak',
  'malformed-port-zero': 'Generic Protocol Command Decode',
  'port-zero-backscatter': 'Misc activity',
  'udp-port-zero': 'Misc activity',
  expectation: 'Potential Corporate Privacy Violation',
};
const SEVERITY_NUMBERS: Readonly<Record<Severity, number>> = { error: 1, warning: 2, info: 3 };

/**
 * Every record must have a time. Of a frame without one Suricata has this, since libpcap reads a simple packet block so; that there is none
 * says `portzero.finding.time`.
 */
const NO_TIME = '1970-01-01T00:00:00Z';

/** Suricata's EVE records of type alert, one a finding; what only portzero knows is under `portzero`. */
export const streamEve: StreamReporterFactory = (write) => {
  const atEnd: FindingReport[] = [];
  const writeRecord = (finding: FindingReport, exchange: ExchangeReport | null, time: string | null) =>
    write(`${stringifySafely(eveRecord(finding, exchange, formatEveTime(time ?? NO_TIME)))}\n`);
  return {
    exchange() {},
    finding(finding, exchange) {
      // What is about no frame, as an expectation that nothing touched, came about when the capture ended.
      if (finding.time === null && finding.frames.length === 0) atEnd.push(finding);
      else writeRecord(finding, exchange, finding.time);
    },
    stats: (stats) => write(`${stringifySafely(eveStats(stats))}\n`),
    end({ report }) {
      const end = report.inputs.findLast((input) => input.lastTime !== null)?.lastTime ?? null;
      for (const finding of atEnd) writeRecord(finding, null, end);
      if (report.summary.notLookedInto.frames > 0) write(`${stringifySafely(eveMissed(report, end))}\n`);
    },
  };
};

/** Under Suricata's names what means the same there, so that its dashboards show it; all of it under ours. */
function eveStats(stats: StatsReport): object {
  const { time, uptimeSeconds, frames, bytes, drops, findings } = stats;
  const alerts = Object.values(findings).reduce((sum, count) => sum + count, 0);
  return {
    timestamp: formatEveTime(time),
    event_type: 'stats',
    stats: {
      uptime: uptimeSeconds,
      // Suricata counts there what the kernel saw. Where nobody knows what it dropped, it is left out.
      capture: drops === null ? undefined : { kernel_packets: frames + Number(drops), kernel_drops: Number(drops) },
      decoder: { pkts: frames, bytes },
      detect: { alert: alerts },
    },
    portzero: { schemaVersion: 1, stats },
  };
}

/** No alert is no "nobody" then: what a reader of alerts alone would not hear. */
function eveMissed({ inputs, summary }: AnalysisReport, end: string | null): object {
  const { frames, notLookedInto, findings } = summary;
  return {
    timestamp: formatEveTime(end ?? NO_TIME),
    event_type: 'stats',
    stats: {
      decoder: { pkts: frames, bytes: inputs.reduce((sum, { bytes }) => sum + bytes, 0) },
      detect: { alert: findings.error + findings.warning + findings.info },
    },
    portzero: { schemaVersion: 1, message: formatMissed(notLookedInto, frames), summary: { frames, notLookedInto } },
  };
}

function eveRecord(finding: FindingReport, exchange: ExchangeReport | null, timestamp: string): object {
  const [source, destination] = endsOf(finding, exchange);
  const isDatagram = isAboutDatagrams(finding);
  return {
    timestamp,
    // JSON.stringify leaves out what is undefined: fields that a finding about several exchanges does not have.
    flow_id:
      exchange !== null ? flowId(exchangeDigest(exchange)) : isDatagram ? flowId(datagramDigest(finding)) : undefined,
    pcap_cnt: finding.frames[0],
    event_type: 'alert',
    src_ip: source.address,
    src_port: source.port,
    dest_ip: destination.address,
    dest_port: destination.port,
    proto: isDatagram ? 'UDP' : 'TCP',
    community_id: exchange?.communityId ?? (isDatagram ? finding.data.communityId : undefined),
    alert: {
      action: 'allowed',
      gid: 1,
      signature_id: SIGNATURE_IDS[finding.ruleId] ?? FOREIGN_SIGNATURES + (crc32(finding.ruleId) % 300_000),
      rev: 1,
      signature: `PORTZERO ${ruleText(finding.ruleId).summary}`,
      category: CATEGORIES[finding.ruleId] ?? 'Potentially Bad Traffic',
      severity: SEVERITY_NUMBERS[finding.severity],
    },
    portzero: { schemaVersion: 1, finding, exchange },
  };
}

/** Source and destination of the packet that `pcap_cnt` names, as far as the finding tells. */
function endsOf(finding: FindingReport, exchange: ExchangeReport | null): readonly [MaybeEnd, MaybeEnd] {
  if (exchange === null) return endsOfFinding(finding);
  const { client, server, evidence } = exchange;
  const frame = finding.frames[0];
  const sender = [evidence.probe, evidence.answer, ...evidence.otherAnswers].find((each) => each?.frame === frame);
  const fromServer = sender === undefined || sender === null ? exchange.probe === null : sender.kind !== 'probe';
  return fromServer ? [server, client] : [client, server];
}

/** 51 bits as Suricata's flow ids, so that every JSON reader keeps them. */
function flowId(digest: Buffer): number {
  return Number(digest.readBigUInt64BE() >> 13n);
}

/** "2026-11-21T05:55:10.123456789Z" as Suricata writes it: microseconds and a numeric zone without colon. */
function formatEveTime(time: string): string {
  const [seconds = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}+0000`;
}
