/**
 * Names of files are bytes, and need not be UTF-8. As text each byte that is none stands as half a surrogate pair, U+DC80 to
 * U+DCFF, which no UTF-8 can hold (Python's surrogateescape, PEP 383): so every name has a text, and every text its name.
 */
const ESCAPED = 0xdc00;
const LONE_HALF = /[\udc80-\udcff]/;
/** Not a half of a pair: with the flag u those are one character. */
const LONE_HALVES = /[\u{dc80}-\u{dcff}]/gu;

/** The text of a name as readdir gives it in bytes. */
export function decodePath(bytes: Uint8Array): string {
  const whole = decodeStrictly(bytes);
  if (whole !== null) return whole;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const part = at + length > bytes.length ? null : decodeStrictly(bytes.subarray(at, at + length));
    text += part ?? String.fromCharCode(ESCAPED + lead);
    at += part === null ? 1 : length;
  }
  return text;
}

/** What node:fs takes for a path that may have such bytes. */
export function toPath(text: string): string | Buffer {
  if (!LONE_HALF.test(text) || text.search(LONE_HALVES) < 0) return text;
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - ESCAPED) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** The path for people and reports: such bytes are spelled out, as in `caf\xe9.pcap`. */
export function showPath(text: string): string {
  return text.replace(LONE_HALVES, (half) => `\\x${(half.charCodeAt(0) - ESCAPED).toString(16)}`);
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
