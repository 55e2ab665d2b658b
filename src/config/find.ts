import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from './errors.ts';
import { distrust, distrustFolder, trustedUsers } from './trust.ts';

/** Looked for in this order, though only one of them may be in a folder. */
export const CONFIG_NAMES = ['portzero.config.yaml', 'portzero.config.yml', 'portzero.config.json'] as const;

export interface FoundConfig {
  /** The configuration that holds in the folder; null when there is none. */
  readonly file: string | null;
  /** One that is there, farther up or in an unsafe place, and was not taken. */
  readonly passedOver: PassedOver | null;
}

export interface PassedOver {
  readonly file: string;
  /** As in "/srv/shared can be written to by anybody (mode 1777)". */
  readonly why: string;
  /** It is not the place that is at fault: somebody else may have put the file there. */
  readonly unsafe: boolean;
}

/**
 * The configuration file that holds in a folder: in it or in the nearest one above, up to and with the root of the repository
 * (.git), the home folder, or the first folder or file that others could have written. Throws ConfigError for two at once.
 */
export function findConfig(cwd: string, env: NodeJS.ProcessEnv = process.env): FoundConfig {
  const trusted = trustedUsers(env);
  const home = statusOf(env.HOME || homedir());
  for (let folder = physical(cwd); ; folder = dirname(folder)) {
    const status = statusOf(folder);
    const found = namesIn(folder);
    const fault = status === null ? null : distrustFolder(folder, trusted);
    if (fault !== null) return { file: null, passedOver: passedOver(found[0] ?? nearestAbove(folder), fault, true) };
    if (found.length > 1) {
      const message = `there is also ${found.slice(1).join(' and ')}; keep one, or choose with --config`;
      throw new ConfigError(found[0]!, [{ path: '', line: null, column: null, message }]);
    }
    if (found.length === 1) {
      const why = distrust(found[0]!, trusted);
      return why === null
        ? { file: found[0]!, passedOver: null }
        : { file: null, passedOver: passedOver(found[0]!, why, true) };
    }
    const end = existsSync(join(folder, '.git'))
      ? `the search ends at the root of the repository, ${folder}`
      : status !== null && home !== null && isSame(status, home)
        ? `the search ends at the home folder, ${folder}`
        : null;
    if (end !== null) return { file: null, passedOver: passedOver(nearestAbove(folder), end, false) };
    if (folder === dirname(folder)) return { file: null, passedOver: null };
  }
}

/** One line on a configuration that was not taken. */
export function describePassedOver({ file, why }: PassedOver): string {
  return `the configuration ${file} was passed over: ${why}. Name it with --config to use it`;
}

function passedOver(file: string | null, why: string, unsafe: boolean): PassedOver | null {
  return file === null ? null : { file, why, unsafe };
}

/** A file that a search without end would have taken. */
function nearestAbove(folder: string): string | null {
  for (let above = dirname(folder), last = folder; above !== last; last = above, above = dirname(above)) {
    const [first] = namesIn(above);
    if (first !== undefined) return first;
  }
  return null;
}

function namesIn(folder: string): string[] {
  return CONFIG_NAMES.map((name) => join(folder, name)).filter((file) => existsSync(file));
}

/** Without links: what is above a link is not what `..` leads to. */
function physical(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

function statusOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
