import { MAX_LAYERS } from '../decode/packet.ts';
import { WordTable } from '../decode/word-table.ts';

/**
 * The ways in that were seen (ethernet, vlan, ipv4, tcp …), each kept once: captures have few, however many exchanges. Those
 * that come when so many are kept stand as the empty one.
 */
const MAX_PATHS = 65_535;

export class LayerPaths {
  readonly #paths: Uint8Array[] = [new Uint8Array(0)];
  /** Key: how many layers, and each in a byte. */
  readonly #table = new WordTable(1 + MAX_LAYERS / 4, MAX_PATHS);
  readonly #layers = new Uint8Array(this.#table.key.buffer, 4);
  #last = 0;

  /** Index of the path; 0, the empty one, when there are too many to keep. */
  intern(layers: Uint8Array, count: number): number {
    if (count === 0) return 0;
    if (this.#is(this.#last, layers, count)) return this.#last;
    this.#table.key[0] = count;
    for (let i = 0; i < MAX_LAYERS; i++) this.#layers[i] = i < count ? layers[i] : 0;
    const index = this.#table.intern();
    if (index === this.#paths.length) this.#paths.push(layers.slice(0, count));
    if (index !== 0) this.#last = index;
    return index;
  }

  get(index: number): Uint8Array {
    return this.#paths[index];
  }

  #is(index: number, layers: Uint8Array, count: number): boolean {
    const path = this.#paths[index];
    if (path.length !== count) return false;
    for (let i = 0; i < count; i++) if (path[i] !== layers[i]) return false;
    return true;
  }
}
