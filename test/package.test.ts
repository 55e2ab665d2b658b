import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.ts';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const capture = join(root, 'fixtures/closed/connect-ipv4.pcap');

const scratch = mkdtempSync(join(tmpdir(), 'portzero-package-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What npm says it packed, and the tarball. */
let packed: { path: string; files: string[] };
beforeAll(() => {
  // Without scripts: the set-up of the tests has just built dist/.
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  packed = { path: join(scratch, filename), files: files.map((file) => file.path) };
});

describe('the package', () => {
  it('has the version that the program tells', () => {
    expect(VERSION).toBe(manifest.version);
  });

  it('holds what users need, and nothing of the work on it', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'package.json',
        'bin/portzero.js',
        'bin/start.js',
        'bin/package.json',
      ]),
    );
    expect(packed.files).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/bundle/portzero.js', 'dist/bundle/worker.js']),
    );
    expect(
      packed.files.filter((path) => /^(src|test|fixtures|bench|node_modules)\/|\.tsbuildinfo$/.test(path)),
    ).toEqual([]);
  });

  it('points to files that are in it', () => {
    const { bin, exports } = manifest as { bin: { portzero: string }; exports: { '.': Record<string, string> } };
    for (const path of [bin.portzero, ...Object.values(exports['.'])]) {
      expect(packed.files).toContain(path.replace(/^\.\//, ''));
    }
    expect(packed.files.filter((path) => path.startsWith('schema/')).length).toBeGreaterThan(0);
  });

  it('takes its packages from wherever npm is configured to look', () => {
    // A lock file with addresses in it would bind users to the registry of whoever wrote it.
    const addresses =
      readFileSync(join(root, 'package-lock.json'), 'utf8').match(/"resolved": "https?:\/\/[^/"]+/g) ?? [];
    expect([...new Set(addresses)]).toEqual([]);
  });

  it('has every platform in its lock file, or `npm ci` refuses it', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const locked = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
  });
});

describe('installed in an empty folder', () => {
  const folder = join(scratch, 'user');
  let installed = false;
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
    const arguments_ = ['install', '--prefer-offline', '--omit=optional', '--no-audit', '--no-fund', packed.path];
    const { status, stderr } = spawnSync('npm', arguments_, { cwd: folder, encoding: 'utf8', timeout: 120_000 });
    installed = status === 0;
    if (!installed && process.env.PORTZERO_NO_SKIP === '1') throw new Error(`npm install failed: ${stderr}`);
  }, 150_000);

  it('runs the command', ({ skip }) => {
    if (!installed) skip('skipped: npm install could not reach a registry');
    const command = join(folder, 'node_modules/.bin/portzero');
    expect(execFileSync(command, ['--version'], { encoding: 'utf8' }).trim()).toBe(VERSION);
    const { status, stdout } = spawnSync(command, ['-q', '-f', 'json', capture], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(JSON.parse(stdout).summary.portZero).toMatchObject({ total: 1, refused: 1 });
  });

  it('compiles and runs the example of the library, with its types', ({ skip }) => {
    if (!installed) skip('skipped: npm install could not reach a registry');
    copyFileSync(join(root, 'examples/library.ts'), join(folder, 'library.ts'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const types = ['--typeRoots', join(root, 'node_modules/@types')];
    execFileSync(process.execPath, [tsc, ...options, ...types, 'library.ts'], { cwd: folder, encoding: 'utf8' });
    const output = execFileSync(process.execPath, ['library.js', capture], { cwd: folder, encoding: 'utf8' });
    expect(output).toMatch(/asked 10\.0\.0\.2 port 0: refused \(closed, reset\)\n1 of 1 exchanges touched port 0\n$/);
  });
});
