import { EventEmitter } from 'node:events';
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Packet, parse } from 'pcap-parser';
import { CaptureError } from './errors.ts';
import { PCAP_HEADER_LENGTH, PcapReader } from './format/pcap.ts';
import { openBytes, sniffFormat } from './open.ts';
import { showPath, toPath } from './paths.ts';
import type { CaptureProblem, Frame } from './source.ts';

export interface VerifyResult {
  /** Frames that both readers read alike. */
  readonly frames: number;
  /** The first difference (code verify-mismatch); null when there is none. */
  readonly mismatch: CaptureProblem | null;
  /** Why pcap-parser cannot judge this input; null when it did. */
  readonly skipped: string | null;
}

export interface VerifyOptions {
  /** Ends the comparison early; what was compared stands. */
  readonly signal?: AbortSignal;
}

const BUFFER_LENGTH = 256 * 1024;

/**
 * Reads a capture a second time with the independent pcap-parser package and compares each record with what our reader makes
 * of it: time, captured and original length, bytes. pcap-parser knows only classic pcap with microseconds (also in gzip or
 * zstd); others are skipped with the reason. It says nothing of a cut file and collects without bound after a corrupt
 * length, so it only gets the bytes that our reader took for whole records: damage is told by the first reading. Rejects with
 * CaptureError when the input cannot be opened.
 */
export async function verifyWithPcapParser(path: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  const skip = (reason: string): VerifyResult => ({ frames: 0, mismatch: null, skipped: reason });
  if (path === '-' || !(statSync(toPath(path), { throwIfNoEntry: false })?.isFile() ?? true)) {
    return skip('it can be read only once');
  }
  const raw = openBytes(path);
  try {
    const { format, source, buffer } = await sniffFormat(raw, BUFFER_LENGTH);
    try {
      if (format.kind !== 'pcap') return skip(`pcap-parser reads classic pcap only`);
      if (buffer.end < PCAP_HEADER_LENGTH) return skip('its file header is cut short');
      const reader = new PcapReader(buffer.bytes, buffer.start);
      if (!reader.isPlainMicro) return skip('pcap-parser reads plain pcap with microseconds only');
      const comparison = new Comparison(showPath(path));
      const headerEnd = buffer.start + PCAP_HEADER_LENGTH;
      comparison.feed(buffer.bytes.slice(buffer.start, headerEnd), 0);
      buffer.start = headerEnd;
      while (comparison.mismatch === null && options.signal?.aborted !== true) {
        const { start } = buffer;
        const offset = reader.offset;
        buffer.start = reader.read(buffer.bytes, start, buffer.end, (frame) => comparison.expect(frame));
        comparison.feed(buffer.bytes.slice(start, buffer.start), offset);
        if (reader.damage !== null) break;
        // A turn of the event loop for each buffer: this is the slow reader.
        await new Promise((resolve) => setImmediate(resolve));
        try {
          if ((await buffer.fill(reader.needed)) === 0) break;
        } catch (error) {
          if (error instanceof CaptureError) break;
          throw error;
        }
      }
      return { frames: comparison.frames, mismatch: comparison.mismatch, skipped: null };
    } finally {
      source.close();
    }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    throw new CaptureError(error.code, `${showPath(path)}: ${error.message}`, error);
  } finally {
    raw.close();
  }
}

interface Expected {
  readonly number: number;
  /** Microseconds since 1970. */
  readonly micros: number;
  readonly wireLength: number;
  readonly data: Uint8Array;
}

/** Drives pcap-parser with bytes, synchronously, and holds its packets against the expected ones. */
class Comparison {
  frames = 0;
  mismatch: CaptureProblem | null = null;
  readonly #path: string;
  readonly #input = Object.assign(new EventEmitter(), { pause() {}, resume() {} });
  #expected: Expected[] = [];
  #next = 0;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
    // It uses no more of a stream than these two methods and its events.
    // It calls Buffer(), of which Node warns where it is no longer in node_modules but in our bundle.
    process.noDeprecation = true;
    const parser = parse(this.#input as unknown as Readable);
    parser.on('packet', (packet) => this.#compare(packet));
    parser.on('error', (error) => this.#differ(this.frames + 1, `pcap-parser says "${error.message}"`));
  }

  expect(frame: Frame): void {
    this.#expected.push({
      number: frame.number,
      micros: frame.seconds * 1_000_000 + frame.nanos / 1000,
      wireLength: frame.wireLength,
      data: frame.bytes.slice(frame.offset, frame.offset + frame.capturedLength),
    });
  }

  /** `bytes` hold just the records that were announced with expect(); `offset` is where they begin in the input. */
  feed(bytes: Uint8Array, offset: number): void {
    this.#offset = offset;
    this.#input.emit('data', Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (this.#next < this.#expected.length) {
      this.#differ(this.#expected[this.#next]!.number, 'pcap-parser does not find this frame');
    }
    this.#expected = [];
    this.#next = 0;
  }

  #compare({ header, data }: Packet): void {
    const expected = this.#expected[this.#next++];
    if (expected === undefined) {
      this.#differ(this.frames + 1, 'pcap-parser finds a frame where there is none');
      return;
    }
    const { number } = expected;
    const check = (what: string, ours: number, theirs: number) => {
      if (ours !== theirs) this.#differ(number, `${what} is ${ours} here and ${theirs} in pcap-parser`);
    };
    // Both count from 1970; the fraction may run over a second, which is one and the same time.
    check('the time (in µs)', expected.micros, header.timestampSeconds * 1_000_000 + header.timestampMicroseconds);
    check('the captured length', expected.data.length, header.capturedLength);
    check('the original length', expected.wireLength, header.originalLength);
    if (Buffer.compare(data, expected.data) !== 0) this.#differ(number, 'its bytes differ in pcap-parser');
    if (this.mismatch === null) this.frames++;
  }

  #differ(frame: number, what: string): void {
    const message = `${this.#path}: frame ${frame}: ${what}`;
    this.mismatch ??= { code: 'verify-mismatch', offset: this.#offset, frame, message };
  }
}
