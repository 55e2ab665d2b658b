/** Verdicts and probes as the table has them: numbers, places in VERDICTS and PROBES. */

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
export const PROBE_SYN = PROBES.indexOf('syn');
export const PROBE_SYN_DATA = PROBES.indexOf('syn-data');
export const PROBE_MAIMON = PROBES.indexOf('maimon');
export const PROBE_ACK = PROBES.indexOf('ack');
export const PROBE_OTHER = PROBES.indexOf('other');
