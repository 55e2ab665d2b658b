import { formatCount } from '../../words/numbers.ts';
import type { RunResult } from './types.ts';

/** Why what met with silence may have been answered all the same: a phrase each, to stand beside the silence. */
export function silenceDoubts({ lostBesideSilence = 0, isLossUnknownBesideSilence = false }: RunResult): string[] {
  return [
    ...(lostBesideSilence > 0
      ? [`the capture lost ${formatCount(lostBesideSilence, 'frame')}, so an answer may be among them`]
      : []),
    ...(isLossUnknownBesideSilence
      ? ['how many frames the capture lost is not known: an answer may be among them']
      : []),
  ];
}
