import { fstatSync, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { toPath } from '../capture/paths.ts';
import { CliError } from './io.ts';
import { standardOutputStatus } from './standard-output.ts';

/** Links that are followed before it is said that they lead nowhere, as Linux has it (path_resolution(7)). */
const MAX_LINKS = 40;

/** A file that is about to be written, and what the user calls it. */
export interface Target {
  /** As in "--report x.json". */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

export interface FilesInUse {
  /** Captures as they were named; "-" is standard input. */
  readonly captures: readonly string[];
  /** Configuration and plugins. */
  readonly settings: readonly { readonly what: string; readonly path: string }[];
}

/**
 * Refuses to write over what is read, and two things into one file, by whatever paths, links or redirections they are named.
 * Throws CliError.
 */
export function refuseSameFiles(targets: readonly Target[], { captures, settings }: FilesInUse): void {
  const output = fileIdentity(standardOutputStatus());
  const taken = new Map<string, (name: string) => string>();
  const take = (id: string | null, message: (name: string) => string) => {
    if (id !== null && !taken.has(id)) taken.set(id, message);
  };
  for (const capture of captures) {
    take(captureIdentity(capture), (name) =>
      capture === '-'
        ? `${name} would overwrite the capture on standard input`
        : `${name} would overwrite the capture that it is about`,
    );
  }
  for (const { what, path } of settings) {
    take(fileIdentity(statOrNull(path)), (name) => `${name} would overwrite ${what} in use, ${path}`);
  }
  const clash = output === null ? undefined : taken.get(output);
  if (clash !== undefined) throw new CliError(clash('standard output, which is redirected there,'));
  take(output, (name) => `${name} is the file that standard output goes to`);
  for (const { name, path } of targets) {
    const id = targetIdentity(path);
    if (id === null) continue;
    const message = taken.get(id);
    if (message !== undefined) throw new CliError(message(name));
    take(id, (other) => `${other} and ${name} are the same file`);
  }
}

/** Refuses evidence in a folder whose captures are followed: it would be read as the next of them. Throws CliError. */
export function refuseInFollowed(folder: string, evidence: readonly Target[]): void {
  const followed = statOrNull(folder);
  if (followed?.isDirectory() !== true) return;
  for (const { name, path } of evidence) {
    const parent = statOrNull(dirname(path));
    if (parent !== null && parent.dev === followed.dev && parent.ino === followed.ino) {
      throw new CliError(`${name} lies in the folder that is followed, and would be read as its next capture`);
    }
  }
}

/** Of a regular file; devices and the like may be written to by many. */
function fileIdentity(status: Stats | null): string | null {
  return status?.isFile() === true ? `${status.dev}:${status.ino}` : null;
}

function captureIdentity(capture: string): string | null {
  if (capture !== '-') return fileIdentity(statOrNull(capture));
  try {
    return fileIdentity(fstatSync(0));
  } catch {
    return null;
  }
}

/** Also of a file that is not there yet: then by where it will be. */
function targetIdentity(path: string): string | null {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const status = statOrNull(at);
    if (status !== null) return fileIdentity(status);
    const link = linkOrNull(at);
    if (link === null) break;
    at = resolve(dirname(at), link);
  }
  try {
    return `new:${join(realpathSync(dirname(at)), basename(at))}`;
  } catch {
    // No such folder: opening it will tell.
    return null;
  }
}

function linkOrNull(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : null;
}

function statOrNull(path: string): Stats | null {
  try {
    return statSync(toPath(path), { throwIfNoEntry: false }) ?? null;
  } catch {
    // What cannot be looked at (a loop of links, a folder without permission) is told when it is opened.
    return null;
  }
}
