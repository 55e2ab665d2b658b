import { fstatSync, type Stats, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { OutputStream } from './io.ts';

const DESCRIPTOR = 1;

/**
 * Standard output. Node's own stream for files takes a write for done of which the disk took only a part, so that a report
 * would end early and nobody know; terminals and pipes have no such case.
 */
export function openStandardOutput(): OutputStream {
  const status = standardOutputStatus();
  const isPlain = status !== null && (status.isFile() || (status.isCharacterDevice() && !isatty(DESCRIPTOR)));
  return isPlain ? new FileStream(DESCRIPTOR) : process.stdout;
}

/** Null where there is none. */
export function standardOutputStatus(): Stats | null {
  try {
    return fstatSync(DESCRIPTOR);
  } catch {
    return null;
  }
}

/** Settles when all that was written has been taken, or has failed. */
export function settled(stream: OutputStream): Promise<void> {
  return new Promise((resolve) => {
    // A stream that has failed may keep what comes after, and never say so.
    for (const event of ['error', 'close']) stream.once(event, () => resolve());
    stream.write('', () => resolve());
  });
}

class FileStream extends Writable {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    super({ decodeStrings: true });
    this.#descriptor = descriptor;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      // A second write tells why the first was short.
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#descriptor, chunk, at);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }
}
