import type { InterfaceLayout, PcapLayout, PcapngLayout, RecordSkipper } from '../capture/format/record-skipper.ts';
import { giveMachine, type Machine, type MachineExports, prepareMachine, takeMachine } from '../core/instance.ts';
import * as at from '../core/layout.ts';
import { processKey } from '../decode/keyed-hash.ts';
import type { LinkMap } from '../decode/link/link-map.ts';
import { compileAsUsual } from '../tier-up.ts';
import type { FlowKey } from '../track/flow-key.ts';
import type { Ledger, LedgerEntry, LedgerSegment } from '../track/ledger.ts';
import type { AnswerMemory, TableMemory } from '../track/table-memory.ts';
import { mostAnswers } from '../track/tracking.ts';
import { AlikeCounts } from './alike-counts.ts';
import { CoreAnswers, CoreTable } from './core-table.ts';

/** What the core asks of who tracks the other exchanges. */
export interface CoreTracker {
  /** Exchanges that it keeps. */
  readonly size: number;
  /** Time by the clock at which it has to be called, whatever comes. */
  readonly nextDeadline: number;
  /** The only scope in which it has exchanges; -1 where that is not so. */
  readonly onlyScope: number;
  /** Whether a question had to leave the full table. */
  readonly hasEvicted: boolean;
  catchUp(): void;
  /** Tells of what the core has done to rows of the table: LOG_ of core/layout.ts. */
  tellLog(log: Int32Array): void;
}

export interface CoreSettings {
  /** A bit for each UDP port that is read as a tunnel. */
  readonly tunnelPorts: Uint32Array;
  /** Which link types are read as others; null for none. */
  readonly links?: LinkMap | null;
  /** Absent where nobody tracks exchanges here: then all segments with port 0 are for others to see. */
  readonly tracking?: TrackingSettings;
  /** Whether exchanges on ordinary ports are kept here: else all segments with SYN, FIN or RST are for others to see. */
  readonly keepsOrdinary?: boolean;
  /** Whether exchanges with port 0 may be opened here (default: yes): else all of their segments are for others to see. */
  readonly keepsPortZero?: boolean;
}

export interface TrackingSettings {
  readonly answerTimeoutNanos: number;
  /** Most exchanges that core and tracker may keep together. */
  readonly maxExchanges: number;
  /** Whether what changes is told early, and time stamps are compared with a clock that does not step. Default: no. */
  readonly tells?: boolean;
  readonly hasEven?: boolean;
  /** Scope of the packets in a VLAN; asked once each. */
  readonly vlanScope: (id: number) => number;
}

/** Exchanges that have settled in the ledger, by verdict. */
export interface Settled {
  readonly accepted: number;
  readonly refused: number;
  readonly silent: number;
  readonly undecided: number;
}

/** Beyond, exchanges are the tracker's alone; and so are those with port 0 where there may be more of them. */
const MOST_RECORDS = 1 << 20;
const MOST_FRAMES = 0xf000_0000;

/**
 * The core: a program (assembly/), in WebAssembly or derived from that in JavaScript, that reads records where they lie in its memory, counts the frames that
 * nobody needs to see, and keeps the books of ordinary exchanges. What is left, a hundredth of the frames of an
 * ordinary capture, goes the usual way. The results are the same with and without.
 */
export class CoreSkipper implements RecordSkipper, Ledger {
  readonly bytes: Uint8Array;
  /** Where FrameTotals are counted. */
  readonly totals: Float64Array;
  readonly clock: Float64Array;
  /** See track/waiting-ports.ts. */
  readonly waiting: Uint16Array;
  readonly headersSuffice: boolean;
  /** Where the tracker's table and its answers are to be; null for elsewhere. */
  readonly table: TableMemory | null;
  readonly answers: AnswerMemory | null;
  readonly alike: AlikeCounts;
  frames = 0;
  readonly #machine: Machine;
  readonly #exports: MachineExports;
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;
  readonly #links: LinkMap | null;
  readonly #halves: Uint16Array;
  readonly #octets: Uint8Array;
  readonly #vlanScope: (id: number) => number;
  #skip: (start: number, end: number) => number;
  #onFull: (() => void) | null = null;
  #tracker: CoreTracker = {
    size: 0,
    nextDeadline: Number.POSITIVE_INFINITY,
    onlyScope: -1,
    hasEvicted: false,
    catchUp: () => {},
    tellLog: () => {},
  };

  /** Comes before open(). */
  static prepare(): Promise<void> {
    return prepareMachine();
  }

  /** Null where it cannot be had. */
  static open(settings: CoreSettings): CoreSkipper | null {
    const most = settings.tracking?.maxExchanges ?? 0;
    const isShared = most > 0 && most <= MOST_RECORDS && settings.keepsPortZero !== false;
    const machine = takeMachine({
      records: settings.keepsOrdinary === true ? Math.min(most, MOST_RECORDS) : 0,
      // Some wait to be told of.
      rows: isShared ? most + at.LOG_MOST : 0,
      answers: isShared ? mostAnswers(most) : 0,
    });
    return machine === null ? null : new CoreSkipper(machine, settings);
  }

  private constructor(machine: Machine, settings: CoreSettings) {
    this.#machine = machine;
    const { exports, memory, room } = machine;
    const { buffer } = memory;
    this.#exports = exports;
    this.#skip = exports.skipPcap;
    this.#doubles = new Float64Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#halves = new Uint16Array(buffer);
    this.#octets = new Uint8Array(buffer);
    const { tracking, keepsOrdinary = false } = settings;
    this.headersSuffice = keepsOrdinary;
    this.#links = settings.links ?? null;
    this.#vlanScope = tracking?.vlanScope ?? (() => -1);
    this.bytes = new Uint8Array(buffer, at.INPUT, at.INPUT_LENGTH);
    this.totals = new Float64Array(buffer, 0, at.TOTALS_LENGTH);
    this.clock = new Float64Array(buffer, at.CLOCK, at.CLOCK_LENGTH);
    this.waiting = new Uint16Array(buffer, at.WAITING, at.WAITING_CELLS);
    const rowsUsed = this.#words[(at.TABLE >> 2) + at.TABLE_USED]!;
    // All that an earlier run has left.
    this.#octets.fill(0, 0, at.TUNNEL_PORTS);
    this.#words.fill(-1, at.VLAN_SCOPES >> 2, (at.VLAN_SCOPES >> 2) + 4096);
    this.#words.set(settings.tunnelPorts, at.TUNNEL_PORTS >> 2);
    this.#words.set(processKey, at.HASH_KEY >> 2);
    this.#set(at.CAPACITY, room.records);
    const isShared = room.rows > 0;
    this.table = isShared ? new CoreTable(machine, rowsUsed) : null;
    this.answers = isShared ? new CoreAnswers(machine) : null;
    this.alike = new AlikeCounts(buffer);
    if (tracking !== undefined) {
      this.#set(at.HAS_LEDGER, keepsOrdinary ? 1 : 0);
      this.#set(at.LIMIT, Math.min(tracking.maxExchanges, 0x7fff_ffff));
      this.#doubles[at.TIMEOUT >> 3] = tracking.answerTimeoutNanos;
      this.#set(at.TELLS, tracking.tells === true ? 1 : 0);
      this.#set(at.HAS_EVEN, tracking.hasEven === true ? 1 : 0);
    }
    this.#doubles[at.NEXT_ID >> 3] = 1;
    exports.reset();
  }

  /** Whom to call in time. */
  attach(tracker: CoreTracker): void {
    this.#tracker = tracker;
  }

  /**
   * Puts the frames that somebody has to see into a block, up to a certain length; with `trims`, of segments on ordinary
   * ports only the headers. Whoever else adds to the block does so in order. `onFull` is to empty it.
   */
  relayTo(onFull: () => void, trims: boolean): { readonly bytes: Uint8Array; readonly used: Int32Array } {
    this.#set(at.RELAYS, 1);
    this.#set(at.TRIMS, trims ? 1 : 0);
    this.#onFull = onFull;
    const { buffer } = this.#octets;
    return {
      bytes: new Uint8Array(buffer, at.RELAY, at.RELAY_LENGTH),
      used: new Int32Array(buffer, at.RELAY_USED, 1),
    };
  }

  /** What has settled; after finish() that is all. */
  get settled(): Settled {
    return {
      accepted: this.#doubles[at.SETTLED_ACCEPTED >> 3]!,
      refused: this.#doubles[at.SETTLED_REFUSED >> 3]!,
      silent: this.#doubles[at.SETTLED_SILENT >> 3]!,
      undecided: this.#doubles[at.SETTLED_UNDECIDED >> 3]!,
    };
  }

  /** Nobody will look at it any more. */
  close(): void {
    giveMachine(this.#machine);
  }

  // --- records ---------------------------------------------------------------------------------------------------------

  get passed(): { readonly seconds: number; readonly nanos: number } {
    return {
      seconds: this.#words[at.PASSED_SECONDS >> 2]! >>> 0,
      nanos: this.#words[at.PASSED_NANOS >> 2]!,
    };
  }

  setPcap(layout: PcapLayout): void {
    this.#set(at.PCAP_LITTLE, layout.little ? 1 : 0);
    this.#set(at.PCAP_NANO, layout.nano ? 1 : 0);
    this.#set(at.PCAP_HEADER, layout.headerLength);
    this.#setInterface(0, layout);
    this.#skip = this.#exports.skipPcap;
  }

  setPcapng({ little, mostBlockLength, interfaces }: PcapngLayout): void {
    this.#set(at.PCAPNG_LITTLE, little ? 1 : 0);
    this.#set(at.PCAPNG_MOST, mostBlockLength);
    const known = interfaces.slice(0, at.MOST_INTERFACES);
    this.#set(at.PCAPNG_INTERFACES, known.length);
    const view = new DataView(this.#octets.buffer);
    for (const [index, layout] of known.entries()) {
      const place = this.#setInterface(index, layout);
      const { ticksPerSecond, offsetSeconds } = layout;
      view.setBigUint64(place + at.INTERFACE_UNIT, BigInt(ticksPerSecond), true);
      view.setBigUint64(place + at.INTERFACE_TICK, BigInt(ticksPerSecond === 0 ? 0 : 1e9 / ticksPerSecond), true);
      view.setBigInt64(place + at.INTERFACE_OFFSET, BigInt(offsetSeconds), true);
    }
    this.#skip = this.#exports.skipPcapng;
  }

  skip(start: number, end: number, frames: number): number {
    this.frames = frames;
    // Numbers are 32 bits wide in there: of a longer capture, which has a hundred gigabytes, the reader reads the rest.
    if (frames > MOST_FRAMES) return start;
    this.#set(at.FRAME, frames);
    const to = this.#run(this.#skip, start, end);
    this.frames = this.#words[at.FRAME >> 2]! >>> 0;
    return to;
  }

  /** The same with the records of a ring (prefilter/frame-ring.ts). */
  skipRelayed(start: number, end: number): number {
    return this.#run(this.#exports.skipRelayed, start, end);
  }

  #run(skip: (start: number, end: number) => number, start: number, end: number): number {
    const words = this.#words;
    const tracker = this.#tracker;
    const vlan = words[at.UNKNOWN_VLAN >> 2]!;
    if (vlan !== 0) {
      words[at.UNKNOWN_VLAN >> 2] = 0;
      words[(at.VLAN_SCOPES >> 2) + vlan] = this.#vlanScope(vlan);
    }
    const to = at.INPUT + end;
    let from = at.INPUT + start;
    for (;;) {
      words[at.WOKEN >> 2] = 0;
      words[at.TRACKED >> 2] = tracker.size;
      words[at.ONLY_SCOPE >> 2] = tracker.onlyScope;
      words[at.HAS_EVICTED >> 2] = tracker.hasEvicted ? 1 : 0;
      this.#doubles[at.WAKE >> 3] = tracker.nextDeadline;
      from = skip(from, to);
      this.#tellLog();
      if (words[at.WOKEN >> 2] !== 0) tracker.catchUp();
      else if (words[at.RELAY_FULL >> 2] !== 0) {
        words[at.RELAY_FULL >> 2] = 0;
        this.#onFull?.();
      } else return from - at.INPUT;
    }
  }

  #tellLog(): void {
    const used = this.#words[at.LOG_USED >> 2]!;
    if (used === 0) return;
    this.#words[at.LOG_USED >> 2] = 0;
    // A flood: all of it is told of.
    if (used > at.LOG_MOST / 2) compileAsUsual();
    this.#tracker.tellLog(this.#words.subarray(at.LOG >> 2, (at.LOG >> 2) + used));
  }

  /** Whether the frame that it handed over last came in a way whose layers it wants to know. */
  get wantsLayers(): boolean {
    return this.#words[at.UNKNOWN_WAY >> 2] !== 0;
  }

  /** `index`: as Tracker.internLayers() has it. */
  learnLayers(index: number): void {
    this.#words[(at.WAYS >> 2) + this.#words[at.UNKNOWN_WAY >> 2]!] = index;
    this.#words[at.UNKNOWN_WAY >> 2] = 0;
  }

  /** Segments that it has passed over. */
  get segments(): number {
    return this.#doubles[at.TOTAL_SEGMENTS >> 3]!;
  }

  // --- exchanges -------------------------------------------------------------------------------------------------------

  get size(): number {
    return this.#words[at.SIZE >> 2]!;
  }

  nextId(): number {
    return this.#doubles[at.NEXT_ID >> 3]!++;
  }

  /** The capture is over: see SharedState in track/tracking.ts. */
  countAlike(entry: number): number {
    return this.#exports.countAlike(entry);
  }

  take(key: FlowKey): LedgerEntry | null {
    if (this.size === 0) return null;
    this.#setKey(key);
    const record = this.#exports.take();
    return record === 0 ? null : this.#entryAt(record);
  }

  awaits(key: FlowKey): boolean {
    if (this.size === 0) return false;
    this.#setKey(key);
    return this.#exports.waiting() !== 0;
  }

  #setKey(key: FlowKey): void {
    this.#words.set(key.source, at.KEY_SOURCE >> 2);
    this.#words.set(key.destination, at.KEY_DESTINATION >> 2);
    this.#set(at.KEY_PORTS, (key.sourcePort << 16) | key.destinationPort);
    this.#set(at.KEY_IPV6, key.isIpv6 ? 1 : 0);
    this.#set(at.KEY_HASH, key.ends);
  }

  note(hash: number, by: 1 | -1): void {
    this.#halves[(at.FILTER >> 1) + (hash & at.FILTER_MASK)]! += by;
  }

  get leastWorthKeeping(): { readonly isDecided: boolean; readonly isOpen: boolean; readonly id: number } | null {
    const record = this.size === 0 ? 0 : this.#exports.leastWorthKeeping();
    if (record === 0) return null;
    const state = this.#word(record, at.STATE) & at.STATE_MASK;
    return {
      isDecided: state !== at.STATE_OPEN && state !== at.STATE_CONVERSING,
      isOpen: state === at.STATE_OPEN,
      id: this.#word(record, at.ID) >>> 0,
    };
  }

  evictLeast(): void {
    this.#exports.evict(this.#exports.leastWorthKeeping());
  }

  expire(): void {
    if (this.size > 0) this.#exports.expire(this.clock[0]!);
  }

  finish(): void {
    this.#exports.finish();
  }

  #entryAt(record: number): LedgerEntry {
    const state = this.#word(record, at.STATE);
    const isIpv6 = (state & at.STATE_IPV6) !== 0;
    const more =
      at.RECORDS + (this.#machine.room.records + 1) * at.RECORD_LENGTH + ((record - at.RECORDS) >> at.MORE_SHIFT);
    const sequence = this.#word(record, at.ISN) >>> 0;
    const probe: LedgerSegment = {
      frame: this.#word(record, at.PROBE_FRAME) >>> 0,
      seconds: this.#word(record, at.PROBE_SECONDS) >>> 0,
      nanos: this.#word(record, at.PROBE_NANOS),
      flags: this.#halves[(record + at.PROBE_FLAGS) >> 1]!,
      ttl: this.#octets[record + at.PROBE_TTL]!,
      ipId: isIpv6 ? -1 : this.#halves[(record + at.PROBE_IP_ID) >> 1]!,
      sequence,
      acknowledgment: 0,
    };
    const kind = state & at.STATE_MASK;
    const gapOrHold = this.#doubles[(record + at.GAP_OR_HOLD) >> 3]!;
    const hasAnswer = kind !== at.STATE_OPEN && kind !== at.STATE_SILENT;
    const started = record + (hasAnswer ? at.STARTED_ANSWERED : at.STARTED_UNANSWERED);
    const answer: LedgerSegment = {
      frame: this.#word(record, at.ANSWER_FRAME) >>> 0,
      seconds: this.#word(record, at.ANSWER_SECONDS) >>> 0,
      nanos: this.#word(record, at.ANSWER_NANOS),
      flags: this.#halves[(record + at.ANSWER_FLAGS) >> 1]!,
      ttl: this.#octets[record + at.ANSWER_TTL]!,
      ipId: isIpv6 ? -1 : this.#halves[(record + at.ANSWER_IP_ID) >> 1]!,
      sequence: this.#word(record, at.ANSWER_SEQUENCE) >>> 0,
      // Any other would not have been its answer.
      acknowledgment: (sequence + 1) >>> 0,
    };
    return {
      id: this.#word(record, at.ID),
      scope: this.#word(record, at.SCOPE),
      client: this.#address(record + at.CLIENT, more + at.CLIENT_MORE, isIpv6),
      server: this.#address(record + at.SERVER, more + at.SERVER_MORE, isIpv6),
      ports: this.#word(record, at.PORTS),
      state: STATES[kind]!,
      clientFin: (state & at.STATE_CLIENT_FIN) !== 0,
      serverFin: (state & at.STATE_SERVER_FIN) !== 0,
      reset: (state & at.STATE_RESET) !== 0,
      closedByFin: (state & at.STATE_CLOSED_BY_FIN) !== 0,
      deadline: this.#doubles[(record + at.DEADLINE) >> 3]!,
      lastGap: kind === at.STATE_OPEN ? gapOrHold : 0,
      holdUntil: kind === at.STATE_SILENT ? gapOrHold : 0,
      startedSeconds: this.#word(started, 0) >>> 0,
      startedNanos: this.#word(started, 4),
      probe,
      answer: hasAnswer ? answer : null,
    };
  }

  #address(first: number, more: number, isIpv6: boolean): Int32Array {
    const words = this.#words;
    const address = Int32Array.of(words[first >> 2]!, 0, 0, 0);
    if (isIpv6) address.set(words.subarray(more >> 2, (more >> 2) + 3), 1);
    return address;
  }

  #setInterface(index: number, layout: InterfaceLayout): number {
    const place = at.INTERFACES + index * at.INTERFACE_LENGTH;
    this.#set(place + at.INTERFACE_LINK, this.#exports.linkOf(this.#links?.get(layout.linkType) ?? layout.linkType));
    this.#set(place + at.INTERFACE_TYPE, layout.linkType);
    this.#set(place + at.INTERFACE_INDEX, layout.index);
    this.#set(place + at.INTERFACE_FCS, layout.fcsLength);
    this.#set(place + at.INTERFACE_LIMIT, layout.limit);
    this.#set(place + at.INTERFACE_DIGITS, layout.timeDigits);
    return place;
  }

  #set(address: number, value: number): void {
    this.#words[address >> 2] = value;
  }

  #word(record: number, field: number): number {
    return this.#words[(record + field) >> 2]!;
  }
}

const STATES: Readonly<Record<number, LedgerEntry['state']>> = {
  [at.STATE_OPEN]: 'open',
  [at.STATE_CONVERSING]: 'conversing',
  [at.STATE_CLOSED]: 'closed',
  [at.STATE_REFUSED]: 'refused',
  [at.STATE_SILENT]: 'silent',
};
