import type { Verdict } from '../track/exchange.ts';

/** What the other side did, to go on with "was" or "were". */
export const VERDICT_PHRASES: Readonly<Record<Verdict, string>> = {
  accepted: 'accepted with a SYN-ACK',
  refused: 'refused with a RST',
  unreachable: 'turned down by ICMP',
  silent: 'met with silence',
  undecided: 'left undecided',
  simultaneous: 'crossed by a SYN of the other side',
  challenged: 'answered by an ACK of something else',
  'invalid-reset': 'answered only by RSTs that the client must ignore',
  unsolicited: 'not asked for by anything in the capture',
};
/** nmap's states as the verdict table of people reads them; a verdict may have several. */
export const VERDICT_STATES: Readonly<Record<Verdict, string>> = {
  accepted: 'open',
  refused: 'closed',
  unreachable: 'filtered',
  silent: 'filtered',
  undecided: 'unknown',
  simultaneous: 'open',
  challenged: 'unfiltered',
  'invalid-reset': 'closed',
  unsolicited: 'unknown',
};
