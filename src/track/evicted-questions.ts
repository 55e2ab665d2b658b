/**
 * Questions that had to leave the full table before an answer came: an answer to one of them is no backscatter. A bounded
 * memory: the newest question with the same remainder takes the place of an older one, and 32 bits tell them apart.
 */
const PLACES = 1 << 18;

export class EvictedQuestions {
  /** Made at the first of them: most captures have none. */
  #prints: Int32Array | null = null;

  /** `ends` is the hash of the ends; `number` what the question sent, or the last number that it did. */
  note(ends: number, number: number): void {
    this.#prints ??= new Int32Array(PLACES);
    const print = printOf(ends, number);
    this.#prints[placeOf(print)] = print;
  }

  /** Whether an answer that acknowledges the number after this one is for such a question. */
  has(ends: number, number: number): boolean {
    if (this.#prints === null) return false;
    const print = printOf(ends, number);
    return this.#prints[placeOf(print)] === print;
  }
}

/** Never 0, which is an empty place. */
function printOf(ends: number, number: number): number {
  let print = Math.imul(ends, 0x9e3779b1) ^ number;
  print = Math.imul(print ^ (print >>> 16) ^ ends, 0x85ebca6b);
  print = Math.imul(print ^ (print >>> 13), 0xc2b2ae35);
  return print ^ (print >>> 16) || 1;
}

function placeOf(print: number): number {
  return print & (PLACES - 1);
}
