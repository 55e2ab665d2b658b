/**
 * Bundles what runs in the reader's browser (src/report/html/client/main.ts and live.ts) into src/report/html/page-script.ts and
 * live-script.ts, which are not kept in git: as text, so that it is found in a bundle and under test alike.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { packageFolderOf } from './notices.mjs';

const root = join(import.meta.dirname, '..');

/** Scripts of pages, by what they are made from. */
const SCRIPTS = [
  { entry: 'main.ts', made: 'page-script.ts', name: 'PAGE_SCRIPT', what: 'the script of the page' },
  { entry: 'live.ts', made: 'live-script.ts', name: 'LIVE_SCRIPT', what: 'the script of the page of a live run' },
];

/** Gives the folders of the packages that are in them. */
export async function buildPages() {
  const folders = await Promise.all(SCRIPTS.map(buildScript));
  return [...new Set(folders.flat())];
}

async function buildScript({ entry, made, name, what }) {
  const bundled = await rolldown({ input: join(root, 'src/report/html/client', entry), platform: 'browser' });
  const { output } = await bundled.generate({ format: 'iife', comments: false, minify: true });
  const script = output[0].code;
  // Nothing in it may end the element that it stands in.
  const text = JSON.stringify(script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'));
  const path = join(root, 'src/report/html', made);
  const source = `/** Made by scripts/build-page.mjs from client/: ${what}. */\nexport const ${name}: string = ${text};\n`;
  // Aside, so that nobody ever reads half of it.
  writeFileSync(`${path}.${process.pid}`, source);
  renameSync(`${path}.${process.pid}`, path);
  const ids = output.flatMap((chunk) => Object.keys(chunk.modules ?? {}));
  return ids.flatMap((id) => packageFolderOf(id) ?? []);
}
