import type { Options } from 'yargs';
import type { QueuePlace } from '../sweep/nats.ts';
import { CliError } from './io.ts';

/** How to reach the queue. */
export const QUEUE_OPTIONS = {
  via: {
    type: 'string',
    requiresArg: true,
    describe: 'The queue: nats://HOST or tls://HOST of a nats-server with JetStream; several with commas between',
  },
  creds: { type: 'string', requiresArg: true, describe: 'File with the credentials (JWT and seed) for the queue' },
  nkey: { type: 'string', requiresArg: true, describe: 'File with the seed of the nkey for the queue' },
} as const satisfies Record<string, Options>;

/** How to reach the store. */
export const STORE_OPTIONS = {
  store: {
    type: 'string',
    requiresArg: true,
    describe:
      'Where results live: postgres://USER@HOST/DATABASE. A password comes from PGPASSWORD or PGPASSFILE, never from the address',
  },
  ca: {
    type: 'string',
    requiresArg: true,
    describe: 'File with the certificates (PEM) by which the servers are known; with it nothing goes without TLS',
  },
} as const satisfies Record<string, Options>;

export const METRICS_OPTION = {
  type: 'string',
  requiresArg: true,
  describe: 'Serve /metrics (Prometheus text) at this ADDRESS:PORT, or at this port of 127.0.0.1, while it runs',
} as const satisfies Options;

export interface ServiceArguments {
  readonly via?: string | undefined;
  readonly store?: string | undefined;
  readonly creds?: string | undefined;
  readonly nkey?: string | undefined;
  readonly ca?: string | undefined;
}

export function readQueuePlace({ via, creds, nkey, ca }: ServiceArguments): QueuePlace {
  if (via === undefined || via === '') throw new CliError('the queue has to be named: --via nats://HOST');
  return { url: via, credentials: creds, nkey, authority: ca };
}

export function readStore({ store }: ServiceArguments): string {
  if (store === undefined || store === '') {
    throw new CliError('the store has to be named: --store postgres://USER@HOST/DATABASE');
  }
  return store;
}
