import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOOD_NODES } from '../support/nodes.ts';

const command = join(import.meta.dirname, '../../bin/portzero.js');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-cache-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs it for a user with this home, who may be root: that one's home is what the system says, so it is told the same. */
function run(node: string, home: string) {
  const preload = join(scratch, 'home.cjs');
  writeFileSync(preload, `require('node:os').userInfo = () => ({ homedir: ${JSON.stringify(home)} });\n`);
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: join(scratch, 'tmp') };
  mkdirSync(env.TMPDIR, { recursive: true });
  const { status, stderr } = spawnSync(node, ['--require', preload, command, '--version'], { env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // Where anybody may write, nothing that is run is kept.
  expect(readdirSync(env.TMPDIR)).toEqual([]);
}

const holds = (folder: string) => existsSync(folder) && readdirSync(folder).length > 0;

describe.each(GOOD_NODES.filter(({ version }) => Number(version.split('.')[0]) >= 22))(
  'in Node $version, what was compiled',
  ({ version, path, isThere }) => {
    it('is kept in a folder of the user alone', ({ skip }) => {
      if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
      const home = join(scratch, version);
      run(path, home);
      expect(holds(join(home, '.cache/portzero'))).toBe(true);
    });

    it('is not kept where others may write, or nobody may', ({ skip }) => {
      if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
      const home = join(scratch, `${version}-open`);
      const folder = join(home, '.cache/portzero');
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777);
      run(path, home);
      expect(holds(folder)).toBe(false);
      run(path, '/dev/null');
    });
  },
);

it('goes by the system for root, not by the variables that sudo may leave', ({ skip }) => {
  const node = GOOD_NODES.find(({ version }) => version.startsWith('24.'))!;
  if (!node.isThere || process.getuid?.() !== 0) skip('skipped: wants root and Node 24 (bin/setup)');
  const home = join(scratch, 'another');
  const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
  expect(spawnSync(node.path, [command, '--version'], { env }).status).toBe(0);
  expect(existsSync(home)).toBe(false);
});
