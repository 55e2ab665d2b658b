/**
 * Bundles src/report/html/client/main.ts, which runs in the reader's browser, into src/report/html/page-script.ts, which is not
 * kept in git: as text, so that it is found in a bundle and under test alike.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { packageFolderOf } from './notices.mjs';

const root = join(import.meta.dirname, '..');

/** Gives the folders of the packages that are in it. */
export async function buildPage() {
  const bundled = await rolldown({ input: join(root, 'src/report/html/client/main.ts'), platform: 'browser' });
  const { output } = await bundled.generate({ format: 'iife', comments: false, minify: true });
  const script = output[0].code;
  // Nothing in it may end the element that it stands in.
  const text = JSON.stringify(script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'));
  const made = join(root, 'src/report/html/page-script.ts');
  const source = `/** Made by scripts/build-page.mjs from client/: the script of the page. */\nexport const PAGE_SCRIPT: string = ${text};\n`;
  // Aside, so that nobody ever reads half of it.
  writeFileSync(`${made}.${process.pid}`, source);
  renameSync(`${made}.${process.pid}`, made);
  const ids = output.flatMap((chunk) => Object.keys(chunk.modules ?? {}));
  return [...new Set(ids.flatMap((id) => packageFolderOf(id) ?? []))];
}
