import { HASH_KEY } from '../layout';

/*
 * HalfSipHash-1-3, as hashWords() (decode/keyed-hash.ts). Its state is in locals: in globals each round waits for the stores of
 * the one before.
 */

/** Of `count` words from `words` on. Overwrites the four words behind them. */
export function hashWords(words: usize, count: u32): u32 {
  const last = words + ((<usize>count) << 2);
  // The length in bytes, and three rounds without a word, which end it.
  store<u32>(last, count << 26);
  store<u32>(last, 0, 4);
  store<u64>(last, 0, 8);
  let v0 = load<u32>(HASH_KEY);
  let v1 = load<u32>(HASH_KEY, 4);
  let v2 = v0 ^ 0x6c796765;
  let v3 = v1 ^ 0x74656462;
  for (let at = words; at <= last + 12; at += 4) {
    const word = load<u32>(at);
    if (at === last + 4) v2 ^= 0xff;
    v3 ^= word;
    v0 += v1;
    v1 = rotl<u32>(v1, 5) ^ v0;
    v0 = rotl<u32>(v0, 16);
    v2 += v3;
    v3 = rotl<u32>(v3, 8) ^ v2;
    v0 += v3;
    v3 = rotl<u32>(v3, 7) ^ v0;
    v2 += v1;
    v1 = rotl<u32>(v1, 13) ^ v2;
    v2 = rotl<u32>(v2, 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
