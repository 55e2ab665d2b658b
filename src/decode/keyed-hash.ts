import { randomWords } from '../random-words.ts';

/**
 * The one hash of all tables whose keys come from packets: HalfSipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast
 * short-input PRF", 2012, with words of 32 bits as in the authors' reference), a hash made for tables that strangers fill.
 * Its key is drawn anew for each process, so that nobody can prepare keys that share a bucket. A table compares the whole key
 * that it finds: no result depends on the hash.
 *
 * The core has it once more, in AssemblyScript (core/assembly/keyed-hash.ts).
 */

/** Two words that are nobody's business. */
export type HashKey = Int32Array;

/** This process's. */
export const processKey: HashKey = randomWords(2);

/** 32 bits, signed, of `count` words from `start` on; as of the same bytes in little-endian order. */
export function hashWords(words: Int32Array | Uint32Array, start: number, count: number, key = processKey): number {
  let v0 = key[0]! | 0;
  let v1 = key[1]! | 0;
  let v2 = v0 ^ 0x6c796765;
  let v3 = v1 ^ 0x74656462;
  // The words, the length in bytes, and three rounds without a word, which end it.
  for (let i = 0; i < count + 4; i++) {
    const word = i < count ? words[start + i]! | 0 : i === count ? count << 26 : 0;
    if (i === count + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}

/** Buckets for so many keys, at most half full: a power of two. */
export function bucketCount(keys: number): number {
  return 2 ** Math.ceil(Math.log2(keys * 2));
}
