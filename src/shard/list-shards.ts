import { type Dirent, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureError } from '../capture/errors.ts';
import { showPath, toPath } from '../capture/paths.ts';
import { type ShardPlace, shardFile } from './open-shard.ts';

/** As shardKey() names them. What else lies in a directory is somebody else's. */
const SHARD_NAME = /^[0-9a-f]{32}\.pcapng$/;

/**
 * The shards that `paths` stand for, one after the other, however many there are: a directory is every shard below it. Throws
 * CaptureError for what is not there, and for a directory without shards.
 */
export function* listShards(paths: Iterable<string>): Generator<ShardPlace> {
  for (const path of paths) {
    const status = statSync(toPath(path), { throwIfNoEntry: false });
    if (status === undefined) throw new CaptureError('not-found', `${showPath(path)}: no such file`);
    if (!status.isDirectory()) {
      yield shardFile(path);
      continue;
    }
    let count = 0;
    for (const shard of shardsBelow(path)) {
      count++;
      yield shard;
    }
    if (count === 0) {
      throw new CaptureError(
        'no-captures',
        `${showPath(path)}: no distillates in this directory (portzero distil makes them)`,
      );
    }
  }
}

function* shardsBelow(directory: string): Generator<ShardPlace> {
  const folder = opendirSync(directory);
  try {
    for (let entry: Dirent | null = folder.readSync(); entry !== null; entry = folder.readSync()) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) yield* shardsBelow(path);
      else if (SHARD_NAME.test(entry.name)) yield shardFile(path);
    }
  } finally {
    folder.closeSync();
  }
}
