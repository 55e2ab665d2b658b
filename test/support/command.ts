import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const fixture = (name: string): string => join(root, 'fixtures', name);
const command = join(root, 'bin/portzero.js');

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command as a user would, with a clean environment. */
export function startCommand(
  args: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [command, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const [stdout, stderr] = [chunks.stdout, chunks.stderr].map((list) => Buffer.concat(list).toString('utf8'));
      resolve({ status, signal, stdout: stdout!, stderr: stderr! });
    });
  });
  return { child, finished };
}

/** Runs it to its end. */
export function runCommand(
  args: readonly string[],
  { input = '', ...options }: { cwd?: string; env?: Record<string, string>; input?: string | Uint8Array } = {},
): Promise<Finished> {
  const { child, finished } = startCommand(args, options);
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  return finished;
}
