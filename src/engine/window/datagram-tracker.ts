import type { PacketRecord } from '../../decode/packet.ts';
import type { Timestamp } from '../../track/exchange.ts';
import { FrameSample } from '../frame-sample.ts';
import type { DatagramRule, Match, RuleOptions } from '../types.ts';
import { AddressTable, putAddress } from './address-table.ts';

/** Pairs of source and target kept at a time. */
const MAX_PAIRS = 16_384;

/** The datagrams from one source to one target that a rule matched. */
export interface DatagramGroup {
  /** The rule's, of the first datagram; its data has `datagrams`, how many there were. */
  readonly match: Match;
  readonly source: Uint8Array;
  /** Of the first datagram: others of the group may come from other ports. */
  readonly sourcePort: number;
  readonly target: Uint8Array;
  readonly first: Timestamp;
  readonly frames: readonly number[];
  readonly framesOmitted: number;
}

interface OpenGroup {
  readonly match: Match;
  readonly sourcePort: number;
  readonly first: Timestamp;
  readonly frames: FrameSample;
}

/** Merges what a datagram rule matched by source and target; bounded, the quietest pair is told and forgotten first. */
export class DatagramTracker {
  readonly rule: DatagramRule;
  readonly #options: RuleOptions;
  readonly #live: boolean;
  readonly #table: AddressTable;
  readonly #groups = new Map<number, OpenGroup>();
  #told: DatagramGroup[] = [];

  /** `live`: a pair is told with its first datagram, otherwise at the end. */
  constructor(rule: DatagramRule, options: RuleOptions, live: boolean, pairs = MAX_PAIRS) {
    this.rule = rule;
    this.#options = options;
    this.#live = live;
    this.#table = new AddressTable(pairs, 2, (slot) => this.#end(slot));
  }

  observe(
    packet: PacketRecord,
    frame: number,
    seconds: number,
    nanos: number,
    digits: number,
  ): readonly DatagramGroup[] {
    const match = this.rule.match(packet, this.#options);
    if (match === null) return NONE;
    if (this.#told.length > 0) this.#told = [];
    const length = packet.ipVersion === 4 ? 4 : 16;
    putAddress(this.#table.key, 0, packet.bytes, packet.sourceOffset, length);
    putAddress(this.#table.key, 1, packet.bytes, packet.destinationOffset, length);
    const slot = this.#table.claim();
    let group = this.#groups.get(slot);
    if (group === undefined) {
      group = { match, sourcePort: packet.sourcePort, first: { seconds, nanos, digits }, frames: new FrameSample() };
      this.#groups.set(slot, group);
    }
    group.frames.add(frame);
    if (this.#live && group.frames.count === 1) this.#tell(slot, group);
    return this.#told;
  }

  /** The pairs that were not told yet, in order of appearance. */
  finish(): readonly DatagramGroup[] {
    this.#told = [];
    for (const slot of [...this.#groups.keys()]) this.#end(slot);
    return this.#told;
  }

  #end(slot: number): void {
    const group = this.#groups.get(slot);
    this.#groups.delete(slot);
    if (group !== undefined && !this.#live) this.#tell(slot, group);
  }

  #tell(slot: number, { match, sourcePort, first, frames }: OpenGroup): void {
    this.#told.push({
      match: { ...match, data: { ...match.data, datagrams: frames.count } },
      source: this.#table.addressAt(slot, 0),
      sourcePort,
      target: this.#table.addressAt(slot, 1),
      first,
      frames: frames.list(),
      framesOmitted: frames.omitted,
    });
  }
}

const NONE: readonly DatagramGroup[] = [];
