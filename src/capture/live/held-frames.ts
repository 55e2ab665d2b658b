import { Frame, type FrameHandler } from '../source.ts';

/** Before the bytes of a frame: when it came, its time, lengths, interface. */
const HEADER = 48;
const FIRST_BYTES = 1 << 16;

/** Frames that wait for their turn, the oldest first, in one block of memory. Whoever fills it bounds it. */
export class HeldFrames {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #start = 0;
  #end = 0;
  readonly #frame = new Frame();

  get length(): number {
    return this.#end - this.#start;
  }

  /** When the oldest came, as it was told to push(); there must be one. */
  get arrival(): number {
    return this.#bytes.readDoubleLE(this.#start);
  }

  /** Whether the oldest here is of an earlier time than the oldest there; both must have one. */
  isBefore(other: HeldFrames): boolean {
    const seconds = this.#bytes.readDoubleLE(this.#start + 8);
    const otherSeconds = other.#bytes.readDoubleLE(other.#start + 8);
    if (seconds !== otherSeconds) return seconds < otherSeconds;
    return this.#bytes.readUInt32LE(this.#start + 16) < other.#bytes.readUInt32LE(other.#start + 16);
  }

  push(frame: Frame, arrival: number): void {
    const size = HEADER + frame.capturedLength;
    this.#reserve(size);
    const bytes = this.#bytes;
    const at = this.#end;
    bytes.writeDoubleLE(arrival, at);
    bytes.writeDoubleLE(frame.seconds, at + 8);
    bytes.writeUInt32LE(frame.nanos, at + 16);
    bytes.writeUInt32LE(frame.capturedLength, at + 20);
    bytes.writeUInt32LE(frame.wireLength, at + 24);
    bytes.writeUInt32LE(frame.linkType, at + 28);
    bytes.writeUInt32LE(frame.interfaceIndex, at + 32);
    bytes[at + 36] = frame.timeDigits;
    bytes[at + 37] = frame.fcsLength;
    bytes[at + 38] = frame.direction;
    bytes.set(frame.bytes.subarray(frame.offset, frame.offset + frame.capturedLength), at + HEADER);
    this.#end = at + size;
  }

  /** Hands out the oldest, which is valid until the handler returns. */
  shift(onFrame: FrameHandler): void {
    const frame = this.#frame;
    const bytes = this.#bytes;
    const at = this.#start;
    frame.seconds = bytes.readDoubleLE(at + 8);
    frame.nanos = bytes.readUInt32LE(at + 16);
    frame.capturedLength = bytes.readUInt32LE(at + 20);
    frame.wireLength = bytes.readUInt32LE(at + 24);
    frame.linkType = bytes.readUInt32LE(at + 28);
    frame.interfaceIndex = bytes.readUInt32LE(at + 32);
    frame.timeDigits = bytes[at + 36]!;
    frame.fcsLength = bytes[at + 37]!;
    frame.direction = bytes[at + 38]!;
    frame.bytes = bytes;
    frame.offset = at + HEADER;
    this.#start = at + HEADER + frame.capturedLength;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
      // What a burst needed is not kept for ever; the frame still lies in the old block.
      if (bytes.length > FIRST_BYTES * 16) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    }
    onFrame(frame);
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const { length } = this;
    const room = this.#bytes.length;
    // Moved only when as much is free as is moved.
    const target = length + size > room / 2 ? Buffer.allocUnsafe(Math.max(room, length + size) * 2) : this.#bytes;
    this.#bytes.copy(target, 0, this.#start, this.#end);
    this.#bytes = target;
    this.#start = 0;
    this.#end = length;
  }
}
