import type { WritableFrame } from '../capture/format/pcapng-blocks.ts';
import type { Frame } from '../capture/source.ts';

/** A chunk is this part of the ring, so that what falls out at once is little. */
const CHUNKS = 64;
/** Numbers that a chunk may skip, where records that are no packets have them. */
const MAX_GAP = 1024;
/** What is kept of a frame before its bytes: lengths, time, digits, FCS, direction, interface, state. */
const HEADER = 32;
const STATE = 28;
/** Numbers of which it is remembered whether they were written: a power of two, a bit each. */
const REMEMBERED = 1 << 24;

interface Chunk {
  bytes: Buffer;
  length: number;
  first: number;
  /** Where each number's frame begins; -1 where there is none. */
  readonly offsets: number[];
  /** Frames that nobody has let go of, and that were flagged. */
  flagged: number;
}

/**
 * The newest frames of a source, in bounded bytes: copied once, found by number, and gone by themselves, the oldest first.
 * Constant time a frame.
 */
export class FrameRing {
  readonly #bound: number;
  readonly #chunkBytes: number;
  /** The oldest first. */
  readonly #chunks: Chunk[] = [];
  #bytes = 0;
  #newest = 0;
  readonly #written = new Uint32Array(REMEMBERED / 32);
  readonly #onFall: (number: number) => void;
  readonly #frame: { -readonly [key in keyof WritableFrame]: WritableFrame[key] } & { interfaceIndex: number } = {
    bytes: new Uint8Array(0),
    offset: 0,
    capturedLength: 0,
    wireLength: 0,
    seconds: 0,
    nanos: 0,
    timeDigits: 0,
    fcsLength: 0,
    direction: 0,
    interfaceIndex: 0,
  };

  /** `onFall` hears of a flagged frame that is about to go, and may still read it. */
  constructor(bound: number, onFall: (number: number) => void) {
    this.#bound = bound;
    this.#chunkBytes = Math.ceil(bound / CHUNKS);
    this.#onFall = onFall;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    const { number, offset, capturedLength } = frame;
    const size = HEADER + capturedLength;
    let chunk = this.#chunks.at(-1);
    if (
      chunk === undefined ||
      chunk.length + size > chunk.bytes.length ||
      number - chunk.first - chunk.offsets.length > MAX_GAP
    ) {
      chunk = this.#startChunk(number, size);
    }
    while (chunk.first + chunk.offsets.length < number) chunk.offsets.push(-1);
    const at = chunk.length;
    const { bytes } = chunk;
    bytes.writeUInt32LE(capturedLength, at);
    bytes.writeUInt32LE(frame.wireLength, at + 4);
    bytes.writeDoubleLE(frame.seconds, at + 8);
    bytes.writeUInt32LE(frame.nanos, at + 16);
    bytes.writeUInt32LE(frame.interfaceIndex, at + 20);
    bytes[at + 24] = frame.timeDigits;
    bytes[at + 25] = frame.fcsLength;
    bytes[at + 26] = frame.direction;
    bytes[at + STATE] = 0;
    bytes.set(frame.bytes.subarray(offset, offset + capturedLength), at + HEADER);
    chunk.offsets.push(at);
    chunk.length = at + size;
    this.#newest = number;
    const bit = number & (REMEMBERED - 1);
    this.#written[bit >>> 5]! &= ~(1 << (bit & 31));
  }

  /** Whether it is held, and nobody has let go of it. */
  has(number: number): boolean {
    const chunk = this.#find(number);
    return chunk !== null && !this.wasWritten(number);
  }

  /** The frame; the object is the same each time. Null where it is not held. */
  read(number: number): (WritableFrame & { readonly interfaceIndex: number }) | null {
    const chunk = this.#find(number);
    if (chunk === null) return null;
    const at = chunk.offsets[number - chunk.first]!;
    const { bytes } = chunk;
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.offset = at + HEADER;
    frame.capturedLength = bytes.readUInt32LE(at);
    frame.wireLength = bytes.readUInt32LE(at + 4);
    frame.seconds = bytes.readDoubleLE(at + 8);
    frame.nanos = bytes.readUInt32LE(at + 16);
    frame.interfaceIndex = bytes.readUInt32LE(at + 20);
    frame.timeDigits = bytes[at + 24]!;
    frame.fcsLength = bytes[at + 25]!;
    frame.direction = bytes[at + 26]!;
    return frame;
  }

  /** False when it was flagged before, or is not held. */
  flag(number: number): boolean {
    const chunk = this.#find(number);
    if (chunk === null) return false;
    const at = chunk.offsets[number - chunk.first]! + STATE;
    if (chunk.bytes[at] === 1) return false;
    chunk.bytes[at] = 1;
    chunk.flagged++;
    return true;
  }

  /** It was written, and is not wanted any more. */
  letGo(number: number): void {
    const chunk = this.#find(number);
    if (chunk !== null) {
      const at = chunk.offsets[number - chunk.first]! + STATE;
      if (chunk.bytes[at] === 1) chunk.flagged--;
      chunk.bytes[at] = 2;
    }
    const bit = number & (REMEMBERED - 1);
    this.#written[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** Of the newest numbers only: 16 million. */
  wasWritten(number: number): boolean {
    if (this.#newest - number >= REMEMBERED) return false;
    const bit = number & (REMEMBERED - 1);
    return (this.#written[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }

  #find(number: number): Chunk | null {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]!.first <= number) low = middle;
      else high = middle - 1;
    }
    const chunk = this.#chunks[low];
    const at = chunk?.offsets[number - chunk.first];
    return at === undefined || at < 0 ? null : chunk!;
  }

  #startChunk(first: number, size: number): Chunk {
    const bytes = Math.max(size, this.#chunkBytes);
    let spare: Chunk | null = null;
    while (this.#chunks.length > 0 && this.#bytes + bytes > this.#bound) {
      const oldest = this.#chunks[0]!;
      if (oldest.flagged > 0) {
        for (const [index, at] of oldest.offsets.entries())
          if (at >= 0 && oldest.bytes[at + STATE] === 1) this.#onFall(oldest.first + index);
      }
      this.#chunks.shift();
      this.#bytes -= oldest.bytes.length;
      spare = oldest;
    }
    const chunk: Chunk =
      spare !== null && spare.bytes.length === bytes
        ? spare
        : { bytes: Buffer.allocUnsafeSlow(bytes), length: 0, first, offsets: [], flagged: 0 };
    chunk.length = 0;
    chunk.first = first;
    chunk.offsets.length = 0;
    chunk.flagged = 0;
    this.#chunks.push(chunk);
    this.#bytes += bytes;
    return chunk;
  }
}
