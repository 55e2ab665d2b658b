import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { ByteSource } from './bytes/byte-source.ts';
import { CaptureError } from './errors.ts';
import { recogniseFormat, SNIFF_LENGTH } from './format/detect.ts';
import { joinSources, type OpenNext, sortByTime } from './join.ts';
import { type OpenOptions, openBytes, openSource } from './open.ts';
import { decodePath, showPath, toPath } from './paths.ts';
import type { FrameSource } from './source.ts';

/** How often a file or directory is looked at although nothing told of a change: not all file systems tell. */
const POLL_MILLISECONDS = 200;
/** Files of a ring that are held open until their turn, so that they can be read though the ring deletes them. */
const MAX_HELD = 64;
/** File header and first record header: what differs when a ring writes a file of the same name again. */
const HEAD_LENGTH = 64;

export interface FollowOptions extends OpenOptions {
  /** Ends the reading: nothing else does. */
  readonly signal: AbortSignal;
}

/**
 * Reads a capture that another program still writes: at its end it waits for more, also within a record. With a directory,
 * the captures directly in it are read one after the other, as the ring buffers of dumpcap (-b) and tcpdump (-C, -G, -W) make
 * them: first those that are there, by time, then each as it appears. A file is done when a newer one is there and its end is
 * reached. Compressed files in a directory are left out, since they are the older ones once more. Ends at the signal.
 * Rejects with CaptureError as openCapture() does.
 */
export async function followCapture(path: string, options: FollowOptions): Promise<FrameSource> {
  if (path === '-' || !statSync(toPath(path), { throwIfNoEntry: false })?.isDirectory()) {
    // What is no regular file ends by itself.
    const isFile = path !== '-' && statSync(toPath(path), { throwIfNoEntry: false })?.isFile() === true;
    const source = isFile ? new GrowingFile(openToRead(path), path, () => false) : openBytes(path);
    return openSource(path, source, options);
  }
  const ring = new Ring(path, options);
  const first = await ring.openFirst();
  return joinSources(path, first, ring.rest());
}

function openToRead(path: string): number {
  try {
    return openSync(toPath(path), 'r');
  } catch (error) {
    throw new CaptureError('unreadable', `${path}: cannot be read: ${(error as Error).message}`);
  }
}

/** Calls `wake` when something changes at the path, and every now and then anyway. Returns what ends that. */
function watchPath(path: string, wake: () => void): () => void {
  const timer = setInterval(wake, POLL_MILLISECONDS);
  let watcher: ReturnType<typeof watch> | null = null;
  try {
    watcher = watch(path, wake);
    watcher.on('error', () => {});
  } catch {
    // No more watches to be had, or the file is gone: polling does it.
  }
  return () => {
    clearInterval(timer);
    watcher?.close();
  };
}

/** A file that grows. Its end is the end only when `isOver` says so. */
class GrowingFile implements ByteSource {
  bytesRead = 0;
  readonly totalBytes = null;
  readonly #descriptor: number;
  readonly #path: string;
  readonly #isOver: () => boolean;
  #isOpen = true;
  #wake: (() => void) | null = null;

  constructor(descriptor: number, path: string, isOver: () => boolean) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.#isOver = isOver;
  }

  read(bytes: Uint8Array, start: number, end: number): number | Promise<number> {
    if (!this.#isOpen) return 0;
    const count = this.#readOn(bytes, start, end);
    if (count > 0) return count;
    // Asked, and then read again: what was written before the newer file was made still belongs to this one.
    return this.#isOver() ? this.#readOn(bytes, start, end) : this.#wait(bytes, start, end);
  }

  #readOn(bytes: Uint8Array, start: number, end: number): number {
    const count = readSync(this.#descriptor, bytes, start, end - start, this.bytesRead);
    this.bytesRead += count;
    return count;
  }

  async #wait(bytes: Uint8Array, start: number, end: number): Promise<number> {
    if (fstatSync(this.#descriptor).size < this.bytesRead) {
      throw new CaptureError('truncated-record', 'the file was made shorter while it was followed');
    }
    await new Promise<void>((resolve) => {
      const stop = watchPath(this.#path, () => this.#wake?.());
      this.#wake = () => {
        stop();
        resolve();
      };
    });
    this.#wake = null;
    return this.read(bytes, start, end);
  }

  get canReopen(): false {
    return false;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
    this.#wake?.();
  }
}

interface RingFile {
  readonly path: string;
  /** null when too many are held already. */
  readonly descriptor: number | null;
  readonly changed: number;
}

/** The captures of a directory in the order in which they are to be read. */
class Ring {
  readonly #directory: string;
  readonly #options: FollowOptions;
  /** What was seen under each path. */
  readonly #seen = new Map<string, { stamp: string; inode: number; head: string }>();
  #queue: RingFile[] = [];
  #current = '';

  constructor(directory: string, options: FollowOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async openFirst(): Promise<FrameSource> {
    this.#look();
    const order = await sortByTime(this.#queue.map(({ path }) => path));
    this.#queue.sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
    return this.#openNext();
  }

  *rest(): Iterable<OpenNext> {
    while (!this.#options.signal.aborted) yield () => this.#openNext();
    for (const { descriptor } of this.#queue) if (descriptor !== null) closeSync(descriptor);
    this.#queue = [];
  }

  /** Nearly always there is a next file, for that is how the last one was known to be over. */
  async #openNext(): Promise<FrameSource> {
    await this.#waitForNext();
    const next = this.#queue.shift();
    if (next === undefined) {
      throw new CaptureError('no-captures', `${this.#directory}: stopped before a capture appeared in this directory`);
    }
    this.#current = next.path;
    const isOver = () => {
      this.#look();
      return this.#queue.length > 0;
    };
    let descriptor = next.descriptor;
    try {
      descriptor ??= openSync(toPath(next.path), 'r');
    } catch {
      throw new CaptureError('capture-gap', `${showPath(next.path)}: was gone before it could be read`);
    }
    return openSource(showPath(next.path), new GrowingFile(descriptor, next.path, isOver), this.#options);
  }

  async #waitForNext(): Promise<void> {
    const { signal } = this.#options;
    const isThere = () => {
      this.#look();
      return this.#queue.length > 0 || signal.aborted;
    };
    if (isThere()) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        if (!isThere()) return;
        stop();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const stop = watchPath(this.#directory, wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Puts files that are new, or that were begun anew under an old name, at the end of the queue, oldest change first. */
  #look(): void {
    const fresh: RingFile[] = [];
    const paths = new Set(namesIn(this.#directory).map((name) => join(this.#directory, name)));
    for (const path of this.#seen.keys()) if (!paths.has(path)) this.#seen.delete(path);
    for (const path of paths) {
      const status = statSync(toPath(path), { throwIfNoEntry: false });
      if (!status?.isFile()) continue;
      const { ino: inode, mtimeMs: changed } = status;
      const stamp = `${status.size}:${changed}`;
      const seen = this.#seen.get(path);
      if (seen?.inode === inode && seen.stamp === stamp) continue;
      const file = openCaptureHead(path);
      if (file === null) continue;
      this.#seen.set(path, { stamp, inode, head: file.head });
      // Before its first record is there, a file that was begun anew looks the same.
      const isInHand = path === this.#current || this.#queue.some((waiting) => waiting.path === path);
      const isTold = seen !== undefined && (seen.head.length === HEAD_LENGTH || isInHand);
      if (isTold && seen.inode === inode && file.head.startsWith(seen.head)) closeSync(file.descriptor);
      else if (this.#queue.length + fresh.length < MAX_HELD) fresh.push({ path, descriptor: file.descriptor, changed });
      else {
        closeSync(file.descriptor);
        fresh.push({ path, descriptor: null, changed });
      }
    }
    this.#queue.push(...fresh.sort((a, b) => a.changed - b.changed || (a.path < b.path ? -1 : 1)));
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(toPath(directory), { encoding: 'buffer' }).map(decodePath);
  } catch {
    // Gone: then nothing new comes, until it is there again.
    return [];
  }
}

/** Null for what is no capture, or none yet. */
function openCaptureHead(path: string): { head: string; descriptor: number } | null {
  let descriptor: number;
  try {
    descriptor = openSync(toPath(path), 'r');
  } catch {
    return null;
  }
  const bytes = new Uint8Array(HEAD_LENGTH);
  const count = readSync(descriptor, bytes, 0, HEAD_LENGTH, 0);
  const { kind } = recogniseFormat(bytes.subarray(0, Math.min(count, SNIFF_LENGTH)));
  if (count >= SNIFF_LENGTH && (kind === 'pcap' || kind === 'pcapng')) {
    return { head: Buffer.from(bytes.subarray(0, count)).toString('latin1'), descriptor };
  }
  closeSync(descriptor);
  return null;
}
