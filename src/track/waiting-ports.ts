/**
 * Which pairs of ordinary ports have an exchange that waits for an answer: so many of each, by a hash of the pair, a direction
 * each. Plain segments of other pairs need not be looked at. It may say yes where nobody waits, never no where somebody does.
 */

/** Cells of 16 bits: 32 KiB, which stay in the cache. */
const CELLS = 1 << 14;
/** A cell that was full, or that nobody keeps count of, says yes for good. */
export const STICKY = 0xffff;

/** Those of an input that has been read: of many small ones each would touch this much memory anew. */
let spare: Uint16Array | null = null;

export function createWaitingCells(): Uint16Array {
  const cells = spare?.fill(0) ?? new Uint16Array(CELLS);
  spare = null;
  return cells;
}

/** For cells of createWaitingCells() that nobody looks at any more. */
export function releaseWaitingCells(cells: Uint16Array): void {
  spare = cells;
}

/** As in core/assembly/waiting.ts. No seed: the same capture is read the same way. */
export function waitingCell(sourcePort: number, destinationPort: number): number {
  return (Math.imul(sourcePort, 0x9e3779b1) + Math.imul(destinationPort, 0x85ebca6b)) >>> 18;
}

export function addWaiting(cells: Uint16Array, sourcePort: number, destinationPort: number): void {
  const cell = waitingCell(sourcePort, destinationPort);
  if (cells[cell]! < STICKY) cells[cell]!++;
}

export function dropWaiting(cells: Uint16Array, sourcePort: number, destinationPort: number): void {
  const cell = waitingCell(sourcePort, destinationPort);
  if (cells[cell]! > 0 && cells[cell]! < STICKY) cells[cell]!--;
}
