import type { ExchangeRule, Match } from '../engine/types.ts';

const MATCH: Match = { messageId: 'probe' };

export const stealthProbeToPortZero: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'stealth-probe-to-port-zero',
    severity: 'warning',
    summary: 'a NULL, FIN, XMAS, Maimon, ACK or other non-SYN opening to or from port 0',
    meaning:
      'A segment that opens nothing reached or left port 0 without a connection to belong to. NULL (no flags), FIN, XMAS (FIN, PSH, URG) and Maimon (FIN, ACK) probes use RFC 9293 section 3.10.7: a closed ' +
      'port answers them with a RST, an open one is silent, and filters that look at SYN alone let them through. A bare ACK tells whether a stateless filter stands in the way. ' +
      'hping3 without -S sends NULL segments to port 0. With a NAT redirect of port 0 these probes are not translated, so port 0 itself answers RST although a SYN would be accepted: ' +
      'closed here does not prove that port 0 is closed.',
    action:
      'Look up the source as for syn-to-port-zero. A stateful filter that drops invalid segments (nft: ct state invalid drop) stops all of them. ' +
      'False positives: of a connection over port 0 that was under way when the capture began, a single ACK or FIN/ACK without time stamps that nothing else follows ' +
      'looks the same; with any other segment of it the capture tells a late start (port-zero-backscatter), no probe.',
    options: {},
    messages: { probe: '{probeName} segment from {clientEnd} to {serverEnd} without a connection: {answer}' },
  },
  match(exchange) {
    const { portZero, probe } = exchange;
    if (portZero === null || probe === null || probe === 'syn' || probe === 'syn-data') return null;
    // Flags that fragments hide may well be those of a SYN.
    return probe === 'other' && exchange.probeEvidence?.flags === null ? null : MATCH;
  },
};
