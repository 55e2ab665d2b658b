import { lstatSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Whose files are taken without being named. A configuration says what is flagged, and its plugins are run, so one that is
 * merely come across must be this user's own or the system's: git asks the same of a repository (safe.directory,
 * CVE-2022-24765), ssh of its files (StrictModes).
 */
export interface Trusted {
  /** User ids; null where files have no such owner (Windows). */
  readonly users: ReadonlySet<number> | null;
}

/** This user and root; as root under sudo also whoever called it, as in git. */
export function trustedUsers(env: NodeJS.ProcessEnv): Trusted {
  const own = process.geteuid?.();
  if (own === undefined) return { users: null };
  const users = new Set([0, own]);
  // Only root can believe the variable: anybody else could set it.
  if (own === 0 && /^\d+$/.test(env.SUDO_UID ?? '')) users.add(Number(env.SUDO_UID));
  return { users };
}

/** Why a file, with the folder that it is in and whatever it is a link to, is not to be trusted; null when it is. */
export function distrust(file: string, trusted: Trusted): string | null {
  if (trusted.users === null) return null;
  // A link is its owner's word for another file, which is then the one that is read.
  const link = lstatSync(file);
  const reasons = [distrustOf(dirname(file), statSync(dirname(file)), trusted)];
  if (!link.isSymbolicLink()) reasons.push(distrustOf(null, link, trusted));
  else {
    reasons.push(ownerFault(null, link, trusted));
    const target = realpathSync(file);
    reasons.push(distrustOf(dirname(target), statSync(dirname(target)), trusted));
    reasons.push(distrustOf(target, statSync(target), trusted));
  }
  return reasons.find((reason) => reason !== null) ?? null;
}

/** Why a folder is not to be trusted; null when it is. */
export function distrustFolder(folder: string, trusted: Trusted): string | null {
  return distrustOf(folder, statSync(folder), trusted);
}

/** `path`: for the sentence; null for "it". */
function distrustOf(path: string | null, status: Stats, trusted: Trusted): string | null {
  if (trusted.users === null) return null;
  const owner = ownerFault(path, status, trusted);
  if (owner !== null) return owner;
  const mode = (status.mode & 0o7777).toString(8).padStart(4, '0');
  // The sticky bit keeps others from replacing a file, not from putting one there first.
  if ((status.mode & 0o002) !== 0) return `${path ?? 'it'} can be written to by anybody (mode ${mode})`;
  if ((status.mode & 0o020) !== 0 && !isPrivateGroup(status.gid, trusted.users)) {
    return `${path ?? 'it'} can be written to by others of group ${status.gid} (mode ${mode})`;
  }
  return null;
}

function ownerFault(path: string | null, { uid }: Stats, { users }: Trusted): string | null {
  return users === null || users.has(uid) ? null : `${path ?? 'it'} belongs to another user (${uid})`;
}

/**
 * Whether nobody but trusted users is in the group. Many systems give each user a group of their own and a umask of 002, so
 * that all their files are writable by that group, which lets nobody in (Debian's ssh looks at it in this way too). A group
 * that the files do not know (a directory service) counts as private where it has the number of a trusted user.
 */
function isPrivateGroup(gid: number, users: ReadonlySet<number>): boolean {
  const [groups, accounts] = [readTable('/etc/group'), readTable('/etc/passwd')];
  const group = groups.find((row) => Number(row[2]) === gid);
  if (group === undefined) return users.has(gid);
  const names = new Set(accounts.filter((row) => users.has(Number(row[2]))).map((row) => row[0]));
  const members = (group[3] ?? '').split(',').filter((name) => name !== '');
  const primary = accounts.filter((row) => Number(row[3]) === gid);
  return members.every((name) => names.has(name)) && primary.every((row) => users.has(Number(row[2])));
}

/** Rows of a table as in passwd(5); none where there is no such file. */
function readTable(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}
