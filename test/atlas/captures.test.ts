import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../support/manifest.ts';

interface Listed {
  readonly capture?: string;
  readonly sha256?: string;
}

const atlas = JSON.parse(readFileSync(join(FIXTURES, '../atlas/atlas.json'), 'utf8')) as {
  stacks: { id: string; cells: Listed[]; inside: Listed[] }[];
};
const listed = atlas.stacks.flatMap(({ cells, inside }) => [
  ...cells,
  ...inside.filter((row) => row.capture !== undefined),
]);

describe('the captures of the atlas', () => {
  it('are all listed, and every listed one is there', () => {
    const folder = join(FIXTURES, 'stacks');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(FIXTURES, join(entry.parentPath, entry.name)));
    expect(files.sort()).toEqual(listed.map(({ capture }) => capture).sort());
  });

  it('are what the atlas says, byte for byte, and small', () => {
    for (const { capture, sha256 } of listed) {
      const path = join(FIXTURES, capture!);
      expect(createHash('sha256').update(readFileSync(path)).digest('hex'), capture).toBe(sha256);
      expect(statSync(path).size, capture).toBeLessThan(10_000);
    }
  });
});
