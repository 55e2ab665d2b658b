import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { AnalysisSink } from '../../analysis/types.ts';
import { Forwarder } from '../../fleet/forwarder.ts';
import {
  isName,
  MOST_RECORD_BYTES,
  type Observation,
  recordId,
  type Sensor,
  type SensorStatus,
  subjectOf,
} from '../../fleet/observation.ts';
import { HUB, ObservationStream, SPOOL } from '../../fleet/streams.ts';
import type { QueuePlace } from '../../sweep/nats.ts';
import { ServiceError } from '../../sweep/service-error.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError } from '../io.ts';
import { FleetOutlet } from './fleet-outlet.ts';
import type { SniffArguments } from './options.ts';
import type { Outlets } from './outlets.ts';

const STATUS_MILLIS = 60_000;
/** How long the end waits for the hub to take what is in the spool; the rest goes with the next run. */
const FORWARD_MILLIS = 5000;

export interface FleetOptions {
  readonly hub: QueuePlace;
  readonly spool: QueuePlace | null;
  readonly sensor: Sensor;
}

/** Null where nothing goes to a hub. Throws CliError. */
export function readFleetOptions(args: SniffArguments): FleetOptions | null {
  const { to, spool, site, sensor = hostname().split('.')[0]!, creds, nkey, ca } = args;
  if (to === undefined) {
    for (const [name, value] of Object.entries({ spool, site, sensor: args.sensor, creds, nkey, ca }))
      if (value !== undefined) throw new CliError(`--${name} is about the hub: name it with --to nats://HOST`);
    return null;
  }
  if (site === undefined) throw new CliError('--to needs a name for where the sensor is: --site NAME');
  for (const [option, name] of [
    ['--site', site],
    ['--sensor', sensor],
  ] as const)
    if (!isName(name)) throw new CliError(`${option} ${name}: expected up to 64 letters, digits, "-" and "_"`);
  return {
    hub: { url: to, credentials: creds, nkey, authority: ca, option: '--to', inbox: `_INBOX_${site}_${sensor}` },
    spool: spool === undefined ? null : { url: spool, option: '--spool' },
    sensor: { site, sensor, epoch: `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}` },
  };
}

export interface FleetSensorOptions extends FleetOptions {
  readonly outlets: Outlets;
  readonly tell: (text: string) => void;
  /** How the capture is. */
  readonly read: () => Pick<SensorStatus, 'frames' | 'drops'>;
}

/** What a sensor sees, on its way to the hub: numbered, so that what is lost is known there. */
export class FleetSensor {
  readonly sink: AnalysisSink;
  readonly #options: FleetSensorOptions;
  readonly #outlet: FleetOutlet;
  readonly #forwarder: Forwarder | null;
  readonly #timer: NodeJS.Timeout;
  /** Rules that have fired, of exchanges that are open; bounded as these are. */
  readonly #rules = new Map<number, string[]>();
  #seq = 0;

  private constructor(stream: ObservationStream, options: FleetSensorOptions) {
    const { outlets, hub, spool, tell, sensor } = options;
    this.#options = options;
    const [name, kind] = spool === null ? [hub.url, HUB] : [`the spool ${spool.url}`, SPOOL];
    this.#outlet = outlets.add(
      (listener) => new FleetOutlet(name, stream, { place: spool ?? hub, kind, subject: subjectOf(sensor), listener }),
    );
    this.#forwarder =
      spool === null
        ? null
        : new Forwarder({
            spool: () => this.#outlet.stream,
            hub,
            onState: (reason) =>
              tell(
                reason === null ? `${hub.url} takes records again` : `${hub.url}: ${reason}; records wait in the spool`,
              ),
          });
    this.sink = {
      finding: (finding, exchange) => {
        if (finding.exchange !== null) {
          const rules = this.#rules.get(finding.exchange);
          if (rules === undefined) this.#rules.set(finding.exchange, [finding.ruleId]);
          else if (!rules.includes(finding.ruleId)) rules.push(finding.ruleId);
        }
        const time = finding.time ?? exchange?.started ?? null;
        this.#put({ type: 'finding', body: finding }, time, { exchange: finding.exchange, rule: finding.ruleId });
      },
      exchange: (exchange) => {
        const rules = this.#rules.get(exchange.id) ?? [];
        this.#rules.delete(exchange.id);
        this.#put({ type: 'exchange', rules, body: exchange }, exchange.started, { exchange: exchange.id });
      },
    };
    this.#timer = setInterval(() => this.#putStatus(), STATUS_MILLIS).unref();
  }

  /** Rejects with ServiceError where the hub, or with a spool that one, is not there or takes nothing from this sensor. */
  static async open(options: FleetSensorOptions): Promise<FleetSensor> {
    const { hub, spool } = options;
    const stream = await ObservationStream.open(spool ?? hub, spool === null ? HUB : SPOOL);
    try {
      if (spool !== null) await stream.setUp();
      const sensor = new FleetSensor(stream, options);
      await sensor.#begin(stream);
      return sensor;
    } catch (error) {
      await stream.close();
      throw error;
    }
  }

  /** The first record shows whether any can come through. */
  async #begin(stream: ObservationStream): Promise<void> {
    const { hub, spool, sensor } = this.#options;
    const record = this.#status();
    const said = await stream.publish(subjectOf(sensor), encode(record), record.id);
    if (said === 'full') this.#outlet.putRecord(encode(record), record.id);
    else if (said !== 'stored') {
      clearInterval(this.#timer);
      throw new ServiceError(`${(spool ?? hub).url} takes no record of ${subjectOf(sensor)}: ${said.error}`);
    }
    this.#forwarder?.start();
  }

  /** Says how it is for the last time, and waits for what is on its way. Gives what was lost, in words; null for nothing. */
  async close(): Promise<string | null> {
    clearInterval(this.#timer);
    this.#putStatus();
    let failure: string | null = null;
    try {
      await this.#outlet.close();
    } catch (error) {
      failure = (error as Error).message;
    }
    const left = (await this.#forwarder?.close(FORWARD_MILLIS)) ?? 0;
    await this.#outlet.closeStream();
    const { hub, tell } = this.#options;
    const waits = left > 0 ? `; ${formatCount(left, 'record')} in the spool for the next run` : '';
    tell(`${formatCount(this.#outlet.written + 1, 'record')} for ${hub.url}${waits}`);
    return failure;
  }

  #putStatus(): void {
    const record = this.#status();
    this.#outlet.putRecord(encode(record), record.id);
  }

  #status(): Observation {
    const { sensor, read } = this.#options;
    const seq = ++this.#seq;
    const id = recordId(sensor, { type: 'status', seq, exchange: null });
    const body = { refused: this.#outlet.lost, ...read() };
    return { v: 1, type: 'status', id, ...sensor, seq, time: new Date().toISOString(), body };
  }

  #put(
    part:
      | Pick<Extract<Observation, { type: 'finding' }>, 'type' | 'body'>
      | Pick<Extract<Observation, { type: 'exchange' }>, 'type' | 'body' | 'rules'>,
    time: string | null,
    about: { readonly exchange: number | null; readonly rule?: string },
  ): void {
    const { sensor } = this.#options;
    const seq = ++this.#seq;
    const id = recordId(sensor, { type: part.type, seq, ...about });
    const record = { v: 1, id, ...sensor, seq, time: time ?? new Date().toISOString(), ...part } as Observation;
    const bytes = encode(record);
    if (bytes.length > MOST_RECORD_BYTES) this.#outlet.refuse();
    else this.#outlet.putRecord(bytes, id);
  }
}

const encode = (record: Observation): Uint8Array => Buffer.from(JSON.stringify(record));
