import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

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

  it('has no syntax that a Node of 2018 does not know', () => {
    const code = readFileSync(command, 'utf8').replace(/^#!.*\n|\/\/.*$/gm, '');
    expect(code).not.toMatch(/\bawait\b|^import\s|\?\.|\?\?|\|\|=/m);
  });
});

/** Other versions of Node, where somebody has them: PORTZERO_OLD_NODES=/path/to/node18:/path/to/node16 */
const others = (process.env.PORTZERO_OLD_NODES ?? '').split(':').filter((path) => path !== '' && existsSync(path));
describe.runIf(others.length > 0)('a real old Node', () => {
  it.each(others)('%s', (node) => {
    const { status, stderr } = spawnSync(node, [command, '--help'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^portzero needs Node 20\.19 or later, this is \d+\.\d+\n$/);
  });
});
