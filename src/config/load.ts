import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { rules as ownRules } from '../rules/index.ts';
import type { Rule } from '../rules/types.ts';
import { defaultConfig } from './defaults.ts';
import { ConfigError, type ConfigProblem } from './errors.ts';
import type { Config } from './types.ts';
import type { Fault, KeyPath } from './validate.ts';

/** Looked for in this order, though only one of them may be in a folder. */
export const CONFIG_NAMES = ['portzero.config.yaml', 'portzero.config.yml', 'portzero.config.json'] as const;

export interface LoadOptions {
  /** The file to read; by default the first one found in `cwd` or the nearest folder above it. */
  readonly path?: string | undefined;
  readonly cwd: string;
  /** Rules that are known besides the ones that come with portzero and those of the file's plugins. */
  readonly rules?: readonly Rule[];
}

/**
 * Reads and checks the configuration; the defaults when there is no file. Throws ConfigError with every problem found.
 * A file is needed before zod and yaml are loaded, which take longer than a small capture.
 */
export async function loadConfig({ path, cwd, rules = [] }: LoadOptions): Promise<Config> {
  const file = path === undefined ? findConfig(cwd) : resolve(cwd, path);
  if (file === null) return defaultConfig(rules);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a directory' : message;
    throw new ConfigError(file, [{ path: '', line: null, column: null, message: why }], { cause: error });
  }
  const [{ parseConfigText }, { validateConfig }, { loadPlugins, resolvePlugin }] = await Promise.all([
    import('./parse.ts'),
    import('./validate.ts'),
    import('./plugins.ts'),
  ]);
  const parsed = parseConfigText(text, file);
  const locate = ({ path: keys, message, key = false }: Fault): ConfigProblem => ({
    path: keyText(keys),
    ...parsed.place(keys, key),
    message,
  });

  // Plugins bring rules, so they are loaded before the rest can be judged; what is no list of texts is a fault below.
  const named = (parsed.value as { plugins?: unknown } | null)?.plugins;
  const plugins = Array.isArray(named) ? named.filter((name) => typeof name === 'string' && name !== '') : [];
  const resolved = plugins.map((name: string) => resolvePlugin(name, file));
  const faults: ConfigProblem[] = [];
  const brought = await loadPlugins({ plugins: resolved, path: file }).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path: at, message } of error.problems) {
      const keys: KeyPath = ['plugins', Number(/\d+/.exec(at)?.[0] ?? 0)];
      faults.push(locate({ path: keys, message }));
    }
    return { rules: [] };
  });
  if (faults.length > 0) throw new ConfigError(file, faults);

  const result = validateConfig(parsed.value ?? {}, [...ownRules, ...rules, ...brought.rules]);
  if ('faults' in result) {
    const problems = result.faults.map(locate);
    throw new ConfigError(
      file,
      problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    );
  }
  return { ...result.config, plugins: resolved, path: file };
}

/** The configuration file that holds in a folder: in it or in the nearest one above. Throws ConfigError for two at once. */
export function findConfig(cwd: string): string | null {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = CONFIG_NAMES.map((name) => join(folder, name)).filter((file) => existsSync(file));
    if (found.length > 1) {
      const message = `there is also ${found.slice(1).join(' and ')}; keep one, or choose with --config`;
      throw new ConfigError(found[0]!, [{ path: '', line: null, column: null, message }]);
    }
    if (found.length === 1) return found[0]!;
    if (folder === dirname(folder)) return null;
  }
}

function keyText(path: KeyPath): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
}
