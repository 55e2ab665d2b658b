import { mix, wordAt } from './address-table.ts';

/**
 * Counts in a sliding window, exactly, for many groups at a time (a slot each). Most groups have one opening only (forged
 * sources, a scan that asks each host once), so the first is kept in flat arrays, and more is allocated with the second.
 * Times are nanoseconds that never step back within a group; what is older than the window's length is forgotten.
 */
export interface WindowCounter {
  /** Openings or peers kept beyond the first of each group: for a bound on memory. */
  readonly held: number;
  /** Forgets what the slot counted. */
  clear(slot: number): void;
  /** Calls back for what is in the slot's window, oldest first; peer is 0 where peers are not looked at. */
  forEach(slot: number, visit: (nanos: number, frame: number, peer: number) => void): void;
}

interface Ring {
  /** Time and frame of each opening, alternating; a power of two of pairs. */
  pairs: Float64Array;
  head: number;
  count: number;
}

/** Counts openings: the last `max` of a group. */
export class OpeningCounter implements WindowCounter {
  held = 0;
  readonly #windowNanos: number;
  readonly #max: number;
  readonly #nanos: Float64Array;
  readonly #frame: Float64Array;
  /** By slot; slots come in order, so it grows by one at a time. */
  readonly #rings: (Ring | undefined)[] = [];

  constructor(groups: number, windowNanos: number, max: number) {
    this.#windowNanos = windowNanos;
    this.#max = max;
    this.#nanos = new Float64Array(groups);
    this.#frame = new Float64Array(groups);
  }

  /** Returns the openings in the window that ends with this one, at most `max`. `fresh`: the slot's first. */
  add(slot: number, fresh: boolean, nanos: number, frame: number): number {
    if (fresh) this.#rings[slot] = undefined;
    let ring = this.#rings[slot];
    if (ring === undefined) {
      if (fresh || this.#max === 1 || nanos - this.#nanos[slot]! > this.#windowNanos) {
        this.#nanos[slot] = nanos;
        this.#frame[slot] = frame;
        return 1;
      }
      ring = { pairs: new Float64Array(8), head: 0, count: 1 };
      ring.pairs[0] = this.#nanos[slot]!;
      ring.pairs[1] = this.#frame[slot]!;
      this.#rings[slot] = ring;
      this.held += 4;
    }
    let mask = ring.pairs.length - 1;
    while (ring.count > 0 && (ring.count === this.#max || nanos - ring.pairs[ring.head]! > this.#windowNanos)) {
      ring.head = (ring.head + 2) & mask;
      ring.count--;
    }
    if (ring.count * 2 === ring.pairs.length) {
      const grown = new Float64Array(ring.pairs.length * 2);
      grown.set(ring.pairs.subarray(ring.head));
      grown.set(ring.pairs.subarray(0, ring.head), ring.pairs.length - ring.head);
      this.held += ring.pairs.length / 2;
      ring.pairs = grown;
      ring.head = 0;
      mask = grown.length - 1;
    }
    const tail = (ring.head + ring.count * 2) & mask;
    ring.pairs[tail] = nanos;
    ring.pairs[tail + 1] = frame;
    return ++ring.count;
  }

  clear(slot: number): void {
    const ring = this.#rings[slot];
    if (ring === undefined) return;
    this.held -= ring.pairs.length / 2;
    this.#rings[slot] = undefined;
  }

  forEach(slot: number, visit: (nanos: number, frame: number, peer: number) => void): void {
    const ring = this.#rings[slot];
    if (ring === undefined) {
      visit(this.#nanos[slot]!, this.#frame[slot]!, 0);
      return;
    }
    for (let index = 0; index < ring.count; index++) {
      const at = (ring.head + index * 2) & (ring.pairs.length - 1);
      visit(ring.pairs[at]!, ring.pairs[at + 1]!, 0);
    }
  }
}

/** Up to so many peers of a group are found by looking at each, which beats a hash table that is not in the cache. */
const MAX_WALKED = 16;

/**
 * Counts distinct peers by the last opening of each: the last `max` of a group. The peers of a group are linked from the
 * least recent to the most; where they may be many, one hash table finds those of all groups.
 */
export class PeerCounter implements WindowCounter {
  held = 0;
  readonly #windowNanos: number;
  readonly #max: number;
  /** A group's only opening, as long as it has no entries. */
  readonly #nanos: Float64Array;
  readonly #frame: Float64Array;
  readonly #peer: Float64Array;
  readonly #count: Int32Array;
  /** First and last entry of a group, plus one; 0 for none. */
  readonly #oldest: Int32Array;
  readonly #newest: Int32Array;

  readonly #buckets: Int32Array;
  /** Number of buckets less one; -1 when peers are found by looking at each. */
  readonly #mask: number;
  readonly #entrySlot: Int32Array;
  readonly #entryPeer: Float64Array;
  readonly #entryNanos: Float64Array;
  readonly #entryFrame: Float64Array;
  /** Entries, plus one; 0 for none. */
  readonly #inBucket: Int32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  #free = 0;
  #unused = 0;

  /** The caller keeps `held` at `entries` or below by clearing groups; one add() takes at most two. */
  constructor(groups: number, windowNanos: number, max: number, entries: number) {
    this.#windowNanos = windowNanos;
    this.#max = max;
    this.#nanos = new Float64Array(groups);
    this.#frame = new Float64Array(groups);
    this.#peer = new Float64Array(groups);
    this.#count = new Int32Array(groups);
    this.#oldest = new Int32Array(groups);
    this.#newest = new Int32Array(groups);
    const room = entries + 2;
    const buckets = max <= MAX_WALKED ? 0 : 2 ** Math.ceil(Math.log2(room));
    this.#mask = buckets - 1;
    this.#buckets = new Int32Array(buckets);
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
    if (this.#mask < 0) {
      let entry = this.#newest[slot]! - 1;
      while (entry >= 0 && this.#entryPeer[entry] !== peer) entry = this.#older[entry]! - 1;
      return entry;
    }
    let entry = this.#buckets[this.#bucket(slot, peer)]! - 1;
    while (entry >= 0 && !(this.#entryPeer[entry] === peer && this.#entrySlot[entry] === slot)) {
      entry = this.#inBucket[entry]! - 1;
    }
    return entry;
  }

  #bucket(slot: number, peer: number): number {
    return hashPeer(peer, slot) & this.#mask;
  }

  #enterBucket(entry: number): void {
    const bucket = this.#bucket(this.#entrySlot[entry]!, this.#entryPeer[entry]!);
    this.#inBucket[entry] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry + 1;
  }

  #leaveBucket(entry: number): void {
    const bucket = this.#bucket(this.#entrySlot[entry]!, this.#entryPeer[entry]!);
    let before = -1;
    for (let at = this.#buckets[bucket]! - 1; at !== entry; at = this.#inBucket[at]! - 1) before = at;
    if (before < 0) this.#buckets[bucket] = this.#inBucket[entry]!;
    else this.#inBucket[before] = this.#inBucket[entry]!;
  }

  #append(slot: number, peer: number, nanos: number, frame: number): void {
    let entry = this.#free - 1;
    if (entry < 0) entry = this.#unused++;
    else this.#free = this.#inBucket[entry]!;
    this.#entrySlot[entry] = slot;
    this.#entryPeer[entry] = peer;
    this.#entryNanos[entry] = nanos;
    this.#entryFrame[entry] = frame;
    if (this.#mask >= 0) this.#enterBucket(entry);
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
    if (this.#mask >= 0) this.#leaveBucket(entry);
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

/** Addresses come from strangers: a secret start keeps them from choosing ones that collide. */
const SEED = (Math.random() * 2 ** 32) | 0;

/** A number that tells peers apart, never 0: from the address itself for IPv4, 53 bits of a hash for IPv6. */
export function peerKey(address: Uint8Array): number {
  if (address.length === 4) return wordAt(address, 0) + 1;
  let high = SEED;
  let low = ~SEED;
  for (let offset = 0; offset < 16; offset += 4) {
    const word = wordAt(address, offset);
    high = mix(high, word);
    low = mix(low, word ^ high);
  }
  return -((high >>> 11) * 2 ** 32 + (low >>> 0)) - 1;
}

function hashPeer(peer: number, slot: number): number {
  const hash = Math.imul(mix(mix(SEED, peer | 0), slot), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
