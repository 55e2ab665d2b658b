/** Analyses bytes with and without the express lane, and watches what the lane does. */
import { type AnalysisSettings, analyzeSource, type InputResult } from '../../src/analyze.ts';
import { openCapture, openSource } from '../../src/capture/open.ts';
import type { FrameSource } from '../../src/capture/source.ts';
import { Lane } from '../../src/lane/lane.ts';
import { type AnalyzeOptions, settingsOf } from '../../src/library.ts';
import { memorySource } from '../support/read-capture.ts';

export type Result = Omit<InputResult, 'elapsedMs'>;

/** What lanes have done since watch(). */
export interface Watched {
  /** Exchanges that were settled without the tracker. */
  settled: number;
  /** Exchanges that the tracker took over, by the state in which they were. */
  readonly taken: Map<string, number>;
  /** Frames in all, and those that came out of the reader all the same. */
  frames: number;
  handed: number;
}

/** Counts what happens in all lanes from now on, until `restore`. */
export function watch(): Watched & { restore(): void } {
  const { take, close } = Lane.prototype;
  const watched = {
    settled: 0,
    taken: new Map<string, number>(),
    frames: 0,
    handed: 0,
    restore() {
      Lane.prototype.take = take;
      Lane.prototype.close = close;
      watching = null;
    },
  };
  watching = watched;
  Lane.prototype.take = function (key) {
    const entry = take.call(this, key);
    if (entry !== null) watched.taken.set(entry.state, (watched.taken.get(entry.state) ?? 0) + 1);
    return entry;
  };
  Lane.prototype.close = function () {
    const { accepted, refused, silent, undecided } = this.settled;
    watched.settled += accepted + refused + silent + undecided;
    close.call(this);
  };
  return watched;
}
let watching: Watched | null = null;

export interface Variant extends AnalyzeOptions {
  readonly answerTimeoutNanos?: number;
  readonly mergeScopes?: boolean;
}

export function settingsFor({ answerTimeoutNanos, mergeScopes, ...options }: Variant): AnalysisSettings {
  const settings = settingsOf({ maxListed: 1000, maxExchanges: 5000, ...options }, false);
  const { config } = settings;
  return {
    ...settings,
    config: {
      ...config,
      answerTimeoutNanos: answerTimeoutNanos ?? config.answerTimeoutNanos,
      decoder: { ...config.decoder, mergeScopes: mergeScopes ?? false },
    },
  };
}

/** `onLane`: whether the lane reads. */
export async function analyze(source: FrameSource, settings: AnalysisSettings, onLane: boolean): Promise<Result> {
  const { run } = source;
  source.run = (onFrame, options) =>
    run.call(
      source,
      (frame) => {
        if (onLane && watching !== null) watching.handed++;
        onFrame(frame);
      },
      options,
    );
  const worthLane = onLane ? 0 : Number.POSITIVE_INFINITY;
  const { elapsedMs: _, ...result } = await analyzeSource(source, { settings, input: 0, worthLane });
  if (onLane && watching !== null) watching.frames += result.summary.frames;
  return result;
}

/** `piece`: how many bytes come at once. */
export async function analyzeBytes(
  bytes: Uint8Array,
  settings: AnalysisSettings,
  onLane: boolean,
  piece = 1 << 20,
): Promise<Result> {
  // The buffer of a source without a lane is its own: a short one has more ends in it.
  const source = await openSource('t', memorySource(bytes, [piece]), { bufferLength: 16_384 });
  return analyze(source, settings, onLane);
}

export async function analyzeFile(path: string, settings: AnalysisSettings, onLane: boolean): Promise<Result> {
  return analyze(await openCapture(path), settings, onLane);
}
