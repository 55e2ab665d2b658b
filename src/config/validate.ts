import type { z } from 'zod';
import { linkTypeOfName } from '../decode/link/linktypes.ts';
import type { OptionValue, Rule } from '../engine/types.ts';
import { MAX_WINDOW_COUNT } from '../engine/window/window-tracker.ts';
import type { Severity } from '../words/severity.ts';
import { parseCidr, parseTarget } from './cidr.ts';
import { defaultConfig, defaultSetting, readOption } from './defaults.ts';
import { parseDuration } from './duration.ts';
import { nearestWord } from './nearest.ts';
import { type ConfigInput, configSchema } from './schema.ts';
import type { Cidr, Config, Expectation, RuleSetting } from './types.ts';

export type KeyPath = readonly (string | number)[];

/** A fault in a configuration, before its place in the file is known. */
export interface Fault {
  readonly path: KeyPath;
  readonly message: string;
  /** The key itself is wrong, rather than what it is set to. */
  readonly key?: boolean;
}

/** Checks what was parsed of a configuration and fills the defaults in. `rules` are all that are known. */
export function validateConfig(
  raw: unknown,
  rules: readonly Rule[],
): { config: Config } | { faults: readonly Fault[] } {
  const schema = configSchema(rules);
  const result = schema.safeParse(raw, { error: (issue) => messageOf(issue) });
  if (!result.success) return { faults: result.error.issues.flatMap((issue) => faultsOf(issue, [], raw, schema)) };
  const faults: Fault[] = [];
  const config = readConfig(result.data, rules, faults);
  return faults.length > 0 ? { faults } : { config };
}

function readConfig(input: ConfigInput, rules: readonly Rule[], faults: Fault[]): Config {
  const defaults = defaultConfig();
  const { tunnelPorts, linkTypes, vlanTypes, mergeScopes, checksums, fragmentBytes, fragmentTimeout } =
    input.decoder ?? {};
  const names = new Set<string>();
  return {
    answerTimeoutNanos: nanosOf(input.answerTimeout) ?? defaults.answerTimeoutNanos,
    failOn: input.failOn ?? defaults.failOn,
    ignore: (input.ignore ?? []).map(({ from, to, reason }) => ({
      from: from === undefined ? null : blockOf(from),
      to: to === undefined ? null : blockOf(to),
      reason: reason ?? null,
    })),
    rules: new Map(
      rules.map((rule) => [rule.meta.id, readSetting(rule, input.rules?.[rule.meta.id] as GivenSetting, faults)]),
    ),
    expect: (input.expect ?? []).map((entry, index): Expectation => {
      if (names.has(entry.name)) {
        const message = `there is another expectation of the name ${quote(entry.name)}`;
        faults.push({ path: ['expect', index, 'name'], message });
      }
      names.add(entry.name);
      const { to, port } = parseTarget(entry.to) as { to: Cidr; port: number };
      return {
        name: entry.name,
        to,
        port,
        from: entry.from === undefined ? null : blockOf(entry.from),
        verdict: typeof entry.verdict === 'string' ? [entry.verdict] : [...new Set(entry.verdict)],
        withinNanos: nanosOf(entry.within) ?? null,
        atLeast: entry.atLeast ?? 1,
      };
    }),
    decoder: {
      ...(tunnelPorts === undefined ? {} : { tunnelPorts }),
      ...(linkTypes === undefined ? {} : { linkTypes: readLinkTypes(linkTypes) }),
      ...(vlanTypes === undefined ? {} : { vlanTypes: [...new Set(vlanTypes)] }),
      mergeScopes: mergeScopes ?? defaults.decoder.mergeScopes!,
      checksums: checksums ?? defaults.decoder.checksums!,
      fragmentBytes: fragmentBytes ?? defaults.decoder.fragmentBytes!,
      fragmentSeconds:
        fragmentTimeout === undefined ? defaults.decoder.fragmentSeconds! : nanosOf(fragmentTimeout)! / 1e9,
    },
    baseline: input.baseline ?? null,
    plugins: input.plugins ?? [],
    path: null,
  };
}

function readLinkTypes(written: Readonly<Record<string, string | number>>): Record<number, number> {
  return Object.fromEntries(
    Object.entries(written).map(([from, to]) => [linkTypeOfName(from)!, linkTypeOfName(String(to))!]),
  );
}

const blockOf = (text: string): Cidr => parseCidr(text) as Cidr;
const nanosOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : (parseDuration(text) ?? undefined);

type GivenSetting = Severity | 'off' | [Severity | 'off', Record<string, unknown>?] | undefined;

function readSetting(rule: Rule, given: GivenSetting, faults: Fault[]): RuleSetting {
  const defaults = defaultSetting(rule);
  const [severity, written = {}] = typeof given === 'object' ? given : [given ?? defaults.severity];
  const options: Record<string, OptionValue> = { ...defaults.options };
  for (const [name, value] of Object.entries(written)) {
    if (value !== undefined) options[name] = readOption(rule.meta.options[name]!, value)!;
  }
  if (rule.kind === 'window') {
    const { peers, openings } = rule.window(options);
    if (Math.max(peers, openings) > MAX_WINDOW_COUNT) {
      const message = `these options need ${Math.max(peers, openings)} packets counted in a window, at most ${MAX_WINDOW_COUNT} can be`;
      faults.push({ path: ['rules', rule.meta.id], message });
    }
  }
  return { severity, options };
}

type Issue = z.core.$ZodIssue;

/** zod's issue as faults for a person: unions are resolved by what was written, and each unknown key is one. */
function faultsOf(issue: Issue, parent: KeyPath, raw: unknown, schema: z.core.$ZodType): Fault[] {
  const path = [...parent, ...(issue.path as KeyPath)];
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(schema, path);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key, allowed), key: true }));
  }
  if (issue.code === 'invalid_union') {
    // All unions here are of a list and a word; when it is neither, the word's branch says what is allowed.
    const branch = issue.errors[Array.isArray(valueAt(raw, path)) ? 0 : 1] ?? [];
    return branch.flatMap((nested) => faultsOf(nested, path, raw, schema));
  }
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message, key: true }];
  return [{ path, message: issue.message }];
}

function unknownKey(path: KeyPath, key: string, allowed: readonly string[]): string {
  const isOption = path[0] === 'rules' && path.length > 1;
  const kind = isOption ? 'option' : path[0] === 'rules' ? 'rule' : 'key';
  if (kind === 'rule' && key === 'expectation') {
    return 'expectation cannot be set: broken expectations are errors, and without entries under expect there are none';
  }
  if (allowed.length === 0) return `unknown option ${quote(key)}: the rule ${path[1]} has no options`;
  return `unknown ${kind} ${quote(key)}; ${suggest(key, allowed)}`;
}

function suggest(word: string, allowed: readonly string[]): string {
  const near = nearestWord(word, allowed);
  return `${near === null ? '' : `did you mean ${quote(near)}? `}allowed: ${allowed.join(', ')}`;
}

/** Words for issues whose schema brings none of its own. */
function messageOf(issue: z.core.$ZodRawIssue): string {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type': {
      if (input === undefined) return 'is missing';
      const wanted = TYPE_NAMES[issue.expected as string] ?? issue.expected;
      return `must be ${wanted}, not ${typeof input === 'object' ? nameOf(input) : quote(input)}`;
    }
    case 'invalid_value': {
      if (input === undefined) return `is missing; allowed: ${issue.values.join(', ')}`;
      const allowed = issue.values.map(String);
      if (typeof input === 'string') return `${quote(input)} is not allowed; ${suggest(input, allowed)}`;
      return `${typeof input === 'object' ? nameOf(input) : input} is not allowed; allowed: ${allowed.join(', ')}`;
    }
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be at least ${issue.minimum}`
        : 'must not be empty';
    case 'too_big':
      return issue.origin === 'array'
        ? `must have at most ${issue.maximum} entries`
        : `must be at most ${issue.maximum}`;
    default:
      return 'is not allowed here';
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  tuple: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

const nameOf = (value: unknown): string => (value === null ? 'nothing' : Array.isArray(value) ? 'a list' : 'a mapping');
const quote = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

function valueAt(raw: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], raw);
}

/** The keys that the object at the path may have. */
function allowedKeys(schema: z.core.$ZodType, path: KeyPath): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const [key, ...rest] = path;
  switch (def.type) {
    case 'optional':
      return allowedKeys(def.innerType, path);
    case 'union':
      return def.options.flatMap((option) => allowedKeys(option, path));
    case 'array':
      return allowedKeys(def.element, rest);
    case 'tuple':
      return allowedKeys(def.items[key as number]!, rest);
    case 'object':
      return key === undefined
        ? Object.keys(def.shape).filter((name) => name !== '$schema')
        : allowedKeys(def.shape[key]!, rest);
    default:
      return [];
  }
}
