/**
 * npm run home -- OWNER: where portzero lives on GitHub. The one place that says it is `repository` in package.json; whatever
 * cannot read that (workflows to be copied, prose) is written anew from it by this, and held to it by test/package.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..');
const MENTION = /(?<=github:|github\.com\/|ghcr\.io\/|uses: )[\w.-]+(?=\/portzero\b)/g;
const NO_TEXT = /\.(pcap|pcapng|cap|gz|zst|png|wasm|bin|snoop)$/;

/** Every owner that a text of the repository names, by file. */
export function mentions() {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const found = new Map();
  for (const file of files
    .split('\0')
    .filter((name) => name !== '' && !NO_TEXT.test(name) && existsSync(join(root, name)))) {
    const owners = readFileSync(join(root, file), 'utf8').match(MENTION);
    if (owners !== null) found.set(file, owners);
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , owner = ''] = process.argv;
  if (!/^[\w.-]+$/.test(owner)) throw new Error('npm run home -- OWNER');
  for (const file of mentions().keys()) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(MENTION, owner));
  }
}
