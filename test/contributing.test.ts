import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));

describe.each(['README.md', 'CONTRIBUTING.md', 'docs/decisions/README.md', ...pages.map((name) => `docs/${name}`)])(
  '%s',
  (page) => {
    const text = readFileSync(join(root, page), 'utf8');

    it('names scripts that there are', () => {
      for (const [, name] of text.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty([name!]);
    });

    it('names files and folders that there are', () => {
      // A name with a placeholder, as in <id>.ts, is one to be made.
      const named = [...text.matchAll(/`((?:src|test|docs|fixtures|scripts|schema|bin)\/[\w./-]+)`/g)].map(
        ([, path]) => path!,
      );
      const linked = [...text.matchAll(/\]\(([^):#]+)(?:#[\w-]+)?\)/g)].map(([, path]) => join(dirname(page), path!));
      for (const path of [...named, ...linked]) expect(existsSync(join(root, path)), path).toBe(true);
    });
  },
);
