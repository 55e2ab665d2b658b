import { HASH_KEY } from '../layout';

/*
 * HalfSipHash-1-3, as hashWords() (decode/keyed-hash.ts): begin, absorb each word, end with the number of words.
 */

let v0: u32 = 0;
let v1: u32 = 0;
let v2: u32 = 0;
let v3: u32 = 0;

export function beginHash(): void {
  v0 = load<u32>(HASH_KEY);
  v1 = load<u32>(HASH_KEY, 4);
  v2 = v0 ^ 0x6c796765;
  v3 = v1 ^ 0x74656462;
}

export function absorb(word: u32): void {
  let a = v0;
  let b = v1;
  let c = v2;
  let d = v3 ^ word;
  a += b;
  b = rotl<u32>(b, 5) ^ a;
  a = rotl<u32>(a, 16);
  c += d;
  d = rotl<u32>(d, 8) ^ c;
  a += d;
  d = rotl<u32>(d, 7) ^ a;
  c += b;
  b = rotl<u32>(b, 13) ^ c;
  c = rotl<u32>(c, 16);
  v0 = a ^ word;
  v1 = b;
  v2 = c;
  v3 = d;
}

export function endHash(words: u32): u32 {
  absorb(words << 26);
  v2 ^= 0xff;
  absorb(0);
  absorb(0);
  absorb(0);
  return v1 ^ v3;
}
