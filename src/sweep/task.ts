/** One capture that somebody is to distil. */
export interface Task {
  readonly v: 1;
  readonly sweep: string;
  readonly series: string;
  /** Absolute path as the one who sweeps sees it, or s3://BUCKET/KEY. */
  readonly uri: string;
  readonly size: number;
  /** Time of modification in nanoseconds, or an ETag. */
  readonly version: string;
  /** Of the shard: shardKey(). */
  readonly key: string;
}

export const STREAM = 'PZ_TASKS';
export const CONSUMER = 'map';
export const SUBJECTS = 'pz.task.map.*';
/** Of a stream's message. */
export const MOST_TASK_BYTES = 16 * 1024;
/** So often a capture is tried; the delivery after that only tells that it has failed. */
export const MOST_ATTEMPTS = 5;

export const subjectOf = (sweep: string): string => `pz.task.map.${sweep}`;

export const encodeTask = (task: Task): Uint8Array => Buffer.from(JSON.stringify(task));

/** Null for what is no task that we know: the queue may have been written by anybody. */
export function parseTask(bytes: Uint8Array): Task | null {
  let task: Partial<Task> | null;
  try {
    task = JSON.parse(Buffer.from(bytes).toString()) as Partial<Task> | null;
  } catch {
    return null;
  }
  if (typeof task !== 'object' || task === null || task.v !== 1) return null;
  const { sweep, series, uri, size, version, key } = task;
  const texts = [sweep, series, uri, version, key];
  if (!texts.every((text) => typeof text === 'string') || !Number.isSafeInteger(size) || size! < 0) return null;
  return /^[0-9a-f]{32}$/.test(key!) && /^[0-9a-f]{16}$/.test(sweep!) ? (task as Task) : null;
}
