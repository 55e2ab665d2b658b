import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearestWord } from '../config/nearest.ts';
import { CliError } from './io.ts';
import { isVerb, VERB_NAMES } from './options.ts';

/** Words that others take for commands, and what is one here. */
const OTHER_WORDS: Readonly<Record<string, string>> = { help: '--help', version: '--version' };

/**
 * Whatever is no command is a capture; but a word that names no file and is nearly a command was meant as one. Throws
 * CliError then. `words`: the operands, the first of which is looked at; what follows `help` is the command to be explained.
 */
export function refuseMistyped(words: readonly string[], cwd: string): void {
  const [word, next] = words;
  if (word === undefined || !/^[a-z]{3,}$/i.test(word) || existsSync(resolve(cwd, word))) return;
  const near = nearestWord(word, [...VERB_NAMES, ...Object.keys(OTHER_WORDS)]);
  if (near === null) return;
  const meant = OTHER_WORDS[near] ?? near;
  const about = near === 'help' && isVerb(next) ? `${next} ` : '';
  const problem = isVerb(word) ? 'a command comes first' : 'nor a command of this name';
  throw new CliError(`there is no file "${word}", ${problem}: did you mean portzero ${about}${meant}?`);
}
