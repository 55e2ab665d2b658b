import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { decodeText } from '../../config/text.ts';
import { diffReports, formatDiffJson, formatDiffText, parseReport } from '../../report/model/diff.ts';
import type { AnalysisReport } from '../../report/model/types.ts';
import { whyUnreadable } from '../../unreadable.ts';
import { CliError, type CliIo, EXIT_CLEAN, EXIT_FINDINGS, wantsColor, widthOf, writeData } from '../io.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 diff <old> <new>\n\nCompare two JSON reports of the same test: which exchanges have another verdict, and which findings came or went.',
    )
    .positional('old', { type: 'string', describe: 'JSON report to compare with' })
    .positional('new', { type: 'string', describe: 'JSON report of the run in question; - for standard input' })
    .option('format', {
      alias: 'f',
      type: 'string',
      choices: ['text', 'json'],
      requiresArg: true,
      describe: 'Format of standard output',
      defaultDescription: 'text',
    })
    .option('color', { type: 'boolean', describe: 'Colour even where it is no terminal; --no-color for none' })
    .example('$0 analyze run.pcap --exchanges all -r new.json && $0 diff old.json new.json', 'a regression test')
    .epilogue('Exit status: 0 both say the same; 1 something changed; 2 a report could not be read.');
}

export interface DiffArguments {
  readonly old: string;
  readonly new: string;
  readonly format?: 'text' | 'json' | undefined;
  readonly color?: boolean | undefined;
}

export async function run(args: DiffArguments, io: CliIo): Promise<number> {
  if (args.old === '-' && args.new === '-') throw new CliError('only one of the reports can be standard input');
  const diff = diffReports(await read(args.old, io), await read(args.new, io));
  const context = { width: widthOf(io, io.stdout), color: wantsColor(io, io.stdout, args.color) };
  const parts = args.format === 'json' ? formatDiffJson(diff) : formatDiffText(diff, context);
  await writeData(io.stdout, [...parts].join(''));
  return diff.changed ? EXIT_FINDINGS : EXIT_CLEAN;
}

async function read(path: string, io: CliIo): Promise<AnalysisReport> {
  let bytes: Uint8Array;
  try {
    bytes = path === '-' ? await readAll(io.stdin) : readFileSync(resolve(io.cwd, path));
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${whyUnreadable(error)}`, { cause: error });
  }
  try {
    return parseReport(decodeText(bytes));
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`);
  }
}

async function readAll(stream: CliIo['stdin']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}
