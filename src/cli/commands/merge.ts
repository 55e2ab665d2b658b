import type { Argv } from 'yargs';
import { mergeShards } from '../../analysis/merge.ts';
import type { AnalysisSettings } from '../../analysis/types.ts';
import { RuleEngine } from '../../engine/engine.ts';
import { listShards } from '../../shard/list-shards.ts';
import { type SeriesOf, seriesByExpression, seriesByName } from '../../shard/series.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { runAnalysis } from '../analysis-run.ts';
import { CliError, type CliIo } from '../io.ts';
import { type AnalyzeArguments, MERGE_OPTIONS } from '../options.ts';
import { readSettings } from '../settings.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 merge <shards..>\n\nThe report on many captures from their distillates (portzero distil): of port 0 it says what analyze says of all of them, read as one capture.',
    )
    .positional('shards', {
      array: true,
      type: 'string',
      demandOption: true,
      describe: 'Distillates, or folders of them, in any order',
    })
    .options(MERGE_OPTIONS)
    .example('$0 distil ring/ -o shards && $0 merge shards', 'a ring of captures, read once, file by file')
    .example('$0 merge shards -c other.yaml -f json', 'the same with other rules: no capture is read')
    .epilogue(
      'Exchanges without port 0 are counted file by file. Rules and expectations about other ports, and lists of all exchanges, need an analysis of the captures themselves.',
    );
}

export interface MergeArguments extends AnalyzeArguments {
  readonly shards: readonly string[];
  readonly series?: string | undefined;
}

export async function run(args: MergeArguments, io: CliIo): Promise<number> {
  const seriesOf = readSeries(args.series);
  const { settings, plugins } = await readSettings(args, io, { live: false });
  refuseOtherPorts(settings);
  const shards = listShards(args.shards);
  return runAnalysis(
    args,
    {
      settings,
      plugins,
      jobs: 1,
      async find() {
        const inputs = await mergeShards(shards, {
          decoder: settings.config.decoder,
          seriesOf,
          onPassedOver: (message) => {
            if (args.quiet !== true) io.stderr.write(`portzero: ${escapeForTerminal(message)}\n`);
          },
        });
        return { inputs, paths: inputs.flatMap((input) => ('paths' in input ? input.paths : [input.name])) };
      },
    },
    io,
  );
}

export function readSeries(expression: string | undefined): SeriesOf {
  if (expression === undefined) return seriesByName;
  try {
    return seriesByExpression(new RegExp(expression));
  } catch (error) {
    throw new CliError(`--series ${expression}: ${(error as Error).message}`);
  }
}

/** A distillate has the frames of port 0 and no others: who asks for more must not be told of less. */
export function refuseOtherPorts({ exchanges, rules, config }: AnalysisSettings): void {
  const instead = 'needs all frames, of which distillates hold those of port 0: use analyze --join';
  if (exchanges === 'all') throw new CliError(`--exchanges all ${instead}`);
  const other = config.expect.find(({ port }) => port !== 0);
  if (other !== undefined) throw new CliError(`the expectation "${other.name}" on port ${other.port} ${instead}`);
  if (new RuleEngine(rules, config.rules, { live: false }).looksAtAnyPort) {
    const [id] = [...config.rules].find(([, { options }]) => options.ports === 'any') ?? ['a rule'];
    throw new CliError(`the rule ${id} with ports: any ${instead}`);
  }
}
