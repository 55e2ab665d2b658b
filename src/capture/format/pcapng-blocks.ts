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
const OPTION_IF_TSOFFSET = 14;
const OPTION_EPB_FLAGS = 2;
const OPTION_EPB_PACKETID = 5;
/** What an option's 16-bit length can say. */
export const MAX_OPTION_LENGTH = 0xffff;
const STATISTICS = 5;
const OPTION_ISB_IFRECV = 4;
const OPTION_ISB_IFDROP = 5;
const OPTION_ISB_OSDROP = 7;
const OPTION_ISB_USRDELIV = 8;
const TWO_32 = 2 ** 32;

/** A block that may have a comment must have a time. */
const UNTIMED = 'the capture has no time stamp of this frame: the time here is that of the one before it';

/** What the writer needs of a frame: a Frame, or the copy of one that was kept. */
export type WritableFrame = Pick<
  Frame,
  'bytes' | 'offset' | 'capturedLength' | 'wireLength' | 'seconds' | 'nanos' | 'timeDigits' | 'fcsLength' | 'direction'
>;

/** The section header, with which a file begins. Comments of at most MAX_OPTION_LENGTH bytes. */
export function sectionHeader(comments: readonly string[] = []): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  fixed.writeUInt16LE(1, 4);
  // Section length: not known.
  fixed.fill(0xff, 8);
  const said = comments.map((comment) => option(OPTION_COMMENT, encode(comment)));
  return block(SECTION_HEADER, [fixed, ...said, option(OPTION_SHB_USERAPPL, encode('portzero')), option(OPTION_END)]);
}

/** `offsetSeconds`: the times of its packets are told from there on. */
export function interfaceBlock(from: CaptureInterface, offsetSeconds = 0): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(from.linkType, 0);
  fixed.writeUInt32LE(from.snapLength, 4);
  const parts: Uint8Array[] = [fixed, option(OPTION_IF_TSRESOL, Uint8Array.of(from.timeDigits))];
  if (from.name !== null) parts.push(option(OPTION_IF_NAME, encode(from.name)));
  if (offsetSeconds !== 0) parts.push(option(OPTION_IF_TSOFFSET, le64(offsetSeconds)));
  return block(INTERFACE, [...parts, option(OPTION_END)]);
}

/**
 * `id` is the number of the interface in the section. A comment of more than 65535 bytes is cut. `packetId`: what the frame is
 * called elsewhere.
 */
export function packetBlock(
  id: number,
  frame: WritableFrame,
  from: CaptureInterface,
  comment: string | null,
  packetId: number | null = null,
): Buffer {
  const fixed = Buffer.allocUnsafe(20);
  fixed.writeUInt32LE(id, 0);
  writeTicks(fixed, 4, frame.seconds, frame.nanos, from.timeDigits);
  fixed.writeUInt32LE(frame.capturedLength, 12);
  fixed.writeUInt32LE(frame.wireLength, 16);
  const parts = [fixed, frame.bytes.subarray(frame.offset, frame.offset + frame.capturedLength)];
  parts.push(new Uint8Array(-frame.capturedLength & 3));
  if (comment !== null) parts.push(option(OPTION_COMMENT, encode(comment)));
  // A second option, as the format allows.
  if (frame.timeDigits === FRAME_WITHOUT_TIME) parts.push(option(OPTION_COMMENT, encode(UNTIMED)));
  // Bits 0 and 1 of the flags, and 5 to 8. Not if_fcslen, which some take for bytes and some for bits.
  const flags = frame.direction | (frame.fcsLength << 5);
  if (flags !== 0) parts.push(option(OPTION_EPB_FLAGS, Uint8Array.of(...le32(flags))));
  if (packetId !== null) parts.push(option(OPTION_EPB_PACKETID, le64(packetId)));
  if (parts.length > 3) parts.push(option(OPTION_END));
  return block(ENHANCED_PACKET, parts);
}

/** What an interface statistics block says; null for what nobody knows. */
export interface InterfaceStatistics {
  readonly seconds: number;
  readonly nanos: number;
  readonly timeDigits: number;
  readonly received: number;
  /** For want of room in what wrote the file. */
  readonly dropped: number;
  /** By the kernel. */
  readonly systemDropped: number | null;
  readonly delivered: number;
  readonly comment: string | null;
}

export function statisticsBlock(id: number, statistics: InterfaceStatistics): Buffer {
  const fixed = Buffer.allocUnsafe(12);
  fixed.writeUInt32LE(id, 0);
  writeTicks(fixed, 4, statistics.seconds, statistics.nanos, statistics.timeDigits);
  const { comment, received, dropped, systemDropped, delivered } = statistics;
  return block(STATISTICS, [
    fixed,
    ...(comment === null ? [] : [option(OPTION_COMMENT, encode(comment))]),
    option(OPTION_ISB_IFRECV, le64(received)),
    option(OPTION_ISB_IFDROP, le64(dropped)),
    ...(systemDropped === null ? [] : [option(OPTION_ISB_OSDROP, le64(systemDropped))]),
    option(OPTION_ISB_USRDELIV, le64(delivered)),
    option(OPTION_END),
  ]);
}

function block(type: number, body: readonly Uint8Array[]): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 12);
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  let at = 8;
  for (const part of body) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.writeUInt32LE(length, at);
  return bytes;
}

/**
 * A time as the format has it: two halves of 64 bits, the high one first. Exact in doubles: the seconds are taken in two
 * parts, so that no product has more than 47 bits.
 */
function writeTicks(into: Buffer, offset: number, seconds: number, nanos: number, digits: number): void {
  const unit = 10 ** digits;
  const part = Math.floor(nanos / 10 ** (9 - digits));
  const upper = Math.floor(seconds / 65_536) * unit;
  const lower = (seconds % 65_536) * unit + part;
  const low = (upper % 65_536) * 65_536 + lower;
  const high = Math.floor(upper / 65_536) + Math.floor(low / TWO_32);
  // The format cannot say times before 1970 (nor after 2554 in nanoseconds), which only an odd time offset makes.
  const [first, second] = seconds < 0 ? [0, 0] : high >= TWO_32 ? [TWO_32 - 1, TWO_32 - 1] : [high, low % TWO_32];
  into.writeUInt32LE(first, offset);
  into.writeUInt32LE(second, offset + 4);
}

/** Of two's complement. */
const le64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  const high = Math.floor(value / TWO_32);
  bytes.writeUInt32LE(value - high * TWO_32, 0);
  bytes.writeInt32LE(high | 0, 4);
  return bytes;
};

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
