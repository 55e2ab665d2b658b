import type { CommandDescription, OptionDescription, Values } from './describe-commands.ts';

/** portzero(1) in the macros of man(7). `date`: of the page, as YYYY-MM-DD. */
export function manualPage(commands: readonly CommandDescription[], version: string, date: string): string {
  const lines = [
    `.TH PORTZERO 1 "${date}" "portzero ${version}" "User Commands"`,
    '.SH NAME',
    'portzero \\- who put TCP port 0 on the wire, and how did the other stack answer?',
    '.SH SYNOPSIS',
    ...[
      'portzero FILE...',
      ...commands.map(({ synopsis }) => `portzero ${synopsis.replaceAll('..', '...')} [options]`),
    ].flatMap((line, index) => [...(index === 0 ? [] : ['.br']), ...synopsisOf(line)]),
    '.SH DESCRIPTION',
    ...DESCRIPTION.flatMap((paragraph, index) => [...(index === 0 ? [] : ['.PP']), ...fold(paragraph)]),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '.SH EXIT STATUS',
    ...EXIT.flatMap(([status, meaning]) => ['.TP', `.B ${status}`, ...fold(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => ['.TP', `.B ${name}`, ...fold(meaning)]),
    '.SH FILES',
    ...FILES.flatMap(([name, meaning]) => ['.TP', `.I ${escapeText(name)}`, ...fold(meaning)]),
    '.SH EXAMPLES',
    ...commands
      .flatMap(({ examples }) => examples)
      .flatMap(([command, meaning], index) => [
        ...(index === 0 ? [] : ['.PP']),
        ...fold(`${meaning[0]!.toUpperCase()}${meaning.slice(1)}:`),
        '.PP',
        '.RS 4',
        '.nf',
        // A shell reads on behind &&.
        ...command
          .replaceAll('$0', 'portzero')
          .split(/(?<=&&) /)
          .map(escapeText),
        '.fi',
        '.RE',
      ]),
    '.SH SEE ALSO',
    '.BR nmap (1),',
    '.BR tshark (1),',
    '.BR pcap\\-filter (7),',
    '.BR tcpdump (8)',
  ];
  return `${lines.join('\n')}\n`;
}

const DESCRIPTION = [
  'Port 0 is reserved, and in the sockets API it means "any port". Yet nothing in TCP forbids a segment to it. portzero reads captures (pcap and pcapng, also gzip or zstd) or sniffs, and tells for every exchange who asked, who answered, and with what: in the words of nmap, with the frames to prove it.',
  'Data goes to standard output, everything else to standard error.',
];
const EXIT = [
  ['0', 'Nothing at or above --fail-on.'],
  ['1', 'Something was.'],
  [
    '2',
    'Not all that was asked could be done: bad usage or configuration, an input that is missing, unreadable or damaged.',
  ],
] as const;
const ENVIRONMENT = [
  ['NO_COLOR', 'Where it is set and not empty, no colour.'],
  ['FORCE_COLOR', 'Colour also where it is no terminal; 0 for none.'],
  ['COLUMNS', 'Width of the text where standard output is no terminal.'],
  ['XDG_CACHE_HOME', 'Where the folder portzero with the compiled program is kept, by Node 22 and later.'],
  ['NODE_DISABLE_COMPILE_CACHE', 'With 1 nothing compiled is kept.'],
] as const;
const FILES = [
  [
    'portzero.config.yaml, portzero.config.yml, portzero.config.json',
    'The configuration, looked for from the working directory up to the root of the repository.',
  ],
  ['~/.cache/portzero', 'The compiled program; it may be removed at any time.'],
] as const;

/** What stands for the value, where the last word of the option would say less. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
  'fail-on': 'SEVERITY',
  'answer-timeout': 'TIME',
  timeout: 'TIME',
  duration: 'TIME',
  'max-exchanges': 'N',
  'max-frames': 'N',
  'max-listed': 'N',
  jobs: 'N',
  count: 'N',
  keep: 'N',
  snaplen: 'BYTES',
  buffer: 'MIB',
  'evidence-memory': 'SIZE',
  'max-disk': 'SIZE',
  'max-size': 'SIZE',
  'keep-months': 'N',
  limit: 'N',
  hosts: 'N',
  window: 'TIME',
  rotate: 'WHEN',
};

function synopsisOf(line: string): string[] {
  const [program, ...words] = line.split(' ');
  return [`.B ${program}`, escapeText(words.join(' '))];
}

function commandSection({ synopsis, describe, operands, options }: CommandDescription): string[] {
  return [
    `.SS portzero ${escapeText(synopsis.replaceAll('..', '...'))}`,
    ...fold(`${describe}.`),
    ...operands.flatMap(({ name, describe: meaning, default: value, values }) => [
      '.TP',
      `.I ${escapeText(name)}`,
      ...fold(sentences(meaning, [choicesIn(meaning, values), defaultOf(value)])),
    ]),
    ...options.flatMap(optionEntry),
  ];
}

function optionEntry({ name, letter, describe, default: value, isRepeatable, values }: OptionDescription): string[] {
  const words = [letter === null ? [] : [`-${letter}`], name.length === 1 ? [] : [`--${name}`]].flat();
  const spelled = words.map((word) => `\\fB${escapeText(word)}\\fR`).join(', ');
  const argument = values === null ? '' : ` \\fI${escapeText(valueName(name, values))}\\fR`;
  const more = [
    choicesIn(describe, values),
    defaultOf(value),
    isRepeatable && !/repeated/.test(describe) ? 'May be repeated.' : '',
  ];
  return ['.TP', `${spelled}${argument}`, ...fold(sentences(describe, more))];
}

function valueName(name: string, values: Values): string {
  return values.kind === 'files' ? 'FILE' : (VALUE_NAMES[name] ?? name.split('-').at(-1)!.toUpperCase());
}

/** Where the description does not name all of them, and they can be read. */
function choicesIn(describe: string, values: Values | null): string {
  if (values?.kind !== 'words' || values.words.length >= 20) return '';
  const said = new Set(describe.split(/[^\w-]+/));
  return values.words.every((word) => said.has(word)) ? '' : `One of: ${values.words.join(', ')}.`;
}

const defaultOf = (value: string | null) => (value === null ? '' : `Default: ${value}.`);
const sentences = (first: string, more: readonly string[]) =>
  [`${first.replace(/\.$/, '')}.`, ...more.filter(Boolean)].join(' ');

/** Lines of at most 80 bytes, each sentence on its own, as man pages are written. */
function fold(text: string): string[] {
  return text.split(/(?<=[.:?])\s+(?=[A-Z])/).flatMap((sentence) => {
    const lines: string[] = [];
    let line = '';
    for (const word of sentence.split(/\s+/)) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && escapeText(longer).length > 80) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    return [...lines, line].map(escapeText);
  });
}

/** A line of text: no macro at its beginning, hyphens that can be copied, and what is not ASCII by number. */
function escapeText(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\p{ASCII}]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
