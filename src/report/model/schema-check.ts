import { readFileSync } from 'node:fs';
import { shippedFile } from './shipped-file.ts';

/** Nothing that we write is deeper; what is would end in a stack overflow somewhere. */
const MAX_DEPTH = 64;
/** Of a text or a list of choices in a message. */
const MAX_SHOWN = 60;

/** What is used of JSON Schema 2020-12 in the schemas of schema/. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

/** Where something does not fit, and why. */
interface Fault {
  /** As in "exchanges[0].frames.all[1]". */
  readonly path: string;
  readonly message: string;
}

/**
 * Holds parsed JSON to the schema of reports that ships with the package. Keys that it does not know are passed over: a later
 * version may have written them. Gives one line with the path of the first key that does not fit; null when all do.
 */
export function faultOfReport(value: unknown): string | null {
  return faultOf(value, 'portzero-report');
}

/** The same for entries of the atlas, of one's own. */
export function faultOfAtlas(value: unknown): string | null {
  return faultOf(value, 'portzero-atlas');
}

function faultOf(value: unknown, name: string): string | null {
  const deep = tooDeep(value);
  if (deep) return `nested deeper than ${MAX_DEPTH} levels`;
  const schema = readSchema(name);
  const fault = check(value, schema, '', schema.$defs ?? {});
  if (fault === null) return null;
  return fault.path === '' ? fault.message : `${fault.path}: ${fault.message}`;
}

const schemas = new Map<string, Schema>();
function readSchema(name: string): Schema {
  let schema = schemas.get(name);
  if (schema === undefined) {
    schema = JSON.parse(readFileSync(shippedFile(`schema/${name}.schema.json`), 'utf8')) as Schema;
    schemas.set(name, schema);
  }
  return schema;
}

/** Level by level, since whatever recurses fails of the very values that this is about. */
function tooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    const below: unknown[] = [];
    for (const each of level) {
      if (typeof each !== 'object' || each === null) continue;
      for (const child of Object.values(each)) if (typeof child === 'object' && child !== null) below.push(child);
    }
    level = below;
  }
  return false;
}

function check(value: unknown, schema: Schema, path: string, defs: Readonly<Record<string, Schema>>): Fault | null {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '');
    const fault = check(value, defs[name]!, path, defs);
    if (fault !== null) return fault;
  }
  if (schema.anyOf !== undefined) {
    const faults = schema.anyOf.map((branch) => check(value, branch, path, defs));
    // The branch that went farthest is the one that was meant.
    if (faults.every((fault) => fault !== null)) {
      return faults.reduce((best, fault) => (fault!.path.length > best!.path.length ? fault : best)) ?? null;
    }
  }
  return checkSimple(value, schema, path) ?? checkParts(value, schema, path, defs);
}

function checkSimple(value: unknown, schema: Schema, path: string): Fault | null {
  const { type, minimum, maximum, pattern } = schema;
  const fault = (message: string): Fault => ({ path, message });
  const types = type === undefined ? [] : typeof type === 'string' ? [type] : type;
  if (types.length > 0 && !types.some((name) => isOfType(value, name))) {
    return fault(`must be ${types.map((name) => TYPE_NAMES[name] ?? name).join(' or ')}, not ${describe(value)}`);
  }
  const choices = 'const' in schema ? [schema.const] : schema.enum;
  if (choices !== undefined && !choices.includes(value)) {
    return fault(`${describe(value)} is not allowed; allowed: ${choices.map(String).join(', ')}`);
  }
  if (typeof value === 'number' && minimum !== undefined && value < minimum)
    return fault(`must be at least ${minimum}`);
  if (typeof value === 'number' && maximum !== undefined && value > maximum) return fault(`must be at most ${maximum}`);
  if (typeof value === 'string' && pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    return fault(`${describe(value)} has not the form that is expected there`);
  }
  return null;
}

function checkParts(
  value: unknown,
  { properties = {}, required = [], additionalProperties, items }: Schema,
  path: string,
  defs: Readonly<Record<string, Schema>>,
): Fault | null {
  if (Array.isArray(value)) {
    if (items === undefined) return null;
    for (const [index, item] of value.entries()) {
      const fault = check(item, items, `${path}[${index}]`, defs);
      if (fault !== null) return fault;
    }
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const keyed = value as Record<string, unknown>;
  const at = (key: string) => (path === '' ? shorten(key) : `${path}.${shorten(key)}`);
  for (const key of required) if (!Object.hasOwn(keyed, key)) return { path: at(key), message: 'is missing' };
  for (const [key, child] of Object.entries(keyed)) {
    const part = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    const fault = typeof part === 'object' ? check(child, part, at(key), defs) : null;
    if (fault !== null) return fault;
  }
  return null;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

function isOfType(value: unknown, name: string): boolean {
  switch (name) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === name;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
