/**
 * Questions that had to leave the full table before an answer came: an answer to one of them is no backscatter. Two Bloom
 * filters (Bloom 1970) by turns: of the newest questions none is ever forgotten, whatever the key of the hash, and what is
 * no such question is taken for one in 1 of 250 cases at most. That errs to the side on which nobody is accused. All bits of a question lie
 * in one block (Putze, Sanders, Singler 2007), so that it waits for memory once.
 */
import { hashWords } from '../decode/keyed-hash.ts';

/** Bits of a filter: 1 MiB. */
const BITS = 1 << 23;
/** Of so many numbers none is forgotten; then the older filter is emptied and takes the next. */
export const KEPT_QUESTIONS = 1 << 19;
/** Words of a block, and bits of a question in it. */
const BLOCK_WORDS = 16;
const BLOCK_BITS = BLOCK_WORDS * 32;
const BLOCKS = BITS / BLOCK_BITS;
const PROBES = 5;

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
    const hash = this.#hash(ends, number);
    const block = blockOf(hash);
    let bits = bitsOf(hash);
    for (let i = 0; i < PROBES; i++) {
      filter[block + ((bits >>> 5) & (BLOCK_WORDS - 1))]! |= 1 << bits;
      bits = nextOf(bits);
    }
  }

  /** Whether an answer that acknowledges the number after this one may be for such a question. */
  has(ends: number, number: number): boolean {
    if (this.#newer === null) return false;
    const hash = this.#hash(ends, number);
    return isIn(this.#newer, hash) || (this.#older !== null && isIn(this.#older, hash));
  }

  #hash(ends: number, number: number): number {
    this.#words[0] = ends;
    this.#words[1] = number;
    return hashWords(this.#words, 0, 2);
  }
}

/** The first word of the block of a question. */
function blockOf(hash: number): number {
  return (hash & (BLOCKS - 1)) * BLOCK_WORDS;
}

/**
 * Where its first bit is there, in the lowest nine bits. It goes by all 32 bits of the hash, of which the block takes 14: two questions with the same hash, 1 in
 * 4,000 at a full filter, are taken for each other, which a second hash, as dear as all the rest, would spare.
 */
function bitsOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return mixed ^ (mixed >>> 13);
}

/** The same of the next bit. */
function nextOf(bits: number): number {
  return (bits >>> 9) ^ Math.imul(bits, 0x85ebca6b);
}

function isIn(filter: Int32Array, hash: number): boolean {
  const block = blockOf(hash);
  let bits = bitsOf(hash);
  for (let i = 0; i < PROBES; i++) {
    if ((filter[block + ((bits >>> 5) & (BLOCK_WORDS - 1))]! & (1 << bits)) === 0) return false;
    bits = nextOf(bits);
  }
  return true;
}
