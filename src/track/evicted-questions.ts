/**
 * Questions that had to leave the full table before an answer came: an answer to one of them is no backscatter. A bounded
 * memory: the newest question with the same remainder takes the place of an older one.
 */
import { hashWords } from '../decode/keyed-hash.ts';

const PLACES = 1 << 18;

export class EvictedQuestions {
  /** Pairs of the hash of the ends, and the number. Made when the first has to leave: most captures have none. */
  #questions: Int32Array | null = null;
  readonly #words = new Int32Array(2);

  /** `ends` is the hash of the ends; `number` what the question sent, or the last number that it did. */
  note(ends: number, number: number): void {
    this.#questions ??= new Int32Array(2 * PLACES);
    const place = this.#placeOf(ends, number);
    this.#questions[place] = ends;
    this.#questions[place + 1] = number;
  }

  /** Whether an answer that acknowledges the number after this one is for such a question. */
  has(ends: number, number: number): boolean {
    if (this.#questions === null) return false;
    const place = this.#placeOf(ends, number);
    return this.#questions[place] === ends && this.#questions[place + 1] === number;
  }

  #placeOf(ends: number, number: number): number {
    this.#words[0] = ends;
    this.#words[1] = number;
    return 2 * (hashWords(this.#words, 0, 2) & (PLACES - 1));
  }
}
