import { statSync } from 'node:fs';
import { CaptureError } from './errors.ts';
import { type OpenOptions, openCapture } from './open.ts';
import { showPath, toPath } from './paths.ts';
import {
  addDrops,
  type CaptureInterface,
  type CaptureProblem,
  type Count,
  type Frame,
  type FrameHandler,
  type FrameSource,
  type RunOptions,
} from './source.ts';

/** Opens one of several sources when its turn comes: there may be thousands, or it may not be there yet. */
export type OpenNext = () => Promise<FrameSource>;

/** Enough for the first record of nearly any capture; the buffer grows for the others. */
const PEEK_LENGTH = 64 * 1024;

/**
 * The files of a rotated capture as one source, in the order of sortByTime(). Rejects with CaptureError when the first cannot
 * be opened; when another cannot, that is a problem like damage in it, and the next ones go on.
 */
export async function joinCaptures(paths: readonly string[], options: OpenOptions = {}): Promise<FrameSource> {
  const sorted = await sortByTime(paths);
  const sizes = sorted.map(sizeOf);
  const totalBytes = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + size!, 0);
  const name = sorted.length === 1 ? showPath(sorted[0]!) : `${showPath(sorted[0]!)} (and ${sorted.length - 1} more)`;
  const [first, ...others] = sorted.map((path) => () => openCapture(path, options));
  return joinSources(name, await first!(), others, totalBytes);
}

/**
 * Several sources as one: frame numbers and interfaces go on from one to the next. A problem names its own file, and its
 * offset and frame are those in that file. When one of `others` cannot be opened, that is a problem, too.
 */
export function joinSources(
  name: string,
  first: FrameSource,
  others: Iterable<OpenNext>,
  totalBytes: number | null = null,
): FrameSource {
  return new JoinedSource(name, first, others, totalBytes);
}

/**
 * The paths in the order in which their first frames were captured; those without frames, and those that cannot be opened,
 * come last. When one of them is not a regular file, which can be read only once, the order stays as it is.
 */
export async function sortByTime(paths: readonly string[]): Promise<string[]> {
  if (paths.length < 2 || paths.some((path) => sizeOf(path) === null)) return [...paths];
  const timed: { path: string; seconds: number; nanos: number }[] = [];
  for (const path of paths) timed.push({ path, ...(await peekTime(path)) });
  // Both are infinite for files without frames, whose difference would be no number.
  const compare = (a: number, b: number) => (a === b ? 0 : a - b);
  return timed.sort((a, b) => compare(a.seconds, b.seconds) || compare(a.nanos, b.nanos)).map(({ path }) => path);
}

async function peekTime(path: string): Promise<{ seconds: number; nanos: number }> {
  return (await peekStart(path)) ?? { seconds: Number.POSITIVE_INFINITY, nanos: 0 };
}

/** Time of the first frame of a regular file; null where it has none, or cannot be opened. */
export async function peekStart(path: string): Promise<{ seconds: number; nanos: number } | null> {
  let time: { seconds: number; nanos: number } | null = null;
  try {
    const source = await openCapture(path, { bufferLength: PEEK_LENGTH });
    const stop = new AbortController();
    const keepFirst = ({ seconds, nanos }: Frame) => {
      time ??= { seconds, nanos };
      // A reason of its own: without one, an error is made, whose stack takes longer than all else done to a small file.
      stop.abort('the first frame is enough');
    };
    await source.run(keepFirst, { signal: stop.signal });
  } catch (error) {
    // It is told when its turn comes.
    if (!(error instanceof CaptureError)) throw error;
  }
  return time;
}

/** Null when it is no regular file. */
function sizeOf(path: string): number | null {
  if (path === '-') return null;
  const status = statSync(toPath(path), { throwIfNoEntry: false });
  // A file that is missing keeps the others from nothing.
  if (status === undefined) return 0;
  return status.isFile() ? status.size : null;
}

class JoinedSource implements FrameSource {
  readonly name: string;
  readonly format: FrameSource['format'];
  readonly compression: FrameSource['compression'];
  readonly totalBytes: number | null;
  readonly #others: Iterable<OpenNext>;
  #current: FrameSource;
  /** Sums over the parts that are done. */
  #interfaces: CaptureInterface[] = [];
  readonly #problems: CaptureProblem[] = [];
  #drops: Count | null = null;
  #bytesRead = 0;
  #frames = 0;
  #isDone = false;

  constructor(name: string, first: FrameSource, others: Iterable<OpenNext>, totalBytes: number | null) {
    this.name = name;
    this.format = first.format;
    this.compression = first.compression;
    this.totalBytes = totalBytes;
    this.#current = first;
    this.#others = others;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#isDone ? this.#interfaces : [...this.#interfaces, ...this.#current.interfaces];
  }

  get problems(): readonly CaptureProblem[] {
    return this.#isDone ? this.#problems : [...this.#problems, ...this.#current.problems];
  }

  get drops(): Count | null {
    return this.#isDone ? this.#drops : addDrops(this.#drops, this.#current.drops);
  }

  get frames(): number {
    return this.#frames;
  }

  get bytesRead(): number {
    return this.#bytesRead + (this.#isDone ? 0 : this.#current.bytesRead);
  }

  async run(onFrame: FrameHandler, options: RunOptions = {}): Promise<void> {
    const { signal, onPause } = options;
    const each = {
      ...(signal === undefined ? {} : { signal }),
      ...(onPause === undefined ? {} : { onPause: () => onPause(this) }),
    };
    const runCurrent = async () => {
      const before = this.#frames;
      const interfacesBefore = this.#interfaces.length;
      await this.#current.run((frame) => {
        const { number, interfaceIndex } = frame;
        this.#frames = before + number;
        frame.number = this.#frames;
        frame.interfaceIndex = interfacesBefore + interfaceIndex;
        onFrame(frame);
        // Some readers set the interface only once.
        frame.interfaceIndex = interfaceIndex;
      }, each);
      // Records that are no packets have numbers too, behind the last packet as well.
      this.#frames = Math.max(this.#frames, before + (this.#current.frames ?? 0));
      this.#finishCurrent();
    };
    await runCurrent();
    for (const open of this.#others) {
      if (signal?.aborted === true) break;
      if (await this.#open(open, signal)) await runCurrent();
    }
  }

  async #open(open: OpenNext, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      this.#current = await open();
      this.#isDone = false;
      return true;
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      // Given up while it waited for its turn.
      if (signal?.aborted === true) return false;
      const { code, offset, frame, message } = error;
      this.#problems.push({ code, offset, frame, message });
      return false;
    }
  }

  #finishCurrent(): void {
    const { interfaces, problems, drops, bytesRead } = this.#current;
    this.#interfaces.push(...interfaces);
    this.#problems.push(...problems);
    this.#drops = addDrops(this.#drops, drops);
    this.#bytesRead += bytesRead;
    this.#isDone = true;
  }
}
