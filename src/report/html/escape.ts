import { escapeForTerminal, escapeXml } from '../../words/escape.ts';

/**
 * JSON that can stand in a script element: no `<` (which could end the element or open a comment) and no U+2028 or
 * U+2029. Hidden and reordering characters of its strings are spelled out, so the page's own script may set it as text without a second thought.
 */
export function jsonForScript(value: unknown): string {
  const json = JSON.stringify(value, (_key, item) => (typeof item === 'string' ? escapeForTerminal(item) : item));
  // What is left is in keys, which the replacer does not see, or is the start of a tag.
  return json.replace(/[<\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Markup, as opposed to text: only `html` makes it. */
export class Markup {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Part = Markup | string | number | null | readonly (Markup | string | number | null)[];

/** Markup from a template; everything put in is escaped, except markup. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let source = strings[0]!;
  for (const [index, part] of parts.entries()) source += markupOf(part) + strings[index + 1]!;
  return new Markup(source);
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.source;
  if (Array.isArray(part)) return part.map(markupOf).join('');
  return escapeXml(String(part));
}
