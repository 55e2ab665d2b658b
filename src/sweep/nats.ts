import { readFileSync } from 'node:fs';
import type { Consumer, JetStreamApiError, JetStreamClient, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import type { ConnectionOptions, NatsConnection, TlsOptions } from '@nats-io/transport-node';
import { whyUnreadable } from '../unreadable.ts';
import { loadNats } from './packages.ts';
import { ServiceError } from './service-error.ts';

export interface QueuePlace {
  /** nats:// or tls://; several with commas between. */
  readonly url: string;
  readonly credentials?: string | undefined;
  readonly nkey?: string | undefined;
  readonly authority?: string | undefined;
  /** The option that names it, for messages (default --via). */
  readonly option?: string | undefined;
  /** What the subjects begin with on which the server answers: a key may be bound to one's own. */
  readonly inbox?: string | undefined;
}

export type NatsPackages = Awaited<ReturnType<typeof loadNats>>;

/** A connection to a server with JetStream. */
export interface OpenNats {
  readonly nats: NatsPackages;
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

const DEFAULT_PORT = 4222;
const LEAST_SERVER = [2, 9] as const;
export const CONNECT_MILLIS = 5000;
const RECONNECT_MILLIS = 1000;
export const NANOS_A_MILLI = 1e6;

/** Rejects with ServiceError where the server cannot be reached, refuses, or is too old. One that was there is waited for. */
export async function openNats(place: QueuePlace): Promise<OpenNats> {
  const nats = await loadNats();
  const options = readOptions(place, nats);
  let connection: NatsConnection;
  try {
    connection = await nats.connect(options);
  } catch (error) {
    throw new ServiceError(`${place.url}: ${explainConnection(error as Error)}`, { cause: error });
  }
  try {
    rememberServers(connection, place.url.split(','));
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
    return { nats, connection, client, manager };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The client forgets those that did not answer before the first that did: they may be the ones that are left later. */
function rememberServers(connection: NatsConnection, urls: readonly string[]): void {
  const known = connection.getServers().map(({ listen }) => listen);
  const forgotten = urls.map(listenOf).filter((listen) => !known.includes(listen));
  if (forgotten.length > 0) connection.setServers([...new Set([...known, ...forgotten])]);
}

/** As the client names it. */
function listenOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? DEFAULT_PORT : port}`;
}

/**
 * What waits for a consumer, at most so many; fewer when so much time has passed. Where the connection is lost the client's own watch
 * stops, and waits for one that may not come: this one goes on. The signal ends it, too.
 */
export async function* fetchMessages(
  consumer: Consumer,
  most: number,
  millis: number,
  signal: AbortSignal,
): AsyncGenerator<JsMsg> {
  if (signal.aborted) return;
  const messages = await consumer.fetch({ max_messages: most, expires: millis });
  const stop = () => messages.stop();
  const watch = setTimeout(stop, millis + CONNECT_MILLIS);
  signal.addEventListener('abort', stop);
  try {
    yield* messages;
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', stop);
  }
}

/** Whether a stream or consumer is not there. */
export function isMissing(error: unknown, nats: NatsPackages): boolean {
  return error instanceof nats.JetStreamApiError && (error as JetStreamApiError).status === 404;
}

/** Makes what is not there, and else brings it to what it should be. */
export async function addOrUpdate(
  nats: NatsPackages,
  add: () => Promise<unknown>,
  update: () => Promise<unknown>,
): Promise<void> {
  try {
    await add();
  } catch (error) {
    if (!(error instanceof nats.JetStreamApiError)) throw error;
    await update();
  }
}

/** Checks an address of the queue, without going there. Throws ServiceError. */
export function readOptions(
  { url, credentials, nkey, authority, option = '--via', inbox }: QueuePlace,
  nats: NatsPackages,
): ConnectionOptions {
  const servers = url.split(',');
  for (const server of servers) {
    const parsed = /^(nats|tls):\/\/([^/@]+)\/?$/.exec(server);
    if (parsed === null) {
      const hint = server.includes('@')
        ? ', without secrets, which other users of the machine could see: --creds or --nkey'
        : '';
      throw new ServiceError(
        `${option} ${server.replace(/\/\/.*@/, '//…@')}: expected nats://HOST or tls://HOST${hint}`,
      );
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
    ...(inbox === undefined ? {} : { inboxPrefix: inbox }),
    timeout: CONNECT_MILLIS,
    // A server that was there is waited for.
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MILLIS,
    ...(authenticator.length === 0 ? {} : { authenticator }),
    ...(wantsTls ? tlsOptions(authority) : {}),
  };
}

/**
 * Names go to the server by themselves; an address would be held against a certificate of "localhost". So whoever is called next,
 * of several servers and of those that the cluster told of, is named here first.
 */
function tlsOptions(authority: string | undefined): Pick<ConnectionOptions, 'tls' | 'reconnectToServer'> {
  const tls: TlsOptions & { host?: string } = authority === undefined ? {} : { caFile: authority };
  return {
    tls,
    reconnectToServer: ([next]) => {
      if (next !== undefined) tls.host = next.hostname.replace(/^\[|\]$/g, '');
      return null;
    },
  };
}

function readSecret(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ServiceError(`${option} ${path}: ${whyUnreadable(error)}`);
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
