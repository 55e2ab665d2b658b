/**
 * Conversations for tests of the tracker, written as one reads them in a dump:
 *
 *   play([at(0), segment('10.0.0.1:40000 > 10.0.0.2:0', 'S', { sequence: 100 })], …)
 */

import { createDecoder } from '../../src/decode/decoder.ts';
import { PacketRecord, TRANSPORT_ICMP_ERROR, TRANSPORT_TCP } from '../../src/decode/packet.ts';
import type { Exchange, ExchangeSink } from '../../src/track/exchange.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { addressBytes, ethernet, flagBits, frameOf } from './frames.ts';

export interface SegmentFields {
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly ttl?: number;
  readonly ipId?: number;
  readonly payloadLength?: number;
  readonly window?: number;
  readonly options?: readonly number[];
  readonly scope?: number;
  readonly path?: number;
  readonly anomalies?: number;
}

function parseEnd(text: string): { address: Uint8Array; port: number } {
  const colon = text.lastIndexOf(':');
  return { address: addressBytes(text.slice(0, colon).replace(/[[\]]/g, '')), port: Number(text.slice(colon + 1)) };
}

/** A segment; `ends` is "source:port > destination:port". */
export function segment(ends: string, flags: string, fields: SegmentFields = {}): PacketRecord {
  const [source, destination] = ends.split(' > ').map((end) => parseEnd(end));
  if (source === undefined || destination === undefined) throw new Error(`not two ends: ${ends}`);
  const packet = new PacketRecord();
  const options = Uint8Array.from(fields.options ?? []);
  packet.bytes = Uint8Array.from([...source.address, ...destination.address, ...options]);
  packet.ipVersion = source.address.length === 4 ? 4 : 6;
  packet.sourceOffset = 0;
  packet.destinationOffset = source.address.length;
  packet.ttl = fields.ttl ?? 64;
  packet.ipId = packet.ipVersion === 6 ? -1 : (fields.ipId ?? 0);
  packet.scope = fields.scope ?? 0;
  packet.path = fields.path ?? packet.scope;
  packet.transport = TRANSPORT_TCP;
  packet.sourcePort = source.port;
  packet.destinationPort = destination.port;
  packet.sequence = (fields.sequence ?? 0) >>> 0;
  packet.acknowledgment = (fields.acknowledgment ?? 0) >>> 0;
  packet.flags = flagBits(flags);
  packet.headerLength = 20 + options.length;
  packet.window = fields.window ?? 0;
  packet.urgentPointer = 0;
  packet.reservedBits = 0;
  packet.optionsOffset = source.address.length * 2;
  packet.optionsEnd = packet.optionsOffset + options.length;
  packet.payloadLength = fields.payloadLength ?? 0;
  packet.payloadOffset = packet.optionsEnd;
  packet.payloadEnd = packet.optionsEnd;
  packet.anomalies = fields.anomalies ?? 0;
  return packet;
}

/** An ICMP (or ICMPv6) error from `source` that quotes a segment; `sequence` overrides the quoted one. */
export function icmpError(
  source: string,
  type: number,
  code: number,
  quoted: PacketRecord,
  fields: { readonly sequence?: number } = {},
): PacketRecord {
  const address = addressBytes(source);
  const packet = new PacketRecord();
  packet.bytes = Uint8Array.from([...address, ...quoted.bytes.subarray(0, address.length)]);
  packet.ipVersion = quoted.ipVersion;
  packet.destinationOffset = address.length;
  packet.ttl = 255;
  packet.ipId = packet.ipVersion === 6 ? -1 : 7;
  packet.transport = TRANSPORT_ICMP_ERROR;
  packet.icmpType = type;
  packet.icmpCode = code;
  packet.quote = quoted;
  if (fields.sequence !== undefined) quoted.sequence = fields.sequence;
  return packet;
}

/** What a rule or a report would see of an exchange, as it was when it settled. */
export type Snapshot = { -readonly [Key in keyof Exchange]: Exchange[Key] };

function snapshot(view: Exchange): Snapshot {
  const names = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(view)))
    .filter(([, descriptor]) => descriptor.get !== undefined)
    .map(([name]) => name as keyof Exchange);
  return structuredClone(Object.fromEntries(names.map((name) => [name, view[name]]))) as unknown as Snapshot;
}

export interface PlayOptions {
  readonly answerTimeoutSeconds?: number;
  readonly maxExchanges?: number;
  readonly trustsChecksums?: boolean;
  readonly waiting?: Uint16Array;
  /** Seconds at which the capture ends; the last packet's by default. */
  readonly end?: number;
  readonly sink?: Partial<ExchangeSink>;
  /** Number of the first frame; 1 by default. */
  readonly firstFrame?: number;
}

/** A packet and its time: [seconds since the start, packet]. Frames are numbered from 1. */
export type Timed = readonly [seconds: number, packet: PacketRecord];

const EPOCH = 1_700_000_000;

/** Plays packets to a tracker and returns the settled exchanges in order of opening. */
export function play(packets: readonly Timed[], options: PlayOptions = {}): Snapshot[] {
  return playWithCounts(packets, options).exchanges;
}

export function playWithCounts(
  packets: readonly Timed[],
  options: PlayOptions = {},
): { exchanges: Snapshot[]; evicted: number } {
  return run(options, packets.at(-1)?.[0] ?? 0, (tracker) => {
    packets.forEach(([time, packet], index) => {
      tracker.track(packet, (options.firstFrame ?? 1) + index, secondsOf(time), nanosOf(time), 9);
    });
  });
}

/** The same of IP packets as bytes, each in an Ethernet frame: through the decoder, which knows of fragments. */
export function playFrames(
  packets: readonly (readonly [seconds: number, packet: Uint8Array])[],
  options: PlayOptions = {},
): { exchanges: Snapshot[]; evicted: number } {
  const decoder = createDecoder();
  return run(options, packets.at(-1)?.[0] ?? 0, (tracker) => {
    packets.forEach(([time, packet], index) => {
      const frame = frameOf(ethernet({}, packet), {
        number: index + 1,
        seconds: secondsOf(time),
        nanos: nanosOf(time),
      });
      decoder.decode(frame, (record) => tracker.track(record, frame.number, frame.seconds, frame.nanos, 9));
    });
  });
}

const secondsOf = (time: number) => EPOCH + Math.floor(time);
const nanosOf = (time: number) => Math.round((time - Math.floor(time)) * 1e9);

function run(options: PlayOptions, last: number, feed: (tracker: Tracker) => void) {
  const exchanges: Snapshot[] = [];
  const tracker = new Tracker(
    {
      answerTimeoutNanos: (options.answerTimeoutSeconds ?? 5) * 1e9,
      maxExchanges: options.maxExchanges ?? 100_000,
      trustsChecksums: options.trustsChecksums ?? false,
      ...(options.waiting === undefined ? {} : { waiting: options.waiting }),
    },
    {
      ...options.sink,
      settled: (exchange) => {
        exchanges.push(snapshot(exchange));
        options.sink?.settled?.(exchange);
      },
    },
  );
  feed(tracker);
  const end = options.end ?? last;
  tracker.advance(secondsOf(end), nanosOf(end));
  tracker.finish();
  exchanges.sort((a, b) => a.id - b.id);
  return { exchanges, evicted: tracker.counts.evicted };
}
