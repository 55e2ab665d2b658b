import type { Severity } from '../rules/types.ts';
import { type Exchange, PROBES, type Timestamp, VERDICTS } from '../track/exchange.ts';
import { formatTime } from './time.ts';
import type { ExchangeGroup, ExchangeReport } from './types.ts';

/** Distinct ends are counted exactly up to here, which keeps a flood of millions within a few megabytes. */
const MAX_DISTINCT = 10_000;
const MAX_EXAMPLES = 3;

interface Group {
  readonly shared: Pick<ExchangeGroup, 'portZero' | 'probe' | 'verdict' | 'state' | 'reason' | 'ruleIds' | 'severity'>;
  count: number;
  readonly clients: Set<number>;
  readonly servers: Set<number>;
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

  constructor(rules: GroupRules) {
    this.#rules = rules;
  }

  /** `describe` is called for the first few exchanges of each group only. */
  add(exchange: Exchange, mask: number, describe: () => ExchangeReport): void {
    const group = this.#find(exchange, mask);
    group.count++;
    if (group.clients.size < MAX_DISTINCT) group.clients.add(digest(exchange.clientAddress));
    if (group.servers.size < MAX_DISTINCT) group.servers.add(digest(exchange.serverAddress));
    const { started } = exchange;
    if (isBefore(started, group.first)) group.first = started;
    if (isBefore(group.last, started)) group.last = started;
    if (group.examples.length < MAX_EXAMPLES) group.examples.push(describe());
  }

  /** The groups, the gravest and largest first. */
  list(input: number): ExchangeGroup[] {
    const groups = [...this.#groups.values()].flatMap((byReason) => [...byReason.values()]);
    groups.sort((a, b) => rankOf(b) - rankOf(a) || b.count - a.count);
    return groups.map((group) => ({
      input,
      ...group.shared,
      count: group.count,
      clients: { count: group.clients.size, atLeast: group.clients.size >= MAX_DISTINCT },
      servers: { count: group.servers.size, atLeast: group.servers.size >= MAX_DISTINCT },
      firstTime: formatTime(group.first),
      lastTime: formatTime(group.last),
      examples: group.examples,
    }));
  }

  #find(exchange: Exchange, mask: number): Group {
    const { portZero, probe, verdict, reason } = exchange;
    // One number for all that is shared but the reason: rules (30 bits), probe, verdict, end.
    const end = portZero === null ? 0 : END[portZero];
    const kind = (PROBES.indexOf(probe as never) + 1) * 64 + VERDICTS.indexOf(verdict) * 4 + end;
    const key = mask * 1024 + kind;
    let byReason = this.#groups.get(key);
    if (byReason === undefined) {
      byReason = new Map();
      this.#groups.set(key, byReason);
    }
    let group = byReason.get(reason);
    if (group === undefined) {
      const ruleIds = this.#rules.ruleIds(mask);
      const severity = this.#rules.severity(mask);
      const { started } = exchange;
      group = {
        shared: { portZero, probe, verdict, state: exchange.state, reason, ruleIds, severity },
        count: 0,
        clients: new Set(),
        servers: new Set(),
        first: started,
        last: started,
        examples: [],
      };
      byReason.set(reason, group);
    }
    return group;
  }
}

const END = { client: 1, server: 2, both: 3 } as const;
const RANK: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 };
const rankOf = ({ shared }: Group): number => (shared.severity === null ? 0 : RANK[shared.severity]);

const isBefore = (a: Timestamp, b: Timestamp): boolean =>
  a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);

/** 52 bits of an address: two of ten thousand fall together once in ten million runs. IPv4 addresses never do. */
function digest(address: Uint8Array): number {
  let high = address.length;
  let low = 0;
  for (const byte of address) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = (Math.imul(low, 0x01000193) ^ Math.imul(byte + 1, 0x9e3779b1)) | 0;
  }
  if (address.length === 4) {
    return ((address[0] << 24) | (address[1] << 16) | (address[2] << 8) | address[3]) >>> 0;
  }
  return (high >>> 12) * 0x100000000 + (low >>> 0);
}
