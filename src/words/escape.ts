import { lazily } from '../lazily.ts';

/**
 * Nothing that a packet or a file name holds may steer what shows a report: no escape sequence for the terminal, no
 * hidden or reordered text (CVE-2021-42574), no line of its own in a line-based format.
 */

/** Controls (C0, DEL, C1), line separators, everything that is invisible or turns the direction of text, lone halves. */
const unsafe = lazily(
  () => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu,
);
/** Text in which it finds nothing, which most is. */
const PLAIN = /^[ -~]*$/;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  return SHORT[character] ?? (code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`);
}

/**
 * What a CI server takes for a command wherever it stands in a log: GitHub's `::error::` at the start of a line (which
 * wrapping decides), its older `##[error]`, Azure's `##vso[…]` and TeamCity's `##teamcity[…]` anywhere. Words, not any: two
 * colons are in every IPv6 address.
 */
const LOG_COMMAND =
  /:(?=:(?:error|warning|notice|debug|group|endgroup|echo|(?:add|remove)-[a-z]+|stop-commands|set-[a-z]+|save-state|internal-[a-z-]+)\b)|#(?=#\w*\[)/gi;

/**
 * Makes text from outside fit for one line of a terminal, a log or a table: what could do harm is spelled out, as in
 * `\x1b` or `\u{202e}`. Backslashes stay as they are, so that doing it twice does no harm.
 */
export function escapeForTerminal(text: string): string {
  const visible = PLAIN.test(text) ? text : text.replace(unsafe(), escapeCharacter);
  return visible.replace(LOG_COMMAND, escapeCharacter);
}

/** The value with every text in it made fit, also in lists and objects; their keys stay. */
export function escapeStrings<T>(value: T): T {
  if (typeof value === 'string') return escapeForTerminal(value) as T;
  if (Array.isArray(value)) return value.map((item) => escapeStrings(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, escapeStrings(child)])) as T;
}

/** The first bytes of a payload as text: printable ASCII as it is, the rest spelled out, backslashes doubled. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === '\\') text += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) text += character;
    else text += escapeCharacter(character);
  }
  return text;
}

/**
 * JSON whose strings cannot steer a terminal either (JSON.stringify leaves all but the C0 controls as they are), and which
 * every reader takes: half a surrogate pair, which RFC 8259 section 8.2 warns of, becomes U+FFFD.
 */
export function stringifySafely(value: unknown, indent?: number): string {
  let json = JSON.stringify(value, null, indent);
  if (json.includes('\\ud'))
    json = json.replace(/\\\\|\\ud[89a-f][\da-f]{2}/g, (found) => (found === '\\\\' ? found : '\\ufffd'));
  // Inside strings only: outside JSON has no such character.
  if (json.includes('##')) json = json.replace(/#(?=#\w*\[)/g, '\\u0023');
  if (/^[ -~\n]*$/.test(json)) return json;
  // Outside strings JSON has no character that `unsafe` matches but the line ends that indentation brings.
  return json.replace(unsafe(), (character) => {
    if (character === '\n') return character;
    let text = '';
    for (let i = 0; i < character.length; i++) text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return text;
  });
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For XML text and attribute values. Characters that XML 1.0 §2.2 does not allow even as references are spelled out. */
export function escapeXml(text: string): string {
  return escapeForTerminal(text).replace(/[&<>"']/g, (character) => XML_ENTITIES[character]!);
}

/** For Markdown text and table cells: every character with a meaning there becomes a character reference. */
export function escapeMarkdown(text: string): string {
  return escapeForTerminal(text).replace(
    /[\\`*_{}[\]<>()#+!|~&@:$"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

/** One field of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe in front. */
export function escapeCsv(text: string): string {
  const safe = escapeForTerminal(text);
  const inert = /^[\s]*[=+\-@|%]/.test(safe) ? `'${safe}` : safe;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** The message of a GitHub workflow command. */
export function escapeCommandData(text: string): string {
  return escapeForTerminal(text).replaceAll('%', '%25');
}

/** A property value (file, title) of a GitHub workflow command. */
export function escapeCommandProperty(text: string): string {
  return escapeCommandData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
