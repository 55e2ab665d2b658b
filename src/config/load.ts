import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Rule } from '../engine/types.ts';
import { rules as ownRules } from '../rules/index.ts';
import { whyUnreadable } from '../unreadable.ts';
import { defaultConfig } from './defaults.ts';
import { ConfigError, type ConfigProblem } from './errors.ts';
import { findConfig, type PassedOver } from './find.ts';
import { decodeText } from './text.ts';
import { trustedUsers } from './trust.ts';
import type { Config } from './types.ts';
import type { Fault, KeyPath } from './validate.ts';

export interface LoadOptions {
  /** The file to read; by default the first one found in `cwd` or the nearest folder above it (see findConfig). */
  readonly path?: string | undefined;
  /**
   * Run the modules that a configuration names though nobody named the configuration, or though somebody else could have
   * changed them. They have all rights of this process.
   */
  readonly allowPlugins?: boolean | undefined;
  /** Told of a configuration that is there and was not taken. */
  readonly onPassedOver?: ((passedOver: PassedOver) => void) | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd: string;
  /** Rules that are known besides the ones that come with portzero and those of the file's plugins. */
  readonly rules?: readonly Rule[];
}

const UNASKED =
  'plugins are programs that run with all your rights, and this configuration was found, not named: --allow-plugins runs them, as does naming it with --config';

/**
 * Reads and checks the configuration; the defaults when there is no file. Throws ConfigError with every problem found.
 * A file is needed before zod and yaml are loaded, which take longer than a small capture.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { path, cwd, rules = [], allowPlugins = false, env = process.env } = options;
  const found = path === undefined ? findConfig(cwd, env) : { file: resolve(cwd, path), passedOver: null };
  if (found.passedOver !== null) options.onPassedOver?.(found.passedOver);
  const { file } = found;
  if (file === null) return defaultConfig(rules);
  let text: string;
  try {
    text = decodeText(readFileSync(file));
  } catch (error) {
    const message = whyUnreadable(error);
    throw new ConfigError(file, [{ path: '', line: null, column: null, message }], { cause: error });
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
  if (plugins.length > 0 && path === undefined && !allowPlugins) {
    throw new ConfigError(file, [locate({ path: ['plugins'], key: true, message: UNASKED })]);
  }
  const resolved = plugins.map((name: string) => resolvePlugin(name, file));
  const faults: ConfigProblem[] = [];
  const brought = await loadPlugins({ plugins: resolved, path: file }, allowPlugins ? null : trustedUsers(env)).catch(
    (error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
      for (const { path: at, message } of error.problems) {
        const keys: KeyPath = ['plugins', Number(/\d+/.exec(at)?.[0] ?? 0)];
        faults.push(locate({ path: keys, message }));
      }
      return { rules: [] };
    },
  );
  if (faults.length > 0) throw new ConfigError(file, faults);

  const result = validateConfig(parsed.value ?? {}, [...ownRules, ...rules, ...brought.rules]);
  if ('faults' in result) {
    const problems = result.faults.map(locate);
    throw new ConfigError(
      file,
      problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    );
  }
  // Whoever looks for what broke looks here, not into a capture.
  const shown = showFile(file, cwd);
  const expect = result.config.expect.map((expectation, index) => {
    const { line } = parsed.place(['expect', index], false);
    return line === null ? expectation : { ...expectation, place: { file: shown, line } };
  });
  const { baseline } = result.config;
  const known = baseline === null ? null : resolve(dirname(file), baseline);
  return { ...result.config, expect, baseline: known, plugins: resolved, path: file };
}

/** As annotations of a CI server name files: from the working directory, where it lies in there. */
export function showFile(file: string, cwd: string): string {
  const from = relative(cwd, file);
  return from.startsWith('..') || isAbsolute(from) ? file : from.split(sep).join('/');
}

function keyText(path: KeyPath): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
}
