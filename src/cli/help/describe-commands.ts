import type { Argv, Options } from 'yargs';
import { linkTypeNames } from '../../decode/link/linktypes.ts';
import { FORMATS } from '../../report/formats/index.ts';
import { expectationMeta } from '../../rules/expectation.ts';
import { rules } from '../../rules/index.ts';
import type { VerbName } from '../options.ts';
import { VERBS } from '../verbs.ts';

/** What a shell may offer for a value. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'interfaces' | 'hosts' | 'unknown' };

export interface OptionDescription {
  readonly name: string;
  readonly letter: string | null;
  readonly describe: string;
  readonly default: string | null;
  readonly isRepeatable: boolean;
  /** null: it takes none. */
  readonly values: Values | null;
}

interface OperandDescription {
  readonly name: string;
  readonly describe: string;
  readonly default: string | null;
  readonly values: Values;
}

export interface CommandDescription {
  readonly name: VerbName;
  /** As in "analyze [files..]". */
  readonly synopsis: string;
  readonly describe: string;
  readonly operands: readonly OperandDescription[];
  readonly options: readonly OptionDescription[];
  readonly examples: readonly (readonly [command: string, describe: string])[];
}

/** Options and operands whose values are paths; of the others without choices nothing is known. */
const PATHS = new Set([
  'config',
  'report',
  'write',
  'output',
  'baseline',
  'geoip',
  'signatures',
  'learn',
  'files',
  'paths',
  'creds',
  'nkey',
  'ca',
  'shards',
  'old',
  'new',
]);

/** By the name of an option or operand. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'link-type': linkTypeNames(),
  id: [...rules.map(({ meta }) => meta.id), expectationMeta.id],
};

const ALWAYS: readonly OptionDescription[] = [
  { name: 'help', letter: 'h', describe: 'Show help' },
  { name: 'version', letter: 'V', describe: 'Show version number' },
].map((option) => ({ ...option, default: null, isRepeatable: false, values: null }));

/** Every command as its builder declares it, for completions and the manual. */
export function describeCommands(): Promise<CommandDescription[]> {
  return Promise.all((Object.keys(VERBS) as VerbName[]).map(describeCommand));
}

async function describeCommand(name: VerbName): Promise<CommandDescription> {
  const { command, describe, load } = VERBS[name];
  const declared = record((await load()).builder);
  return {
    name,
    synopsis: command,
    describe,
    operands: declared.operands.map(([operand, spec]) => ({
      name: operand,
      describe: spec.describe ?? '',
      default: spec.defaultDescription ?? null,
      values: valuesOf(operand, spec),
    })),
    options: [...declared.options.flatMap(([option, spec]) => describeOption(option, spec)), ...ALWAYS],
    examples: declared.examples,
  };
}

function describeOption(name: string, spec: Options): OptionDescription[] {
  const option: OptionDescription = {
    name,
    letter: typeof spec.alias === 'string' && spec.alias.length === 1 ? spec.alias : name.length === 1 ? name : null,
    describe: spec.describe ?? '',
    default: spec.defaultDescription ?? null,
    isRepeatable: spec.array === true,
    values: spec.type === 'boolean' ? null : valuesOf(name, spec),
  };
  // Where the negation is told, it is offered.
  const negated = `no-${name}`;
  if (!option.describe.includes(`--${negated}`)) return [option];
  return [option, { ...option, name: negated, letter: null, describe: `Not --${name}` }];
}

function valuesOf(name: string, { choices }: { choices?: Options['choices'] }): Values {
  if (choices !== undefined) return { kind: 'words', words: choices.map(String) };
  if (name === 'format') return { kind: 'words', words: FORMATS };
  if (WORDS[name] !== undefined) return { kind: 'words', words: WORDS[name] };
  if (PATHS.has(name)) return { kind: 'files' };
  if (name === 'interfaces') return { kind: 'interfaces' };
  return { kind: name === 'hosts' ? 'hosts' : 'unknown' };
}

interface Recorded {
  readonly operands: [string, Options][];
  readonly options: [string, Options][];
  readonly examples: [string, string][];
}

/** Stands for yargs, which cannot be asked for all of what it was told, and notes it. */
function record(builder: (yargs: Argv) => Argv<unknown>): Recorded {
  const recorded: Recorded = { operands: [], options: [], examples: [] };
  const notes: Record<string, (...args: never[]) => void> = {
    positional: (name: string, spec: Options) => recorded.operands.push([name, spec]),
    option: (name: string, spec: Options) => recorded.options.push([name, spec]),
    options: (specs: Record<string, Options>) => recorded.options.push(...Object.entries(specs)),
    example: (command: string, describe: string) => recorded.examples.push([command, describe]),
  };
  const stand: Argv = new Proxy({} as Argv, {
    get:
      (_, name: string) =>
      (...args: never[]) => {
        notes[name]?.(...args);
        return stand;
      },
  });
  builder(stand);
  return recorded;
}
