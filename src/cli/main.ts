import { escapeForTerminal } from '../words/escape.ts';
import { run } from './commands/analyze.ts';
import { type CliIo, EXIT_TROUBLE, OUTPUT_GONE, type OutputStream } from './io.ts';
import { readPlainArguments } from './options.ts';
import { openStandardError, openStandardOutput, settled } from './standard-output.ts';

/** How long what was written at the end of a live run may still wait for its reader. */
const LINGER_MILLIS = 2000;

/** Errors that are no bug: bad usage, bad configuration, an input that cannot be read. One line says what is wrong. */
const EXPECTED = new Set(['CliError', 'ConfigError', 'CaptureError', 'ServiceError']);

/** Runs `portzero` with these arguments. Settles with the exit status; never rejects. */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    const plain = readPlainArguments(argv);
    if (plain === null) {
      const { runCommandLine } = await import('./command-line.ts');
      return await runCommandLine(argv, io);
    }
    return await run(plain, io);
  } catch (error) {
    const texts = new Set((error instanceof AggregateError ? error.errors : [error]).map(describeError));
    for (const line of [...texts].join('\n').split('\n')) io.stderr.write(`portzero: ${escapeForTerminal(line)}\n`);
    return EXIT_TROUBLE;
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `internal error: ${error}`;
  return EXPECTED.has(error.name) ? error.message : `internal error: ${error.stack}`;
}

/** The command as the operating system starts it: arguments, signals and exit status of this process. */
export async function runProcess(): Promise<void> {
  const stop = new AbortController();
  // Once: whoever asks a second time does not want to wait for a summary.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(name));
  const stdout = openStandardOutput();
  let stderr: OutputStream | undefined;
  // Most runs write nothing there.
  const openStderr = () => {
    stderr ??= openStandardError();
    return stderr;
  };
  let failure: Error | null = null;
  let isOwned = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isOwned) return;
    // A reader that has gone (`| head`) is no error, and nobody is left to tell it to.
    if (error.code !== 'EPIPE') failure ??= error;
    stop.abort(OUTPUT_GONE);
  });
  const status = await main(process.argv.slice(2), {
    get stdin() {
      return process.stdin;
    },
    stdout,
    get stderr() {
      return openStderr();
    },
    env: process.env,
    cwd: process.cwd(),
    signal: stop.signal,
    ownStdout() {
      isOwned = true;
    },
  });
  // Whoever owns it has waited as long as there was hope.
  if (!isOwned) await settled(stdout);
  process.exitCode = failure === null ? status : EXIT_TROUBLE;
  if (failure !== null) openStderr().write(`portzero: cannot write standard output: ${(failure as Error).message}\n`);
  // A reader that takes nothing must not keep a process that has ended.
  if (isOwned) setTimeout(() => process.exit(), LINGER_MILLIS).unref();
}
