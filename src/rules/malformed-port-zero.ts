import {
  ANOMALY_BAD_CHECKSUM,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_DATA_OFFSET_SMALL,
  ANOMALY_FRAGMENTED_HEADER,
  ANOMALY_ODD_FLAGS,
  ANOMALY_OPTIONS_OVERRUN,
  ANOMALY_OVERLAPPING_FRAGMENTS,
  ANOMALY_SYN_FIN,
  ANOMALY_SYN_RST,
} from '../decode/packet.ts';
import type { ExchangeRule } from '../engine/types.ts';

/** What is malformed, in words. ANOMALY_SNAPPED is left out: there the capture is short, not the segment. */
const FAULTS: ReadonlyArray<readonly [bit: number, words: string]> = [
  [ANOMALY_DATA_OFFSET_SMALL, 'data offset below 5'],
  [ANOMALY_DATA_OFFSET_BEYOND, 'data offset beyond the segment'],
  [ANOMALY_SYN_FIN, 'SYN and FIN together'],
  [ANOMALY_SYN_RST, 'SYN and RST together'],
  [ANOMALY_ODD_FLAGS, 'flags that no stack sends'],
  [ANOMALY_OPTIONS_OVERRUN, 'options that overrun the header'],
  [ANOMALY_FRAGMENTED_HEADER, 'TCP header spread over fragments'],
  [ANOMALY_OVERLAPPING_FRAGMENTS, 'overlapping fragments'],
  [ANOMALY_BAD_CHECKSUM, 'bad checksum'],
];
const ANY_FAULT = FAULTS.reduce((bits, [bit]) => bits | bit, 0);

export const malformedPortZero: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'malformed-port-zero',
    severity: 'warning',
    summary: 'port 0 with a TCP header, flags, fragments or a checksum that no sound stack sends',
    meaning:
      'A segment with port 0 is broken in a way that no sound stack produces: a header length below 20 bytes or beyond the segment, SYN with FIN or RST, options that run over the header, a TCP header split over IP fragments so ' +
      'that filters cannot see the ports (RFC 1858, RFC 3128), fragments that overlap (RFC 5722), or a checksum that is wrong where it can be checked. Much of the port 0 traffic on the Internet is of this kind: hand-made packets, ' +
      'generators with a fault, headers shifted by some bytes so that the port only looks like 0.',
    action:
      'Do not take the port for granted: with an impossible header length the sender may not have meant port 0 at all. Fragments that hide the ports are an attempt to pass a filter: reassemble in the filter or drop tiny and ' +
      'overlapping fragments. A receiver drops a segment with a bad checksum, so it explains a verdict of silent. ' +
      'False positives: a failing card or cable (checksums on other ports are bad too), middleboxes that rewrite without correcting the checksum. ' +
      'Captures taken on the sending host before the card fills in the checksum are recognised and not flagged.',
    options: {},
    messages: { malformed: 'malformed segment with port 0 between {clientEnd} and {serverEnd}: {faults}' },
  },
  match({ portZero, anomalies, anomalyFrame }) {
    if (portZero === null || (anomalies & ANY_FAULT) === 0) return null;
    const faults = FAULTS.filter(([bit]) => (anomalies & bit) !== 0).map(([, words]) => words);
    return {
      messageId: 'malformed',
      data: { faults: faults.join(', ') },
      ...(anomalyFrame === null ? {} : { frames: [anomalyFrame] }),
    };
  },
};
