import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type CaptureInterface, FRAME_WITHOUT_TIME, type Frame } from '../source.ts';

/* draft-ietf-opsawg-pcapng, little-endian: type, total length, body, total length, all padded to 32 bits. */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const OPTION_SHB_USERAPPL = 4;
const OPTION_IF_NAME = 2;
const OPTION_IF_TSRESOL = 9;
const OPTION_EPB_FLAGS = 2;
/** What an option's 16-bit length can say. */
const MAX_OPTION_LENGTH = 0xffff;
const MAX_TICKS = 2n ** 64n - 1n;

/** A block that may have a comment must have a time. */
const UNTIMED = 'the capture has no time stamp of this frame: the time here is that of the one before it';

/** What the writer needs of a frame: a Frame, or the copy of one that was kept. */
export type WritableFrame = Pick<
  Frame,
  'bytes' | 'offset' | 'capturedLength' | 'wireLength' | 'seconds' | 'nanos' | 'timeDigits' | 'fcsLength'
>;

/**
 * Writes frames as evidence: a pcapng file that keeps each frame's time, lengths, bytes and the link type, snap length, time
 * resolution and name of its interface, with a comment on each packet. Every block goes out in one synchronous write, so a
 * kill leaves a file that can be read up to there. Throws the error of node:fs when the file cannot be written.
 */
export class PcapngWriter {
  readonly path: string;
  /** Frames written. */
  frames = 0;
  readonly #descriptor: number;
  /** Ids in the file by the identity of the interface, so that inputs do not mix. */
  readonly #interfaces = new Map<CaptureInterface, number>();
  #open = true;

  /** Makes or replaces the file, and writes the section header. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, 'w');
    const fixed = Buffer.alloc(16);
    fixed.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
    fixed.writeUInt16LE(1, 4);
    // Section length: not known.
    fixed.fill(0xff, 8);
    this.#writeBlock(SECTION_HEADER, [fixed, option(OPTION_SHB_USERAPPL, encode('portzero')), option(OPTION_END)]);
  }

  /** `from` must be the same object for all frames of an interface. A comment of more than 65535 bytes is cut. */
  write(frame: WritableFrame, from: CaptureInterface, comment: string | null = null): void {
    const id = this.#interfaces.get(from) ?? this.#writeInterface(from);
    const unit = 10n ** BigInt(from.timeDigits);
    const exact = BigInt(frame.seconds) * unit + BigInt(frame.nanos) / 10n ** BigInt(9 - from.timeDigits);
    // The format cannot say times before 1970 (nor after 2554 in nanoseconds), which only an odd time offset makes.
    const ticks = exact < 0n ? 0n : exact > MAX_TICKS ? MAX_TICKS : exact;
    const fixed = Buffer.alloc(20);
    fixed.writeUInt32LE(id, 0);
    fixed.writeUInt32LE(Number(ticks >> 32n), 4);
    fixed.writeUInt32LE(Number(ticks & 0xffff_ffffn), 8);
    fixed.writeUInt32LE(frame.capturedLength, 12);
    fixed.writeUInt32LE(frame.wireLength, 16);
    const parts = [fixed, frame.bytes.subarray(frame.offset, frame.offset + frame.capturedLength)];
    parts.push(new Uint8Array(-frame.capturedLength & 3));
    if (comment !== null) parts.push(option(OPTION_COMMENT, encode(comment)));
    // A second option, as the format allows.
    if (frame.timeDigits === FRAME_WITHOUT_TIME) parts.push(option(OPTION_COMMENT, encode(UNTIMED)));
    // Bits 5 to 8 of the flags. Not if_fcslen, which some take for bytes and some for bits.
    if (frame.fcsLength > 0) parts.push(option(OPTION_EPB_FLAGS, Uint8Array.of(...le32(frame.fcsLength << 5))));
    if (parts.length > 3) parts.push(option(OPTION_END));
    this.#writeBlock(ENHANCED_PACKET, parts);
    this.frames++;
  }

  /** May be called twice. */
  close(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }

  #writeInterface(from: CaptureInterface): number {
    const id = this.#interfaces.size;
    const fixed = Buffer.alloc(8);
    fixed.writeUInt16LE(from.linkType, 0);
    fixed.writeUInt32LE(from.snapLength, 4);
    const parts: Uint8Array[] = [fixed, option(OPTION_IF_TSRESOL, Uint8Array.of(from.timeDigits))];
    if (from.name !== null) parts.push(option(OPTION_IF_NAME, encode(from.name)));
    this.#writeBlock(INTERFACE, [...parts, option(OPTION_END)]);
    this.#interfaces.set(from, id);
    return id;
  }

  #writeBlock(type: number, body: readonly Uint8Array[]): void {
    const length = body.reduce((sum, part) => sum + part.length, 12);
    const total = Uint8Array.of(...le32(length));
    const block = Buffer.concat([Uint8Array.of(...le32(type)), total, ...body, total]);
    let written = 0;
    try {
      // One call, but for a full disk or a pipe.
      while (written < block.length) written += writeSync(this.#descriptor, block, written);
    } catch (error) {
      this.#cutBack(written);
      throw error;
    }
  }

  /** Takes the beginning of a block away again, so that the file stays one that can be read to its end. */
  #cutBack(bytes: number): void {
    const status = fstatSync(this.#descriptor);
    if (bytes > 0 && status.isFile()) ftruncateSync(this.#descriptor, status.size - bytes);
  }
}

const le32 = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

/** An option with its padding. */
function option(code: number, value: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(4 + value.length + (-value.length & 3));
  bytes.set([code & 0xff, code >>> 8, value.length & 0xff, value.length >>> 8]);
  bytes.set(value, 4);
  return bytes;
}

/** UTF-8 that fits into an option, cut between characters. */
function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.min(text.length * 3, MAX_OPTION_LENGTH));
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}
