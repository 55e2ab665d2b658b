/**
 * What a report lists, at most `bound` of it, the first come. With a baseline what is new has the room before what is known: it
 * is what the report is read for.
 */
export class Listing<T> {
  readonly #bound: number;
  readonly #first: T[] = [];
  readonly #rest: T[] = [];

  constructor(bound: number) {
    this.#bound = bound;
  }

  hasRoom(isNew: boolean): boolean {
    return this.#first.length + (isNew ? 0 : this.#rest.length) < this.#bound;
  }

  /** Only where there is room. Returns what had to leave for it. */
  add(item: T, isNew: boolean): T | null {
    (isNew ? this.#first : this.#rest).push(item);
    return this.#first.length + this.#rest.length > this.#bound ? (this.#rest.pop() ?? null) : null;
  }

  /** What is new, then the rest; each in the order in which it came. */
  items(): T[] {
    return [...this.#first, ...this.#rest];
  }
}
