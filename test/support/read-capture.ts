import type { ByteSource } from '../../src/capture/bytes/byte-source.ts';
import { CaptureError } from '../../src/capture/errors.ts';
import { openSource } from '../../src/capture/open.ts';
import type { CaptureInterface, CaptureProblem, FrameSource } from '../../src/capture/source.ts';

/** A copy of what a handler got of a frame. */
export interface ReadFrame {
  number: number;
  seconds: number;
  nanos: number;
  wireLength: number;
  linkType: number;
  timeDigits: number;
  fcsLength: number;
  direction: number;
  interfaceIndex: number;
  hex: string;
}

export interface ReadResult {
  frames: ReadFrame[];
  interfaces: CaptureInterface[];
  problems: CaptureProblem[];
  drops: number | bigint | null;
  /** Why it could not be opened; then there is nothing else. */
  error: CaptureError | null;
}

/** Bytes in memory that come in pieces of the given sizes (the last one repeated), each behind a promise when `late`. */
export function memorySource(bytes: Uint8Array, sizes: readonly number[] = [1 << 20], late = false): ByteSource {
  let at = 0;
  let turn = 0;
  let isClosed = false;
  return {
    get bytesRead() {
      return at;
    },
    totalBytes: bytes.length,
    read(into, start, end) {
      const size = Math.max(1, sizes[Math.min(turn++, sizes.length - 1)]!);
      const count = isClosed ? 0 : Math.min(size, end - start, bytes.length - at);
      into.set(bytes.subarray(at, at + count), start);
      at += count;
      return late ? Promise.resolve(count) : count;
    },
    canReopen: true,
    reopen: () => memorySource(bytes, sizes, late),
    close() {
      isClosed = true;
    },
  };
}

/** Runs a source to its end and keeps everything. */
export async function collect(source: FrameSource): Promise<ReadResult> {
  const frames: ReadFrame[] = [];
  await source.run((frame) => {
    frames.push({
      number: frame.number,
      seconds: frame.seconds,
      nanos: frame.nanos,
      wireLength: frame.wireLength,
      linkType: frame.linkType,
      timeDigits: frame.timeDigits,
      fcsLength: frame.fcsLength,
      direction: frame.direction,
      interfaceIndex: frame.interfaceIndex,
      hex: Buffer.from(frame.bytes.slice(frame.offset, frame.offset + frame.capturedLength)).toString('hex'),
    });
  });
  const { interfaces, problems, drops } = source;
  return { frames, interfaces: [...interfaces], problems: [...problems], drops, error: null };
}

/** Opens bytes as a capture of the name `t` and reads all of it. */
export async function readBytes(bytes: Uint8Array, sizes?: readonly number[], late?: boolean): Promise<ReadResult> {
  return readSource(memorySource(bytes, sizes, late));
}

export async function readSource(bytes: ByteSource, bufferLength?: number): Promise<ReadResult> {
  try {
    return await collect(await openSource('t', bytes, bufferLength === undefined ? {} : { bufferLength }));
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { frames: [], interfaces: [], problems: [], drops: null, error };
  }
}

/** Reads in one chunk, byte by byte at once, byte by byte late, and with a buffer that must grow: all must agree. */
export async function readEveryWay(bytes: Uint8Array): Promise<ReadResult> {
  const whole = await readBytes(bytes);
  const others = [
    await readBytes(bytes, [1]),
    await readBytes(bytes, [1], true),
    await readBytes(bytes, [7, 1, 13, 2, 5]),
    await readSource(memorySource(bytes), 1),
  ];
  for (const other of others) {
    if (JSON.stringify(comparable(other)) !== JSON.stringify(comparable(whole))) {
      throw new Error(`chunks matter:\n${JSON.stringify(comparable(other))}\n${JSON.stringify(comparable(whole))}`);
    }
  }
  return whole;
}

/** An error's properties do not show in JSON, and it has no bigints. */
const comparable = ({ error, drops, ...rest }: ReadResult) => ({
  ...rest,
  drops: String(drops),
  error: error === null ? null : [error.code, error.message, error.offset, error.frame],
});
