/*
 * What time it was by the frames that were left out: times by which the clock goes between kept frames, as the numbers
 *
 *   kept frames before   how many times come here   the first time in seconds, nanoseconds   differences to the next ones
 *
 * again and again. Differences are in nanoseconds, and exact: times are doubles of nanoseconds, as those of the clock are.
 */

/** Times before the frame with the index `before`. */
export interface TickGroup {
  readonly before: number;
  readonly nanos: readonly number[];
}

export class TickWriter {
  readonly numbers: number[] = [];
  #before = -1;
  #count = 0;
  #last = 0;

  add(before: number, nanos: number): void {
    if (before !== this.#before) {
      const seconds = Math.floor(nanos / 1e9);
      this.numbers.push(before, 1, seconds, nanos - seconds * 1e9);
      this.#before = before;
      this.#count = this.numbers.length - 3;
    } else {
      this.numbers.push(nanos - this.#last);
      this.numbers[this.#count]!++;
    }
    this.#last = nanos;
  }
}

export function* readTicks(numbers: readonly number[]): Generator<TickGroup> {
  for (let at = 0; at + 4 <= numbers.length; ) {
    const count = numbers[at + 1]!;
    const nanos = [numbers[at + 2]! * 1e9 + numbers[at + 3]!];
    for (let i = 1; i < count; i++) nanos.push(nanos[i - 1]! + (numbers[at + 3 + i] ?? 0));
    yield { before: numbers[at]!, nanos };
    at += 3 + Math.max(1, count);
  }
}
