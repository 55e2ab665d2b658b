import { closeSync, fstatSync, ftruncateSync, openSync, realpathSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { CliError, type OutputStream } from './io.ts';

/** A place for text. Small writes are gathered: a report may have a million lines. */
export interface Output {
  /** Where it goes, for messages; null for standard output. */
  readonly path: string | null;
  write(text: string): void;
  /** What has been written so far is the head of what follows. */
  begin?(): void;
  /** Each of its files begins and ends so. Where it has only one, it has no need to know. */
  enclose?(head: () => string, foot: () => string): void;
  /** Hands over all that was gathered. Settles when the reader has taken it, or has gone. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Ends it where it could not be written to its end; what is there of a file is removed. Says what became of it. */
  abandon(): string;
}

const GATHER_CHARACTERS = 1 << 16;
const NEWLINE = 0x0a;

/**
 * Standard output. What was gathered leaves at the next turn of the event loop, which readers allow several times a second, so
 * that a line is seen soon after it was known; and nothing is written any more when whoever read it has gone.
 */
export function streamOutput(stream: OutputStream, isGone: () => boolean): Output {
  let gathered = '';
  let scheduled: NodeJS.Immediate | null = null;
  let taken: Promise<void> = Promise.resolve();
  const send = () => {
    if (scheduled !== null) clearImmediate(scheduled);
    scheduled = null;
    const text = gathered;
    gathered = '';
    if (text === '' || isGone()) return;
    taken = new Promise((resolve) => {
      stream.write(text, () => resolve());
    });
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
    async close() {
      await flush();
      // Only then is it known whether it went: see isGone.
      if (!isGone()) await taken;
    },
    abandon: () => '',
  };
}

function cannotWrite(path: string, error: unknown): CliError {
  return new CliError(`cannot write ${path}: ${(error as Error).message}`);
}

/** A file of --report; made at once, so that a wrong path is told before gigabytes are read. Throws CliError. */
export function fileOutput(path: string): Output {
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw cannotWrite(path, error);
    }
  };
  let descriptor = attempt(() => openSync(path, 'w'));
  let gathered = '';
  let isOpen = true;
  let size = 0;
  /** Where the last whole line ends. */
  let linesEnd = 0;
  const send = () => {
    const bytes = Buffer.from(gathered);
    gathered = '';
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(descriptor, bytes, at);
        const newline = bytes.subarray(at, at + written).lastIndexOf(NEWLINE);
        if (newline >= 0) linesEnd = size + newline + 1;
        size += written;
        at += written;
      }
    } catch (error) {
      // What reads line by line must not find half a one.
      if (size > linesEnd && fstatSync(descriptor).isFile()) attempt(() => ftruncateSync(descriptor, linesEnd));
      throw cannotWrite(path, error);
    }
  };
  /** A file that was removed or moved while it was gathered for is made anew: what we hold is in no folder any more. */
  const isThere = () => {
    const there = statSync(path, { throwIfNoEntry: false });
    const own = fstatSync(descriptor);
    return there !== undefined && there.ino === own.ino && there.dev === own.dev;
  };
  const shut = () => {
    // A network file system may tell only now that there was no room.
    if (isOpen) attempt(() => closeSync(descriptor));
    isOpen = false;
  };
  return {
    path,
    write(text) {
      // It may be hours since it was opened.
      if (size === 0 && gathered === '' && !isThere()) {
        shut();
        descriptor = attempt(() => openSync(path, 'w'));
        isOpen = true;
      }
      gathered += text;
      if (gathered.length >= GATHER_CHARACTERS) send();
    },
    async flush() {
      send();
    },
    async close() {
      send();
      shut();
    },
    abandon() {
      gathered = '';
      try {
        if (!isOpen || !fstatSync(descriptor).isFile()) return '';
        // Of a link both: the file that it leads to must not stay with a half either.
        ftruncateSync(descriptor);
        unlinkSync(realpathSync(path));
        return '; what was written of it was removed';
      } catch {
        return '; what is there of it is not whole';
      } finally {
        try {
          shut();
        } catch {
          // The first error was told.
        }
      }
    },
  };
}
