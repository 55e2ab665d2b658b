import type { ConsumerConfig, JsMsg, StreamConfig } from '@nats-io/jetstream';
import {
  addOrUpdate,
  CONNECT_MILLIS,
  explain,
  fetchMessages,
  isMissing,
  NANOS_A_MILLI,
  type OpenNats,
  openNats,
  type QueuePlace,
} from '../sweep/nats.ts';
import { ServiceError } from '../sweep/service-error.ts';
import { HUB_CONSUMER, HUB_STREAM, OBSERVATION_SUBJECTS, SPOOL_CONSUMER, SPOOL_STREAM } from './observation.ts';

const GIBIBYTE = 1024 ** 3;
const DAY_MILLIS = 86_400_000;
export const ACK_WAIT_SECONDS = 60;
/** Of JetStream: the stream has as many bytes as it may have, and is to refuse more. */
const FULL = [10077, 10167];

/** What JetStream said of a record. */
export type Storing = 'stored' | 'full' | { readonly error: string };

export interface StreamKind {
  readonly stream: string;
  readonly consumer: string;
  /** Where nobody says so. */
  readonly bytes: number;
  /** The command that makes it. */
  readonly setup: string;
}

export const HUB: StreamKind = {
  stream: HUB_STREAM,
  consumer: HUB_CONSUMER,
  bytes: 4 * GIBIBYTE,
  setup: 'setup hub',
};
export const SPOOL: StreamKind = {
  stream: SPOOL_STREAM,
  consumer: SPOOL_CONSUMER,
  bytes: GIBIBYTE,
  setup: 'setup spool',
};

/** A stream of observations: at the hub, or on a sensor's own disk. */
export class ObservationStream {
  readonly #open: OpenNats;
  readonly #kind: StreamKind;

  private constructor(open: OpenNats, kind: StreamKind) {
    this.#open = open;
    this.#kind = kind;
  }

  /** Rejects with ServiceError: see openNats(). */
  static async open(place: QueuePlace, kind: StreamKind): Promise<ObservationStream> {
    return new ObservationStream(await openNats(place), kind);
  }

  /** Makes the stream and its consumer, or brings them to what they should be. What is undefined stays as it is. */
  async setUp({ bytes, ackWaitSeconds }: { bytes?: number | undefined; ackWaitSeconds?: number | undefined } = {}) {
    const { nats, manager } = this.#open;
    const { stream: name, consumer: durable, bytes: most } = this.#kind;
    // What has been stored is taken out, so that what is full is full of what has not: and then it refuses.
    const stream: Partial<StreamConfig> & { name: string } = {
      name,
      subjects: [OBSERVATION_SUBJECTS],
      retention: nats.RetentionPolicy.Workqueue,
      storage: nats.StorageType.File,
      discard: nats.DiscardPolicy.New,
      max_age: (name === HUB_STREAM ? 7 * DAY_MILLIS : 0) * NANOS_A_MILLI,
      duplicate_window: 600_000 * NANOS_A_MILLI,
    };
    const consumer: Partial<ConsumerConfig> = {
      durable_name: durable,
      ack_policy: nats.AckPolicy.Explicit,
      ack_wait: (ackWaitSeconds ?? ACK_WAIT_SECONDS) * 1000 * NANOS_A_MILLI,
      max_ack_pending: 5000,
    };
    try {
      await addOrUpdate(
        nats,
        () => manager.streams.add({ ...stream, max_bytes: bytes ?? most }),
        () => manager.streams.update(name, bytes === undefined ? stream : { ...stream, max_bytes: bytes }),
      );
      await addOrUpdate(
        nats,
        () => manager.consumers.add(name, consumer),
        () => manager.consumers.update(name, durable, ackWaitSeconds === undefined ? {} : consumer),
      );
    } catch (error) {
      throw new ServiceError(`cannot set up ${name}: ${explain(error as Error)}`, { cause: error });
    }
  }

  /** Rejects with ServiceError where nobody has set it up. */
  async check(): Promise<void> {
    const { nats, manager } = this.#open;
    const { stream, consumer, setup } = this.#kind;
    try {
      await manager.consumers.info(stream, consumer);
    } catch (error) {
      throw new ServiceError(
        isMissing(error, nats)
          ? `there is no stream ${stream} with a consumer ${consumer} yet: portzero ${setup} makes them`
          : `cannot look at ${stream}: ${explain(error as Error)}`,
        { cause: error },
      );
    }
  }

  /** Settles when the server has it on its disk, or says why it has not. */
  async publish(subject: string, bytes: Uint8Array, id: string): Promise<Storing> {
    const { nats, client } = this.#open;
    try {
      const expect = { streamName: this.#kind.stream };
      await client.publish(subject, bytes, { msgID: id, timeout: CONNECT_MILLIS, expect });
      return 'stored';
    } catch (error) {
      if (error instanceof nats.JetStreamApiError && FULL.includes(error.code)) return 'full';
      // Nobody listens to the subject: there is no stream of it.
      if (error instanceof Error && error.name === 'JetStreamNotEnabled')
        return { error: `there is no stream ${this.#kind.stream}` };
      return { error: explain(error as Error) };
    }
  }

  /** What waits, at most so many; fewer when so much time has passed. Rejects where there is nothing to take from now. */
  async take(most: number, millis: number, signal: AbortSignal): Promise<JsMsg[]> {
    const consumer = await this.#open.client.consumers.get(this.#kind.stream, this.#kind.consumer);
    const taken: JsMsg[] = [];
    for await (const message of fetchMessages(consumer, most, millis, signal)) taken.push(message);
    return taken;
  }

  /** How many wait for the consumer; null where it is gone. */
  async waiting(): Promise<number | null> {
    try {
      const info = await this.#open.manager.consumers.info(this.#kind.stream, this.#kind.consumer);
      return info.num_pending + info.num_ack_pending;
    } catch {
      return null;
    }
  }

  /** Whether the connection is there at the moment. */
  get isClosed(): boolean {
    return this.#open.connection.isClosed();
  }

  /** What was acknowledged is on its way when it settles. */
  async close(): Promise<void> {
    await this.#open.connection.flush().catch(() => {});
    await this.#open.connection.close();
  }
}
