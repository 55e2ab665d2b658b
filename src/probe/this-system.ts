import { labelOf } from '../atlas/load.ts';
import { shortAnswer } from '../atlas/matrix.ts';
import type { Atlas, StackEntry } from '../atlas/types.ts';

/** What the atlas knows of the stack that a system has of its own, which every connect() there goes through. */
export interface SystemKnowledge {
  /** As in process.platform and os.release(). */
  readonly platform: string;
  readonly release: string;
  /** Null where the atlas has nothing of this system. */
  readonly evidence: 'measured' | 'code' | 'documentation' | null;
  /** Entries of the atlas that it is taken from: `portzero atlas ID` tells all of them. */
  readonly ids: readonly string[];
  /** As people call what was measured or read. */
  readonly stacks: readonly string[];
  /** Whether this release (its major and minor number) is one of those that were measured; null where none was. */
  readonly measuredRelease: boolean | null;
  /** What programs are told that ask for port 0, or listen there. */
  readonly asks: readonly Known[];
  /** What it answers to who asks port 0 of it. */
  readonly answers: readonly Known[];
}

export interface Known {
  readonly question: string;
  /** Whose call it was; null where it is the call itself. */
  readonly program: string | null;
  readonly says: string;
}

/** Android has Linux's stack. */
const SAME_STACK: Readonly<Record<string, string>> = { android: 'linux' };

/** Pure. */
export function knowledgeOf(platform: string, release: string, { stacks, byCode }: Atlas): SystemKnowledge {
  const system = SAME_STACK[platform] ?? platform;
  const measured = stacks.filter((entry) => entry.system === system);
  if (measured.length > 0) {
    const same = measured.find(({ version }) => minorOf(version) === minorOf(release));
    const first = same ?? measured[0]!;
    // Not every one of them was asked from inside as well.
    const asked = [first, ...measured].find(({ inside }) => inside.length > 0);
    const used = asked === undefined || asked === first ? [first] : [first, asked];
    return {
      platform,
      release,
      evidence: 'measured',
      ids: used.map(({ id }) => id),
      stacks: (same === undefined ? measured : used).map(labelOf),
      measuredRelease: same !== undefined,
      asks: (asked?.inside ?? []).map(({ question, program, told, synLeft }) => ({
        question,
        program,
        says: `${told} (${synLeft ? 'a SYN left' : 'no SYN left'})`,
      })),
      answers: answersOf(first),
    };
  }
  const read = byCode.find((entry) => entry.system === system);
  return {
    platform,
    release,
    evidence: read?.evidence ?? null,
    ids: read === undefined ? [] : [read.id],
    stacks: read === undefined ? [] : [read.name],
    measuredRelease: null,
    asks: (read?.claims ?? []).map(({ question, says }) => ({ question, program: null, says })),
    answers: [],
  };
}

/** "6.18" of "6.18.44-generic". */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function answersOf({ cells }: StackEntry): Known[] {
  return ([4, 6] as const).flatMap((family) => {
    const cell = cells.find((each) => each.case === 'syn-to-0' && each.family === family);
    return cell === undefined
      ? []
      : [{ question: `a SYN to port 0 over IPv${family}`, program: null, says: shortAnswer(cell.answers) }];
  });
}
