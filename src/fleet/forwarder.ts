import { setTimeout as sleep } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import { explain, type QueuePlace } from '../sweep/nats.ts';
import { HUB, ObservationStream } from './streams.ts';

const BATCH = 256;
const WAIT_MILLIS = 1000;
const RETRY_MILLIS = 1000;

export interface ForwarderOptions {
  readonly spool: () => ObservationStream | null;
  readonly hub: QueuePlace;
  /** Hears why nothing goes on, once; and null when it does again. */
  readonly onState: (reason: string | null) => void;
}

/** Brings what lies in the spool to the hub, in order. It leaves the spool when the hub has it on its disk. */
export class Forwarder {
  forwarded = 0;
  readonly #options: ForwarderOptions;
  readonly #stop = new AbortController();
  #hub: ObservationStream | null = null;
  #reason: string | null = null;
  #run: Promise<void> | null = null;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#run ??= this.#loop();
  }

  /** Waits for the spool to be empty as long as it empties, and at most for so long. What is left goes with the next run. */
  async close(mostMillis: number): Promise<number> {
    const until = performance.now() + mostMillis;
    let left = (await this.#options.spool()?.waiting()) ?? 0;
    while (left > 0 && this.#reason === null && performance.now() < until) {
      await sleep(50);
      left = (await this.#options.spool()?.waiting()) ?? 0;
    }
    this.#stop.abort();
    await this.#run;
    await this.#hub?.close();
    return left;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const spool = this.#options.spool();
        if (spool === null) {
          await this.#pause();
          continue;
        }
        this.#hub ??= await ObservationStream.open(this.#options.hub, HUB);
        const messages = await spool.take(BATCH, WAIT_MILLIS, signal);
        if (messages.length > 0) await this.#forward(messages);
      } catch (error) {
        this.#tell(explain(error as Error));
        await this.#pause();
      }
    }
  }

  async #forward(messages: readonly JsMsg[]): Promise<void> {
    let left = messages;
    while (left.length > 0 && !this.#stop.signal.aborted) {
      const said = await Promise.all(
        left.map(async (message) => {
          const id = message.headers?.get('Nats-Msg-Id') ?? '';
          const storing = await this.#hub!.publish(message.subject, message.data, id);
          if (storing === 'stored') {
            message.ack();
            this.forwarded++;
          }
          return storing;
        }),
      );
      const failed = said.find((it) => it !== 'stored');
      this.#tell(failed === undefined ? null : failed === 'full' ? 'the stream of the hub is full' : failed.error);
      left = left.filter((_, index) => said[index] !== 'stored');
      if (left.length === 0) return;
      await this.#pause();
      // They stay ours.
      for (const message of left) message.working();
    }
    for (const message of left) message.nak();
  }

  #tell(reason: string | null): void {
    if ((reason === null) !== (this.#reason === null)) this.#options.onState(reason);
    this.#reason = reason;
  }

  async #pause(): Promise<void> {
    await sleep(RETRY_MILLIS, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
