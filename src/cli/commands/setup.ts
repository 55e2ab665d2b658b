import type { Argv } from 'yargs';
import { HUB, ObservationStream, SPOOL } from '../../fleet/streams.ts';
import { TaskQueue } from '../../sweep/queue.ts';
import { Store } from '../../sweep/store.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError, type CliIo, EXIT_CLEAN, readCount } from '../io.ts';
import { readSize } from '../sensor/rotation.ts';
import { QUEUE_OPTIONS, readQueuePlace, readStore, type ServiceArguments, STORE_OPTIONS } from '../service-options.ts';

const LEAST_STREAM_BYTES = 1024 * 1024;

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 setup hub|spool|store\n\nMake what sweeps and sensors need: streams in the queue, tables in the store. May be run again.',
    )
    .positional('what', {
      type: 'string',
      choices: ['hub', 'spool', 'store'] as const,
      demandOption: true,
      describe:
        "hub: the streams of tasks and of observations. spool: the stream on a sensor's own disk. store: tables, and roles with just their rights",
    })
    .options({
      ...QUEUE_OPTIONS,
      ...STORE_OPTIONS,
      'ack-wait': {
        type: 'string',
        requiresArg: true,
        describe: 'Seconds of silence after which what a worker or collector has is given to another (hub)',
        defaultDescription: '60',
      },
      'max-size': {
        type: 'string',
        requiresArg: true,
        describe:
          'Most that observations take on the disk of the hub or spool; what comes then is refused: 500MB, 20GiB',
        defaultDescription: 'hub 4GiB, spool 1GiB',
      },
      'keep-months': {
        type: 'string',
        requiresArg: true,
        describe: 'Drop observations of months that began longer ago than so many (store); counts by day stay',
        defaultDescription: 'all are kept',
      },
    })
    .example('$0 setup hub --via nats://queue', 'the streams PZ_TASKS and PZ_OBS')
    .example('$0 setup spool --via nats://127.0.0.1 --max-size 10GiB', 'the stream PZ_EDGE')
    .example('$0 setup store --store postgres://admin@db/pz', 'tables and roles');
}

export interface SetupArguments extends ServiceArguments {
  readonly what: 'hub' | 'spool' | 'store';
  readonly ackWait?: string | undefined;
  readonly maxSize?: string | undefined;
  readonly keepMonths?: string | undefined;
}

export async function run(args: SetupArguments, io: CliIo): Promise<number> {
  const say = (text: string) => io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  const { what } = args;
  for (const [option, value, where] of [
    ['--ack-wait', args.ackWait, ['hub']],
    ['--max-size', args.maxSize, ['hub', 'spool']],
    ['--keep-months', args.keepMonths, ['store']],
  ] as const) {
    if (value !== undefined && !(where as readonly string[]).includes(what))
      throw new CliError(`${option} is about ${where.join(' and ')}, not ${what}`);
  }
  const ackWaitSeconds = readCount('--ack-wait', args.ackWait, 1, 3600);
  const bytes = readSize('--max-size', args.maxSize, LEAST_STREAM_BYTES) ?? undefined;
  const months = readCount('--keep-months', args.keepMonths, 1, 1200);
  if (what !== 'store') {
    if (what === 'hub') {
      const queue = await TaskQueue.open(readQueuePlace(args));
      try {
        await queue.setUp(ackWaitSeconds);
      } finally {
        await queue.close();
      }
    }
    const kind = what === 'hub' ? HUB : SPOOL;
    const stream = await ObservationStream.open(readQueuePlace(args), kind);
    try {
      await stream.setUp({ bytes, ackWaitSeconds });
    } finally {
      await stream.close();
    }
    say(
      what === 'hub'
        ? 'the streams PZ_TASKS and PZ_OBS and their consumers are there'
        : 'the stream PZ_EDGE and its consumer are there',
    );
    return EXIT_CLEAN;
  }
  const store = await Store.open(readStore(args), { authority: args.ca, isSetUp: false });
  try {
    for (const note of await store.setUp()) say(note);
    say('the tables are there');
    if (months !== undefined) say(`${formatCount(await store.dropBefore(monthsAgo(months)), 'partition')} dropped`);
  } finally {
    await store.close();
  }
  return EXIT_CLEAN;
}

/** First day of the month, so many months ago; the running one is kept. */
function monthsAgo(months: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 10);
}
