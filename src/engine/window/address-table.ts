import { hashWords } from '../../decode/keyed-hash.ts';
import { bucketsFor, doubled, FIRST_ROOM } from './growable.ts';

/** Words of an address in a key: its length in bytes and four words, so that IPv4 and IPv6 never collide. */
export const ADDRESS_WORDS = 5;

const NONE = -1;

/** Words of a slot, beside each other since they are looked at together: the hash of its key, whose low bits are the bucket; */
const HASH = 0;
/** the next slot in the bucket, or the next free one; */
const NEXT = 1;
/** those claimed just after it and just before; then the key. */
const NEWER = 2;
const OLDER = 3;
const KEY = 4;

/**
 * Gives addresses, or pairs of them, a slot each: 0 .. capacity - 1, in order, for the owner's arrays. Bounded: when full,
 * the slot that was claimed least recently is taken away. Begins small and doubles its room, up to the capacity.
 */
export class AddressTable {
  readonly capacity: number;
  /** The caller fills it (putAddress, putWords) before claim(). */
  readonly key: Int32Array;
  /** Whether the last claim() found no slot for its key. */
  fresh = false;
  size = 0;

  readonly #width: number;
  readonly #stride: number;
  readonly #onEvict: (slot: number) => void;
  #slots: Int32Array;
  #room: number;
  /** The first slot of each bucket, plus one, so that untouched memory says none. */
  #buckets: Int32Array;
  #newest = NONE;
  #oldest = NONE;
  #free = NONE;
  #unused = 0;

  /** `onEvict` hears of a slot before another key gets it, while addressAt() still tells its key. */
  constructor(capacity: number, addresses: 1 | 2, onEvict: (slot: number) => void) {
    this.capacity = capacity;
    this.#width = addresses * ADDRESS_WORDS;
    this.#stride = KEY + this.#width;
    this.#onEvict = onEvict;
    this.key = new Int32Array(this.#width);
    this.#room = Math.min(FIRST_ROOM, capacity);
    this.#slots = new Int32Array(this.#stride * this.#room);
    this.#buckets = bucketsFor(this.#room);
  }

  /** The slot of `key`, which becomes the newest. */
  claim(): number {
    this.fresh = false;
    const newest = this.#newest;
    // Floods and scans ask for the same address again and again.
    if (newest !== NONE && this.#holds(newest)) return newest;
    const hash = this.#hash();
    const slots = this.#slots;
    const stride = this.#stride;
    for (let slot = this.#buckets[hash & (this.#buckets.length - 1)]! - 1; slot !== NONE; ) {
      const at = slot * stride;
      if (slots[at + HASH] === hash && this.#holds(slot)) {
        this.#unlink(slot);
        this.#link(slot);
        return slot;
      }
      slot = slots[at + NEXT]!;
    }
    return this.#add(hash);
  }

  /** Takes the slot away that was claimed longest ago. */
  evictOldest(): void {
    if (this.#oldest !== NONE) this.evict(this.#oldest);
  }

  /** Takes a slot away that is in use. */
  evict(slot: number): void {
    this.#onEvict(slot);
    const slots = this.#slots;
    const stride = this.#stride;
    const at = slot * stride;
    const bucket = slots[at + HASH]! & (this.#buckets.length - 1);
    const next = slots[at + NEXT]!;
    let before = this.#buckets[bucket]! - 1;
    if (before === slot) this.#buckets[bucket] = next + 1;
    else {
      while (slots[before * stride + NEXT] !== slot) before = slots[before * stride + NEXT]!;
      slots[before * stride + NEXT] = next;
    }
    this.#unlink(slot);
    slots[at + NEXT] = this.#free;
    this.#free = slot;
    this.size--;
  }

  /** A copy of the slot's first (0) or second (1) address: 4 or 16 bytes. */
  addressAt(slot: number, which: 0 | 1): Uint8Array {
    const at = slot * this.#stride + KEY + which * ADDRESS_WORDS;
    const bytes = new Uint8Array(this.#slots[at]!);
    const view = new DataView(bytes.buffer);
    for (let offset = 0; offset < bytes.length; offset += 4) view.setUint32(offset, this.#slots[at + 1 + offset / 4]!);
    return bytes;
  }

  #holds(slot: number): boolean {
    const at = slot * this.#stride + KEY;
    const slots = this.#slots;
    const { key } = this;
    if (slots[at + 1] !== key[1] || slots[at] !== key[0]) return false;
    // The other words of the address of 4 bytes are 0.
    if (this.#width === ADDRESS_WORDS && key[0] === 4) return true;
    for (let word = 2; word < this.#width; word++) if (slots[at + word] !== key[word]) return false;
    return true;
  }

  #hash(): number {
    // An address of 4 bytes fills two words only.
    return hashWords(this.key, 0, this.#width === ADDRESS_WORDS && this.key[0] === 4 ? 2 : this.#width);
  }

  /** A slot for the key, which has none. */
  #add(hash: number): number {
    if (this.size === this.capacity) this.evictOldest();
    let slot = this.#free;
    if (slot === NONE) {
      if (this.#unused === this.#room) this.#grow();
      slot = this.#unused++;
    } else this.#free = this.#slots[slot * this.#stride + NEXT]!;
    const slots = this.#slots;
    const at = slot * this.#stride;
    const { key } = this;
    for (let word = 0; word < this.#width; word++) slots[at + KEY + word] = key[word]!;
    slots[at + HASH] = hash;
    this.#enterBucket(slot);
    this.#link(slot);
    this.size++;
    this.fresh = true;
    return slot;
  }

  #enterBucket(slot: number): void {
    const at = slot * this.#stride;
    const bucket = this.#slots[at + HASH]! & (this.#buckets.length - 1);
    this.#slots[at + NEXT] = this.#buckets[bucket]! - 1;
    this.#buckets[bucket] = slot + 1;
  }

  /** Called when every slot that there is room for is taken. */
  #grow(): void {
    const taken = this.#room;
    this.#slots = doubled(this.#slots, this.#stride * this.capacity);
    this.#room = this.#slots.length / this.#stride;
    this.#buckets = bucketsFor(this.#room);
    for (let slot = 0; slot < taken; slot++) this.#enterBucket(slot);
  }

  #link(slot: number): void {
    const slots = this.#slots;
    const at = slot * this.#stride;
    const newest = this.#newest;
    slots[at + OLDER] = newest;
    slots[at + NEWER] = NONE;
    if (newest === NONE) this.#oldest = slot;
    else slots[newest * this.#stride + NEWER] = slot;
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const slots = this.#slots;
    const stride = this.#stride;
    const older = slots[slot * stride + OLDER]!;
    const newer = slots[slot * stride + NEWER]!;
    if (older === NONE) this.#oldest = newer;
    else slots[older * stride + NEWER] = newer;
    if (newer === NONE) this.#newest = older;
    else slots[newer * stride + OLDER] = older;
  }
}

/** Writes the address of `length` (4 or 16) bytes at `offset` into `key`, as its first (0) or second (1) address. */
export function putAddress(
  key: Int32Array | Uint32Array,
  which: 0 | 1,
  bytes: Uint8Array,
  offset: number,
  length: number,
): void {
  const at = which * ADDRESS_WORDS;
  key[at] = length;
  key[at + 1] = wordAt(bytes, offset);
  for (let word = 1; word < 4; word++) key[at + 1 + word] = length === 4 ? 0 : wordAt(bytes, offset + word * 4);
}

/** The same of an address that is there as words already. */
export function putWords(key: Int32Array, words: Int32Array, at: number, isIpv6: boolean): void {
  key[0] = isIpv6 ? 16 : 4;
  key[1] = words[at]!;
  key[2] = isIpv6 ? words[at + 1]! : 0;
  key[3] = isIpv6 ? words[at + 2]! : 0;
  key[4] = isIpv6 ? words[at + 3]! : 0;
}

/** 32 bits, big-endian. */
function wordAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}
