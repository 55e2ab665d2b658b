import { setTimeout as sleep } from 'node:timers/promises';
import { mergeShards } from '../analysis/merge.ts';
import type { Input } from '../analysis/types.ts';
import type { SeriesOf } from '../shard/series.ts';
import { formatCount } from '../words/numbers.ts';
import { listFiles, sweepId } from './list-files.ts';
import { explain } from './nats.ts';
import type { TaskQueue } from './queue.ts';
import { ServiceError } from './service-error.ts';
import type { Store, SweepConfig, SweepState } from './store.ts';
import { storedShard } from './stored-shard.ts';
import { patiently } from './worker.ts';

export interface SweepOptions {
  readonly store: Store;
  readonly config: SweepConfig;
  readonly seriesOf: SeriesOf;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly onProgress: (state: SweepState) => void;
}

const LOOK_MILLIS = 1000;
/** A look may take so much of the time between two. */
const LOOK_SHARE = 10;
/** Nobody takes tasks for so long: that is told. */
const IDLE_MILLIS = 15_000;
/** Failed files that a report tells of each. */
const MOST_TOLD = 1000;

/** A sweep of captures by workers elsewhere: which are to be read, whether they have been, and what came of them. */
export class Sweep {
  readonly id: string;
  /** Problems of the paths themselves. */
  readonly problems: string[] = [];
  readonly #options: SweepOptions;
  #round = 0;
  #isAway = false;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.id = sweepId(options.config);
  }

  /**
   * Lists the captures and tells the workers of those that nobody has read. `retries`: those that failed before, too.
   * `stays`: finish() follows, which publishes what could not be.
   */
  async begin(queue: TaskQueue, { retries, stays }: { retries: boolean; stays: boolean }): Promise<void> {
    const { store, config, seriesOf, signal } = this.#options;
    const run = await store.beginSweep(this.id, config);
    let files = 0;
    for await (const tasks of listFiles(store, this.id, config, (message) => this.problems.push(message), seriesOf)) {
      files += tasks.length;
      await store.addFiles(tasks, run);
      if (signal.aborted) throw new ServiceError('interrupted while the captures were listed: run it again');
    }
    if (files === 0) {
      throw new ServiceError(this.problems[0] ?? `no captures below ${config.paths.join(', ')}`);
    }
    await store.endListing(this.id, run);
    if (retries) {
      const count = await store.forgetFailed(this.id);
      if (count > 0) this.#options.say(`${formatCount(count, 'failed capture')} will be tried again`);
      // Under another name than before, which the queue may remember.
      this.#round = Date.now();
    }
    if (stays) return this.#tolerate(() => this.#publish(queue));
    try {
      await this.#publish(queue);
    } catch (error) {
      throw new ServiceError(`the queue has not taken all tasks: ${explain(error as Error)}`, { cause: error });
    }
  }

  /** Settles when every capture has a shard or has failed. False when the signal fired before. */
  async finish(queue: TaskQueue): Promise<boolean> {
    const { store, signal, say, onProgress } = this.#options;
    let idleSince: number | null = null;
    let hasToldIdle = false;
    for (;;) {
      if (signal.aborted) return false;
      const began = performance.now();
      // First the queue: a task that has left it by then has been settled in the store.
      const queued = await this.#look(queue);
      const state = await patiently(() => store.sweepState(this.id), signal, say).catch((error) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (state === null) return false;
      onProgress(state);
      if (state.doneFiles >= state.files) break;
      if (queued !== 'away') {
        const isStuck = queued !== null && queued.waiting === 0 && queued.inWork === 0;
        // Nothing in the queue, or nothing that anybody will be given: what is missing was lost.
        if (queued === null || queued.tasks === 0 || isStuck) {
          if (queued === null) await this.#tolerate(() => queue.setUp());
          this.#round = Date.now();
          await this.#tolerate(() => this.#publish(queue));
        }
        const isIdle = queued !== null && queued.inWork === 0 && queued.idleWorkers === 0;
        idleSince = isIdle ? (idleSince ?? began) : null;
        if (idleSince !== null && !hasToldIdle && began - idleSince > IDLE_MILLIS) {
          say('no worker takes tasks: portzero work, with the same --via and --store, is one');
          hasToldIdle = true;
        }
      }
      const took = performance.now() - began;
      await sleep(Math.max(LOOK_MILLIS, took * LOOK_SHARE), undefined, { signal }).catch(() => {});
    }
    await queue.purge(this.id).catch(() => {});
    return true;
  }

  async #look(queue: TaskQueue) {
    try {
      const state = await queue.state(this.id);
      this.#isAway = false;
      return state;
    } catch (error) {
      this.#tellAway(error as Error);
      return 'away';
    }
  }

  /** A queue that is away now is asked again at the next look. */
  async #tolerate(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#tellAway(error as Error);
    }
  }

  #tellAway(error: Error): void {
    if (!this.#isAway) this.#options.say(`waiting for the queue: ${explain(error)}`);
    this.#isAway = true;
  }

  async #publish(queue: TaskQueue): Promise<void> {
    for await (const tasks of this.#options.store.missing(this.id)) await queue.publish(tasks, this.#round);
  }

  /** What the store has of it, as inputs of a report. */
  async inputs(decoder: SweepConfig['decoder']): Promise<Input[]> {
    const { store, seriesOf, say } = this.#options;
    const sweep = this.id;
    async function* shards() {
      for await (const briefs of store.briefs(sweep)) {
        for (const { key, brief, bytes } of briefs) yield storedShard(store, key, bytes, brief);
      }
    }
    const inputs = await mergeShards(shards(), { decoder, seriesOf, onPassedOver: say });
    const failed = await store.failed(MOST_TOLD, sweep);
    const { failed: count } = await store.sweepState(sweep);
    const broken = (name: string, message: string): Input => ({
      name,
      problem: { code: 'unreadable', offset: null, frame: null, message },
    });
    inputs.push(...failed.map(({ uri, error }) => broken(uri, `${uri}: failed: ${error}`)));
    if (count > failed.length) {
      const rest = formatCount(count - failed.length, 'more capture');
      inputs.push(broken('failed captures', `${rest} failed: portzero query failed lists them`));
    }
    inputs.push(...this.problems.map((message) => broken(message.split(': ')[0]!, message)));
    return inputs;
  }
}
