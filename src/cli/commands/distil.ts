import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { type Distilled, distilCapture } from '../../analysis/distil.ts';
import { CaptureError } from '../../capture/errors.ts';
import { findCaptures } from '../../capture/find.ts';
import { toPath } from '../../capture/paths.ts';
import { isObjectName } from '../../capture/s3/name.ts';
import { findObjects, type ObjectCapture } from '../../capture/s3/objects.ts';
import type { CaptureProblem } from '../../capture/source.ts';
import { captureOfObject } from '../../sweep/object-capture.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError, type CliIo, EXIT_CLEAN, EXIT_TROUBLE, readCount } from '../io.ts';
import { DISTIL_OPTIONS } from '../options.ts';
import { formatBytes, showProgress } from '../progress.ts';
import { overrideConfig, readConfig } from '../settings.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 distil <files..> -o <folder>\n\nKeep of each capture the frames that port 0 can ever need, with a count of all others: a distillate, some hundredth or thousandth of it, for portzero merge.',
    )
    .positional('files', {
      array: true,
      type: 'string',
      demandOption: true,
      describe:
        'Captures (pcap or pcapng, also gzip or zstd), folders of them, s3://BUCKET/PREFIX, or - for standard input',
    })
    .options(DISTIL_OPTIONS)
    .example('$0 distil /var/captures -o shards', 'what is there already is not read again')
    .example('ls *.pcap | parallel -n 50 $0 distil {} -o shards', 'on all processors')
    .epilogue(
      'A distillate is a pcapng file, named by the file and its version, that Wireshark opens. Exit status: 0 all were distilled; 2 a capture could not be read, or is damaged.',
    );
}

export interface DistilArguments {
  readonly files: readonly string[];
  readonly output?: string | undefined;
  readonly config?: string | undefined;
  readonly answerTimeout?: string | undefined;
  readonly maxExchanges?: string | undefined;
  readonly linkType?: string | undefined;
  readonly quiet?: boolean | undefined;
}

export async function run(args: DistilArguments, io: CliIo): Promise<number> {
  if (args.output === undefined || args.output === '') {
    throw new CliError('the folder for the distillates has to be named: --output DIR. See portzero distil --help.');
  }
  if (args.files.filter((file) => file === '-').length > 1) {
    throw new CliError('standard input (-) can be read only once');
  }
  if (isObjectName(args.output))
    throw new CliError('--output: distillates are put into a folder: merge reads them there');
  const { decoder, answerTimeoutNanos } = overrideConfig(await readConfig(args, io), args);
  const directory = resolve(io.cwd, args.output);
  const options = {
    directory,
    decoder,
    answerTimeoutNanos,
    maxExchanges: readCount('--max-exchanges', args.maxExchanges, 1) ?? 1_000_000,
    signal: io.signal,
  };
  const quiet = args.quiet === true;
  const say = (text: string) => io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  const { inputs, problems } = await findAll(args.files, io.signal);
  for (const { message } of problems) say(message);
  const sums = { made: 0, old: 0, failed: problems.length, damaged: 0, read: 0, kept: 0, frames: 0 };
  const sizes = inputs.map(sizeOf);
  const totalBytes = sizes.reduce((sum: number | null, size) => (sum === null || size === null ? null : sum + size), 0);
  let before = 0;
  const progress = quiet ? null : showProgress(io);
  try {
    for (const [index, file] of inputs.entries()) {
      if (io.signal.aborted) break;
      const distilled = await attempt(directory, () =>
        distilCapture(typeof file === 'string' ? file : captureOfObject(file), {
          ...options,
          onProgress: ({ source, frames }) =>
            progress?.update({
              bytesRead: before + source.bytesRead,
              totalBytes,
              frames: sums.frames + frames,
              findings: 0,
            }),
        }),
      );
      add(sums, distilled);
      before += sizes[index] ?? distilled.bytes.read;
      // Somebody else may have told of what is wrong with a capture whose distillate was there.
      for (const { message } of distilled.problems) say(message);
    }
  } finally {
    progress?.stop();
  }
  const left = inputs.length - sums.made - sums.old - sums.failed + problems.length;
  if (io.signal.aborted) say(`interrupted: ${formatCount(left, 'capture')} left; what was distilled is whole`);
  if (!quiet) say(describe(sums));
  return io.signal.aborted || sums.failed + sums.damaged > 0 ? EXIT_TROUBLE : EXIT_CLEAN;
}

interface Sums {
  made: number;
  old: number;
  failed: number;
  damaged: number;
  read: number;
  kept: number;
  frames: number;
}

function add(sums: Sums, { path, isOld, problems, bytes, frames }: Distilled): void {
  if (path === null) sums.failed++;
  else {
    if (isOld) sums.old++;
    else sums.made++;
    if (problems.length > 0) sums.damaged++;
  }
  sums.read += bytes.read;
  sums.kept += bytes.kept;
  sums.frames += frames;
}

function describe({ made, old, failed, damaged, read, kept }: Sums): string {
  const parts = [`${formatCount(made, 'capture')} distilled`];
  if (old > 0) parts.push(`${formatCount(old, 'distillate')} there already`);
  if (damaged > 0) parts.push(`${formatCount(damaged, 'capture')} damaged`);
  if (failed > 0) parts.push(`${formatCount(failed, 'capture')} not read`);
  const sizes = made > 0 && old === 0 && read > 0 ? `; ${formatBytes(read)} became ${formatBytes(kept)}` : '';
  return `${parts.join(', ')}${sizes}`;
}

/** Objects, since each lets one wait. */
const LOOKED_AT_ONCE = 16;

/** Puts captures into `inputs`, and what cannot be read into `problems`. */
async function look(batch: readonly ObjectCapture[], inputs: unknown[], problems: unknown[]): Promise<void> {
  const outcomes = await Promise.all(
    batch.map((object) =>
      object.isNamed
        ? true
        : object.isCapture().catch((error: unknown) => {
            if (error instanceof CaptureError) return error;
            throw error;
          }),
    ),
  );
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome === true) inputs.push(batch[index]);
    else if (outcome !== false) problems.push(outcome);
  }
}

/** Files and objects, in the order in which they were named. */
async function findAll(
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ inputs: (string | ObjectCapture)[]; problems: Pick<CaptureProblem, 'message'>[] }> {
  const inputs: (string | ObjectCapture)[] = [];
  const problems: Pick<CaptureProblem, 'message'>[] = [];
  for (const name of names) {
    if (!isObjectName(name)) {
      const found = await findCaptures([name]);
      inputs.push(...found.inputs);
      problems.push(...found.problems);
      continue;
    }
    const before = inputs.length + problems.length;
    try {
      let batch: ObjectCapture[] = [];
      for await (const object of findObjects(name, signal)) {
        batch.push(object);
        if (batch.length < LOOKED_AT_ONCE) continue;
        await look(batch, inputs, problems);
        batch = [];
      }
      await look(batch, inputs, problems);
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof CaptureError)) throw error;
      problems.push(error);
      continue;
    }
    if (inputs.length + problems.length === before)
      problems.push({ message: `${name}: no captures of that name, or below it` });
  }
  return { inputs, problems };
}

/** Null where it has none. */
function sizeOf(file: string | ObjectCapture): number | null {
  if (typeof file !== 'string') return file.size;
  if (file === '-') return null;
  const status = statSync(toPath(file), { throwIfNoEntry: false });
  return status === undefined ? 0 : status.isFile() ? status.size : null;
}

/** A folder that cannot be made, or a full disk, is told in one line, and ends the run: what was distilled before is whole. */
async function attempt<T>(directory: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new CliError(`cannot write into ${directory}: ${message}`, { cause: error });
  }
}
