import { lazily } from '../../lazily.ts';

/** Laying out text for a terminal of so many columns. Words are not broken, so that addresses can be copied; but long paths are. */

/** In less nothing can be laid out. */
export const MIN_WIDTH = 40;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that colours are made of.
const STYLE = /\u001b\[\d+(?:;\d+)*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const BETWEEN_CHARACTERS = /(?<!\u001b\[?[\d;]*)(?!\u001b)/u;
const wide = lazily(
  () =>
    /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u,
);
const mark = lazily(() => /\p{M}/u);
/** What this program writes beside ASCII, all one column wide, and Latin-1. */
const NARROW = /^[ -~\u00a0-\u00ff…→≈−×µ·]*$/;

/**
 * Columns that escaped text takes, colours left out. A package for this takes longer to load than a small capture takes
 * to read, and escapeForTerminal has removed the characters that would need one.
 */
export function displayWidth(text: string): number {
  const plain = text.replace(STYLE, '');
  if (NARROW.test(plain)) return plain.length;
  let width = 0;
  for (const character of plain) width += mark().test(character) ? 0 : wide().test(character) ? 2 : 1;
  return width;
}

/** `text` with blanks up to `width` columns, at its end or (`right`) at its start. */
export function pad(text: string, width: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? blanks + text : text + blanks;
}

/**
 * Sets items one after the other, with `separator` between those on a line, into lines of at most `width` columns. The
 * first line starts with `first`, which stands alone where the first item has no room behind it, the others with `rest`. An
 * item too long for a line is broken between its words, a path too long for one behind a slash; another word stands out.
 */
export function flow(items: readonly string[], separator: string, width: number, first: string, rest = first): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  const add = (item: string, gap: string) => {
    const isFull = displayWidth(line + (empty ? '' : gap) + item) > width;
    if (isFull && (!empty || (first.trim() !== '' && displayWidth(first) > displayWidth(rest)))) {
      lines.push(line.trimEnd());
      line = rest + item;
    } else line += (empty ? '' : gap) + item;
    empty = false;
  };
  for (const item of items) {
    if (displayWidth(rest + item) <= width) add(item, separator);
    else
      for (const [i, word] of item.split(' ').entries())
        for (const [j, part] of partsOf(word, width - displayWidth(rest)).entries())
          add(part, j > 0 ? '' : i === 0 ? separator : ' ');
  }
  lines.push(line.trimEnd());
  return `${lines.join('\n')}\n`;
}

/** A word as it is, or a path too long for `width` columns in parts that are not: its folders, a long name behind marks or anywhere. */
function partsOf(word: string, width: number): readonly string[] {
  const split = (text: string, ...[at, ...others]: readonly RegExp[]): string[] =>
    displayWidth(text) <= width || at === undefined ? [text] : text.split(at).flatMap((part) => split(part, ...others));
  return word.includes('/') ? split(word, /(?<=\/)/, /(?<=[-_.])/, BETWEEN_CHARACTERS) : [word];
}

/** Sets a sentence like flow() does, word by word. */
export function wrap(text: string, width: number, first: string, rest = first): string {
  return flow(text.split(' '), ' ', width, first, rest);
}

/** Items for flow() with a blank between them: a comma behind each but the last, so that a line may end in one. */
export function withCommas(items: readonly string[]): string[] {
  return items.map((item, i) => (i < items.length - 1 ? `${item},` : item));
}
