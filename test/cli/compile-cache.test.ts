import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOOD_NODES } from '../support/nodes.ts';

const command = join(import.meta.dirname, '../../bin/portzero.js');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-cache-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs it for a user with this home, who may be root: that one's home is what the system says, so it is told the same. */
function run(node: string, home: string, args: readonly string[] = ['--version']) {
  const preload = join(scratch, 'home.cjs');
  writeFileSync(preload, `require('node:os').userInfo = () => ({ homedir: ${JSON.stringify(home)} });\n`);
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: join(scratch, 'tmp') };
  mkdirSync(env.TMPDIR, { recursive: true });
  const { status, stderr } = spawnSync(node, ['--require', preload, command, ...args], { env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // Where anybody may write, nothing that is run is kept.
  expect(readdirSync(env.TMPDIR)).toEqual([]);
}

/** 80 MB of frames of ARP. */
function writeLarge(path: string) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const record = Buffer.alloc(16 + 40_000);
  record.writeUInt32LE(40_000, 8);
  record.writeUInt32LE(40_000, 12);
  record.writeUInt16BE(0x0806, 16 + 12);
  writeFileSync(path, Buffer.concat([header, ...Array<Buffer>(2000).fill(record)]));
}

const holds = (folder: string) => existsSync(folder) && readdirSync(folder).length > 0;

describe.each(GOOD_NODES)('in Node $version, what was compiled', ({ version, path, isThere }) => {
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
});

it('goes by the system for root, not by the variables that sudo may leave', ({ skip }) => {
  const node = GOOD_NODES.find(({ version }) => version.startsWith('24.'))!;
  if (!node.isThere || process.getuid?.() !== 0) skip('skipped: wants root and Node 24 (bin/setup)');
  const home = join(scratch, 'another');
  const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
  expect(spawnSync(node.path, [command, '--version'], { env }).status).toBe(0);
  expect(existsSync(home)).toBe(false);
});

describe('what is kept for Node 20, which keeps nothing by itself', () => {
  const node = process.version.startsWith('v20.')
    ? { path: process.execPath, isThere: true }
    : GOOD_NODES.find(({ version }) => version.startsWith('20.'))!;
  /** A home, the folder of what is kept there, and its files. */
  const prepare = (name: string) => {
    const home = join(scratch, name);
    const folder = join(home, '.cache/portzero');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = () => readdirSync(folder).filter((file) => file.endsWith('.code'));
    return { home, folder, files };
  };

  it('is read again, and made anew where V8 refuses it', ({ skip }) => {
    if (!node.isThere) skip('skipped: no Node 20 (bin/setup)');
    const { home, folder, files } = prepare('refused');
    run(node.path, home);
    const [name] = files();
    const path = join(folder, name!);
    const whole = readFileSync(path);
    const before = statSync(path);
    run(node.path, home);
    expect({ ino: statSync(path).ino, files: files() }).toEqual({ ino: before.ino, files: [name] });
    for (const bad of [Buffer.alloc(0), whole.subarray(0, 1000), Buffer.alloc(whole.length, 7)]) {
      writeFileSync(path, bad);
      run(node.path, home);
      expect(readFileSync(path).length).toBeGreaterThan(100_000);
    }
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('is of use to the next run after one of a large capture, in which V8 compiles later', { timeout: 60_000 }, ({
    skip,
  }) => {
    if (!node.isThere) skip('skipped: no Node 20 (bin/setup)');
    const { home, folder, files } = prepare('large');
    const capture = join(scratch, 'large.pcap');
    writeLarge(capture);
    run(node.path, home, ['-q', capture]);
    const [name] = files();
    const before = statSync(join(folder, name!));
    run(node.path, home);
    expect(statSync(join(folder, name!)).ino).toBe(before.ino);
    rmSync(capture);
  });

  it('is of no other code', ({ skip }) => {
    if (!node.isThere) skip('skipped: no Node 20 (bin/setup)');
    const { home, files } = prepare('other');
    run(node.path, home);
    const code = readFileSync(join(import.meta.dirname, '../../dist/bundle/core.js'), 'utf8');
    const [mark, rest] = [code.slice(0, code.indexOf('\n')), code.slice(code.indexOf('\n') + 1)];
    const hash = createHash('sha256').update(rest).digest('hex').slice(0, 16);
    expect(mark).toBe(`// ${hash}`);
    expect(files()[0]).toContain(`core-${hash}-v20.`);
  });

  it('is of a few versions, the newest', ({ skip }) => {
    if (!node.isThere) skip('skipped: no Node 20 (bin/setup)');
    const { home, folder, files } = prepare('many');
    for (let i = 0; i < 12; i++) {
      const old = join(folder, `core-${String(i).padStart(16, '0')}-v20.19.0-x64.code`);
      writeFileSync(old, 'old');
      utimesSync(old, i, i);
    }
    run(node.path, home);
    expect(files().length).toBe(8);
    expect(files().filter((file) => statSync(join(folder, file)).size > 3).length).toBe(1);
    expect(files()).not.toContain('core-0000000000000000-v20.19.0-x64.code');
  });
});
