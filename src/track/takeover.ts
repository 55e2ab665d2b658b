/** Exchanges that a ledger kept so far, now as records of the table: something unusual happens to them. */

import { PacketRecord, TRANSPORT_TCP } from '../decode/packet.ts';
import { KIND_RESET, KIND_SYN_ACK } from './answer-pool.ts';
import { Deadlines } from './deadlines.ts';
import { PROBES, VERDICTS } from './exchange.ts';
import type { Store } from './exchange-view.ts';
import type { FlowKey } from './flow-key.ts';
import type { Ledger, LedgerEntry, LedgerSegment } from './ledger.ts';
import * as t from './table.ts';

const VERDICT_OF = {
  open: VERDICTS.indexOf('undecided'),
  conversing: VERDICTS.indexOf('accepted'),
  closed: VERDICTS.indexOf('accepted'),
  refused: VERDICTS.indexOf('refused'),
  silent: VERDICTS.indexOf('silent'),
};

const LIST_OF = {
  open: t.LIST_OPEN,
  conversing: t.LIST_CONVERSATION,
  closed: t.LIST_LINGER,
  refused: t.LIST_LINGER,
  silent: t.LIST_LINGER,
};

/** So many may be obsolete before they are looked through. */
const MANY_DEADLINES = 4096;

export class Takeover {
  readonly #store: Store;
  readonly #ledger: Ledger;
  readonly #answer = new PacketRecord();
  /** Older than those of what was opened in the table since: the lists, which are in order of time, do not find them in time. */
  readonly #deadlines = new Deadlines();

  constructor(store: Store, ledger: Ledger) {
    this.#store = store;
    this.#ledger = ledger;
  }

  /**
   * Puts the exchange with these ends, in whatever scope, into the table, as it would be there had it been there from the start
   * but for evidence, of which nothing is kept. Returns 0 when the ledger does not have it.
   */
  take(key: FlowKey): number {
    const taken = this.#ledger.take(key);
    if (taken === null) return 0;
    const { table } = this.#store;
    const { ports, client, state } = taken;
    const sourceIsClient =
      ports === ((key.sourcePort << 16) | key.destinationPort) && client.every((word, i) => word === key.source[i]);
    const { scope } = key;
    key.moveTo(taken.scope);
    const entry = table.insert(key, 0, sourceIsClient);
    key.moveTo(scope);
    this.#ledger.note(key.ends, 1);
    this.#setProbe(entry, taken);
    table.setProbe(entry, PROBES.indexOf('syn'));
    table.setVerdict(entry, VERDICT_OF[state]);
    table.add(entry, t.TRAIT_HAS_PROBE_HEADER);
    if (taken.clientFin) table.add(entry, t.TRAIT_CLIENT_FIN);
    if (taken.serverFin) table.add(entry, t.TRAIT_SERVER_FIN);
    if (taken.reset) table.add(entry, t.TRAIT_RESET);
    if (taken.closedByFin) table.add(entry, t.TRAIT_CLOSED_BY_FIN);
    if (state === 'silent') table.add(entry, t.TRAIT_TIMED_OUT);
    if (taken.answer !== null) {
      const answer = this.#createAnswer(taken, taken.answer);
      table.setAnswers(entry, answer);
    }
    table.enlist(entry, LIST_OF[state], taken.deadline);
    if (state !== 'conversing') this.#noteDeadline(entry, taken);
    return entry;
  }

  /** Time by the clock at which due() gives something, or earlier. */
  get nextDeadline(): number {
    return this.#deadlines.earliest;
  }

  /** What was taken over, has not been heard of since, and whose time is up; 0 when there is no more. */
  due(now: number): number {
    for (const deadlines = this.#deadlines; deadlines.earliest <= now; ) {
      const { entry } = deadlines;
      const isDue = this.#isCurrent();
      deadlines.drop();
      if (isDue) return entry;
    }
    return 0;
  }

  #noteDeadline(entry: number, { id, deadline }: LedgerEntry): void {
    const deadlines = this.#deadlines;
    // Most are obsolete as soon as the packet that led to the takeover is dealt with; of a flood of such, not all are kept.
    if (deadlines.size > 2 * this.#store.table.size + MANY_DEADLINES) {
      const current: [number, number, number][] = [];
      for (; deadlines.size > 0; deadlines.drop()) {
        if (this.#isCurrent()) current.push([deadlines.earliest, deadlines.entry, deadlines.id]);
      }
      for (const known of current) deadlines.add(...known);
    }
    deadlines.add(deadline, entry, id);
  }

  /** Whether the earliest deadline is one still. */
  #isCurrent(): boolean {
    const { table } = this.#store;
    const { earliest, entry, id } = this.#deadlines;
    const list = table.listOf(entry);
    return (
      (list === t.LIST_OPEN || list === t.LIST_LINGER) &&
      table.get(entry, t.ID) === id &&
      table.deadline(entry) === earliest
    );
  }

  #setProbe(entry: number, taken: LedgerEntry): void {
    const { id, scope, probe, lastGap, holdUntil } = taken;
    const { table } = this.#store;
    table.set(entry, t.ID, id);
    table.set(entry, t.ISN, probe.sequence);
    table.set(entry, t.PROBE_ACKNOWLEDGMENT, probe.acknowledgment);
    table.set(entry, t.PROBE_HEADER, (probe.flags << 16) | probe.ttl);
    table.set(entry, t.PROBE_IP_ID, probe.ipId);
    table.set(entry, t.PROBE_FRAME, probe.frame);
    table.setStarted(entry, taken.startedSeconds, taken.startedNanos);
    table.set(entry, t.LAST_NANOS, probe.nanos);
    table.setFloat(entry, t.LAST_SECONDS, probe.seconds);
    table.setFloat(entry, t.LAST_GAP, lastGap);
    table.setFloat(entry, t.HOLD_UNTIL, holdUntil);
    // The ledger takes only what has no path of its own in either direction.
    table.set(entry, t.PATH, scope);
  }

  #createAnswer({ server, state }: LedgerEntry, answer: LedgerSegment): number {
    const packet = this.#answer;
    const isIpv6 = answer.ipId < 0;
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (const [i, word] of server.entries()) view.setInt32(i * 4, word);
    packet.reset(bytes);
    packet.ipVersion = isIpv6 ? 6 : 4;
    packet.sourceOffset = 0;
    packet.ttl = answer.ttl;
    packet.ipId = answer.ipId;
    packet.transport = TRANSPORT_TCP;
    packet.flags = answer.flags;
    packet.sequence = answer.sequence;
    packet.acknowledgment = answer.acknowledgment;
    packet.payloadLength = 0;
    const kind = state === 'refused' ? KIND_RESET : KIND_SYN_ACK;
    return this.#store.answers.create(packet, kind, true, answer.frame, answer.seconds, answer.nanos, 0, false);
  }
}
