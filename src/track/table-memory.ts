import { ROW_WORDS as ANSWER_WORDS } from '../core/answer-layout.ts';
import { ROW_WORDS as ANSWER_OPTIONS_WORDS } from '../core/answer-options-layout.ts';
import { ROW_WORDS as ANSWER_REST_WORDS } from '../core/answer-rest-layout.ts';
import { ROW_WORDS } from '../core/exchange-layout.ts';
import { ROW_WORDS as OPTIONS_WORDS } from '../core/exchange-options-layout.ts';
import { ROW_WORDS as REST_WORDS } from '../core/exchange-rest-layout.ts';
import { ANSWERS_LENGTH, TABLE_LENGTH } from '../core/layout.ts';

/** Where rows of one length are kept. What was never used is zero. */
export interface RowMemory {
  /** How many there are and the like: words that others may look at too. */
  readonly control: Int32Array;
  /** All rows that there is room for, and the same memory as doubles. */
  readonly words: Int32Array;
  readonly floats: Float64Array;
  /** Makes room for more rows than there are: `words` and `floats` are others then. */
  addRows(): void;
}

/** Rows beside others, of which few are used. What was used by others before is not zero. */
export type MoreRows = Pick<RowMemory, 'words' | 'floats' | 'addRows'>;

/** The table's: rows as core/assembly/exchange.ts has them, TABLE_ of core/layout.ts, what few have of that, and an index. */
export interface TableMemory extends RowMemory {
  readonly rest: MoreRows;
  readonly options: MoreRows;
  /** The index with room for so many words: those there were as they are, the others zero. */
  widenIndex(index: Int32Array, length: number): Int32Array;
}

/** The pool's: rows as core/assembly/answer.ts has them. */
export interface AnswerMemory extends RowMemory {
  readonly rest: MoreRows;
  readonly options: MoreRows;
}

/** Most captures have few exchanges. */
const FIRST_ROWS = 16;
/** So many rows are copied to make room; beyond, memory that grows where it is. */
const MOST_COPIED = 8192;
const WASM_PAGE = 65_536;
const MOST_PAGES = 65_536;

/** Memory that nobody else looks at: it grows with the rows. */
export class OwnRows implements RowMemory {
  readonly control: Int32Array;
  words: Int32Array;
  floats: Float64Array;
  readonly #rowBytes: number;
  readonly #most: number;
  #growing: WebAssembly.Memory | null = null;

  /** `most`: rows that may be used, the first, which is none, included. */
  constructor(rowWords: number, controlWords: number, most: number) {
    this.control = new Int32Array(controlWords);
    this.words = new Int32Array(FIRST_ROWS * rowWords);
    this.floats = new Float64Array(this.words.buffer);
    this.#rowBytes = rowWords * 4;
    this.#most = most;
  }

  addRows(): void {
    const old = this.words;
    const rows = old.byteLength / this.#rowBytes;
    if (this.#growing !== null) {
      const more = Math.min(Math.max(old.byteLength >> 3, WASM_PAGE), this.#most * this.#rowBytes - old.byteLength);
      this.#growing.grow(Math.ceil(more / WASM_PAGE));
      this.#use(this.#growing.buffer);
      return;
    }
    if (rows >= MOST_COPIED) this.#growing = growingMemory(2 * old.byteLength, this.#most * this.#rowBytes);
    this.#use(this.#growing?.buffer ?? new ArrayBuffer((rows >= MOST_COPIED ? 2 : 4) * old.byteLength));
    this.words.set(old);
  }

  #use(buffer: ArrayBuffer): void {
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
  }
}

/** The same for a table. */
export class OwnTable extends OwnRows implements TableMemory {
  readonly rest: MoreRows;
  readonly options: MoreRows;

  constructor(limit: number) {
    super(ROW_WORDS, TABLE_LENGTH, limit + 1);
    this.rest = new OwnRows(REST_WORDS, 0, limit + 1);
    this.options = new OwnRows(OPTIONS_WORDS, 0, limit + 1);
  }

  widenIndex(index: Int32Array, length: number): Int32Array {
    const wider = new Int32Array(length);
    wider.set(index);
    return wider;
  }
}

/** And for the pool of answers. */
export class OwnAnswers extends OwnRows implements AnswerMemory {
  readonly rest: MoreRows;
  readonly options: MoreRows;

  constructor(limit: number) {
    super(ANSWER_WORDS, ANSWERS_LENGTH, limit);
    this.rest = new OwnRows(ANSWER_REST_WORDS, 0, limit);
    this.options = new OwnRows(ANSWER_OPTIONS_WORDS, 0, limit);
  }
}

/** Null where it cannot be had: too little address space (`ulimit -v`), or no WebAssembly (`node --jitless`). */
function growingMemory(bytes: number, most: number): WebAssembly.Memory | null {
  const maximum = Math.ceil(Math.max(most, bytes) / WASM_PAGE);
  if (maximum > MOST_PAGES || typeof WebAssembly === 'undefined') return null;
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE), maximum });
  } catch {
    return null;
  }
}
