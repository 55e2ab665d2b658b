import { ROW_WORDS } from '../core/exchange-layout.ts';
import { TABLE_LENGTH } from '../core/layout.ts';

/** Where a table keeps its rows. What was never used is zero. */
export interface TableMemory {
  /** Size and lists: TABLE_ of core/layout.ts. */
  readonly control: Int32Array;
  /** All rows that there is room for, and the same memory as doubles. */
  readonly words: Int32Array;
  readonly floats: Float64Array;
  /** Makes room for more rows than there are: `words` and `floats` are others then. */
  addRows(): void;
  /** A new index of so many words, in the place of the last. */
  newIndex(length: number): Int32Array;
}

/** Most captures have few exchanges. */
const FIRST_ROWS = 128;
/** So much is copied to make room; beyond, memory that grows where it is. */
const MOST_COPIED = 8192;
const WASM_PAGE = 65_536;
const ROW_BYTES = ROW_WORDS * 4;

/** Memory of a table that nobody else looks at: it grows with the rows. */
export class OwnMemory implements TableMemory {
  readonly control = new Int32Array(TABLE_LENGTH);
  words = new Int32Array(FIRST_ROWS * ROW_WORDS);
  floats = new Float64Array(this.words.buffer);
  readonly #limit: number;
  #growing: WebAssembly.Memory | null = null;

  /** `limit`: most rows that are used. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  addRows(): void {
    const rows = this.words.length / ROW_WORDS;
    if (this.#growing !== null) {
      const more = Math.max(1, this.#growing.buffer.byteLength >> 3);
      this.#growing.grow(Math.ceil(Math.min(more, this.#most * ROW_BYTES - this.words.byteLength) / WASM_PAGE));
      this.#use(this.#growing.buffer);
      return;
    }
    const old = this.words;
    if (rows >= MOST_COPIED) this.#growing = growingMemory(2 * rows * ROW_BYTES, this.#most * ROW_BYTES);
    this.#use(this.#growing?.buffer ?? new ArrayBuffer(4 * rows * ROW_BYTES));
    this.words.set(old);
  }

  newIndex(length: number): Int32Array {
    return new Int32Array(length);
  }

  /** Row 0 is none. */
  get #most(): number {
    return this.#limit + 1;
  }

  #use(buffer: ArrayBuffer): void {
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
  }
}

/** Null where it cannot be had: too little address space (`ulimit -v`), or no WebAssembly (`node --jitless`). */
function growingMemory(bytes: number, most: number): WebAssembly.Memory | null {
  const maximum = Math.ceil(Math.max(most, bytes) / WASM_PAGE);
  // As much as can be had at all.
  if (maximum > MOST_PAGES || typeof WebAssembly === 'undefined') return null;
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE), maximum });
  } catch {
    return null;
  }
}
const MOST_PAGES = 65_536;
