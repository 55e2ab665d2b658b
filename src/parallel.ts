import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import {
  type AnalysisSettings,
  type AnalysisSink,
  type AnalyzeSourceOptions,
  analyzeSource,
  type InputResult,
} from './analyze.ts';
import { CaptureError } from './capture/errors.ts';
import { openCapture } from './capture/open.ts';
import type { CaptureProblem, Frame, FrameSource } from './capture/source.ts';
import type { Severity } from './rules/types.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker.ts';

/** One input of a report, as it was found: something to read, or what is wrong (a folder without captures). */
export type Input = ReadableInput | { readonly name: string; readonly problem: CaptureProblem };

export interface ReadableInput {
  readonly name: string;
  /** One file (or `-`), or several that `open` makes one source of. */
  readonly paths: readonly string[];
  /** Null where there is no size. */
  readonly bytes: number | null;
  readonly open?: () => Promise<FrameSource>;
  /** It goes by once: a pipe, or a capture that grows. */
  readonly once?: boolean;
}

/** How far all inputs are. */
export interface InputsProgress {
  readonly bytesRead: number;
  /** Null when an input is a pipe. */
  readonly totalBytes: number | null;
  readonly frames: number;
  readonly findings: number;
}

/** Sees each frame before its results are known; as analyzeSource takes it. */
export type Watcher = AnalysisSink & { readonly onFrame: (frame: Frame) => void };

export interface AnalyzeInputsOptions {
  readonly settings: AnalysisSettings;
  /**
   * Most inputs at the same time; by default what the machine has processors for, where there is enough to read. Of a single
   * large file a second thread does the reading, unless this is 1.
   */
  readonly jobs?: number | undefined;
  /** Bytes from which on a second thread, or several, are worth it (default 128 MiB; of a single file 640 MiB). */
  readonly worthThreads?: number;
  /** Hears of the results of one input after the other, in the order of the inputs, whatever `jobs` is. */
  readonly sink?: AnalysisSink | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Looks at the frames and results of an input that goes by once, when that is opened. */
  readonly watch?: ((source: FrameSource) => Watcher) | undefined;
  /** At most about ten times a second; reading waits for what it returns. */
  readonly onProgress?: ((progress: InputsProgress) => void | Promise<void>) | undefined;
}

/** A worker takes some 60 ms to start and to load, and longer to be fast; below this much to read that is not worth it. */
const WORTH_THREADS = 128 * 1024 * 1024;
/** Of a single file only the reading goes to another thread, which pays later still (measured, see bench/notes.md). */
const WORTH_SIFTING = 640 * 1024 * 1024;

/** Analyses every input. Never rejects for an input that cannot be opened or is damaged: its result says so. */
export async function analyzeInputs(inputs: readonly Input[], options: AnalyzeInputsOptions): Promise<InputResult[]> {
  const bytes = inputs.reduce((sum, input) => sum + (sizeOf(input) ?? 0), 0);
  const { worthThreads = WORTH_THREADS, worthThreads: worthSifting = WORTH_SIFTING } = options;
  const automatic = bytes >= worthThreads ? availableParallelism() : 1;
  const threads = options.jobs ?? automatic;
  const jobs = Math.min(threads, inputs.length);
  if (jobs > 1 && inputs.every(isFile)) {
    return new Pool(
      inputs.flatMap((input) => ('paths' in input ? input.paths : [])),
      options,
    ).run(jobs);
  }

  const totalBytes = inputs.every((input) => sizeOf(input) !== null) ? bytes : null;
  const { settings, sink, signal, onProgress, watch } = options;
  const results: InputResult[] = [];
  let [bytesRead, frames, findings] = [0, 0, 0];
  for (const [index, input] of inputs.entries()) {
    if (signal?.aborted === true) break;
    const result = await analyzeInput(input, {
      settings,
      input: index,
      isSifted: threads > 1 && availableParallelism() > 1 && (sizeOf(input) ?? 0) >= worthSifting,
      ...(watch === undefined ? {} : { watch }),
      ...(sink === undefined ? {} : { sink }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) =>
        onProgress?.({
          bytesRead: bytesRead + progress.source.bytesRead,
          totalBytes: inputs.length === 1 ? progress.source.totalBytes : totalBytes,
          frames: frames + progress.frames,
          findings: findings + countFindings(progress.findings),
        }),
    });
    bytesRead += sizeOf(input) ?? 0;
    frames += result.summary.frames;
    findings += countFindings(result.summary.findings);
    results.push(result);
  }
  return results;
}

function sizeOf(input: Input): number | null {
  return 'problem' in input ? 0 : input.bytes;
}

/** Whether any thread can open it by its name. */
function isFile(input: Input): boolean {
  return 'paths' in input && input.open === undefined && input.once !== true;
}

function countFindings(findings: Readonly<Record<Severity, number>>): number {
  return findings.error + findings.warning + findings.info;
}

export interface AnalyzeInputOptions extends AnalyzeSourceOptions, Pick<AnalyzeInputsOptions, 'watch'> {
  /** Whether another thread is to read the input, where that is a file. */
  readonly isSifted?: boolean;
}

/** Opens one input and reads it to its end. */
export async function analyzeInput(
  input: Input,
  { watch, isSifted, ...options }: AnalyzeInputOptions,
): Promise<InputResult> {
  if ('problem' in input) return unopened(input.name, input.problem, options);
  const { signal } = options;
  let source: FrameSource;
  try {
    source = await openInput(input, signal);
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    const { code, offset, frame, message } = error;
    return unopened(input.name, { code, offset, frame, message }, options);
  }
  if (isSifted === true && isFile(input)) {
    const { SiftedSource } = await import('./sift/sifted-source.ts');
    const sifted = new SiftedSource(input.paths[0]!, source, options.settings.config.decoder);
    return analyzeSource(sifted, { ...options, totals: sifted.totals });
  }
  if (watch === undefined || input.once !== true) return analyzeSource(source, options);
  const watcher = watch(source);
  return analyzeSource(source, { ...options, sink: bothSinks(options.sink, watcher), onFrame: watcher.onFrame });
}

/** Rejects with CaptureError when it cannot be opened. */
export async function openInput(input: ReadableInput, signal?: AbortSignal): Promise<FrameSource> {
  return input.open?.() ?? openCapture(input.paths[0]!, signal === undefined ? {} : { signal });
}

function bothSinks(one: AnalysisSink | undefined, other: AnalysisSink): AnalysisSink {
  return {
    exchange(exchange) {
      one?.exchange?.(exchange);
      other.exchange?.(exchange);
    },
    finding(finding, exchange) {
      one?.finding?.(finding, exchange);
      other.finding?.(finding, exchange);
    },
    answered(exchange, findings) {
      one?.answered?.(exchange, findings);
      other.answered?.(exchange, findings);
    },
  };
}

/** The result of an input that could not be opened: all counts are 0, and the problem says why. */
async function unopened(name: string, problem: CaptureProblem, options: AnalyzeSourceOptions): Promise<InputResult> {
  const source: FrameSource = {
    name,
    format: 'pcap',
    compression: null,
    interfaces: [],
    problems: [problem],
    drops: null,
    bytesRead: 0,
    totalBytes: 0,
    run: async () => {},
  };
  const result = await analyzeSource(source, options);
  return { ...result, input: { ...result.input, format: null } };
}

type Item = Extract<FromWorker, { type: 'items' }>['items'][number];

/** Analyses files in worker threads, each taking the next one when it is done. */
class Pool {
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
    const threads = await import('node:worker_threads');
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
