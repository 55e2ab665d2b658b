import { readFileSync } from 'node:fs';
import { faultOfAtlas } from '../report/model/schema-check.ts';
import { shippedFile } from '../report/model/shipped-file.ts';
import type { Atlas, StackEntry } from './types.ts';

let atlas: Atlas | null = null;

/** Read when first asked for: it is larger than all else that a run over a small capture needs. */
export function loadAtlas(): Atlas {
  atlas ??= JSON.parse(readFileSync(shippedFile('atlas/atlas.json'), 'utf8')) as Atlas;
  return atlas;
}

/**
 * The stacks of the atlas to hold an answer against. A sensor reads it in the middle of its run, when the package may just be
 * exchanged for another: where the file is gone, nothing is known of any stack, and the run goes on.
 */
export function shippedStacks(): readonly StackEntry[] {
  try {
    return loadAtlas().stacks;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Entries of a file of one's own, as `portzero atlas --learn` writes them: the same shape as the shipped ones. Throws an Error
 * that says what is wrong with the text.
 */
export function parseSignatures(text: string): readonly StackEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`this is no JSON: ${(error as Error).message}`);
  }
  const fault = faultOfAtlas(value);
  if (fault !== null) throw new Error(fault);
  return (value as Atlas).stacks;
}

/** As people call it: "Linux 6.18.44". */
export function labelOf({ name, version }: StackEntry): string {
  return version === '' ? name : `${name} ${version}`;
}
