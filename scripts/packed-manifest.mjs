/**
 * The package.json that ships: `npm pack` has it in the tarball, since it runs this with `write` before and with `restore` after.
 *
 * Left out is what is only for the work on portzero: scripts (npm warns of `prepare` at every installation), packages for
 * development, which are bundled as far as they are needed. `cap` is compiled where it is installed, so whoever wants it says so.
 * A `npm pack` that was killed leaves it behind: `node scripts/packed-manifest.mjs restore`.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..');
const path = join(root, 'package.json');
const kept = join(root, 'node_modules/.cache/portzero-package.json');

export function packedManifest(manifest) {
  const { scripts: _, devDependencies: _dev, allowScripts: _allow, optionalDependencies, ...shipped } = manifest;
  const optional = { ...optionalDependencies, ...manifest.peerDependencies };
  const [, home] = /^github:([\w.-]+\/[\w.-]+)$/.exec(manifest.repository);
  const address = `https://github.com/${home}`;
  return {
    ...shipped,
    man: ['./dist/man/portzero.1'],
    homepage: `${address}#readme`,
    bugs: { url: `${address}/issues` },
    repository: { type: 'git', url: `git+${address}.git` },
    peerDependencies: optional,
    peerDependenciesMeta: Object.fromEntries(Object.keys(optional).map((name) => [name, { optional: true }])),
  };
}

export function restore() {
  if (existsSync(kept)) renameSync(kept, path);
}

export function write() {
  restore();
  const text = readFileSync(path, 'utf8');
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, text);
  writeFileSync(path, `${JSON.stringify(packedManifest(JSON.parse(text)), null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ({ write, restore })[process.argv[2]]();
