/**
 * Conversations whose frames are in more than one scope (VLAN, VNI, tunnel): directions that run through different ones, and
 * mirrors that show a packet in each. Exchanges are found by their ends and numbers whatever their scope; and ends that were once
 * found to be in another scope stay there.
 */
import { PacketRecord } from '../wire/packet.ts';
import * as t from './table.ts';

/** Exchanges on the same ends with the same number that are looked at; where there are more, nothing is guessed. */
const MOST_ALIKE = 16;
/** Ends in one scope whose exchanges are in another; beyond, the oldest is forgotten. */
const MOST_JOINED = 1 << 16;
const FIRST_SLOTS = 1024;

interface Joined {
  readonly from: number;
  readonly to: number;
}

export class Crossings {
  /** Whether there is more than one scope: until then there is nothing to look for, and nothing is kept. */
  isActive = false;
  readonly #table: t.ExchangeTable;
  readonly #key: t.FlowKey;
  readonly #scratch = new PacketRecord();
  #scope = -1;
  /** Pairs of hash and record in open addressing, at most half full. Bounded by the table. */
  #slots = new Int32Array(0);
  #count = 0;
  /** Under which two hashes a record is there; 0 for none. */
  #hashes = new Int32Array(0);
  /** By the hash of the ends in the scope that is not the exchange's. */
  readonly #joined = new Map<number, Joined>();
  readonly #found: number[] = [];

  /** `key` is for its own use. */
  constructor(table: t.ExchangeTable, key: t.FlowKey) {
    this.#table = table;
    this.#key = key;
    this.#scratch.bytes = new Uint8Array(32);
    this.#scratch.destinationOffset = 16;
    this.#scratch.sourceOffset = 0;
  }

  /** A packet is in that scope. True for the first of a second scope: what there is in the table has to be noted now. */
  see(scope: number): boolean {
    if (this.isActive || this.#scope === scope) return false;
    this.isActive = this.#scope >= 0;
    this.#scope = scope;
    return this.isActive;
  }

  /**
   * An exchange that is found by these numbers from now on: what its question sent, and what an answer to all of it
   * acknowledges, less one.
   */
  note(entry: number, number: number, other: number): void {
    this.forget(entry);
    if (2 * entry >= this.#hashes.length) {
      const hashes = new Int32Array(Math.max(FIRST_SLOTS, entry * 4));
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    this.#readEntry(entry);
    this.#enter(entry, 2 * entry, this.#hash(number));
    if (other !== number) this.#enter(entry, 2 * entry + 1, this.#hash(other));
  }

  #enter(entry: number, place: number, hash: number): void {
    if ((this.#count + 1) * 4 > this.#slots.length) this.#grow();
    const slots = this.#slots;
    const mask = slots.length - 1;
    let alike = 0;
    let slot = (hash << 1) & mask;
    for (; slots[slot + 1] !== 0; slot = (slot + 2) & mask) if (slots[slot] === hash) alike++;
    // With one too many, none of them is the one; the others need not be there.
    if (alike > MOST_ALIKE) return;
    slots[slot] = hash;
    slots[slot + 1] = entry;
    this.#hashes[place] = hash;
    this.#count++;
  }

  forget(entry: number): void {
    if (this.#count === 0 || 2 * entry >= this.#hashes.length) return;
    this.#leave(entry, 2 * entry);
    this.#leave(entry, 2 * entry + 1);
  }

  #leave(entry: number, place: number): void {
    const hash = this.#hashes[place]!;
    if (hash === 0) return;
    this.#hashes[place] = 0;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = (hash << 1) & mask;
    while (slots[gap + 1] !== entry || slots[gap] !== hash) gap = (gap + 2) & mask;
    // Those behind it move up that would not be found past the gap (Knuth 6.4, algorithm R).
    for (let at = (gap + 2) & mask; slots[at + 1] !== 0; at = (at + 2) & mask) {
      const home = (slots[at]! << 1) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at]!;
      slots[gap + 1] = slots[at + 1]!;
      gap = at;
    }
    slots[gap + 1] = 0;
    this.#count--;
  }

  /** Exchanges in other scopes than the packet's, on its ends, with that number; empty when they are too many. Overwritten. */
  alike(packet: PacketRecord, number: number): readonly number[] {
    const found = this.#found;
    found.length = 0;
    if (this.#count === 0) return found;
    this.#key.read(packet, 0);
    const hash = this.#hash(number);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let count = 0;
    for (let slot = (hash << 1) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      if (slots[slot] !== hash) continue;
      const entry = slots[slot + 1]!;
      count++;
      if (this.#table.get(entry, t.SCOPE) !== packet.scope && this.#table.isOnEnds(entry, this.#key)) found.push(entry);
    }
    if (count > MOST_ALIKE) found.length = 0;
    return found;
  }

  /** From now on, what is on the ends of the key is in that scope. */
  join({ hash, scope }: t.FlowKey, to: number): void {
    this.#joined.set(hash, { from: scope, to });
    if (this.#joined.size <= MOST_JOINED) return;
    for (const oldest of this.#joined.keys()) {
      this.#joined.delete(oldest);
      return;
    }
  }

  /** The scope in which the exchanges on the ends of the key are; -1 when none was joined. */
  joined({ hash, scope }: t.FlowKey): number {
    const joined = this.#joined.get(hash);
    return joined !== undefined && joined.from === scope ? joined.to : -1;
  }

  #readEntry(entry: number): void {
    const table = this.#table;
    const packet = this.#scratch;
    const isIpv6 = table.has(entry, t.TRAIT_IPV6);
    packet.ipVersion = isIpv6 ? 6 : 4;
    packet.sourcePort = table.clientPort(entry);
    packet.destinationPort = table.serverPort(entry);
    const { bytes } = packet;
    for (let i = 0; i < 32; i++) {
      const word = table.get(entry, (i < 16 ? t.CLIENT : t.SERVER) + ((i & 15) >> 2));
      bytes[i] = word >>> (24 - 8 * (i & 3));
    }
    this.#key.read(packet, 0);
  }

  /** Of the ends in the key, whatever their scope, and a number. Never 0. */
  #hash(number: number): number {
    let hash = Math.imul(this.#key.hash, 0x9e3779b1) ^ number;
    hash = Math.imul(hash ^ (hash >>> 16) ^ this.#key.hash, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16) || 1;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(Math.max(FIRST_SLOTS, old.length * 2));
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from]! << 1) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = old[from]!;
      slots[slot + 1] = old[from + 1]!;
    }
    this.#slots = slots;
  }
}
