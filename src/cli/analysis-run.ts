import { analyzeInputs } from '../analysis/analyze-inputs.ts';
import { combineResults } from '../analysis/combine.ts';
import { numberStream } from '../analysis/sinks.ts';
import type { AnalysisSettings, Input, InputResult } from '../analysis/types.ts';
import type { Plugins } from '../config/plugins.ts';
import { compileAsUsual, delayCompiling } from '../tier-up.ts';
import { escapeForTerminal } from '../words/escape.ts';
import { type CliIo, OUTPUT_GONE } from './io.ts';
import type { AnalyzeArguments } from './options.ts';
import { showProgress } from './progress.ts';
import { openReports } from './reports.ts';
import { readOrigins, sayOutcome, statusOf } from './settings.ts';

/** A file from this size on is read for so long, and up to the other one so soon, that it matters when V8 compiles: see tier-up.ts. */
const LARGE_BYTES = 64 * 1024 ** 2;
const HUGE_BYTES = 1024 ** 3;

/** What is analysed, and how. */
export interface AnalysisRun {
  readonly settings: AnalysisSettings;
  readonly plugins: Plugins;
  readonly jobs?: number | undefined;
  /** Results are wanted as they come. */
  readonly follows?: boolean;
  /** The input ends when the user says so: that is no interruption. */
  readonly isEndless?: boolean;
  /** The inputs, and the files that they are, which no report may overwrite. */
  find(signal: AbortSignal): Promise<{ inputs: readonly Input[]; paths: readonly string[] }>;
  /** Looks at the inputs once more, and at what came of them. */
  readonly check?: (
    results: readonly InputResult[],
    inputs: readonly Input[],
    signal: AbortSignal,
    say: (text: string) => void,
  ) => Promise<InputResult[]>;
}

/** Analyses inputs and writes the reports that were asked for. Settles with the exit status. */
export async function runAnalysis(
  args: Pick<
    AnalyzeArguments,
    'format' | 'report' | 'color' | 'quiet' | 'updateBaseline' | 'geoip' | 'resolve' | 'signatures'
  >,
  { settings, plugins, jobs, follows = false, isEndless = false, find, check }: AnalysisRun,
  io: CliIo,
): Promise<number> {
  // Whoever read standard output may go away. That ends a run which nothing else came to see, without a word.
  const stop = new AbortController();
  const isGone = () => io.signal.reason === OUTPUT_GONE;
  const onAbort = () => {
    if (!isGone() || (args.report ?? []).length === 0) stop.abort(io.signal.reason);
  };
  if (io.signal.aborted) onAbort();
  io.signal.addEventListener('abort', onAbort);

  const quiet = args.quiet === true;
  const say = (text: string) => io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  const { inputs, paths } = await find(stop.signal);
  const format = args.format ?? 'text';
  const origins = await readOrigins(args, io);
  const reports = await openReports(
    {
      format,
      paths: args.report ?? [],
      color: args.color,
      reporters: plugins.reporters,
      live: follows,
      inputs: paths,
      config: settings.config,
      updatesBaseline: args.updateBaseline === true,
      origins,
      signatures: args.signatures,
      inputName: (input) => inputs[input]?.name ?? null,
    },
    io,
    isGone,
  );
  const evidence = reports.evidencePaths.length === 0 ? null : await openEvidence(reports.evidencePaths);
  const hidesBar = quiet || follows || (reports.sink !== null && io.stdout.isTTY === true);
  const progress = hidesBar ? null : showProgress(io);
  let results: InputResult[];
  try {
    if (!follows && isLarge(inputs)) delayCompiling();
    results = await analyzeInputs(inputs, {
      settings: { ...settings, lists: reports.needsLists },
      jobs,
      sink: reports.sink === null ? undefined : numberStream(reports.sink),
      signal: stop.signal,
      watch: evidence === null ? undefined : (source) => evidence.watch(source),
      onProgress(state) {
        progress?.update(state);
        return reports.flush();
      },
    });
  } finally {
    compileAsUsual();
    progress?.stop();
    io.signal.removeEventListener('abort', onAbort);
  }
  // A pipe, or a file that grows, ends when the user says so; anything else was not read to its end.
  const interrupted = stop.signal.aborted && !isGone() && !isEndless;
  if (check !== undefined) results = await check(results, inputs, stop.signal, quiet ? () => {} : say);

  const result = combineResults(results, settings);
  await reports.finish(result);
  for (const { problems } of result.report.inputs) for (const { message } of problems) say(message);
  if (evidence !== null) {
    const notes = await evidence.finish(result, inputs, stop.signal);
    if (!quiet) for (const note of notes) say(note);
  }
  if (interrupted) say('interrupted: the report covers what was read until then');
  if (!quiet && !isGone()) await sayOutcome(result, format, say);
  reports.check();
  if (settings.baseline?.updates) {
    const { writeBaseline } = await import('./baseline.ts');
    const outcome = writeBaseline(
      settings.config.baseline!,
      settings.baseline,
      result,
      interrupted || (isGone() && stop.signal.aborted),
    );
    if (!quiet) say(outcome);
  }
  return statusOf(result, settings.config, interrupted);
}

function isLarge(inputs: readonly Input[]): boolean {
  const sizes = inputs.map((input) => ('problem' in input ? 0 : (input.bytes ?? 0)));
  return Math.max(...sizes) >= LARGE_BYTES && sizes.reduce((sum, bytes) => sum + bytes, 0) < HUGE_BYTES;
}

async function openEvidence(paths: readonly string[]) {
  const { EvidenceFiles } = await import('./evidence-files.ts');
  return new EvidenceFiles(paths);
}
