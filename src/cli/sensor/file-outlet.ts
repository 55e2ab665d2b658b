import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { CliError } from '../io.ts';
import { Outlet, type OutletListener, RETRY_MILLIS } from './outlet.ts';
import type { Rotation } from './rotation.ts';

const BATCH_BYTES = 1 << 18;
const NEWLINE = 0x0a;
/** A FIFO whose reader is slow is tried again after this time. */
const BUSY_MILLIS = 20;
/** How long a reader may take nothing until that is told. */
const SLOW_MILLIS = 1000;
const NOBODY_READS = 'nobody reads it';

export interface FileOutletOptions {
  readonly listener: OutletListener;
  /** What is there already stays, as with `>>` of a shell. */
  readonly appends?: boolean;
  /** Null for one file that grows. */
  readonly rotation?: Rotation | null;
  readonly bound?: number;
}

/** A file that is there at the moment. */
interface OpenFile {
  readonly descriptor: number;
  /** Null for one that was open before we came: standard output. */
  readonly path: string | null;
  readonly isRegular: boolean;
  /** Bytes of it that are known to be whole records. */
  size: number;
  /** Preambles that it begins with. */
  preambles: number;
  records: number;
  readonly openedMillis: number;
}

/** A file (or FIFO) by its path, or by a descriptor that was open before. Every write takes whole records. */
export class FileOutlet extends Outlet {
  readonly #path: string | null;
  readonly #options: FileOutletOptions;
  readonly #preambles: (() => Uint8Array)[] = [];
  #file: OpenFile | null = null;
  /** Of a record that a FIFO or standard output has taken in part: what is left of it. */
  #rest: Uint8Array | null = null;
  #restTaken = 0;
  #look: NodeJS.Timeout | null = null;
  #busy: NodeJS.Timeout | null = null;
  #busySince = 0;
  #opened = 0;
  #triedMillis = Number.NEGATIVE_INFINITY;
  /** Records written since it was last looked whether the file is still there. */
  #sinceLook = 0;
  #isOrphan = false;

  /** Makes the file at once, or goes on with it. Throws CliError where that cannot be done. */
  constructor(name: string, place: string | number, options: FileOutletOptions) {
    super(name, options.listener, options.bound);
    this.#options = options;
    this.#path = typeof place === 'string' ? place : null;
    if (typeof place === 'number') {
      const status = fstatSync(place);
      this.#file = this.#describe(place, null, status, status.isFile() ? status.size : 0);
    } else {
      try {
        this.#file = this.#open();
      } catch (error) {
        // A FIFO that nobody reads yet.
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO')
          throw new CliError(`cannot write ${place}: ${(error as Error).message}`);
        this.fail(NOBODY_READS);
      }
    }
    this.#look = setInterval(() => this.#lookAfter(), RETRY_MILLIS).unref();
  }

  /** Where records go at the moment. */
  get path(): string {
    return this.#file?.path ?? this.#path ?? this.name;
  }

  /** Files made so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Bytes of the file at the moment. */
  get size(): number {
    return this.#file?.size ?? 0;
  }

  override addPreamble(make: () => Uint8Array): number {
    this.#preambles.push(make);
    if (this.#file !== null) this.#writeHead(this.#file);
    return this.#preambles.length;
  }

  /** Closes the file and makes it anew by its path: what is there by then was moved away, or is gone on with. */
  reopen(): void {
    if (this.#path === null || this.#options.rotation != null) return;
    this.flush();
    if (this.#file !== null && this.#isStill(this.#file, fstatSync(this.#file.descriptor))) return;
    this.#finishFile();
    this.#triedMillis = Number.NEGATIVE_INFINITY;
    this.#tryOpen();
    this.flush();
  }

  protected override get isHopeful(): boolean {
    return this.reason === null || this.#busy !== null;
  }

  /** Throws CliError where a file was left without its head, too. */
  override async close(): Promise<void> {
    const file = this.#file;
    await super.close();
    if (file !== null && this.#wantsHead(file)) throw new CliError(`cannot write ${this.name}: ${this.reason ?? ''}`);
  }

  protected send(): void {
    if (!this.waits && this.#file !== null && this.#wantsHead(this.#file) && this.#writeHead(this.#file))
      this.recover();
    while (this.waits || this.#rest !== null) {
      if (this.#file === null && !this.#tryOpen()) return;
      if (this.#rest === null && !this.#makeRoom()) return;
      if (!this.#sendBatch(this.#file!)) return;
    }
  }

  protected end(): void {
    for (const timer of [this.#look, this.#busy]) if (timer !== null) clearTimeout(timer);
    if (this.#file !== null && this.#rest !== null && this.#file.isRegular) this.#cutBack(this.#file);
    if (this.#path !== null) this.#finishFile();
  }

  /** What reads line by line must not find half a one. */
  #cutBack(file: OpenFile): void {
    try {
      // Where somebody else has written behind it (`> file 2>&1`), half a line is the lesser evil.
      if (fstatSync(file.descriptor).size === file.size + this.#restTaken) ftruncateSync(file.descriptor, file.size);
    } catch {
      // That it is not whole is told anyway.
    }
  }

  #describe(descriptor: number, path: string | null, status: Stats, size: number): OpenFile {
    return {
      descriptor,
      path,
      isRegular: status.isFile(),
      size,
      // Lines that are there already have their head; of another format's file a new section begins.
      preambles: size > 0 && this.#options.appends === true ? Number.POSITIVE_INFINITY : 0,
      records: 0,
      openedMillis: Date.now(),
    };
  }

  #open(): OpenFile {
    const { appends, rotation } = this.#options;
    const path = rotation == null ? this.#path! : rotation.nextPath();
    const kind = statOrNull(path);
    const isPlain = kind === null || kind.isFile();
    // What is there later was made while we run, by somebody else.
    const keeps = appends === true || this.#opened > 0;
    // Of a FIFO somebody must read, or it is no place to write to; and its reader may stop without us stopping.
    const mode = isPlain ? constants.O_APPEND | constants.O_CREAT : constants.O_NONBLOCK;
    const access = keeps && isPlain ? constants.O_RDWR : constants.O_WRONLY;
    const descriptor = openSync(path, access | mode | (keeps ? 0 : constants.O_TRUNC), 0o666);
    const status = fstatSync(descriptor);
    let size = status.isFile() ? status.size : 0;
    if (size > 0 && !this.#isWhole(descriptor, size)) size += writeSync(descriptor, '\n');
    this.#opened++;
    const file = this.#describe(descriptor, path, status, size);
    this.#writeHead(file);
    return file;
  }

  /** A file without records can be read too. Where it has no room for that, it is tried again, and goes with the first record. */
  #writeHead(file: OpenFile): boolean {
    while (this.#wantsHead(file)) {
      const head = this.#preambles[file.preambles]!();
      let at = 0;
      try {
        // A second write tells why the first was short.
        while (at < head.length) at += writeSync(file.descriptor, head, at);
      } catch (error) {
        if (at > 0) ftruncateSync(file.descriptor, file.size);
        this.fail((error as Error).message);
        return false;
      }
      file.size += head.length;
      file.preambles++;
    }
    return true;
  }

  #wantsHead(file: OpenFile): boolean {
    if (file.records > 0 || this.#rest !== null || !file.isRegular || file.path === null) return false;
    return file.preambles < this.#preambles.length;
  }

  /** Whether it ends with a line's end: another run may have been killed in the middle of one. */
  #isWhole(descriptor: number, size: number): boolean {
    if (this.#options.appends !== true) return true;
    const last = Buffer.alloc(1);
    return readSync(descriptor, last, 0, 1, size - 1) === 0 || last[0] === NEWLINE;
  }

  #tryOpen(): boolean {
    const now = performance.now();
    if (now - this.#triedMillis < RETRY_MILLIS / 2) return false;
    this.#triedMillis = now;
    try {
      this.#file = this.#open();
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.fail(code === 'ENXIO' ? NOBODY_READS : message);
      return false;
    }
  }

  /** Another file where this one is full or old; false where there is no room for more. */
  #makeRoom(): boolean {
    const { rotation } = this.#options;
    if (rotation == null) return true;
    const file = this.#file!;
    const next = this.peek(1)[0]!.bytes.length;
    if (file.records > 0 && rotation.isDue(file.size, next, file.openedMillis)) {
      this.#finishFile();
      this.#triedMillis = Number.NEGATIVE_INFINITY;
      if (!this.#tryOpen()) return false;
    }
    return true;
  }

  /** Writes some records in one call. False when no more can be written now. */
  #sendBatch(file: OpenFile): boolean {
    const { rotation } = this.#options;
    const room = rotation == null ? BATCH_BYTES : Math.min(BATCH_BYTES, rotation.roomFor(file.size));
    const records = this.#rest === null ? this.peek(Math.max(1, room)) : [];
    const parts: Uint8Array[] = [];
    /** Where each record ends, and how many preambles the file has by then. */
    const marks: { end: number; preambles: number }[] = [];
    let { preambles } = file;
    let length = 0;
    const add = (part: Uint8Array) => {
      parts.push(part);
      length += part.length;
    };
    if (this.#rest !== null) add(this.#rest);
    for (const record of records) {
      while (preambles < record.preambles) add(this.#preambles[preambles++]!());
      add(record.bytes);
      marks.push({ end: length, preambles });
    }
    rotation?.grow(file.size + length);
    const batch = parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
    let at = 0;
    let failure: NodeJS.ErrnoException | null = null;
    try {
      // A second write tells why the first was short.
      while (at < length) at += writeSync(file.descriptor, batch, at);
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
    }
    this.#account(file, batch, at, marks);
    if (failure === null) {
      this.#busySince = 0;
      if (!this.#isOrphan) this.recover();
      return true;
    }
    if (failure.code === 'EAGAIN') this.#waitForReader();
    else this.#giveUpOn(file, failure);
    return false;
  }

  /** What is whole is written; what is not is taken back, or gone on with later where it cannot be. */
  #account(file: OpenFile, batch: Uint8Array, at: number, marks: readonly { end: number; preambles: number }[]): void {
    if (this.#rest !== null) {
      this.#restTaken += at;
      if (at < this.#rest.length) {
        this.#rest = this.#rest.subarray(at);
        return;
      }
      file.size += this.#restTaken;
      this.#rest = null;
      this.taken(1);
      file.records++;
      this.#sinceLook++;
      return;
    }
    let whole = 0;
    while (whole < marks.length && marks[whole]!.end <= at) whole++;
    const end = whole === 0 ? 0 : marks[whole - 1]!.end;
    if (whole > 0) file.preambles = marks[whole - 1]!.preambles;
    file.records += whole;
    this.#sinceLook += whole;
    this.taken(whole);
    file.size += end;
    if (at === end) return;
    if (file.isRegular && file.path !== null) {
      try {
        ftruncateSync(file.descriptor, file.size);
        return;
      } catch {
        // Then the rest of it must follow.
      }
    }
    file.preambles = marks[whole]!.preambles;
    this.#rest = batch.subarray(at, marks[whole]!.end);
    this.#restTaken = at - end;
  }

  #waitForReader(): void {
    const now = performance.now();
    if (this.#busySince === 0) this.#busySince = now;
    if (this.lost > 0 && now - this.#busySince > SLOW_MILLIS) this.fail('its reader takes nothing');
    this.#busy ??= setTimeout(() => {
      this.#busy = null;
      this.send();
    }, BUSY_MILLIS).unref();
  }

  #giveUpOn(file: OpenFile, failure: NodeJS.ErrnoException): void {
    this.fail(failure.code === 'EPIPE' ? 'its reader has gone' : failure.message);
    // A FIFO may get another reader.
    if (failure.code !== 'EPIPE' || file.path === null) return;
    if (this.#rest !== null) {
      this.#rest = null;
      this.taken(1, false);
      this.lost++;
    }
    this.#finishFile();
  }

  /** Is it still the file that its path names? */
  #lookAfter(): void {
    const file = this.#file;
    const lately = this.#sinceLook;
    this.#sinceLook = 0;
    if (file === null) {
      if (this.reason === null && !this.waits) this.#tryOpen();
      return;
    }
    const { rotation } = this.#options;
    if (rotation != null && file.records > 0 && rotation.isDue(file.size, 0, file.openedMillis)) {
      this.flush();
      this.#finishFile();
      this.#triedMillis = Number.NEGATIVE_INFINITY;
      this.#tryOpen();
      return;
    }
    const own = fstatSync(file.descriptor);
    if (file.path === null) {
      // Standard output has no path to be made anew by.
      if (file.isRegular && own.nlink === 0) {
        this.#isOrphan = true;
        this.fail('its file was removed');
        this.lost += lately;
      }
      return;
    }
    if (this.#isStill(file, own)) return;
    // Removed, not moved: what was written of late is in no file any more.
    if (own.nlink === 0) {
      this.fail(`${file.path} was removed`);
      this.lost += lately;
    }
    this.#finishFile();
    this.#triedMillis = Number.NEGATIVE_INFINITY;
    if (this.#tryOpen() && !this.waits) this.recover();
    this.flush();
  }

  #isStill(file: OpenFile, own: Stats): boolean {
    const there = statOrNull(file.path!);
    return there !== null && there.ino === own.ino && there.dev === own.dev;
  }

  #finishFile(): void {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    try {
      const last = file.records > 0 && this.#rest === null ? this.lastWords() : null;
      if (last !== null) this.#writeLast(file, last);
      // A network file system may tell only now that there was no room.
      closeSync(file.descriptor);
    } catch (error) {
      this.fail((error as Error).message);
    }
    if (file.path !== null) this.#options.rotation?.closed(file.path, file.size);
  }

  #writeLast(file: OpenFile, bytes: Uint8Array): void {
    const written = writeSync(file.descriptor, bytes);
    if (written === bytes.length) file.size += written;
    else if (file.isRegular) ftruncateSync(file.descriptor, file.size);
  }
}

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
