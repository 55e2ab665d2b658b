/**
 * Compiles src/core/assembly with AssemblyScript into src/core/program.ts, which is not kept in git: the program as text,
 * so that it is found in a bundle, in a worker and under test alike.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = join(import.meta.dirname, '..');

/** Rejects with what the compiler says. */
export async function buildCore() {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-core-'));
  const made = join(folder, 'core.wasm');
  try {
    const { error, stderr } = await asc.main([
      ...['src/core/assembly/index.ts', '--baseDir', root, '-o', made],
      ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--runtime', 'stub'],
      // core-skipper.ts makes the memory, as large as the table is to be.
      ...['--importMemory', '--initialMemory', '1'],
    ]);
    if (error !== null) throw new Error(`${error.message}\n${stderr}`);
    const text = readFileSync(made).toString('base64');
    const program = join(root, 'src/core/program.ts');
    const source = `/** Made by scripts/build-core.mjs from assembly/: WebAssembly in base64. */\nexport const PROGRAM: string =\n  '${text}';\n`;
    // Aside, so that nobody ever reads half of it.
    writeFileSync(`${program}.${process.pid}`, source);
    renameSync(`${program}.${process.pid}`, program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
