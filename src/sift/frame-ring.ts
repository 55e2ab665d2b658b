import type { RecordSkipper } from '../capture/record-skipper.ts';
import { Frame, type FrameHandler } from '../capture/source.ts';
import { FrameTotals, TOTALS } from './sieve.ts';

/*
 * Frames on their way from one thread to another: a ring of blocks in shared memory, with one writer and one reader. A block
 * is handed over whole, so that the threads meet some thousand frames apart, and carries the totals as they were then.
 *
 *   block:   totals (9 doubles)   bytes used, with these (a double)   records
 *   record:  number   seconds (doubles)   nanoseconds   captured length   length on the wire   link type
 *            time digits   FCS length   interface   whether the bytes come by message   the bytes, padded to 8
 */
const BLOCKS = 8;
const BLOCK_BYTES = 256 * 1024;
const USED = TOTALS;
const BLOCK_HEADER = 8 * (TOTALS + 1);
const RECORD_HEADER = 48;

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
    this.#doubles = new Float64Array(buffer, byteOffset, BLOCK_BYTES / 8);
    draft.used[0] = BLOCK_HEADER;
  }

  /** True when the reader wants no more. */
  get isStopped(): boolean {
    return Atomics.load(this.control, STOPPED) !== 0;
  }

  put(frame: Frame): void {
    const { capturedLength } = frame;
    const isTooLong = BLOCK_HEADER + RECORD_HEADER + capturedLength > BLOCK_BYTES;
    const size = RECORD_HEADER + (isTooLong ? 0 : (capturedLength + 7) & ~7);
    const { used } = this.#draft;
    if (used[0]! + size > BLOCK_BYTES) this.publish();
    const words = this.#words;
    const doubles = this.#doubles;
    const at = used[0]!;
    doubles[at >> 3] = frame.number;
    doubles[(at >> 3) + 1] = frame.seconds;
    const word = at >> 2;
    words[word + 4] = frame.nanos;
    words[word + 5] = capturedLength;
    words[word + 6] = frame.wireLength;
    words[word + 7] = frame.linkType;
    words[word + 8] = frame.timeDigits;
    words[word + 9] = frame.fcsLength;
    words[word + 10] = frame.interfaceIndex;
    words[word + 11] = isTooLong ? 1 : 0;
    used[0] = at + size;
    if (!isTooLong) this.#copy(frame, at + RECORD_HEADER);
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
    const words = this.#words;
    const doubles = this.#doubles;
    const skipper = this.#skipper;
    const frame = this.#frame;
    for (let at = BLOCK_HEADER; at < end; ) {
      if (skipper !== null) {
        at = skipper.skipRelayed(at, end);
        if (at >= end) break;
      }
      const word = at >> 2;
      const capturedLength = words[word + 5]!;
      frame.number = doubles[at >> 3]!;
      frame.seconds = doubles[(at >> 3) + 1]!;
      frame.nanos = words[word + 4]!;
      frame.capturedLength = capturedLength;
      frame.wireLength = words[word + 6]! >>> 0;
      frame.linkType = words[word + 7]!;
      frame.timeDigits = words[word + 8]!;
      frame.fcsLength = words[word + 9]!;
      frame.interfaceIndex = words[word + 10]!;
      if (words[word + 11] === 0) {
        frame.bytes = this.#copy;
        frame.offset = at + RECORD_HEADER;
        at += RECORD_HEADER + ((capturedLength + 7) & ~7);
      } else {
        frame.bytes = this.#receiveBytes();
        frame.offset = 0;
        at += RECORD_HEADER;
      }
      onFrame(frame);
    }
  }
}
