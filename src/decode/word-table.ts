import { bucketCount, hashWords } from './keyed-hash.ts';

const FIRST_KEYS = 32;
const NONE = new Int32Array(0);
/** The buckets of an empty table: nothing is ever put into it. */
const ONE_FREE = new Int32Array(1);

/**
 * Numbers keys of a fixed number of words: 1, 2, … in the order in which they come, `limit` at most. Nothing is ever taken
 * out. Found by the keyed hash, compared whole. Memory: `width` words a key and at most four for its buckets.
 */
export class WordTable {
  /** How many there are. */
  size = 0;
  /** The caller fills it before intern(). */
  readonly key: Int32Array;
  readonly #width: number;
  readonly #limit: number;
  /** Made at the first: most tables stay empty. */
  #keys: Int32Array = NONE;
  /** Open addressing, at most half full: numbers, 0 for a free bucket. */
  #buckets: Int32Array = ONE_FREE;

  constructor(width: number, limit: number) {
    this.#width = width;
    this.#limit = limit;
    this.key = new Int32Array(width);
  }

  /** Number of `key`; 0 when it is not there. */
  find(): number {
    return this.#buckets[this.#place()]!;
  }

  /** Number of `key`, a new one if it was not there; 0 when it was not there and the table is full. */
  intern(): number {
    if (this.#keys === NONE) {
      this.#keys = new Int32Array(this.#width * FIRST_KEYS);
      this.#buckets = new Int32Array(bucketCount(FIRST_KEYS));
    }
    const bucket = this.#place();
    const known = this.#buckets[bucket]!;
    if (known !== 0 || this.size === this.#limit) return known;
    const number = ++this.size;
    if (number * this.#width > this.#keys.length) {
      const keys = new Int32Array(this.#keys.length * 2);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#keys.set(this.key, (number - 1) * this.#width);
    if (number * 2 > this.#buckets.length) this.#growBuckets();
    else this.#buckets[bucket] = number;
    return number;
  }

  /** A word of the key with that number. */
  word(number: number, index: number): number {
    return this.#keys[(number - 1) * this.#width + index]!;
  }

  /** The bucket of `key`, or the free one where it belongs. */
  #place(): number {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    let bucket = hashWords(this.key, 0, this.#width) & mask;
    for (let number = buckets[bucket]!; number !== 0 && !this.#holds(number); number = buckets[bucket]!) {
      bucket = (bucket + 1) & mask;
    }
    return bucket;
  }

  #holds(number: number): boolean {
    const at = (number - 1) * this.#width;
    for (let word = 0; word < this.#width; word++) if (this.#keys[at + word] !== this.key[word]) return false;
    return true;
  }

  #growBuckets(): void {
    const buckets = new Int32Array(this.#buckets.length * 2);
    const mask = buckets.length - 1;
    for (let number = 1; number <= this.size; number++) {
      let bucket = hashWords(this.#keys, (number - 1) * this.#width, this.#width) & mask;
      while (buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      buckets[bucket] = number;
    }
    this.#buckets = buckets;
  }
}
