/**
 * The process that holds the native module `cap`, alone: it aborts when its interface goes away. Captures on one
 * interface, writes a nanosecond pcap stream to standard output, and a JSON object a line to standard error. Ends when
 * its standard input ends.
 *
 * `cap` gives no time of a frame, so a frame is stamped when it is delivered, and no wire length beyond 65,535 bytes
 * and no drop counts of the kernel.
 */
import { readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { describeCapFault } from './cap-fault.ts';

/** The one argument, as JSON. */
export interface CapChildSettings {
  readonly interface: string;
  readonly filter: string;
  readonly snapLength: number;
  /**
   * Of the kernel's ring, and as much again for frames that wait for their reader. libpcap gives each frame a slot of 64 KiB
   * in the ring where the interface has segmentation offload, which is nearly everywhere: 100 MiB hold 1,600 frames.
   */
  readonly bufferBytes: number;
}

/** A line of standard error. */
export type CapChildMessage =
  /** Could not start. `missing`: there is no usable `cap`. */
  | { readonly type: 'failed'; readonly missing: boolean; readonly message: string }
  /** Frames written, and frames that this process had to drop because its reader was too slow, so far. */
  | { readonly type: 'counters'; readonly frames: number; readonly dropped: number };

interface Cap {
  open(device: string, filter: string, bufferBytes: number, buffer: Buffer): string;
  close(): void;
}

/** cap looks `emit` up once, in its constructor, and calls it for each frame. */
interface CapClass {
  new (): Cap;
  prototype: { emit(event: 'packet', length: number, truncated: boolean): void };
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const BATCH_BYTES = 65_536;
const MAX_FRAME = 65_535;
const RECORD_HEADER = 16;
const NANOS = 1_000_000_000;

/** By cap's names for what libpcap opened. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LINKTYPE_LINUX_SLL: 113,
  IEEE802_11_RADIO: 127,
};

/** libpcap's DLT_RAW (12 on Linux, 14 on OpenBSD) is LINKTYPE_RAW in files; other values of interest are the same. */
function linkTypeOf(name: string): number {
  const number = LINK_TYPES[name] ?? Number(/^Unknown linktype (\d+)$/.exec(name)?.[1]);
  if (Number.isNaN(number)) throw new Error(`cap knows no number for the link type ${name}`);
  return number;
}

function tell(message: CapChildMessage): void {
  try {
    writeSync(STDERR, `${JSON.stringify(message)}\n`);
  } catch {
    // Nobody listens any more.
  }
}

/**
 * Wall clock time with nanoseconds: the monotonic clock, tied to the edge of a millisecond of Date.now(), so right to
 * about a microsecond and never running backwards, except where the system's clock was stepped.
 */
class Clock {
  seconds = 0;
  nanos = 0;
  #baseSeconds = 0;
  #baseNanos = 0;

  constructor() {
    this.#calibrate();
  }

  #calibrate(): void {
    let before = Date.now();
    for (;;) {
      const now = Date.now();
      const [seconds, nanos] = process.hrtime();
      if (now !== before) {
        // Two milliseconds at once: this process was not running at the edge.
        if (now === before + 1) {
          this.#baseSeconds = Math.floor(now / 1000) - seconds;
          this.#baseNanos = (now % 1000) * 1_000_000 - nanos;
          return;
        }
        before = now;
      }
    }
  }

  /** Reads the time into `seconds` and `nanos`. */
  read(): void {
    this.#add();
    // Stepped by hand or by NTP, or the machine slept.
    if (Math.abs(this.seconds * 1000 + this.nanos / 1_000_000 - Date.now()) > 5) {
      this.#calibrate();
      this.#add();
    }
  }

  #add(): void {
    const [seconds, nanos] = process.hrtime();
    const sum = this.#baseNanos + nanos;
    const carry = Math.floor(sum / NANOS);
    this.seconds = this.#baseSeconds + seconds + carry;
    this.nanos = sum - carry * NANOS;
  }
}

/**
 * Frames on their way to standard output, which does not block: while its reader is slow they wait here, and beyond the
 * bound they are dropped and counted.
 */
class Output {
  readonly #bound: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #batch = Buffer.allocUnsafe(BATCH_BYTES);
  #length = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#length === 0;
  }

  /** Room for `size` bytes (at most MAX_FRAME + RECORD_HEADER) within the batch; -1 when there is none. */
  reserve(size: number): number {
    if (this.#waitingBytes + this.#length + size > this.#bound) {
      this.flush();
      if (this.#waitingBytes + this.#length + size > this.#bound) return -1;
    }
    if (this.#length + size > this.#batch.length) this.flush();
    if (size > this.#batch.length) this.#batch = Buffer.allocUnsafe(size);
    const offset = this.#length;
    this.#length += size;
    return offset;
  }

  get batch(): Buffer {
    return this.#batch;
  }

  /** Hands on what is there, as far as the reader takes it. False when something still waits. */
  flush(): boolean {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const written = write(first, 0, first.length);
      this.#waitingBytes -= written;
      if (written < first.length) {
        this.#waiting[0] = first.subarray(written);
        break;
      }
      this.#waiting.shift();
    }
    if (this.#length === 0) return this.#waiting.length === 0;
    const written = this.#waiting.length > 0 ? 0 : write(this.#batch, 0, this.#length);
    if (written < this.#length) {
      this.#waiting.push(Buffer.from(this.#batch.subarray(written, this.#length)));
      this.#waitingBytes += this.#length - written;
    }
    this.#length = 0;
    return this.#waiting.length === 0;
  }
}

function write(bytes: Buffer, offset: number, length: number): number {
  try {
    return writeSync(STDOUT, bytes, offset, length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    // EPIPE: whoever wanted the frames has gone.
    process.exit(0);
  }
}

/** The folder whose node_modules it is in; null where it is not installed. */
function homeOfCap(require: NodeJS.Require): string | null {
  try {
    return dirname(dirname(dirname(require.resolve('cap/package.json'))));
  } catch {
    return null;
  }
}

function main(settings: CapChildSettings): void {
  let onPacket = (_length: number): void => {};
  let cap: Cap;
  const require = createRequire(import.meta.url);
  try {
    const { Cap } = require('cap') as { Cap: CapClass };
    // Half the way of an EventEmitter's own.
    Cap.prototype.emit = (_event, length) => onPacket(length);
    cap = new Cap();
  } catch (error) {
    tell({ type: 'failed', missing: true, message: describeCapFault(error, homeOfCap(require)) });
    process.exitCode = 1;
    return;
  }

  // cap keeps no reference to it, so this variable, alive as long as the listener, must.
  const frame = Buffer.allocUnsafe(MAX_FRAME);
  let linkType: number;
  try {
    linkType = linkTypeOf(cap.open(settings.interface, settings.filter, settings.bufferBytes, frame));
  } catch (error) {
    tell({ type: 'failed', missing: false, message: (error as Error).message });
    // Not a return: after a failed open() both close() and the garbage collector would bring the process down.
    process.exit(1);
  }

  // These getters make the descriptors non-blocking.
  process.stdout.on('error', () => {});
  const output = new Output(settings.bufferBytes);
  const clock = new Clock();
  let frames = 0;
  let dropped = 0;
  let droppedTold = 0;
  let pending = false;
  let stopped = false;

  const header = output.batch;
  const start = output.reserve(24);
  header.writeUInt32LE(0xa1b23c4d, start);
  header.writeUInt16LE(2, start + 4);
  header.writeUInt16LE(4, start + 6);
  header.fill(0, start + 8, start + 16);
  header.writeUInt32LE(settings.snapLength, start + 16);
  header.writeUInt32LE(linkType, start + 20);
  output.flush();

  const flush = (): void => {
    pending = !output.flush();
    if (pending) setTimeout(flush, 1);
  };

  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    cap.close();
    const drain = (): void => {
      if (!output.flush()) {
        setTimeout(drain, 1);
        return;
      }
      tell({ type: 'counters', frames, dropped });
      process.exit(0);
    };
    // Not within a handler of cap's: it is still using the handle.
    setImmediate(drain);
  };

  const nothing = Buffer.alloc(1);
  onPacket = (length) => {
    if (stopped) return;
    clock.read();
    const captured = Math.min(length, settings.snapLength);
    const offset = output.reserve(RECORD_HEADER + captured);
    if (offset < 0) {
      dropped++;
    } else {
      frames++;
      const batch = output.batch;
      batch.writeUInt32LE(clock.seconds, offset);
      batch.writeUInt32LE(clock.nanos, offset + 4);
      batch.writeUInt32LE(captured, offset + 8);
      batch.writeUInt32LE(length, offset + 12);
      frame.copy(batch, offset + RECORD_HEADER, 0, captured);
      if (!pending) {
        // cap hands out all frames of a burst before the event loop turns; then what is left of the batch goes.
        pending = true;
        setImmediate(flush);
      }
    }
    // In a burst without end the event loop never turns.
    if (((frames + dropped) & 4095) === 0 && standardInputEnded(nothing)) stop();
  };

  setInterval(() => {
    if (dropped === droppedTold) return;
    droppedTold = dropped;
    tell({ type: 'counters', frames, dropped });
  }, 250).unref();

  process.stdin.on('data', () => {});
  process.stdin.on('end', stop);
  process.stdin.on('error', stop);
  // Of a terminal's Ctrl-C the whole process group hears; our parent says when to end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', stop);
}

function standardInputEnded(scratch: Buffer): boolean {
  try {
    return readSync(STDIN, scratch, 0, 1, null) === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
  }
}

main(JSON.parse(process.argv[2] ?? '{}') as CapChildSettings);
