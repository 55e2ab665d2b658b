import { type HashKey, hashWords, processKey } from '../decode/keyed-hash.ts';
import type { PacketRecord } from '../decode/packet.ts';
import { packWords } from './words.ts';

/** The ends of a packet as words, and their hash; filled by `read` for the next look-up. */
export class FlowKey {
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  sourcePort = 0;
  destinationPort = 0;
  scope = 0;
  isIpv6 = false;
  /** Of all of it, and of all but the scope. */
  hash = 0;
  ends = 0;
  readonly #hashKey: HashKey;
  /** What is hashed: the addresses, the lower first, and the ports in the same order. */
  readonly #words = new Int32Array(9);
  readonly #scoped = new Int32Array(2);

  constructor(hashKey: HashKey = processKey) {
    this.#hashKey = hashKey;
  }

  read(packet: PacketRecord, scope: number): void {
    const { bytes } = packet;
    this.isIpv6 = packet.ipVersion === 6;
    packEnd(this.source, bytes, packet.sourceOffset, this.isIpv6);
    packEnd(this.destination, bytes, packet.destinationOffset, this.isIpv6);
    this.sourcePort = packet.sourcePort;
    this.destinationPort = packet.destinationPort;
    this.ends = this.hashEnds();
    this.moveTo(scope);
  }

  /** Of the ends that stand here, in either direction and whatever the scope. */
  hashEnds(): number {
    const words = this.isIpv6 ? 4 : 1;
    const isLower = this.#isSourceLower();
    const low = isLower ? this.source : this.destination;
    const high = isLower ? this.destination : this.source;
    for (let i = 0; i < words; i++) {
      this.#words[i] = low[i];
      this.#words[words + i] = high[i];
    }
    this.#words[2 * words] = isLower
      ? (this.sourcePort << 16) | this.destinationPort
      : (this.destinationPort << 16) | this.sourcePort;
    return hashWords(this.#words, 0, this.#length, this.#hashKey);
  }

  /** The same ends in another scope. */
  moveTo(scope: number): void {
    this.scope = scope;
    this.#scoped[0] = this.ends;
    this.#scoped[1] = scope;
    this.hash = scope === 0 ? this.ends : hashWords(this.#scoped, 0, 2, this.#hashKey);
  }

  /** What tells these ends from others, in either direction. */
  copyEnds(): Int32Array {
    return this.#words.slice(0, this.#length);
  }

  hasEnds(ends: Int32Array): boolean {
    if (ends.length !== this.#length) return false;
    for (let i = 0; i < ends.length; i++) if (ends[i] !== this.#words[i]) return false;
    return true;
  }

  get #length(): number {
    return this.isIpv6 ? 9 : 3;
  }

  /** An order of ends, so that both directions meet in one bucket; the core's is the same. */
  #isSourceLower(): boolean {
    const { source, destination } = this;
    for (let i = 0; i < 4; i++) if (source[i] !== destination[i]) return source[i] >>> 0 < destination[i] >>> 0;
    return this.sourcePort < this.destinationPort;
  }
}

export function packEnd(words: Int32Array, bytes: Uint8Array, offset: number, isIpv6: boolean): void {
  if (isIpv6) {
    packWords(words, 0, bytes, offset, 16);
    return;
  }
  words[0] = (bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3];
  words[1] = 0;
  words[2] = 0;
  words[3] = 0;
}
