import { CaptureError } from '../errors.ts';
import { type CaptureInterface, Frame, type FrameHandler } from '../source.ts';
import { type Damage, frameLimit, load16, load32, type RecordReader } from './record-reader.ts';
import type { RecordSkipper } from './record-skipper.ts';

/*
 * Classic pcap, draft-ietf-opsawg-pcap:
 *
 *    0  magic, which also tells the byte order          0  seconds
 *    4  major 2      6  minor 4                         4  micro- or nanoseconds
 *    8  reserved (12 bytes to 16: zone and accuracy)    8  captured length
 *   16  snap length                                    12  length on the wire
 *   20  FCS and class bits, link type                  16  the frame (modified pcap: 8 bytes of its own first)
 */
export const PCAP_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;

const MAGIC_MICRO = 0xa1b2c3d4;
const MAGIC_NANO = 0xa1b23c4d;
/** Alexey Kuznetsov's patched libpcap: interface index, protocol and packet type follow each record header. */
const MAGIC_MODIFIED = 0xa1b2cd34;
const MODIFIED_EXTRA = 8;

/** Bit 26 of the link type field says that bits 28 to 31 hold the FCS length, in units of 16 bits. */
const FCS_PRESENT = 0x0400_0000;

/** Most bytes a frame may have because the file's own snap length says so. */
const SNAP_LIMIT = 16 * 1024 * 1024;

/** True when the four bytes at `at` begin a classic pcap file, in either byte order. */
export function isPcapMagic(bytes: Uint8Array, at: number): boolean {
  return [true, false].some((little) => {
    const magic = load32(bytes, at, little);
    return magic === MAGIC_MICRO || magic === MAGIC_NANO || magic === MAGIC_MODIFIED;
  });
}

/** Reads classic pcap. Takes the file header apart at once; bytes[at, at + PCAP_HEADER_LENGTH) must be there. */
export class PcapReader implements RecordReader {
  readonly format = 'pcap';
  readonly interfaces: readonly CaptureInterface[];
  readonly drops = null;
  /** True for the plain format with microseconds, which is all that pcap-parser knows. */
  readonly isPlainMicro: boolean;
  frames = 0;
  offset = PCAP_HEADER_LENGTH;
  needed: number;
  damage: Damage | null = null;

  readonly #little: boolean;
  readonly #nano: boolean;
  readonly #headerLength: number;
  readonly #mayBeSwapped: boolean;
  readonly #limit: number;
  readonly #frame = new Frame();
  #configured: RecordSkipper | null = null;
  /** On the bytes of #frame: V8 turns its reads into single loads, where four bytes put together cost more. */
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** Throws CaptureError unsupported-version. */
  constructor(bytes: Uint8Array, at: number) {
    // The last byte of each magic is 0xd4, 0x4d or 0x34, the first always 0xa1.
    const little = bytes[at] !== 0xa1;
    const magic = load32(bytes, at, little);
    const major = load16(bytes, at + 4, little);
    const minor = load16(bytes, at + 6, little);
    // 543.0 is what NFR's libpcap wrote; it is 2.4 with the two lengths exchanged. Nothing else was ever written.
    if (major !== 2 && !(major === 543 && minor === 0)) {
      throw new CaptureError('unsupported-version', `pcap version ${major}.${minor}, expected 2.4`, { offset: 4 });
    }
    const snapLength = load32(bytes, at + 16, little);
    const network = load32(bytes, at + 20, little);
    const linkType = network & 0xffff;
    this.#little = little;
    this.#nano = magic === MAGIC_NANO;
    this.#headerLength = RECORD_HEADER_LENGTH + (magic === MAGIC_MODIFIED ? MODIFIED_EXTRA : 0);
    // Up to version 2.3 some writers exchanged the two lengths; the captured one is never the larger.
    this.#mayBeSwapped = major !== 2 || minor < 4;
    this.#limit = Math.max(frameLimit(linkType), Math.min(snapLength, SNAP_LIMIT));
    this.isPlainMicro = magic === MAGIC_MICRO && !this.#mayBeSwapped;
    this.needed = this.#headerLength;
    const only: CaptureInterface = {
      linkType,
      // tcpdump writes 262144 for "no limit", older writers 65535: both stand as they are. 0 and 2^31 and up mean none.
      snapLength: snapLength > 0x7fff_ffff ? 0 : snapLength,
      timeDigits: this.#nano ? 9 : 6,
      fcsLength: (network & FCS_PRESENT) !== 0 ? (network >>> 28) * 2 : 0,
      name: null,
    };
    this.interfaces = [only];
    this.#frame.linkType = linkType;
    this.#frame.timeDigits = only.timeDigits;
    this.#frame.fcsLength = only.fcsLength;
  }

  read(bytes: Uint8Array, start: number, end: number, onFrame: FrameHandler, skipper?: RecordSkipper): number {
    const skips = skipper !== undefined && !this.#mayBeSwapped;
    if (skips) this.#configure(skipper);
    const little = this.#little;
    const nano = this.#nano;
    const headerLength = this.#headerLength;
    const limit = this.#limit;
    const frame = this.#frame;
    let at = start;
    if (frame.bytes !== bytes) {
      frame.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    this.needed = headerLength;
    while (end - at >= headerLength) {
      if (skips) {
        at = skipper.skip(at, end, this.frames);
        this.frames = skipper.frames;
        if (end - at < headerLength) break;
      }
      let captured = view.getUint32(at + 8, little);
      let wire = view.getUint32(at + 12, little);
      if (this.#mayBeSwapped && captured > wire) {
        const swapped = captured;
        captured = wire;
        wire = swapped;
      }
      if (captured > limit) {
        this.damage = {
          code: 'bad-record-length',
          offset: this.offset + at - start,
          message: `the record says ${captured} bytes were captured, expected at most ${limit}`,
        };
        break;
      }
      const next = at + headerLength + captured;
      if (next > end) {
        this.needed = next - at;
        break;
      }
      let seconds = view.getUint32(at, little);
      let nanos = view.getUint32(at + 4, little);
      if (!nano) nanos *= 1000;
      // Some writers let the fraction run over; the sum is what they meant, and the fraction must stay below a second.
      if (nanos >= 1_000_000_000) {
        seconds += Math.floor(nanos / 1_000_000_000);
        nanos %= 1_000_000_000;
      }
      frame.offset = at + headerLength;
      frame.capturedLength = captured;
      frame.wireLength = wire;
      frame.seconds = seconds;
      frame.nanos = nanos;
      frame.number = ++this.frames;
      at = next;
      onFrame(frame);
    }
    this.offset += at - start;
    return at;
  }

  #configure(skipper: RecordSkipper): void {
    if (this.#configured === skipper) return;
    this.#configured = skipper;
    const { linkType, timeDigits, fcsLength } = this.#frame;
    skipper.setPcap({
      little: this.#little,
      nano: this.#nano,
      headerLength: this.#headerLength,
      limit: this.#limit,
      index: 0,
      linkType,
      timeDigits,
      fcsLength,
    });
  }

  cut(left: number): Damage | null {
    if (left === 0) return null;
    const message =
      left < this.#headerLength
        ? `cut short after ${left} of the ${this.#headerLength} bytes of a record header`
        : `cut short after ${left} of the ${this.needed} bytes of the record`;
    return { code: 'truncated-record', offset: this.offset, message };
  }
}
