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

/** Which stacks of the atlas the signatures cannot tell from each other. A host is known by one address, and so over IPv4 or IPv6. */
export function confusionOf({ stacks }: Atlas): Confusion[] {
  const signatures = stacks.map((entry) => new Signature(entry));
  return stacks.map((stack) => {
    const like = (family: 4 | 6, isWanted: (name: CaseName) => boolean) => {
      const cells = stack.cells.filter((cell) => cell.family === family && isObservable(cell) && isWanted(cell.case));
      return cells.length === 0
        ? null
        : signatures
            .filter(({ entry }) => entry !== stack)
            .filter((signature) => {
              const compared = cells.map((cell) => signature.compare(questionOf(cell)).result);
              return compared.includes('alike') && !compared.includes('differs');
            })
            .map(({ entry }) => labelOf(entry));
    };
    const isSyn = (name: CaseName) => name === 'syn-to-0';
    const isAny = () => true;
    return {
      stack: labelOf(stack),
      bySyn: { 4: like(4, isSyn), 6: like(6, isSyn) },
      together: { 4: like(4, isAny), 6: like(6, isAny) },
    };
  });
}

/** Whether an exchange with that answer is taken for that question. */
function isObservable({ case: name, answers }: Cell): boolean {
  const [answer] = answers;
  // Of a SYN from port 0 that nobody answers it is not known whether it went to an open port.
  if (name.startsWith('syn-from-0')) return answer !== undefined;
  // A RST that acknowledges in answer to ACK ends, for all that the bytes tell, a connection that began before the capture.
  if (name === 'maimon-to-0' || name === 'ack-to-0')
    return answer?.kind !== 'rst' || answer.flags?.includes('ACK') !== true;
  return TOLD_APART.includes(name);
}

function questionOf(cell: Cell): Parameters<Signature['compare']>[0] {
  const answer = cell.answers[0] ?? null;
  const isSyn = cell.case.startsWith('syn');
  const offered = isSyn ? OFFERED : new Set<string>();
  return { case: cell.case, family: cell.family, answer, offered, withData: false };
}
