import { CaptureError } from '../capture/errors.ts';
import type { CaptureInterface, CaptureProblem, CountedFrames, FrameSource, Stamp } from '../capture/source.ts';

/** Changes whenever other frames are kept, or the head says other things: shards of another version are made anew. */
export const SHARD_VERSION = 1;
const TAG = 'distillate';

/** The capture that a shard was made of. */
export interface ShardOrigin {
  /** Absolute path, or address; `stream:` and the key for what can be read only once. */
  readonly uri: string;
  /** As it was named to us. */
  readonly name: string;
  /** Null for a stream. */
  readonly size: number | null;
  /** What tells this version of the file from others: its time of modification in nanoseconds, or an ETag. "" for a stream. */
  readonly version: string;
}

/** What is known of a capture beside the frames that were kept of it. Plain data. */
export interface ShardHead {
  readonly key: string;
  readonly origin: ShardOrigin;
  /** The decoder's options in one order, as JSON: of other options other frames are kept. */
  readonly decoder: string;
  readonly answerTimeoutNanos: number;
  readonly format: FrameSource['format'] | null;
  readonly compression: FrameSource['compression'];
  readonly interfaces: readonly CaptureInterface[];
  readonly problems: readonly CaptureProblem[];
  /** A decimal number where no double holds it. */
  readonly drops: number | string | null;
  /** Numbers that its frames have, with records behind the last frame that are none. */
  readonly numbers: number;
  /** Time of its first frame, whatever that is; null where there is no frame. */
  readonly start: readonly [seconds: number, nanos: number] | null;
  readonly counted: Omit<CountedFrames, 'files'>;
  /** Frames that were kept. */
  readonly kept: number;
  /** What each interface of the shard stands for: which one of `interfaces`, and whether its frames have no time. */
  readonly ways: readonly (readonly [index: number, isUntimed: boolean])[];
  /** See Ticks. */
  readonly ticks: readonly number[];
}

/** The comments of the shard's section. */
export function formatHead(head: ShardHead, mostBytes: number): string[] {
  const bytes = Buffer.from(JSON.stringify({ portzero: TAG, version: SHARD_VERSION, ...head }));
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(at + mostBytes, bytes.length);
    // Not between the bytes of a character.
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
    parts.push(bytes.toString('utf8', at, end));
    at = end;
  }
  return parts;
}

/** Throws CaptureError bad-block where the file is no shard, or unsupported-version. */
export function parseHead(comments: readonly string[], name: string): ShardHead {
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(comments.join(''));
  } catch {
    // Told below.
  }
  const head = parsed as (ShardHead & { readonly portzero?: unknown; readonly version?: unknown }) | null;
  if (typeof head !== 'object' || head === null || head.portzero !== TAG) {
    throw new CaptureError('bad-block', `${name}: no distillate, expected what portzero distil has written`);
  }
  if (head.version !== SHARD_VERSION) {
    throw new CaptureError(
      'unsupported-version',
      `${name}: a distillate of version ${String(head.version)}, expected ${SHARD_VERSION}: distil its capture again`,
    );
  }
  if (!isWhole(head)) throw new CaptureError('bad-block', `${name}: the head of the distillate is damaged`);
  return head;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isStamp = (value: unknown): value is Stamp =>
  Array.isArray(value) && value.every((part) => Number.isSafeInteger(part)) && value.length >= 2;
const isCounts = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(isCount);

function isWhole(head: ShardHead): boolean {
  const { key, origin, decoder, interfaces, problems, numbers, start, counted, kept, ways, ticks } = head;
  if (typeof key !== 'string' || typeof decoder !== 'string' || typeof origin !== 'object' || origin === null)
    return false;
  if (typeof origin.uri !== 'string' || typeof origin.name !== 'string' || typeof origin.version !== 'string')
    return false;
  if (!Array.isArray(interfaces) || !Array.isArray(problems) || !Array.isArray(ways) || !Array.isArray(ticks))
    return false;
  if (!isCount(numbers) || !isCount(kept) || !(start === null || isStamp(start))) return false;
  if (typeof counted !== 'object' || counted === null) return false;
  const { frames, bytes, first, last, tcpSegments, icmpErrors, fragments, untimed, evicted, attempts } = counted;
  if (![frames, bytes, tcpSegments, icmpErrors, fragments, untimed, evicted, attempts].every(isCount)) return false;
  if (!(first === null || isStamp(first)) || !(last === null || isStamp(last))) return false;
  const missed = counted.notLookedInto;
  if (typeof missed !== 'object' || missed === null) return false;
  if (![missed.frames, missed.bytes, missed.segments].every(isCount) || !isCounts(missed.reasons)) return false;
  if (!isCounts(counted.undecoded) || !isCounts(counted.exchanges)) return false;
  return ticks.every(Number.isFinite) && ways.every((way) => Array.isArray(way) && isCount(way[0]));
}
