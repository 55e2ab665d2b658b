/** Loads `length` bytes at `offset` into words, big-endian, the last one zero padded. */
export function packWords(words: Int32Array, base: number, bytes: Uint8Array, offset: number, length: number): void {
  let at = offset;
  let word = base;
  for (const end = offset + length - 3; at < end; at += 4) {
    words[word++] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  const rest = offset + length - at;
  if (rest > 0) {
    let last = 0;
    for (let i = 0; i < 4; i++) last = (last << 8) | (i < rest ? bytes[at + i] : 0);
    words[word] = last;
  }
}

/** The inverse of packWords: a new array of `length` bytes. */
export function unpackWords(words: Int32Array, base: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = words[base + (i >> 2)] >>> (24 - 8 * (i & 3));
  return bytes;
}
