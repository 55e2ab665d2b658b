import { ROW_WORDS as ANSWER_WORDS } from './answer-layout.ts';
import { ROW_WORDS as ANSWER_OPTIONS_WORDS } from './answer-options-layout.ts';
import { ROW_WORDS as ANSWER_REST_WORDS } from './answer-rest-layout.ts';
import { ROW_WORDS } from './exchange-layout.ts';
import { ROW_WORDS as OPTIONS_WORDS } from './exchange-options-layout.ts';
import { ROW_WORDS as REST_WORDS } from './exchange-rest-layout.ts';
import * as at from './layout.ts';
import { PROGRAM } from './program.ts';

/** What assembly/index.ts exports. */
export interface MachineExports {
  skipPcap(start: number, end: number): number;
  skipPcapng(start: number, end: number): number;
  skipRelayed(start: number, end: number): number;
  linkOf(type: number): number;
  reset(): void;
  recordsUsed(): number;
  take(): number;
  waiting(): number;
  leastWorthKeeping(): number;
  evict(record: number): void;
  expire(now: number): void;
  finish(): void;
  countAlike(entry: number): number;
}

/** What a memory has room for. */
export interface Room {
  /** Exchanges of the ledger. */
  readonly records: number;
  /** Rows of the tracker's table, and answers. */
  readonly rows: number;
  readonly answers: number;
}

/** The program with its memory. */
export interface Machine {
  readonly room: Room;
  /** Addresses of the table's rows, of what few of them have, of its index, and of the answers. */
  readonly rows: number;
  readonly rest: number;
  readonly options: number;
  readonly index: number;
  readonly answers: number;
  readonly answerRest: number;
  readonly answerOptions: number;
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly exports: MachineExports;
}

const WASM_PAGE = 65_536;
/** Two lines of the cache, which are a row of the table. */
const LINE = 128;
/** Memory of more records than that is not kept for the next input. */
const MOST_KEPT = 1 << 16;

let compiled: WebAssembly.Module | null = null;
/** The same program as JavaScript, where the other is not to be had; null where it is. */
let derived: typeof import('./derived.ts') | null = null;
/** One that is free: a directory of captures needs no new one for each. */
let idle: Machine | null = null;

/**
 * Finds out which program can run, before takeMachine(). JavaScript takes its place where there is no WebAssembly (`node --jitless`),
 * where it may not be compiled, and where there is no address space for its memory, of which V8 reserves far more than is asked for
 * (`ulimit -v`).
 */
export async function prepareMachine(): Promise<void> {
  if (compiled !== null || derived !== null) return;
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 1 });
    compiled = new WebAssembly.Module(Buffer.from(PROGRAM, 'base64'));
  } catch {
    derived = await import('./derived.ts');
  }
}

/** Null where there is too little address space. */
export function takeMachine(room: Room): Machine | null {
  const free = idle;
  if (free !== null && isSame(free.room, room)) {
    idle = null;
    return free;
  }
  if (compiled === null && derived === null) throw new TypeError('prepareMachine() comes first');
  const recordBytes = (room.records + 1) * at.RECORD_LENGTH;
  let end = at.RECORDS + recordBytes + (recordBytes >> at.MORE_SHIFT) + indexBytes(room.records);
  const place = (rows: number, words: number): number => {
    const start = Math.ceil(end / LINE) * LINE;
    end = start + (rows + 1) * words * 4;
    return start;
  };
  const rows = place(room.rows, ROW_WORDS);
  const rest = place(room.rows, REST_WORDS);
  const options = place(room.rows, OPTIONS_WORDS);
  const answers = place(room.answers, ANSWER_WORDS);
  const answerRest = place(room.answers, ANSWER_REST_WORDS);
  const answerOptions = place(room.answers, ANSWER_OPTIONS_WORDS);
  const index = place(0, 0);
  const pages = Math.ceil((index + indexBytes(room.rows)) / WASM_PAGE);
  const places = { room, rows, rest, options, index, answers, answerRest, answerOptions };
  try {
    // Memory that nobody has touched is none yet: only what is used counts.
    if (compiled !== null) {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
      return { ...places, memory, exports: exports as unknown as MachineExports };
    }
    const memory = { buffer: new ArrayBuffer(pages * WASM_PAGE) };
    const exports: MachineExports = derived!.instantiate({ env: { memory, ...wordsIn(memory.buffer) } });
    return { ...places, memory, exports };
  } catch {
    return null;
  }
}

/** What derived.ts reads and writes words with: they lie anywhere. */
function wordsIn(buffer: ArrayBuffer) {
  const view = new DataView(buffer);
  return {
    load16: (at: number) => view.getUint16(at, true),
    load32: (at: number) => view.getInt32(at, true),
    store16: (at: number, value: number) => view.setUint16(at, value, true),
    store32: (at: number, value: number) => view.setInt32(at, value, true),
  };
}

function isSame(room: Room, other: Room): boolean {
  return room.records === other.records && room.rows === other.rows && room.answers === other.answers;
}

/** Of an index that is at most half full. */
function indexBytes(capacity: number): number {
  return at.SLOT_LENGTH * Math.max(at.FIRST_SLOTS, 2 ** Math.ceil(Math.log2(2 * capacity)));
}

/** Gives back what takeMachine() gave, when nobody looks at its memory any more. */
export function giveMachine(machine: Machine): void {
  const rows = new Int32Array(machine.memory.buffer, at.TABLE)[at.TABLE_USED]!;
  if (machine.exports.recordsUsed() <= MOST_KEPT && rows <= MOST_KEPT) idle = machine;
}
