/**
 * The ways in that were seen (ethernet, vlan, ipv4, tcp …), each kept once: captures have few, however many exchanges.
 */
const MAX_PATHS = 65_535;

export class LayerPaths {
  readonly #paths: Uint8Array[] = [new Uint8Array(0)];
  readonly #byHash = new Map<number, number>();
  #last = 0;

  /** Index of the path; 0, the empty one, when there are too many to keep. */
  intern(layers: Uint8Array, count: number): number {
    if (this.#is(this.#last, layers, count)) return this.#last;
    let hash = count;
    for (let i = 0; i < count; i++) hash = (Math.imul(hash, 31) + layers[i]) | 0;
    // Paths whose hashes collide stand at the next free number.
    for (; ; hash = (hash + 1) | 0) {
      const index = this.#byHash.get(hash);
      if (index === undefined) break;
      if (this.#is(index, layers, count)) {
        this.#last = index;
        return index;
      }
    }
    if (this.#paths.length > MAX_PATHS) return 0;
    this.#last = this.#paths.push(layers.slice(0, count)) - 1;
    this.#byHash.set(hash, this.#last);
    return this.#last;
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
