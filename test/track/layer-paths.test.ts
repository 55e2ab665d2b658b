import { expect, it } from 'vitest';
import { LayerPaths } from '../../src/track/layer-paths.ts';

/** Five layers of 16 kinds each: another path for each number below 2^20. */
const pathOf = (number: number) => Uint8Array.from({ length: 5 }, (_, i) => (number >> (4 * i)) & 15);

it('keeps 65,535 paths apart, and gives further ones the empty one', () => {
  const paths = new LayerPaths();
  const indexes = Array.from({ length: 65_535 }, (_, i) => paths.intern(pathOf(i), 5));
  expect(new Set(indexes).size).toBe(65_535);
  expect(indexes.every((index, i) => Buffer.compare(paths.get(index), pathOf(i)) === 0)).toBe(true);
  expect(paths.intern(pathOf(70_000), 5)).toBe(0);
  expect(paths.get(0)).toHaveLength(0);
  expect(paths.intern(pathOf(77), 5)).toBe(indexes[77]);
  // Another length is another path, whatever the rest of the buffer holds.
  expect(paths.intern(pathOf(0), 4)).not.toBe(indexes[0]);
});
