/**
 * Random words that nobody can guess, of the system's own source. Web Crypto's, which reads the same, takes longer to load than a
 * small capture takes to read; it stands in where there is no such file.
 */
export function randomWords(count: number): Int32Array {
  const words = new Int32Array(count);
  try {
    const { openSync, readSync, closeSync } = process.getBuiltinModule('node:fs');
    const source = openSync('/dev/urandom', 'r');
    try {
      if (readSync(source, words) === words.byteLength) return words;
    } finally {
      closeSync(source);
    }
  } catch {
    // Another system.
  }
  return crypto.getRandomValues(words);
}
