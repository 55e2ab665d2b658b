import type { ByteSource } from './byte-source.ts';
import { CaptureError } from './errors.ts';
import { givePages, PAGE, takePages } from './page-memory.ts';
import type { Damage, RecordReader } from './record-reader.ts';
import type { RecordSkipper, SkippingSource } from './record-skipper.ts';
import type { CaptureInterface, CaptureProblem, Count, FrameHandler, RunOptions } from './source.ts';

/** How long frames are read before the event loop gets a turn. */
const TURN_MILLISECONDS = 80;
/** How often a pipe that says nothing is told of. */
const WAIT_MILLISECONDS = 100;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The bytes that were read and not yet used: bytes[start, end). Grows when one record needs more. */
export class InputBuffer {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  readonly #source: ByteSource;
  /** Whether the bytes are somebody else's. */
  #isBorrowed = false;

  constructor(source: ByteSource, length: number) {
    this.#source = source;
    this.bytes = takePages(length);
  }

  /** Goes on in other memory, if what is there fits in: from then on bytes are in the caller's, which it keeps. */
  moveTo(bytes: Uint8Array): void {
    if (this.end > bytes.length) return;
    bytes.set(this.bytes.subarray(this.start, this.end), this.start);
    this.#free();
    this.bytes = bytes;
    this.#isBorrowed = true;
  }

  #free(): void {
    if (!this.#isBorrowed) givePages(this.bytes);
    this.#isBorrowed = false;
  }

  /** Frees the memory, once nobody looks at frames any more. */
  close(): void {
    this.#free();
    this.bytes = new Uint8Array(0);
    this.start = 0;
    this.end = 0;
  }

  /**
   * Reads once more. Returns how many bytes came, or resolves with it; 0 at the end. `needed`: what bytes[start, end) should
   * hold. Throws, or rejects with, CaptureError when the input fails.
   */
  fill(needed: number): number | Promise<number> {
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
    } else if (this.start + needed > this.bytes.length) {
      this.#makeRoom(needed);
    }
    try {
      const count = this.#source.read(this.bytes, this.end, this.bytes.length);
      return typeof count === 'number' ? this.#add(count) : count.then((late) => this.#add(late), rethrowAsInputError);
    } catch (error) {
      return rethrowAsInputError(error);
    }
  }

  /** Moves what is left to the front, but so that the next read begins on a page: see page-memory.ts. */
  #makeRoom(needed: number): void {
    const { bytes, start, end } = this;
    const grain = bytes.length % PAGE === 0 && bytes.length > PAGE ? PAGE : 1;
    const left = end - start;
    const newEnd = Math.ceil(left / grain) * grain;
    if (newEnd === bytes.length) {
      // Twice as long at most, so that a length that is a lie takes no more memory than twice the bytes that came.
      this.bytes = takePages(Math.min(newEnd + needed - left, bytes.length * 2));
      this.#isBorrowed = false;
      this.bytes.set(bytes.subarray(start, end), newEnd - left);
    } else {
      bytes.copyWithin(newEnd - left, start, end);
    }
    this.start = newEnd - left;
    this.end = newEnd;
  }

  #add(count: number): number {
    this.end += count;
    return count;
  }
}

function rethrowAsInputError(error: unknown): never {
  if (error instanceof CaptureError) throw error;
  throw new CaptureError('unreadable', `cannot be read on: ${(error as Error).message}`);
}

/** A capture in a file or a pipe: bytes from a source, records by a reader. */
export class RecordSource implements SkippingSource {
  readonly name: string;
  readonly compression: 'gzip' | 'zstd' | null;
  readonly #source: ByteSource;
  readonly #buffer: InputBuffer;
  readonly #reader: RecordReader;
  readonly #problems: CaptureProblem[] = [];
  #skipper: RecordSkipper | null = null;

  constructor(
    name: string,
    compression: 'gzip' | 'zstd' | null,
    source: ByteSource,
    buffer: InputBuffer,
    reader: RecordReader,
  ) {
    this.name = name;
    this.compression = compression;
    this.#source = source;
    this.#buffer = buffer;
    this.#reader = reader;
  }

  get format(): 'pcap' | 'pcapng' {
    return this.#reader.format;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#reader.interfaces;
  }

  get problems(): readonly CaptureProblem[] {
    return this.#problems;
  }

  get frames(): number {
    return this.#reader.frames;
  }

  get drops(): Count | null {
    return this.#reader.drops;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get totalBytes(): number | null {
    return this.#source.totalBytes;
  }

  skipWith(skipper: RecordSkipper): void {
    this.#skipper = skipper;
  }

  async run(onFrame: FrameHandler, options: RunOptions = {}): Promise<void> {
    const { signal, onPause } = options;
    const skipper = this.#skipper;
    const reader = this.#reader;
    const buffer = this.#buffer;
    const isStopped = () => signal?.aborted === true;
    const stop = () => this.#source.close();
    signal?.addEventListener('abort', stop);
    let lastTurn = performance.now();
    if (skipper !== null) buffer.moveTo(skipper.bytes);
    try {
      while (!isStopped()) {
        // A record too long for it has made the buffer grow out of the skipper's memory.
        const skips = skipper !== null && buffer.bytes === skipper.bytes;
        buffer.start = reader.read(buffer.bytes, buffer.start, buffer.end, onFrame, skips ? skipper : undefined);
        if (reader.damage !== null) {
          this.#addProblem(reader.damage);
          return;
        }
        if (performance.now() - lastTurn > TURN_MILLISECONDS) {
          await onPause?.(this);
          await turn();
          lastTurn = performance.now();
        }
        let count: number;
        try {
          const filled = buffer.fill(reader.needed);
          count = typeof filled === 'number' ? filled : await this.#wait(filled, onPause);
        } catch (error) {
          if (!(error instanceof CaptureError)) throw error;
          this.#addProblem({ code: error.code, offset: reader.offset, message: error.message });
          return;
        }
        if (count > 0) continue;
        const cut = isStopped() ? null : reader.cut(buffer.end - buffer.start);
        if (cut !== null) this.#addProblem(cut);
        return;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#source.close();
      buffer.close();
    }
  }

  /** Waits for bytes; tells `onPause` that time passes without. */
  async #wait(count: Promise<number>, onPause: RunOptions['onPause']): Promise<number> {
    if (onPause === undefined) return count;
    const thrown: unknown[] = [];
    let pause: Promise<void> | null = null;
    const callOnPause = async () => {
      try {
        await onPause(this);
      } catch (error) {
        // Out of a timer it would end the process; it belongs to whoever called run().
        thrown.push(error);
        this.#source.close();
      }
      pause = null;
    };
    const timer = setInterval(() => {
      pause ??= callOnPause();
    }, WAIT_MILLISECONDS);
    try {
      const late = await count;
      await pause;
      if (thrown.length > 0) throw thrown[0];
      return late;
    } finally {
      clearInterval(timer);
    }
  }

  #addProblem({ code, offset, message }: Damage): void {
    const frame = this.#reader.frames + 1;
    this.#problems.push({ code, offset, frame, message: `${this.name}: frame ${frame} at byte ${offset}: ${message}` });
  }
}
