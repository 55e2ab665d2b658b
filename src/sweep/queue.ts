import { readFileSync } from 'node:fs';
import type {
  ConsumerConfig,
  JetStreamApiError,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  StreamConfig,
} from '@nats-io/jetstream';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { loadNats } from './packages.ts';
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

export interface QueuePlace {
  /** nats:// or tls://; several with commas between. */
  readonly url: string;
  readonly credentials?: string | undefined;
  readonly nkey?: string | undefined;
  readonly authority?: string | undefined;
}

/** What is in the queue of one sweep, and of those in it what nobody has been given. */
export interface QueueState {
  readonly tasks: number;
  /** Of all sweeps: not yet delivered, and delivered but not settled. */
  readonly waiting: number;
  readonly inWork: number;
  /** Workers that wait for a task. */
  readonly idleWorkers: number;
}

type Nats = Awaited<ReturnType<typeof loadNats>>;

const LEAST_SERVER = [2, 9] as const;
const CONNECT_MILLIS = 5000;
const RECONNECT_MILLIS = 1000;
const MOST_QUEUE_BYTES = 2 * 1024 ** 3;
/** Most tasks that are on their way to the server at a time. */
const MOST_FLYING = 256;
const NANOS = 1e6;
export const ACK_WAIT_SECONDS = 60;

/** The queue of tasks: a stream of JetStream from which each task is taken by one worker. */
export class TaskQueue {
  readonly #nats: Nats;
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(nats: Nats, connection: NatsConnection, client: JetStreamClient, manager: JetStreamManager) {
    this.#nats = nats;
    this.#connection = connection;
    this.#client = client;
    this.#manager = manager;
  }

  /** Rejects with ServiceError where the server cannot be reached, refuses, or is too old. */
  static async open(place: QueuePlace): Promise<TaskQueue> {
    const nats = await loadNats();
    const options = readOptions(place, nats);
    let connection: NatsConnection;
    try {
      connection = await nats.connect(options);
    } catch (error) {
      throw new ServiceError(`${place.url}: ${explainConnection(error as Error)}`, { cause: error });
    }
    try {
      const version = connection.info?.version ?? '0';
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (major < LEAST_SERVER[0] || (major === LEAST_SERVER[0] && minor < LEAST_SERVER[1])) {
        throw new ServiceError(`${place.url}: nats-server ${version} is too old, ${LEAST_SERVER.join('.')} is needed`);
      }
      if (connection.info?.jetstream !== true) {
        throw new ServiceError(
          `${place.url}: JetStream is off on this server: start it with -js, or jetstream {} in its file`,
        );
      }
      const client = nats.jetstream(connection);
      const manager = await nats.jetstreamManager(connection, { checkAPI: false });
      return new TaskQueue(nats, connection, client, manager);
    } catch (error) {
      await connection.close();
      throw error;
    }
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
      duplicate_window: 600_000 * NANOS,
    };
    const known = await this.#consumerConfig();
    const consumer: Partial<ConsumerConfig> = {
      durable_name: CONSUMER,
      ack_policy: this.#nats.AckPolicy.Explicit,
      ack_wait: (ackWaitSeconds ?? known ?? ACK_WAIT_SECONDS) * 1000 * NANOS,
      max_deliver: MOST_ATTEMPTS + 1,
      max_ack_pending: 10_000,
    };
    await this.#orSay('set up', async () => {
      await this.#unlessThere(
        () => streams.add(stream),
        () => streams.update(STREAM, stream),
      );
      await this.#unlessThere(
        () => consumers.add(STREAM, consumer),
        () => consumers.update(STREAM, CONSUMER, consumer),
      );
    });
  }

  /** Seconds that a worker has; null where there is no consumer. */
  async #consumerConfig(): Promise<number | null> {
    try {
      const { config } = await this.#manager.consumers.info(STREAM, CONSUMER);
      return (config.ack_wait ?? 0) / NANOS / 1000;
    } catch {
      return null;
    }
  }

  async #unlessThere(add: () => Promise<unknown>, update: () => Promise<unknown>): Promise<void> {
    try {
      await add();
    } catch (error) {
      if (!(error instanceof this.#nats.JetStreamApiError)) throw error;
      await update();
    }
  }

  /** Rejects with ServiceError where nobody has set it up. */
  async check(): Promise<void> {
    await this.#orSay('look at', async () => {
      try {
        await this.#manager.consumers.info(STREAM, CONSUMER);
      } catch (error) {
        if (!this.#isMissing(error)) throw error;
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
      if (this.#isMissing(error)) return null;
      throw error;
    }
  }

  /** What is left of a sweep that has ended. */
  async purge(sweep: string): Promise<void> {
    await this.#manager.streams.purge(STREAM, { filter: subjectOf(sweep) });
  }

  /** The next task; null when none has come for a while. Rejects where there is no queue at the moment. */
  async take(signal: AbortSignal, waitMillis: number): Promise<TakenTask | null> {
    const consumer = await this.#client.consumers.get(STREAM, CONSUMER);
    if (signal.aborted) return null;
    const messages = await consumer.fetch({ max_messages: 1, expires: waitMillis });
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop);
    try {
      for await (const message of messages) {
        // Nobody will do it here.
        if (signal.aborted) message.nak();
        else return new TakenTask(message);
      }
      return null;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** How long a worker may be silent before its task is given to another. */
  async ackWaitMillis(): Promise<number> {
    return ((await this.#consumerConfig()) ?? ACK_WAIT_SECONDS) * 1000;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #isMissing(error: unknown): boolean {
    return error instanceof this.#nats.JetStreamApiError && (error as JetStreamApiError).status === 404;
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

function readOptions({ url, credentials, nkey, authority }: QueuePlace, nats: Nats): ConnectionOptions {
  const servers = url.split(',');
  for (const server of servers) {
    const parsed = /^(nats|tls):\/\/([^/@]+)\/?$/.exec(server);
    if (parsed === null) {
      const hint = server.includes('@')
        ? ', without secrets, which other users of the machine could see: --creds or --nkey'
        : '';
      throw new ServiceError(`--via ${server.replace(/\/\/.*@/, '//…@')}: expected nats://HOST or tls://HOST${hint}`);
    }
  }
  const authenticator = [
    ...(credentials === undefined ? [] : [nats.credsAuthenticator(readSecret('--creds', credentials))]),
    ...(nkey === undefined ? [] : [nats.nkeyAuthenticator(seedOf(readSecret('--nkey', nkey)))]),
  ];
  const wantsTls = authority !== undefined || servers.some((server) => server.startsWith('tls:'));
  return {
    servers: servers.map((server) => server.replace(/^tls:/, 'nats:')),
    name: 'portzero',
    timeout: CONNECT_MILLIS,
    // A server that was there is waited for.
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MILLIS,
    ...(authenticator.length === 0 ? {} : { authenticator }),
    ...(wantsTls ? { tls: authority === undefined ? {} : { caFile: authority } } : {}),
  };
}

function readSecret(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ServiceError(`${option} ${path}: ${(error as Error).message}`);
  }
}

/** A seed file may have comments and line ends around the seed. */
function seedOf(bytes: Uint8Array): Uint8Array {
  const found = /\bSU[A-Z2-7]{56}\b/.exec(Buffer.from(bytes).toString());
  if (found === null) throw new ServiceError('--nkey: the file has no seed of a user (SU…)');
  return Buffer.from(found[0]);
}

function explainConnection(error: Error): string {
  const text = explain(error);
  if (/authorization|authentication/i.test(text)) return `refused: ${text} (--creds or --nkey say who you are)`;
  return `cannot be reached: ${text}`;
}

/** The innermost cause, which tells most: "connection refused", not "connect failed". */
export function explain(error: Error): string {
  let inner: unknown = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0];
  const text = inner instanceof Error ? inner.message || inner.name : String(inner);
  return text.split('\n')[0]!;
}
