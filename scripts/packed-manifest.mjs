/**
 * The package.json that ships: `npm pack` has it in the tarball, since it runs this with `write` before and with `restore` after.
 *
 * Left out is what is only for the work on portzero: scripts (npm warns of `prepare` at every installation), packages for
 * development, which are bundled as far as they are needed. `cap` is compiled where it is installed, so whoever wants it says so.
 * A `npm pack` that was killed leaves it behind: `node scripts/packed-manifest.mjs restore`. Pages that ship are treated the same way: what they
 * link to and does not ship gets its address in the repository, at the tag of this version.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..');
const kept = join(root, 'node_modules/.cache/portzero-packed');

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

/** Whether a file of the repository ships; npm adds the README and the licence. */
function ships(files, path) {
  return ['README.md', 'LICENSE', 'package.json', ...files].some((entry) => {
    const [folder, end] = entry.split('*');
    if (end === undefined) return path === entry || path.startsWith(`${entry}/`);
    return path.startsWith(folder) && path.endsWith(end) && !path.slice(folder.length).includes('/');
  });
}

/** A page as it ships. `page`: its path in the repository. */
export function packedPage(manifest, page, text) {
  const [, home] = /^github:(.+)$/.exec(manifest.repository);
  return text.replace(/\]\(([^):#\s]+)(#[^)\s]*)?\)/g, (link, target, anchor = '') => {
    const path = posix.join(posix.dirname(page), target);
    if (ships(manifest.files, path)) return link;
    const kind = /\.(?:png|svg)$/.test(path) ? 'raw' : path.endsWith('/') ? 'tree' : 'blob';
    return `](https://github.com/${home}/${kind}/v${manifest.version}/${path}${anchor})`;
  });
}

/** The pages that ship, in this folder. */
export function packedPages(folder) {
  return ['.', 'docs', 'atlas', 'examples'].flatMap((each) =>
    existsSync(join(folder, each))
      ? readdirSync(join(folder, each))
          .map((name) => posix.join(each, name))
          .filter((page) => page.endsWith('.md') && page !== 'CONTRIBUTING.md')
      : [],
  );
}

export function restore() {
  for (const page of ['package.json', ...packedPages(root)])
    if (existsSync(join(kept, page))) renameSync(join(kept, page), join(root, page));
}

export function write() {
  restore();
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const put = (page, change) => {
    const text = readFileSync(join(root, page), 'utf8');
    const packed = change(text);
    if (packed === text) return;
    mkdirSync(dirname(join(kept, page)), { recursive: true });
    writeFileSync(join(kept, page), text);
    writeFileSync(join(root, page), packed);
  };
  for (const page of packedPages(root)) put(page, (text) => packedPage(manifest, page, text));
  put('package.json', () => `${JSON.stringify(packedManifest(manifest), null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ({ write, restore })[process.argv[2]]();
