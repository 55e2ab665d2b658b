/**
 * Memory that begins on a page, to read files into. On AMD processors the kernel copies to an address that lies 1 to 31
 * bytes further into its page than the source does at a sixth of the speed (measured: bench/notes.md), and a large
 * ArrayBuffer lies just so: 16 bytes behind the start of what the C library got from the system. A WebAssembly memory is
 * the one thing in JavaScript that is sure to begin on a page.
 */
const WASM_PAGE = 65_536;

export const PAGE = 4096;

/** Memory of sources that have been closed: a directory of small captures needs no new one for each. */
const free: Uint8Array[] = [];
const MOST_FREE = 2;
const LONGEST_FREE = 1024 * 1024;

/** At least `length` bytes, in whole pages; what is in them is anybody's guess. Shorter than 64 KiB it is ordinary memory. */
export function takePages(length: number): Uint8Array {
  if (length < WASM_PAGE) return new Uint8Array(length);
  const index = free.findIndex((bytes) => bytes.length >= length && bytes.length < length + WASM_PAGE);
  if (index >= 0) return free.splice(index, 1)[0]!;
  const pages = Math.ceil(length / WASM_PAGE);
  try {
    return new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer);
  } catch {
    // It asks for far more address space than memory, which may be limited (ulimit -v): slower, but as good.
    return new Uint8Array(pages * WASM_PAGE);
  }
}

/** Gives back what takePages() gave, when nobody reads it any more. */
export function givePages(bytes: Uint8Array): void {
  if (bytes.length >= WASM_PAGE && bytes.length <= LONGEST_FREE && free.length < MOST_FREE) free.push(bytes);
}
