import { hashWords } from '../../decode/keyed-hash.ts';
import { ADDRESS_WORDS } from './address-table.ts';
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
  readonly #peer: PeerColumn;
  #count: Int32Array;
  /** First and last entry of a group, plus one; 0 for none. */
  #oldest: Int32Array;
  #newest: Int32Array;

  readonly #entries: number;
  /** The first entry of each bucket, plus one. Null when peers are found by looking at each. */
  #buckets: Int32Array | null;
  #entrySlot: Int32Array;
  readonly #entryPeer: PeerColumn;
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
    this.#peer = new PeerColumn(slots);
    this.#count = new Int32Array(slots);
    this.#oldest = new Int32Array(slots);
    this.#newest = new Int32Array(slots);
    this.#entries = entries + 2;
    const room = Math.min(FIRST_ROOM, this.#entries);
    this.#buckets = max <= MAX_WALKED ? null : bucketsFor(room);
    this.#entrySlot = new Int32Array(room);
    this.#entryPeer = new PeerColumn(room);
    this.#entryNanos = new Float64Array(room);
    this.#entryFrame = new Float64Array(room);
    this.#inBucket = new Int32Array(room);
    this.#older = new Int32Array(room);
    this.#newer = new Int32Array(room);
  }

  /**
   * Returns the distinct peers in the window that ends with this one, at most `max`. `peer`: as putAddress() has written it.
   * `fresh`: the slot's first.
   */
  add(slot: number, fresh: boolean, peer: Int32Array, nanos: number, frame: number): number {
    if (slot === this.#nanos.length) this.#growGroups();
    if (this.#oldest[slot] === 0) {
      const first = this.#nanos[slot]!;
      if (fresh || this.#max === 1 || this.#peer.is(slot, peer, 0) || nanos - first > this.#windowNanos) {
        this.#nanos[slot] = nanos;
        this.#frame[slot] = frame;
        this.#peer.set(slot, peer, 0);
        return 1;
      }
      this.#append(slot, this.#peer.words, slot * ADDRESS_WORDS, first, this.#frame[slot]!);
    }
    const known = this.#find(slot, peer);
    if (known >= 0) this.#remove(known);
    let oldest = this.#oldest[slot]! - 1;
    while (oldest >= 0 && (this.#count[slot] === this.#max || nanos - this.#entryNanos[oldest]! > this.#windowNanos)) {
      this.#remove(oldest);
      oldest = this.#oldest[slot]! - 1;
    }
    this.#append(slot, peer, 0, nanos, frame);
    return this.#count[slot]!;
  }

  clear(slot: number): void {
    for (let entry = this.#oldest[slot]! - 1; entry >= 0; entry = this.#oldest[slot]! - 1) this.#remove(entry);
  }

  forEach(slot: number, visit: (nanos: number, frame: number) => void): void {
    let entry = this.#oldest[slot]! - 1;
    if (entry < 0) visit(this.#nanos[slot]!, this.#frame[slot]!);
    for (; entry >= 0; entry = this.#newer[entry]! - 1) visit(this.#entryNanos[entry]!, this.#entryFrame[entry]!);
  }

  /** The peers of the window; each is what stands in `words` from `at` on. */
  forEachPeer(slot: number, visit: (words: Int32Array, at: number) => void): void {
    let entry = this.#oldest[slot]! - 1;
    if (entry < 0) visit(this.#peer.words, slot * ADDRESS_WORDS);
    for (; entry >= 0; entry = this.#newer[entry]! - 1) visit(this.#entryPeer.words, entry * ADDRESS_WORDS);
  }

  #find(slot: number, peer: Int32Array): number {
    const buckets = this.#buckets;
    if (buckets === null) {
      let entry = this.#newest[slot]! - 1;
      while (entry >= 0 && !this.#entryPeer.is(entry, peer, 0)) entry = this.#older[entry]! - 1;
      return entry;
    }
    let entry = buckets[hashPeer(peer, 0, slot) & (buckets.length - 1)]! - 1;
    while (entry >= 0 && !(this.#entrySlot[entry] === slot && this.#entryPeer.is(entry, peer, 0))) {
      entry = this.#inBucket[entry]! - 1;
    }
    return entry;
  }

  #bucketOf(entry: number, buckets: Int32Array): number {
    return hashPeer(this.#entryPeer.words, entry * ADDRESS_WORDS, this.#entrySlot[entry]!) & (buckets.length - 1);
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
    this.#peer.grow(this.#groups);
    this.#count = doubled(this.#count, this.#groups);
    this.#oldest = doubled(this.#oldest, this.#groups);
    this.#newest = doubled(this.#newest, this.#groups);
  }

  /** Called when every entry that there is room for is taken. */
  #growEntries(): void {
    const taken = this.#entrySlot.length;
    this.#entrySlot = doubled(this.#entrySlot, this.#entries);
    this.#entryPeer.grow(this.#entries);
    this.#entryNanos = doubled(this.#entryNanos, this.#entries);
    this.#entryFrame = doubled(this.#entryFrame, this.#entries);
    this.#inBucket = doubled(this.#inBucket, this.#entries);
    this.#older = doubled(this.#older, this.#entries);
    this.#newer = doubled(this.#newer, this.#entries);
    if (this.#buckets === null) return;
    this.#buckets = bucketsFor(this.#entrySlot.length);
    for (let entry = 0; entry < taken; entry++) this.#enterBucket(entry, this.#buckets);
  }

  #append(slot: number, words: Int32Array, at: number, nanos: number, frame: number): void {
    let entry = this.#free - 1;
    if (entry < 0) {
      if (this.#unused === this.#entrySlot.length) this.#growEntries();
      entry = this.#unused++;
    } else this.#free = this.#inBucket[entry]!;
    this.#entrySlot[entry] = slot;
    this.#entryPeer.set(entry, words, at);
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
  /** Length 0, which no address has, is an empty place. */
  #table = new Int32Array(64 * ADDRESS_WORDS);

  /** Of the peer that stands in `words` from `at` on. */
  has(words: Int32Array, at: number): boolean {
    return this.#table[this.#place(words, at)] !== 0;
  }

  add(words: Int32Array, at: number): void {
    if (this.size * 2 * ADDRESS_WORDS >= this.#table.length) {
      const peers = this.#table;
      this.#table = new Int32Array(peers.length * 2);
      for (let known = 0; known < peers.length; known += ADDRESS_WORDS) if (peers[known] !== 0) this.#put(peers, known);
    }
    if (this.has(words, at)) return;
    this.#put(words, at);
    this.size++;
  }

  #put(words: Int32Array, at: number): void {
    const place = this.#place(words, at);
    for (let word = 0; word < ADDRESS_WORDS; word++) this.#table[place + word] = words[at + word]!;
  }

  #place(words: Int32Array, at: number): number {
    const table = this.#table;
    const places = table.length / ADDRESS_WORDS;
    let place = hashPeer(words, at, 0) & (places - 1);
    while (table[place * ADDRESS_WORDS] !== 0 && !equals(table, place * ADDRESS_WORDS, words, at)) {
      place = (place + 1) & (places - 1);
    }
    return place * ADDRESS_WORDS;
  }
}

/** Addresses, whole: an address is its length and four words, as putAddress() writes them. */
class PeerColumn {
  words: Int32Array;

  constructor(room: number) {
    this.words = new Int32Array(room * ADDRESS_WORDS);
  }

  is(index: number, words: Int32Array, at: number): boolean {
    return equals(this.words, index * ADDRESS_WORDS, words, at);
  }

  set(index: number, words: Int32Array, at: number): void {
    const to = index * ADDRESS_WORDS;
    for (let word = 0; word < ADDRESS_WORDS; word++) this.words[to + word] = words[at + word]!;
  }

  grow(bound: number): void {
    this.words = doubled(this.words, bound * ADDRESS_WORDS);
  }
}

function equals(one: Int32Array, at: number, other: Int32Array, otherAt: number): boolean {
  for (let word = 0; word < ADDRESS_WORDS; word++) if (one[at + word] !== other[otherAt + word]) return false;
  return true;
}

function hashPeer(words: Int32Array, at: number, slot: number): number {
  // An address of 4 bytes is one word.
  const count = words[at] === 4 ? 1 : 4;
  for (let word = 0; word < count; word++) hashed[word] = words[at + 1 + word]! | 0;
  hashed[count] = slot;
  return hashWords(hashed, 0, count + 1);
}

const hashed = new Int32Array(ADDRESS_WORDS);

/** Up to so many peers of a group are found by looking at each, which beats a hash table that is not in the cache. */
const MAX_WALKED = 16;
