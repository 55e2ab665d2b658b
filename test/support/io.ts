import { PassThrough } from 'node:stream';
import type { CliIo } from '../../src/cli/io.ts';

export interface FakeIo extends CliIo {
  /** What was written so far. */
  out(): string;
  err(): string;
}

/** The world as a command sees it, in memory. */
export function fakeIo(
  settings: Partial<Pick<CliIo, 'env' | 'cwd' | 'signal' | 'stdin'>> & { columns?: number } = {},
): FakeIo {
  const collect = () => {
    const chunks: Buffer[] = [];
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return {
      stream: Object.assign(stream, settings.columns === undefined ? {} : { isTTY: true, columns: settings.columns }),
      text: () => Buffer.concat(chunks).toString('utf8'),
    };
  };
  const out = collect();
  const err = collect();
  return {
    stdin: settings.stdin ?? new PassThrough().end(),
    stdout: out.stream,
    stderr: err.stream,
    env: settings.env ?? {},
    cwd: settings.cwd ?? process.cwd(),
    signal: settings.signal ?? new AbortController().signal,
    out: out.text,
    err: err.text,
  };
}
