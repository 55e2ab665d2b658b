import { doubled, FIRST_ROOM } from './growable.ts';
import type { WindowCounter } from './types.ts';

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
  readonly #groups: number;
  #nanos: Float64Array;
  #frame: Float64Array;
  readonly #rings: (Ring | undefined)[] = [];

  constructor(groups: number, windowNanos: number, max: number) {
    this.#windowNanos = windowNanos;
    this.#max = max;
    this.#groups = groups;
    const room = Math.min(FIRST_ROOM, groups);
    this.#nanos = new Float64Array(room);
    this.#frame = new Float64Array(room);
  }

  /** Returns the openings in the window that ends with this one, at most `max`. `fresh`: the slot's first. */
  add(slot: number, fresh: boolean, nanos: number, frame: number): number {
    if (slot === this.#nanos.length) {
      this.#nanos = doubled(this.#nanos, this.#groups);
      this.#frame = doubled(this.#frame, this.#groups);
    }
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

  forEach(slot: number, visit: (nanos: number, frame: number) => void): void {
    const ring = this.#rings[slot];
    if (ring === undefined) {
      visit(this.#nanos[slot]!, this.#frame[slot]!);
      return;
    }
    for (let index = 0; index < ring.count; index++) {
      const at = (ring.head + index * 2) & (ring.pairs.length - 1);
      visit(ring.pairs[at]!, ring.pairs[at + 1]!);
    }
  }
}
