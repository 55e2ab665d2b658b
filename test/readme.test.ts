import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from './support/command.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const blocks = (language: string) =>
  [...read('README.md').matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text);

it('shows the example of the library that the tests compile and run', () => {
  expect(blocks('ts')).toContain(read('examples/library.ts'));
});

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
  // As wide as a terminal is.
  for (const line of stdout.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
});

it('leaves nothing to be filled in', () => {
  expect(read('README.md')).not.toMatch(/^@\w+@$|TODO|FIXME/m);
});
