import { ROW_WORDS } from '../core/exchange-layout.ts';
import type { Machine } from '../core/instance.ts';
import * as at from '../core/layout.ts';
import type { TableMemory } from '../track/table-memory.ts';

/** The tracker's table in the memory of the core, which opens and settles rows there. */
export class CoreTable implements TableMemory {
  readonly control: Int32Array;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly #words: Int32Array;
  #nextIndex: number;

  /** `used`: rows that an earlier table has left there. */
  constructor({ memory, rows, index, tableCapacity }: Machine, used: number) {
    const { buffer } = memory;
    const words = (tableCapacity + 1) * ROW_WORDS;
    this.control = new Int32Array(buffer, at.TABLE, at.TABLE_LENGTH);
    this.words = new Int32Array(buffer, rows, words);
    this.floats = new Float64Array(buffer, rows, words / 2);
    this.words.fill(0, 0, used * ROW_WORDS);
    this.#words = new Int32Array(buffer);
    this.#words[at.HAS_TABLE >> 2] = 1;
    this.#words[at.TABLE_ROWS >> 2] = rows;
    this.#words[at.TABLE_CAPACITY >> 2] = tableCapacity;
    this.#nextIndex = index;
  }

  addRows(): void {
    throw new RangeError('the table is larger than its bound');
  }

  newIndex(length: number): Int32Array {
    const index = new Int32Array(this.#words.buffer, this.#nextIndex, length);
    this.#words[at.TABLE_INDEX >> 2] = this.#nextIndex;
    this.#words[at.TABLE_SLOTS >> 2] = length / 2;
    this.#nextIndex += length * 4;
    return index.fill(0);
  }
}
