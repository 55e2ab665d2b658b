import { CaptureError } from '../capture/errors.ts';
import {
  addDrops,
  type CaptureInterface,
  type CaptureProblem,
  type Count,
  type CountedFrames,
  FRAME_WITHOUT_TIME,
  type Frame,
  type FrameHandler,
  type FrameSource,
  type RunOptions,
  toCount,
} from '../capture/source.ts';
import { CountedSum } from './counted-sum.ts';
import type { ShardHead } from './head.ts';
import type { OpenShard, ShardPlace } from './open-shard.ts';
import { readTicks, type TickGroup } from './ticks.ts';

/**
 * The shards of a series as the capture that they were made of: their frames in order, with the numbers that those have when the
 * files are read one after the other, the time that went by between them, and what was counted of all others.
 */
export class MergedSource implements FrameSource {
  readonly name: string;
  readonly format: FrameSource['format'];
  readonly compression: FrameSource['compression'];
  readonly totalBytes: number;
  readonly #shards: readonly ShardPlace[];
  readonly #interfaces: CaptureInterface[] = [];
  readonly #problems: CaptureProblem[] = [];
  readonly #counted = new CountedSum();
  #drops: Count | null = null;
  #bytesRead = 0;
  #numbers = 0;

  /** `shards` in order. `first`: the head of the first one that is of a capture which could be opened. */
  constructor(name: string, first: Pick<ShardHead, 'format' | 'compression'>, shards: readonly ShardPlace[]) {
    this.name = name;
    this.format = first.format ?? 'pcap';
    this.compression = first.compression;
    this.totalBytes = shards.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#shards = shards;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  get problems(): readonly CaptureProblem[] {
    return this.#problems;
  }

  get drops(): Count | null {
    return this.#drops;
  }

  get frames(): number {
    return this.#numbers;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get counted(): CountedFrames {
    return this.#counted;
  }

  async run(onFrame: FrameHandler, options: RunOptions = {}): Promise<void> {
    const { signal, onPause } = options;
    for (const shard of this.#shards) {
      if (signal?.aborted === true) break;
      try {
        await this.#runShard(await shard.open(), onFrame, options);
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        const { code, offset, frame, message } = error;
        this.#problems.push({ code, offset, frame, message });
      }
      this.#bytesRead += shard.bytes;
      await onPause?.(this);
    }
  }

  async #runShard({ head, frames }: OpenShard, onFrame: FrameHandler, options: RunOptions): Promise<void> {
    const { signal, onTime } = options;
    const before = this.#numbers;
    const interfacesBefore = this.#interfaces.length;
    this.#interfaces.push(...head.interfaces);
    this.#problems.push(...head.problems);
    this.#counted.add(head.counted, before);
    if (head.drops !== null) this.#drops = addDrops(this.#drops, toCount(BigInt(head.drops)));
    const ticks = new TickPlayer(head, onTime);
    let kept = 0;
    const restore = (frame: Frame) => {
      const [index, isUntimed] = head.ways[frame.interfaceIndex] ?? [-1, false];
      if (head.interfaces[index] === undefined || !(frame.packetId > 0) || frame.packetId > head.numbers) return false;
      frame.number = before + frame.packetId;
      frame.interfaceIndex = interfacesBefore + index;
      if (isUntimed) frame.timeDigits = FRAME_WITHOUT_TIME;
      return true;
    };
    let isSound = true;
    await frames.run(
      (frame) => {
        ticks.playTo(kept);
        kept++;
        isSound &&= restore(frame);
        if (isSound) onFrame(frame);
      },
      signal === undefined ? {} : { signal },
    );
    ticks.playTo(Number.POSITIVE_INFINITY);
    this.#numbers = before + head.numbers;
    if (signal?.aborted === true) return;
    this.#problems.push(...frames.problems);
    if (frames.problems.length === 0 && isSound && kept === head.kept) return;
    const message = `${frames.name}: the distillate of ${head.origin.name} is damaged: ${kept} of its ${head.kept} frames are there${isSound ? '' : ', not as they were written'}`;
    this.#problems.push({ code: 'bad-block', offset: null, frame: null, message });
  }
}

/** Lets the time of frames that were left out go by. */
class TickPlayer {
  readonly #groups: Iterator<TickGroup>;
  readonly #onTime: RunOptions['onTime'];
  #next: TickGroup | null;

  constructor({ ticks }: ShardHead, onTime: RunOptions['onTime']) {
    this.#groups = readTicks(ticks);
    this.#onTime = onTime;
    this.#next = this.#take();
  }

  /** All times that come before the kept frame with this index. */
  playTo(index: number): void {
    for (; this.#next !== null && this.#next.before <= index; this.#next = this.#take()) {
      for (const time of this.#next.nanos) {
        const seconds = Math.floor(time / 1e9);
        this.#onTime?.(seconds, time - seconds * 1e9);
      }
    }
  }

  #take(): TickGroup | null {
    const { done, value } = this.#groups.next();
    return done === true ? null : value;
  }
}
