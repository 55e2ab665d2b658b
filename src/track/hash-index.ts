/**
 * Records by hash, in open addressing, at most half full: several records may have one hash, and the caller compares what the hash
 * stands for. Bounded by the table of the records.
 */
const FIRST_SLOTS = 1024;

export class HashIndex {
  /** Records that are in it, each as often as it was added. */
  size = 0;
  /** Pairs of hash and record; record 0 for a free slot. */
  #slots = new Int32Array(0);

  /** The first slot with that hash; -1 when there is none. */
  first(hash: number): number {
    return this.size === 0 ? -1 : this.#seek((hash << 1) & (this.#slots.length - 1), hash);
  }

  /** The one after it. */
  next(slot: number, hash: number): number {
    return this.#seek((slot + 2) & (this.#slots.length - 1), hash);
  }

  record(slot: number): number {
    return this.#slots[slot + 1]!;
  }

  /** Where the record is under that hash; -1 when it is not. */
  slotOf(hash: number, record: number): number {
    let slot = this.first(hash);
    while (slot >= 0 && this.record(slot) !== record) slot = this.next(slot, hash);
    return slot;
  }

  /** Adds a record, which is not there under that hash. */
  add(hash: number, record: number): void {
    if ((this.size + 1) * 4 > this.#slots.length) this.#grow();
    place(this.#slots, hash, record);
    this.size++;
  }

  /** Empties a slot and moves those behind it up (Knuth 6.4, algorithm R). */
  remove(slot: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = slot;
    for (let at = (slot + 2) & mask; slots[at + 1] !== 0; at = (at + 2) & mask) {
      const home = (slots[at]! << 1) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at]!;
      slots[gap + 1] = slots[at + 1]!;
      gap = at;
    }
    slots[gap + 1] = 0;
    this.size--;
  }

  #seek(from: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = from;
    while (slots[slot + 1] !== 0 && slots[slot] !== hash) slot = (slot + 2) & mask;
    return slots[slot + 1] === 0 ? -1 : slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(Math.max(FIRST_SLOTS, old.length * 2));
    for (let from = 0; from < old.length; from += 2)
      if (old[from + 1] !== 0) place(this.#slots, old[from]!, old[from + 1]!);
  }
}

function place(slots: Int32Array, hash: number, record: number): void {
  const mask = slots.length - 1;
  let slot = (hash << 1) & mask;
  while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
  slots[slot] = hash;
  slots[slot + 1] = record;
}
