/** Places that a table begins with: most captures hold a handful of ends, and a folder may hold a thousand captures. */
export const FIRST_ROOM = 16;

/**
 * The same numbers in an array with room for twice as many, `bound` at most; the rest is 0. Copying at each doubling
 * costs what filling the array once more would.
 */
export function doubled<T extends Float64Array | Int32Array>(numbers: T, bound: number): T {
  const longer = new (numbers.constructor as new (length: number) => T)(Math.min(numbers.length * 2, bound));
  longer.set(numbers);
  return longer;
}

/** Buckets for so many entries, empty: more of them than entries, and a power of two. */
export function bucketsFor(entries: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(entries + 1)));
}
