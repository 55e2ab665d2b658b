import type { CaptureErrorCode } from '../errors.ts';
import type { CaptureInterface, Count, FrameHandler } from '../source.ts';
import type { RecordSkipper } from './record-skipper.ts';

/** What stopped a reader. `message` says what is wrong and what was expected, and names neither file nor place. */
export interface Damage {
  readonly code: CaptureErrorCode;
  /** Bytes from the start of the uncompressed input. */
  readonly offset: number;
  readonly message: string;
}

/**
 * Reads the records of one capture format out of a buffer that somebody else fills. Files, pipes and decompressors share
 * it, and no byte is copied: the frame that it hands out lies in the buffer.
 */
export interface RecordReader {
  readonly format: 'pcap' | 'pcapng';
  /** Grows while reading. */
  readonly interfaces: readonly CaptureInterface[];
  /** Of the file as a whole; absent where the format has none. */
  readonly comments?: readonly string[];
  /** Frames that the capturer says it lost; null when it says nothing. */
  readonly drops: Count | null;
  /** Frames so far, as Wireshark numbers them: also the few pcapng records that are no packets but get a number there. */
  readonly frames: number;
  /** Bytes read so far, from the start of the uncompressed input. */
  readonly offset: number;
  /** Bytes that bytes[start, end) must hold for read() to get any further. */
  readonly needed: number;
  /** Set when read() found what it cannot read; then it reads no more. */
  readonly damage: Damage | null;
  /**
   * Reads every whole record in bytes[start, end), hands each frame to `onFrame`, except what `skipper` (whose bytes those are)
   * passes over, and returns the new start.
   */
  read(bytes: Uint8Array, start: number, end: number, onFrame: FrameHandler, skipper?: RecordSkipper): number;
  /** What it means that the input ends with `left` unread bytes; null when that is between two records. */
  cut(left: number): Damage | null;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Most bytes that one frame may have, by link type: a longer one is damage, since nothing should make a reader allocate
 * what a corrupt length says. The limits are those of libpcap (max_snaplen_for_dlt) and Wireshark (WTAP_MAX_PACKET_SIZE_*):
 * 256 KiB covers IPv6 over loopback with segmentation offload; D-Bus messages and USB transfers may have 128 MiB, EBHSCR 8.
 */
export function frameLimit(linkType: number): number {
  switch (linkType) {
    case 231: // LINKTYPE_DBUS
    case 249: // LINKTYPE_USBPCAP
      return 128 * MIB;
    case 279: // LINKTYPE_EBHSCR
      return 8 * MIB;
    default:
      return 256 * KIB;
  }
}

/** Unsigned 32 bits. */
export function load32(bytes: Uint8Array, at: number, little: boolean): number {
  return little
    ? (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    : ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function load16(bytes: Uint8Array, at: number, little: boolean): number {
  return little ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;
}
