import type { Verdict } from '../track/exchange.ts';

/** Of two sensors that saw one exchange, which one's verdict says more: the first. */
const RANKS = [
  'accepted',
  'simultaneous',
  'challenged',
  'refused',
  'unreachable',
  'invalid-reset',
  'silent',
  'undecided',
  'unsolicited',
] as const satisfies readonly Verdict[];

/** A verdict that is forgotten above is a type error here. */
export const VERDICT_RANKS: readonly ([Verdict] extends [(typeof RANKS)[number]] ? Verdict : never)[] = RANKS;
