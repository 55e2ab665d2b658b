import { formatAddress } from '../../decode/address.ts';
import { AddressTable, putAddress } from '../../engine/window/address-table.ts';
import { type Exchange, NO_TIME, PROBES, type Timestamp, VERDICTS } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import { type InputGroup, MAX_HANDED_OVER } from './merged-groups.ts';
import { formatTime } from './time.ts';
import type { ExchangeGroup, ExchangeReport, KnownReport } from './types.ts';

/** Distinct ends are counted exactly up to here, which keeps a flood of millions within a few megabytes. */
const MAX_DISTINCT = 10_000;
const MAX_EXAMPLES = 3;
/** Entries of a baseline that a group names. */
const MAX_KNOWN = 3;

interface Group {
  readonly shared: Pick<
    ExchangeGroup,
    'portZero' | 'probe' | 'verdict' | 'lateStart' | 'state' | 'reason' | 'ruleIds' | 'severity' | 'knownRuleIds'
  >;
  /** What a baseline says of them: the first few that differ. */
  readonly known: KnownReport[];
  count: number;
  readonly clients: AddressTable;
  readonly servers: AddressTable;
  first: Timestamp;
  last: Timestamp;
  readonly examples: ExchangeReport[];
}

/** What the rules say of an exchange: a bit each, their ids, the highest severity. */
export interface GroupRules {
  ruleIds(mask: number): readonly string[];
  severity(mask: number): Severity | null;
}

/** Puts flagged exchanges that are alike into one group, so that ten thousand of them are one line of a report. */
export class GroupCollector {
  readonly #groups = new Map<number, Map<string | null, Group>>();
  readonly #rules: GroupRules;
  /** The group that was found last, and of what; a shape below 0 is none. */
  #last: Group | null = null;
  #lastShape = -1;
  #lastMask = 0;

  constructor(rules: GroupRules) {
    this.#rules = rules;
  }

  /**
   * `describe` is called for the first few exchanges of each group only. `known`: of the rules those whose findings a baseline
   * has; null where there is no baseline.
   */
  add(
    exchange: Exchange,
    mask: number,
    describe: () => ExchangeReport,
    known: ReadonlyMap<string, KnownReport> | null = null,
  ): void {
    const group = this.#groupOf(exchange, mask, known);
    group.count++;
    if (known !== null && group.known.length < MAX_KNOWN) addKnown(group.known, known);
    // Past the bound nobody is added, so that nobody has to leave.
    if (group.clients.size < MAX_DISTINCT) addTo(group.clients, exchange.clientAddress);
    if (group.servers.size < MAX_DISTINCT) addTo(group.servers, exchange.serverAddress);
    const { started } = exchange;
    if (started.digits !== NO_TIME) {
      if (group.first.digits === NO_TIME || isBefore(started, group.first)) group.first = started;
      if (group.last.digits === NO_TIME || isBefore(group.last, started)) group.last = started;
    }
    if (group.examples.length < MAX_EXAMPLES) group.examples.push(describe());
  }

  /** The groups, the gravest and largest first. */
  list(input: number): InputGroup[] {
    const groups = [...this.#groups.values()].flatMap((byReason) => [...byReason.values()]);
    groups.sort((a, b) => rankOf(b) - rankOf(a) || b.count - a.count);
    return groups.map((group) => ({
      input,
      inputs: 1,
      ...group.shared,
      count: group.count,
      clients: { count: group.clients.size, atLeast: group.clients.size >= MAX_DISTINCT },
      servers: { count: group.servers.size, atLeast: group.servers.size >= MAX_DISTINCT },
      firstTime: formatTime(group.first),
      lastTime: formatTime(group.last),
      examples: group.examples,
      clientNames: namesIn(group.clients),
      serverNames: namesIn(group.servers),
      ...(group.shared.knownRuleIds === undefined ? {} : { known: group.known }),
    }));
  }

  /** Exchanges of a flood are of one shape. */
  #groupOf(exchange: Exchange, mask: number, known: ReadonlyMap<string, KnownReport> | null): Group {
    const shape = known === null ? exchange.shape : -1;
    if (shape >= 0 && shape === this.#lastShape && mask === this.#lastMask) return this.#last as Group;
    const group = this.#find(exchange, mask, known);
    this.#last = group;
    this.#lastShape = shape;
    this.#lastMask = mask;
    return group;
  }

  #find(exchange: Exchange, mask: number, known: ReadonlyMap<string, KnownReport> | null): Group {
    const { portZero, probe, verdict, reason, underWay: lateStart } = exchange;
    // One number for all that is shared but the reason: rules (30 bits), probe, verdict (of a late start one more), end.
    const end = portZero === null ? 0 : END[portZero];
    const kind =
      (PROBES.indexOf(probe as never) + 1) * 64 + (lateStart ? VERDICTS.length : VERDICTS.indexOf(verdict)) * 4 + end;
    const key = mask * 1024 + kind;
    let byReason = this.#groups.get(key);
    if (byReason === undefined) {
      byReason = new Map();
      this.#groups.set(key, byReason);
    }
    // What is known does not stand for what is new.
    const knownRuleIds = known === null ? null : [...known.keys()];
    const kindOfReason = knownRuleIds === null ? reason : `${reason} ${knownRuleIds.join(' ')}`;
    let group = byReason.get(kindOfReason);
    if (group === undefined) {
      const ruleIds = this.#rules.ruleIds(mask);
      const severity = this.#rules.severity(newMask(mask, this.#rules, known) || mask);
      const { started } = exchange;
      group = {
        shared: {
          portZero,
          probe,
          verdict,
          lateStart,
          state: exchange.state,
          reason,
          ruleIds,
          severity,
          ...(knownRuleIds === null ? {} : { knownRuleIds }),
        },
        known: [],
        count: 0,
        clients: new AddressTable(MAX_DISTINCT, 1, never),
        servers: new AddressTable(MAX_DISTINCT, 1, never),
        first: started,
        last: started,
        examples: [],
      };
      byReason.set(kindOfReason, group);
    }
    return group;
  }
}

/** Of the rules in a mask those whose findings a baseline has not: what is known does not make a group graver. */
function newMask(mask: number, rules: GroupRules, known: ReadonlyMap<string, KnownReport> | null): number {
  let news = mask;
  for (let bits = mask; bits !== 0 && known !== null && known.size > 0; bits &= bits - 1) {
    const bit = bits & -bits;
    if (rules.ruleIds(bit).every((id) => known.has(id))) news &= ~bit;
  }
  return news;
}

function addKnown(entries: KnownReport[], known: ReadonlyMap<string, KnownReport>): void {
  for (const entry of known.values()) {
    const isThere = entries.some(({ since, why }) => since === entry.since && why === entry.why);
    if (!isThere && entries.length < MAX_KNOWN) entries.push(entry);
  }
}

function addTo(table: AddressTable, address: Uint8Array): void {
  putAddress(table.key, 0, address, 0, address.length);
  table.claim();
}

/** Nobody leaves, so that the slots are the first ones. */
function namesIn(table: AddressTable): string[] {
  return Array.from({ length: Math.min(table.size, MAX_HANDED_OVER) }, (_, slot) =>
    formatAddress(table.addressAt(slot, 0)),
  );
}

const never = () => {};

const END = { client: 1, server: 2, both: 3 } as const;
const RANK: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 };
const rankOf = ({ shared }: Group): number => (shared.severity === null ? 0 : RANK[shared.severity]);

const isBefore = (a: Timestamp, b: Timestamp): boolean =>
  a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
