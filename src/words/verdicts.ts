import type { Verdict } from '../track/exchange.ts';

/** All that is said of a verdict in words, for every kind of report. */
interface VerdictWords {
  /** nmap's state as the table of verdicts shows it; an exchange's own state may say more. */
  readonly state: string;
  /** What the other side did, to go on with "was" or "were". */
  readonly phrase: string;
  /** What it is called on the page. */
  readonly label: string;
  /** What was seen, in a sentence. */
  readonly meaning: string;
  /** How one exchange was answered; `why` is "" or the reason as in " (reset)". */
  readonly answer: (by: string, why: string) => string;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, VerdictWords>> = {
  accepted: {
    state: 'open',
    phrase: 'accepted with a SYN-ACK',
    label: 'Accepted',
    meaning: 'A SYN-ACK acknowledged the SYN: something listens.',
    answer: (by, why) => `accepted by ${by}${why}`,
  },
  refused: {
    state: 'closed',
    phrase: 'refused with a RST',
    label: 'Refused',
    meaning: 'An acceptable RST: a closed port, or a firewall that answers like one.',
    answer: (by, why) => `refused by ${by}${why}`,
  },
  unreachable: {
    state: 'filtered',
    phrase: 'turned down by ICMP',
    label: 'Unreachable',
    meaning: 'An ICMP error that quotes the segment.',
    answer: (by, why) => `unreachable, says ${by}${why}`,
  },
  silent: {
    state: 'filtered',
    phrase: 'met with silence',
    label: 'Silent',
    meaning: 'Nothing came back within the answer timeout.',
    answer: () => 'no answer (silent)',
  },
  undecided: {
    state: 'unknown',
    phrase: 'left undecided',
    label: 'Undecided',
    meaning: 'The capture ended, or the client gave up, before an answer or the timeout.',
    // Also what a live run says of an attempt that has only begun.
    answer: () => 'no answer seen so far',
  },
  simultaneous: {
    state: 'open',
    phrase: 'crossed by a SYN of the other side',
    label: 'Simultaneous',
    meaning: 'A bare SYN crossed the SYN: both ends opened.',
    answer: (by, why) => `crossed by a SYN from ${by}${why}`,
  },
  challenged: {
    state: 'unfiltered',
    phrase: 'answered by an ACK of something else',
    label: 'Challenged',
    meaning: 'An ACK that does not acknowledge the SYN.',
    answer: (by, why) => `answered by ${by} with an ACK that does not acknowledge it${why}`,
  },
  'invalid-reset': {
    state: 'closed',
    phrase: 'answered only by RSTs that the client must ignore',
    label: 'Invalid reset',
    meaning: 'Only RSTs that the client must ignore.',
    answer: (by) => `only resets that must be ignored, from ${by}`,
  },
  unsolicited: {
    state: 'unknown',
    phrase: 'not asked for by anything in the capture',
    label: 'Unsolicited',
    meaning: 'An answer whose question is not in the capture: backscatter, or a late start.',
    answer: () => 'unsolicited',
  },
};
