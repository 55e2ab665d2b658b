import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureError } from '../capture/errors.ts';
import { holdsCapture } from '../capture/find.ts';
import { decodePath, showPath, toPath } from '../capture/paths.ts';
import { canonicalJson, shardKey } from '../shard/key.ts';
import { type SeriesOf, seriesByName } from '../shard/series.ts';
import type { Store, SweepConfig } from './store.ts';
import type { Task } from './task.ts';

/** Files that are looked up in the store at once. */
const BATCH = 1000;

/** Names a sweep: the same paths, read the same way, are the same sweep, which goes on where it was. 16 hexadecimal digits. */
export function sweepId({ paths, decoder }: SweepConfig): string {
  const parts = canonicalJson([paths, decoder]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}

interface Found {
  readonly path: string;
  readonly task: Task;
  /** It was named itself, so that it is taken for a capture whatever it holds. */
  readonly isNamed: boolean;
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
  for (const { path, status, isNamed } of walk(config.paths, onProblem)) {
    if (showPath(path) !== path || /\p{Surrogate}/u.test(path)) {
      onProblem(`${showPath(path)}: its name is no UTF-8, which a queue cannot tell: portzero distil reads it`);
      continue;
    }
    const [size, version] = [Number(status.size), String(status.mtimeNs)];
    const key = shardKey({ uri: path, size, version }, decoder);
    const series = seriesOf({ uri: path, name: path, size, version });
    batch.push({ path, isNamed, task: { v: 1, sweep, series, uri: path, size, version, key } });
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
  for (const { path, task, isNamed } of batch) {
    if (isNamed || known.captures.has(task.key)) tasks.push(task);
    else if (!known.others.has(task.key)) {
      try {
        ((await holdsCapture(path)) ? tasks : others).push(task);
      } catch (error) {
        onProblem(`${path}: cannot be read: ${(error as Error).message}`);
      }
    }
  }
  await store.addOthers(others);
  return tasks;
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
      onProblem(
        `${showPath(path)}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message}`,
      );
    }
  }
}

function isLink(path: string): boolean {
  return lstatSync(toPath(path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
