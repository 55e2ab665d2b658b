import { existsSync } from 'node:fs';

/**
 * A file that the package ships beside its code, as in "schema/portzero-report.schema.json". The code may be in src/, in the
 * modules of build/ or in its bundle, which are not equally deep: it is sought from there upwards.
 */
export function shippedFile(path: string): URL {
  let folder = new URL('..', import.meta.url);
  while (!existsSync(new URL(path, folder)) && folder.pathname !== '/') folder = new URL('..', folder);
  return new URL(path, folder);
}
