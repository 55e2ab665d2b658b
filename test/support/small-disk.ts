import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/* Disks in memory, as small as a test wants them (`64k`, `1m`). As root. */

/** Mounts one on a folder, which is made where it is not there. */
export function mountSmallDisk(folder: string, size: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
}

/** There is room again. */
export function growDisk(folder: string): void {
  execFileSync('mount', ['-o', 'remount,size=256m', folder]);
}

/** Also while somebody has files open on it. */
export function unmountDisk(folder: string): void {
  execFileSync('umount', ['-l', folder]);
}
