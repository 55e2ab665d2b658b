import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Rule } from '../engine/types.ts';
import { validateRule } from '../engine/validate.ts';
import { expectationMeta } from '../rules/expectation.ts';
import { rules as ownRules } from '../rules/index.ts';
import { defaultSetting } from './defaults.ts';
import { ConfigError } from './errors.ts';
import { distrust, type Trusted } from './trust.ts';
import type { Config } from './types.ts';

/**
 * A report format of the user's own. It has document (a DocumentReporter of the report layer, run at the end) or stream
 * (a StreamReporterFactory, fed as results come), which are checked to be functions and not called here.
 */
export interface PluginReporter {
  /** As in --format. */
  readonly name: string;
  /** Ending of files that --report writes with it, as in ".md". */
  readonly ending?: string;
  readonly document?: (result: never, context: never) => Iterable<string>;
  readonly stream?: (write: never, context: never) => object;
}

/** What the modules of a configuration bring. */
export interface Plugins {
  readonly rules: readonly Rule[];
  readonly reporters: readonly PluginReporter[];
}

/**
 * Imports the modules that the configuration names and takes their exports `rules` and `reporters` (named, or of the
 * default export). Modules are cached by Node, so calling it again costs little. `trusted`: whose packages may run, besides those
 * of whoever the configuration belongs to; null when all may. Throws ConfigError.
 */
export async function loadPlugins(
  config: Pick<Config, 'plugins' | 'path'>,
  trusted: Trusted | null = null,
): Promise<Plugins> {
  const rules: Rule[] = [];
  const reporters: PluginReporter[] = [];
  for (const [index, name] of config.plugins.entries()) {
    const blame = (error: unknown, what = '') => {
      const message = `${name}: ${what}${oneLine(error)}`;
      const problem = { path: `plugins[${index}]`, line: null, column: null, message };
      return new ConfigError(config.path, [problem], { cause: error });
    };
    try {
      const exported = await importFile(findModule(name, config.path, trusted));
      for (const value of listOf(exported, 'rules')) rules.push(guardRule(checkRule(value, rules), blame));
      for (const value of listOf(exported, 'reporters')) {
        reporters.push(guardReporter(checkReporter(value, reporters), blame));
      }
    } catch (error) {
      throw blame(error);
    }
  }
  return { rules, reporters };
}

/** What was thrown, whatever it is. */
function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
}

/** Makes of what a plugin threw an error that names its module: it is no fault of ours. */
type Blame = (error: unknown, what?: string) => ConfigError;

function guardRule(rule: Rule, blame: Blame): Rule {
  const match = rule.match as (...args: unknown[]) => unknown;
  return {
    ...rule,
    match: guard((...args) => match.apply(rule, args), blame, `rule ${rule.meta.id} failed: `),
  } as Rule;
}

function guardReporter(reporter: PluginReporter, blame: Blame): PluginReporter {
  const { name, ending, document, stream } = reporter;
  const what = `reporter ${name} failed: `;
  const known = { name, ...(ending === undefined ? {} : { ending }) };
  if (document !== undefined) {
    return {
      ...known,
      *document(result, context) {
        // A generator throws while it is read, not when it is called.
        try {
          const parts = document.call(reporter, result, context) as Iterable<string> | null | undefined;
          if (typeof parts?.[Symbol.iterator] !== 'function') {
            throw new TypeError('document() must return an iterable of texts');
          }
          yield* parts;
        } catch (error) {
          throw blame(error, what);
        }
      },
    };
  }
  const create = (write: never, context: never) => {
    const made = stream?.call(reporter, write, context) as Record<
      string,
      ((...args: unknown[]) => unknown) | undefined
    >;
    const method = (key: string) =>
      guard(
        (...args: unknown[]) => {
          const result = made[key]!(...args);
          if (!(result instanceof Promise)) return;
          // Nobody waits for it, so that its end, good or bad, would be lost.
          result.catch(() => {});
          throw new TypeError(`${key}() must not return a promise`);
        },
        blame,
        what,
      );
    for (const key of ['exchange', 'finding', 'end']) {
      if (typeof made?.[key] !== 'function') throw new TypeError(`stream() must return an object with ${key}()`);
    }
    return {
      exchange: method('exchange'),
      finding: method('finding'),
      end: method('end'),
      ...optional(made, ['answered', 'stats'], method),
      ...optional(made, ['head', 'foot'], (key) => guard(() => String(made[key]!()), blame, what)),
    };
  };
  return { ...known, stream: guard(create, blame, what) };
}

/** Those of the methods that an object has. */
function optional<T>(
  made: Record<string, unknown>,
  keys: readonly string[],
  make: (key: string) => T,
): Record<string, T> {
  return Object.fromEntries(keys.filter((key) => typeof made[key] === 'function').map((key) => [key, make(key)]));
}

function guard<A extends unknown[], T>(action: (...args: A) => T, blame: Blame, what: string): (...args: A) => T {
  return (...args) => {
    try {
      return action(...args);
    } catch (error) {
      throw blame(error, what);
    }
  };
}

/** Paths start with a dot or a slash and are relative to the configuration file; anything else is a package. */
export function resolvePlugin(name: string, configPath: string): string {
  return name.startsWith('.') || isAbsolute(name) ? resolve(dirname(configPath), name) : name;
}

/** The file of a module. Throws an Error when there is none, or none that is to be trusted. */
function findModule(name: string, configPath: string | null, trusted: Trusted | null): string {
  if (isAbsolute(name)) return name;
  const from = configPath ?? join(process.cwd(), 'portzero.config.yaml');
  const file = findPackage(name, from);
  return trusted === null ? file : checkPackage(file, from, trusted);
}

function findPackage(name: string, from: string): string {
  try {
    return createRequire(from).resolve(name);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // A package whose exports are for import alone cannot be resolved by require.
    const entry = code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importEntry(name, dirname(from)) : null;
    if (entry !== null) return entry;
    if (code !== 'MODULE_NOT_FOUND' || !String((error as Error).message).includes(`'${name}'`)) throw error;
    throw new Error('no such package is installed here; the path of a file starts with ./ or /');
  }
}

/**
 * A package is looked for in every node_modules up to the root, in NODE_PATH and at home. What lies beside the configuration,
 * or is its owner's, is what whoever wrote that means; elsewhere anybody could have put one of this name.
 */
function checkPackage(file: string, configPath: string, trusted: Trusted): string {
  const config = statSync(configPath, { throwIfNoEntry: false });
  if (trusted.users === null || config === undefined || !isAbsolute(file)) return file;
  const beside = relative(realpathSync(dirname(configPath)), realpathSync(file));
  if (!beside.startsWith('..')) return file;
  const why = distrust(file, { users: new Set([...trusted.users, config.uid]) });
  if (why === null) return file;
  throw new Error(`${file} was not run: ${why}; --allow-plugins runs it nevertheless`);
}

const importFile = (path: string): Promise<Record<string, unknown>> => import(pathToFileURL(path).href);

/** The file that the conditions import, node or default of a package's main export name. */
function importEntry(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', name);
    if (existsSync(join(home, 'package.json'))) {
      let target: unknown = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).exports;
      while (typeof target === 'object' && target !== null) {
        const conditions = target as Record<string, unknown>;
        target = conditions['.'] ?? conditions.import ?? conditions.node ?? conditions.default ?? null;
      }
      return typeof target === 'string' ? join(home, target) : null;
    }
    if (folder === dirname(folder)) return null;
  }
}

function listOf(exported: Record<string, unknown>, name: 'rules' | 'reporters'): readonly unknown[] {
  const byDefault = exported.default as Record<string, unknown> | null | undefined;
  const value = exported[name] ?? byDefault?.[name];
  const other = name === 'rules' ? 'reporters' : 'rules';
  if (value === undefined && exported[other] === undefined && byDefault?.[other] === undefined) {
    throw new TypeError('exports neither rules nor reporters');
  }
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`${name} must be a list`);
  return value;
}

function checkRule(value: unknown, others: readonly Rule[]): Rule {
  const rule = validateRule(value);
  const { id } = rule.meta;
  if (id === expectationMeta.id || [...ownRules, ...others].some((other) => other.meta.id === id)) {
    throw new TypeError(`rule ${id}: there is another rule with this id`);
  }
  defaultSetting(rule);
  return rule;
}

function checkReporter(value: unknown, others: readonly PluginReporter[]): PluginReporter {
  const { name, ending, document, stream } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new TypeError('a reporter needs a name of small letters, digits and "-"');
  }
  if (others.some((other) => other.name === name))
    throw new TypeError(`reporter ${name}: there is another of this name`);
  if (ending !== undefined && (typeof ending !== 'string' || !/^\.[\w.-]+$/.test(ending))) {
    throw new TypeError(`reporter ${name}: ending must be one of a file name, as in ".md"`);
  }
  if ((typeof document === 'function') === (typeof stream === 'function')) {
    throw new TypeError(`reporter ${name}: needs either document or stream, a function`);
  }
  return value as PluginReporter;
}
