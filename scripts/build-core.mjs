/**
 * Compiles src/core/assembly with AssemblyScript into files of src/core that are not kept in git: program.ts, the program as text,
 * so that it is found in a bundle, in a worker and under test alike; derived.ts, the same program as JavaScript; and
 * exchange-layout.ts and answer-layout.ts, where the compiler has put the fields of the rows of the table, so that the tracker
 * finds them.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { deriveCore } from './derive-core.mjs';

const root = join(import.meta.dirname, '..');
/** Files of assembly/ and the class in each whose fields both sides read. */
const ROWS = {
  exchange: { name: 'Exchange' },
  'exchange-rest': { name: 'ExchangeRest', after: 'exchange' },
  'exchange-options': { name: 'ExchangeOptions' },
  answer: { name: 'Answer' },
  'answer-rest': { name: 'AnswerRest' },
  'answer-options': { name: 'AnswerOptions' },
};

/** Rejects with what the compiler says. */
export async function buildCore() {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-core-'));
  const made = join(folder, 'core.wasm');
  const layouts = new Map();
  /** Looks at the compiler's own notion of the classes. */
  class LayoutReader {
    afterCompile() {
      const { program } = /** @type {any} */ (this);
      const classes = new Map();
      for (const [file, { name, after }] of Object.entries(ROWS)) {
        const prototype = program.elementsByName.get(`src/core/assembly/${file}/${name}`);
        classes.set(file, program.resolver.resolveClass(prototype, null));
        layouts.set(file, layoutOf(classes.get(file), classes.get(after)?.nextMemoryOffset ?? 0));
      }
    }
  }
  try {
    const { error, stderr } = await asc.main(
      [
        ...['src/core/assembly/index.ts', '--baseDir', root, '-o', made],
        ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--runtime', 'stub'],
        // core-skipper.ts makes the memory, as large as the table is to be.
        ...['--importMemory', '--initialMemory', '1'],
      ],
      { transforms: [LayoutReader] },
    );
    if (error !== null) throw new Error(`${error.message}\n${stderr}`);
    const text = readFileSync(made).toString('base64');
    const head = '/** Made by scripts/build-core.mjs from assembly/';
    write('program.ts', `${head}: WebAssembly in base64. */\nexport const PROGRAM: string =\n  '${text}';\n`);
    const derived = deriveCore(made, join(root, 'src/core/derived.ts'), folder);
    if (derived !== null) write('derived.ts', derived);
    for (const [file, layout] of layouts) {
      const title = `${head}${file}.ts: where the fields of a row are, counted in their own size. */`;
      write(`${file}-layout.ts`, `${title}\n${layout}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(name, source) {
  const path = join(root, 'src/core', name);
  // Aside, so that nobody ever reads half of it.
  writeFileSync(`${path}.${process.pid}`, source);
  renameSync(`${path}.${process.pid}`, path);
}

/** A constant for each field of the class, of several words for the first. `first`: bytes that are numbered before them. */
function layoutOf(row, first) {
  const lines = [`export const ROW_WORDS = ${row.nextMemoryOffset / 4};`];
  for (const { name, instance } of row.members.values()) {
    if (!instance?.isField || /\d$/.test(name)) continue;
    const { memoryOffset, type } = instance;
    // Whole numbers of 64 bits are read as words.
    const size = type.isFloatValue ? 8 : 4;
    const constant = name.replace(/[A-Z]/g, '_$&').toUpperCase();
    lines.push(`export const ${constant} = ${(first + memoryOffset) / size};`);
  }
  return `${lines.join('\n')}\n`;
}
