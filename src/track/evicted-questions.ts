/**
 * Questions that had to leave the full table before an answer came: an answer to one of them is no backscatter. Two Bloom
 * filters (Bloom 1970) by turns: of the newest questions none is ever forgotten, whatever the key of the hash, and what is
 * no such question is taken for one in 1 of 400 cases at most. That errs to the side on which nobody is accused.
 */
import { hashWords } from '../decode/keyed-hash.ts';

/** Bits of a filter: 1 MiB. */
const BITS = 1 << 23;
/** Of so many numbers none is forgotten; then the older filter is emptied and takes the next. */
export const KEPT_QUESTIONS = 1 << 19;
const PROBES = 4;

export class EvictedQuestions {
  /** Made when the first question has to leave: most captures have none. */
  #newer: Int32Array | null = null;
  #older: Int32Array | null = null;
  #noted = 0;
  readonly #words = new Int32Array(2);

  /** `ends` is the hash of the ends; `number` what the question sent, or the last number that it did. */
  note(ends: number, number: number): void {
    this.#newer ??= new Int32Array(BITS >>> 5);
    if (this.#noted === KEPT_QUESTIONS) {
      const older = this.#older ?? new Int32Array(BITS >>> 5);
      this.#older = this.#newer;
      this.#newer = older.fill(0);
      this.#noted = 0;
    }
    this.#noted++;
    const filter = this.#newer;
    const first = this.#hash(ends, number);
    const step = stepOf(first);
    for (let i = 0; i < PROBES; i++) {
      const bit = (first + Math.imul(i, step)) & (BITS - 1);
      filter[bit >>> 5]! |= 1 << bit;
    }
  }

  /** Whether an answer that acknowledges the number after this one may be for such a question. */
  has(ends: number, number: number): boolean {
    if (this.#newer === null) return false;
    const first = this.#hash(ends, number);
    const step = stepOf(first);
    return isIn(this.#newer, first, step) || (this.#older !== null && isIn(this.#older, first, step));
  }

  #hash(ends: number, number: number): number {
    this.#words[0] = ends;
    this.#words[1] = number;
    return hashWords(this.#words, 0, 2);
  }
}

/**
 * How far the bits of a question lie apart. It goes by all 32 bits of the hash, of which the first place takes 23: two questions with the same hash, 1 in
 * 4,000 at a full filter, are taken for each other, which a second hash, as dear as all the rest, would spare.
 */
function stepOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) | 1;
}

function isIn(filter: Int32Array, first: number, step: number): boolean {
  for (let i = 0; i < PROBES; i++) {
    const bit = (first + Math.imul(i, step)) & (BITS - 1);
    if ((filter[bit >>> 5]! & (1 << bit)) === 0) return false;
  }
  return true;
}
