import { lstatSync, openSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { whyUnreadable } from '../unreadable.ts';
import { FileSource } from './bytes/byte-source.ts';
import { CaptureError } from './errors.ts';
import { sniffFormat } from './open.ts';
import { decodePath, showPath, toPath } from './paths.ts';
import type { CaptureProblem } from './source.ts';

/** Enough to recognise a capture, compressed or not; a directory may hold many files. */
export const LOOK_LENGTH = 4096;

/**
 * The inputs that `paths` stand for: a directory is every capture below it, told by content (also inside gzip and zstd) and
 * sorted by path (as decodePath() has them); anything else stands for itself, whatever it is. Symbolic links are followed, each file and directory is
 * taken once. What cannot be looked into is a problem (unreadable), as is a directory without captures (no-captures).
 */
export async function findCaptures(
  paths: readonly string[],
): Promise<{ inputs: string[]; problems: CaptureProblem[] }> {
  const inputs: string[] = [];
  const problems: CaptureProblem[] = [];
  for (const path of paths) {
    if (!isDirectory(path)) {
      inputs.push(path);
      continue;
    }
    const found: string[] = [];
    const before = problems.length;
    await searchDirectory(path, found, problems);
    if (found.length === 0 && problems.length === before) {
      const message = `${path}: no captures in this directory, expected pcap or pcapng files`;
      problems.push({ code: 'no-captures', offset: null, frame: null, message });
    }
    inputs.push(...found.sort((a, b) => (a < b ? -1 : 1)));
  }
  return { inputs, problems };
}

function isDirectory(path: string): boolean {
  try {
    return path !== '-' && statSync(toPath(path)).isDirectory();
  } catch {
    return false;
  }
}

async function searchDirectory(directory: string, found: string[], problems: CaptureProblem[]): Promise<void> {
  const fail = (path: string, error: unknown) => {
    problems.push({
      code: 'unreadable',
      offset: null,
      frame: null,
      message: `${showPath(path)}: cannot be read: ${whyUnreadable(error)}`,
    });
  };
  /** device:inode */
  const seen = new Set<string>();
  const start = statSync(toPath(directory));
  seen.add(`${start.dev}:${start.ino}`);
  const toSearch = [directory];
  for (let next = toSearch.pop(); next !== undefined; next = toSearch.pop()) {
    const folder = next;
    let names: string[];
    try {
      names = readdirSync(toPath(folder), { encoding: 'buffer' }).map(decodePath).sort();
    } catch (error) {
      fail(folder, error);
      continue;
    }
    for (const name of names) {
      const path = join(folder, name);
      try {
        const status: Stats = statSync(toPath(path));
        const identity = `${status.dev}:${status.ino}`;
        if (seen.has(identity)) continue;
        seen.add(identity);
        if (status.isDirectory()) toSearch.push(path);
        else if (status.isFile() && (await holdsCapture(path))) found.push(path);
      } catch (error) {
        // A link to nowhere is nothing that could have been read.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !isLink(path)) fail(path, error);
      }
    }
  }
}

function isLink(path: string): boolean {
  return lstatSync(toPath(path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Whether a regular file is a capture, told by content. Throws for one that cannot be read. */
export async function holdsCapture(path: string): Promise<boolean> {
  const source = new FileSource(openSync(toPath(path), 'r'), path);
  try {
    const sniffed = await sniffFormat(source, LOOK_LENGTH);
    sniffed.source.close();
    return sniffed.format.kind === 'pcap' || sniffed.format.kind === 'pcapng';
  } catch (error) {
    // Empty, or compressed data that are damaged from the start: no capture that anybody could tell.
    if (error instanceof CaptureError && error.code !== 'unreadable') return false;
    throw error;
  } finally {
    source.close();
  }
}
