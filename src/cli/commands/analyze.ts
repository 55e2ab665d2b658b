import { fstatSync, statSync } from 'node:fs';
import type { Argv } from 'yargs';
import type { Input, InputResult } from '../../analysis/types.ts';
import { findCaptures } from '../../capture/find.ts';
import { showPath, toPath } from '../../capture/paths.ts';
import { runAnalysis } from '../analysis-run.ts';
import { refuseMistyped } from '../command-words.ts';
import { CliError, type CliIo, EXIT_CLEAN, readCount, writeData } from '../io.ts';
import { ANALYZE_OPTIONS, type AnalyzeArguments } from '../options.ts';
import { readSettings } from '../settings.ts';

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

  const follows = args.follow === true;
  return runAnalysis(
    args,
    {
      settings: { ...settings, passesTime: follows && isPipe(files[0]!) },
      plugins,
      jobs,
      follows,
      isEndless: follows || files.includes('-'),
      find: (signal) => findInputs(files, args, signal),
      ...(args.verify === true ? { check: verify } : {}),
    },
    io,
  );
}

/** A file that grows may be written in blocks, minutes apart: what it does not hold yet tells nothing of the time. */
function isPipe(name: string): boolean {
  const status = name === '-' ? fstatSync(0) : statSync(name, { throwIfNoEntry: false });
  return status !== undefined && !status.isFile() && !status.isDirectory();
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
