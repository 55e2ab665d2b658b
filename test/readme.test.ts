import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from './support/command.ts';
import { blocksOf } from './support/pages.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const blocks = (language: string) =>
  blocksOf('README.md')
    .filter((block) => block.language === language)
    .map(({ text }) => text);

it('names captures that are there in its first command', () => {
  const [first] = blocks('sh');
  const captures = first?.match(/fixtures\/\S+/g) ?? [];
  expect(captures.length).toBeGreaterThan(0);
  for (const path of captures) expect(read(path).length, path).toBeGreaterThan(0);
});

it('shows what its first command prints', async () => {
  const [first] = blocks('sh');
  const [, args] = /node bin\/portzero\.js (.*)/.exec(first!)!;
  const { stdout } = await runCommand(args!.trim().split(' '));
  expect(blocks('text')[0]!.trimEnd()).toBe(stdout.trimEnd());
});

it('has the command of the tests as its second', () => {
  expect(blocks('sh')[1]).toBe('bin/test\n');
});

it('shows what a terminal of 80 columns shows', () => {
  // Beside the first command, which is one line to be copied, and the list of the commands.
  const texts = [...blocks('sh').slice(1), ...blocks('text').filter((text) => !text.startsWith('portzero FILE'))];
  expect(texts.length).toBeGreaterThan(8);
  for (const line of texts.join('').split('\n')) expect([...line].length, line).toBeLessThanOrEqual(84);
});

it('leaves nothing to be filled in', () => {
  expect(read('README.md')).not.toMatch(/^@\w+@$|TODO|FIXME/m);
});
