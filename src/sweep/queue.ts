import type {
  Consumer,
  ConsumerConfig,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  StreamConfig,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  addOrUpdate,
  CONNECT_MILLIS,
  explain,
  fetchMessages,
  isMissing,
  NANOS_A_MILLI,
  type NatsPackages,
  type OpenNats,
  openNats,
  type QueuePlace,
} from './nats.ts';
import { ServiceError } from './service-error.ts';
import {
  CONSUMER,
  encodeTask,
  MOST_ATTEMPTS,
  MOST_TASK_BYTES,
  STREAM,
  SUBJECTS,
  subjectOf,
  type Task,
} from './task.ts';

/** What is in the queue of one sweep, and of those in it what nobody has been given. */
export interface QueueState {
  readonly tasks: number;
  /** Of all sweeps: not yet delivered, and delivered but not settled. */
  readonly waiting: number;
  readonly inWork: number;
  /** Workers that wait for a task. */
  readonly idleWorkers: number;
}

const MOST_QUEUE_BYTES = 2 * 1024 ** 3;
/** Most tasks that are on their way to the server at a time. */
const MOST_FLYING = 256;
export const ACK_WAIT_SECONDS = 60;

/** The queue of tasks: a stream of JetStream from which each task is taken by one worker. */
export class TaskQueue {
  readonly #nats: NatsPackages;
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  /** Where tasks come from; null where it has to be looked for. */
  #consumer: Consumer | null = null;

  private constructor({ nats, connection, client, manager }: OpenNats) {
    this.#nats = nats;
    this.#connection = connection;
    this.#client = client;
    this.#manager = manager;
  }

  /** Rejects with ServiceError: see openNats(). */
  static async open(place: QueuePlace): Promise<TaskQueue> {
    return new TaskQueue(await openNats(place));
  }

  /** Makes the stream and its consumer as they should be, where they are not. May be run again. */
  async setUp(ackWaitSeconds?: number): Promise<void> {
    const { streams, consumers } = this.#manager;
    const stream: Partial<StreamConfig> & { name: string } = {
      name: STREAM,
      subjects: [SUBJECTS],
      retention: this.#nats.RetentionPolicy.Workqueue,
      storage: this.#nats.StorageType.File,
      discard: this.#nats.DiscardPolicy.New,
      max_bytes: MOST_QUEUE_BYTES,
      max_msg_size: MOST_TASK_BYTES,
      duplicate_window: 600_000 * NANOS_A_MILLI,
    };
    const known = await this.#consumerConfig();
    const consumer: Partial<ConsumerConfig> = {
      durable_name: CONSUMER,
      ack_policy: this.#nats.AckPolicy.Explicit,
      ack_wait: (ackWaitSeconds ?? known ?? ACK_WAIT_SECONDS) * 1000 * NANOS_A_MILLI,
      max_deliver: MOST_ATTEMPTS + 1,
      max_ack_pending: 10_000,
    };
    await this.#orSay('set up', async () => {
      await addOrUpdate(
        this.#nats,
        () => streams.add(stream),
        () => streams.update(STREAM, stream),
      );
      await addOrUpdate(
        this.#nats,
        () => consumers.add(STREAM, consumer),
        () => consumers.update(STREAM, CONSUMER, consumer),
      );
    });
  }

  /** Seconds that a worker has; null where there is no consumer. */
  async #consumerConfig(): Promise<number | null> {
    try {
      const { config } = await this.#manager.consumers.info(STREAM, CONSUMER);
      return (config.ack_wait ?? 0) / NANOS_A_MILLI / 1000;
    } catch {
      return null;
    }
  }

  /** Rejects with ServiceError where nobody has set it up. */
  async check(): Promise<void> {
    await this.#orSay('look at', async () => {
      try {
        await this.#manager.consumers.info(STREAM, CONSUMER);
      } catch (error) {
        if (!isMissing(error, this.#nats)) throw error;
        throw new ServiceError(
          `there is no stream ${STREAM} with a consumer ${CONSUMER} yet: portzero setup hub makes them`,
        );
      }
    });
  }

  /**
   * Publishes tasks; those with the same name that were published within ten minutes are there once. Rejects when a task could not
   * be stored: then publish all of them again.
   */
  async publish(tasks: Iterable<Task>, round: number): Promise<void> {
    const flying = new Set<Promise<unknown>>();
    let failure: Error | null = null;
    for (const task of tasks) {
      if (failure !== null) break;
      const msgID = round === 0 ? task.key : `${task.key}.${round}`;
      const sent: Promise<unknown> = this.#client
        .publish(subjectOf(task.sweep), encodeTask(task), { msgID, timeout: CONNECT_MILLIS })
        .catch((error: Error) => {
          failure = error;
        })
        .finally(() => flying.delete(sent));
      flying.add(sent);
      if (flying.size >= MOST_FLYING) await Promise.race(flying);
    }
    await Promise.all(flying);
    if (failure !== null) throw failure;
  }

  /** Null where the stream or its consumer is gone; rejects where the server is. */
  async state(sweep: string): Promise<QueueState | null> {
    try {
      const subject = subjectOf(sweep);
      const { state } = await this.#manager.streams.info(STREAM, { subjects_filter: subject });
      const consumer = await this.#manager.consumers.info(STREAM, CONSUMER);
      return {
        tasks: (state.subjects as Record<string, number> | undefined)?.[subject] ?? 0,
        waiting: consumer.num_pending,
        inWork: consumer.num_ack_pending,
        idleWorkers: consumer.num_waiting,
      };
    } catch (error) {
      if (isMissing(error, this.#nats)) return null;
      throw error;
    }
  }

  /** What is left of a sweep that has ended. */
  async purge(sweep: string): Promise<void> {
    await this.#manager.streams.purge(STREAM, { filter: subjectOf(sweep) });
  }

  /** The next task; null when none has come for a while. Rejects where there is no queue at the moment. */
  async take(signal: AbortSignal, waitMillis: number): Promise<TakenTask | null> {
    // To look for it is a question of its own to the server: it is asked again only where nothing came.
    this.#consumer ??= await this.#client.consumers.get(STREAM, CONSUMER);
    const consumer = this.#consumer;
    try {
      for await (const message of fetchMessages(consumer, 1, waitMillis, signal)) {
        // Nobody will do it here.
        if (signal.aborted) message.nak();
        else return new TakenTask(message);
      }
      this.#consumer = null;
      return null;
    } catch (error) {
      this.#consumer = null;
      throw error;
    }
  }

  /** How long a worker may be silent before its task is given to another. */
  async ackWaitMillis(): Promise<number> {
    return ((await this.#consumerConfig()) ?? ACK_WAIT_SECONDS) * 1000;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #orSay<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      throw new ServiceError(`cannot ${what} the queue: ${explain(error as Error)}`, { cause: error });
    }
  }
}

/** A task that is ours until it is settled, as long as we say that we are at it. */
export class TakenTask {
  readonly data: Uint8Array;
  /** Counts from 1. */
  readonly delivery: number;
  readonly #message: JsMsg;

  constructor(message: JsMsg) {
    this.#message = message;
    this.data = message.data;
    this.delivery = message.info.deliveryCount;
  }

  working(): void {
    this.#message.working();
  }

  done(): void {
    this.#message.ack();
  }

  /** It is not to be given to anybody again. */
  drop(): void {
    this.#message.term();
  }

  /** Somebody else may try. */
  giveBack(afterMillis: number): void {
    this.#message.nak(afterMillis);
  }
}
