import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe.each(['CONTRIBUTING.md', 'docs/architecture.md', 'docs/decisions/README.md'])('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('names scripts that there are', () => {
    for (const [, name] of text.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty([name!]);
  });

  it('names files and folders that there are', () => {
    // A name with a placeholder, as in <id>.ts, is one to be made.
    const named = [...text.matchAll(/`((?:src|test|docs|fixtures|scripts|schema|bin)\/[\w./-]+)`/g)].map(
      ([, path]) => path!,
    );
    const linked = [...text.matchAll(/\]\(([^):#]+)\)/g)].map(([, path]) => join(dirname(page), path!));
    expect(named.length + linked.length).toBeGreaterThan(0);
    for (const path of [...named, ...linked]) expect(existsSync(join(root, path)), path).toBe(true);
  });
});
