import { elapsedMillis } from '../elapsed.ts';
import type { ByteSource } from './bytes/byte-source.ts';
import type { InputBuffer } from './bytes/input-buffer.ts';
import { CaptureError } from './errors.ts';
import type { Damage, RecordReader } from './format/record-reader.ts';
import type { RecordSkipper, SkippingSource } from './format/record-skipper.ts';
import type { CaptureInterface, CaptureProblem, Count, FrameHandler, RunOptions } from './source.ts';

/** How long frames are read before the event loop gets a turn. */
const TURN_MILLISECONDS = 80;
/** How often a pipe that says nothing is told of. */
const WAIT_MILLISECONDS = 100;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

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

  get comments(): readonly string[] {
    return this.#reader.comments ?? [];
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
    let lastTurn = elapsedMillis();
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
        if (elapsedMillis() - lastTurn > TURN_MILLISECONDS) {
          await onPause?.(this);
          await turn();
          lastTurn = elapsedMillis();
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
