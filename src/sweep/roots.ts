import { realpathSync } from 'node:fs';
import { join, normalize, resolve, sep } from 'node:path';
import { isObjectName } from '../capture/s3/name.ts';
import { ServiceError } from './service-error.ts';

/** What a task's path begins with, and what that is here. */
interface Root {
  readonly from: string;
  readonly to: string;
}

/** `--path FROM=TO`, or `--path DIR` for one that is the same here, as s3://BUCKET/PREFIX is. Throws ServiceError. */
export function parseRoots(texts: readonly string[]): Root[] {
  return texts.map((text) => {
    if (isObjectName(text)) return { from: text, to: text };
    const at = text.indexOf('=');
    const [from, to] = at < 0 ? [text, text] : [text.slice(0, at), text.slice(at + 1)];
    if (!from.startsWith('/') || to === '') throw new ServiceError(`--path ${text}: expected /FROM=TO or /FOLDER`);
    try {
      return { from: normalize(`${from}/`), to: realpathSync(resolve(to)) };
    } catch (error) {
      throw new ServiceError(`--path ${text}: ${(error as Error).message}`);
    }
  });
}

/**
 * Where a task's file is here; null where it is below none of the roots, also by a link that leads out of them. Without roots it is
 * where it says. Throws the errors of node:fs.
 */
export function placeOf(uri: string, roots: readonly Root[]): string | null {
  if (isObjectName(uri)) {
    const isBelow = (from: string) => uri === from || uri.startsWith(from.endsWith('/') ? from : `${from}/`);
    return roots.length === 0 || roots.some(({ from }) => isObjectName(from) && isBelow(from)) ? uri : null;
  }
  if (!uri.startsWith('/') || normalize(uri) !== uri) return null;
  if (roots.length === 0) return uri;
  // The longest says most.
  const [root] = roots.filter(({ from }) => uri.startsWith(from)).sort((a, b) => b.from.length - a.from.length);
  if (root === undefined) return null;
  const path = join(root.to, uri.slice(root.from.length));
  return realpathSync(path).startsWith(root.to.endsWith(sep) ? root.to : root.to + sep) ? path : null;
}
