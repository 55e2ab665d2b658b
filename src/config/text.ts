/**
 * The text of a file that a person wrote or redirected, without its byte order mark: UTF-8, or UTF-16 where a mark says so,
 * as editors and shells on Windows write it. Throws an Error with one line when it is neither.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(
      encoding === 'utf-8'
        ? 'this is not text in UTF-8, nor in UTF-16 with a byte order mark'
        : 'this is no text in UTF-16, as its byte order mark says',
    );
  }
  // UTF-16 without a mark, or no text at all.
  if (text.includes('\0')) throw new Error('this is not text: it holds NUL characters. It must be UTF-8');
  return text;
}
