import type { ExchangeRule, Match } from '../engine/types.ts';

const ACCEPTED: Match = { messageId: 'accepted' };
const ESTABLISHED: Match = { messageId: 'established' };

export const portZeroAccepted: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'port-zero-accepted',
    severity: 'error',
    summary: 'a stack answered SYN-ACK on port 0, or one end of an accepted exchange is port 0',
    meaning:
      'Somebody opened a TCP connection with port 0 at one end, and the other side agreed. With the ordinary sockets API nobody can listen on port 0, so behind an accepting port 0 stands ' +
      'a NAT rule that covers it (redirect or DNAT of "all ports"), a transparent proxy (TPROXY) or load balancer, a custom or embedded stack, a honeypot or SYN proxy that answers for every port, or ' +
      'a backdoor that relies on scanners and filters leaving port 0 out. A SYN-ACK that came after another answer (a forged RST, say) counts as well, and so does a simultaneous open that was completed.',
    action:
      'See who answered (answeredBy, and the TTL in the evidence) and whether that is the host or a box in front of it. On the host, list the NAT rules (nft list ruleset, iptables -t nat -L) ' +
      'and narrow those that match every port to the ports that are meant. Ask the same host for a few ports that should be closed: if all accept, a SYN proxy or honeypot answers. ' +
      'If port-zero-data fired too, read what was said. ' +
      'Where the client is port 0 and the server an ordinary service, the service is fine; filter the client. ' +
      'False positives: a test rig that redirects port 0 on purpose (ignore it, or expect accepted of it).',
    options: {},
    messages: {
      accepted: 'connection between {clientEnd} and {serverEnd} was accepted with port 0',
      established: 'connection between {clientEnd} and {serverEnd} was established with port 0',
      late: '{serverEnd} answered SYN-ACK to {clientEnd} with port 0, too late to settle it: {verdict} ({reason})',
    },
  },
  match(exchange) {
    if (exchange.portZero === null) return null;
    if (exchange.verdict === 'accepted') return ACCEPTED;
    // A simultaneous open (RFC 9293 §3.5) that was completed, or a handshake of which the capture holds only the end.
    if (exchange.established) return ESTABLISHED;
    // The first acceptable answer settles the verdict, and silence does after a while; a SYN-ACK that comes later is still a
    // stack that accepts.
    if (!exchange.conflicting && exchange.verdict !== 'silent') return null;
    const late = exchange.otherAnswers.find((answer) => answer.kind === 'syn-ack' && answer.acceptable);
    return late === undefined ? null : { messageId: 'late', frames: [late.frame] };
  },
};
