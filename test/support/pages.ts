import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** README and what it leads to. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The block that follows with nothing but a blank line between, as output follows its command; null for none. */
  readonly output: string | null;
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const source = readFileSync(join(root, page), 'utf8');
  const found = [...source.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return found.map(({ 0: whole, 1: language, 2: text, index }) => {
    const next = /^\n\n```text\n(.*?)^```$/ms.exec(source.slice(index + whole.length));
    return { language: language!, text: text!, output: next?.index === 0 ? next[1]! : null };
  });
}
