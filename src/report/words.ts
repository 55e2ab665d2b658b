import type { Severity } from '../rules/types.ts';
import type { PortZeroEnd, Probe, Verdict } from '../track/exchange.ts';
import {
  ACK,
  AE,
  ANOMALY_BAD_CHECKSUM,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_DATA_OFFSET_SMALL,
  ANOMALY_FRAGMENTED_HEADER,
  ANOMALY_ODD_FLAGS,
  ANOMALY_OPTIONS_OVERRUN,
  ANOMALY_OVERLAPPING_FRAGMENTS,
  ANOMALY_SNAPPED,
  ANOMALY_SYN_FIN,
  ANOMALY_SYN_RST,
  CWR,
  ECE,
  FIN,
  PSH,
  RST,
  SYN,
  URG,
} from '../wire/packet.ts';
import type { EndpointReport, ExchangeReport } from './types.ts';

/** In Wireshark's order. */
const FLAG_WORDS = [
  [FIN, 'FIN'],
  [SYN, 'SYN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [ACK, 'ACK'],
  [URG, 'URG'],
  [ECE, 'ECE'],
  [CWR, 'CWR'],
  [AE, 'AE'],
] as const;

/** As in "SYN,ACK"; "none" when no flag is set. */
export function formatFlags(flags: number): string {
  const words = FLAG_WORDS.filter(([bit]) => flags & bit).map(([, word]) => word);
  return words.length === 0 ? 'none' : words.join(',');
}

const ANOMALY_WORDS = [
  [ANOMALY_DATA_OFFSET_SMALL, 'data-offset-small'],
  [ANOMALY_DATA_OFFSET_BEYOND, 'data-offset-beyond'],
  [ANOMALY_SYN_FIN, 'syn-fin'],
  [ANOMALY_SYN_RST, 'syn-rst'],
  [ANOMALY_ODD_FLAGS, 'odd-flags'],
  [ANOMALY_OPTIONS_OVERRUN, 'options-overrun'],
  [ANOMALY_FRAGMENTED_HEADER, 'fragmented-header'],
  [ANOMALY_OVERLAPPING_FRAGMENTS, 'overlapping-fragments'],
  [ANOMALY_BAD_CHECKSUM, 'bad-checksum'],
  [ANOMALY_SNAPPED, 'snapped'],
] as const;

/** The words that ExchangeReport.anomalies is made of. */
export function anomalyWords(anomalies: number): string[] {
  return ANOMALY_WORDS.filter(([bit]) => anomalies & bit).map(([, word]) => word);
}

/** "198.51.100.1:0", "[2001:db8::1]:0" (RFC 5952 §6). */
export function formatEndpoint(end: EndpointReport): string {
  return end.address.includes(':') ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}

const PROBE_PHRASES: Readonly<Record<Probe, string>> = {
  syn: 'SYN',
  'syn-data': 'SYN with data',
  null: 'NULL segment',
  fin: 'FIN',
  xmas: 'Xmas segment',
  maimon: 'FIN/ACK',
  ack: 'bare ACK',
  other: 'odd segment',
};

/** What was sent, as in "SYN to port 0" or "unsolicited answer from port 0"; or "conversation with port 0 (late start)". */
export function formatProbe({
  probe,
  portZero,
  lateStart,
}: {
  readonly probe: Probe | null;
  readonly portZero: PortZeroEnd | null;
  readonly lateStart: boolean;
}): string {
  if (lateStart) return `conversation ${LATE_START_ENDS[portZero ?? 'none']} (late start)`;
  const what = probe === null ? 'unsolicited answer' : PROBE_PHRASES[probe];
  if (portZero === null) return `${what} between other ports`;
  if (portZero === 'both') return `${what} from port 0 to port 0`;
  // An unsolicited answer goes the other way: from the server's end to the client's.
  const towards = (portZero === 'server') === (probe !== null);
  return `${what} ${towards ? 'to' : 'from'} port 0`;
}

const LATE_START_ENDS = {
  server: 'with port 0',
  client: 'from port 0',
  both: 'from port 0 to port 0',
  none: 'between other ports',
} as const;

/** What opened it in a word, for tables: of a conversation whose start is not in the capture, that. */
export function probeWord({
  probe,
  lateStart,
}: {
  readonly probe: Probe | null;
  readonly lateStart: boolean;
}): string | null {
  return lateStart ? 'late start' : probe;
}

/** What the other side did, to go on with "was" or "were". */
export const VERDICT_PHRASES: Readonly<Record<Verdict, string>> = {
  accepted: 'accepted with a SYN-ACK',
  refused: 'refused with a RST',
  unreachable: 'turned down by ICMP',
  silent: 'met with silence',
  undecided: 'left undecided',
  simultaneous: 'crossed by a SYN of the other side',
  challenged: 'answered by an ACK of something else',
  'invalid-reset': 'answered only by RSTs that the client must ignore',
  unsolicited: 'not asked for by anything in the capture',
};

/** nmap's states as the verdict table of people reads them; a verdict may have several. */
export const VERDICT_STATES: Readonly<Record<Verdict, string>> = {
  accepted: 'open',
  refused: 'closed',
  unreachable: 'filtered',
  silent: 'filtered',
  undecided: 'unknown',
  simultaneous: 'open',
  challenged: 'unfiltered',
  'invalid-reset': 'closed',
  unsolicited: 'unknown',
};

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** "1 frame", "2,000 frames". */
export function formatCount(count: number | bigint, word: string, plural = `${word}s`): string {
  return `${formatNumber(count)} ${count === 1 ? word : plural}`;
}

/** With commas for thousands, whatever the locale of the machine. */
export function formatNumber(value: number | bigint | string): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * Frames from 1, as in "1, 2, 7" or "1, 2, 7 and 12 more"; runs of three and more as "3-9". `omitted` more are not in the
 * list.
 */
export function formatFrames(frames: readonly number[], omitted = 0, limit = 8): string {
  const parts: string[] = [];
  let shown = 0;
  for (let i = 0; i < frames.length && parts.length < limit; ) {
    let end = i + 1;
    while (end < frames.length && frames[end] === frames[end - 1]! + 1) end++;
    if (end - i < 3) end = i + 1;
    parts.push(end - i < 3 ? String(frames[i]) : `${frames[i]}-${frames[end - 1]}`);
    shown += end - i;
    i = end;
  }
  const rest = frames.length + omitted - shown;
  return rest === 0 ? parts.join(', ') : `${parts.join(', ')} and ${formatNumber(rest)} more`;
}

/** Milliseconds as people read them: "0.043 ms", "3.1 s". */
export function formatLatency(milliseconds: number): string {
  if (milliseconds < 1000) return `${Number(milliseconds.toPrecision(milliseconds < 1 ? 2 : 3))} ms`;
  return `${Number((milliseconds / 1000).toPrecision(3))} s`;
}

const ANSWER_PHRASES: Readonly<Record<string, string>> = {
  'syn-ack': 'SYN-ACK',
  reset: 'RST',
  'tcp-response': 'ACK',
  'split-handshake-syn': 'SYN',
  'no-response': 'no answer',
};

/** What came back: "RST after 0.043 ms", "port-unreach from 192.0.2.254 after 1 ms"; "" when nothing can be said. */
export function formatAnswer(exchange: ExchangeReport): string {
  const { answeredBy, latencyMs, server, reason } = exchange;
  const parts: string[] = [];
  if (exchange.inferred) return 'SYN-ACK not captured';
  if (reason !== null) parts.push(ANSWER_PHRASES[reason] ?? reason);
  if (answeredBy !== null && answeredBy !== server.address) parts.push(`from ${answeredBy}`);
  if (latencyMs !== null) parts.push(`after ${formatLatency(latencyMs)}`);
  return parts.join(' ');
}

/** The most severe first, else in the order given. */
export function bySeverity<T extends { readonly severity: Severity | null }>(items: readonly T[]): T[] {
  const rank = ({ severity }: T) => (severity === null ? SEVERITIES.length : SEVERITIES.indexOf(severity));
  return items.toSorted((a, b) => rank(a) - rank(b));
}
