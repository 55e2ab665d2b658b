import { readdirSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { parseDuration } from '../../config/duration.ts';
import { CliError } from '../io.ts';

export interface RotationOptions {
  /** Null for no bound of that kind. */
  readonly maxMillis: number | null;
  readonly maxBytes: number | null;
  /** Files kept, the one that grows included; null for all. */
  readonly keep: number | null;
  /** Bytes that all files of the series of one run take together; null for no bound. */
  readonly quota: Quota | null;
}

interface KeptFile {
  readonly path: string;
  readonly bytes: number;
}

/** Parts of the quota that a file may fill before there is another: the oldest can be removed one by one. */
const QUOTA_PARTS = 8;

/** What --max-disk allows, for all series of a run together. */
export class Quota {
  readonly maxBytes: number;
  readonly #series: Rotation[] = [];

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  join(series: Rotation): void {
    this.#series.push(series);
  }

  /** Removes the oldest files until there is room. */
  clear(): void {
    while (this.#series.reduce((sum, series) => sum + series.bytes, 0) > this.maxBytes) {
      const oldest = this.#series
        .filter((series) => series.oldest !== null)
        .sort((a, b) => (a.oldestStamp < b.oldestStamp ? -1 : 1))[0];
      if (oldest === undefined) return;
      oldest.removeOldest();
    }
  }
}

/**
 * The files of one output that is cut into several: NAME-20261126T081500Z-00001.EXT and so on, which sort by time. Those of
 * earlier runs belong to them, and are counted and removed as the others.
 */
export class Rotation {
  /** Files removed for --keep or --max-disk. */
  removed = 0;
  readonly #options: RotationOptions;
  readonly #folder: string;
  readonly #stem: string;
  readonly #ending: string;
  /** All but the one that grows, the oldest first. */
  readonly #kept: KeptFile[];
  #growing = 0;
  #stamp = '';
  #number = 0;

  constructor(path: string, options: RotationOptions) {
    this.#options = options;
    this.#folder = dirname(path);
    this.#ending = extname(path);
    this.#stem = basename(path, this.#ending);
    this.#kept = this.#find();
    const [, stamp = '', number = '0'] = this.#pattern.exec(basename(this.#kept.at(-1)?.path ?? '')) ?? [];
    this.#stamp = stamp;
    this.#number = Number(number);
    options.quota?.join(this);
  }

  get bytes(): number {
    return this.#kept.reduce((sum, { bytes }) => sum + bytes, this.#growing);
  }

  get oldest(): string | null {
    return this.#kept[0]?.path ?? null;
  }

  get oldestStamp(): string {
    return this.#pattern.exec(basename(this.oldest ?? ''))?.[1] ?? '';
  }

  /** The name of the next file. It sorts behind all before, though the clock may have been put back. */
  nextPath(): string {
    const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    if (now > this.#stamp) {
      this.#stamp = now;
      this.#number = 0;
    }
    this.#number++;
    // It is there in a moment, and counts.
    const { keep } = this.#options;
    this.#keepAtMost(keep === null ? null : keep - 1);
    const number = String(this.#number).padStart(5, '0');
    return join(this.#folder, `${this.#stem}-${this.#stamp}-${number}${this.#ending}`);
  }

  /** Whether a file of this size and age must not take `more` bytes. */
  isDue(bytes: number, more: number, openedMillis: number): boolean {
    const { maxMillis } = this.#options;
    return bytes + more > this.#maxFileBytes || (maxMillis !== null && this.#isOld(openedMillis, maxMillis));
  }

  /** Bytes that a file of this size takes before the next one is due. */
  roomFor(bytes: number): number {
    return Math.max(0, this.#maxFileBytes - bytes);
  }

  /** Before the file that grows gets this long: makes room for it. */
  grow(bytes: number): void {
    this.#growing = bytes;
    this.#options.quota?.clear();
  }

  closed(path: string, bytes: number): void {
    this.#growing = 0;
    this.#kept.push({ path, bytes });
    this.#keepAtMost(this.#options.keep);
  }

  #keepAtMost(files: number | null): void {
    while (files !== null && this.#kept.length > files) this.removeOldest();
  }

  removeOldest(): void {
    const oldest = this.#kept.shift();
    if (oldest === undefined) return;
    try {
      unlinkSync(oldest.path);
      this.removed++;
    } catch {
      // Somebody else has, or nobody may; it does not count any more either way.
    }
  }

  get #maxFileBytes(): number {
    const { maxBytes, quota } = this.#options;
    const part = quota === null ? Number.POSITIVE_INFINITY : quota.maxBytes / QUOTA_PARTS;
    return Math.min(maxBytes ?? Number.POSITIVE_INFINITY, part);
  }

  /** An hour ends with the hour of the clock, as files of others do. */
  #isOld(openedMillis: number, maxMillis: number): boolean {
    const now = Date.now();
    return Math.floor(now / maxMillis) !== Math.floor(openedMillis / maxMillis);
  }

  get #pattern(): RegExp {
    const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${literally(this.#stem)}-(\\d{8}T\\d{6}Z)-(\\d{5,})${literally(this.#ending)}$`);
  }

  #find(): KeptFile[] {
    const pattern = this.#pattern;
    try {
      return readdirSync(this.#folder)
        .filter((name) => pattern.test(name))
        .sort()
        .map((name) => join(this.#folder, name))
        .map((path) => ({ path, bytes: statSync(path).size }));
    } catch {
      return [];
    }
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 1024,
  KIB: 1024,
  KB: 1000,
  M: 1024 ** 2,
  MIB: 1024 ** 2,
  MB: 1e6,
  G: 1024 ** 3,
  GIB: 1024 ** 3,
  GB: 1e9,
  T: 1024 ** 4,
  TIB: 1024 ** 4,
  TB: 1e12,
};

/** Bytes of "100MB", "64MiB", "10G"; null for anything else. */
export function parseSize(text: string): number | null {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = UNITS[unit.toUpperCase()];
  if (number === undefined || factor === undefined) return null;
  const bytes = Math.floor(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The value of an option that is a size. Throws CliError. */
export function readSize(option: string, value: string | undefined, least: number): number | null {
  if (value === undefined) return null;
  const bytes = parseSize(value);
  if (bytes !== null && bytes >= least) return bytes;
  throw new CliError(`${option} ${value}: expected a size of at least ${least} bytes, such as 64MiB, 100MB or 10GB`);
}

/** The smallest file that is worth one: more of them a second than this nobody can name or keep. */
const LEAST_FILE_BYTES = 4096;
const LEAST_FILE_MILLIS = 1000;

/** A time, a size, or both with a comma between. Throws CliError. */
export function readRotation(value: string): Pick<RotationOptions, 'maxMillis' | 'maxBytes'> {
  let maxMillis: number | null = null;
  let maxBytes: number | null = null;
  for (const part of value.split(',')) {
    const nanos = parseDuration(part);
    // A bare number could be either.
    const bytes = /^\d+$/.test(part) ? null : parseSize(part);
    if (nanos !== null && maxMillis === null && nanos / 1e6 >= LEAST_FILE_MILLIS) maxMillis = nanos / 1e6;
    else if (nanos === null && bytes !== null && maxBytes === null && bytes >= LEAST_FILE_BYTES) maxBytes = bytes;
    else {
      throw new CliError(
        `--rotate ${value}: expected a time of at least 1s (1h, 24h), a size of at least 4KiB (100MB), or both (1h,100MB)`,
      );
    }
  }
  return { maxMillis, maxBytes };
}
