import { ANOMALY_DATA_OFFSET_BEYOND, ANOMALY_FRAGMENTED_HEADER, ANOMALY_SNAPPED } from '../decode/packet.ts';
import type { ExchangeRule, Match } from '../engine/types.ts';

const MATCH: Match = { messageId: 'cut' };
/** There the sender hid the flags, and malformed-port-zero tells of it. */
const HIDDEN_BY_SENDER = ANOMALY_FRAGMENTED_HEADER | ANOMALY_DATA_OFFSET_BEYOND;

export const portZeroCut: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'port-zero-cut',
    severity: 'warning',
    summary: 'port 0 was used, but the capture cut away the flags',
    meaning:
      'A segment with port 0 is in the capture, but its snap length ends before the TCP flags: ports need 38 bytes of an Ethernet frame with IPv4 (58 with IPv6), flags 48 (68). So port 0 was on the wire, and the ends are known; ' +
      'whether it was a question, an answer or part of a connection, and what came back, is not. The verdict is undecided, nothing is said of silence, and all such segments of the same ends are one exchange.',
    action:
      'Capture again with a larger snap length (tcpdump -s 128 holds the headers, -s 0 all), and look up the address that used port 0 as for syn-to-port-zero. ' +
      'False positives: none of the port, which is captured; but which end is the client is only guessed from who is seen first.',
    options: {},
    messages: { cut: 'port 0 was used from {clientEnd} to {serverEnd}, but the capture cut away the flags' },
  },
  match(exchange) {
    const { portZero, probe, anomalies } = exchange;
    if (portZero === null || probe !== 'other' || (anomalies & ANOMALY_SNAPPED) === 0) return null;
    if ((anomalies & HIDDEN_BY_SENDER) !== 0) return null;
    return exchange.probeEvidence?.flags === null ? MATCH : null;
  },
};
