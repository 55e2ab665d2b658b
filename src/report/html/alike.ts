import type { PortZeroEnd, Probe, Verdict } from '../../track/exchange.ts';
import { probeWord } from '../../words/probes.ts';
import type { Severity } from '../../words/severity.ts';

// Exchanges that are alike: the page's own script gets these too, so nothing here imports Node.

/** What exchanges of one group share. */
interface Shared {
  readonly portZero: PortZeroEnd | null;
  readonly probe: Probe | null;
  readonly verdict: Verdict;
  readonly lateStart: boolean;
  readonly state: string;
  readonly reason: string | null;
  readonly ruleIds: readonly string[];
  readonly knownRuleIds: readonly string[];
}

/** Distinct ends of a group; `name` where there is one only. */
interface GroupEnds {
  readonly count: number;
  readonly atLeast: boolean;
  readonly name: string | null;
}

/** A group as the page shows it. */
export interface PageGroup extends Shared {
  /** Stands for it in the address of a view. */
  readonly key: string;
  readonly severity: Severity;
  /** What a baseline says of them. */
  readonly known: readonly string[];
  readonly count: number;
  readonly clients: GroupEnds;
  readonly servers: GroupEnds;
  /** How many captures have some, and the first of them. */
  readonly inputs: number;
  readonly input: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
}

/** A short name of what they share: FNV-1a, which is enough to tell a few dozen groups apart. */
export function groupKey(shared: Shared): string {
  const { portZero, probe, verdict, lateStart, state, reason } = shared;
  const rules = [shared.ruleIds, shared.knownRuleIds].map((ids) => [...ids].sort());
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify([portZero, probe, verdict, lateStart, state, reason, rules]))
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(36);
}

/** What was asked, and the state that the answer shows, as in "syn · closed, reset". */
export function groupWords(group: Pick<Shared, 'probe' | 'lateStart' | 'state' | 'reason'>): string {
  const answer = group.reason === null ? group.state : `${group.state}, ${group.reason}`;
  const probe = probeWord(group);
  return probe === null ? answer : `${probe} · ${answer}`;
}
