import { hashWords } from '../../decode/keyed-hash.ts';
import { wordAt } from './address-table.ts';
import { bucketsFor, doubled, FIRST_ROOM } from './growable.ts';
import type { WindowCounter } from './types.ts';

/**
 * Counts distinct peers by the last opening of each: the last `max` of a group. The peers of a group are linked from the
 * least recent to the most; where they may be many, one hash table finds those of all groups.
 */
export class PeerCounter implements WindowCounter {
  held = 0;
  readonly #windowNanos: number;
  readonly #max: number;
  readonly #groups: number;
  /** A group's only opening, as long as it has no entries. */
  #nanos: Float64Array;
  #frame: Float64Array;
  #peer: Float64Array;
  #count: Int32Array;
  /** First and last entry of a group, plus one; 0 for none. */
  #oldest: Int32Array;
  #newest: Int32Array;

  readonly #entries: number;
  /** The first entry of each bucket, plus one. Null when peers are found by looking at each. */
  #buckets: Int32Array | null;
  #entrySlot: Int32Array;
  #entryPeer: Float64Array;
  #entryNanos: Float64Array;
  #entryFrame: Float64Array;
  /** Entries, plus one; 0 for none. */
  #inBucket: Int32Array;
  #older: Int32Array;
  #newer: Int32Array;
  #free = 0;
  #unused = 0;

  /** The caller keeps `held` at `entries` or below by clearing groups; one add() takes at most two. */
  constructor(groups: number, windowNanos: number, max: number, entries: number) {
    this.#windowNanos = windowNanos;
    this.#max = max;
    this.#groups = groups;
    const slots = Math.min(FIRST_ROOM, groups);
    this.#nanos = new Float64Array(slots);
    this.#frame = new Float64Array(slots);
    this.#peer = new Float64Array(slots);
    this.#count = new Int32Array(slots);
    this.#oldest = new Int32Array(slots);
    this.#newest = new Int32Array(slots);
    this.#entries = entries + 2;
    const room = Math.min(FIRST_ROOM, this.#entries);
    this.#buckets = max <= MAX_WALKED ? null : bucketsFor(room);
    this.#entrySlot = new Int32Array(room);
    this.#entryPeer = new Float64Array(room);
    this.#entryNanos = new Float64Array(room);
    this.#entryFrame = new Float64Array(room);
    this.#inBucket = new Int32Array(room);
    this.#older = new Int32Array(room);
    this.#newer = new Int32Array(room);
  }

  /** Returns the distinct peers in the window that ends with this one, at most `max`. `fresh`: the slot's first. */
  add(slot: number, fresh: boolean, peer: number, nanos: number, frame: number): number {
    if (slot === this.#nanos.length) this.#growGroups();
    if (this.#oldest[slot] === 0) {
      const first = this.#nanos[slot]!;
      if (fresh || this.#max === 1 || peer === this.#peer[slot] || nanos - first > this.#windowNanos) {
        this.#nanos[slot] = nanos;
        this.#frame[slot] = frame;
        this.#peer[slot] = peer;
        return 1;
      }
      this.#append(slot, this.#peer[slot]!, first, this.#frame[slot]!);
    }
    const known = this.#find(slot, peer);
    if (known >= 0) this.#remove(known);
    let oldest = this.#oldest[slot]! - 1;
    while (oldest >= 0 && (this.#count[slot] === this.#max || nanos - this.#entryNanos[oldest]! > this.#windowNanos)) {
      this.#remove(oldest);
      oldest = this.#oldest[slot]! - 1;
    }
    this.#append(slot, peer, nanos, frame);
    return this.#count[slot]!;
  }

  clear(slot: number): void {
    for (let entry = this.#oldest[slot]! - 1; entry >= 0; entry = this.#oldest[slot]! - 1) this.#remove(entry);
  }

  forEach(slot: number, visit: (nanos: number, frame: number, peer: number) => void): void {
    let entry = this.#oldest[slot]! - 1;
    if (entry < 0) visit(this.#nanos[slot]!, this.#frame[slot]!, this.#peer[slot]!);
    for (; entry >= 0; entry = this.#newer[entry]! - 1) {
      visit(this.#entryNanos[entry]!, this.#entryFrame[entry]!, this.#entryPeer[entry]!);
    }
  }

  #find(slot: number, peer: number): number {
    const buckets = this.#buckets;
    if (buckets === null) {
      let entry = this.#newest[slot]! - 1;
      while (entry >= 0 && this.#entryPeer[entry] !== peer) entry = this.#older[entry]! - 1;
      return entry;
    }
    let entry = buckets[hashPeer(peer, slot) & (buckets.length - 1)]! - 1;
    while (entry >= 0 && !(this.#entryPeer[entry] === peer && this.#entrySlot[entry] === slot)) {
      entry = this.#inBucket[entry]! - 1;
    }
    return entry;
  }

  #bucketOf(entry: number, buckets: Int32Array): number {
    return hashPeer(this.#entryPeer[entry]!, this.#entrySlot[entry]!) & (buckets.length - 1);
  }

  #enterBucket(entry: number, buckets: Int32Array): void {
    const bucket = this.#bucketOf(entry, buckets);
    this.#inBucket[entry] = buckets[bucket]!;
    buckets[bucket] = entry + 1;
  }

  #leaveBucket(entry: number, buckets: Int32Array): void {
    const bucket = this.#bucketOf(entry, buckets);
    let before = -1;
    for (let at = buckets[bucket]! - 1; at !== entry; at = this.#inBucket[at]! - 1) before = at;
    if (before < 0) buckets[bucket] = this.#inBucket[entry]!;
    else this.#inBucket[before] = this.#inBucket[entry]!;
  }

  #growGroups(): void {
    this.#nanos = doubled(this.#nanos, this.#groups);
    this.#frame = doubled(this.#frame, this.#groups);
    this.#peer = doubled(this.#peer, this.#groups);
    this.#count = doubled(this.#count, this.#groups);
    this.#oldest = doubled(this.#oldest, this.#groups);
    this.#newest = doubled(this.#newest, this.#groups);
  }

  /** Called when every entry that there is room for is taken. */
  #growEntries(): void {
    const taken = this.#entrySlot.length;
    this.#entrySlot = doubled(this.#entrySlot, this.#entries);
    this.#entryPeer = doubled(this.#entryPeer, this.#entries);
    this.#entryNanos = doubled(this.#entryNanos, this.#entries);
    this.#entryFrame = doubled(this.#entryFrame, this.#entries);
    this.#inBucket = doubled(this.#inBucket, this.#entries);
    this.#older = doubled(this.#older, this.#entries);
    this.#newer = doubled(this.#newer, this.#entries);
    if (this.#buckets === null) return;
    this.#buckets = bucketsFor(this.#entrySlot.length);
    for (let entry = 0; entry < taken; entry++) this.#enterBucket(entry, this.#buckets);
  }

  #append(slot: number, peer: number, nanos: number, frame: number): void {
    let entry = this.#free - 1;
    if (entry < 0) {
      if (this.#unused === this.#entrySlot.length) this.#growEntries();
      entry = this.#unused++;
    } else this.#free = this.#inBucket[entry]!;
    this.#entrySlot[entry] = slot;
    this.#entryPeer[entry] = peer;
    this.#entryNanos[entry] = nanos;
    this.#entryFrame[entry] = frame;
    if (this.#buckets !== null) this.#enterBucket(entry, this.#buckets);
    const newest = this.#newest[slot]!;
    this.#older[entry] = newest;
    this.#newer[entry] = 0;
    if (newest === 0) this.#oldest[slot] = entry + 1;
    else this.#newer[newest - 1] = entry + 1;
    this.#newest[slot] = entry + 1;
    this.#count[slot]!++;
    this.held++;
  }

  #remove(entry: number): void {
    const slot = this.#entrySlot[entry]!;
    if (this.#buckets !== null) this.#leaveBucket(entry, this.#buckets);
    const older = this.#older[entry]!;
    const newer = this.#newer[entry]!;
    if (older === 0) this.#oldest[slot] = newer;
    else this.#newer[older - 1] = newer;
    if (newer === 0) this.#newest[slot] = older;
    else this.#older[newer - 1] = older;
    this.#inBucket[entry] = this.#free;
    this.#free = entry + 1;
    this.#count[slot]!--;
    this.held--;
  }
}

/** A set of peers that only grows. */
export class PeerSet {
  size = 0;
  #table = new Float64Array(64);

  has(peer: number): boolean {
    return this.#table[this.#place(peer)] === peer;
  }

  add(peer: number): void {
    if (this.size * 2 >= this.#table.length) {
      const peers = this.#table;
      this.#table = new Float64Array(peers.length * 2);
      for (const known of peers) if (known !== 0) this.#table[this.#place(known)] = known;
    }
    const place = this.#place(peer);
    if (this.#table[place] === peer) return;
    this.#table[place] = peer;
    this.size++;
  }

  #place(peer: number): number {
    const mask = this.#table.length - 1;
    let place = hashPeer(peer, 0) & mask;
    for (let found = this.#table[place]!; found !== 0 && found !== peer; found = this.#table[place]!) {
      place = (place + 1) & mask;
    }
    return place;
  }
}

/**
 * A number that tells peers apart, never 0: the address itself for IPv4; for IPv6 53 bits of the keyed hash, which nobody
 * can aim at: of a million addresses two fall together once in 18,000 runs.
 */
export function peerKey(address: Uint8Array): number {
  if (address.length === 4) return wordAt(address, 0) + 1;
  for (let word = 0; word < 4; word++) words[word] = wordAt(address, word * 4);
  words[4] = 0;
  const low = hashWords(words, 0, 4);
  const high = hashWords(words, 0, 5);
  return -((high >>> 11) * 2 ** 32 + (low >>> 0)) - 1;
}
export function hashPeer(peer: number, slot: number): number {
  words[0] = peer | 0;
  words[1] = slot;
  return hashWords(words, 0, 2);
}
export const words = new Int32Array(5);
/** Up to so many peers of a group are found by looking at each, which beats a hash table that is not in the cache. */
export const MAX_WALKED = 16;
