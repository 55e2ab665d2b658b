import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../sweep/nats.ts';
import { ServiceError } from '../sweep/service-error.ts';
import { isPassing, type Store } from '../sweep/store.ts';
import { type ParsedRecord, parseRecord, rowsOf } from './rows.ts';
import type { ObservationStream } from './streams.ts';

const BATCH = 1000;
const WAIT_MILLIS = 1000;
const RETRY_MILLIS = 1000;
/** Batches that are under way at the same time: one is read while another is stored. */
const LANES = 2;

export interface CollectCounts {
  /** Exchanges that were new. */
  stored: number;
  /** Records of all kinds that came, also again. */
  received: number;
  /** What was no record, or not of the sensor whose subject it came on. */
  invalid: number;
}

export interface CollectorOptions {
  readonly hub: ObservationStream;
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/**
 * Takes records from the hub into the store, and says so to the hub when they are there. Killed in between it gets them again, and the
 * store knows them.
 */
export class Collector {
  readonly counts: CollectCounts = { stored: 0, received: 0, invalid: 0 };
  readonly #options: CollectorOptions;
  #reason: string | null = null;
  readonly #end = new AbortController();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Until the signal fires. Rejects with ServiceError for what does not pass: no rights, a full disk. */
  async run(): Promise<void> {
    const end = () => this.#end.abort();
    this.#options.signal.addEventListener('abort', end);
    if (this.#options.signal.aborted) end();
    try {
      await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
    } finally {
      // The other lane must not go on for a command that has ended.
      end();
      this.#options.signal.removeEventListener('abort', end);
    }
  }

  async #lane(): Promise<void> {
    const { hub } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        const messages = await hub.take(BATCH, WAIT_MILLIS, signal);
        if (messages.length === 0) continue;
        const parsed: ParsedRecord[] = [];
        const kept: typeof messages = [];
        for (const message of messages) {
          const record = parseRecord(message.data, message.subject);
          if (record === null) {
            this.#refuse(message.subject);
            message.term();
          } else {
            parsed.push(record);
            kept.push(message);
          }
        }
        if (parsed.length > 0) {
          const { exchanges, findings, runs, blocks } = rowsOf(parsed);
          const added = await this.#options.store.addObservations(exchanges, findings, runs, blocks);
          this.counts.stored += added;
          this.counts.received += parsed.length;
          for (const message of kept) message.ack();
        }
        this.#tell(null);
      } catch (error) {
        if (error instanceof ServiceError && !isPassing(error)) {
          this.#end.abort();
          throw error;
        }
        if (signal.aborted) return;
        this.#tell(explain(error as Error));
        await sleep(RETRY_MILLIS, undefined, { signal }).catch(() => {});
      }
    }
  }

  #refuse(subject: string): void {
    this.counts.invalid++;
    if (this.counts.invalid === 1)
      this.#options.say(
        `what came on ${subject} is no record of that sensor, or of another version: it is left out, and counted`,
      );
  }

  #tell(reason: string | null): void {
    if (reason === this.#reason) return;
    if (reason !== null && this.#reason === null) this.#options.say(`waiting: ${reason}`);
    if (reason === null) this.#options.say('going on');
    this.#reason = reason;
  }
}
