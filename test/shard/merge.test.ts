import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cutCapture } from '../support/cut.ts';
import { inFolder, joined, merged, portZeroPart, writeRing } from '../support/distil.ts';
import { FIXTURES, loadManifest } from '../support/manifest.ts';

/** Numbers from 0 to `below`, the same every time. */
function shuffler(seed: number) {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const shuffle = <T>(items: T[]): T[] => {
    const mixed = [...items];
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = next(i + 1);
      [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
    }
    return mixed;
  };
  return { next, shuffle };
}

describe('a merge of shards says of port 0 what the capture does', () => {
  it.each(loadManifest().map(({ file }) => file))('%s', async (file) => {
    const bytes = readFileSync(join(FIXTURES, file));
    const cut = cutCapture(bytes);
    const random = shuffler(bytes.length);
    const ways: number[][] = [[]];
    if (cut !== null && cut.frames > 1) {
      ways.push(Array.from({ length: Math.min(cut.frames - 1, 60) }, (_, index) => index + 1));
      ways.push([1 + random.next(cut.frames - 1)]);
      ways.push([1 + random.next(cut.frames - 1)]);
    }
    for (const cuts of ways) {
      await inFolder(async (folder) => {
        const paths = writeRing(folder, cut === null ? [bytes] : cut.at(cuts));
        const [one, other] = [await joined(paths), await merged(paths, folder, { shuffle: random.shuffle })];
        expect(JSON.stringify(portZeroPart(other), null, 1)).toBe(JSON.stringify(portZeroPart(one), null, 1));
      });
    }
  });
});
