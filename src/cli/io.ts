/**
 * What a command may touch of the world. Every src/cli/commands/<verb>.ts exports
 *
 *   builder(yargs: Argv): Argv                                   declares arguments, options and examples
 *   run(args: ArgumentsOf<typeof builder>, io: CliIo): Promise<number>   does the work, returns the exit status
 *
 * and is loaded only when its verb is asked for. A command neither exits the process nor touches `process`: data goes to
 * io.stdout, everything else to io.stderr, and it ends soon after io.signal fires, with what it has.
 */
export interface CliIo {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute; relative paths of the user are resolved against it. */
  readonly cwd: string;
  /** Fires on SIGINT, SIGTERM, and with the reason OUTPUT_GONE. */
  readonly signal: AbortSignal;
  /** The command deals with failures of standard output itself: from now on the signal does not fire for them. */
  ownStdout?(): void;
}

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Whoever read standard output has gone, or its disk is full: nothing that is written there arrives. */
export const OUTPUT_GONE = 'output gone';

/** Nothing at or above --fail-on. */
export const EXIT_CLEAN = 0;
/** Something was at or above --fail-on. */
export const EXIT_FINDINGS = 1;
/** Not all that was asked could be done. */
export const EXIT_TROUBLE = 2;

/** Bad usage, or work that cannot be done: one line for standard error, without stack, and exit status 2. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** Colour on this stream? --color and --no-color first, then NO_COLOR, FORCE_COLOR, and whether it is a terminal. */
export function wantsColor(io: CliIo, stream: OutputStream, asked: boolean | undefined): boolean {
  if (asked !== undefined) return asked;
  // https://no-color.org: present and not an empty string, regardless of its value.
  if (io.env.NO_COLOR) return false;
  const forced = io.env.FORCE_COLOR;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && io.env.TERM !== 'dumb';
}

/** Columns of the stream's terminal, at least 40; 80 when it is none, or COLUMNS where that is set. */
export function widthOf(io: CliIo, stream: OutputStream): number {
  const width = stream.columns ?? Number(io.env.COLUMNS);
  return Number.isInteger(width) && width > 0 ? Math.max(width, 40) : 80;
}

/** Writes data and waits while the reader is slower than we are, so that a slow pipe does not fill memory. */
export async function writeData(stream: NodeJS.WritableStream, text: string | Uint8Array): Promise<void> {
  if (stream.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      stream.off('error', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    stream.on('error', done);
  });
}

/** The value of an option that counts; undefined when it was not given. Throws CliError. */
export function readCount(
  option: string,
  value: string | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (value === undefined) return undefined;
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (count >= least && count <= most) return count;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new CliError(`${option} ${value}: expected a whole number ${range}`);
}
