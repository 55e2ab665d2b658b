// Keeps what V8 made of the code that each run loads, for the next run. Node does that by itself from 22 on (start.js).
const {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** Files that are kept at most, of some 500 kB each: of other versions of portzero, of Node, or of other machines that share a home. */
const MAX_FILES = 8;
/** What the build begins the file with, all of which is ASCII: a hash of what follows. */
const MARK = /^\/\/ ([0-9a-f]{16})\n/;

/**
 * Loads the module at `path`, which has no import() in it, which then is what `require` gives, with what is kept of it in `folder`, a folder that nobody else
 * may write to. What V8 refuses, because it is of another V8 or was started with other flags, is made anew.
 */
function requireKept(path, folder) {
  const code = readFileSync(path, 'latin1');
  const [, hash] = MARK.exec(code) ?? [];
  if (hash === undefined) return require(path);
  const kept = join(folder, `${basename(path, '.js')}-${hash}-${process.version}-${process.arch}.code`);
  let cachedData;
  try {
    cachedData = readFileSync(kept);
  } catch {
    // Not there yet.
  }
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${code}\n})`, {
    filename: path,
    cachedData,
  });
  const loaded = new module.constructor(path, module);
  loaded.filename = path;
  require.cache[path] = loaded;
  try {
    script.runInThisContext()(loaded.exports, (id) => loaded.require(id), loaded, path, dirname(path));
  } catch (error) {
    delete require.cache[path];
    throw error;
  }
  loaded.loaded = true;
  // At the end, when what this run needed has been compiled.
  if (cachedData === undefined || script.cachedDataRejected)
    process.once('exit', () => keep(script.createCachedData(), kept));
}

function keep(data, path) {
  const aside = `${path}.${process.pid}`;
  try {
    const descriptor = openSync(aside, 'wx', 0o600);
    try {
      // V8 trusts what it reads: it is whole on the disk before it has the name.
      for (let at = 0; at < data.length; ) at += writeSync(descriptor, data, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, path);
    removeOldest(dirname(path));
  } catch {
    // A full disk, or one not to be written: then it is compiled each time.
    try {
      unlinkSync(aside);
    } catch {
      // It never came to be.
    }
  }
}

function removeOldest(folder) {
  const files = readdirSync(folder)
    .filter((name) => /\.code(?:\.\d+)?$/.test(name))
    .map((name) => ({ path: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of files.slice(MAX_FILES)) unlinkSync(path);
}

module.exports = { requireKept };
