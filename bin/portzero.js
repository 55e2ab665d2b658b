#!/usr/bin/env node
// ECMAScript 5 and CommonJS (package.json beside it), so that any Node ever made reads it and an old one prints a line, no source.
var version = process.versions.node.split('.');
var major = Number(version[0]);
if (major > 20 || (major === 20 && Number(version[1]) >= 19)) {
  require('./start.js');
} else {
  process.stderr.write('portzero needs Node 20.19 or later, this is '.concat(version.slice(0, 2).join('.'), '\n'));
  process.exitCode = 2;
}
