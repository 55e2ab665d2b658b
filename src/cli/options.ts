import { parseArgs } from 'node:util';
import type { Options } from 'yargs';
import { FORMATS, REPORT_ENDINGS } from '../report/formats/index.ts';

export const VERB_NAMES = [
  'analyze',
  'sniff',
  'probe',
  'interfaces',
  'rules',
  'atlas',
  'diff',
  'distil',
  'merge',
  'sweep',
  'work',
  'collect',
  'query',
  'setup',
  'completion',
] as const;
export type VerbName = (typeof VERB_NAMES)[number];

/** The first word of a command line names a command; anything else is a capture to analyze. */
export function isVerb(word: string | undefined): word is VerbName {
  return VERB_NAMES.includes(word as VerbName);
}

const FAIL_ON = ['info', 'warning', 'error', 'never'] as const;

/** Options that analyze and sniff share. Values stay text here; the commands validate them, each with one line of error. */
export const SHARED_OPTIONS = {
  config: {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe:
      'Configuration file; otherwise portzero.config.yaml, .yml or .json is looked for from here up to the root of the repository',
  },
  'allow-plugins': {
    type: 'boolean',
    describe: 'Run the plugins of a configuration that was found, not named: they are programs with all your rights',
  },
  'fail-on': {
    type: 'string',
    choices: FAIL_ON,
    requiresArg: true,
    describe: 'Exit with 1 when there is a finding of this severity or a higher one',
    defaultDescription: 'warning',
  },
  baseline: {
    type: 'string',
    requiresArg: true,
    describe:
      'Findings that this file has are known: told as such, and they do not fail. So is what it has and is gone',
  },
  'update-baseline': {
    type: 'boolean',
    describe: 'Write the baseline anew, with all findings of this run: dates and reasons that are there are kept',
  },
  'answer-timeout': {
    type: 'string',
    requiresArg: true,
    describe: 'How long an opening segment may go without an answer before it counts as silent: 500ms, 5s, 2m',
    defaultDescription: '5s',
  },
  exchanges: {
    type: 'string',
    choices: ['flagged', 'all'],
    requiresArg: true,
    describe: 'Which exchanges are listed: those with a finding, or all',
    defaultDescription: 'flagged',
  },
  'max-exchanges': {
    type: 'string',
    requiresArg: true,
    describe: 'Most exchanges held in memory while they wait for an answer; the oldest is given up and counted',
    defaultDescription: '1000000',
  },
  'max-frames': {
    type: 'string',
    requiresArg: true,
    describe: 'Most frames listed of an exchange, the first and the last; all are counted',
    defaultDescription: '1000',
  },
  'max-listed': {
    type: 'string',
    requiresArg: true,
    describe:
      'Most exchanges that a report lists, with all of their findings, and most findings about no single exchange (scans, floods, UDP); the rest are counted. Lines of ndjson, eve, csv, zeek and ecs have no such bound',
    defaultDescription: '10000',
  },
  'community-id-seed': {
    type: 'string',
    requiresArg: true,
    describe: 'Seed of the Community ID, 0 to 65535, as the other sensors have it',
    defaultDescription: '0',
  },
  'link-type': {
    type: 'string',
    requiresArg: true,
    describe:
      'Read all frames as this link type, whatever the capture says: a name (ethernet, raw, linux_sll …) or a number',
  },
  geoip: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe:
      "Database in MaxMind's format (.mmdb) that says in which country and network an address is. May be repeated: countries and networks are mostly in files of their own",
  },
  resolve: {
    type: 'boolean',
    describe:
      'Ask the DNS for the names of sources, at the end of the run. This leaks: the name servers, and whoever runs the zone of an address, see what is asked about',
  },
  signatures: {
    type: 'string',
    requiresArg: true,
    describe:
      'File of stacks of your own for "answers like", as portzero atlas --learn writes them, beside those of the atlas',
  },
  strict: { type: 'boolean', describe: 'Exit with 2 when there is a frame that could not be looked into' },
  quiet: { alias: 'q', type: 'boolean', describe: 'Nothing on standard error but errors' },
  color: { type: 'boolean', describe: 'Colour even where it is no terminal; --no-color for none' },
} as const satisfies Record<string, Options>;

/** What an ending alone does not tell. */
const ENDING_REMARKS: Readonly<Record<string, string>> = {
  '.xml': ' (JUnit)',
  '.pcapng': ' (the frames of flagged exchanges)',
};

function listEndings(): string {
  // A double ending goes without saying.
  const single = REPORT_ENDINGS.filter((ending) => ending.lastIndexOf('.') === 0);
  return single.map((ending) => ending + (ENDING_REMARKS[ending] ?? '')).join(' ');
}

export const ANALYZE_OPTIONS = {
  format: {
    alias: 'f',
    type: 'string',
    requiresArg: true,
    describe: `Format of standard output: ${FORMATS.join(' ')}, or one of a plugin`,
    defaultDescription: 'text',
  },
  report: {
    alias: 'r',
    type: 'string',
    array: true,
    requiresArg: true,
    describe: `Also write a report to this file; its ending says the format: ${listEndings()}. May be repeated`,
  },
  ...SHARED_OPTIONS,
  join: {
    type: 'boolean',
    describe: 'The files are one capture that was rotated: exchanges may cross from one to the next',
  },
  follow: { type: 'boolean', describe: 'Go on reading while another program writes the capture; Ctrl-C ends it' },
  verify: {
    type: 'boolean',
    describe: 'Read each classic pcap a second time with the independent pcap-parser and compare record by record',
  },
  jobs: {
    alias: 'j',
    type: 'string',
    requiresArg: true,
    describe: 'Threads: files analysed at the same time, or a second one that reads a single large file',
    defaultDescription: 'number of CPUs',
  },
  'print-config': { type: 'boolean', describe: 'Print the configuration in full, with all defaults, and end' },
} as const satisfies Record<string, Options>;

/** Of a merge; those of its decoder have to be what the captures were distilled with. */
export const MERGE_OPTIONS = {
  format: ANALYZE_OPTIONS.format,
  report: ANALYZE_OPTIONS.report,
  ...SHARED_OPTIONS,
  series: {
    type: 'string',
    requiresArg: true,
    describe:
      'Regular expression for the path of a capture: those in which it finds the same (its groups, or all of it) are one capture, rotated',
    defaultDescription: 'folder and name without digits',
  },
} as const satisfies Record<string, Options>;

export const DISTIL_OPTIONS = {
  output: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'Folder for the distillates (has to be named); made where it is not there',
  },
  config: {
    ...SHARED_OPTIONS.config,
    describe:
      'Configuration file, of which the decoder and the answer timeout count; otherwise looked for as analyze does',
  },
  'answer-timeout': SHARED_OPTIONS['answer-timeout'],
  'max-exchanges': SHARED_OPTIONS['max-exchanges'],
  'link-type': SHARED_OPTIONS['link-type'],
  quiet: SHARED_OPTIONS.quiet,
} as const satisfies Record<string, Options>;

/** Arguments as yargs hands them to `portzero analyze`. An option given twice is an array. */
export interface AnalyzeArguments {
  readonly files?: readonly string[] | undefined;
  readonly format?: string | undefined;
  readonly report?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly allowPlugins?: boolean | undefined;
  readonly failOn?: (typeof FAIL_ON)[number] | undefined;
  readonly baseline?: string | undefined;
  readonly updateBaseline?: boolean | undefined;
  readonly answerTimeout?: string | undefined;
  readonly exchanges?: 'flagged' | 'all' | undefined;
  readonly maxExchanges?: string | undefined;
  readonly maxFrames?: string | undefined;
  readonly maxListed?: string | undefined;
  readonly communityIdSeed?: string | undefined;
  readonly linkType?: string | undefined;
  readonly geoip?: readonly string[] | undefined;
  readonly resolve?: boolean | undefined;
  readonly signatures?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly color?: boolean | undefined;
  readonly join?: boolean | undefined;
  readonly follow?: boolean | undefined;
  readonly verify?: boolean | undefined;
  readonly jobs?: string | undefined;
  readonly printConfig?: boolean | undefined;
}

/**
 * Reads the plain forms of `portzero [analyze] FILE…` from the same table that yargs gets, without loading yargs: that
 * takes longer than the whole analysis of a small capture. Null for all that is not plain (another command, help, a
 * mistake): yargs then reads it, with all that it can say about it. A test holds the two to the same answers.
 */
export function readPlainArguments(argv: readonly string[]): AnalyzeArguments | null {
  if (isVerb(argv[0]) && argv[0] !== 'analyze') return null;
  const words = argv[0] === 'analyze' ? argv.slice(1) : [...argv];
  try {
    const { values, positionals, tokens } = parseArgs({
      tokens: true,
      args: words,
      allowPositionals: true,
      allowNegative: true,
      strict: true,
      options: Object.fromEntries(
        Object.entries<Options>(ANALYZE_OPTIONS).map(([name, option]) => [
          name,
          {
            type: option.type === 'boolean' ? ('boolean' as const) : ('string' as const),
            multiple: option.array === true,
            ...(typeof option.alias === 'string' ? { short: option.alias } : {}),
          },
        ]),
      ),
    });
    if (positionals.length === 0 || words.some(isTooClever)) return null;
    const names = tokens.flatMap((token) => (token.kind === 'option' && !mayRepeat(token.name) ? [token.name] : []));
    if (new Set(names).size < names.length) return null;
    const result: Record<string, unknown> = { files: positionals };
    for (const [name, value] of Object.entries(values)) {
      const { choices } = ANALYZE_OPTIONS[name as keyof typeof ANALYZE_OPTIONS] as Options;
      if (choices !== undefined && !choices.includes(value as string)) return null;
      result[camelCase(name)] = value;
    }
    return result as AnalyzeArguments;
  } catch {
    return null;
  }
}

function mayRepeat(name: string): boolean {
  return (ANALYZE_OPTIONS as Readonly<Record<string, Options>>)[name]?.array === true;
}

/** What parseArgs and yargs read in different ways: grouped short options, `-f=json`, booleans with a value, empty values. */
function isTooClever(word: string): boolean {
  return word === 'true' || word === 'false' || word === '--' || /^-[^-]./.test(word) || /^--[^=]+=$/.test(word);
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `-fjson` and `-f=json` as `-f json`, which is how yargs wants it. `letters`: the short options that take a value. */
export function separateShortValues(argv: readonly string[], letters: ReadonlySet<string>): string[] {
  const end = argv.indexOf('--');
  return argv.flatMap((word, index) => {
    if ((end !== -1 && index > end) || !/^-[a-zA-Z]./.test(word) || !letters.has(word[1]!)) return [word];
    return [word.slice(0, 2), word.slice(word[2] === '=' ? 3 : 2)];
  });
}
