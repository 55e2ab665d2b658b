import { readFileSync } from 'node:fs';
import { faultOfAtlas } from '../report/model/schema-check.ts';
import { shippedFile } from '../report/model/shipped-file.ts';
import { escapeForTerminal } from '../words/escape.ts';
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
  const fault = faultOfAtlas(value) ?? faultOfNames((value as Atlas).stacks);
  if (fault !== null) throw new Error(fault);
  return (value as Atlas).stacks.toSorted((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
}

/** Longer is no name, and goes into a sentence with others. */
const MAX_NAME = 60;

/** Why this cannot be what a stack is called, after the words for what it is; null where it can. */
export function faultOfName(name: string): string | null {
  if (name.trim() === '') return 'is empty';
  if (escapeForTerminal(name) !== name) return 'has characters that cannot be shown in a line of text';
  return [...name].length > MAX_NAME ? `is longer than ${MAX_NAME} characters` : null;
}

/** A report names stacks by these alone: two that are called the same could not be told from each other. */
function faultOfNames(stacks: readonly StackEntry[]): string | null {
  const shipped = shippedStacks();
  const ids = new Map(shipped.map(({ id }) => [id, 'in the atlas']));
  const labels = new Map(shipped.map((entry) => [labelOf(entry), 'in the atlas']));
  for (const [index, entry] of stacks.entries()) {
    const { id, name, version } = entry;
    const wrong = faultOfName(name);
    if (wrong !== null) return `stacks[${index}].name: ${wrong}`;
    const old = version === '' ? null : faultOfName(version);
    if (old !== null) return `stacks[${index}].version: ${old}`;
    const label = labelOf(entry);
    if (ids.has(id)) return `stacks[${index}].id: "${id}" is ${ids.get(id)} already`;
    if (labels.has(label)) return `stacks[${index}].name: "${label}" is ${labels.get(label)} already`;
    ids.set(id, `stacks[${index}]`);
    labels.set(label, `stacks[${index}]`);
  }
  return null;
}

/** As people call it: "Linux 6.18.44". */
export function labelOf({ name, version }: StackEntry): string {
  return version === '' ? name : `${name} ${version}`;
}
