import { formatAddress } from '../../decode/address.ts';
import { AddressTable, putWords } from '../../engine/window/address-table.ts';
import { type Exchange, NO_TIME, type Opening, PROBES, type Timestamp, VERDICTS } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import { type InputGroup, MAX_HANDED_OVER } from './merged-groups.ts';
import { formatTime } from './time.ts';
import type { ExchangeGroup, ExchangeReport, KnownReport } from './types.ts';

/** Distinct ends are counted exactly up to here, which keeps a flood of millions within a few megabytes. */
const MAX_DISTINCT = 10_000;
const MAX_EXAMPLES = 3;
/** Entries of a baseline that a group names. */
const MAX_KNOWN = 3;

type Shared = Pick<
  ExchangeGroup,
  'portZero' | 'probe' | 'verdict' | 'lateStart' | 'state' | 'reason' | 'ruleIds' | 'severity' | 'knownRuleIds'
>;

/** Exchanges that are alike. */
export class Group {
  readonly shared: Shared;
  /** What a baseline says of them: the first few that differ. */
  readonly known: KnownReport[] = [];
  count = 0;
  readonly clients = new AddressTable(MAX_DISTINCT, 1, never);
  readonly servers = new AddressTable(MAX_DISTINCT, 1, never);
  readonly examples: ExchangeReport[] = [];
  readonly #first = { seconds: 0, nanos: 0, digits: NO_TIME };
  readonly #last = { seconds: 0, nanos: 0, digits: NO_TIME };

  constructor(shared: Shared) {
    this.shared = shared;
  }

  /** Whether there are as many examples as are told. */
  get isIllustrated(): boolean {
    return this.examples.length >= MAX_EXAMPLES;
  }

  get firstTime(): string | null {
    return formatTime(this.#first);
  }

  get lastTime(): string | null {
    return formatTime(this.#last);
  }

  /** Counts one, in whatever order of time. */
  add({ words, client, server, isIpv6, seconds, nanos, digits }: Opening): void {
    this.count++;
    // Past the bound nobody is added, so that nobody has to leave.
    if (this.clients.size < MAX_DISTINCT) addTo(this.clients, words, client, isIpv6);
    if (this.servers.size < MAX_DISTINCT) addTo(this.servers, words, server, isIpv6);
    this.noteTime({ seconds, nanos, digits });
  }

  /** So many more, of whose ends nothing is to be counted. */
  addAlike(count: number, first: Timestamp | null, last: Timestamp | null): void {
    this.count += count;
    if (first !== null) this.noteTime(first);
    if (last !== null) this.noteTime(last);
  }

  get hasAllClients(): boolean {
    return this.clients.size >= MAX_DISTINCT;
  }

  get hasAllServers(): boolean {
    return this.servers.size >= MAX_DISTINCT;
  }

  noteTime({ seconds, nanos, digits }: Timestamp): void {
    if (digits === NO_TIME) return;
    const first = this.#first;
    if (first.digits === NO_TIME || seconds < first.seconds || (seconds === first.seconds && nanos < first.nanos)) {
      first.seconds = seconds;
      first.nanos = nanos;
      first.digits = digits;
    }
    const last = this.#last;
    if (last.digits === NO_TIME || seconds > last.seconds || (seconds === last.seconds && nanos > last.nanos)) {
      last.seconds = seconds;
      last.nanos = nanos;
      last.digits = digits;
    }
  }
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
    const group = this.groupOf(exchange, mask, known);
    group.add(exchange.opening);
    if (known !== null && group.known.length < MAX_KNOWN) addKnown(group.known, known);
    if (!group.isIllustrated) group.examples.push(describe());
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
      firstTime: group.firstTime,
      lastTime: group.lastTime,
      examples: group.examples,
      clientNames: namesIn(group.clients),
      serverNames: namesIn(group.servers),
      ...(group.shared.knownRuleIds === undefined ? {} : { known: group.known }),
    }));
  }

  /** The group that the exchange belongs to: the same for all of one shape and mask, where there is no baseline. */
  groupOf(exchange: Exchange, mask: number, known: ReadonlyMap<string, KnownReport> | null = null): Group {
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
      group = new Group({
        portZero,
        probe,
        verdict,
        lateStart,
        state: exchange.state,
        reason,
        ruleIds,
        severity,
        ...(knownRuleIds === null ? {} : { knownRuleIds }),
      });
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

function addTo(table: AddressTable, words: Int32Array, at: number, isIpv6: boolean): void {
  putWords(table.key, words, at, isIpv6);
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
