import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { toPath } from '../paths.ts';

/** Where bytes come from: a file, a pipe, a decompressor around either. */
export interface ByteSource {
  /** Bytes of the input consumed so far, and its size, both as stored; null when it has no size. */
  readonly bytesRead: number;
  readonly totalBytes: number | null;
  /**
   * Fills bytes[start, end) as far as bytes are at hand and returns how many; 0 at the end. Answers with a promise only
   * when it must wait: a file never does, which is what makes it fast. Throws, or rejects, when the input fails.
   */
  read(bytes: Uint8Array, start: number, end: number): number | Promise<number>;
  /** Whether reopen() gives something. */
  readonly canReopen: boolean;
  /** The same bytes from the start again; null when they can only be read once. */
  reopen(): ByteSource | null;
  /** Frees what it holds; a read that waits settles with 0. May be called twice. */
  close(): void;
}

/** A regular file, read synchronously: measured three times as fast as overlapped asynchronous reads. */
export class FileSource implements ByteSource {
  bytesRead = 0;
  readonly totalBytes: number;
  readonly #descriptor: number;
  readonly #path: string | null;
  #open = true;

  /** `path` is for reopen(); without it (standard input) the descriptor belongs to somebody else and stays open. */
  constructor(descriptor: number, path: string | null) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.totalBytes = fstatSync(descriptor).size;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#open) return 0;
    const count = readSync(this.#descriptor, bytes, start, end - start, null);
    this.bytesRead += count;
    return count;
  }

  get canReopen(): boolean {
    return this.#path !== null;
  }

  reopen(): ByteSource | null {
    return this.#path === null ? null : new FileSource(openSync(toPath(this.#path), 'r'), this.#path);
  }

  close(): void {
    if (this.#open && this.#path !== null) closeSync(this.#descriptor);
    this.#open = false;
  }
}

/** A pipe, a socket or what a child process writes. Hands on what has come as soon as it has. */
export class StreamSource implements ByteSource {
  bytesRead = 0;
  readonly totalBytes = null;
  readonly canReopen = false;
  readonly #stream: Readable;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = () => this.#wake?.();
    const end = () => {
      this.#ended = true;
      wake();
    };
    stream.on('readable', wake);
    stream.on('end', end);
    stream.on('close', end);
    stream.on('error', (error) => {
      this.#error = error;
      wake();
    });
  }

  read(bytes: Uint8Array, start: number, end: number): number | Promise<number> {
    const count = this.#take(bytes, start, end);
    return count > 0 || this.#isOver() ? count : this.#wait(bytes, start, end);
  }

  async #wait(bytes: Uint8Array, start: number, end: number): Promise<number> {
    for (;;) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
      const count = this.#take(bytes, start, end);
      if (count > 0 || this.#isOver()) return count;
    }
  }

  #isOver(): boolean {
    if (this.#error !== null) throw this.#error;
    return this.#ended;
  }

  #take(bytes: Uint8Array, start: number, end: number): number {
    if (this.#rest.length === 0) this.#rest = (this.#stream.read() as Uint8Array | null) ?? this.#rest;
    const count = Math.min(this.#rest.length, end - start);
    if (count === 0) return 0;
    bytes.set(this.#rest.subarray(0, count), start);
    this.#rest = this.#rest.subarray(count);
    this.bytesRead += count;
    return count;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.#stream.destroy();
    this.#ended = true;
    this.#wake?.();
  }
}

/** Bytes that were read to look at them, then the rest of their source. */
export class PrefixedSource implements ByteSource {
  readonly #source: ByteSource;
  #prefix: Uint8Array;

  constructor(prefix: Uint8Array, source: ByteSource) {
    this.#prefix = prefix;
    this.#source = source;
  }

  get bytesRead(): number {
    return this.#source.bytesRead - this.#prefix.length;
  }

  get totalBytes(): number | null {
    return this.#source.totalBytes;
  }

  read(bytes: Uint8Array, start: number, end: number): number | Promise<number> {
    const count = Math.min(this.#prefix.length, end - start);
    if (count === 0) return this.#source.read(bytes, start, end);
    bytes.set(this.#prefix.subarray(0, count), start);
    this.#prefix = this.#prefix.subarray(count);
    return count;
  }

  get canReopen(): boolean {
    return this.#source.canReopen;
  }

  reopen(): ByteSource | null {
    return this.#source.reopen();
  }

  close(): void {
    this.#source.close();
  }
}
