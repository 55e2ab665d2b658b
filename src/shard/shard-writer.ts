import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { interfaceBlock, MAX_OPTION_LENGTH, packetBlock, sectionHeader } from '../capture/format/pcapng-blocks.ts';
import { type CaptureInterface, FRAME_WITHOUT_TIME, type Frame } from '../capture/source.ts';
import { formatHead, type ShardHead } from './head.ts';

/** So much is held in memory; what is more goes to a file of its own until the head is known, which stands before it. */
const MOST_HELD = 8 * 1024 * 1024;
/** Times of an interface of the shard are within so many seconds of its offset, which all of its units can say. */
const WINDOW_SECONDS = 2 ** 32;

/** What the head has that the writer knows. */
export type KeptPart = Pick<ShardHead, 'kept' | 'ways'>;

/**
 * Writes a shard: a pcapng file with the kept frames, each with its number in its capture, and the head as the section's comment.
 * It is there whole or not at all. Throws the error of node:fs when it cannot be written.
 */
export class ShardWriter {
  kept = 0;
  readonly #part: string;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Of the file with what was too much to be held; -1 while there is none. */
  #descriptor = -1;
  readonly #ids = new Map<string, number>();
  readonly #ways: [index: number, isUntimed: boolean][] = [];

  /** `directory` is made where it is not there; `name` is that of the file in it. */
  readonly #directory: string;
  readonly #name: string;
  readonly #isLasting: boolean;
  constructor(directory: string, name: string, isLasting = true) {
    this.#directory = directory;
    this.#name = name;
    this.#isLasting = isLasting;
    mkdirSync(directory, { recursive: true });
    this.#part = join(directory, `.${name}.${process.pid}.part`);
  }

  write(frame: Frame, from: CaptureInterface): void {
    const isUntimed = frame.timeDigits === FRAME_WITHOUT_TIME;
    // The time of a frame that has none is that of another one, with as many digits as that has.
    const digits = isUntimed ? 9 : frame.timeDigits;
    const window = Math.floor(frame.seconds / WINDOW_SECONDS);
    const key = `${frame.interfaceIndex} ${digits} ${isUntimed} ${window}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ways.push([frame.interfaceIndex, isUntimed]) - 1;
      this.#ids.set(key, id);
      this.#add(interfaceBlock({ ...from, timeDigits: digits }, window * WINDOW_SECONDS));
    }
    const { bytes, offset, capturedLength, wireLength, nanos, timeDigits, fcsLength, direction, number } = frame;
    const seconds = frame.seconds - window * WINDOW_SECONDS;
    const shifted = { bytes, offset, capturedLength, wireLength, seconds, nanos, timeDigits, fcsLength, direction };
    this.#add(packetBlock(id, shifted, { ...from, timeDigits: digits }, null, number));
    this.kept++;
  }

  /** Puts the file where it belongs, and returns its path. */
  finish(head: Omit<ShardHead, keyof KeptPart>): string {
    const comments = formatHead({ ...head, kept: this.kept, ways: this.#ways }, MAX_OPTION_LENGTH);
    const section = sectionHeader(comments);
    const path = join(this.#directory, this.#name);
    const made = `${this.#part}.new`;
    try {
      const descriptor = openSync(made, 'w');
      try {
        writeAll(descriptor, section);
        if (this.#descriptor >= 0) this.#copyPart(descriptor);
        for (const block of this.#held) writeAll(descriptor, block);
        if (this.#isLasting) fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(made, path);
    } finally {
      rmSync(made, { force: true });
      this.abandon();
    }
    return path;
  }

  /** Leaves nothing behind. */
  abandon(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#held = [];
    rmSync(this.#part, { force: true });
  }

  #add(block: Uint8Array): void {
    this.#held.push(block);
    this.#heldBytes += block.length;
    if (this.#heldBytes < MOST_HELD) return;
    if (this.#descriptor < 0) this.#descriptor = openSync(this.#part, 'w+');
    writeAll(this.#descriptor, Buffer.concat(this.#held));
    this.#held = [];
    this.#heldBytes = 0;
  }

  #copyPart(to: number): void {
    const chunk = Buffer.alloc(1024 * 1024);
    for (let at = 0; ; ) {
      const count = readSync(this.#descriptor, chunk, 0, chunk.length, at);
      if (count === 0) return;
      writeAll(to, chunk.subarray(0, count));
      at += count;
    }
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  // A second write tells why the first was short.
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
