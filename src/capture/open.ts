import { constants, createReadStream, fstatSync, openSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { whyUnreadable } from '../unreadable.ts';
import { type ByteSource, FileSource, PrefixedSource, StreamSource } from './bytes/byte-source.ts';
import { InputBuffer } from './bytes/input-buffer.ts';
import { CaptureError } from './errors.ts';
import { type Format, recogniseFormat, SNIFF_LENGTH } from './format/detect.ts';
import { PCAP_HEADER_LENGTH, PcapReader } from './format/pcap.ts';
import { PcapngReader } from './format/pcapng.ts';
import type { RecordReader } from './format/record-reader.ts';
import { showPath, toPath } from './paths.ts';
import { RecordSource } from './record-source.ts';
import type { FrameSource } from './source.ts';

export interface OpenOptions {
  /** Ends the wait for the first bytes of a pipe. */
  readonly signal?: AbortSignal;
  /** Bytes read at once (default 512 KiB). The buffer grows when a single record is longer. */
  readonly bufferLength?: number;
}

/** Measured from 64 KiB to 1 MiB, see bench/notes.md. */
const BUFFER_LENGTH = 512 * 1024;

/**
 * Opens a capture: pcap or pcapng, plain or in gzip or zstd, told by content. `-` is standard input; a pipe streams as it
 * comes. Rejects with CaptureError (not-found, unreadable, empty-file, unknown-format, truncated-header, bad-compression,
 * unsupported-version) when it is none; what is damaged further on becomes one of the source's `problems`.
 */
export async function openCapture(path: string, options: OpenOptions = {}): Promise<FrameSource> {
  return openSource(showPath(path), openBytes(path), options);
}

/** The same for a stream that somebody else has opened, as a capturer's output. */
export async function openCaptureStream(
  name: string,
  stream: Readable,
  options: OpenOptions = {},
): Promise<FrameSource> {
  return openSource(name, new StreamSource(stream), options);
}

/** The same for any bytes. Owns `source`. */
export async function openSource(name: string, source: ByteSource, options: OpenOptions = {}): Promise<FrameSource> {
  const stop = () => source.close();
  options.signal?.addEventListener('abort', stop);
  let sniffed: Sniffed | null = null;
  try {
    sniffed = await sniffFormat(source, options.bufferLength ?? BUFFER_LENGTH);
    const { buffer, compression } = sniffed;
    const reader = await readHeader(sniffed.format, buffer);
    return new RecordSource(name, compression, sniffed.source, buffer, reader);
  } catch (error) {
    (sniffed?.source ?? source).close();
    if (!(error instanceof CaptureError)) throw error;
    const message = options.signal?.aborted === true ? 'stopped before a capture began' : error.message;
    throw new CaptureError(error.code, `${name}: ${message}`, error);
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

/** Opens a path for reading its bytes. Throws CaptureError not-found or unreadable. */
export function openBytes(path: string): ByteSource {
  if (path === '-') return openStandardInput();
  try {
    const status = statSync(toPath(path));
    if (status.isDirectory())
      throw new CaptureError('unreadable', `${showPath(path)}: is a directory, expected a capture file`);
    if (status.isFile()) return new FileSource(openSync(toPath(path), 'r'), path);
    if (status.isFIFO()) {
      // Opened without waiting for a writer and read by the event loop, so that it can be given up at any time.
      const descriptor = openSync(toPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
      return new StreamSource(
        new (process.getBuiltinModule('node:net').Socket)({ fd: descriptor, readable: true, writable: false }),
      );
    }
    return new StreamSource(createReadStream(toPath(path)));
  } catch (error) {
    if (error instanceof CaptureError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new CaptureError('not-found', `${showPath(path)}: no such file`);
    throw new CaptureError('unreadable', `${showPath(path)}: cannot be read: ${whyUnreadable(error)}`);
  }
}

function openStandardInput(): ByteSource {
  if (isatty(0)) {
    throw new CaptureError('unreadable', '-: standard input is a terminal, expected a capture (tcpdump -w - | …)');
  }
  return fstatSync(0).isFile() ? new FileSource(0, null) : new StreamSource(process.stdin);
}

interface Sniffed {
  readonly format: Format;
  readonly compression: 'gzip' | 'zstd' | null;
  /** What is to be read: the given source or a decompressor around it. */
  readonly source: ByteSource;
  /** Holds the first bytes of it. */
  readonly buffer: InputBuffer;
}

/** Tells what `source` holds by its first bytes, looking into compression. Rejects with CaptureError without a name. */
export async function sniffFormat(source: ByteSource, bufferLength = BUFFER_LENGTH): Promise<Sniffed> {
  const first = await sniffOnce(source, bufferLength);
  if (first.format.kind !== 'gzip' && first.format.kind !== 'zstd') return { ...first, compression: null, source };
  const compression = first.format.kind;
  const prefixed = new PrefixedSource(first.buffer.bytes.slice(first.buffer.start, first.buffer.end), source);
  // Loaded when wanted: most captures are plain, and small ones are over before a decompressor is loaded.
  const inner =
    compression === 'gzip'
      ? new (await import('./bytes/gzip.ts')).GzipSource(prefixed)
      : new (await import('./bytes/zstd.ts')).ZstdSource(prefixed);
  try {
    return { ...(await sniffOnce(inner, bufferLength)), compression, source: inner };
  } catch (error) {
    inner.close();
    throw error;
  }
}

async function sniffOnce(source: ByteSource, length: number): Promise<{ format: Format; buffer: InputBuffer }> {
  const buffer = new InputBuffer(source, Math.max(length, SNIFF_LENGTH));
  while (buffer.end < SNIFF_LENGTH && (await buffer.fill(SNIFF_LENGTH)) > 0);
  if (buffer.end === 0) throw new CaptureError('empty-file', 'empty, expected pcap or pcapng');
  return { format: recogniseFormat(buffer.bytes.subarray(0, Math.min(buffer.end, SNIFF_LENGTH))), buffer };
}

async function readHeader(format: Format, buffer: InputBuffer): Promise<RecordReader> {
  if (format.kind === 'pcap') {
    if (buffer.end < PCAP_HEADER_LENGTH) throw cutHeader(buffer.end, PCAP_HEADER_LENGTH);
    const reader = new PcapReader(buffer.bytes, buffer.start);
    buffer.start += PCAP_HEADER_LENGTH;
    return reader;
  }
  if (format.kind === 'pcapng') {
    const reader = new PcapngReader();
    // Only the section header, by and by as its length becomes known: packets wait for run().
    let length = reader.needed;
    for (;;) {
      while (buffer.end < length) {
        if ((await buffer.fill(length)) === 0) throw cutHeader(buffer.end, length);
      }
      reader.read(buffer.bytes, 0, length, () => {});
      if (reader.damage !== null) throw new CaptureError(reader.damage.code, reader.damage.message, reader.damage);
      if (reader.offset > 0) break;
      length = reader.needed;
    }
    buffer.start = length;
    return reader;
  }
  throw unknownFormat(format, buffer.end);
}

const cutHeader = (has: number, needs: number) =>
  new CaptureError('truncated-header', `cut short after ${has} of the ${needs} bytes of the file header`, {
    offset: has,
  });

function unknownFormat(format: Format, length: number): CaptureError {
  if (length < 4) return cutHeader(length, PCAP_HEADER_LENGTH);
  const found =
    format.kind !== 'foreign'
      ? `${format.kind} inside of compressed data`
      : (format.name ?? 'nothing that is known here');
  return new CaptureError('unknown-format', `not a capture: expected pcap or pcapng, this looks like ${found}`, {
    offset: 0,
  });
}
