import type { ExchangeRule, Match } from '../engine/types.ts';

const MATCH: Match = { messageId: 'syn' };

export const synToPortZero: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'syn-to-port-zero',
    severity: 'warning',
    summary: 'a SYN to TCP port 0, whatever the answer',
    meaning:
      'Port 0 is reserved (IANA; RFC 6335 section 6) and the sockets API cannot offer a service there, yet nothing in TCP (RFC 9293) forbids a segment to it. ' +
      'A SYN to port 0 is therefore no ordinary client traffic. It comes from a scanner (nmap -p0), from hping3, which aims at port 0 unless told otherwise, from a program ' +
      'whose port number was lost (an empty setting, a failed look-up, 65536 cut to 16 bits), or from hand-made packets. Linux sends it like any other SYN; macOS and Windows refuse ' +
      'it inside connect(), so from them it was made without the TCP of the system. The verdict says how the other side took it: a closed port refuses, a firewall drops or rejects, ' +
      'a custom stack or a NAT rule may accept.',
    action:
      'Find out whether the source is yours. If it is, look for the program (its socket error is ECONNREFUSED where it was refused, ETIMEDOUT where it was dropped) and at where it ' +
      'gets its port from. If it is not, treat it as reconnaissance: drop segments to and from TCP port 0 at the edge, and see whether port-zero-scan or port-zero-accepted fired as well. ' +
      'False positives: your own scanner or a test of the stack; list it under ignore, or state what you expect under expect. "Port 0" in flow records is mostly later IP fragments, ' +
      'which have no ports; portzero does not count those.',
    options: {},
    messages: { syn: 'SYN from {client} to port 0 of {server}: {answer}' },
  },
  match({ portZero, probe }) {
    const toZero = portZero === 'server' || portZero === 'both';
    return toZero && (probe === 'syn' || probe === 'syn-data') ? MATCH : null;
  },
};
