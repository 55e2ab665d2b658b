import { labelOf } from './load.ts';
import { Signature } from './match.ts';
import type { Confusion } from './page.ts';
import type { Atlas, CaseName, Cell } from './types.ts';

/** The options of the battery's SYN. */
const OFFERED = new Set(['mss', 'sackOK', 'TS', 'wscale']);

/** Questions whose answer an exchange of TCP shows: portzero tracks no SYN-ACK, RST or datagram that nobody asked for as a question. */
export const TOLD_APART: readonly CaseName[] = [
  'syn-to-0',
  'syn-from-0-to-open',
  'syn-from-0-to-closed',
  'syn-0-to-0',
  'null-to-0',
  'fin-to-0',
  'xmas-to-0',
  'maimon-to-0',
  'ack-to-0',
];

/** Which stacks of the atlas the signatures cannot tell from each other. */
export function confusionOf({ stacks }: Atlas): Confusion[] {
  const signatures = stacks.map((entry) => new Signature(entry));
  return stacks.map((stack) => {
    const cells = stack.cells.filter((cell) => TOLD_APART.includes(cell.case));
    const like = (wanted: readonly Cell[]) =>
      signatures
        .filter(({ entry }) => entry !== stack)
        .filter((signature) => {
          const compared = wanted.map((cell) => signature.compare(questionOf(cell)));
          return (
            compared.some(({ result }) => result === 'alike') && !compared.some(({ result }) => result === 'differs')
          );
        })
        .map(({ entry }) => labelOf(entry));
    return {
      stack: labelOf(stack),
      together: like(cells),
      bySyn: like(cells.filter((cell) => cell.case === 'syn-to-0')),
    };
  });
}

function questionOf(cell: Cell): Parameters<Signature['compare']>[0] {
  const answer = cell.answers[0] ?? null;
  const isSyn = cell.case.startsWith('syn');
  const offered = isSyn ? OFFERED : new Set<string>();
  return { case: cell.case, family: cell.family, answer, offered, withData: false };
}
