import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedManifest, packedPage, packedPages } from '../../scripts/packed-manifest.mjs';

const root = join(import.meta.dirname, '../..');

export interface Packed {
  readonly path: string;
  readonly files: string[];
  readonly bytes: number;
  readonly manifest: Record<string, unknown>;
}

/** What `npm pack` makes, in this folder: what prepack does, without a build, which the set-up of the tests has just done. */
export function pack(folder: string): Packed {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const source = join(folder, 'source');
  const folders = (manifest.files as string[]).map((path) => path.split('/')[0]!);
  for (const path of [...folders, 'README.md', 'LICENSE'])
    cpSync(join(root, path), join(source, path), { recursive: true });
  for (const page of packedPages(source)) {
    const path = join(source, page);
    writeFileSync(path, packedPage(manifest, page, readFileSync(path, 'utf8')));
  }
  writeFileSync(join(source, 'package.json'), JSON.stringify(packedManifest(manifest)));
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: source,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files, unpackedSize }] = JSON.parse(output) as [
    { filename: string; files: { path: string }[]; unpackedSize: number },
  ];
  return {
    path: join(folder, filename),
    files: files.map((file) => file.path),
    bytes: unpackedSize,
    manifest: packedManifest(manifest),
  };
}
