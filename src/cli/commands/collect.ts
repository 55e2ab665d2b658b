import type { Argv } from 'yargs';
import { type CollectCounts, Collector } from '../../fleet/collector.ts';
import { HUB, ObservationStream } from '../../fleet/streams.ts';
import { Store } from '../../sweep/store.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError, type CliIo, EXIT_CLEAN } from '../io.ts';
import { METRICS_OPTION, QUEUE_OPTIONS, readStore, type ServiceArguments, STORE_OPTIONS } from '../service-options.ts';
import { type Sample, serveMetrics } from '../work-metrics.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 collect\n\nTake what sensors (sniff --to) have sent from the hub into the store, until Ctrl-C. It may be killed at any time, and there may be several.',
    )
    .options({
      from: {
        type: 'string',
        requiresArg: true,
        describe: 'The hub: nats://HOST or tls://HOST of a nats-server with JetStream; several with commas between',
      },
      creds: QUEUE_OPTIONS.creds,
      nkey: QUEUE_OPTIONS.nkey,
      ...STORE_OPTIONS,
      metrics: METRICS_OPTION,
      quiet: { alias: 'q', type: 'boolean', describe: 'Nothing on standard error but errors' },
    })
    .example('$0 collect --from nats://hub --store postgres://collector@db/pz', 'a collector');
}

export interface CollectArguments extends Omit<ServiceArguments, 'via'> {
  readonly from?: string | undefined;
  readonly metrics?: string | undefined;
  readonly quiet?: boolean | undefined;
}

export async function run(args: CollectArguments, io: CliIo): Promise<number> {
  const { from, creds, nkey, ca } = args;
  if (from === undefined || from === '') throw new CliError('the hub has to be named: --from nats://HOST');
  const say = (text: string) => {
    if (args.quiet !== true) io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  };
  const store = await Store.open(readStore(args), { authority: ca });
  let hub: ObservationStream | null = null;
  let metrics: { close(): void } | null = null;
  try {
    hub = await ObservationStream.open({ url: from, credentials: creds, nkey, authority: ca, option: '--from' }, HUB);
    await hub.check();
    const collector = new Collector({ hub, store, signal: io.signal, say });
    metrics = args.metrics === undefined ? null : await serveMetrics(args.metrics, () => samplesOf(collector.counts));
    say('ready');
    await collector.run();
    const { stored, received, invalid } = collector.counts;
    say(
      `${formatCount(received, 'record')}, ${formatCount(stored, 'new exchange')}${invalid > 0 ? `; ${formatCount(invalid, 'record')} left out` : ''}`,
    );
  } finally {
    metrics?.close();
    await hub?.close();
    await store.close();
  }
  return EXIT_CLEAN;
}

function samplesOf({ stored, received, invalid }: CollectCounts): Sample[] {
  const counter = (name: string, help: string, value: number): Sample => ({ name, kind: 'counter', help, value });
  return [
    counter('portzero_collect_records_total', 'Records stored, or known already.', received),
    counter('portzero_collect_exchanges_total', 'Exchanges stored that were new.', stored),
    counter(
      'portzero_collect_invalid_records_total',
      'What was no record of the sensor whose subject it came on.',
      invalid,
    ),
  ];
}
