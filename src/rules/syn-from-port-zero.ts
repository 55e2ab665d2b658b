import type { ExchangeRule, Match } from '../engine/types.ts';

const MATCH: Match = { messageId: 'syn' };

export const synFromPortZero: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'syn-from-port-zero',
    severity: 'warning',
    summary: 'a SYN whose source port is 0',
    meaning:
      'A stack that picks a source port never picks 0: in the sockets API 0 asks for an ephemeral port. A SYN from port 0 was therefore made by hand (hping3 -s 0, nmap -g 0, scapy, a worm ' +
      'with its own TCP), or a translator on the way rewrote the port. It is used to slip past filters that take port 0 for "no port", and to tell stacks apart: Linux answers it as any ' +
      'other, some stacks and many firewalls stay silent. Much of the port 0 traffic seen on the Internet goes from port 0 to port 0.',
    action:
      'Drop TCP from port 0 at the edge; no legitimate client loses anything. If the source is inside, look for raw-socket tools on that host, and at NAT devices between it and the ' +
      'capture: a rewritten source port shows as 0 on one side of the device only. If the verdict is accepted, a service talks to port 0: see port-zero-accepted. ' +
      'False positives: a scanner of your own (ignore it by address).',
    options: {},
    messages: { syn: 'SYN from port 0 of {client} to {serverEnd}: {answer}' },
  },
  match({ portZero, probe }) {
    const fromZero = portZero === 'client' || portZero === 'both';
    return fromZero && (probe === 'syn' || probe === 'syn-data') ? MATCH : null;
  },
};
