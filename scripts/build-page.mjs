/**
 * Bundles src/report/html/client/main.ts, which runs in the reader's browser, and the plotting library with its licence
 * into src/report/html/page-script.ts, which is not kept in git: as text, so that it is found in a bundle and under test alike.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { packageFolderOf } from './notices.mjs';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const readPackaged = (path) => readFileSync(require.resolve(path), 'utf8');

/** Gives the folders of the packages that are in it. */
export async function buildPage() {
  const bundled = await rolldown({ input: join(root, 'src/report/html/client/main.ts'), platform: 'browser' });
  const { output } = await bundled.generate({ format: 'iife', comments: false, minify: true });
  const script = `/*!\n${readPackaged('uplot/LICENSE')}\n*/\n${output[0].code}`;
  // Nothing in it may end the element that it stands in.
  const text = JSON.stringify(script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'));
  const style = JSON.stringify(readPackaged('uplot/dist/uPlot.min.css'));
  const made = join(root, 'src/report/html/page-script.ts');
  const source = `/** Made by scripts/build-page.mjs from client/: the script of the page, and the style of its plots. */\nexport const PAGE_SCRIPT: string = ${text};\nexport const PLOT_STYLE: string = ${style};\n`;
  // Aside, so that nobody ever reads half of it.
  writeFileSync(`${made}.${process.pid}`, source);
  renameSync(`${made}.${process.pid}`, made);
  const ids = output.flatMap((chunk) => Object.keys(chunk.modules ?? {}));
  return [...new Set([...ids.flatMap((id) => packageFolderOf(id) ?? []), dirname(require.resolve('uplot/LICENSE'))])];
}
