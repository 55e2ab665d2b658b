import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureError } from '../capture/errors.ts';
import { holdsCapture } from '../capture/find.ts';
import { decodePath, showPath, toPath } from '../capture/paths.ts';
import { isObjectName } from '../capture/s3/name.ts';
import { findObjects } from '../capture/s3/objects.ts';
import { canonicalJson, shardKey } from '../shard/key.ts';
import { type SeriesOf, seriesByName } from '../shard/series.ts';
import { whyUnreadable } from '../unreadable.ts';
import type { Store, SweepConfig } from './store.ts';
import type { Task } from './task.ts';

/** Files that are looked up in the store at once. */
const BATCH = 1000;
const OPENED_AT_ONCE = 16;

/** Names a sweep: the same paths, read the same way, are the same sweep, which goes on where it was. 16 hexadecimal digits. */
export function sweepId({ paths, decoder }: SweepConfig): string {
  const parts = canonicalJson([paths, decoder]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}

interface Seen {
  readonly path: string;
  readonly size: number;
  readonly version: string;
  /** It was named itself, so that it is taken for a capture whatever it holds. */
  readonly isNamed: boolean;
  isCapture(): Promise<boolean>;
}

interface Found extends Seen {
  readonly task: Task;
}

/**
 * The captures that `config.paths` stand for, in batches, as tasks. What the store knows is not opened. Problems go to `onProblem`.
 */
export async function* listFiles(
  store: Store,
  sweep: string,
  config: SweepConfig,
  onProblem: (message: string) => void,
  seriesOf: SeriesOf = seriesByName,
): AsyncGenerator<Task[]> {
  const decoder = canonicalJson(config.decoder);
  let batch: Found[] = [];
  for await (const found of findAll(config.paths, onProblem)) {
    const { path, size, version } = found;
    if (showPath(path) !== path || /\p{Surrogate}/u.test(path)) {
      onProblem(`${showPath(path)}: its name is no UTF-8, which a queue cannot tell: portzero distil reads it`);
      continue;
    }
    const key = shardKey({ uri: path, size, version }, decoder);
    const series = seriesOf({ uri: path, name: path, size, version });
    batch.push({ ...found, task: { v: 1, sweep, series, uri: path, size, version, key } });
    if (batch.length < BATCH) continue;
    yield await tell(store, batch, onProblem);
    batch = [];
  }
  if (batch.length > 0) yield await tell(store, batch, onProblem);
}

async function tell(store: Store, batch: readonly Found[], onProblem: (message: string) => void): Promise<Task[]> {
  const known = await store.known(batch.map(({ task }) => task.key));
  const tasks: Task[] = [];
  const others: Task[] = [];
  const toOpen: Found[] = [];
  for (const found of batch) {
    const { task, isNamed } = found;
    if (isNamed || known.captures.has(task.key)) tasks.push(task);
    else if (!known.others.has(task.key)) toOpen.push(found);
  }
  // Some at once, since a server in a network lets one wait.
  const look = async () => {
    for (let next = toOpen.pop(); next !== undefined; next = toOpen.pop()) {
      const { path, task } = next;
      try {
        ((await next.isCapture()) ? tasks : others).push(task);
      } catch (error) {
        const { message } = error as Error;
        onProblem(message.startsWith(path) ? message : `${path}: cannot be read: ${message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, look));
  await store.addOthers(others);
  return tasks;
}

/** Files and objects. */
async function* findAll(paths: readonly string[], onProblem: (message: string) => void): AsyncGenerator<Seen> {
  const files = paths.filter((path) => !isObjectName(path));
  for (const { path, status, isNamed } of walk(files, onProblem)) {
    const [size, version] = [Number(status.size), String(status.mtimeNs)];
    yield { path, size, version, isNamed, isCapture: () => holdsCapture(path) };
  }
  /** What two names stand for is taken once. */
  const seen = new Set<string>();
  for (const path of paths.filter(isObjectName)) {
    try {
      for await (const object of findObjects(path)) {
        if (seen.has(object.uri)) continue;
        seen.add(object.uri);
        yield { ...object, path: object.uri };
      }
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      onProblem(error.message);
    }
  }
}

/** Regular files below `paths`, each once, in no order. */
function* walk(
  paths: readonly string[],
  onProblem: (message: string) => void,
): Generator<{ path: string; status: BigIntStats; isNamed: boolean }> {
  /** device:inode of directories, so that a link to one above ends. */
  const seen = new Set<string>();
  const toSearch = paths.map((path) => ({ path, isNamed: true }));
  for (let next = toSearch.pop(); next !== undefined; next = toSearch.pop()) {
    const { path, isNamed } = next;
    try {
      const status = statSync(toPath(path), { bigint: true });
      if (status.isFile()) {
        yield { path, status, isNamed };
        continue;
      }
      if (!status.isDirectory()) {
        if (isNamed) throw new CaptureError('unreadable', 'is no file, and a sweep reads files');
        continue;
      }
      const identity = `${status.dev}:${status.ino}`;
      if (seen.has(identity)) continue;
      seen.add(identity);
      const names = readdirSync(toPath(path), { encoding: 'buffer' }).map(decodePath);
      toSearch.push(...names.map((name) => ({ path: join(path, name), isNamed: false })));
    } catch (error) {
      // A link to nowhere is nothing that could have been read.
      if (!isNamed && (error as NodeJS.ErrnoException).code === 'ENOENT' && isLink(path)) continue;
      onProblem(`${showPath(path)}: ${whyUnreadable(error)}`);
    }
  }
}

function isLink(path: string): boolean {
  return lstatSync(toPath(path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
