import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { idOf } from '../../atlas/learn.ts';
import { faultOfName, labelOf, loadAtlas } from '../../atlas/load.ts';
import { formatCode, formatMatrix, formatStack } from '../../atlas/matrix.ts';
import type { CodeEntry, StackEntry } from '../../atlas/types.ts';
import { nearestWord } from '../../config/nearest.ts';
import { createColors } from '../../report/formats/colors.ts';
import { escapeForTerminal, stringifySafely } from '../../words/escape.ts';
import { CliError, type CliIo, EXIT_CLEAN, EXIT_TROUBLE, wantsColor, widthOf, writeData } from '../io.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage('$0 atlas [stack]\n\nWhich stacks refuse port 0, and which do not: as measured, and by their code.')
    .positional('stack', { type: 'string', describe: 'Id or name of a stack: all fields of its answers' })
    .option('format', {
      alias: 'f',
      type: 'string',
      choices: ['text', 'json'],
      requiresArg: true,
      describe: 'Format of standard output',
      defaultDescription: 'text',
    })
    .option('learn', {
      type: 'string',
      requiresArg: true,
      describe: 'Write an entry for --signatures from the answers in this capture, as JSON',
    })
    .option('name', { type: 'string', requiresArg: true, describe: 'With --learn: what the stack is called' })
    .option('host', {
      type: 'string',
      requiresArg: true,
      describe: 'With --learn: whose answers, where the capture has those of several',
    })
    .option('color', { type: 'boolean', describe: 'Colour even where it is no terminal; --no-color for none' })
    .example('$0 atlas', 'the matrix')
    .example('$0 atlas gvisor', 'how one of them answers, field by field')
    .example('$0 atlas --learn mine.pcap --name "our firmware" > mine.json', 'an entry of your own');
}

export interface AtlasArguments {
  readonly stack?: string | undefined;
  readonly format?: 'text' | 'json' | undefined;
  readonly learn?: string | undefined;
  readonly name?: string | undefined;
  readonly host?: string | undefined;
  readonly color?: boolean | undefined;
}

export async function run(args: AtlasArguments, io: CliIo): Promise<number> {
  if (args.learn !== undefined) return learn(args.learn, args, io);
  for (const option of ['name', 'host'] as const)
    if (args[option] !== undefined) throw new CliError(`--${option} goes with --learn`);
  const atlas = loadAtlas();
  const found = args.stack === undefined ? null : find(args.stack);
  if (args.format === 'json') {
    await writeData(io.stdout, `${stringifySafely(found ?? atlas, 2)}\n`);
    return EXIT_CLEAN;
  }
  const colors = createColors(wantsColor(io, io.stdout, args.color));
  const width = widthOf(io, io.stdout);
  const style = { width, proseWidth: Math.min(width, 110), strong: colors.bold };
  const text =
    found === null
      ? formatMatrix(atlas, style)
      : 'cells' in found
        ? formatStack(found, style)
        : formatCode(found, style);
  await writeData(io.stdout, text);
  return EXIT_CLEAN;
}

function find(name: string): StackEntry | CodeEntry {
  const { stacks, byCode } = loadAtlas();
  const entries: (StackEntry | CodeEntry)[] = [...stacks, ...byCode];
  const wanted = name.toLowerCase();
  const found = entries.find(
    (entry) =>
      entry.id === wanted ||
      entry.name.toLowerCase() === wanted ||
      ('cells' in entry && labelOf(entry).toLowerCase() === wanted),
  );
  if (found !== undefined) return found;
  const ids = entries.map(({ id }) => id);
  const near = nearestWord(wanted, ids);
  throw new CliError(
    `the atlas has no stack "${name}"${near === null ? `; it has ${ids.join(', ')}` : `: did you mean ${near}?`}`,
  );
}

/** An entry of one's own is told from those of the atlas by its id and by what it is called. */
function isTaken(name: string): boolean {
  return loadAtlas().stacks.some((entry) => entry.id === idOf(name) || labelOf(entry) === name);
}

async function learn(path: string, args: AtlasArguments, io: CliIo): Promise<number> {
  if (args.stack !== undefined) throw new CliError('either a stack is shown, or one is learned');
  if (args.format === 'text') throw new CliError('--learn writes JSON');
  if (args.name === undefined || args.name.trim() === '')
    throw new CliError('--learn needs --name: what the stack is called');
  const name = args.name.trim();
  const wrong = faultOfName(name);
  if (wrong !== null) throw new CliError(`--name ${wrong}`);
  if (isTaken(name)) throw new CliError(`--name: the atlas has a stack "${name}" already; give it another name`);
  const { analyzeCapture } = await import('../../analysis/analyze-capture.ts');
  const { learnStack } = await import('../../atlas/learn.ts');
  const report = await analyzeCapture(path === '-' ? path : resolve(io.cwd, path), {
    exchanges: 'all',
    signal: io.signal,
  }).report();
  const problems = report.inputs.flatMap((input) => input.problems);
  for (const { message } of problems) io.stderr.write(`portzero: ${escapeForTerminal(message)}\n`);
  let learned: ReturnType<typeof learnStack>;
  try {
    learned = learnStack(report, {
      name,
      host: args.host ?? null,
      date: new Date().toISOString().slice(0, 10),
    });
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`);
  }
  const { entry, contradictions } = learned;
  await writeData(io.stdout, `${stringifySafely({ schemaVersion: 1, stacks: [entry], byCode: [] }, 2)}\n`);
  const answers = entry.cells.length === 1 ? '1 answer' : `${entry.cells.length} answers`;
  io.stderr.write(`portzero: ${answers} learned; give the file to --signatures\n`);
  if (contradictions > 0)
    io.stderr.write(
      `portzero: ${contradictions} further answers differ from these and were left out: does one stack answer there?\n`,
    );
  return problems.length > 0 ? EXIT_TROUBLE : EXIT_CLEAN;
}
