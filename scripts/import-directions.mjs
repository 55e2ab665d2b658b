/**
 * Who may import whom in src/: the one table. `npm run directions` writes it into biome.json, where the linter reads it;
 * test/architecture.test.ts holds both together and plants violations.
 *
 * The data goes one way: capture and decode know nothing of each other, track makes exchanges of packets, rules make findings of
 * exchanges, report makes words of both, analysis joins them, and cli is a thin skin.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of src/ → the folders that it may import. */
export const MAY_IMPORT = {
  core: [],
  capture: [],
  // What was kept of a capture, and how many of those become one again.
  shard: ['capture'],
  decode: [],
  // The core keeps exchanges on ordinary ports, which the tracker takes over when they go an unusual way.
  prefilter: ['core', 'capture', 'decode', 'track'],
  // Rows of exchanges lie as the core has them.
  track: ['core', 'decode'],
  words: ['decode', 'track'],
  engine: ['decode', 'track', 'words'],
  rules: ['decode', 'track', 'words', 'engine'],
  report: ['capture', 'decode', 'track', 'words', 'engine', 'rules'],
  config: ['decode', 'track', 'words', 'engine', 'rules'],
  atlas: ['decode', 'track', 'words', 'engine', 'rules', 'report'],
  analysis: [
    'core',
    'capture',
    'shard',
    'prefilter',
    'decode',
    'track',
    'words',
    'engine',
    'rules',
    'report',
    'config',
    'atlas',
  ],
  // Captures that workers elsewhere read, and what they have stored of them.
  sweep: ['capture', 'shard', 'decode', 'track', 'words', 'analysis'],
  // What sensors saw, on its way to the store, and what is asked of it there.
  fleet: ['sweep', 'decode', 'track', 'words', 'engine', 'rules', 'report', 'config'],
  probe: ['core', 'capture', 'decode', 'track', 'words', 'engine', 'rules', 'report', 'config', 'atlas', 'analysis'],
  cli: [
    'core',
    'capture',
    'shard',
    'decode',
    'track',
    'words',
    'engine',
    'rules',
    'report',
    'config',
    'atlas',
    'analysis',
    'sweep',
    'fleet',
    'probe',
  ],
};

/** Folders that import neither Node's modules nor packages: they compute, and nothing else. */
export const PURE = ['core', 'decode', 'track', 'words', 'engine', 'rules'];

const FOLDERS = Object.keys(MAY_IMPORT);

/** The overrides of biome.json. Files of src/ itself may import all but cli. */
export function lintOverrides() {
  const override = (includes, group, message) => ({
    includes: [includes],
    linter: {
      rules: {
        style: { noRestrictedImports: { level: 'error', options: { patterns: [{ group, message }] } } },
      },
    },
  });
  return [
    override('src/*.ts', ['**/cli/**'], 'Nothing imports cli.'),
    ...FOLDERS.map((folder) => {
      const forbidden = FOLDERS.filter((other) => other !== folder && !MAY_IMPORT[folder].includes(other));
      const isPure = PURE.includes(folder);
      const allowed = MAY_IMPORT[folder].join(', ') || 'no other folder';
      return override(
        `src/${folder}/**`,
        // In a pure folder what does not begin with a dot is a package; the last pattern that fits decides.
        [...(isPure ? ['**', '!./**', '!../**'] : []), ...forbidden.map((other) => `**/${other}/**`)],
        `${folder} may import: ${allowed}${isPure ? '; no package and nothing of node:' : ''}.`,
      );
    }),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(import.meta.dirname, '../biome.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, `${JSON.stringify({ ...config, overrides: lintOverrides() }, null, 2)}\n`);
}
