/**
 * The core as JavaScript, for where there is no WebAssembly (`node --jitless`, policies that forbid it): derived from the program that
 * the compiler made, as text, by binaryen's wasm2js.
 *
 * wasm2js takes words to lie at multiples of their length, since typed arrays have no others, and the core reads them out of
 * packets, where they lie anywhere: so what reads and writes words calls functions, which use a DataView.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const IMPORTS = [
  '(import "env" "load16" (func $load16 (param i32) (result i32)))',
  '(import "env" "load32" (func $load32 (param i32) (result i32)))',
  '(import "env" "store16" (func $store16 (param i32 i32)))',
  '(import "env" "store32" (func $store32 (param i32 i32)))',
];

/**
 * The source of src/core/derived.ts; null where `made`, the file as it is, was derived from the same. Throws what the tools say.
 * @param {string} program a file of WebAssembly @param {string} made @param {string} folder for what is in between
 */
export function deriveCore(program, made, folder) {
  const recipe = createHash('sha256')
    .update(readFileSync(program))
    .update(readFileSync(import.meta.filename))
    .digest('hex');
  const head = `// @ts-nocheck\n/** Made by scripts/derive-core.mjs from the program (${recipe}). */\n`;
  if (existsSync(made) && readFileSync(made, 'utf8').startsWith(head)) return null;
  const paths = { text: join(folder, 'core.wat'), from: join(folder, 'derived.wat'), to: join(folder, 'derived.js') };
  run('wasm-dis', '--all-features', program, '-o', paths.text);
  // What does not fit into an integer becomes some integer, as the compiler's own conversion makes it; none such is used.
  const text = callForWords(readFileSync(paths.text, 'utf8')).replaceAll('.trunc_sat_f64_u', '.trunc_f64_u');
  const [left] = /i32\.(?:load|store)(?!8)\w*|i64\.(?:load|store)(?:8|16|32)\w*/.exec(text) ?? [];
  if (left !== undefined) throw new Error(`${left} would be at multiples of its length only`);
  writeFileSync(
    paths.from,
    text.replace('(import ', () => `${IMPORTS.join('\n')}\n(import `),
  );
  run('wasm2js', '--all-features', '-O2', paths.from, '-o', paths.to);
  const lines = readFileSync(paths.to, 'utf8');
  // Behind the function it makes one instance with a memory of its own; and the imports are given instead.
  const from = lines.indexOf('var bufferView');
  const to = lines.indexOf('var memasmFunc');
  if (from < 0 || to < from) throw new Error('wasm2js writes other code than it used to');
  return `${head}export function instantiate(imports) {\n${lines.slice(from, to)}\nreturn asmFunc(imports);\n}\n`;
}

function run(tool, ...words) {
  const path = join(root, 'node_modules/binaryen/bin', tool);
  // wasm2js that fails writes the whole program to standard output.
  const stdio = /** @type {const} */ (['ignore', 'ignore', 'pipe']);
  const { status, stderr } = spawnSync(process.execPath, [path, ...words], { encoding: 'utf8', stdio });
  if (status !== 0) throw new Error(`${tool}: ${stderr.slice(0, 2000)}`);
}

/** The same text, where reading and writing of words in memory are calls. Those of 64 bits, which are rare, go byte by byte. */
function callForWords(text) {
  const access = /\((i32|i64)\.(load|store)(16|32)?(?:_u)?(?: offset=(\d+))?(?: align=\d+)?(?=\s)/g;
  let made = '';
  let from = 0;
  for (let found = access.exec(text); found !== null; found = access.exec(text)) {
    const [, type, what, length = type.slice(1), offset = '0'] = found;
    const [address, ...value] = operandsOf(text, access.lastIndex).map(callForWords);
    made += text.slice(from, found.index);
    from = endOf(text, found.index);
    access.lastIndex = from;
    const at = offset === '0' ? address : `(i32.add ${address} (i32.const ${offset}))`;
    const isLong = type === 'i64';
    if (length === '64') made += `(i64.${what} align=1 ${[at, ...value].join(' ')})`;
    else if (what === 'load')
      made += isLong ? `(i64.extend_i32_u (call $load${length} ${at}))` : `(call $load${length} ${at})`;
    else made += `(call $store${length} ${at} ${isLong ? `(i32.wrap_i64 ${value})` : value})`;
  }
  return made + text.slice(from);
}

function operandsOf(text, after) {
  const operands = [];
  for (let at = skipSpace(text, after); text[at] === '('; ) {
    const end = endOf(text, at);
    operands.push(text.slice(at, end));
    at = skipSpace(text, end);
  }
  return operands;
}

function skipSpace(text, from) {
  let at = from;
  while (/\s/.test(text[at])) at++;
  return at;
}

/** Behind the parenthesis that closes the one at `from`. */
function endOf(text, from) {
  let depth = 0;
  for (let at = from; ; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
}
