/** The captures of the bench, by name. Made when they are first needed, in .bench/, which git ignores. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CaptureFile } from './capture-file.mjs';
import { writeBackscatter, writeConversations, writeFlood, writeMix, writeScan, writeShort } from './traffic.mjs';

/** Change it when the bytes change, so that nobody measures old captures. */
const VERSION = 1;
export const folder = join(import.meta.dirname, '..', '.bench', `v${VERSION}`);

function make(name, write) {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`making ${name} … `);
  const partial = `${path}.partial`;
  write(partial);
  renameSync(partial, path);
  process.stderr.write(`${Math.round(statSync(path).size / 1e6)} MB\n`);
  return path;
}

function million(frames) {
  return frames >= 1e6 ? `${frames / 1e6}m` : `${frames / 1e3}k`;
}

/** @param {number} frames @param {{format?: 'pcap' | 'pcapng', nano?: boolean, snapLength?: number, ipv6?: boolean, vlan?: boolean, seed?: number}} [shape] */
export function conversations(frames, shape = {}, label = 'conversations') {
  return make(`${label}-${million(frames)}.${shape.format ?? 'pcap'}`, (path) => {
    const file = new CaptureFile(path, shape);
    writeConversations(file, frames, shape);
    file.close();
  });
}

export function headers(frames) {
  return conversations(frames, { snapLength: 64 }, 'headers');
}

function written(label, frames, write) {
  return make(`${label}-${million(frames)}.pcap`, (path) => {
    const file = new CaptureFile(path);
    write(file, frames);
    file.close();
  });
}

export const flood = (frames) => written('flood', frames, writeFlood);
export const scan = (frames) => written('scan', frames, writeScan);
export const short = (frames) => written('short', frames, writeShort);
export const mix = (frames) => written('mix', frames, writeMix);

export function backscatter(frames, port) {
  return written(`backscatter-from-${port}`, frames, (file, count) => writeBackscatter(file, count, port));
}

/** gzip's own output at its default level, as rotated captures have it. */
export function gzip(plain) {
  const name = `${plain.slice(folder.length + 1)}.gz`;
  return make(name, (path) => execFileSync('sh', ['-c', 'gzip -c "$1" > "$2"', 'sh', plain, path]));
}

/** A directory of `count` captures with different conversations, headers only: so many frames fit the page cache. */
export function manyFiles(count, frames) {
  return make(`${count}-files-of-${million(frames)}-headers`, (path) => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    for (let i = 0; i < count; i++) {
      const file = new CaptureFile(join(path, `part-${String(i).padStart(3, '0')}.pcap`), { snapLength: 64 });
      writeConversations(file, frames, { seed: 1000 + i });
      file.close();
    }
  });
}

/** A directory of captures, one after the other what is in this pcap, of some `bytes` each: as a ring of `tcpdump -C` has it. */
export function parts(plain, bytes) {
  return make(`${plain.slice(folder.length + 1)}-parts-of-${Math.round(bytes / 1000)}-kB`, (path) => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    const whole = readFileSync(plain);
    for (let start = 24, part = 0; start < whole.length; part++) {
      let end = start;
      while (end < whole.length && end - start < bytes) end += 16 + whole.readUInt32LE(end + 8);
      const name = `part-${String(part).padStart(5, '0')}.pcap`;
      writeFileSync(join(path, name), Buffer.concat([whole.subarray(0, 24), whole.subarray(start, end)]));
      start = end;
    }
  });
}

/** Every second file of a directory, by links: two processes may have half of it each. */
export function half(directory, which) {
  return make(`${directory.slice(folder.length + 1)}-half-${which}`, (path) => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    for (const [i, name] of readdirSync(directory).sort().entries())
      if (i % 2 === which) symlinkSync(join(directory, name), join(path, name));
  });
}

/** bench/yardstick.c, compiled where there is a compiler; null where there is none. */
export function yardstick() {
  const source = join(import.meta.dirname, 'yardstick.c');
  const path = join(folder, 'yardstick');
  if (existsSync(path) && statSync(path).mtimeMs > statSync(source).mtimeMs) return path;
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('cc', ['-O2', '-o', path, source], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  return path;
}
