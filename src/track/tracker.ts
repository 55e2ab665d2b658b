/** Packets in, exchanges out: what kind of segment it is decides who takes it. */

import { MAX_LONE } from '../core/layout.ts';
import {
  ACK,
  FIN,
  FRAGMENT_LATER,
  type PacketRecord,
  RST,
  SYN,
  TRANSPORT_ICMP_ERROR,
  TRANSPORT_TCP,
} from '../decode/packet.ts';
import type { CaptureClock } from './clock.ts';
import { UNDECIDED } from './codes.ts';
import { tellLog } from './core-log.ts';
import { findNewest, throughScopes } from './cross-scope.ts';
import { type ExchangeSink, NO_TIME, type TrackerCounts } from './exchange.ts';
import { decideWithoutAnswer, endExchange, expireAll, expireByStamps } from './expiry.ts';
import { keepDropped } from './on-dropped.ts';
import { takeHidden, takeRepeat } from './on-fragment.ts';
import { takeIcmpError } from './on-icmp.ts';
import { isAwaited, takeOther, takePlain } from './on-other.ts';
import { isAsked, takeResetSegment } from './on-reset.ts';
import { takeOpening, takeSynAck } from './on-syn.ts';
import { countKept, isDropped } from './questions.ts';
import * as t from './table.ts';
import { type TrackerOptions, Tracking } from './tracking.ts';

export type { TrackerOptions } from './tracking.ts';

export class Tracker {
  readonly #state: Tracking;

  constructor(options: TrackerOptions, sink: ExchangeSink) {
    this.#state = new Tracking(options, sink);
  }

  /** See track/waiting-ports.ts. Who drops plain segments before they come here has to look at it. */
  get waiting(): Uint16Array {
    return this.#state.waiting;
  }

  /** Time by the clock at which something is to be done, whether a packet comes or not. */
  get nextDeadline(): number {
    const { table, shared } = this.#state;
    // The core looks at these itself, where it can.
    const open = shared !== null ? 0 : table.head(t.LIST_OPEN);
    const lingering = shared !== null ? 0 : table.head(t.LIST_LINGER);
    const areLoneDue = shared === null && table.count(t.LIST_LONE) > MAX_LONE;
    const closed = table.head(t.LIST_CLOSED);
    return Math.min(
      open === 0 ? Number.POSITIVE_INFINITY : table.deadline(open),
      lingering === 0 ? Number.POSITIVE_INFINITY : table.deadline(lingering),
      closed === 0 ? Number.POSITIVE_INFINITY : table.deadline(closed),
      areLoneDue ? table.deadline(table.head(t.LIST_LONE)) : Number.POSITIVE_INFINITY,
      this.#state.takeover?.nextDeadline ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Does what is due by the clock, which somebody else has advanced. */
  catchUp(): void {
    expireAll(this.#state);
  }

  /** See CoreTracker in prefilter/core-skipper.ts. */
  get onlyScope(): number {
    return this.#state.crossings.onlyScope;
  }

  get hasEvicted(): boolean {
    return this.#state.evicted > 0;
  }

  /** Tells of what the core has done to rows of the table since it was asked last: before anything else is done. */
  tellLog(log: Int32Array): void {
    tellLog(this.#state, log);
  }

  /** Index of the way that a packet came in. */
  internLayers(packet: PacketRecord): number {
    return this.#state.layers.intern(packet.layers, packet.layerCount);
  }

  get counts(): TrackerCounts {
    return { evicted: this.#state.evicted, lostAttempts: this.#state.attempts.lost, open: countKept(this.#state) };
  }

  get clock(): CaptureClock {
    return this.#state.clock;
  }

  /** Exchanges in the table. */
  get size(): number {
    return this.#state.table.size;
  }

  /** Takes one packet. `frame` is the number of its frame; the time is that of the frame. */
  track(packet: PacketRecord, frame: number, seconds: number, nanos: number, digits: number): void {
    const isTcp = packet.transport === TRANSPORT_TCP;
    if (!isTcp && packet.transport !== TRANSPORT_ICMP_ERROR) return;
    // Time goes by the frames that matter, whoever else lets others through.
    if (isTcp && isPlain(packet) && !isAwaited(this.#state, packet)) return;
    if (digits !== NO_TIME) {
      this.#state.clock.advance(seconds, nanos);
      expireAll(this.#state);
    }
    this.#state.frame = frame;
    this.#state.numbers.meet(frame);
    this.#state.seconds = seconds;
    this.#state.nanos = nanos;
    this.#state.digits = digits;
    if (isTcp) this.#segment(packet);
    else takeIcmpError(this.#state, packet);
  }

  /** Tells the latest time stamp, after which a capture goes on without packets. */
  reach(seconds: number, nanos: number): void {
    this.#state.clock.reach(seconds, nanos);
    expireAll(this.#state);
  }

  /** Tells the latest time stamp of a capture, which is over. */
  endAt(seconds: number, nanos: number, hasOneClock: boolean): void {
    this.reach(seconds, nanos);
    if (hasOneClock && this.#state.clock.hasSteppedBack) expireByStamps(this.#state, seconds, nanos);
  }

  /** Tells the time without a packet. */
  advance(seconds: number, nanos: number): void {
    this.#state.clock.advance(seconds, nanos);
    expireAll(this.#state);
  }

  /** Live: it is so late by the clock that does not step. */
  pass(evenNanos: number): void {
    this.#state.clock.pass(evenNanos);
    expireAll(this.#state);
  }

  /** The capture is over: settles what is left. */
  finish(): void {
    const { table, ledger, shared, sink } = this.#state;
    for (const list of [t.LIST_CLOSED, t.LIST_LINGER, t.LIST_LONE, t.LIST_CONVERSATION, t.LIST_OPEN]) {
      for (let entry = table.head(list); entry !== 0; entry = table.following(entry)) {
        const from = entry;
        entry = shared?.countAlike(entry) ?? entry;
        if (sink.counted !== undefined) this.#tellCounted(from, entry, list === t.LIST_OPEN);
        if (entry === 0) break;
        if (list === t.LIST_OPEN) decideWithoutAnswer(this.#state, entry, UNDECIDED);
        endExchange(this.#state, entry);
      }
    }
    // One by one they would have to be looked for.
    table.empty();
    ledger?.finish();
    this.#state.release();
  }

  /** Those from one exchange of a list up to another have been counted. */
  #tellCounted(from: number, to: number, isOpen: boolean): void {
    const { table, sink, view } = this.#state;
    for (let entry = from; entry !== to; entry = table.following(entry)) {
      if (isOpen) decideWithoutAnswer(this.#state, entry, UNDECIDED);
      sink.counted!(view.at(entry));
    }
  }

  #segment(packet: PacketRecord): void {
    const { flags, assembly } = packet;
    if (packet.sourcePort < 0 || packet.destinationPort < 0 || packet.fragment === FRAGMENT_LATER) return;
    this.#state.isPortZero = packet.sourcePort === 0 || packet.destinationPort === 0;
    // Without flags there is nothing to go by; but port 0 was used, whoever hid them: the sender, or the capture's snap length.
    if (flags < 0 && !this.#state.isPortZero) return;
    this.#state.key.read(packet, packet.scope);
    const newest = throughScopes(this.#state, packet, findNewest(this.#state), false);
    this.#state.attempts.begin(newest, this.#state.key.hash, packet.sequence, packet.acknowledgment);
    if (isPlain(packet)) {
      takePlain(this.#state, packet, newest);
      return;
    }
    if (assembly !== null && assembly.owner !== 0 && takeRepeat(this.#state, packet, assembly, newest)) return;
    if (newest !== 0 && isDropped(this.#state, packet) && keepDropped(this.#state, packet, newest)) return;
    if (flags < 0) takeHidden(this.#state, packet, newest);
    else if ((flags & SYN) !== 0) {
      if ((flags & RST) !== 0 && isAsked(this.#state, newest)) takeResetSegment(this.#state, packet, newest);
      else if ((flags & RST) === 0 && (flags & ACK) !== 0) takeSynAck(this.#state, packet, newest);
      else takeOpening(this.#state, packet, newest);
    } else if ((flags & RST) !== 0) takeResetSegment(this.#state, packet, newest);
    else takeOther(this.#state, packet, newest);
  }
}

/** A segment between ordinary ports that opens, answers and ends nothing. */
function isPlain({ flags, sourcePort, destinationPort }: PacketRecord): boolean {
  return flags >= 0 && (flags & (SYN | RST | FIN)) === 0 && sourcePort > 0 && destinationPort > 0;
}
