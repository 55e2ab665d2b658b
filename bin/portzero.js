#!/usr/bin/env node
// Read by any Node that knows modules, so that an old one gets a line and not a syntax error: the program is newer than it.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 20 || (major === 20 && minor >= 19)) {
  import('../dist/bundle/portzero.js').then((portzero) => portzero.runProcess());
} else {
  process.stderr.write(`portzero needs Node 20.19 or later, this is ${major}.${minor}\n`);
  process.exitCode = 2;
}
