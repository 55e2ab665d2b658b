import { CaptureError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { givePages, PAGE, takePages } from './page-memory.ts';

/** The bytes that were read and not yet used: bytes[start, end). Grows when one record needs more. */
export class InputBuffer {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  readonly #source: ByteSource;
  /** Whether the bytes are somebody else's. */
  #isBorrowed = false;

  constructor(source: ByteSource, length: number) {
    this.#source = source;
    this.bytes = takePages(length);
  }

  /** Goes on in other memory, if what is there fits in: from then on bytes are in the caller's, which it keeps. */
  moveTo(bytes: Uint8Array): void {
    if (this.end > bytes.length) return;
    bytes.set(this.bytes.subarray(this.start, this.end), this.start);
    this.#free();
    this.bytes = bytes;
    this.#isBorrowed = true;
  }

  #free(): void {
    if (!this.#isBorrowed) givePages(this.bytes);
    this.#isBorrowed = false;
  }

  /** Frees the memory, once nobody looks at frames any more. */
  close(): void {
    this.#free();
    this.bytes = new Uint8Array(0);
    this.start = 0;
    this.end = 0;
  }

  /**
   * Reads once more. Returns how many bytes came, or resolves with it; 0 at the end. `needed`: what bytes[start, end) should
   * hold. Throws, or rejects with, CaptureError when the input fails.
   */
  fill(needed: number): number | Promise<number> {
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
    } else if (this.start + needed > this.bytes.length) {
      this.#makeRoom(needed);
    }
    try {
      const count = this.#source.read(this.bytes, this.end, this.bytes.length);
      return typeof count === 'number' ? this.#add(count) : count.then((late) => this.#add(late), rethrowAsInputError);
    } catch (error) {
      return rethrowAsInputError(error);
    }
  }

  /** Moves what is left to the front, but so that the next read begins on a page: see page-memory.ts. */
  #makeRoom(needed: number): void {
    const { bytes, start, end } = this;
    const grain = bytes.length % PAGE === 0 && bytes.length > PAGE ? PAGE : 1;
    const left = end - start;
    const newEnd = Math.ceil(left / grain) * grain;
    if (newEnd === bytes.length) {
      // Twice as long at most, so that a length that is a lie takes no more memory than twice the bytes that came.
      this.bytes = takePages(Math.min(newEnd + needed - left, bytes.length * 2));
      this.#isBorrowed = false;
      this.bytes.set(bytes.subarray(start, end), newEnd - left);
    } else {
      bytes.copyWithin(newEnd - left, start, end);
    }
    this.start = newEnd - left;
    this.end = newEnd;
  }

  #add(count: number): number {
    this.end += count;
    return count;
  }
}

export function rethrowAsInputError(error: unknown): never {
  if (error instanceof CaptureError) throw error;
  throw new CaptureError('unreadable', `cannot be read on: ${(error as Error).message}`);
}
