/**
 * The last segments of conversations over port 0: a copy of one may be seen in another scope, where nothing else of its
 * conversation was. A bounded memory: a newer segment with the same remainder takes the place of an older one, and of what is
 * older than a copy can be nobody asks.
 */
import { hashWords } from '../decode/keyed-hash.ts';
import type { PacketRecord } from '../decode/packet.ts';

const PLACES = 1 << 12;
/** Words that are the same in a copy: see #read. */
const ALIKE = 5;
/** And its exchange with that one's id, its TTL and nanoseconds. */
const ENTRY = 5;
const ID = 6;
const TTL = 7;
const NANOS = 8;
const STRIDE = 9;

interface Places {
  readonly segments: Int32Array;
  readonly seconds: Float64Array;
}

/** That of an input that has been read: of many small ones each would touch this much memory anew. */
let spare: Places | null = null;

function takePlaces(): Places {
  const places = spare ?? { segments: new Int32Array(PLACES * STRIDE), seconds: new Float64Array(PLACES) };
  spare = null;
  places.segments.fill(0);
  return places;
}

export class RecentSegments {
  /** Made at the first: most captures have none. */
  #places: Places | null = null;
  readonly #words = new Int32Array(ALIKE);
  // What find() has found.
  ttl = 0;
  seconds = 0;
  nanos = 0;

  /** `ends` is the hash of the ends, `entry` the exchange, whose id tells it from those that have its record later. */
  note(packet: PacketRecord, ends: number, entry: number, id: number, seconds: number, nanos: number): void {
    this.#places ??= takePlaces();
    const { segments } = this.#places;
    const place = this.#read(packet, ends);
    const at = place * STRIDE;
    segments.set(this.#words, at);
    segments[at + ENTRY] = entry;
    segments[at + ID] = id;
    segments[at + TTL] = packet.ttl;
    segments[at + NANOS] = nanos;
    this.#places.seconds[place] = seconds;
  }

  /** No more segments come. */
  release(): void {
    spare = this.#places ?? spare;
    this.#places = null;
  }

  /** The exchange of the same segment, 0 when there was none; `idOf` says whose record it is by now. */
  find(packet: PacketRecord, ends: number, idOf: (entry: number) => number): number {
    if (this.#places === null) return 0;
    const { segments, seconds } = this.#places;
    const place = this.#read(packet, ends);
    const at = place * STRIDE;
    for (let i = 0; i < ALIKE; i++) if (segments[at + i] !== this.#words[i]) return 0;
    const entry = segments[at + ENTRY]!;
    if (entry === 0 || segments[at + ID] !== idOf(entry)) return 0;
    this.ttl = segments[at + TTL]!;
    this.nanos = segments[at + NANOS]!;
    this.seconds = seconds[place]!;
    return entry;
  }

  /** Returns its place. */
  #read(packet: PacketRecord, ends: number): number {
    const words = this.#words;
    words[0] = ends;
    words[1] = packet.sequence;
    words[2] = packet.acknowledgment;
    words[3] = (packet.flags << 16) | (packet.ipId & 0xffff);
    words[4] = (packet.payloadLength << 16) | packet.sourcePort;
    return hashWords(words, 0, ALIKE) & (PLACES - 1);
  }
}
