import { createHash } from 'node:crypto';
import type { ExchangeReport, FindingReport } from '../report/model/types.ts';

/** Who observes: one sensor of a site. */
export interface Sensor {
  readonly site: string;
  readonly sensor: string;
  /** Of one run of it. */
  readonly epoch: string;
}

/** How a sensor is, every minute and at the end. */
export interface SensorStatus {
  /** Records of this run that it could give to nobody. */
  readonly refused: number;
  readonly frames: number;
  /** Frames that the kernel dropped; null where that is not known. */
  readonly drops: number | null;
}

interface Head extends Sensor {
  readonly v: 1;
  /** The same for the same record, however often it comes: see recordId(). */
  readonly id: string;
  /** Counts from 1 within the epoch, also what was refused: what is missing is lost. */
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly time: string;
}

export type Observation =
  | (Head & { readonly type: 'exchange'; readonly rules: readonly string[]; readonly body: ExchangeReport })
  | (Head & { readonly type: 'finding'; readonly body: FindingReport })
  | (Head & { readonly type: 'status'; readonly body: SensorStatus });

export const HUB_STREAM = 'PZ_OBS';
export const HUB_CONSUMER = 'store';
export const SPOOL_STREAM = 'PZ_EDGE';
export const SPOOL_CONSUMER = 'fwd';
export const OBSERVATION_SUBJECTS = 'pz.obs.*.*';
/** NATS takes 1 MiB with its headers, as it comes. */
export const MOST_RECORD_BYTES = 1_000_000;

export const subjectOf = ({ site, sensor }: Pick<Sensor, 'site' | 'sensor'>): string => `pz.obs.${site}.${sensor}`;

/** Names of sites and sensors are parts of subjects. */
export const isName = (text: unknown): text is string => typeof text === 'string' && /^[\w-]{1,64}$/.test(text);

/** Exchanges are numbered within an epoch; a finding is about one and of a rule, or has its own place in the order. */
export function recordId(
  { site, sensor, epoch }: Sensor,
  record: { type: Observation['type']; seq: number; exchange: number | null; rule?: string },
): string {
  const { type, seq, exchange, rule = '' } = record;
  const what = [type, exchange === null ? `seq ${seq}` : String(exchange), rule];
  return createHash('sha256')
    .update(JSON.stringify([site, sensor, epoch, ...what]))
    .digest('hex')
    .slice(0, 32);
}
