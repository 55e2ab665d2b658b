import { availableParallelism } from 'node:os';
import type { Argv } from 'yargs';
import { parseDuration } from '../../config/duration.ts';
import { TaskQueue } from '../../sweep/queue.ts';
import { parseRoots } from '../../sweep/roots.ts';
import { Store } from '../../sweep/store.ts';
import { type WorkCounts, Worker } from '../../sweep/worker.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError, type CliIo, EXIT_CLEAN, readCount } from '../io.ts';
import { formatBytes } from '../progress.ts';
import {
  METRICS_OPTION,
  QUEUE_OPTIONS,
  readQueuePlace,
  readStore,
  type ServiceArguments,
  STORE_OPTIONS,
} from '../service-options.ts';
import { type Sample, serveMetrics } from '../work-metrics.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 work\n\nDistil the captures that sweeps ask for, until Ctrl-C. Any number of workers, on any machines that see the files.',
    )
    .options({
      ...QUEUE_OPTIONS,
      ...STORE_OPTIONS,
      jobs: {
        alias: 'j',
        type: 'string',
        requiresArg: true,
        describe: 'How many captures are read at the same time, each in a process of its own',
        defaultDescription: 'number of CPUs',
      },
      path: {
        type: 'string',
        array: true,
        requiresArg: true,
        describe:
          'FROM=TO: what a sweep calls FROM is TO here; or a folder that is the same here. Nothing else is read then. May be repeated',
      },
      'attempt-time': {
        type: 'string',
        requiresArg: true,
        describe: 'How long one attempt at a capture may take; of five',
        defaultDescription: '10m',
      },
      metrics: METRICS_OPTION,
      quiet: { alias: 'q', type: 'boolean', describe: 'Nothing on standard error but errors' },
    })
    .example('$0 work --via nats://queue --store postgres://worker@db/pz', 'a worker')
    .epilogue('It may be killed at any time: what it had in work is given to another worker.');
}

export interface WorkArguments extends ServiceArguments {
  readonly jobs?: string | undefined;
  readonly path?: readonly string[] | undefined;
  readonly attemptTime?: string | undefined;
  readonly metrics?: string | undefined;
  readonly quiet?: boolean | undefined;
}

export async function run(args: WorkArguments, io: CliIo): Promise<number> {
  const say = (text: string) => {
    if (args.quiet !== true) io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  };
  const jobs = readCount('--jobs', args.jobs, 1, 256) ?? availableParallelism();
  const mostMillis = readTime(args.attemptTime ?? '10m');
  const roots = parseRoots(args.path ?? []);
  const place = readQueuePlace(args);
  const store = await Store.open(readStore(args), { authority: args.ca, connections: jobs + 1 });
  let queue: TaskQueue | null = null;
  let metrics: { close(): void } | null = null;
  try {
    queue = await TaskQueue.open(place);
    await queue.check();
    const worker = new Worker({ queue, store, jobs, roots, mostMillis, signal: io.signal, say });
    metrics = args.metrics === undefined ? null : await serveMetrics(args.metrics, () => samplesOf(worker.counts));
    say(`ready: ${formatCount(jobs, 'capture')} at a time`);
    await worker.run();
    const { done, failed, bytes, keptBytes } = worker.counts;
    say(
      `${formatCount(done, 'capture')} distilled, ${formatCount(failed, 'capture')} failed; ${formatBytes(bytes)} became ${formatBytes(keptBytes)}`,
    );
  } finally {
    metrics?.close();
    await queue?.close();
    await store.close();
  }
  return EXIT_CLEAN;
}

function readTime(text: string): number {
  const nanos = parseDuration(text);
  if (nanos === null || nanos < 1e6) throw new CliError(`--attempt-time ${text}: expected a time such as 30s or 10m`);
  return Math.min(nanos / 1e6, 2 ** 31 - 1);
}

function samplesOf({ done, failed, retried, bytes, keptBytes, frames, inWork }: WorkCounts): Sample[] {
  const counter = (name: string, help: string, value: number): Sample => ({ name, kind: 'counter', help, value });
  return [
    counter('portzero_work_captures_total', 'Captures distilled.', done),
    counter('portzero_work_failed_captures_total', 'Captures given up.', failed),
    counter('portzero_work_retried_attempts_total', 'Attempts that another one follows.', retried),
    counter('portzero_work_read_bytes_total', 'Bytes of the captures distilled.', bytes),
    counter('portzero_work_kept_bytes_total', 'Bytes of their distillates.', keptBytes),
    counter('portzero_work_frames_total', 'Frames of the captures distilled.', frames),
    { name: 'portzero_work_captures_in_work', kind: 'gauge', help: 'Captures being read.', value: inWork },
  ];
}
