/** Records of sensors as docs/scale.md describes them, made without the program's own code. */
import { createHash } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

export interface Observed {
  readonly site: string;
  readonly sensor: string;
  readonly epoch: string;
  readonly seq: number;
  readonly exchange: number;
  readonly client: string;
  readonly clientPort?: number;
  readonly server: string;
  readonly isn?: number;
  readonly verdict?: string;
  /** Milliseconds since 1970. */
  readonly millis: number;
}

export const subject = ({ site, sensor }: { site: string; sensor: string }) => `pz.obs.${site}.${sensor}`;

export function idOf(site: string, sensor: string, epoch: string, type: string, what: string, rule = ''): string {
  const text = JSON.stringify([site, sensor, epoch, type, what, rule]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export function exchangeRecord(observed: Observed) {
  const { site, sensor, epoch, seq, exchange, client, clientPort = 40_000, server, isn = 1, millis } = observed;
  const { verdict = 'refused' } = observed;
  const time = new Date(millis).toISOString();
  return {
    v: 1,
    type: 'exchange',
    id: idOf(site, sensor, epoch, 'exchange', String(exchange)),
    site,
    sensor,
    epoch,
    seq,
    time,
    rules: ['syn-to-port-zero'],
    body: {
      id: exchange,
      input: 0,
      client: { address: client, port: clientPort },
      server: { address: server, port: 0 },
      portZero: 'server',
      probe: 'syn',
      verdict,
      state: verdict === 'accepted' ? 'open' : 'closed',
      reason: verdict === 'accepted' ? 'syn-ack' : 'reset',
      answeredBy: server,
      started: time,
      latencyMs: 0.25,
      evidence: { probe: { sequence: isn } },
    },
  };
}

export function statusRecord(site: string, sensor: string, epoch: string, seq: number, refused: number) {
  const id = idOf(site, sensor, epoch, 'status', `seq ${seq}`);
  const body = { refused, frames: 10, drops: 0 };
  return { v: 1, type: 'status', id, site, sensor, epoch, seq, time: new Date().toISOString(), body };
}

type AnyRecord = { readonly id: string; readonly site: string; readonly sensor: string };

/** A connection that puts records into a stream; without ids nothing but the store knows what came twice. */
export async function openPublisher(url: string) {
  const connection: NatsConnection = await connect({ servers: url, maxReconnectAttempts: -1 });
  const client = jetstream(connection, { timeout: 20_000 });
  return {
    connection,
    async publish(records: readonly AnyRecord[], { ids = true } = {}) {
      for (let i = 0; i < records.length; i += 500) {
        await Promise.all(
          records
            .slice(i, i + 500)
            .map((record) => client.publish(subject(record), JSON.stringify(record), ids ? { msgID: record.id } : {})),
        );
      }
    },
    close: () => connection.close(),
  };
}
