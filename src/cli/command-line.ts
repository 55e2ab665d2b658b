import yargs, { type Argv } from 'yargs';
import { nearestWord } from '../config/nearest.ts';
import { VERSION } from '../version.ts';
import { escapeForTerminal } from '../words/escape.ts';
import { refuseMistyped } from './command-words.ts';
import { CliError, type CliIo, EXIT_CLEAN, widthOf, writeData } from './io.ts';
import { isVerb, separateShortValues, type VerbName } from './options.ts';
import { VERBS } from './verbs.ts';

/** Either a command with its arguments, or text that was asked for: help, version. */
type Parsed = { readonly verb: VerbName; readonly args: Record<string, unknown> } | { readonly output: string };

/** Stands for `-` while yargs is at work, which would drop an operand that is just a dash. */
const STANDARD_INPUT = '\0-';

/** Parses with yargs, runs the command, and settles with its exit status. Throws a CliError on bad usage. */
export async function runCommandLine(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = await parseCommandLine(argv, io);
  if ('output' in parsed) {
    await writeData(io.stdout, `${parsed.output}\n`);
    return EXIT_CLEAN;
  }
  return (await VERBS[parsed.verb].load()).run(parsed.args, io);
}

export async function parseCommandLine(argv: readonly string[], io: CliIo): Promise<Parsed> {
  // A command is the first word or none: behind that `rules` is a file of this name, not what yargs would make of it.
  const named = isVerb(argv[0]);
  if (!named) refuseMistyped(argv, io.cwd);
  const chosen: VerbName = named ? (argv[0] as VerbName) : 'analyze';
  // Only the command that was asked for is loaded: the others appear in --help with their line.
  const { builder } = await VERBS[chosen].load();
  const options = declared(builder(yargs([])));
  const words = separateShortValues(argv, valuedLetters(options)).map((word) => (word === '-' ? STANDARD_INPUT : word));
  if (!named && words.some((word) => !word.startsWith('-'))) words.unshift(chosen);
  let args: Record<string, unknown> = {};
  let output = '';

  const parser = configure(yargs([]), io);
  for (const [name, verb] of Object.entries(VERBS)) {
    parser.command({
      command: name === 'analyze' ? [verb.command, '$0'] : verb.command,
      describe: verb.describe,
      builder: (y) => (name === chosen ? builder(y) : y),
      handler: (parsed) => {
        args = parsed as Record<string, unknown>;
      },
    });
  }
  refuseNegated(words, options);
  try {
    await parser.parseAsync(words, {}, (_error: unknown, _args: unknown, text: string) => {
      output += text;
    });
  } catch (error) {
    const usage = `See portzero ${named ? `${chosen} ` : ''}--help.`;
    throw new CliError(`${explain(error as Error, Object.keys(options.key), VERBS[chosen].command)} ${usage}`);
  }
  return output !== '' ? { output } : { verb: chosen, args: normalize(args, chosen, options.array) };
}

function configure(parser: Argv, io: CliIo): Argv {
  return (
    parser
      .scriptName('portzero')
      // Otherwise yargs asks the environment and reads a file of translations for it; our own words are English.
      .locale('en')
      .parserConfiguration({
        'greedy-arrays': false,
        'dot-notation': false,
        'parse-numbers': false,
        'parse-positional-numbers': false,
        'strip-aliased': true,
      })
      .usage('$0 <command>\n\nWho put TCP port 0 on the wire, and how did the other stack answer?')
      .strict()
      .exitProcess(false)
      .showHelpOnFail(false)
      .wrap(Math.min(widthOf(io, io.stdout), 110))
      .alias('help', 'h')
      .version(VERSION)
      .alias('version', 'V')
      .fail((message, error) => {
        throw error ?? new CliError(message);
      })
      .epilogue(
        'Exit status: 0 nothing at or above --fail-on; 1 something was; 2 not all that was asked could be done.',
      )
  );
}

/** What yargs knows of the options that a builder declared. */
interface Declared {
  readonly key: Readonly<Record<string, unknown>>;
  readonly alias: Readonly<Record<string, readonly string[]>>;
  readonly string: readonly string[];
  readonly array: readonly string[];
}

/** yargs has no public way to ask which options were declared; getOptions() is what its own completion uses. */
function declared(parser: Argv<unknown>): Declared {
  return (parser as unknown as { getOptions(): Declared }).getOptions();
}

function valuedLetters({ alias, string, array }: Declared): Set<string> {
  return new Set([...string, ...array].flatMap((name) => (alias[name] ?? []).filter((other) => other.length === 1)));
}

/** yargs takes --no-NAME for NAME = false, also where NAME wants a text. */
function refuseNegated(words: readonly string[], { string }: Declared): void {
  const operandsFrom = words.indexOf('--');
  for (const word of operandsFrom < 0 ? words : words.slice(0, operandsFrom)) {
    const name = /^--no-([^=]+)/.exec(word)?.[1];
    if (name !== undefined && string.includes(name))
      throw new CliError(`there is no option --no-${name}: --${name} is left out, or has a value.`);
  }
}

/** Of an option that takes one value the last one counts; what stands after `--` are operands like the others. */
function normalize(args: Record<string, unknown>, verb: VerbName, arrays: readonly string[]): Record<string, unknown> {
  const { _, $0: _script, ...all } = args;
  // yargs checks choices under the dashed name, so that it must not strip those; commands know the other one.
  const named = Object.fromEntries(Object.entries(all).filter(([name]) => !name.includes('-')));
  const rest = (_ as unknown[]).map(String);
  const restore = (value: unknown) => (value === STANDARD_INPUT ? '-' : value);
  if (rest[0] === verb) rest.shift();
  const operands = /(\w+)\.\./.exec(VERBS[verb].command)?.[1];
  for (const [name, value] of Object.entries(named)) {
    if (Array.isArray(value) && name !== operands && !arrays.includes(name)) named[name] = value.at(-1);
  }
  if (operands !== undefined) named[operands] = [...((named[operands] as unknown[] | undefined) ?? []), ...rest];
  for (const [name, value] of Object.entries(named)) {
    named[name] = Array.isArray(value) ? value.map(restore) : restore(value);
  }
  return named;
}

/** yargs's complaint in one line, with the nearest option that there is. `command`: with its positionals, as in "query <what>". */
function explain(error: Error, names: readonly string[], command: string): string {
  // yargs throws YError for some mistakes, and hands the others to fail().
  if (error.name !== 'CliError' && error.name !== 'YError') throw error;
  const known = names.filter((name) => name.length > 1);
  const unknown = /^Unknown arguments?: (.*)$/.exec(error.message);
  if (unknown !== null) {
    const word = unknown[1]!.split(', ')[0]!;
    const near = nearestWord(word, known);
    const hint = near === null ? '.' : `: did you mean --${near}?`;
    return names.includes(word) ? `--${word} is not for this command.` : `unknown argument ${quote(word)}${hint}`;
  }
  const invalid = /Argument: (.*), Given: (.*), Choices: (.*)/.exec(error.message);
  if (invalid !== null) {
    const [, name, given, choices] = invalid;
    const isPositional = [...command.matchAll(/[<[](\w+)/g)].some(([, positional]) => positional === name);
    return isPositional
      ? `${command.split(' ')[0]} takes ${choices}, not ${given}.`
      : `--${name} cannot be ${given}; it takes ${choices}.`;
  }
  const missing = /^Not enough arguments following: (.*)$/.exec(error.message);
  if (missing !== null) return `${missing[1]!.length > 1 ? '--' : '-'}${missing[1]} needs a value.`;
  return `${error.message.replace(/\s*\n\s*/g, ' ')}.`;
}

function quote(word: string): string {
  return `"${escapeForTerminal(word)}"`;
}
