import { isIP } from 'node:net';
import { PROBES, VERDICTS } from '../track/exchange.ts';
import { isName, type Observation, recordId, subjectOf } from './observation.ts';

/** Sequence numbers of a block of the table `received`. */
export const BLOCK = 256;

/** What a record becomes in the store. */
export interface ParsedRecord {
  readonly record: Observation;
  /** Row of `observation` or `finding`; null for a status. */
  readonly row: object | null;
}

/**
 * A record as it came on a subject; null for what is none, or is not of the sensor that may send there. Whoever holds a sensor's
 * key can lie about what it saw, but not in another one's name, and not so that the store refuses the batch.
 */
export function parseRecord(bytes: Uint8Array, subject: string): ParsedRecord | null {
  let record: Observation;
  try {
    record = JSON.parse(Buffer.from(bytes).toString()) as Observation;
  } catch {
    return null;
  }
  if (typeof record !== 'object' || record === null || record.v !== 1) return null;
  const { site, sensor, epoch, seq, body } = record;
  if (!isName(site) || !isName(sensor) || !isName(epoch) || subjectOf(record) !== subject) return null;
  if (!Number.isSafeInteger(seq) || seq < 1 || typeof body !== 'object' || body === null) return null;
  const time = readTime(record.time);
  if (time === null || record.id !== idOf(record)) return null;
  const head = { day: time.slice(0, 10), id: record.id, started: time, site, sensor, epoch, seq };
  switch (record.type) {
    case 'status':
      return [record.body.refused, record.body.frames, record.body.drops ?? 0].every(isCount)
        ? { record, row: null }
        : null;
    case 'finding': {
      const { ruleId, severity, message, exchange } = record.body;
      if (![ruleId, severity, message].every((it) => typeof it === 'string')) return null;
      const about = exchange === null ? null : recordId(record, { type: 'exchange', seq, exchange });
      return { record, row: { ...head, rule: ruleId, severity, message, exchange: about, body } };
    }
    case 'exchange': {
      const { client, server, probe, portZero, verdict, state, reason, answeredBy, latencyMs, evidence } = record.body;
      if (![client, server].every(isEnd) || !VERDICTS.includes(verdict) || typeof state !== 'string') return null;
      if (probe !== null && !PROBES.includes(probe)) return null;
      if (![null, 'client', 'server', 'both'].includes(portZero)) return null;
      if (!Array.isArray(record.rules) || !record.rules.every((rule) => /^[\w/:-]{1,100}$/.test(String(rule))))
        return null;
      const isn = evidence?.probe?.sequence ?? null;
      return {
        record,
        row: {
          ...head,
          client: client.address,
          client_port: client.port,
          server: server.address,
          server_port: server.port,
          isn: isCount(isn) ? isn : null,
          probe,
          port_zero: portZero ?? 'none',
          verdict,
          state,
          reason: typeof reason === 'string' ? reason : null,
          answered_by: typeof answeredBy === 'string' && isIP(answeredBy) > 0 ? answeredBy : null,
          latency_ms: Number.isFinite(latencyMs) ? latencyMs : null,
          rules: record.rules,
          body,
        },
      };
    }
    default:
      return null;
  }
}

function idOf(record: Observation): string | null {
  const { type, seq } = record;
  if (type === 'status') return recordId(record, { type, seq, exchange: null });
  if (type === 'exchange')
    return isCount(record.body.id) ? recordId(record, { type, seq, exchange: record.body.id }) : null;
  const { exchange, ruleId } = record.body;
  return exchange === null || isCount(exchange)
    ? recordId(record, { type: 'finding', seq, exchange, rule: ruleId })
    : null;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isEnd(end: { readonly address: string; readonly port: number } | undefined): boolean {
  const address = end?.address;
  if (typeof address !== 'string' || isIP(address) === 0 || address.includes('%')) return false;
  return Number.isInteger(end!.port) && end!.port >= 0 && end!.port <= 65_535;
}

/** As the store has it: to the microsecond, and in years that it and everybody else can tell. */
function readTime(text: unknown): string | null {
  const found = typeof text === 'string' ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z$/.exec(text) : null;
  // 30 February is a time to Date, and another one.
  if (found === null || new Date(`${found[1]}Z`).toJSON()?.startsWith(found[1]!) !== true) return null;
  return found[1]! < '1970' ? null : `${found[1]}${(found[2] ?? '').slice(0, 7)}Z`;
}

interface RunRow {
  readonly site: string;
  readonly sensor: string;
  readonly epoch: string;
  last_seq: number;
  status_seq: number;
  refused: number | null;
  frames: number | null;
  drops: number | null;
}

/** Rows of one batch, as portzero_add() takes them. */
export function rowsOf(parsed: readonly ParsedRecord[]) {
  const exchanges: object[] = [];
  const findings: object[] = [];
  const runs = new Map<string, RunRow>();
  const blocks = new Map<string, { site: string; sensor: string; epoch: string; block: number; seen: boolean[] }>();
  for (const { record, row } of parsed) {
    if (row !== null) (record.type === 'exchange' ? exchanges : findings).push(row);
    const { site, sensor, epoch, seq } = record;
    const name = `${site} ${sensor} ${epoch}`;
    let run = runs.get(name);
    if (run === undefined) {
      run = { site, sensor, epoch, last_seq: 0, status_seq: 0, refused: null, frames: null, drops: null };
      runs.set(name, run);
    }
    run.last_seq = Math.max(run.last_seq, seq);
    if (record.type === 'status' && seq > run.status_seq) {
      const { refused, frames, drops } = record.body;
      Object.assign(run, { status_seq: seq, refused, frames, drops });
    }
    const number = Math.floor(seq / BLOCK);
    let block = blocks.get(`${name} ${number}`);
    if (block === undefined) {
      block = { site, sensor, epoch, block: number, seen: new Array<boolean>(BLOCK).fill(false) };
      blocks.set(`${name} ${number}`, block);
    }
    block.seen[seq % BLOCK] = true;
  }
  return {
    exchanges,
    findings,
    runs: [...runs.values()],
    blocks: [...blocks.values()].map((block) => ({ ...block, seen: block.seen.map(Number).join('') })),
  };
}
