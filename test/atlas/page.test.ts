import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { confusionOf } from '../../src/atlas/confusion.ts';
import { loadAtlas } from '../../src/atlas/load.ts';
import { formatPage } from '../../src/atlas/page.ts';

const file = join(import.meta.dirname, '../../docs/atlas.md');
const page = formatPage(loadAtlas(), confusionOf(loadAtlas()));
if (process.env.UPDATE_DOCS !== undefined) writeFileSync(file, page);

describe('docs/atlas.md', () => {
  it('is made from the data', () => {
    expect(readFileSync(file, 'utf8')).toBe(page);
  });
});
