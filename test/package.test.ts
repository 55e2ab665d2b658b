import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mentions } from '../scripts/home.mjs';
import { COMPLETION_FILES } from '../src/cli/help/completions.ts';
import { VERSION } from '../src/version.ts';
import { GOOD_NODES } from './support/nodes.ts';
import { type Packed, pack } from './support/pack.ts';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const capture = join(root, 'fixtures/closed/connect-ipv4.pcap');

const scratch = mkdtempSync(join(tmpdir(), 'portzero-package-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let packed: Packed;
beforeAll(() => {
  packed = pack(scratch);
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
    expect(packed.files).toEqual(
      expect.arrayContaining([
        'dist/man/portzero.1',
        ...Object.values(COMPLETION_FILES).map((file) => `dist/completions/${file}`),
      ]),
    );
    expect(
      packed.files.filter((path) =>
        /^(src|test|fixtures|bench|node_modules|build|scripts)\/|^bin\/(setup|test)$|\.tsbuildinfo$/.test(path),
      ),
    ).toEqual([]);
  });

  it('needs no other package, runs nothing when it is installed, and is small', () => {
    expect(packed.manifest).not.toHaveProperty('scripts');
    expect(packed.manifest).not.toHaveProperty('dependencies');
    expect(packed.manifest).not.toHaveProperty('optionalDependencies');
    const optional = { optional: true };
    expect(packed.manifest.peerDependenciesMeta).toEqual({
      cap: optional,
      '@nats-io/jetstream': optional,
      '@nats-io/transport-node': optional,
      aws4: optional,
      pg: optional,
    });
    expect(packed.files).not.toContain('binding.gyp');
    expect(packed.bytes).toBeLessThan(3_100_000);
  });

  it('says where it comes from and where its faults are told', () => {
    const home = /^github:(.+)$/.exec(manifest.repository)![1];
    expect(packed.manifest).toMatchObject({
      author: expect.stringMatching(/\w/),
      homepage: `https://github.com/${home}#readme`,
      bugs: { url: `https://github.com/${home}/issues` },
      repository: { type: 'git', url: `git+https://github.com/${home}.git` },
    });
  });

  it('is said to live in one place, wherever that is told', () => {
    const [, owner] = /^github:(.+)\/portzero$/.exec(manifest.repository)!;
    const told = mentions();
    expect(told.get('package.json')).toEqual([owner]);
    expect([...told.keys()]).toEqual(expect.arrayContaining(['docs/ci.md', 'examples/github-workflow.yml']));
    for (const [file, owners] of told) expect(new Set(owners), file).toEqual(new Set([owner]));
    expect(owner).not.toMatch(/owner|user|example|your/i);
  });

  it('is packed in place as well, by scripts that leave the manifest as it was', () => {
    const { prepack, postpack } = manifest.scripts;
    expect([prepack, postpack]).toEqual([
      'npm run build && node scripts/packed-manifest.mjs write',
      'node scripts/packed-manifest.mjs restore',
    ]);
    const copy = join(scratch, 'in-place');
    mkdirSync(copy);
    const pages = ['README.md', 'docs/atlas.md'];
    for (const path of ['package.json', 'scripts/packed-manifest.mjs', ...pages])
      cpSync(join(root, path), join(copy, path));
    const run = (what: string) => execFileSync(process.execPath, ['scripts/packed-manifest.mjs', what], { cwd: copy });
    const read = () => JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
    run('write');
    expect(read()).toEqual(packed.manifest);
    // As after a `npm pack` that was killed.
    run('write');
    expect(read()).toEqual(packed.manifest);
    for (const page of pages)
      expect(readFileSync(join(copy, page), 'utf8')).toBe(readFileSync(join(scratch, 'source', page), 'utf8'));
    run('restore');
    run('restore');
    for (const path of ['package.json', ...pages])
      expect(readFileSync(join(copy, path), 'utf8')).toBe(readFileSync(join(root, path), 'utf8'));
  });

  it('has pages whose links lead somewhere: to what is in it, or to what is in the repository', () => {
    const pages = packed.files.filter((path) => path.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/atlas.md', 'docs/ci.md']));
    const home = `https://github.com/${/^github:(.+)$/.exec(manifest.repository)![1]}`;
    let abroad = 0;
    for (const page of pages) {
      const text = readFileSync(join(scratch, 'source', page), 'utf8');
      for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)) {
        const inRepository = new RegExp(`^${home}/(?:blob|raw|tree)/v${manifest.version}/(.+)$`).exec(target!)?.[1];
        if (inRepository !== undefined) {
          expect(existsSync(join(root, inRepository)), `${page}: ${target}`).toBe(true);
          abroad++;
        } else if (!/^https?:/.test(target!)) {
          expect(packed.files, `${page}: ${target}`).toContain(join(dirname(page), target!));
        }
      }
    }
    expect(abroad).toBeGreaterThan(20);
  });

  it('has the notice of every package that is bundled', () => {
    const notices = readFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    // What the sources import, and what is in the page and in the core; the rest is found by the build.
    for (const name of ['yargs', 'zod', 'yaml', 'fzstd', 'cli-progress', 'pcap-parser', 'assemblyscript']) {
      const { version, license } = packages[`node_modules/${name}`];
      expect(notices).toContain(`\n${name} ${version} (${license})\n`);
    }
    expect(notices.match(/^-{80}$/gm)!.length).toBeGreaterThan(20);
    // A part that has no copyright in it is none.
    for (const part of notices.split(`\n${'-'.repeat(80)}\n`).slice(1)) expect(part).toMatch(/copyright/i);
  });

  it('imports nothing that is not in it', () => {
    const compiled = packed.files.filter((path) => path.endsWith('.js'));
    expect(compiled.length).toBeGreaterThan(20);
    for (const path of packed.files.filter((name) => /\.(js|d\.ts)$/.test(name) && name.startsWith('dist/'))) {
      const text = readFileSync(join(root, path), 'utf8');
      for (const [, name] of text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["']([@a-z][\w./:@-]*)["']/g))
        expect(isBuiltin(name!) || ['portzero', 'cap'].includes(name!), `${path} imports ${name}`).toBe(true);
    }
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

/** npm itself, to be run by any Node. */
const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());

describe.each([{ version: process.versions.node, path: process.execPath, isThere: true }, ...GOOD_NODES])(
  'installed in an empty folder, by Node $version',
  ({ version, path: node, isThere }) => {
    const home = join(scratch, `user of ${version}`);
    const env = {
      ...process.env,
      HOME: home,
      // Whoever runs the tests may have asked npm for silence.
      npm_config_loglevel: 'notice',
      npm_config_cache: join(home, 'npm-cache'),
      PATH: `${dirname(node)}:${process.env.PATH}`,
    };
    const runNpm = (cwd: string, ...args: string[]) =>
      spawnSync(node, [npm, ...args], { cwd, env, encoding: 'utf8', timeout: 600_000 });
    beforeEach(({ skip }) => {
      if (!isThere) skip(`skipped: no Node ${version} (bin/setup)`);
      mkdirSync(home, { recursive: true });
    });

    it('for all users is quiet, asks nobody, and runs the command', () => {
      const prefix = join(home, 'global');
      const { status, stdout, stderr } = runNpm(
        home,
        'install',
        '--global',
        '--offline',
        '--prefix',
        prefix,
        packed.path,
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^\n?added 1 package in \S+\n$/);
      const command = join(prefix, 'bin/portzero');
      expect(execFileSync(node, [command, '--version'], { env, encoding: 'utf8' }).trim()).toBe(VERSION);
      const report = spawnSync(command, ['-q', '-f', 'json', capture], { cwd: home, env, encoding: 'utf8' });
      expect({ status: report.status, stderr: report.stderr }).toEqual({ status: 1, stderr: '' });
      expect(JSON.parse(report.stdout).summary.portZero).toMatchObject({ total: 1, refused: 1 });
      // npm puts it where man looks for it.
      expect(readFileSync(join(prefix, 'share/man/man1/portzero.1'), 'utf8')).toMatch(/^\.TH PORTZERO 1 /);
      const rules = spawnSync(command, ['rules'], { cwd: home, env, encoding: 'utf8' });
      expect(rules.stdout).toContain('syn-to-port-zero');
    });

    it('compiles and runs the example of the library, with its types', () => {
      const folder = join(home, 'project');
      mkdirSync(folder);
      writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
      expect(runNpm(folder, 'install', '--offline', '--no-audit', '--no-fund', packed.path)).toMatchObject({
        status: 0,
        stderr: '',
      });
      copyFileSync(join(root, 'examples/library.ts'), join(folder, 'library.ts'));
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
      const types = ['--typeRoots', join(root, 'node_modules/@types')];
      execFileSync(process.execPath, [tsc, ...options, ...types, 'library.ts'], { cwd: folder, encoding: 'utf8' });
      const output = execFileSync(node, ['library.js', capture], { cwd: folder, encoding: 'utf8' });
      expect(output).toMatch(/asked 10\.0\.0\.2 port 0: refused \(closed, reset\)\n1 of 1 exchanges touched port 0\n$/);
    });
  },
);
