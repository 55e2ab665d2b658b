import type { Verdict } from '../track/exchange.ts';

/** Of two sensors that saw one exchange, which one's verdict says more: the first. */
export const VERDICT_RANKS: readonly Verdict[] = [
  'accepted',
  'simultaneous',
  'challenged',
  'refused',
  'unreachable',
  'invalid-reset',
  'silent',
  'undecided',
  'unsolicited',
];
