import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lintOverrides, MAY_IMPORT, PURE } from '../scripts/import-directions.mjs';

const root = join(import.meta.dirname, '..');
const folders = Object.keys(MAY_IMPORT);

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

/** Relative imports of the TypeScript below src/: file, and what it imports, as paths below src/. */
function* imports(): Iterable<[from: string, to: string]> {
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.startsWith('core/program')) continue;
    const text = readFileSync(join(root, 'src', name), 'utf8');
    for (const [, specifier] of text.matchAll(/\bfrom '(\.[^']+)'/g)) yield [name, join(dirname(name), specifier!)];
  }
}

describe('import directions', () => {
  it('name every folder of src', () => {
    const entries = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(entries.map((entry) => entry.name).sort()).toEqual([...folders].sort());
  });

  it('stand in the configuration of the linter as in the table (npm run directions)', () => {
    expect(JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')).overrides).toEqual(lintOverrides());
  });

  it('stand in docs/architecture.md as in the table', () => {
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const quoted = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
    for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
      expect(page).toContain(`\n| \`${folder}\` | ${quoted(allowed) || 'no other folder'} |\n`);
    }
    expect(page).toContain(
      `${quoted(PURE.slice(0, 2))},\n${quoted(PURE.slice(2, -1))} and ${quoted(PURE.slice(-1))} import neither`,
    );
  });

  it('are linted: each planted violation is found, and nothing that is allowed', () => {
    const forbidden = new Set<string>();
    for (const from of folders) {
      for (const to of folders) {
        if (to === from) continue;
        for (const [path, up] of [
          [`src/${from}/to-${to}.ts`, '../'],
          [`src/${from}/deep/to-${to}.ts`, '../../'],
          [`src/${from}/deep/er/to-${to}.ts`, '../../../'],
        ] as const) {
          plant(path, `${up}${to}/thing.ts`);
          if (!MAY_IMPORT[from]!.includes(to)) forbidden.add(path);
        }
      }
      plant(`src/${from}/to-neighbour.ts`, './neighbour.ts');
      plant(`src/${from}/to-room.ts`, './room/thing.ts');
      plant(`src/${from}/room/to-hall.ts`, '../hall.ts');
      for (const [name, specifier] of [
        ['node', 'node:fs'],
        ['package', 'yaml'],
      ] as const) {
        plant(`src/${from}/to-${name}.ts`, specifier);
        if (PURE.includes(from)) forbidden.add(`src/${from}/to-${name}.ts`);
      }
    }
    plant('src/index-to-cli.ts', './cli/thing.ts');
    forbidden.add('src/index-to-cli.ts');
    plant('src/index-to-decode.ts', './decode/thing.ts');

    expect([...lintImports()].sort()).toEqual([...forbidden].sort());
  });

  it('make no circle between folders, nor a file that is imported and is not there', () => {
    const known = new Set(readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }));
    for (const [from, to] of imports())
      if (!from.includes('assembly/')) expect(known.has(to), `${from} imports ${to}`).toBe(true);
    // The table itself: whoever may be imported may not import back, over whatever way.
    const reach = (folder: string, seen = new Set<string>()): Set<string> => {
      for (const next of MAY_IMPORT[folder] ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        reach(next, seen);
      }
      return seen;
    };
    for (const folder of folders) expect(reach(folder).has(folder), folder).toBe(false);
  });
});
