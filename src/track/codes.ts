/** Numbers of verdicts, probes and what they go by. */

import {
  ACK,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_FRAGMENTED_HEADER,
  type PacketRecord,
  RST,
  SYN,
} from '../decode/packet.ts';
import { PROBES, VERDICTS } from './exchange.ts';

export const ACCEPTED = VERDICTS.indexOf('accepted');
export const REFUSED = VERDICTS.indexOf('refused');
export const UNREACHABLE = VERDICTS.indexOf('unreachable');
export const SILENT = VERDICTS.indexOf('silent');
export const UNDECIDED = VERDICTS.indexOf('undecided');
export const SIMULTANEOUS = VERDICTS.indexOf('simultaneous');
export const CHALLENGED = VERDICTS.indexOf('challenged');
export const INVALID_RESET = VERDICTS.indexOf('invalid-reset');
export const UNSOLICITED = VERDICTS.indexOf('unsolicited');
export const PROBE_MAIMON = PROBES.indexOf('maimon');
export const PROBE_ACK = PROBES.indexOf('ack');
export const PROBE_OTHER = PROBES.indexOf('other');
/** The sender did not show the flags: they are in other fragments, or nowhere. Elsewhere the capture cut them off. */
export const HIDES_FLAGS = ANOMALY_FRAGMENTED_HEADER | ANOMALY_DATA_OFFSET_BEYOND;
/**
 * A victim of a forged SYN sends its SYN-ACK again for so long (Linux with tcp_synack_retries 5: the last after 31 s, others up to
 * 75 s, RFC 9293 §3.8.3): a single segment of a conversation whose start is not in the capture is held as long at least.
 */
export const LONE_NANOS = 75e9;
/** Beyond that time so many of them are held, the oldest goes first. */
export const MAX_LONE = 65_536;
/** Directions of ordinary ports in which a plain segment may tell of a missing answer. */
export const WAITS_NONE = 0;
export const WAITS_BOTH = 1;
/** What adding an answer came to. */
export const COPY = 0;
export const NEW = 2;
/** Whether fragments tell more of the segment's header than was known, or at last all of its payload. */
export function bringsNews({ assembly, anomalies }: PacketRecord): boolean {
  return assembly === null || assembly.isWhole || (anomalies & ANOMALY_FRAGMENTED_HEADER) !== 0;
}
/** A SYN-ACK or a RST: nothing that opens an exchange. */
export function isAnswerByFlags(flags: number): boolean {
  return (flags & SYN) === 0 ? (flags & RST) !== 0 : (flags & (ACK | RST)) === ACK;
}
