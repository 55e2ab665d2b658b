import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { isObjectName } from '../../capture/s3/name.ts';
import { TaskQueue } from '../../sweep/queue.ts';
import { Store, type SweepConfig, type SweepState } from '../../sweep/store.ts';
import { Sweep } from '../../sweep/sweep.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { runAnalysis } from '../analysis-run.ts';
import { CliError, type CliIo, EXIT_CLEAN, EXIT_TROUBLE } from '../io.ts';
import { type AnalyzeArguments, MERGE_OPTIONS } from '../options.ts';
import { showSweepProgress } from '../progress.ts';
import {
  METRICS_OPTION,
  QUEUE_OPTIONS,
  readQueuePlace,
  readStore,
  type ServiceArguments,
  STORE_OPTIONS,
} from '../service-options.ts';
import { readSettings } from '../settings.ts';
import { serveMetrics } from '../work-metrics.ts';
import { readSeries, refuseOtherPorts } from './merge.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 sweep <paths..>\n\nThe report on archives, whose captures workers (portzero work) distil: of port 0 it is what analyze --join says of all of them.',
    )
    .positional('paths', {
      array: true,
      type: 'string',
      demandOption: true,
      describe: 'Captures, or folders of them, under names that the workers know too, or s3://BUCKET/PREFIX',
    })
    .options({
      ...QUEUE_OPTIONS,
      ...STORE_OPTIONS,
      ...MERGE_OPTIONS,
      detach: {
        type: 'boolean',
        describe: 'End when the workers know what to do; the same command without it reports',
      },
      'merge-only': {
        type: 'boolean',
        describe: 'Report on what the last sweep of these paths has, and read no capture',
      },
      'retry-failed': { type: 'boolean', describe: 'Try the captures again that have failed' },
      metrics: METRICS_OPTION,
    })
    .example('$0 sweep /archive --via nats://queue --store postgres://db/pz', 'what is new is read, the rest is known')
    .example('$0 sweep /archive --merge-only --store postgres://db/pz', 'no capture is read')
    .epilogue('It may be ended and started again at any time: it goes on where it was.');
}

export interface SweepArguments extends AnalyzeArguments, ServiceArguments {
  readonly paths: readonly string[];
  readonly series?: string | undefined;
  readonly detach?: boolean | undefined;
  readonly mergeOnly?: boolean | undefined;
  readonly retryFailed?: boolean | undefined;
  readonly metrics?: string | undefined;
}

export async function run(args: SweepArguments, io: CliIo): Promise<number> {
  const say = (text: string) => {
    if (args.quiet !== true) io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  };
  if (args.mergeOnly === true && (args.detach === true || args.retryFailed === true)) {
    throw new CliError('--merge-only reads nothing: --detach and --retry-failed are not for it');
  }
  if (args.paths.includes('-')) throw new CliError('a sweep reads files: standard input has no name for the workers');
  const seriesOf = readSeries(args.series);
  const { settings, plugins } = await readSettings(args, io, { live: false });
  refuseOtherPorts(settings);
  const { decoder, answerTimeoutNanos } = settings.config;
  const config: SweepConfig = {
    paths: [...new Set(args.paths.map((path) => (isObjectName(path) ? path : resolve(io.cwd, path))))].sort(),
    decoder,
    answerTimeoutNanos,
    maxExchanges: settings.maxExchanges,
  };
  const place = args.mergeOnly === true ? null : readQueuePlace(args);
  const store = await Store.open(readStore(args), { authority: args.ca });
  let queue: TaskQueue | null = null;
  let metrics: { close(): void } | null = null;
  let state: SweepState = { files: 0, bytes: 0, doneFiles: 0, doneBytes: 0, failed: 0 };
  const progress = args.quiet === true || place === null ? null : showSweepProgress(io);
  try {
    const sweep = new Sweep({
      store,
      config,
      seriesOf,
      signal: io.signal,
      say,
      onProgress: (it) => {
        state = it;
        progress?.update(it);
      },
    });
    if (place === null) {
      if ((await store.listedRun(sweep.id)) === 0)
        throw new CliError('these paths have not been swept yet: leave --merge-only out');
      state = await store.sweepState(sweep.id);
      const left = state.files - state.doneFiles;
      if (left > 0) sweep.problems.push(`the sweep is not over: ${formatCount(left, 'capture')} not read yet`);
    } else {
      queue = await TaskQueue.open(place);
      await queue.check();
      metrics = args.metrics === undefined ? null : await serveMetrics(args.metrics, () => samplesOf(state));
      await sweep.begin(queue, { retries: args.retryFailed === true, stays: args.detach !== true });
      if (args.detach === true) {
        for (const problem of sweep.problems) say(problem);
        say(`sweep ${sweep.id}: the workers know; the same command without --detach reports`);
        return sweep.problems.length > 0 ? EXIT_TROUBLE : EXIT_CLEAN;
      }
      if (!(await sweep.finish(queue))) {
        progress?.stop();
        say(
          `interrupted: ${formatCount(state.doneFiles, 'capture')} of ${state.files} read; the workers go on, and the same command reports`,
        );
        return EXIT_TROUBLE;
      }
    }
    progress?.stop();
    return await runAnalysis(
      args,
      {
        settings,
        plugins,
        jobs: 1,
        find: async () => ({ inputs: await sweep.inputs(decoder), paths: [] }),
      },
      io,
    );
  } finally {
    progress?.stop();
    metrics?.close();
    await queue?.close();
    await store.close();
  }
}

function samplesOf({ files, bytes, doneFiles, doneBytes, failed }: SweepState) {
  const gauge = (name: string, help: string, value: number) => ({ name, kind: 'gauge' as const, help, value });
  return [
    gauge('portzero_sweep_captures', 'Captures of the sweep.', files),
    gauge('portzero_sweep_bytes', 'Bytes of these.', bytes),
    gauge('portzero_sweep_settled_captures', 'Captures that have been read, or failed.', doneFiles),
    gauge('portzero_sweep_settled_bytes', 'Bytes of these.', doneBytes),
    gauge('portzero_sweep_failed_captures', 'Captures that have failed.', failed),
  ];
}
