import { fstatSync, statSync } from 'node:fs';
import type { Argv } from 'yargs';
import { analyzeInputs } from '../../analysis/analyze-inputs.ts';
import { combineResults } from '../../analysis/combine.ts';
import { numberStream } from '../../analysis/sinks.ts';
import type { Input, InputResult } from '../../analysis/types.ts';
import { findCaptures } from '../../capture/find.ts';
import { showPath, toPath } from '../../capture/paths.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { refuseMistyped } from '../command-words.ts';
import { CliError, type CliIo, EXIT_CLEAN, OUTPUT_GONE, readCount, writeData } from '../io.ts';
import { ANALYZE_OPTIONS, type AnalyzeArguments } from '../options.ts';
import { showProgress } from '../progress.ts';
import { openReports } from '../reports.ts';
import { readOrigins, readSettings, sayOutcome, statusOf } from '../settings.ts';

export function builder(yargs: Argv) {
  return yargs
    .positional('files', {
      array: true,
      type: 'string',
      describe: 'Captures (pcap or pcapng, also gzip or zstd), folders of them, or - for standard input',
    })
    .options(ANALYZE_OPTIONS)
    .example('$0 trace.pcapng', 'who used port 0, and how was it answered?')
    .example('$0 captures/ -r report.html -r report.sarif', 'all captures below a folder; reports for people and CI')
    .example('tcpdump -i eth0 -U -w - | $0 - --follow', 'live: each finding as it comes, without a privilege')
    .example('$0 trace.pcap -r evidence.pcapng', 'the frames of flagged exchanges, to look at in Wireshark')
    .example('$0 --join ring.pcap0 ring.pcap1', 'two files of one capture');
}

export async function run(args: AnalyzeArguments, io: CliIo): Promise<number> {
  const { settings, plugins } = await readSettings(args, io, { live: args.follow === true });
  if (args.printConfig === true) {
    const { printConfig } = await import('../../config/print.ts');
    await writeData(io.stdout, printConfig(settings.config, plugins.rules));
    return EXIT_CLEAN;
  }
  const jobs = readCount('--jobs', args.jobs, 1);
  const files = args.files ?? [];
  refuseMistyped(files, io.cwd);
  checkUsage(files, args);

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
  const { inputs, paths } = await findInputs(files, args, stop.signal);
  const format = args.format ?? 'text';
  const origins = await readOrigins(args, io);
  const reports = await openReports(
    {
      format,
      paths: args.report ?? [],
      color: args.color,
      reporters: plugins.reporters,
      live: args.follow === true,
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
  const hidesBar = quiet || args.follow === true || (reports.sink !== null && io.stdout.isTTY === true);
  const progress = hidesBar ? null : await showProgress(io);
  let results: InputResult[];
  try {
    results = await analyzeInputs(inputs, {
      settings: {
        ...settings,
        lists: reports.needsLists,
        passesTime: args.follow === true && isPipe(files[0]!),
      },
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
    progress?.stop();
    io.signal.removeEventListener('abort', onAbort);
  }
  // A pipe, or a file that grows, ends when the user says so; anything else was not read to its end.
  const interrupted = stop.signal.aborted && !isGone() && args.follow !== true && !files.includes('-');
  if (args.verify === true) results = await verify(results, inputs, stop.signal, quiet ? () => {} : say);

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
    const { writeBaseline } = await import('../baseline.ts');
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

/** A file that grows may be written in blocks, minutes apart: what it does not hold yet tells nothing of the time. */
function isPipe(name: string): boolean {
  const status = name === '-' ? fstatSync(0) : statSync(name, { throwIfNoEntry: false });
  return status !== undefined && !status.isFile() && !status.isDirectory();
}

async function openEvidence(paths: readonly string[]) {
  const { EvidenceFiles } = await import('../evidence-files.ts');
  return new EvidenceFiles(paths);
}

function checkUsage(files: readonly string[], args: AnalyzeArguments): void {
  if (files.length === 0) throw new CliError('no capture was named (- is standard input). See portzero --help.');
  if (files.filter((file) => file === '-').length > 1) throw new CliError('standard input (-) can be read only once');
  if (args.follow === true && (files.length > 1 || args.join === true)) {
    throw new CliError('--follow reads one capture, or one directory into which a ring of captures is written');
  }
  if (args.verify === true && args.follow === true) throw new CliError('--verify needs captures that are complete');
}

/** What is to be analysed, and the files that this reads: --verify reads them again, and no report may overwrite them. */
async function findInputs(
  files: readonly string[],
  args: AnalyzeArguments,
  signal: AbortSignal,
): Promise<{ inputs: Input[]; paths: string[] }> {
  if (args.follow === true) {
    const { followCapture } = await import('../../capture/follow.ts');
    const name = files[0]!;
    return {
      inputs: [{ name, paths: [name], bytes: null, open: () => followCapture(name, { signal }), once: true }],
      paths: [name],
    };
  }
  const inputs: Input[] = [];
  for (const file of files) {
    const found = await findCaptures([file]);
    for (const path of found.inputs) {
      const status = path === '-' ? undefined : statSync(toPath(path), { throwIfNoEntry: false });
      const once = path === '-' || status?.isFile() === false;
      inputs.push({ name: showPath(path), paths: [path], bytes: once ? null : (status?.size ?? 0), once });
    }
    for (const problem of found.problems) inputs.push({ name: file, problem });
  }
  const paths = inputs.flatMap((input) => ('paths' in input ? input.paths : []));
  if (args.join !== true || paths.length === 0) return { inputs, paths };
  const { joinCaptures } = await import('../../capture/join.ts');
  const joined = {
    name: showPath(paths[0]!),
    paths,
    bytes: null,
    async open() {
      const source = await joinCaptures(paths, { signal });
      joined.name = source.name;
      return source;
    },
  };
  return { inputs: [joined, ...inputs.filter((input) => 'problem' in input)], paths };
}

/** Reads every file a second time with pcap-parser; a difference makes the input incomplete. */
async function verify(
  results: readonly InputResult[],
  inputs: readonly Input[],
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<InputResult[]> {
  const { verifyWithPcapParser } = await import('../../capture/verify.ts');
  const verified: InputResult[] = [];
  for (const [index, result] of results.entries()) {
    const input = inputs[index]!;
    let problems = result.input.problems;
    // What could not be opened has said so already.
    const paths = 'paths' in input && result.input.format !== null ? input.paths : [];
    for (const path of paths) {
      const { frames, mismatch, skipped } = await verifyWithPcapParser(path, { signal });
      if (mismatch !== null) problems = [...problems, mismatch];
      else if (skipped !== null) say(`${showPath(path)}: not verified: ${skipped}`);
      else say(`${showPath(path)}: verified: pcap-parser reads the same ${frames.toLocaleString('en')} records`);
    }
    verified.push({ ...result, input: { ...result.input, problems, complete: problems.length === 0 } });
  }
  return verified;
}
