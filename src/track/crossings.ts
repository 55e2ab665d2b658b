/**
 * Conversations whose frames are in more than one scope (VLAN, VNI, tunnel): directions that run through different ones, and
 * mirrors that show a packet in each. Exchanges are found by their ends and numbers whatever their scope; and ends that were once
 * found to be in another scope stay there.
 */

import { hashWords } from '../decode/keyed-hash.ts';
import type { FlowKey } from './flow-key.ts';
import { HashIndex } from './hash-index.ts';
import * as t from './table.ts';

/** Hashed beside the ends where no number is: no hash of a number has this second word of three. */
const ENDS_ALONE = 0x0e4d5;
/** Exchanges on the same ends with the same number that are looked at; where there are more, nothing is guessed. */
const MOST_ALIKE = 16;
/** Ends in one scope whose exchanges are in another: two generations of so many, of which the older one is forgotten. */
const MOST_JOINED = 1 << 15;
const FIRST_HASHES = 1024;
/** An exchange has so many at most. */
const HASHES = 3;

export class Crossings {
  /** Whether there is more than one scope: until then there is nothing to look for, and nothing is kept. */
  isActive = false;
  readonly #table: t.ExchangeTable;
  #scope = -1;
  /** By ends, and by ends and number: three times an exchange at most. */
  readonly #index = new HashIndex();
  /** Under which hashes a record is there, HASHES each; 0 for none. */
  #hashes = new Int32Array(0);
  readonly #words = new Int32Array(3);
  #young = new Map<number, Joined>();
  #old = new Map<number, Joined>();
  readonly #found: number[] = [];

  constructor(table: t.ExchangeTable) {
    this.#table = table;
  }

  /** The scope that all packets were in so far; -1 where there was none, or more than one. */
  get onlyScope(): number {
    return this.isActive ? -1 : this.#scope;
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
    if (HASHES * (entry + 1) > this.#hashes.length) {
      const hashes = new Int32Array(Math.max(FIRST_HASHES, HASHES * 2 * (entry + 1)));
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    const ends = this.#table.ends(entry);
    const place = HASHES * entry;
    this.#enter(entry, place, this.#hash(ends, number));
    if (other !== number) this.#enter(entry, place + 1, this.#hash(ends, other));
    this.#enter(entry, place + 2, this.#hashOfEnds(ends));
  }

  #enter(entry: number, place: number, hash: number): void {
    const index = this.#index;
    let alike = 0;
    for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash)) alike++;
    // With one too many, none of them is the one; the others need not be there.
    if (alike > MOST_ALIKE) return;
    index.add(hash, entry);
    this.#hashes[place] = hash;
  }

  forget(entry: number): void {
    if (this.#index.size === 0 || HASHES * (entry + 1) > this.#hashes.length) return;
    for (let place = HASHES * entry; place < HASHES * (entry + 1); place++) this.#leave(entry, place);
  }

  #leave(entry: number, place: number): void {
    const hash = this.#hashes[place]!;
    if (hash === 0) return;
    this.#hashes[place] = 0;
    this.#index.remove(this.#index.slotOf(hash, entry));
  }

  /** Exchanges in other scopes than the key's, on its ends, with that number; empty when they are too many. Overwritten. */
  alike(key: FlowKey, number: number): readonly number[] {
    return this.#find(key, this.#hash(key.ends, number));
  }

  /** The same, whatever the number. */
  onEnds(key: FlowKey): readonly number[] {
    return this.#find(key, this.#hashOfEnds(key.ends));
  }

  #find(key: FlowKey, hash: number): readonly number[] {
    const found = this.#found;
    found.length = 0;
    if (this.#index.size === 0) return found;
    const index = this.#index;
    let count = 0;
    for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash)) {
      const entry = index.record(slot);
      count++;
      if (this.#table.get(entry, t.SCOPE) !== key.scope && this.#table.isOnEnds(entry, key)) found.push(entry);
    }
    if (count > MOST_ALIKE) found.length = 0;
    return found;
  }

  /** From now on, what is on the ends of the key is in that scope. */
  join(key: FlowKey, to: number): void {
    if (this.#young.size >= MOST_JOINED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key.hash, new Joined(key, to));
  }

  /** The scope in which the exchanges on the ends of the key are; -1 when none was joined. */
  joined(key: FlowKey): number {
    const joined = this.#young.get(key.hash) ?? this.#old.get(key.hash);
    return joined?.isOf(key) === true ? joined.to : -1;
  }

  /** Of ends, whatever their scope, and a number. Never 0. */
  #hash(ends: number, number: number): number {
    this.#words[0] = ends;
    this.#words[1] = number;
    return hashWords(this.#words, 0, 2) || 1;
  }

  #hashOfEnds(ends: number): number {
    this.#words[0] = ends;
    this.#words[1] = this.#words[2] = ENDS_ALONE;
    return hashWords(this.#words, 0, 3) || 1;
  }
}

/** Ends in a scope that is not the one of their exchanges. */
class Joined {
  readonly to: number;
  readonly #from: number;
  readonly #ends: Int32Array;

  constructor(key: FlowKey, to: number) {
    this.to = to;
    this.#from = key.scope;
    this.#ends = key.copyEnds();
  }

  isOf(key: FlowKey): boolean {
    return this.#from === key.scope && key.hasEnds(this.#ends);
  }
}
