import { existsSync } from 'node:fs';

/**
 * A file that the package ships beside its code, as in "schema/portzero-report.schema.json". The code may be in src/, in the
 * modules of dist/ or in its bundle, which are not equally deep: the package's own folder is the one with package.json.
 */
export function shippedFile(path: string): URL {
  let folder = new URL('..', import.meta.url);
  while (!existsSync(new URL('package.json', folder)) && folder.pathname !== '/') folder = new URL('..', folder);
  return new URL(path, folder);
}
