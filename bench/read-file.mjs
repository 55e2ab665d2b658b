/** The floor: the time in which Node reads the file and does nothing with it. */
import { openSync, readSync } from 'node:fs';

const buffer = Buffer.allocUnsafe(1 << 20);
const descriptor = openSync(process.argv[2], 'r');
let bytes = 0;
for (let count = 1; count > 0; bytes += count) count = readSync(descriptor, buffer, 0, buffer.length, null);
console.log(bytes);
