import type { ExchangeGroup, ExchangeReport, KnownReport } from './types.ts';

/** Ends that a group hands over by name, so that those of several inputs can be counted together. */
export const MAX_HANDED_OVER = 256;
/** Distinct ends of a merged group are counted up to here. */
const MAX_DISTINCT = 10_000;
const MAX_EXAMPLES = 3;
const MAX_KNOWN = 3;

/** A group of one input, with its ends by name, at most MAX_HANDED_OVER of each. Plain data. */
export interface InputGroup extends ExchangeGroup {
  readonly clientNames: readonly string[];
  readonly serverNames: readonly string[];
}

/**
 * Puts groups of several inputs that are alike into one: what happens in two hundred captures is one thing to read. The gravest
 * and largest come first; ends that too many groups of too many ends have are "at least" so many.
 */
export function mergeGroups(groups: readonly InputGroup[]): ExchangeGroup[] {
  const byKind = new Map<string, InputGroup[]>();
  for (const group of groups) {
    const kind = kindOf(group);
    const alike = byKind.get(kind);
    if (alike === undefined) byKind.set(kind, [group]);
    else alike.push(group);
  }
  return [...byKind.values()].map(merge).sort((a, b) => rankOf(b) - rankOf(a) || b.count - a.count);
}

function kindOf({ portZero, probe, verdict, lateStart, state, reason, severity, ruleIds, knownRuleIds }: InputGroup) {
  return JSON.stringify([portZero, probe, verdict, lateStart, state, reason, severity, ruleIds, knownRuleIds ?? null]);
}

function merge(alike: readonly InputGroup[]): ExchangeGroup {
  const { clientNames: _clients, serverNames: _servers, ...first } = alike[0]!;
  if (alike.length === 1) return first;
  const times = (end: 'firstTime' | 'lastTime') =>
    alike.flatMap((group) => group[end] ?? []).sort((a, b) => (a.slice(0, -1) < b.slice(0, -1) ? -1 : 1));
  return {
    ...first,
    inputs: alike.reduce((sum, { inputs }) => sum + inputs, 0),
    count: alike.reduce((sum, { count }) => sum + count, 0),
    clients: countEnds(alike, 'client'),
    servers: countEnds(alike, 'server'),
    firstTime: times('firstTime')[0] ?? null,
    lastTime: times('lastTime').at(-1) ?? null,
    examples: chooseExamples(alike),
    ...(first.known === undefined ? {} : { known: mergeKnown(alike) }),
  };
}

function countEnds(alike: readonly InputGroup[], end: 'client' | 'server'): ExchangeGroup['clients'] {
  const names = new Set<string>();
  let atLeast = false;
  let most = 0;
  for (const group of alike) {
    const { count, atLeast: isMore } = group[`${end}s`];
    const known = group[`${end}Names`];
    most = Math.max(most, count);
    for (const name of known) {
      if (names.size < MAX_DISTINCT) names.add(name);
      else if (!names.has(name)) atLeast = true;
    }
    if (isMore || known.length < count) atLeast = true;
  }
  return { count: Math.max(most, names.size), atLeast };
}

/** One of each input before a second of any. */
function chooseExamples(alike: readonly InputGroup[]): ExchangeReport[] {
  const chosen: ExchangeReport[] = [];
  for (let at = 0; at < MAX_EXAMPLES; at++)
    for (const { examples } of alike.slice(0, MAX_EXAMPLES)) {
      const example = examples[at];
      if (example !== undefined && chosen.length < MAX_EXAMPLES) chosen.push(example);
    }
  return chosen.sort((a, b) => a.input - b.input);
}

function mergeKnown(alike: readonly InputGroup[]): KnownReport[] {
  const known = new Map(
    alike.flatMap((group) => group.known ?? []).map((entry) => [JSON.stringify([entry.since, entry.why]), entry]),
  );
  return [...known.values()].slice(0, MAX_KNOWN);
}

const RANKS = { info: 1, warning: 2, error: 3 };
const rankOf = ({ severity }: ExchangeGroup): number => (severity === null ? 0 : RANKS[severity]);
