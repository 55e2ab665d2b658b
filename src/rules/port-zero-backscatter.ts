import type { ExchangeRule, Match } from '../engine/types.ts';

const SYN_ACK: Match = { messageId: 'syn-ack' };
const RESET: Match = { messageId: 'reset' };
const OTHER: Match = { messageId: 'other' };
const LATE: Match = { messageId: 'late' };

export const portZeroBackscatter: ExchangeRule = {
  kind: 'exchange',
  goesByShape: true,
  meta: {
    id: 'port-zero-backscatter',
    severity: 'info',
    summary: 'a SYN-ACK or RST to or from port 0 that nothing in the capture asked for',
    meaning:
      'An answer without its question. Victims of floods with forged source addresses answer to addresses that never asked; a flood from or to port 0 thus scatters SYN-ACKs and RSTs with port 0 over the ' +
      'whole address space. A conversation whose start the capture does not hold is told of here too, by itself: it is no backscatter: the capture began late, or lost it. Such an answer says nothing about a connection of the receiver, and a lone RST says nothing of success or failure.',
    action:
      'From outside, many from one sender: somebody floods that sender with forged addresses; nothing needs to be done here. From one of your own hosts: it is being flooded or scanned with forged sources, ' +
      'or somebody inside sends from port 0: look for the questions. False positives: the capture started after the question, sees one direction only (asymmetric routing, a one-way mirror port), lost ' +
      'frames (see drops), or sits on the other side of a NAT that changes the port: a local redirect of port 0 shows the SYN with the port of the listener and the answer with port 0.',
    options: {},
    messages: {
      'syn-ack': 'SYN-ACK from {serverEnd} to {clientEnd} that nothing in the capture asked for',
      reset: 'RST from {serverEnd} to {clientEnd} that nothing in the capture asked for',
      late: 'conversation between {clientEnd} and {serverEnd} whose start is not in the capture',
      other: 'answer from {serverEnd} to {clientEnd} that nothing in the capture asked for',
    },
  },
  match(exchange) {
    if (exchange.portZero === null || exchange.verdict !== 'unsolicited') return null;
    // Somebody did ask; the table was too small to remember it.
    if (exchange.questionEvicted) return null;
    const kind = exchange.answerEvidence?.kind;
    if (kind === undefined) return LATE;
    // An ICMP error quotes its question: a stray one is a router's echo, not a victim's answer.
    if (kind === 'icmp') return null;
    return kind === 'syn-ack' ? SYN_ACK : kind === 'reset' ? RESET : OTHER;
  },
};
