import { hashWords } from '../../decode/keyed-hash.ts';
import { bucketsFor, doubled, FIRST_ROOM } from './growable.ts';

/** Words of an address in a key: its length in bytes and four words, so that IPv4 and IPv6 never collide. */
export const ADDRESS_WORDS = 5;

const NONE = -1;

/**
 * Gives addresses, or pairs of them, a slot each: 0 .. capacity - 1, in order, for the owner's arrays. Bounded: when full,
 * the slot that was claimed least recently is taken away. Begins small and doubles its room, up to the capacity.
 */
export class AddressTable {
  readonly capacity: number;
  /** The caller fills it (putAddress) before claim(). */
  readonly key: Uint32Array;
  /** Whether the last claim() found no slot for its key. */
  fresh = false;
  size = 0;

  readonly #width: number;
  readonly #onEvict: (slot: number) => void;
  #keys: Uint32Array;
  /** The first slot of each bucket, plus one, so that untouched memory says none. */
  #buckets: Int32Array;
  /** Of each slot's key; its low bits are the bucket. */
  #hashes: Int32Array;
  #next: Int32Array;
  #newer: Int32Array;
  #older: Int32Array;
  #newest = NONE;
  #oldest = NONE;
  #free = NONE;
  #unused = 0;

  /** `onEvict` hears of a slot before another key gets it, while addressAt() still tells its key. */
  constructor(capacity: number, addresses: 1 | 2, onEvict: (slot: number) => void) {
    this.capacity = capacity;
    this.#width = addresses * ADDRESS_WORDS;
    this.#onEvict = onEvict;
    this.key = new Uint32Array(this.#width);
    const room = Math.min(FIRST_ROOM, capacity);
    this.#keys = new Uint32Array(this.#width * room);
    this.#buckets = bucketsFor(room);
    this.#hashes = new Int32Array(room);
    this.#next = new Int32Array(room);
    this.#newer = new Int32Array(room);
    this.#older = new Int32Array(room);
  }

  /** The slot of `key`, which becomes the newest. */
  claim(): number {
    this.fresh = false;
    // Floods and scans ask for the same address again and again.
    if (this.#newest !== NONE && this.#holds(this.#newest)) return this.#newest;
    const hash = this.#hash();
    for (let slot = this.#buckets[hash & (this.#buckets.length - 1)]! - 1; slot !== NONE; slot = this.#next[slot]!) {
      if (!this.#holds(slot)) continue;
      this.#unlink(slot);
      this.#link(slot);
      return slot;
    }
    if (this.size === this.capacity) this.evictOldest();
    let slot = this.#free;
    if (slot === NONE) {
      if (this.#unused === this.#hashes.length) this.#grow();
      slot = this.#unused++;
    } else this.#free = this.#next[slot]!;
    const at = slot * this.#width;
    for (let word = 0; word < this.#width; word++) this.#keys[at + word] = this.key[word]!;
    this.#hashes[slot] = hash;
    this.#enterBucket(slot);
    this.#link(slot);
    this.size++;
    this.fresh = true;
    return slot;
  }

  /** Takes the slot away that was claimed longest ago. */
  evictOldest(): void {
    if (this.#oldest !== NONE) this.evict(this.#oldest);
  }

  /** Takes a slot away that is in use. */
  evict(slot: number): void {
    this.#onEvict(slot);
    const bucket = this.#hashes[slot]! & (this.#buckets.length - 1);
    let before = NONE;
    for (let at = this.#buckets[bucket]! - 1; at !== slot; at = this.#next[at]!) before = at;
    if (before === NONE) this.#buckets[bucket] = this.#next[slot]! + 1;
    else this.#next[before] = this.#next[slot]!;
    this.#unlink(slot);
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.size--;
  }

  /** A copy of the slot's first (0) or second (1) address: 4 or 16 bytes. */
  addressAt(slot: number, which: 0 | 1): Uint8Array {
    const at = slot * this.#width + which * ADDRESS_WORDS;
    const bytes = new Uint8Array(this.#keys[at]!);
    const view = new DataView(bytes.buffer);
    for (let offset = 0; offset < bytes.length; offset += 4) view.setUint32(offset, this.#keys[at + 1 + offset / 4]!);
    return bytes;
  }

  #holds(slot: number): boolean {
    const at = slot * this.#width;
    for (let word = 0; word < this.#width; word++) if (this.#keys[at + word] !== this.key[word]) return false;
    return true;
  }

  #hash(): number {
    // An address of 4 bytes fills two words only.
    return hashWords(this.key, 0, this.#width === ADDRESS_WORDS && this.key[0] === 4 ? 2 : this.#width);
  }

  #enterBucket(slot: number): void {
    const bucket = this.#hashes[slot]! & (this.#buckets.length - 1);
    this.#next[slot] = this.#buckets[bucket]! - 1;
    this.#buckets[bucket] = slot + 1;
  }

  /** Called when every slot that there is room for is taken. */
  #grow(): void {
    const { capacity } = this;
    const taken = this.#hashes.length;
    this.#keys = doubled(this.#keys, this.#width * capacity);
    this.#hashes = doubled(this.#hashes, capacity);
    this.#next = doubled(this.#next, capacity);
    this.#newer = doubled(this.#newer, capacity);
    this.#older = doubled(this.#older, capacity);
    this.#buckets = bucketsFor(this.#hashes.length);
    for (let slot = 0; slot < taken; slot++) this.#enterBucket(slot);
  }

  #link(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }
}

/** Writes the address of `length` (4 or 16) bytes at `offset` into `key`, as its first (0) or second (1) address. */
export function putAddress(key: Uint32Array, which: 0 | 1, bytes: Uint8Array, offset: number, length: number): void {
  const at = which * ADDRESS_WORDS;
  key[at] = length;
  key[at + 1] = wordAt(bytes, offset);
  for (let word = 1; word < 4; word++) key[at + 1 + word] = length === 4 ? 0 : wordAt(bytes, offset + word * 4);
}

/** 32 bits, unsigned, big-endian. */
function wordAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}
