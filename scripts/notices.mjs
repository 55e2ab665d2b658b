/**
 * The notices of what is bundled: its licences ask that their text goes with every copy. Which packages those are is read
 * off the bundles, so that none is forgotten.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Licences that allow to hand a package on inside of ours, with its notice. Any other stops the build. */
const ALLOWED = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']);

/** The folder of the package that a module is of; null for our own. `id`: an absolute path. */
export function packageFolderOf(id) {
  const found = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/.][^\\/]*)[\\/]/.exec(id.replace(/^\0/, ''));
  return found === null ? null : found[1].replaceAll('/', sep);
}

/** The whole text. `folders`: of packages, in any order, also more than once. Throws where one may not be bundled. */
export function noticesOf(folders) {
  const packages = [...new Set(folders)].map(readPackage);
  packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts = packages.map(({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, '', ...texts].join('\n'),
  );
  const head =
    'portzero holds code of the packages below, under the licences that stand with each. Its own licence is in LICENSE.';
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function readPackage(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!ALLOWED.has(license)) throw new Error(`${name} ${version} may not be bundled: its licence is ${license}`);
  const files = readdirSync(folder).filter((file) =>
    /^(licen[cs]e|notice|copying)(-[\w.-]+)?(\.(md|txt))?$/i.test(file),
  );
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (!files.some((file) => !/^notice/i.test(file))) throw new Error(`${name} ${version} has no text of its licence`);
  return { name, version, license, texts };
}
