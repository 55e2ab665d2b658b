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
} from '../decode/packet.ts';

/** In Wireshark's order. */
export const FLAG_WORDS = [
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
export const ANOMALY_WORDS = [
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
