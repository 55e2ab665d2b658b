import { CaptureError } from '../capture/errors.ts';
import { openCapture } from '../capture/open.ts';
import type { CaptureProblem, FrameSource } from '../capture/source.ts';
import { analyzeSource } from './analyze-source.ts';
import { bothSinks } from './sinks.ts';
import type { AnalyzeInputsOptions, AnalyzeSourceOptions, Input, InputResult, ReadableInput } from './types.ts';

/**
 * From so many bytes of a single file on, another thread reads it. That one starts, compiles and relays, which costs processor time at any length, and pays
 * in wall time later than more threads for more files do (measured: docs/decisions/pages-cost-most.md).
 */
export const WORTH_TWO_THREADS = 1024 * 1024 * 1024;

/** Opens one input and reads it to its end. */
export async function analyzeInput(
  input: Input,
  { watch, isFiltered, ...options }: AnalyzeInputOptions,
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
  if (isFiltered === true && isFile(input)) {
    const { ThreadedSource } = await import('../prefilter/threaded-source.ts');
    const filtered = new ThreadedSource(input.paths[0]!, source, options.settings.config.decoder);
    return analyzeSource(filtered, { ...options, totals: filtered.totals });
  }
  if (watch === undefined || input.once !== true) return analyzeSource(source, options);
  const watcher = watch(source);
  return analyzeSource(source, { ...options, sink: bothSinks(options.sink, watcher), onFrame: watcher.onFrame });
}
export interface AnalyzeInputOptions extends AnalyzeSourceOptions, Pick<AnalyzeInputsOptions, 'watch'> {
  /** Whether another thread is to read the input, where that is a file. */
  readonly isFiltered?: boolean;
}
/** Rejects with CaptureError when it cannot be opened. */
export async function openInput(input: ReadableInput, signal?: AbortSignal): Promise<FrameSource> {
  return input.open?.() ?? openCapture(input.paths[0]!, signal === undefined ? {} : { signal });
}
/** The result of an input that could not be opened: all counts are 0, and the problem says why. */
export async function unopened(
  name: string,
  problem: CaptureProblem,
  options: AnalyzeSourceOptions,
): Promise<InputResult> {
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
/** Whether any thread can open it by its name. */
export function isFile(input: Input): boolean {
  return 'paths' in input && input.open === undefined && input.once !== true;
}
