import { expect, it } from 'vitest';
import { hashWords, processKey } from '../../src/decode/keyed-hash.ts';

/**
 * HalfSipHash-1-3 of the bytes 0, 1, 2, … (0, 4, … 60 of them) with the key 00 01 … 07, in 32 bits: every fourth of the
 * vectors in Linux's lib/test_siphash.c for machines of 32 bits.
 */
const VECTORS = [
  1477757078, 2114297510, 1467586993, 1797785964, -1959668479, -1860454907, 1460996823, 172032208, -1133651315,
  2085026687, 87195314, 293165745, 7832555, -1016537690, 1408030590, -2001419060,
];

it('is HalfSipHash-1-3', () => {
  const key = new Int32Array([0x03020100, 0x07060504]);
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
  const words = new Int32Array(bytes.buffer);
  expect(VECTORS.map((_, count) => hashWords(words, 0, count, key))).toEqual(VECTORS);
  expect(VECTORS.map((_, count) => hashWords(new Uint32Array(words), 0, count, key))).toEqual(VECTORS);
});

it('has a key of its own in each process', () => {
  expect(processKey.every((word) => word === 0)).toBe(false);
  expect(hashWords(new Int32Array([1]), 0, 1)).not.toBe(hashWords(new Int32Array([1]), 0, 1, new Int32Array(2)));
});
