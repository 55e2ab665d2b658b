import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOOD_NODES, OLD_NODES } from '../support/nodes.ts';

const root = join(import.meta.dirname, '../..');
const command = join(root, 'bin/portzero.js');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-node-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs it in this Node, which says that it is another. */
function runAs(version: string) {
  const preload = join(scratch, `${version}.cjs`);
  writeFileSync(
    preload,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });\n`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', preload, command, '--version'], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the command on an old Node', () => {
  it.each([
    ['18.20.8', '18.20'],
    ['20.18.3', '20.18'],
    ['8.17.0', '8.17'],
  ])('says in one line that %s is too old', (version, told) => {
    const stderr = `portzero needs Node 20.19 or later, this is ${told}\n`;
    expect(runAs(version)).toEqual({ status: 2, stdout: '', stderr });
  });

  it.each(['20.19.0', '21.0.0', '22.3.1', '100.0.0'])('runs where it says %s', (version) => {
    expect(runAs(version).status).toBe(0);
  });

  it('says what the package asks for', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(readFileSync(command, 'utf8')).toContain(`portzero needs Node ${engines.node.replace('>=', '')} or later`);
  });
});

describe('another Node', () => {
  it.for(OLD_NODES)('$version is told that it is too old', ({ path, version, isThere }, { skip }) => {
    if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
    const { status, stdout, stderr } = spawnSync(path, [command, '--help'], { encoding: 'utf8' });
    const told = version.split('.').slice(0, 2).join('.');
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: `portzero needs Node 20.19 or later, this is ${told}\n`,
    });
  });

  it.for(GOOD_NODES)('$version runs it', ({ path, version, isThere }, { skip }) => {
    if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
    const capture = join(root, 'fixtures/closed/connect-ipv4.pcap');
    const { status, stdout, stderr } = spawnSync(path, [command, '-q', '-f', 'json', capture], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(JSON.parse(stdout).summary.portZero).toMatchObject({ total: 1, refused: 1 });
  });
});
