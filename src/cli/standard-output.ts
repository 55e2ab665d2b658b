import { fstatSync, type Stats, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { OutputStream } from './io.ts';

const DESCRIPTOR = 1;
const STANDARD_ERROR = 2;

/**
 * Standard output. Node's own stream for files takes a write for done of which the disk took only a part, so that a report
 * would end early and nobody know; terminals and pipes have no such case.
 */
export function openStandardOutput(): OutputStream {
  const status = standardOutputStatus();
  const isPlain =
    status !== null && (status.isFile() || isNull(status) || (status.isCharacterDevice() && !isatty(DESCRIPTOR)));
  return isPlain ? new FileStream(DESCRIPTOR) : process.stdout;
}

/** Linux's /dev/null, of which nobody has to ask whether it is a terminal: what asks takes long to load. */
const isNull = ({ rdev }: Stats) => process.platform === 'linux' && rdev === 0x103;

/** Null where there is none. */
export function standardOutputStatus(): Stats | null {
  return statusOf(DESCRIPTOR);
}

function statusOf(descriptor: number): Stats | null {
  try {
    return fstatSync(descriptor);
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
  /** For who writes past this stream, and deals with failures on its own. */
  readonly descriptor: number;

  constructor(descriptor: number) {
    super({ decodeStrings: true });
    this.descriptor = descriptor;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      // A second write tells why the first was short.
      for (let at = 0; at < chunk.length; ) at += writeSync(this.descriptor, chunk, at);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }
}

/** Bytes that wait for a reader of standard error. */
const MAX_LOG_WAITING = 1 << 20;

/** Standard error, where what cannot be written ends nothing: it is counted, and told when lines can be written again. */
export interface Log extends OutputStream {
  /** Lines that were not written. */
  readonly lost: number;
}

/** Node's own stream for files throws where the disk is full, and one for pipes keeps without bound what nobody reads. */
export function openStandardError(): OutputStream {
  const { stderr } = process;
  stderr.on('error', () => {});
  return stderr.isTTY ? stderr : new LogStream(stderr);
}

class LogStream extends Writable implements Log {
  lost = 0;
  readonly #stream: NodeJS.WriteStream;
  readonly #isFile = statusOf(STANDARD_ERROR)?.isFile() === true;
  #lostTold = 0;

  constructor(stream: NodeJS.WriteStream) {
    super({ decodeStrings: true });
    this.#stream = stream;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#put(`${this.#notice()}${chunk}`)) this.lost++;
    else this.#lostTold = this.lost;
    done();
  }

  #notice(): string {
    const lost = this.lost - this.#lostTold;
    return lost === 0 ? '' : `portzero: ${lost} ${lost === 1 ? 'line' : 'lines'} of this log could not be written\n`;
  }

  #put(text: string): boolean {
    try {
      // Past Node's stream, which after it has thrown once keeps what comes, and never writes again.
      if (this.#isFile) return writeSync(STANDARD_ERROR, text) === Buffer.byteLength(text);
    } catch {
      return false;
    }
    if (this.#stream.destroyed || this.#stream.writableLength > MAX_LOG_WAITING) return false;
    this.#stream.write(text, (error) => {
      if (error != null) this.lost++;
    });
    return true;
  }
}
