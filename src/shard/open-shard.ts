import { statSync } from 'node:fs';
import { CaptureError } from '../capture/errors.ts';
import { openCapture } from '../capture/open.ts';
import { toPath } from '../capture/paths.ts';
import type { FrameSource } from '../capture/source.ts';
import { parseHead, type ShardHead } from './head.ts';

/** A shard that has been opened: its head is known, its frames are yet to be read. */
export interface OpenShard {
  readonly head: ShardHead;
  readonly frames: FrameSource;
}

/** A shard that is opened when its turn comes: there may be any number of them. */
export interface ShardPlace {
  /** As a person may know it. */
  readonly name: string;
  readonly bytes: number;
  /** Where that is known without opening it. */
  readonly brief?: ShardBrief;
  open(): Promise<OpenShard>;
}

/** What is to be known of a shard before its turn comes. */
export type ShardBrief = Pick<ShardHead, 'key' | 'origin' | 'decoder' | 'start' | 'format' | 'compression'>;

/** Most of a shard that is read at once; most shards are small. */
const MOST_READ = 512 * 1024;
const LEAST_READ = 16 * 1024;

export function shardFile(path: string): ShardPlace {
  const bytes = statSync(toPath(path), { throwIfNoEntry: false })?.size ?? 0;
  return {
    name: path,
    bytes,
    open: async () => {
      const bufferLength = Math.min(MOST_READ, Math.max(LEAST_READ, bytes));
      return openShard(await openCapture(path, { bufferLength }));
    },
  };
}

/** Reads the head of a shard that somebody has opened. Rejects with CaptureError when it is none; owns `source`. */
export async function openShard(source: FrameSource): Promise<OpenShard> {
  try {
    if (source.format !== 'pcapng' || source.compression !== null) {
      throw new CaptureError('bad-block', `${source.name}: no distillate, expected what portzero distil has written`);
    }
    return { head: parseHead(source.comments ?? [], source.name), frames: source };
  } catch (error) {
    await closeShard(source);
    throw error;
  }
}

/** Lets a source go that nobody is to read. */
export async function closeShard(source: FrameSource): Promise<void> {
  await source.run(() => {}, { signal: AbortSignal.abort('no more than the head') });
}
