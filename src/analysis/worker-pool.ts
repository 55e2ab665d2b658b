import type { Worker } from 'node:worker_threads';
import type { AnalyzeInputsOptions, InputResult } from './types.ts';
import type { FromWorker, Item, ToWorker, WorkerStart } from './worker-messages.ts';

/** Analyses files in worker threads, each taking the next one when it is done. */
export class Pool {
  readonly #paths: readonly string[];
  readonly #options: AnalyzeInputsOptions;
  readonly #results: (InputResult | undefined)[];
  /** What came of inputs whose turn to be told has not come, by input. */
  readonly #held = new Map<number, { items: readonly Item[]; credits: Int32Array }[]>();
  readonly #progress = new Map<
    number,
    { bytesRead: number; totalBytes: number | null; frames: number; findings: number }
  >();
  readonly #workers: Worker[] = [];
  /** The input that is being told of: results of later ones are held. */
  #telling = 0;
  #next = 0;

  constructor(paths: readonly string[], options: AnalyzeInputsOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#results = new Array(paths.length);
  }

  async run(jobs: number): Promise<InputResult[]> {
    // Not import(): what is kept of compiled code can have none (bin/kept-code.js).
    const threads = process.getBuiltinModule('node:worker_threads');
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.#work(threads)));
    } finally {
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
    // Without those that nobody began because the signal fired.
    return this.#results.filter((result) => result !== undefined);
  }

  #work(threads: typeof import('node:worker_threads')): Promise<void> {
    const { settings, sink, signal } = this.#options;
    const { rules: _functions, ...rest } = settings;
    const credits = new Int32Array(new SharedArrayBuffer(8));
    const start: WorkerStart = { settings: rest, streams: sink !== undefined, credits };
    const worker = new threads.Worker(new URL(`./worker${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData: start,
    });
    this.#workers.push(worker);
    const send = (message: ToWorker) => worker.postMessage(message);
    const stop = () => {
      Atomics.store(credits, 1, 1);
      Atomics.notify(credits, 0);
      send({ type: 'stop' });
    };
    return new Promise<void>((resolve, reject) => {
      const assign = () => {
        if (this.#next >= this.#paths.length || signal?.aborted === true) {
          signal?.removeEventListener('abort', stop);
          resolve();
          return;
        }
        const input = this.#next++;
        send({ type: 'analyze', input, path: this.#paths[input]! });
      };
      worker.on('message', (message: FromWorker) => {
        switch (message.type) {
          case 'items':
            this.#hold(message.input, message.items, credits);
            break;
          case 'progress':
            this.#progress.set(message.input, message);
            this.#showProgress();
            break;
          case 'result':
            this.#results[message.input] = message.result;
            this.#tell();
            assign();
            break;
        }
      });
      worker.on('error', reject);
      worker.on('messageerror', reject);
      signal?.addEventListener('abort', stop);
      assign();
    });
  }

  #hold(input: number, items: readonly Item[], credits: Int32Array): void {
    const held = this.#held.get(input);
    if (held === undefined) this.#held.set(input, [{ items, credits }]);
    else held.push({ items, credits });
    this.#tell();
  }

  /** Tells the sink what is known of the input whose turn it is, and of those after it that are done. */
  #tell(): void {
    for (; this.#telling < this.#paths.length; this.#telling++) {
      const input = this.#telling;
      for (const { items, credits } of this.#held.get(input) ?? []) {
        for (const { exchange, finding } of items) {
          if (finding !== undefined) this.#options.sink?.finding?.(finding, exchange ?? null);
          else if (exchange !== undefined) this.#options.sink?.exchange?.(exchange);
        }
        Atomics.sub(credits, 0, 1);
        Atomics.notify(credits, 0);
      }
      this.#held.delete(input);
      if (this.#results[input] === undefined) return;
    }
  }

  #showProgress(): void {
    let [bytesRead, totalBytes, frames, findings] = [0, 0, 0, 0];
    for (const progress of this.#progress.values()) {
      bytesRead += progress.bytesRead;
      totalBytes += progress.totalBytes ?? 0;
      frames += progress.frames;
      findings += progress.findings;
    }
    this.#options.onProgress?.({ bytesRead, totalBytes, frames, findings });
  }
}
