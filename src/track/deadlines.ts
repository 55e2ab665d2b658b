/**
 * Deadlines that do not come in order of time, as a binary heap with the earliest first. What they are for may be gone or
 * have another deadline when they are due: whoever takes one out has to look.
 */
export class Deadlines {
  readonly #times: number[] = [];
  readonly #entries: number[] = [];
  readonly #ids: number[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** Of the one that is due first, or Infinity. */
  get earliest(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  get entry(): number {
    return this.#entries[0]!;
  }

  get id(): number {
    return this.#ids[0]!;
  }

  add(time: number, entry: number, id: number): void {
    let at = this.#times.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, time, entry, id);
  }

  /** Takes the first one out. */
  drop(): void {
    const time = this.#times.pop()!;
    const entry = this.#entries.pop()!;
    const id = this.#ids.pop()!;
    const { length } = this.#times;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < length && this.#times[child + 1]! < this.#times[child]!) child++;
      if (child >= length || this.#times[child]! >= time) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, time, entry, id);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#entries[from]!, this.#ids[from]!);
  }

  #put(at: number, time: number, entry: number, id: number): void {
    this.#times[at] = time;
    this.#entries[at] = entry;
    this.#ids[at] = id;
  }
}
