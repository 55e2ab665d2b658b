import { randomBytes } from 'node:crypto';
import { type BigIntStats, existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { CaptureError, type CaptureErrorCode } from '../capture/errors.ts';
import { peekStart } from '../capture/join.ts';
import { showPath, toPath } from '../capture/paths.ts';
import type { CaptureProblem, Frame, FrameSource } from '../capture/source.ts';
import { defaultConfig } from '../config/defaults.ts';
import type { DecoderOptions } from '../decode/decoder.ts';
import type { ShardHead, ShardOrigin } from '../shard/head.ts';
import { canonicalJson, SHARD_ENDING, shardKey } from '../shard/key.ts';
import { closeShard, shardFile } from '../shard/open-shard.ts';
import { ShardWriter } from '../shard/shard-writer.ts';
import { analyzeInput, WORTH_TWO_THREADS } from './analyze-input.ts';
import { FrameKeeper } from './frame-keeper.ts';
import type { AnalysisProgress, AnalysisSettings } from './types.ts';

/** A capture that is no file: a stream that somebody has opened, or an object in a bucket. */
export interface OpenedCapture {
  readonly name: string;
  open(): Promise<FrameSource>;
  /** Of what can be read again. */
  readonly origin?: ShardOrigin;
  /** Why it was not read to its end, so that another look may find more; null where it was. */
  failure?(): string | null;
}

export interface DistilOptions {
  /** Where the shard is put. */
  readonly directory: string;
  readonly decoder: DecoderOptions;
  readonly answerTimeoutNanos: number;
  readonly maxExchanges: number;
  /** What a file is called where others look for it (default: its absolute path). */
  readonly uri?: string;
  /** Whether the shard is to outlive a power failure (default true): not where somebody stores it elsewhere at once. */
  readonly isLasting?: boolean;
  /** As of analyzeSource(). */
  readonly worthCore?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: AnalysisProgress) => void | Promise<void>;
}

/** What became of one capture. */
export interface Distilled {
  readonly key: string;
  /** Of the shard; null where none could be made. */
  readonly path: string | null;
  /** It was there already. */
  readonly isOld: boolean;
  /** What is wrong with the capture; of one without a shard why there is none. */
  readonly problems: readonly CaptureProblem[];
  readonly bytes: { readonly read: number; readonly kept: number };
  /** That were read. */
  readonly frames: number;
}

/** What may be otherwise when the capture is looked at again: of such a one there is no shard. */
const PASSING: readonly CaptureErrorCode[] = ['not-found', 'unreadable', 'no-permission'];

/**
 * Makes the shard of one capture, a path or a stream that somebody has opened, unless it is there. Throws the errors of node:fs where
 * it cannot be written. A capture that cannot be read has its problem in a shard, or is told of where the next look may find
 * another.
 */
export async function distilCapture(capture: string | OpenedCapture, options: DistilOptions): Promise<Distilled> {
  const decoder = canonicalJson(options.decoder);
  const path = typeof capture === 'string' ? capture : null;
  const status = path === null ? null : statusOf(path);
  const origin = status === null ? originOfStream(capture) : originOfFile(path!, status, options.uri);
  const key = shardKey(origin, decoder);
  const name = `${key}${SHARD_ENDING}`;
  const there = await readThere(join(options.directory, name));
  if (there !== null) {
    const { head, bytes } = there;
    const sizes = { read: 0, kept: bytes };
    return { key, path: join(options.directory, name), isOld: true, problems: head.problems, bytes: sizes, frames: 0 };
  }
  const writer = new ShardWriter(options.directory, name, options.isLasting);
  try {
    return await distil(capture, { origin, key, decoder, status, writer }, options);
  } finally {
    writer.abandon();
  }
}

interface Task {
  readonly origin: ShardOrigin;
  readonly key: string;
  readonly decoder: string;
  /** Null for a stream. */
  readonly status: BigIntStats | null;
  readonly writer: ShardWriter;
}

async function distil(
  capture: string | OpenedCapture,
  { origin, key, decoder, status, writer }: Task,
  options: DistilOptions,
): Promise<Distilled> {
  const { signal, onProgress } = options;
  const keeper = new FrameKeeper(writer, options.decoder);
  const path = typeof capture === 'string' ? capture : '-';
  const isStream = status === null;
  let start = isStream ? null : await peekStart(path);
  const onFrame = ({ seconds, nanos }: Frame) => {
    start ??= { seconds, nanos };
  };
  const size = origin.size ?? 0;
  const result = await analyzeInput(
    {
      name: origin.name,
      paths: [path],
      bytes: origin.size,
      ...(typeof capture === 'string' ? {} : { open: capture.open }),
    },
    {
      settings: settingsOf(options),
      input: 0,
      keeper,
      isFiltered: !isStream && size >= WORTH_TWO_THREADS && availableParallelism() > 1,
      // Of a file it is known before, so that the core may pass over frames.
      ...(isStream ? { onFrame } : {}),
      ...(options.worthCore === undefined ? {} : { worthCore: options.worthCore }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    },
  );
  const described = keeper.describe(result);
  const failed = (problem: CaptureProblem): Distilled => ({
    key,
    path: null,
    isOld: false,
    problems: [problem],
    bytes: { read: size, kept: 0 },
    frames: result.summary.frames,
  });
  const fail = (code: CaptureErrorCode, message: string) =>
    failed({ code, offset: null, frame: null, message: `${origin.name}: ${message}` });
  if (signal?.aborted === true) return fail('unreadable', 'not distilled to its end: it was interrupted');
  const [first] = described.problems;
  if (described.format === null && first !== undefined && PASSING.includes(first.code)) return failed(first);
  const failure = typeof capture === 'string' ? null : (capture.failure?.() ?? null);
  if (failure !== null) return failed({ code: 'unreadable', offset: null, frame: null, message: failure });
  if (status !== null && !isSame(status, statusOf(path))) {
    return fail('unreadable', 'changed while it was read: distil it again when nobody writes it');
  }
  const head: Omit<ShardHead, 'kept' | 'ways'> = {
    ...described,
    key,
    origin,
    decoder,
    answerTimeoutNanos: options.answerTimeoutNanos,
    start: start === null ? null : [start.seconds, start.nanos],
  };
  const made = writer.finish(head);
  const kept = statSync(made).size;
  return {
    key,
    path: made,
    isOld: false,
    problems: described.problems,
    bytes: { read: size, kept },
    frames: result.summary.frames,
  };
}

function settingsOf({ decoder, answerTimeoutNanos, maxExchanges }: DistilOptions): AnalysisSettings {
  return {
    config: { ...defaultConfig(), decoder, answerTimeoutNanos },
    // What is flagged is the merge's to say.
    rules: [],
    exchanges: 'flagged',
    maxExchanges,
    lists: false,
    maxListed: 0,
    communityIdSeed: 0,
    live: false,
  };
}

/** Null where it is no regular file, or there is none: then it is read, or refused, as any other input. */
function statusOf(path: string): BigIntStats | null {
  if (path === '-') return null;
  const status = statSync(toPath(path), { bigint: true, throwIfNoEntry: false });
  return status?.isFile() === true ? status : null;
}

const isSame = (before: BigIntStats, now: BigIntStats | null): boolean =>
  now !== null && before.size === now.size && before.mtimeNs === now.mtimeNs;

function originOfFile(path: string, { size, mtimeNs }: BigIntStats, uri?: string): ShardOrigin {
  const named = uri === undefined ? { uri: showPath(resolve(path)), name: showPath(path) } : { uri, name: uri };
  return { ...named, size: Number(size), version: String(mtimeNs) };
}

function originOfStream(capture: string | Omit<OpenedCapture, 'open'>): ShardOrigin {
  if (typeof capture !== 'string' && capture.origin !== undefined) return capture.origin;
  const name = typeof capture === 'string' ? showPath(capture) : capture.name;
  return { uri: `stream:${randomBytes(16).toString('hex')}/${name}`, name, size: null, version: '' };
}

/** The head of a shard that is there and sound. */
export async function readThere(path: string): Promise<{ head: ShardHead; bytes: number } | null> {
  if (!existsSync(path)) return null;
  const shard = shardFile(path);
  try {
    const { head, frames } = await shard.open();
    await closeShard(frames);
    return { head, bytes: shard.bytes };
  } catch (error) {
    if (error instanceof CaptureError) return null;
    throw error;
  }
}
