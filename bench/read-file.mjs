/**
 * The floor: the time in which Node reads the file and does nothing with it. With `aligned` as second argument into memory that
 * begins on a page, which some processors fill several times as fast: see notes.md.
 */
import { openSync, readSync } from 'node:fs';

const LENGTH = 1 << 20;
const [, , path, how] = process.argv;
const buffer =
  how === 'aligned'
    ? new Uint8Array(new WebAssembly.Memory({ initial: LENGTH / 65_536 }).buffer)
    : Buffer.allocUnsafe(LENGTH);
const descriptor = openSync(path, 'r');
let bytes = 0;
for (let count = 1; count > 0; bytes += count) count = readSync(descriptor, buffer, 0, buffer.length, null);
console.log(bytes);
