import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Other versions of Node: bin/setup installs them, where they are to be had (test/nodes/package.json). */
const home = join(import.meta.dirname, '../nodes');
const { dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};

export interface OtherNode {
  readonly version: string;
  readonly path: string;
  readonly isThere: boolean;
}

const ALL: readonly OtherNode[] = Object.entries(dependencies).map(([name, what]) => {
  const path = join(home, 'node_modules', name, 'bin/node');
  return { version: what.slice(what.lastIndexOf('@') + 1), path, isThere: existsSync(path) };
});

const majorOf = ({ version }: OtherNode) => Number(version.split('.')[0]);
/** Too old for the program. */
export const OLD_NODES = ALL.filter((node) => majorOf(node) < 20);
/** Those that it must run in, the oldest of them first. */
export const GOOD_NODES = ALL.filter((node) => majorOf(node) >= 20);
