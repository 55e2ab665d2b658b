import type { ExchangeRule } from '../engine/types.ts';
import { concerns, PORTS_OPTION } from './ports.ts';

export const conflictingAnswers: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'conflicting-answers',
    severity: 'warning',
    summary: 'answers that differ in kind, or whose TTL or IP ID says another sender',
    meaning:
      'The same question got answers that do not fit together: a RST and a SYN-ACK, a TCP answer and an ICMP error, or two answers under the same address whose TTL or IP ID cannot come from one stack. Then more than one ' +
      'machine answered: a firewall that rejects while the host accepts, two hosts with one address, an intrusion prevention system or censor that injects RSTs (Weaver, Sommer and Paxson, NDSS 2009), or an attacker who ' +
      'races the real answer. The verdict is that of the first acceptable answer, which is what the client acted on.',
    action:
      'Read the evidence of each answer (TTL, hops, IP ID, window, options, time): the one with the smaller number of hops was sent nearer to the capture. Capture on both sides of the firewall to see which answer is added where. ' +
      'False positives: routes that change during the attempt (TTL differs by one or two), anycast and load balancers with several hosts behind one address, ' +
      'a service that was started or stopped between two retransmissions.',
    options: { ports: PORTS_OPTION },
    messages: { conflict: '{clientEnd} got answers about {serverEnd} that do not fit together; the first: {answer}' },
  },
  match(exchange, options) {
    if (!concerns(exchange, options) || !exchange.conflicting) return null;
    const frames = exchange.otherAnswers.map((answer) => answer.frame);
    if (exchange.answerFrame !== null) frames.unshift(exchange.answerFrame);
    return { messageId: 'conflict', frames };
  },
};
