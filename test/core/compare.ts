/** Analyses bytes with and without the core, and watches what the core does. */

import { type AnalyzeOptions, settingsOf } from '../../src/analysis/analyze-capture.ts';
import { analyzeSource } from '../../src/analysis/analyze-source.ts';
import type { AnalysisSettings, InputResult } from '../../src/analysis/types.ts';
import type { RecordSkipper, SkippingSource } from '../../src/capture/format/record-skipper.ts';
import { openCapture, openSource } from '../../src/capture/open.ts';
import type { FrameSource } from '../../src/capture/source.ts';
import { TunnelPorts } from '../../src/decode/tunnel/ports.ts';
import { CoreSkipper } from '../../src/prefilter/core-skipper.ts';
import { createRing, FrameRingReader, FrameRingWriter } from '../../src/prefilter/frame-ring.ts';
import { FrameTotals } from '../../src/prefilter/frame-totals.ts';
import { Prefilter } from '../../src/prefilter/prefilter.ts';
import { memorySource } from '../support/read-capture.ts';

export type Result = Omit<InputResult, 'elapsedMs'>;

/** What cores have done since watch(). */
export interface Watched {
  /** Exchanges that were settled without the tracker. */
  settled: number;
  /** Exchanges that the tracker took over, by the state in which they were. */
  readonly taken: Map<string, number>;
  /** Frames in all, and those that came out of the reader all the same. */
  frames: number;
  handed: number;
}

/** Counts what happens in all cores from now on, until `restore`. */
export function watch(): Watched & { restore(): void } {
  const { take, close } = CoreSkipper.prototype;
  const watched = {
    settled: 0,
    taken: new Map<string, number>(),
    frames: 0,
    handed: 0,
    restore() {
      CoreSkipper.prototype.take = take;
      CoreSkipper.prototype.close = close;
      watching = null;
    },
  };
  watching = watched;
  CoreSkipper.prototype.take = function (key) {
    const entry = take.call(this, key);
    if (entry !== null) watched.taken.set(entry.state, (watched.taken.get(entry.state) ?? 0) + 1);
    return entry;
  };
  CoreSkipper.prototype.close = function () {
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

/** `inCore`: whether the core reads. */
export async function analyze(source: FrameSource, settings: AnalysisSettings, inCore: boolean): Promise<Result> {
  const { run } = source;
  source.run = (onFrame, options) =>
    run.call(
      source,
      (frame) => {
        if (inCore && watching !== null) watching.handed++;
        onFrame(frame);
      },
      options,
    );
  const worthCore = inCore ? 0 : Number.POSITIVE_INFINITY;
  const { elapsedMs: _, ...result } = await analyzeSource(source, { settings, input: 0, worthCore });
  if (inCore && watching !== null) watching.frames += result.summary.frames;
  return result;
}

/** `piece`: how many bytes come at once. */
export async function analyzeBytes(
  bytes: Uint8Array,
  settings: AnalysisSettings,
  inCore: boolean,
  piece = 1 << 20,
): Promise<Result> {
  // The buffer of a source without a core is its own: a short one has more ends in it.
  const source = await openSource('t', memorySource(bytes, [piece]), { bufferLength: 16_384 });
  return analyze(source, settings, inCore);
}

/** As prefilter/threaded-source.ts and its worker, but in one thread, which must have room for the whole in the ring. */
export async function analyzeRelayed(bytes: Uint8Array, settings: AnalysisSettings, piece = 1 << 20): Promise<Result> {
  const { decoder } = settings.config;
  const source = await openSource('t', memorySource(bytes, [piece]), { bufferLength: 16_384 });
  // The control words are all of a used ring that matters.
  new Uint8Array(ring).fill(0, 0, 16);
  const long: Uint8Array[] = [];
  const reader = new FrameRingReader(ring, () => long.shift()!);
  const inner = source as SkippingSource;
  let skipper: RecordSkipper | null = null;
  const skipWith = (wanted: RecordSkipper) => {
    skipper = wanted;
    reader.use(wanted);
  };
  const run: FrameSource['run'] = async (onFrame) => {
    const core = CoreSkipper.open({ tunnelPorts: new TunnelPorts(decoder.tunnelPorts).bitmap })!;
    const prefilter = new Prefilter(decoder, new FrameTotals(core.totals), core.waiting, true);
    const draft = core.relayTo(() => writer.publish(), (skipper as RecordSkipper | null)?.headersSuffice === true);
    const writer = new FrameRingWriter(ring, prefilter.totals, (some) => long.push(some), draft);
    inner.skipWith(core);
    await inner.run((frame) => {
      if (prefilter.admits(frame)) writer.put(frame);
    });
    writer.end();
    while (!reader.isOver) reader.take(onFrame, 0);
  };
  const { name, format, compression, totalBytes } = inner;
  const relayed: SkippingSource = {
    ...{ name, format, compression, totalBytes, skipWith, run },
    get interfaces() {
      return inner.interfaces;
    },
    get problems() {
      return inner.problems;
    },
    get drops() {
      return inner.drops;
    },
    get frames() {
      return inner.frames ?? 0;
    },
    get bytesRead() {
      return inner.bytesRead;
    },
  };
  const options = { settings, input: 0, worthCore: 0, totals: reader.totals };
  const { elapsedMs: _, ...result } = await analyzeSource(relayed, options);
  return result;
}
const ring = createRing();

export async function analyzeFile(path: string, settings: AnalysisSettings, inCore: boolean): Promise<Result> {
  return analyze(await openCapture(path), settings, inCore);
}
