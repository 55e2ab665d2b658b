import type { Argv } from 'yargs';
import { parseDuration } from '../../config/duration.ts';
import { type FailedFile, Store } from '../../sweep/store.ts';
import { escapeCsv, escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError, type CliIo, EXIT_CLEAN, readCount, writeData } from '../io.ts';
import { readStore, type ServiceArguments, STORE_OPTIONS } from '../service-options.ts';

const FORMATS = ['text', 'json', 'csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];
const MOST = 10_000;

export function builder(yargs: Argv) {
  return yargs
    .usage('$0 query failed\n\nAsk the store: failed lists the captures that sweeps gave up, the newest first.')
    .positional('what', {
      type: 'string',
      choices: ['failed'] as const,
      demandOption: true,
      describe: 'What is asked for',
    })
    .options({
      ...STORE_OPTIONS,
      format: {
        alias: 'f',
        type: 'string',
        choices: FORMATS,
        requiresArg: true,
        describe: 'Format of standard output',
        defaultDescription: 'text',
      },
      since: { type: 'string', requiresArg: true, describe: 'Only what is not older: 90d, 12h' },
      limit: { type: 'string', requiresArg: true, describe: 'Most that are listed', defaultDescription: String(MOST) },
    })
    .example('$0 query failed --store postgres://db/pz --since 1d', 'since yesterday');
}

export interface QueryArguments extends ServiceArguments {
  readonly what: 'failed';
  readonly format?: Format | undefined;
  readonly since?: string | undefined;
  readonly limit?: string | undefined;
}

export async function run(args: QueryArguments, io: CliIo): Promise<number> {
  const limit = readCount('--limit', args.limit, 1, 1_000_000) ?? MOST;
  const since = args.since === undefined ? null : new Date(Date.now() - readAge(args.since));
  const store = await Store.open(readStore(args), { authority: args.ca });
  let failed: FailedFile[];
  try {
    failed = await store.failed(limit + 1, null, since);
  } finally {
    await store.close();
  }
  await writeData(io.stdout, show(failed.slice(0, limit), args.format ?? 'text'));
  if (failed.length > limit) io.stderr.write(`portzero: there are more than ${limit}: --limit lists more\n`);
  return EXIT_CLEAN;
}

function readAge(text: string): number {
  const days = /^(\d+)d$/.exec(text);
  const nanos = days === null ? parseDuration(text) : Number(days[1]) * 86_400e9;
  if (nanos === null) throw new CliError(`--since ${text}: expected an age such as 90d, 12h or 30m`);
  return nanos / 1e6;
}

function show(failed: readonly FailedFile[], format: Format): string {
  const rows = failed.map(({ uri, key, deliveries, error, created }) => ({
    time: created.toISOString(),
    uri,
    deliveries,
    error,
    key,
  }));
  if (format === 'json') return `${JSON.stringify({ failed: rows }, null, 2)}\n`;
  if (format === 'ndjson') return rows.map((row) => `${JSON.stringify({ type: 'failed', ...row })}\n`).join('');
  if (format === 'csv') {
    const names = ['time', 'uri', 'deliveries', 'error', 'key'] as const;
    return [names, ...rows.map((row) => names.map((name) => row[name]))]
      .map((cells) => `${cells.map((cell) => escapeCsv(String(cell))).join(',')}\r\n`)
      .join('');
  }
  const lines = rows.map(({ time, uri, deliveries, error }) =>
    escapeForTerminal(`${time}  ${uri}\n  ${error} (${formatCount(deliveries, 'attempt')})`),
  );
  return `${[formatCount(rows.length, 'failed capture'), ...lines].join('\n')}\n`;
}
