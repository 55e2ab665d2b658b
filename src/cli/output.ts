import { closeSync, openSync, writeSync } from 'node:fs';
import { CliError, type OutputStream } from './io.ts';

/** A place for text. Small writes are gathered: a report may have a million lines. */
export interface Output {
  /** Where it goes, for messages; null for standard output. */
  readonly path: string | null;
  write(text: string): void;
  /** Hands over all that was gathered. Settles when the reader has taken it, or has gone. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const GATHER_CHARACTERS = 1 << 16;

/**
 * Standard output. What was gathered leaves at the next turn of the event loop, which readers allow several times a second, so
 * that a line is seen soon after it was known; and nothing is written any more when whoever read it has gone.
 */
export function streamOutput(stream: OutputStream, isGone: () => boolean): Output {
  let gathered = '';
  let scheduled: NodeJS.Immediate | null = null;
  const send = () => {
    if (scheduled !== null) clearImmediate(scheduled);
    scheduled = null;
    if (gathered !== '' && !isGone()) stream.write(gathered);
    gathered = '';
  };
  const flush = async () => {
    send();
    if (isGone() || !(stream as NodeJS.WriteStream).writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of ['drain', 'close', 'error']) stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'close', 'error']) stream.on(event, done);
    });
  };
  return {
    path: null,
    write(text) {
      gathered += text;
      if (gathered.length >= GATHER_CHARACTERS) send();
      else scheduled ??= setImmediate(send);
    },
    flush,
    close: flush,
  };
}

/** A file of --report; made at once, so that a wrong path is told before gigabytes are read. Throws CliError. */
export function fileOutput(path: string): Output {
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw new CliError(`cannot write ${path}: ${(error as Error).message}`);
    }
  };
  const descriptor = attempt(() => openSync(path, 'w'));
  let gathered = '';
  const send = () => {
    const bytes = Buffer.from(gathered);
    gathered = '';
    for (let at = 0; at < bytes.length; ) at += attempt(() => writeSync(descriptor, bytes, at));
  };
  return {
    path,
    write(text) {
      gathered += text;
      if (gathered.length >= GATHER_CHARACTERS) send();
    },
    async flush() {
      send();
    },
    async close() {
      send();
      closeSync(descriptor);
    },
  };
}
