import { ROW_WORDS } from './exchange-layout.ts';
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
}

/** The program with its memory. */
export interface Machine {
  /** Exchanges that its ledger has room for. */
  readonly capacity: number;
  /** Rows of the table that there is room for, and addresses of the table's rows and of its index. */
  readonly tableCapacity: number;
  readonly rows: number;
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly exports: MachineExports;
}

const WASM_PAGE = 65_536;
/** Memory of more records than that is not kept for the next input. */
const MOST_KEPT = 1 << 16;

let compiled: WebAssembly.Module | null = null;
/** One that is free: a directory of captures needs no new one for each. */
let idle: Machine | null = null;

/** Null where it cannot be had: too little address space (`ulimit -v`), or no WebAssembly (`node --jitless`). */
export function takeMachine(capacity: number, tableCapacity: number): Machine | null {
  const free = idle;
  if (free !== null && free.capacity === capacity && free.tableCapacity === tableCapacity) {
    idle = null;
    return free;
  }
  const rowBytes = ROW_WORDS * 4;
  const rows = Math.ceil((at.RECORDS + (capacity + 1) * at.RECORD_LENGTH + indexBytes(capacity)) / rowBytes) * rowBytes;
  const index = rows + (tableCapacity + 1) * rowBytes;
  const pages = Math.ceil((index + indexBytes(tableCapacity)) / WASM_PAGE);
  try {
    // Memory that nobody has touched is none yet: only what is used counts.
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    compiled ??= new WebAssembly.Module(Buffer.from(PROGRAM, 'base64'));
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    return { capacity, tableCapacity, rows, index, memory, exports: exports as unknown as MachineExports };
  } catch {
    return null;
  }
}

/** An index doubles behind itself: all of them together are less than twice the last. */
function indexBytes(capacity: number): number {
  return 2 * at.SLOT_LENGTH * Math.max(at.FIRST_SLOTS, 2 ** Math.ceil(Math.log2(2 * capacity)));
}

/** Gives back what takeMachine() gave, when nobody looks at its memory any more. */
export function giveMachine(machine: Machine): void {
  const rowsUsed = new Int32Array(machine.memory.buffer, at.TABLE)[at.TABLE_USED]!;
  if (machine.exports.recordsUsed() <= MOST_KEPT && rowsUsed <= MOST_KEPT) idle = machine;
}
