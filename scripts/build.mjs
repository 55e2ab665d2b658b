/**
 * npm run build: build/ and dist/ from src/.
 *
 * build/ has every module as tsc writes it, for tests and tools. dist/ is what ships: all of it bundled with the packages that
 * it runs with, because loading some hundred small modules takes longer than analysing a small capture, and so that whoever
 * installs it installs nothing else; beside that the types of the library, the manual page, the completions, and the notices of
 * what is bundled.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { buildCore } from './build-core.mjs';
import { buildPages } from './build-page.mjs';
import { noticesOf, packageFolderOf } from './notices.mjs';

const root = join(import.meta.dirname, '..');
/** With --lenient a type error does not stop the build: the tests are to run, and `npm run types` reports it. */
const isLenient = process.argv.includes('--lenient');

/** Optional packages that are imported; `cap` is asked for at run time. */
const OPTIONAL = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).peerDependencies);

/** What every bundle has in common. `entries`: name to path. */
const inputOf = (entries, ...plugins) => ({
  input: entries,
  platform: 'node',
  // Optional packages are had from whoever installs them.
  // yargs asks it where a configuration lies that extends another, which this command does not have.
  transform: { define: { 'import.meta.resolve': 'undefined' } },
  external: (id) => (!id.startsWith('node:') && isBuiltin(id)) || OPTIONAL.includes(id),
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
    ...plugins,
  ],
});
const OUTPUT = {
  // CommonJS, so that Node loads none of its loader for modules, and bin/start.js can keep what was compiled.
  format: 'cjs',
  comments: false,
  // A third less to parse at each start; names stay, for the traces of those who report a fault.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
};

await buildCore();
const ofPage = await buildPages();

// Built aside, so that build/ and dist/ are whole at any time, and the old ones when this fails.
const aside = join(root, 'node_modules/.cache', `portzero-${process.pid}`);
const modules = join(aside, 'build');
const shipped = join(aside, 'dist');
mkdirSync(shipped, { recursive: true });
try {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    '-p',
    'tsconfig.build.json',
    '--outDir',
    modules,
    ...(isLenient ? ['--noEmitOnError', 'false'] : []),
  ];
  const { status } = spawnSync(process.execPath, [tsc, ...options], {
    cwd: root,
    stdio: isLenient ? 'ignore' : 'inherit',
  });
  if (status === 0 || isLenient) {
    const bundled = await bundle();
    copyTypes();
    await writeHelp();
    // Of AssemblyScript, which compiles the core, the memory's functions are in the program, and of binaryen in what is derived from it.
    const compilers = ['assemblyscript', 'binaryen'].map((name) => join(root, 'node_modules', name));
    const folders = [...bundled, ...ofPage, ...compilers];
    writeFileSync(join(shipped, 'THIRD-PARTY-NOTICES.txt'), noticesOf(folders));
    for (const name of ['build', 'dist']) {
      rmSync(join(root, name), { recursive: true, force: true });
      renameSync(join(aside, name), join(root, name));
    }
  } else process.exitCode = 1;
} finally {
  rmSync(aside, { recursive: true, force: true });
}

/** The manual page and the completions, from what the commands declare. */
async function writeHelp() {
  const load = (path) => import(pathToFileURL(join(modules, path)).href);
  const [{ describeCommands }, { manualPage }, { COMPLETION_FILES, completionFor }, { VERSION }] = await Promise.all(
    ['cli/help/describe-commands.js', 'cli/help/manual.js', 'cli/help/completions.js', 'version.js'].map(load),
  );
  const commands = await describeCommands();
  // As Debian's and other builds ask for, so that whoever builds it again gets the same bytes.
  const epoch = process.env.SOURCE_DATE_EPOCH;
  const date = new Date(epoch === undefined ? Date.now() : Number(epoch) * 1000).toISOString().slice(0, 10);
  for (const folder of ['man', 'completions']) mkdirSync(join(shipped, folder));
  writeFileSync(join(shipped, 'man/portzero.1'), manualPage(commands, VERSION, date));
  for (const [shell, file] of Object.entries(COMPLETION_FILES))
    writeFileSync(join(shipped, 'completions', file), completionFor(shell, commands));
}

/** The declarations that the library's own lead to. */
function copyTypes() {
  const found = new Set();
  const reach = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const to = join(shipped, relative(modules, path));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(path, to);
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/(?:from |import\()'(\.[^']*)\.[jt]s'/g))
      reach(resolve(dirname(path), `${name}.d.ts`));
  };
  reach(join(modules, 'index.d.ts'));
}

/**
 * One chunk with all that the command always needs, and chunks for what is loaded on demand. Gives the folders of the packages
 * that are in them.
 */
async function bundle() {
  const entries = {
    portzero: join(modules, 'cli/main.js'),
    worker: join(modules, 'analysis/worker.js'),
    'reader-child': join(modules, 'sweep/reader-child.js'),
  };
  /** What is always loaded: all that is reached without an import() on the way, from the command and its threads. */
  const atOnce = new Set();
  const chunks = {
    name: 'chunks',
    buildEnd() {
      const reach = (id) => {
        if (atOnce.has(id)) return;
        atOnce.add(id);
        for (const next of this.getModuleInfo(id)?.importedIds ?? []) reach(next);
      };
      for (const entry of Object.values(entries)) reach(entry);
      // What runs when it is loaded stands in the file of its name; so does what only threads ask for.
      for (const id of [...Object.values(entries), '\0node:worker_threads']) atOnce.delete(id);
    },
  };
  const bundled = await rolldown(inputOf({ ...entries, library: join(modules, 'index.js') }, chunks));
  const { output } = await bundled.write({
    ...OUTPUT,
    dir: join(shipped, 'bundle'),
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'core', test: (id) => atOnce.has(id) }] },
  });
  markKept(join(shipped, 'bundle/core.js'));
  // The package's other files are modules, and so is the library for who imports it.
  writeFileSync(join(shipped, 'bundle/package.json'), '{ "type": "commonjs" }\n');
  const { exports: names } = output.find(({ name }) => name === 'library');
  writeFileSync(
    join(shipped, 'index.js'),
    `import library from './bundle/library.js';\nexport const { ${names.join(', ')} } = library;\n`,
  );
  // Whoever may capture runs no more than this takes, and the thread that reads a large file waits for no more.
  const ofAlone = await Promise.all(
    ['capture/live/cap-child', 'prefilter/reader-thread'].map(async (path) => {
      const alone = await rolldown(inputOf({ [basename(path)]: join(modules, `${path}.js`) }));
      return (await alone.write({ ...OUTPUT, dir: join(shipped, 'bundle'), codeSplitting: false })).output;
    }),
  );
  const ids = [...output, ...ofAlone.flat()].flatMap((chunk) => Object.keys(chunk.modules ?? {}));
  return ids.flatMap((id) => packageFolderOf(id) ?? []);
}

/**
 * Begins a file with what stands for its content, by which bin/kept-code.js knows it again, and has ASCII only in it, which takes
 * half the memory and no decoding: outside of strings and patterns the code has nothing else.
 */
function markKept(path) {
  const code = readFileSync(path, 'utf8').replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (/[^.\w]import\(/.test(code)) throw new Error(`${path} has an import(), which bin/kept-code.js cannot load`);
  writeFileSync(path, `// ${createHash('sha256').update(code).digest('hex').slice(0, 16)}\n${code}`);
}
