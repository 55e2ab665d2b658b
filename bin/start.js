// Starts the command, in a Node that is known to be new enough; read only by portzero.js.
const { mkdirSync, lstatSync } = require('node:fs');
const { homedir, userInfo } = require('node:os');
const { join, resolve } = require('node:path');

const BUNDLE = resolve(__dirname, '../dist/bundle');

/**
 * What was compiled is kept and found again at the next start. Not where Node would keep it, below /tmp: what lies there may have
 * been put by anybody, and is run. For root not by $HOME or $XDG_CACHE_HOME, which sudo may leave another's.
 */
function keepCompiled() {
  if (process.getuid === undefined || process.env.NODE_DISABLE_COMPILE_CACHE === '1') return;
  try {
    const user = process.getuid();
    const base =
      user === 0 ? join(userInfo().homedir, '.cache') : process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    const folder = join(base, 'portzero');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    if (uid !== user || (mode & 0o022) !== 0) return;
    if (process.version.startsWith('v20.')) require('./kept-code.js').requireKept(join(BUNDLE, 'core.js'), folder);
    else require('node:module').enableCompileCache(folder);
  } catch {
    // A home that is not there or not to be written: then it is compiled each time.
  }
}

keepCompiled();
require(join(BUNDLE, 'portzero.js')).runProcess();
