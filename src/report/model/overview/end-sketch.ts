/**
 * The busiest of many ends, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient computation of frequent
 * and top-k elements in data streams", 2005), and its merging (Agarwal et al.: "Mergeable summaries", 2012).
 *
 * An end that is not kept takes the place of one with the least count, and begins with that count, since it may have had as
 * many before: its count is too high by at most that, its error. Of N exchanges and k places: what is kept has between count
 * - error and count; what is not kept has at most `maxError`; and that is N / k at most, merged or not. Up to k ends every
 * count is exact. Each count of a verdict is of those exchanges that were surely the end's: together they are count - error.
 */
import { ADDRESS_WORDS, AddressTable, putAddress, putWords } from '../../../engine/window/address-table.ts';
import { doubled, FIRST_ROOM } from '../../../engine/window/growable.ts';
import { VERDICTS } from '../../../track/exchange.ts';

/** Places: the bound of a sketch. Some 200 bytes each. */
export const MAX_ENDS = 4096;

const VERDICT_COUNT = VERDICTS.length;

/** A sketch as plain data, that a worker can hand over. The highest count first; equal ones by address. */
export interface EndSketchState {
  /** ADDRESS_WORDS an end: the length of its address, and the address. */
  readonly addresses: Uint32Array;
  readonly counts: Float64Array;
  readonly errors: Float64Array;
  /** As many an end as there are verdicts. */
  readonly verdicts: Float64Array;
  readonly maxError: number;
}

export class EndSketch {
  readonly #places: number;
  /** One place more than the bound: the newcomer has its place before another leaves. */
  readonly #table: AddressTable;
  #counts = new Float64Array(FIRST_ROOM);
  #errors = new Float64Array(FIRST_ROOM);
  #verdicts = new Float64Array(FIRST_ROOM * VERDICT_COUNT);
  /** The least count, once something had to leave; no place before #cursor has it. */
  #least = 0;
  #cursor = 0;

  constructor(places = MAX_ENDS) {
    this.#places = places;
    this.#table = new AddressTable(places + 1, 1, () => {});
  }

  /** Counts an exchange of the end whose address words, its length first, begin at `at`. `verdict` is an index of VERDICTS. */
  add(words: Int32Array | Uint32Array, at: number, verdict: number): void {
    const { key } = this.#table;
    for (let word = 0; word < ADDRESS_WORDS; word++) key[word] = words[at + word]!;
    this.#countKey(verdict);
  }

  /** The same of an address whose words, without its length, begin at `at`. */
  addAddress(words: Int32Array, at: number, isIpv6: boolean, verdict: number): void {
    putWords(this.#table.key, words, at, isIpv6);
    this.#countKey(verdict);
  }

  #countKey(verdict: number): void {
    const slot = this.#table.claim();
    if (this.#table.fresh) this.#begin(slot);
    this.#counts[slot]!++;
    this.#verdicts[slot * VERDICT_COUNT + verdict]!++;
  }

  state(): EndSketchState {
    const slots: number[] = [];
    // A place whose end has left counts nothing.
    for (let slot = 0; slot < this.#counts.length; slot++) if (this.#counts[slot]! > 0) slots.push(slot);
    const rows = slots.map(
      (slot): Row => ({
        address: wordsOf(this.#table.addressAt(slot, 0)),
        count: this.#counts[slot]!,
        error: this.#errors[slot]!,
        verdicts: this.#verdicts.subarray(slot * VERDICT_COUNT, (slot + 1) * VERDICT_COUNT),
      }),
    );
    return pack(rows, this.#least === 0 ? 0 : this.#leastCount());
  }

  #begin(slot: number): void {
    if (slot >= this.#counts.length) {
      const bound = this.#places + 1;
      this.#counts = doubled(this.#counts, bound);
      this.#errors = doubled(this.#errors, bound);
      this.#verdicts = doubled(this.#verdicts, bound * VERDICT_COUNT);
    }
    this.#counts[slot] = 0;
    this.#errors[slot] = 0;
    // So few that calling fill() takes longer.
    const own = slot * VERDICT_COUNT;
    for (let at = own; at < own + VERDICT_COUNT; at++) this.#verdicts[at] = 0;
    if (this.#table.size <= this.#places) return;
    const victim = this.#findLeast(slot);
    this.#table.evict(victim);
    this.#counts[victim] = 0;
    this.#counts[slot] = this.#least;
    this.#errors[slot] = this.#least;
  }

  /**
   * A place with the least count. The least count rises by one or more each time that all places were looked at in vain, and
   * the counts add up to no more than the exchanges: so a pass over k places takes k exchanges, and none is dear.
   */
  #findLeast(newcomer: number): number {
    for (;;) {
      for (; this.#cursor < this.#counts.length; this.#cursor++) {
        if (this.#cursor !== newcomer && this.#counts[this.#cursor] === this.#least && this.#least > 0)
          return this.#cursor;
      }
      this.#least = this.#leastCount(newcomer);
      this.#cursor = 0;
    }
  }

  #leastCount(newcomer = -1): number {
    let least = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#counts.length; slot++) {
      const count = this.#counts[slot]!;
      if (slot !== newcomer && count > 0 && count < least) least = count;
    }
    return least;
  }
}

interface Row {
  readonly address: Uint32Array;
  count: number;
  error: number;
  readonly verdicts: Float64Array;
}

/**
 * One sketch of all that several have seen. What one of them does not keep may have had as much there as its `maxError`. At
 * most twice as many ends as there are places are kept on the way.
 */
export function mergeEndSketches(states: readonly EndSketchState[], places = MAX_ENDS): EndSketchState {
  // Counts and errors of the rows are less `missed`, which each end may have had where it was not kept.
  let missed = 0;
  let rows = new Map<string, Row>();
  const prune = () => {
    const sorted = [...rows.entries()].sort(([, a], [, b]) => compareRows(a, b));
    const more = sorted[places]?.[1].count ?? 0;
    rows = new Map(sorted.slice(0, places));
    for (const row of rows.values()) {
      row.count -= more;
      row.error -= more;
    }
    missed += more;
  };
  for (const state of states) {
    const { addresses, counts, errors, verdicts, maxError } = state;
    for (let index = 0; index < counts.length; index++) {
      const address = addresses.subarray(index * ADDRESS_WORDS, (index + 1) * ADDRESS_WORDS);
      const key = address.join();
      let row = rows.get(key);
      if (row === undefined) {
        row = { address, count: 0, error: 0, verdicts: new Float64Array(VERDICT_COUNT) };
        rows.set(key, row);
      }
      row.count += counts[index]! - maxError;
      row.error += errors[index]! - maxError;
      for (let verdict = 0; verdict < VERDICT_COUNT; verdict++)
        row.verdicts[verdict]! += verdicts[index * VERDICT_COUNT + verdict]!;
    }
    missed += maxError;
    if (rows.size > places * 2) prune();
  }
  if (rows.size > places) prune();
  const merged = [...rows.values()];
  for (const row of merged) {
    row.count += missed;
    row.error += missed;
  }
  return pack(merged, missed);
}

/** The highest count first, of equal ones the surer, then by address: one order whatever came first. */
function compareRows(a: Row, b: Row): number {
  if (a.count !== b.count) return b.count - a.count;
  if (a.error !== b.error) return a.error - b.error;
  for (let word = 0; word < ADDRESS_WORDS; word++) {
    if (a.address[word] !== b.address[word]) return a.address[word]! - b.address[word]!;
  }
  return 0;
}

function pack(rows: Row[], maxError: number): EndSketchState {
  rows.sort(compareRows);
  const state = {
    addresses: new Uint32Array(rows.length * ADDRESS_WORDS),
    counts: new Float64Array(rows.length),
    errors: new Float64Array(rows.length),
    verdicts: new Float64Array(rows.length * VERDICT_COUNT),
    maxError,
  };
  for (const [index, { address, count, error, verdicts }] of rows.entries()) {
    state.addresses.set(address, index * ADDRESS_WORDS);
    state.counts[index] = count;
    state.errors[index] = error;
    state.verdicts.set(verdicts, index * VERDICT_COUNT);
  }
  return state;
}

/** An address of 4 or 16 bytes as the words of a table's key. */
function wordsOf(address: Uint8Array): Uint32Array {
  const words = new Uint32Array(ADDRESS_WORDS);
  putAddress(words, 0, address, 0, address.length);
  return words;
}

/** The address of 4 or 16 bytes of the end at `index`. */
export function addressOf({ addresses }: EndSketchState, index: number): Uint8Array {
  const at = index * ADDRESS_WORDS;
  const bytes = new Uint8Array(addresses[at]!);
  const view = new DataView(bytes.buffer);
  for (let offset = 0; offset < bytes.length; offset += 4) view.setUint32(offset, addresses[at + 1 + offset / 4]!);
  return bytes;
}
