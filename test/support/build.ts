import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Global set-up of the tests: builds dist/, so that tests which start the command, or its worker threads, run this
 * source and not yesterday's. Type errors do not stop it: `npm run types` is there to report them.
 */
export function setup(): void {
  const root = join(import.meta.dirname, '../..');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.mjs', '--lenient'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
}
