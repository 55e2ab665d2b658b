import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The files of src/ itself that join the folders. */
const JOINS = ['analyze.ts', 'parallel.ts', 'worker.ts', 'evidence.ts'];

/** Who may import whom. Only those files, the probe that makes a run of its own, and cli join the folders. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  capture: [],
  wire: [],
  track: ['wire'],
  lane: ['capture', 'wire', 'track'],
  sift: ['capture', 'wire', 'lane'],
  rules: ['wire', 'track'],
  report: ['capture', 'wire', 'track', 'rules'],
  config: ['wire', 'track', 'rules'],
  probe: ['capture', 'wire', 'sift', 'lane', 'track', 'rules', 'report', 'config', ...JOINS],
  cli: ['capture', 'wire', 'sift', 'lane', 'track', 'rules', 'report', 'config', 'probe', ...JOINS],
};
const FOLDERS = Object.keys(MAY_IMPORT);

const house = mkdtempSync(join(tmpdir(), 'portzero-lint-'));
afterAll(() => rmSync(house, { recursive: true, force: true }));

/** The files that the linter, with our configuration, finds guilty of a forbidden import. */
function lintImports(): Set<string> {
  for (const name of ['biome.json', '.gitignore']) copyFileSync(join(root, name), join(house, name));
  let report: string;
  try {
    const biome = join(root, 'node_modules/.bin/biome');
    report = execFileSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], {
      cwd: house,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    report = (error as { stdout: string }).stdout;
  }
  const diagnostics = JSON.parse(report).diagnostics as { category: string; location: { path: string } }[];
  return new Set(
    diagnostics.filter((d) => d.category === 'lint/style/noRestrictedImports').map((d) => d.location.path),
  );
}

function plant(path: string, specifier: string): void {
  mkdirSync(join(house, path, '..'), { recursive: true });
  writeFileSync(join(house, path), `export { thing } from '${specifier}';\n`);
}

describe('import directions', () => {
  it('names every folder of src', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).sort()).toEqual([...FOLDERS].sort());
  });

  it('are linted: each planted violation is found, and nothing that is allowed', () => {
    const forbidden = new Set<string>();
    for (const from of FOLDERS) {
      for (const to of [...FOLDERS, ...JOINS]) {
        if (to === from) continue;
        const target = to.endsWith('.ts') ? to : `${to}/thing.ts`;
        // wire is flat: its files may import their neighbours only.
        for (const [path, up] of [
          [`src/${from}/to-${to}.ts`, '../'],
          [`src/${from}/deep/to-${to}.ts`, '../../'],
        ] as const) {
          plant(path.replace('.ts.ts', '.ts'), up + target);
          if (!MAY_IMPORT[from]!.includes(to)) forbidden.add(path.replace('.ts.ts', '.ts'));
        }
      }
      plant(`src/${from}/to-neighbour.ts`, './neighbour.ts');
    }
    for (const join of ['analyze', 'index', 'parallel']) {
      plant(`src/${join}-to-cli.ts`, './cli/thing.ts');
      forbidden.add(`src/${join}-to-cli.ts`);
      plant(`src/${join}-to-wire.ts`, './wire/thing.ts');
    }
    for (const pure of ['wire', 'track', 'rules']) {
      plant(`src/${pure}/to-node.ts`, 'node:fs');
      forbidden.add(`src/${pure}/to-node.ts`);
    }
    plant('src/wire/to-package.ts', 'yaml');
    forbidden.add('src/wire/to-package.ts');

    expect([...lintImports()].sort()).toEqual([...forbidden].sort());
  });
});
