import type { Argv } from 'yargs';
import { TaskQueue } from '../../sweep/queue.ts';
import { Store } from '../../sweep/store.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { type CliIo, EXIT_CLEAN, readCount } from '../io.ts';
import { QUEUE_OPTIONS, readQueuePlace, readStore, type ServiceArguments, STORE_OPTIONS } from '../service-options.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage('$0 setup hub|store\n\nMake what sweeps need: streams in the queue, tables in the store. May be run again.')
    .positional('what', {
      type: 'string',
      choices: ['hub', 'store'] as const,
      demandOption: true,
      describe: 'hub: the stream of tasks, and its consumer. store: tables, and roles with just their rights',
    })
    .options({
      ...QUEUE_OPTIONS,
      ...STORE_OPTIONS,
      'ack-wait': {
        type: 'string',
        requiresArg: true,
        describe: 'Seconds of silence after which the task of a worker is given to another (hub)',
        defaultDescription: '60',
      },
    })
    .example('$0 setup hub --via nats://queue', 'the stream PZ_TASKS')
    .example('$0 setup store --store postgres://admin@db/pz', 'tables, portzero_worker, portzero_query');
}

export interface SetupArguments extends ServiceArguments {
  readonly what: 'hub' | 'store';
  readonly ackWait?: string | undefined;
}

export async function run(args: SetupArguments, io: CliIo): Promise<number> {
  const say = (text: string) => io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  if (args.what === 'hub') {
    const seconds = readCount('--ack-wait', args.ackWait, 1, 3600);
    const queue = await TaskQueue.open(readQueuePlace(args));
    try {
      await queue.setUp(seconds);
    } finally {
      await queue.close();
    }
    say('the stream PZ_TASKS and its consumer are there');
    return EXIT_CLEAN;
  }
  const store = await Store.open(readStore(args), { authority: args.ca, isSetUp: false });
  try {
    for (const note of await store.setUp()) say(note);
  } finally {
    await store.close();
  }
  say('the tables are there');
  return EXIT_CLEAN;
}
