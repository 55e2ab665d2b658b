import type { Argv } from 'yargs';
import { parseAddress, parseCidr } from '../../config/cidr.ts';
import { parseDuration } from '../../config/duration.ts';
import { MAX_WINDOW_COUNT } from '../../engine/window/window-tracker.ts';
import { isName } from '../../fleet/observation.ts';
import { type Answer, askAccepted, askLosses, askWho, type Scope } from '../../fleet/questions.ts';
import { askScans } from '../../fleet/scans.ts';
import { Store } from '../../sweep/store.ts';
import { CliError, type CliIo, EXIT_CLEAN, readCount, writeData } from '../io.ts';
import { readStore, type ServiceArguments, STORE_OPTIONS } from '../service-options.ts';
import { type Column, type Row, TABLE_FORMATS, type TableFormat, writeTable } from '../table.ts';

const QUESTIONS = ['who', 'accepted', 'scans', 'losses', 'failed'] as const;
type Question = (typeof QUESTIONS)[number];
const MOST = 1000;
const DEFAULT_SINCE = '90d';
/** One person asks at a time, of millions of rows. */
const QUERY_MEMORY = '64MB';
const SCAN_HOSTS = 10;
const SCAN_WINDOW = '60s';
/** What each question can be narrowed by. */
const NARROWED_BY: Readonly<Record<Question, readonly ('site' | 'client' | 'server' | 'hosts' | 'window')[]>> = {
  who: ['site', 'client', 'server'],
  accepted: ['site', 'client', 'server'],
  scans: ['site', 'client', 'server', 'hosts', 'window'],
  losses: ['site'],
  failed: [],
};

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 query who|accepted|scans|losses|failed\n\nAsk the store. Of sensors (sniff --to): who used port 0, the busiest first; which exchanges were accepted; which sources scanned; which records were lost. Of sweeps: failed lists the captures that were given up.',
    )
    .positional('what', { type: 'string', choices: QUESTIONS, demandOption: true, describe: 'What is asked for' })
    .options({
      ...STORE_OPTIONS,
      format: {
        alias: 'f',
        type: 'string',
        choices: TABLE_FORMATS,
        requiresArg: true,
        describe: 'Format of standard output',
        defaultDescription: 'text',
      },
      since: {
        type: 'string',
        requiresArg: true,
        describe: 'Only what is not older: 90d, 12h, 30m',
        defaultDescription: `${DEFAULT_SINCE}; failed: all`,
      },
      site: { type: 'string', requiresArg: true, describe: 'Only what sensors of this site saw' },
      client: { type: 'string', requiresArg: true, describe: 'Only this address or network as client: 192.0.2.0/24' },
      server: { type: 'string', requiresArg: true, describe: 'Only this address or network as server' },
      hosts: {
        type: 'string',
        requiresArg: true,
        describe: 'How many hosts one source asks in a scan',
        defaultDescription: String(SCAN_HOSTS),
      },
      window: {
        type: 'string',
        requiresArg: true,
        describe: 'Within which time it asks them',
        defaultDescription: SCAN_WINDOW,
      },
      limit: { type: 'string', requiresArg: true, describe: 'Most that are listed', defaultDescription: String(MOST) },
    })
    .example('$0 query who --store postgres://db/pz --since 90d', 'the busiest clients of three months')
    .example('$0 query accepted --store postgres://db/pz --site lab -f csv', 'as a table')
    .example('$0 query failed --store postgres://db/pz --since 1d', 'since yesterday');
}

export interface QueryArguments extends ServiceArguments {
  readonly what: Question;
  readonly format?: TableFormat | undefined;
  readonly since?: string | undefined;
  readonly site?: string | undefined;
  readonly client?: string | undefined;
  readonly server?: string | undefined;
  readonly hosts?: string | undefined;
  readonly window?: string | undefined;
  readonly limit?: string | undefined;
}

export async function run(args: QueryArguments, io: CliIo): Promise<number> {
  const { what } = args;
  const limit = readCount('--limit', args.limit, 1, 1_000_000) ?? MOST;
  for (const option of ['site', 'client', 'server', 'hosts', 'window'] as const) {
    if (args[option] !== undefined && !NARROWED_BY[what].includes(option))
      throw new CliError(`--${option} is not for query ${what}`);
  }
  if (args.site !== undefined && !isName(args.site)) throw new CliError(`--site ${args.site}: no name of a site`);
  const scope: Scope = {
    since: new Date(Date.now() - readAge(args.since ?? DEFAULT_SINCE)),
    site: args.site ?? null,
    client: readPlace('--client', args.client),
    server: readPlace('--server', args.server),
  };
  const window = parseDuration(args.window ?? SCAN_WINDOW);
  if (window === null || window < 1e6 || window > 86_400e9)
    throw new CliError(`--window ${args.window}: expected a time of up to 24h, such as 60s`);
  const scan = { hosts: readCount('--hosts', args.hosts, 2, MAX_WINDOW_COUNT) ?? SCAN_HOSTS, window };
  const store = await Store.open(readStore(args), { authority: args.ca, memory: QUERY_MEMORY });
  let answer: Answer<object>;
  try {
    answer = await ask(store, args, scope, scan, limit);
  } finally {
    await store.close();
  }
  await writeData(io.stdout, writeTable(what, COLUMNS[what], answer.rows as readonly Row[], args.format ?? 'text'));
  if (answer.isMore) io.stderr.write(`portzero: there are more than ${answer.rows.length}: --limit lists more\n`);
  return EXIT_CLEAN;
}

async function ask(
  store: Store,
  args: QueryArguments,
  scope: Scope,
  scan: { readonly hosts: number; readonly window: number },
  limit: number,
): Promise<Answer<object>> {
  switch (args.what) {
    case 'who':
      return askWho(store, scope, limit);
    case 'accepted':
      return askAccepted(store, scope, limit);
    case 'scans':
      return askScans(store, scope, scan, limit);
    case 'losses':
      return askLosses(store, scope, limit);
    case 'failed': {
      const rows = await store.failed(limit + 1, null, args.since === undefined ? null : scope.since);
      return { rows: rows.slice(0, limit), isMore: rows.length > limit };
    }
  }
}

/** What is shown of each answer: names of JSON and CSV, and what people read. */
const COLUMNS: Readonly<Record<Question, readonly Column[]>> = {
  who: [
    { name: 'client', title: 'client' },
    { name: 'observations', title: 'seen', isNumber: true },
    { name: 'accepted', title: 'accepted', isNumber: true },
    { name: 'days', title: 'days', isNumber: true },
    { name: 'first', title: 'first' },
    { name: 'last', title: 'last' },
    { name: 'sites', title: 'sites' },
  ],
  accepted: [
    { name: 'started', title: 'time' },
    { name: 'client', title: 'client' },
    { name: 'clientPort', key: 'client_port', title: 'port', isNumber: true },
    { name: 'server', title: 'server' },
    { name: 'serverPort', key: 'server_port', title: 'port', isNumber: true },
    { name: 'latencyMs', key: 'latency_ms', title: 'ms', isNumber: true },
    { name: 'sensors', title: 'sensors', isNumber: true },
    { name: 'observations', title: 'seen', isNumber: true },
    { name: 'sites', title: 'sites' },
    { name: 'rules', title: 'rules' },
  ],
  scans: [
    { name: 'first', title: 'first' },
    { name: 'last', title: 'last' },
    { name: 'client', title: 'client' },
    { name: 'hosts', title: 'hosts', isNumber: true },
    { name: 'atLeast', title: null },
    { name: 'message', title: 'what' },
  ],
  losses: [
    { name: 'site', title: 'site' },
    { name: 'sensor', title: 'sensor' },
    { name: 'epoch', title: 'run' },
    { name: 'lost', title: 'lost', isNumber: true },
    { name: 'records', key: 'last_seq', title: 'of', isNumber: true },
    { name: 'refused', title: 'refused', isNumber: true },
    { name: 'frames', title: 'frames', isNumber: true },
    { name: 'drops', title: 'drops', isNumber: true },
    { name: 'heard', title: 'heard' },
  ],
  failed: [
    { name: 'time', key: 'created', title: 'time' },
    { name: 'uri', title: 'capture' },
    { name: 'deliveries', title: 'attempts', isNumber: true },
    { name: 'error', title: 'error' },
    { name: 'key', title: null },
  ],
};

function readAge(text: string): number {
  const days = /^(\d{1,6})d$/.exec(text);
  const nanos = days === null ? parseDuration(text) : Number(days[1]) * 86_400e9;
  if (nanos === null) throw new CliError(`--since ${text}: expected an age such as 90d, 12h or 30m`);
  // PostgreSQL's days begin long before.
  return Math.min(nanos / 1e6, Date.now());
}

function readPlace(option: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  const isAddress = parseAddress(text) !== null;
  const isNetwork = text.includes('/') && typeof parseCidr(text) === 'object';
  if (!isAddress && !isNetwork)
    throw new CliError(`${option} ${text}: expected an address or a network, such as 192.0.2.1 or 192.0.2.0/24`);
  return text;
}
