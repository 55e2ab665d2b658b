import { CaptureError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { type ZstdDecoder, ZstdDecoders } from './zstd-decoder.ts';
import { MAGIC, MAGIC_SKIPPABLE } from './zstd-magic.ts';

/*
 * RFC 8878. The frames are taken apart here, of which pzstd and `cat a.zst b.zst` make several, and their decoder gets one block at a
 * time. So one step makes no more than 128 KiB out of however few bytes, and what a header claims is checked before memory is
 * taken for it.
 */
const MAX_BLOCK = 128 * 1024;
/** As of `zstd -d` without --memory. */
const MAX_WINDOW = 128 * 1024 * 1024;
/**
 * fzstd moves its whole window for each block, so tiny blocks in a huge window take quadratic time. No compressor makes such;
 * a file that costs more than this many moved bytes, and more than this many for a byte of data, is refused.
 */
const MAX_MOVED = 64 * 1024 ** 3;
const MAX_MOVED_PER_BYTE = 4096;

const RLE = 1;
const RESERVED = 3;

const fail = (what: string): never => {
  throw new CaptureError('bad-compression', `the zstd data are damaged (${what})`);
};

const cut = () => new CaptureError('bad-compression', 'the zstd data end too early: the file was cut');

interface ZstdFrame {
  readonly decoder: ZstdDecoder;
  /** Bytes. */
  readonly window: number;
  readonly hasChecksum: boolean;
}

/** What zstd holds, of any number of frames. Damage rejects with CaptureError bad-compression, after everything before it. */
export class ZstdSource implements ByteSource {
  readonly #source: ByteSource;
  /** Compressed bytes #input[#at, #end): a block and what was read with it. */
  readonly #input = new Uint8Array(2 * MAX_BLOCK);
  readonly #view = new DataView(this.#input.buffer);
  #at = 0;
  #end = 0;
  /** The frame that is being read; null between frames. */
  #frame: ZstdFrame | null = null;
  #output: Uint8Array = new Uint8Array(0);
  readonly #decoders = new ZstdDecoders();
  #moved = 0;
  #made = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get totalBytes(): number | null {
    return this.#source.totalBytes;
  }

  async read(bytes: Uint8Array, start: number, end: number): Promise<number> {
    while (this.#output.length === 0) {
      if (!(this.#frame === null ? await this.#frameHeader() : await this.#block(this.#frame))) return 0;
    }
    const count = Math.min(this.#output.length, end - start);
    bytes.set(this.#output.subarray(0, count), start);
    this.#output = this.#output.subarray(count);
    return count;
  }

  /** Waits until #input[#at, #at + length) is there. False when the input ends right here, throws when it ends within. */
  async #need(length: number): Promise<boolean> {
    while (this.#end - this.#at < length) {
      if (this.#at + length > this.#input.length) {
        this.#input.copyWithin(0, this.#at, this.#end);
        this.#end -= this.#at;
        this.#at = 0;
      }
      const count = await this.#source.read(this.#input, this.#end, this.#input.length);
      if (count === 0) {
        if (this.#end === this.#at && this.#frame === null) return false;
        throw cut();
      }
      this.#end += count;
    }
    return true;
  }

  async #frameHeader(): Promise<boolean> {
    if (!(await this.#need(4))) return false;
    const magic = this.#view.getUint32(this.#at, true);
    if (magic >>> 4 === MAGIC_SKIPPABLE) {
      await this.#need(8);
      let left = this.#view.getUint32(this.#at + 4, true);
      this.#at += 8;
      while (left > 0) {
        if (!(await this.#need(1))) throw cut();
        const here = Math.min(left, this.#end - this.#at);
        this.#at += here;
        left -= here;
      }
      return true;
    }
    if (magic !== MAGIC) fail(`magic number 0x${magic.toString(16)} where a frame should begin`);
    await this.#need(6);
    // Frame header descriptor, RFC 8878 section 3.1.1.1.1.
    const descriptor = this.#input[this.#at + 4]!;
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
    const sizeFlag = descriptor >>> 6;
    const sizeLength = sizeFlag === 0 ? Number(isSingleSegment) : 1 << sizeFlag;
    const windowLength = isSingleSegment ? 0 : 1;
    const headerLength = 5 + windowLength + dictionaryLength + sizeLength;
    await this.#need(headerLength);
    const dictionary = this.#input.subarray(this.#at + 5 + windowLength, this.#at + headerLength - sizeLength);
    if (dictionary.some((byte) => byte !== 0)) {
      throw new CaptureError('bad-compression', 'the zstd data need a dictionary; decompress the file with zstd first');
    }
    let window = 0;
    if (isSingleSegment) {
      for (let i = 1; i <= sizeLength; i++) window = window * 256 + this.#input[this.#at + headerLength - i]!;
      if (sizeLength === 2) window += 256;
    } else {
      const code = this.#input[this.#at + 5]!;
      const base = 2 ** (10 + (code >>> 3));
      window = base + (base / 8) * (code & 7);
    }
    if (window > MAX_WINDOW) {
      const message = `the zstd data need a window of ${window} bytes, expected at most ${MAX_WINDOW}`;
      throw new CaptureError('bad-compression', `${message}; decompress the file with zstd -d --long=31 first`);
    }
    const decoder = this.#decoders.next(this.#source.bytesRead);
    this.#frame = { decoder, window, hasChecksum: (descriptor & 4) !== 0 };
    await this.#push(this.#frame, headerLength, false);
    return true;
  }

  async #block(frame: ZstdFrame): Promise<boolean> {
    await this.#need(3);
    const header = this.#view.getUint16(this.#at, true) | (this.#input[this.#at + 2]! << 16);
    const isLast = (header & 1) !== 0;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === RESERVED || size > MAX_BLOCK) fail(`a block of type ${type} with ${size} bytes`);
    const length = 3 + (type === RLE ? 1 : size) + (isLast && frame.hasChecksum ? 4 : 0);
    await this.#need(length);
    await this.#push(frame, length, isLast);
    this.#made += this.#output.length;
    this.#moved += frame.window;
    if (this.#moved > MAX_MOVED && this.#moved > MAX_MOVED_PER_BYTE * (this.#made + this.#source.bytesRead)) {
      throw new CaptureError(
        'bad-compression',
        'the zstd data have too small blocks; decompress the file with zstd first',
      );
    }
    if (isLast) {
      frame.decoder.close();
      this.#frame = null;
    }
    return true;
  }

  /** A decoder keeps what it gets until it has enough, so it gets a copy. */
  async #push({ decoder }: ZstdFrame, length: number, isLast: boolean): Promise<void> {
    const piece = this.#input.slice(this.#at, this.#at + length);
    this.#at += length;
    try {
      const made = decoder.decode(piece, isLast);
      this.#output = made instanceof Promise ? await made : made;
    } catch (error) {
      // Bad data also make fzstd throw TypeErrors and RangeErrors.
      fail((error as Error).message);
    }
  }

  get canReopen(): boolean {
    return this.#source.canReopen;
  }

  reopen(): ByteSource | null {
    const again = this.#source.reopen();
    return again === null ? null : new ZstdSource(again);
  }

  close(): void {
    this.#frame?.decoder.close();
    this.#source.close();
  }
}
