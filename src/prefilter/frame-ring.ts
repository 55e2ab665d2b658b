import type { RecordSkipper } from '../capture/format/record-skipper.ts';
import { Frame, type FrameHandler } from '../capture/source.ts';
import {
  RELAY_LENGTH as BLOCK_BYTES,
  RELAY_HEADER as BLOCK_HEADER,
  RELAYED_LONG as LONG,
  RELAYED_HEADER as RECORD_HEADER,
  TOTALS_LENGTH as TOTALS,
} from '../core/layout.ts';
import { FrameTotals } from './frame-totals.ts';

/*
 * Frames on their way from one thread to another: a ring of blocks in shared memory, with one writer and one reader. A block
 * is handed over whole, so that the threads meet some thousand frames apart, and carries the totals as they were then.
 *
 *   block:   totals (9 doubles)   bytes used, with these (a double)   records
 *   record:  number   seconds   nanoseconds   length on the wire (32 bits)   captured length   interface   link type (16 bits)
 *            time digits with the direction above them   FCS length (8 bits)   the bytes, padded to 8
 *   where that is too small: number, seconds (doubles), captured length, interface (32 bits) before the bytes, and a captured
 *            length of ffff in its place; of a frame that is too long for a block, the bytes come by message
 */
const BLOCKS = 32;
const USED = TOTALS;
const EXTRA_HEADER = 24;
/** The core knows no direction: it leaves frames that have one to the reader. */
const DIGITS = 0x0f;
const DIRECTION_SHIFT = 4;

const WRITTEN = 0;
const READ = 1;
const ENDED = 2;
const STOPPED = 3;
const CONTROL_BYTES = 16;
const WAIT_MILLISECONDS = 100;

/** Makes the memory of a ring, for a writer and a reader. */
export function createRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(CONTROL_BYTES + BLOCKS * BLOCK_BYTES);
}

abstract class RingEnd {
  protected readonly control: Int32Array;
  protected readonly bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.bytes = new Uint8Array(memory, CONTROL_BYTES);
  }

  protected raise(flag: number): void {
    Atomics.store(this.control, flag, 1);
    Atomics.notify(this.control, WRITTEN);
    Atomics.notify(this.control, READ);
  }
}

/** A block in the making, where others may add records too. */
export interface BlockDraft {
  readonly bytes: Uint8Array;
  /** [0]: bytes of it that are used, those of the header included. */
  readonly used: Int32Array;
}

/** The end that frames are put into. Blocks its thread while the ring is full. */
export class FrameRingWriter extends RingEnd {
  readonly #totals: FrameTotals;
  readonly #sendBytes: (bytes: Uint8Array) => void;
  readonly #draft: BlockDraft;
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  readonly #doubles: Float64Array;
  #block = 0;

  /** `sendBytes` takes those of a frame that is longer than a block. `draft` may be memory that is filled from elsewhere too. */
  constructor(
    memory: SharedArrayBuffer,
    totals: FrameTotals,
    sendBytes: (bytes: Uint8Array) => void,
    draft: BlockDraft = { bytes: new Uint8Array(BLOCK_BYTES), used: new Int32Array(1) },
  ) {
    super(memory);
    this.#totals = totals;
    this.#sendBytes = sendBytes;
    this.#draft = draft;
    const { buffer, byteOffset } = draft.bytes;
    this.#words = new Int32Array(buffer, byteOffset, BLOCK_BYTES / 4);
    this.#halves = new Uint16Array(buffer, byteOffset, BLOCK_BYTES / 2);
    this.#doubles = new Float64Array(buffer, byteOffset, BLOCK_BYTES / 8);
    draft.used[0] = BLOCK_HEADER;
  }

  /** True when the reader wants no more. */
  get isStopped(): boolean {
    return Atomics.load(this.control, STOPPED) !== 0;
  }

  put(frame: Frame): void {
    const { capturedLength, seconds, number, interfaceIndex } = frame;
    const isTooLong = BLOCK_HEADER + RECORD_HEADER + EXTRA_HEADER + capturedLength > BLOCK_BYTES;
    const isLong =
      capturedLength >= LONG || number > 0xffff_ffff || interfaceIndex > 0xffff || seconds < 0 || seconds > 0xffff_ffff;
    const header = RECORD_HEADER + (isLong ? EXTRA_HEADER : 0);
    const size = header + (isTooLong ? 0 : (capturedLength + 7) & ~7);
    const { used, bytes } = this.#draft;
    if (used[0]! + size > BLOCK_BYTES) this.publish();
    const at = used[0]!;
    const words = this.#words;
    const word = at >> 2;
    words[word] = number;
    words[word + 1] = seconds;
    words[word + 2] = frame.nanos;
    words[word + 3] = frame.wireLength;
    const half = at >> 1;
    this.#halves[half + 8] = isLong ? LONG : capturedLength;
    this.#halves[half + 9] = interfaceIndex;
    this.#halves[half + 10] = frame.linkType;
    bytes[at + 22] = frame.timeDigits | (frame.direction << DIRECTION_SHIFT);
    bytes[at + 23] = frame.fcsLength;
    if (isLong) {
      this.#doubles[(at >> 3) + 3] = number;
      this.#doubles[(at >> 3) + 4] = seconds;
      words[word + 10] = capturedLength;
      words[word + 11] = interfaceIndex;
    }
    used[0] = at + size;
    if (!isTooLong) this.#copy(frame, at + header);
    else {
      this.#sendBytes(frame.bytes.slice(frame.offset, frame.offset + capturedLength));
      // A block each, so that the ring bounds their number too.
      this.publish();
    }
  }

  /** Hands over what there is, the totals at least. */
  publish(): void {
    const { bytes, used } = this.#draft;
    this.#doubles.set(this.#totals.cells);
    this.#doubles[USED] = used[0]!;
    this.bytes.set(bytes.subarray(0, used[0]), (this.#block % BLOCKS) * BLOCK_BYTES);
    this.#block++;
    used[0] = BLOCK_HEADER;
    Atomics.store(this.control, WRITTEN, this.#block);
    Atomics.notify(this.control, WRITTEN);
    for (;;) {
      const read = Atomics.load(this.control, READ);
      if (((this.#block - read) | 0) < BLOCKS || this.isStopped) return;
      // Not without end: a reader that stops between the two lines above wakes nobody.
      Atomics.wait(this.control, READ, read, WAIT_MILLISECONDS);
    }
  }

  /** Nothing more will come. */
  end(): void {
    this.publish();
    this.raise(ENDED);
  }

  #copy(frame: Frame, to: number): void {
    const { bytes, offset, capturedLength } = frame;
    // A view of the bytes costs more than copying the few of a SYN.
    const draft = this.#draft.bytes;
    if (capturedLength > 128) draft.set(bytes.subarray(offset, offset + capturedLength), to);
    else for (let i = 0; i < capturedLength; i++) draft[to + i] = bytes[offset + i]!;
  }
}

/** The end that frames come out of. */
export class FrameRingReader extends RingEnd {
  readonly totals = new FrameTotals();
  readonly #receiveBytes: () => Uint8Array;
  readonly #frame = new Frame();
  #skipper: RecordSkipper | null = null;
  /** The block that is being read: a copy, so that the writer can go on. */
  #copy = new Uint8Array(BLOCK_BYTES);
  #words = new Int32Array(this.#copy.buffer);
  #halves = new Uint16Array(this.#copy.buffer);
  #doubles = new Float64Array(this.#copy.buffer);
  #block = 0;

  /** `receiveBytes` gives what the writer's `sendBytes` took, in the same order. */
  constructor(memory: SharedArrayBuffer, receiveBytes: () => Uint8Array) {
    super(memory);
    this.#receiveBytes = receiveBytes;
  }

  /** Before the first take(): frames that this one passes over are not handed out. */
  use(skipper: RecordSkipper): void {
    this.#skipper = skipper;
    this.#copy = skipper.bytes as Uint8Array<ArrayBuffer>;
    const { buffer, byteOffset } = this.#copy;
    this.#words = new Int32Array(buffer, byteOffset, BLOCK_BYTES / 4);
    this.#halves = new Uint16Array(buffer, byteOffset, BLOCK_BYTES / 2);
    this.#doubles = new Float64Array(buffer, byteOffset, BLOCK_BYTES / 8);
  }

  /**
   * Hands the frames of the next block to `onFrame`, which may look at them until it returns, and takes over the totals. Waits
   * at most `milliseconds` for one. False when none came, or when there will be none: see isOver.
   */
  take(onFrame: FrameHandler, milliseconds: number): boolean {
    if (Atomics.load(this.control, WRITTEN) === this.#block) {
      if (this.isOver) return false;
      Atomics.wait(this.control, WRITTEN, this.#block, milliseconds);
      if (Atomics.load(this.control, WRITTEN) === this.#block) return false;
    }
    const end = this.#copyBlock();
    this.#block++;
    Atomics.store(this.control, READ, this.#block);
    Atomics.notify(this.control, READ);
    this.#readBlock(end, onFrame);
    return true;
  }

  /** Whether the writer has ended; there may be frames left to take. */
  get isEnded(): boolean {
    return Atomics.load(this.control, ENDED) !== 0;
  }

  /** Whether the writer has ended and everything was taken. */
  get isOver(): boolean {
    return this.isEnded && Atomics.load(this.control, WRITTEN) === this.#block;
  }

  /** Tells the writer that no more is wanted. */
  stop(): void {
    this.raise(STOPPED);
  }

  /** Takes the next block, and its totals, out of the shared memory. Returns where its records end. */
  #copyBlock(): number {
    const start = (this.#block % BLOCKS) * BLOCK_BYTES;
    this.#copy.set(this.bytes.subarray(start, start + BLOCK_HEADER));
    const end = this.#doubles[USED]!;
    this.#copy.set(this.bytes.subarray(start + BLOCK_HEADER, start + end), BLOCK_HEADER);
    this.totals.cells.set(this.#doubles.subarray(0, TOTALS));
    return end;
  }

  #readBlock(end: number, onFrame: FrameHandler): void {
    const bytes = this.#copy;
    const words = this.#words;
    const halves = this.#halves;
    const doubles = this.#doubles;
    const skipper = this.#skipper;
    const frame = this.#frame;
    for (let at = BLOCK_HEADER; at < end; ) {
      if (skipper !== null) {
        at = skipper.skipRelayed(at, end);
        if (at >= end) break;
      }
      const word = at >> 2;
      const half = at >> 1;
      frame.number = words[word]! >>> 0;
      frame.seconds = words[word + 1]! >>> 0;
      frame.nanos = words[word + 2]!;
      frame.wireLength = words[word + 3]! >>> 0;
      frame.capturedLength = halves[half + 8]!;
      frame.interfaceIndex = halves[half + 9]!;
      frame.linkType = halves[half + 10]!;
      frame.timeDigits = bytes[at + 22]! & DIGITS;
      frame.direction = bytes[at + 22]! >> DIRECTION_SHIFT;
      frame.fcsLength = bytes[at + 23]!;
      let from = at + RECORD_HEADER;
      if (frame.capturedLength === LONG) {
        frame.number = doubles[(at >> 3) + 3]!;
        frame.seconds = doubles[(at >> 3) + 4]!;
        frame.capturedLength = words[word + 10]!;
        frame.interfaceIndex = words[word + 11]!;
        from += EXTRA_HEADER;
      }
      if (BLOCK_HEADER + RECORD_HEADER + EXTRA_HEADER + frame.capturedLength > BLOCK_BYTES) {
        frame.bytes = this.#receiveBytes();
        frame.offset = 0;
        at = from;
      } else {
        frame.bytes = bytes;
        frame.offset = from;
        at = from + ((frame.capturedLength + 7) & ~7);
      }
      onFrame(frame);
    }
  }
}
