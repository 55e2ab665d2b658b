import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Distilled } from '../analysis/distil.ts';
import { readThere } from '../analysis/distil.ts';
import { isObjectName } from '../capture/s3/name.ts';
import { canonicalJson, shardKey } from '../shard/key.ts';
import { explain } from './nats.ts';
import type { TakenTask, TaskQueue } from './queue.ts';
import { Reader } from './reader.ts';
import { placeOf } from './roots.ts';
import { ServiceError } from './service-error.ts';
import { isPassing, type Store, type SweepConfig } from './store.ts';
import { MOST_ATTEMPTS, parseTask, type Task } from './task.ts';

export interface WorkOptions {
  readonly queue: TaskQueue;
  readonly store: Store;
  readonly jobs: number;
  readonly roots: Parameters<typeof placeOf>[1];
  /** That one attempt at a capture may take. */
  readonly mostMillis: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** What workers have done since they began. */
export interface WorkCounts {
  done: number;
  failed: number;
  /** Attempts that came to nothing, of which another one will tell. */
  retried: number;
  bytes: number;
  keptBytes: number;
  frames: number;
  inWork: number;
}

const WAIT_MILLIS = 20_000;
const AGAIN_MILLIS = 1000;
const MOST_BYTES_BESIDE = 8 * 1024 * 1024;

/** Takes tasks and stores shards until the signal fires. Rejects with ServiceError for what will not pass by itself. */
export class Worker {
  readonly counts: WorkCounts = { done: 0, failed: 0, retried: 0, bytes: 0, keptBytes: 0, frames: 0, inWork: 0 };
  readonly #options: WorkOptions;
  readonly #configs = new Map<string, SweepConfig>();
  readonly #stop = new AbortController();
  #failure: Error | null = null;
  #isWaiting = false;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { jobs, queue, signal } = this.#options;
    const stop = () => this.#stop.abort();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    const ackWaitMillis = await queue.ackWaitMillis();
    const folder = mkdtempSync(join(tmpdir(), 'portzero-work-'));
    try {
      await Promise.all(
        Array.from({ length: jobs }, (_, index) => this.#slot(join(folder, String(index)), ackWaitMillis)),
      );
    } finally {
      signal.removeEventListener('abort', stop);
      rmSync(folder, { recursive: true, force: true });
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** One capture is read while what came of the one before is stored: a store that syncs its disk has nobody wait. */
  async #slot(folder: string, ackWaitMillis: number): Promise<void> {
    const reader = new Reader();
    const { signal } = this.#stop;
    const fail = (error: Error) => {
      this.#failure ??= error;
      this.#stop.abort();
    };
    let storing = Promise.resolve();
    try {
      while (!signal.aborted) {
        const taken = await this.#take();
        if (taken === null) continue;
        this.counts.inWork++;
        // A third of the wait: two of them may be late.
        const beat = setInterval(() => taken.working(), ackWaitMillis / 3);
        const end = () => {
          clearInterval(beat);
          this.counts.inWork--;
        };
        const result = await this.#orGiveBack(taken, () => this.#read(taken, reader, folder)).catch(fail);
        await storing;
        storing = this.#orGiveBack(taken, async () => result?.store()).then(end, (error) => {
          end();
          fail(error);
        });
        // Of large ones there are no two in memory.
        if ((result?.bytes ?? 0) > MOST_BYTES_BESIDE) await storing;
      }
    } catch (error) {
      fail(error as Error);
    } finally {
      await storing;
      reader.close();
    }
  }

  /** Null when none came, or there is no queue at the moment: it may be made again. */
  async #take(): Promise<TakenTask | null> {
    const { signal } = this.#stop;
    try {
      const taken = await this.#options.queue.take(signal, WAIT_MILLIS);
      this.#isWaiting = false;
      return taken;
    } catch (error) {
      if (signal.aborted) return null;
      if (!this.#isWaiting) this.#options.say(`waiting for the queue: ${explain(error as Error)}`);
      this.#isWaiting = true;
      await sleep(AGAIN_MILLIS, undefined, { signal }).catch(() => {});
      return null;
    }
  }

  /** Somebody else may have more luck with disk or store. */
  async #orGiveBack<T>(taken: TakenTask, action: () => Promise<T>): Promise<T | null> {
    const { signal } = this.#stop;
    try {
      return await action();
    } catch (error) {
      taken.giveBack(signal.aborted ? 0 : AGAIN_MILLIS * 10);
      if (!signal.aborted) throw error;
      return null;
    }
  }

  /** Null where there is nothing to store. */
  async #read(taken: TakenTask, reader: Reader, folder: string): Promise<Result | null> {
    const { store } = this.#options;
    const task = parseTask(taken.data);
    if (task === null) {
      this.#options.say('a message in the queue is no task: dropped');
      taken.drop();
      return null;
    }
    const fail = (deliveries: number, error: string, settle: () => void): Result => ({
      bytes: 0,
      store: async () => {
        await this.#fail(task, deliveries, error);
        settle();
      },
    });
    // Of an attempt whose worker was killed before it said so.
    if (taken.delivery > 1 && (await this.#patiently(() => store.isSettled(task.key)))) {
      taken.done();
      return null;
    }
    if (taken.delivery > MOST_ATTEMPTS) {
      const why = 'its readers died, or were too slow, or their machines went away';
      return fail(taken.delivery - 1, why, () => taken.drop());
    }
    const outcome = await this.#attempt(task, reader, folder);
    if (outcome === 'stopped') {
      taken.giveBack(0);
      return null;
    }
    if ('distilled' in outcome) {
      const { distilled } = outcome;
      const { head, content } = await this.#load(distilled);
      return {
        bytes: content.length,
        store: async () => {
          await this.#patiently(() => store.addShard(task, head, content));
          this.#count(distilled);
          taken.done();
        },
      };
    }
    if (outcome.isOurs) throw new ServiceError(`${task.uri}: ${outcome.error}`);
    if (!outcome.isFinal && taken.delivery < MOST_ATTEMPTS) {
      this.counts.retried++;
      this.#options.say(`${task.uri}: ${outcome.error}; attempt ${taken.delivery} of ${MOST_ATTEMPTS}`);
      taken.giveBack(AGAIN_MILLIS * taken.delivery);
      return null;
    }
    return fail(taken.delivery, outcome.error, () => taken.done());
  }

  async #attempt(task: Task, reader: Reader, folder: string): Promise<Outcome> {
    const config = await this.#configOf(task.sweep);
    if (config === null) return final('its sweep is not in the store');
    const { uri, size, version, key } = task;
    if (shardKey({ uri, size, version }, canonicalJson(config.decoder)) !== key) {
      return {
        error: 'it was listed by another version of portzero than this worker is',
        isFinal: false,
        isOurs: false,
      };
    }
    let path: string | null;
    const isObject = isObjectName(uri);
    try {
      path = placeOf(uri, this.#options.roots);
      if (path === null) return final('it is below none of the folders that workers may read (--path)');
      const status = isObject ? null : statSync(path, { bigint: true });
      if (status !== null && (!status.isFile() || Number(status.size) !== size || String(status.mtimeNs) !== version)) {
        return final('changed since it was listed: sweep again');
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' ? final('gone since it was listed') : { error: message, isFinal: false, isOurs: false };
    }
    const { decoder, answerTimeoutNanos, maxExchanges } = config;
    const options = { directory: folder, decoder, answerTimeoutNanos, maxExchanges, uri, isLasting: false };
    const answer = await reader.read(
      { path, options, ...(isObject ? { version: { size, etag: version } } : {}) },
      this.#options.mostMillis,
      this.#stop.signal,
    );
    if (answer === 'stopped') return answer;
    if ('distilled' in answer && answer.distilled.path !== null && answer.distilled.key === key) return answer;
    // What a reader has left that died, or of which nothing will come.
    rmSync(folder, { recursive: true, force: true });
    if ('error' in answer) return { ...answer, isFinal: false };
    const { distilled } = answer;
    // It has been read, and another look may find it otherwise.
    const why =
      distilled.path === null
        ? (distilled.problems[0]?.message ?? 'not read')
        : 'changed since it was listed: sweep again';
    return { error: why, isFinal: distilled.path !== null || why.includes('changed'), isOurs: false };
  }

  async #load({ path }: Distilled): Promise<{ head: object; content: Uint8Array }> {
    const there = (await readThere(path!))!;
    const { ticks: _, ...head } = there.head;
    const content = readFileSync(path!);
    // Not the folder, which takes a disk longer.
    unlinkSync(path!);
    return { head, content };
  }

  #count({ frames, bytes }: Distilled): void {
    this.counts.done++;
    this.counts.bytes += bytes.read;
    this.counts.keptBytes += bytes.kept;
    this.counts.frames += frames;
  }

  async #fail(task: Task, deliveries: number, error: string): Promise<void> {
    await this.#patiently(() => this.#options.store.addFailed(task, deliveries, error));
    this.counts.failed++;
    this.#options.say(`${task.uri}: failed: ${error}`);
  }

  async #configOf(sweep: string): Promise<SweepConfig | null> {
    const known = this.#configs.get(sweep);
    if (known !== undefined) return known;
    const config = await this.#patiently(() => this.#options.store.sweepConfig(sweep));
    // One of many sweeps: there is no use in remembering all.
    if (this.#configs.size >= 100) this.#configs.clear();
    if (config !== null) this.#configs.set(sweep, config);
    return config;
  }

  /** A store that is away is waited for; the task stays ours meanwhile. */
  #patiently<T>(action: () => Promise<T>): Promise<T> {
    return patiently(action, this.#stop.signal, this.#options.say);
  }
}

/** What came of a capture. */
interface Result {
  /** That it holds in memory. */
  readonly bytes: number;
  /** Stores it, and says to the queue that it is settled. */
  store(): Promise<void>;
}

type Outcome =
  | 'stopped'
  | { readonly distilled: Distilled }
  /** `isFinal`: no other attempt is worth it. `isOurs`: it is not the capture's fault. */
  | { readonly error: string; readonly isFinal: boolean; readonly isOurs: boolean };

const final = (error: string): Outcome => ({ error, isFinal: true, isOurs: false });

/** Does it again while the store is away; rejects for what will not pass, and when the signal fires. */
export async function patiently<T>(
  action: () => Promise<T>,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<T> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await action();
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      if (isFirst) say(`waiting for the store: ${explain(error as Error)}`);
      await sleep(AGAIN_MILLIS, undefined, { signal }).catch(() => {});
    }
  }
}
