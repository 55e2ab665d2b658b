/**
 * When it happened, in bounded memory: counts by verdict in bins of one width, of which only those with something in them are
 * kept. Where there would be too many, the width doubles. A bin begins at a multiple of its width, counted from 1970, so
 * that the bins do not depend on what came first, and those of several captures add up exactly.
 */
import { doubled, FIRST_ROOM } from '../../../engine/window/growable.ts';
import { VERDICTS } from '../../../track/exchange.ts';

/** Bins that are kept: the bound. 80 bytes each. */
export const MAX_BINS = 1024;

/** Widths are powers of two, in seconds; this is the exponent of the first: some microsecond. */
export const FINEST = -20;
const TICKS = 2 ** -FINEST;

const VERDICT_COUNT = VERDICTS.length;

/** The bins as plain data, in the order of time. */
export interface TimeBinsState {
  /** A bin is 2 ** exponent seconds wide, and begins at index * 2 ** exponent. */
  readonly exponent: number;
  readonly indexes: Float64Array;
  /** As many a bin as there are verdicts. */
  readonly counts: Float64Array;
}

export class TimeBins {
  readonly #bound: number;
  #exponent = FINEST;
  /** Bins in a tick: a power is dear, and asked for with each exchange. */
  #binsInTick = 1;
  #size = 0;
  #indexes = new Float64Array(FIRST_ROOM);
  #counts = new Float64Array(FIRST_ROOM * VERDICT_COUNT);
  /** Of the bin that was counted in last: the next one is often the same. */
  #last = 0;

  /** `bound` is 2 or more: before and after 1970 are two bins at any width. */
  constructor(bound = MAX_BINS) {
    this.#bound = bound;
  }

  /** `verdict` is an index of VERDICTS. */
  add(seconds: number, nanos: number, verdict: number): void {
    // Both exact below 2 ** 33 seconds (the year 2242); beyond that rounding puts like times into like bins.
    const ticks = seconds * TICKS + Math.floor((nanos * TICKS) / 1e9);
    this.#count(Math.floor(ticks * this.#binsInTick), verdict, 1);
  }

  merge({ exponent, indexes, counts }: TimeBinsState): void {
    while (this.#exponent < exponent) this.#widen();
    for (const [bin, index] of indexes.entries()) {
      for (let verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        const count = counts[bin * VERDICT_COUNT + verdict]!;
        // The width may double on the way.
        if (count > 0) this.#count(Math.floor(index / 2 ** (this.#exponent - exponent)), verdict, count);
      }
    }
  }

  state(): TimeBinsState {
    return {
      exponent: this.#exponent,
      indexes: this.#indexes.slice(0, this.#size),
      counts: this.#counts.slice(0, this.#size * VERDICT_COUNT),
    };
  }

  #count(index: number, verdict: number, count: number): void {
    if (this.#size === 0 || this.#indexes[this.#last] !== index) this.#last = this.#place(index);
    this.#counts[this.#last * VERDICT_COUNT + verdict]! += count;
    while (this.#size > this.#bound) this.#widen();
  }

  /** Where the bin is; a new one is put there if there is none. At most some 70 times the bound are new, whatever comes. */
  #place(index: number): number {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#indexes[middle]! < index) low = middle + 1;
      else high = middle;
    }
    if (low < this.#size && this.#indexes[low] === index) return low;
    if (this.#size === this.#indexes.length) {
      this.#indexes = doubled(this.#indexes, this.#bound + 1);
      this.#counts = doubled(this.#counts, (this.#bound + 1) * VERDICT_COUNT);
    }
    this.#indexes.copyWithin(low + 1, low, this.#size);
    this.#counts.copyWithin((low + 1) * VERDICT_COUNT, low * VERDICT_COUNT, this.#size * VERDICT_COUNT);
    this.#indexes[low] = index;
    this.#counts.fill(0, low * VERDICT_COUNT, (low + 1) * VERDICT_COUNT);
    this.#size++;
    return low;
  }

  /** Two neighbours become one. */
  #widen(): void {
    this.#exponent++;
    this.#binsInTick /= 2;
    this.#last = 0;
    let size = 0;
    for (let bin = 0; bin < this.#size; bin++) {
      const index = Math.floor(this.#indexes[bin]! / 2);
      if (size > 0 && this.#indexes[size - 1] === index) {
        for (let verdict = 0; verdict < VERDICT_COUNT; verdict++)
          this.#counts[(size - 1) * VERDICT_COUNT + verdict]! += this.#counts[bin * VERDICT_COUNT + verdict]!;
        continue;
      }
      this.#indexes[size] = index;
      this.#counts.copyWithin(size * VERDICT_COUNT, bin * VERDICT_COUNT, (bin + 1) * VERDICT_COUNT);
      size++;
    }
    this.#size = size;
  }
}
