import type { PortZeroEnd, Probe } from '../track/exchange.ts';

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
