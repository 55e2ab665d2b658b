/**
 * npm run build: dist/ from src/.
 *
 * tsc writes every module and its types: the library, and what the command loads when it needs it. Then what every
 * `portzero FILE` needs is bundled into dist/bundle, because loading some eighty small modules takes longer than
 * analysing a small capture.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { buildCore } from './build-core.mjs';
import { buildPage } from './build-page.mjs';

const root = join(import.meta.dirname, '..');
/** With --lenient a type error does not stop the build: the tests are to run, and `npm run types` reports it. */
const isLenient = process.argv.includes('--lenient');

await buildCore();
await buildPage();

// Built aside, so that dist/ is whole at any time, and the old one when this fails.
const made = join(root, 'node_modules/.cache', `portzero-${process.pid}`);
mkdirSync(made, { recursive: true });
try {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', 'tsconfig.build.json', '--outDir', made, ...(isLenient ? ['--noEmitOnError', 'false'] : [])];
  const { status } = spawnSync(process.execPath, [tsc, ...options], {
    cwd: root,
    stdio: isLenient ? 'ignore' : 'inherit',
  });
  if (status === 0 || isLenient) {
    await bundle();
    // It runs in the page, where it is bundled already.
    rmSync(join(made, 'report/html/client'), { recursive: true, force: true });
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(made, join(root, 'dist'));
  } else process.exitCode = 1;
} finally {
  rmSync(made, { recursive: true, force: true });
}

/**
 * One chunk with all that is always needed, and chunks for what is loaded on demand. Left outside, and loaded from the
 * compiled modules: yargs with the commands that it serves.
 */
async function bundle() {
  const outside = /\/cli\/command-line\.js$/;
  const entries = {
    portzero: join(made, 'cli/main.js'),
    worker: join(made, 'analysis/worker.js'),
    'reader-thread': join(made, 'prefilter/reader-thread.js'),
  };
  /** What is always loaded: all that is reached without an import() on the way, from the command and its threads. */
  const atOnce = new Set();
  /** Of that, what the thread that reads a large file needs, and no more. */
  const reading = new Set();
  const bundled = await rolldown({
    input: entries,
    platform: 'node',
    external: /^(?!node:)[^./\0]/,
    // Reading a property does nothing but read it, so that of a built-in module only what is used is taken.
    treeshake: { propertyReadSideEffects: false },
    plugins: [
      {
        // An import of a built-in module reads all of its properties, some of which load further modules when read.
        name: 'built-in-modules',
        resolveId(id, _, { kind }) {
          if (!id.startsWith('node:')) return null;
          return kind === 'dynamic-import' ? { id, external: true } : `\0${id}`;
        },
        load(id) {
          if (!id.startsWith('\0node:')) return null;
          const name = id.slice(1);
          const builtIn = process.getBuiltinModule(name);
          const lines = Object.keys(builtIn)
            .filter((key) => /^[a-z]\w*$/i.test(key))
            .map((key) =>
              // Functions, which classes here are not, may load their module when they are first called.
              typeof builtIn[key] === 'function' && /^[a-z]/.test(key)
                ? `export const ${key} = (...args) => load().${key}(...args);`
                : `export const ${key} = /* @__PURE__ */ load().${key};`,
            );
          return `let loaded;\nconst load = () => (loaded ??= process.getBuiltinModule('${name}'));\n${lines.join('\n')}`;
        },
      },
      {
        name: 'leave-outside',
        resolveId(id, importer) {
          const path = importer === undefined || !id.startsWith('.') ? null : resolve(dirname(importer), id);
          return path !== null && outside.test(path) ? { id: path, external: 'relative' } : null;
        },
      },
      {
        name: 'chunks',
        buildEnd() {
          const reach = (id, found) => {
            if (found.has(id)) return;
            found.add(id);
            for (const next of this.getModuleInfo(id)?.importedIds ?? []) reach(next, found);
          };
          for (const entry of Object.values(entries)) reach(entry, atOnce);
          reach(entries['reader-thread'], reading);
          // What runs when it is loaded stands in the file of its name.
          for (const entry of Object.values(entries)) for (const found of [atOnce, reading]) found.delete(entry);
        },
      },
    ],
  });
  await bundled.write({
    dir: made,
    format: 'esm',
    comments: false,
    // A third less to parse at each start; names stay, for the traces of those who report a fault.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: 'bundle/[name].js',
    chunkFileNames: 'bundle/[name].js',
    codeSplitting: {
      groups: [
        { name: 'read', test: (id) => reading.has(id), priority: 1 },
        { name: 'core', test: (id) => atOnce.has(id) },
      ],
    },
  });
}
