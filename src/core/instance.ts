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
export function takeMachine(capacity: number): Machine | null {
  const free = idle;
  if (free !== null && free.capacity === capacity) {
    idle = null;
    return free;
  }
  // The ledger's index doubles behind the records: all of them together are less than twice the last.
  const slots = Math.max(at.FIRST_SLOTS, 2 ** Math.ceil(Math.log2(2 * capacity)));
  const length = at.RECORDS + (capacity + 1) * at.RECORD_LENGTH + 2 * slots * at.SLOT_LENGTH;
  const pages = Math.ceil(length / WASM_PAGE);
  try {
    // Memory that nobody has touched is none yet: only what is used counts.
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    compiled ??= new WebAssembly.Module(Buffer.from(PROGRAM, 'base64'));
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    return { capacity, memory, exports: exports as unknown as MachineExports };
  } catch {
    return null;
  }
}

/** Gives back what takeMachine() gave, when nobody looks at its memory any more. */
export function giveMachine(machine: Machine): void {
  if (machine.exports.recordsUsed() <= MOST_KEPT) idle = machine;
}
