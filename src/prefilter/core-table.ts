import { ROW_WORDS as ANSWER_WORDS } from '../core/answer-layout.ts';
import { ROW_WORDS as ANSWER_OPTIONS_WORDS } from '../core/answer-options-layout.ts';
import { ROW_WORDS as ANSWER_REST_WORDS } from '../core/answer-rest-layout.ts';
import { ROW_WORDS } from '../core/exchange-layout.ts';
import { ROW_WORDS as OPTIONS_WORDS } from '../core/exchange-options-layout.ts';
import { ROW_WORDS as REST_WORDS } from '../core/exchange-rest-layout.ts';
import type { Machine } from '../core/instance.ts';
import * as at from '../core/layout.ts';
import type { AnswerMemory, MoreRows, RowMemory, TableMemory } from '../track/table-memory.ts';

/** Rows in the memory of the core, as many as there can be. */
class CoreRows implements RowMemory {
  readonly control: Int32Array;
  readonly words: Int32Array;
  readonly floats: Float64Array;

  constructor(buffer: ArrayBuffer, control: Int32Array, address: number, words: number) {
    this.control = control;
    this.words = new Int32Array(buffer, address, words);
    this.floats = new Float64Array(buffer, address, words / 2);
  }

  addRows(): void {
    throw new RangeError('more rows than there can be');
  }
}

const NO_CONTROL = new Int32Array(0);

/** The tracker's answers there. What an earlier capture has left is written over. */
export class CoreAnswers extends CoreRows implements AnswerMemory {
  readonly rest: MoreRows;
  readonly options: MoreRows;

  constructor({ memory: { buffer }, answers, answerRest, answerOptions, room }: Machine) {
    const rows = room.answers + 1;
    super(buffer, new Int32Array(buffer, at.ANSWERS, at.ANSWERS_LENGTH), answers, rows * ANSWER_WORDS);
    this.rest = new CoreRows(buffer, NO_CONTROL, answerRest, rows * ANSWER_REST_WORDS);
    this.options = new CoreRows(buffer, NO_CONTROL, answerOptions, rows * ANSWER_OPTIONS_WORDS);
    const words = new Int32Array(buffer);
    words[at.ANSWER_ROWS >> 2] = answers;
    words[at.ANSWER_REST >> 2] = answerRest;
    words[at.ANSWER_OPTIONS >> 2] = answerOptions;
    words[at.ANSWER_LIMIT >> 2] = room.answers;
  }
}

/** The tracker's table there, in which the core opens and settles rows. */
export class CoreTable extends CoreRows implements TableMemory {
  readonly rest: MoreRows;
  readonly options: MoreRows;
  readonly #words: Int32Array;
  readonly #indexAddress: number;

  /** `used`: rows that an earlier capture has left there. */
  constructor({ memory: { buffer }, rows, rest, options, index, room }: Machine, used: number) {
    const count = room.rows + 1;
    super(buffer, new Int32Array(buffer, at.TABLE, at.TABLE_LENGTH), rows, count * ROW_WORDS);
    this.rest = new CoreRows(buffer, NO_CONTROL, rest, count * REST_WORDS);
    this.options = new CoreRows(buffer, NO_CONTROL, options, count * OPTIONS_WORDS);
    this.words.fill(0, 0, used * ROW_WORDS);
    this.#words = new Int32Array(buffer);
    this.#words[at.HAS_TABLE >> 2] = 1;
    this.#words[at.TABLE_ROWS >> 2] = rows;
    this.#words[at.TABLE_REST >> 2] = rest;
    this.#words[at.TABLE_OPTIONS >> 2] = options;
    this.#words[at.TABLE_CAPACITY >> 2] = room.rows;
    this.#indexAddress = index;
    this.#words[at.TABLE_INDEX >> 2] = index;
  }

  /** It is where it was. What an earlier capture has left there is behind it. */
  widenIndex(index: Int32Array, length: number): Int32Array {
    this.#words[at.TABLE_SLOTS >> 2] = length / 2;
    return new Int32Array(this.#words.buffer, this.#indexAddress, length).fill(0, index.length);
  }
}
