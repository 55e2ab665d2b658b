import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-start-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Built-in modules of Node, and files of ours, that a run over this capture loads. */
function loadedBy(...args: string[]): { builtIn: string[]; own: string[] } {
  const list = join(scratch, 'loaded.json');
  const preload = join(scratch, 'preload.cjs');
  writeFileSync(
    preload,
    `const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const builtIn = process.moduleLoadList.filter((name) => !before.has(name) && name.startsWith('NativeModule '));
  const own = Object.keys(require.cache).filter((path) => path !== __filename);
  require('node:fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify({ builtIn, own }));
});
`,
  );
  const out = openSync(join(scratch, 'out'), 'w');
  try {
    const command = ['--require', preload, join(root, 'bin/portzero.js'), ...args];
    execFileSync(process.execPath, command, { stdio: ['ignore', out, 'pipe'] });
  } finally {
    closeSync(out);
  }
  const { builtIn, own } = JSON.parse(readFileSync(list, 'utf8')) as { builtIn: string[]; own: string[] };
  return { builtIn: builtIn.map((name) => name.slice('NativeModule '.length)), own };
}

it('loads one file, and nothing of Node that takes long, for a small capture', () => {
  const { builtIn, own } = loadedBy(join(root, 'fixtures/nothing/netcat-openbsd.pcap'));
  const ofBundle = own.filter((path) => path.includes('/dist/')).map((path) => path.slice(path.lastIndexOf('/') + 1));
  // The runtime of the bundler and the entry are a few lines.
  expect(ofBundle.sort()).toEqual(['core.js', 'portzero.js', 'rolldown-runtime.js']);
  const slow =
    /^(?:crypto|internal\/crypto\/webcrypto|perf_hooks|worker_threads|zlib|https?|net|tty|readline|internal\/modules\/esm\/translators)$/;
  expect(builtIn.filter((name) => slow.test(name))).toEqual([]);
  // Streams, for standard output.
  expect(builtIn).toContain('stream');
});
