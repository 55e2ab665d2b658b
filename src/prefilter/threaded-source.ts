import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { RecordSkipper, SkippingSource } from '../capture/format/record-skipper.ts';
import type {
  CaptureInterface,
  CaptureProblem,
  Count,
  FrameHandler,
  FrameSource,
  RunOptions,
} from '../capture/source.ts';
import type { DecoderOptions } from '../decode/decoder.ts';
import { createRing, FrameRingReader } from './frame-ring.ts';
import type { FrameTotals } from './frame-totals.ts';
import type { ReaderEnd, ReaderStart } from './reader-thread.ts';

/** How long frames are analysed, or waited for, before the event loop gets a turn. */
const TURN_MILLISECONDS = 80;
const WAIT_MILLISECONDS = 20;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A capture file that another thread reads and filters: unlike other sources it hands out only the frames that triage admits, and
 * tells in `totals` what there was. Reading and triage are half of the work on an ordinary capture, and little of it is left
 * to cross from one processor to the other.
 */
export class ThreadedSource implements SkippingSource {
  readonly name: string;
  readonly format: FrameSource['format'];
  readonly compression: FrameSource['compression'];
  readonly totalBytes: number | null;
  interfaces: readonly CaptureInterface[] = [];
  problems: readonly CaptureProblem[] = [];
  drops: Count | null = null;
  frames = 0;
  readonly #progress = new Float64Array(new SharedArrayBuffer(8));
  readonly #port: MessagePort;
  readonly #start: Omit<ReaderStart, 'trims'>;
  readonly #ring: FrameRingReader;
  #headersSuffice = false;
  /** The same capture as this thread has opened it. */
  readonly #like: FrameSource;
  /** `like`: the same capture, opened by its path but not read. Owns it. */
  constructor(path: string, like: FrameSource, decoder: DecoderOptions) {
    this.#like = like;
    this.name = like.name;
    this.format = like.format;
    this.compression = like.compression;
    this.totalBytes = like.totalBytes;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const ring = createRing();
    this.#ring = new FrameRingReader(ring, () => receiveMessageOnPort(port1)?.message as Uint8Array);
    this.#start = { path, decoder, ring, progress: this.#progress, port: port2 };
  }

  get totals(): FrameTotals {
    return this.#ring.totals;
  }

  get bytesRead(): number {
    return this.#progress[0]!;
  }

  skipWith(skipper: RecordSkipper): void {
    this.#ring.use(skipper);
    this.#headersSuffice = skipper.headersSuffice;
  }

  async run(onFrame: FrameHandler, options: RunOptions = {}): Promise<void> {
    const { signal, onPause } = options;
    const ring = this.#ring;
    // It has told what it is; nobody reads it, so that it is closed.
    await this.#like.run(() => {}, { signal: AbortSignal.abort('no more than the head') });
    const worker = this.#startWorker(this.#headersSuffice);
    let lastTurn = performance.now();
    try {
      while (!ring.isOver && signal?.aborted !== true) {
        const isIdle = !ring.take(onFrame, WAIT_MILLISECONDS);
        if (!isIdle && performance.now() - lastTurn < TURN_MILLISECONDS) continue;
        await onPause?.(this);
        await turn();
        if (worker.fault !== null && !ring.isEnded) throw worker.fault;
        lastTurn = performance.now();
      }
    } finally {
      ring.stop();
      await worker.ended;
      this.#takeEnd();
      this.#port.close();
    }
  }

  /** `fault`: why the ring got no end, once the thread has ended. */
  #startWorker(trims: boolean): { readonly ended: Promise<void>; readonly fault: unknown } {
    const worker = new Worker(new URL(`./reader-thread${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData: { ...this.#start, trims } satisfies ReaderStart,
      transferList: [this.#start.port],
    });
    const state = { fault: null as unknown, ended: Promise.resolve() };
    state.ended = new Promise((resolve) => {
      worker.on('error', (error) => {
        state.fault = error;
      });
      worker.on('exit', (code) => {
        state.fault ??= new Error(`the thread that reads ${this.name} ended with ${code}`);
        resolve();
      });
    });
    return state;
  }

  #takeEnd(): void {
    // Where reading was given up, bytes of long frames may stand before it.
    let message: { message: ReaderEnd | Uint8Array } | undefined;
    do message = receiveMessageOnPort(this.#port);
    while (message?.message instanceof Uint8Array);
    if (message === undefined) return;
    const { interfaces, problems, drops, frames } = message.message as ReaderEnd;
    this.interfaces = interfaces;
    this.problems = problems;
    this.drops = drops;
    this.frames = frames;
  }
}
