/** Laying out text for a terminal of so many columns. Words are never broken, so that addresses can be copied. */

/** Lines longer than this are hard to read, however wide the terminal; tables need the other. */
export const MAX_WIDTH = 120;
export const MIN_WIDTH = 60;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that colours are made of.
const STYLE = /\u001b\[\d+(?:;\d+)*m/g;
const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const MARK = /\p{M}/u;

/**
 * Columns that escaped text takes, colours left out. A package for this takes longer to load than a small capture takes
 * to read, and escapeForTerminal has removed the characters that would need one.
 */
export function displayWidth(text: string): number {
  const plain = text.replace(STYLE, '');
  if (/^[ -~]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const character of plain) width += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** `text` with blanks up to `width` columns, at its end or (`right`) at its start. */
export function pad(text: string, width: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? blanks + text : text + blanks;
}

/**
 * Sets items one after the other, with `separator` between those on a line, into lines of at most `width` columns. The
 * first line starts with `first`, the others with `rest`. An item too long for a line is broken between its words, a word
 * too long for one stands out.
 */
export function flow(items: readonly string[], separator: string, width: number, first: string, rest = first): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  const add = (item: string, gap: string) => {
    if (!empty && displayWidth(line + gap + item) > width) {
      lines.push(line.trimEnd());
      line = rest + item;
    } else line += (empty ? '' : gap) + item;
    empty = false;
  };
  for (const item of items) {
    if (displayWidth(rest + item) <= width) add(item, separator);
    else for (const [i, word] of item.split(' ').entries()) add(word, i === 0 ? separator : ' ');
  }
  lines.push(line.trimEnd());
  return `${lines.join('\n')}\n`;
}

/** Sets a sentence like flow() does, word by word. */
export function wrap(text: string, width: number, first: string, rest = first): string {
  return flow(text.split(' '), ' ', width, first, rest);
}
