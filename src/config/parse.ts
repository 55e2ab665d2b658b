import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { ConfigError } from './errors.ts';
import type { KeyPath } from './validate.ts';

export interface ParsedConfig {
  readonly value: unknown;
  /** Where a key, or what it is set to, stands in the file; of the nearest place above it when it is missing. */
  place(path: KeyPath, key: boolean): { readonly line: number | null; readonly column: number | null };
}

/** Parses YAML, or JSON by the ending of the file. Throws ConfigError when it is neither. */
export function parseConfigText(text: string, file: string): ParsedConfig {
  const lines = new LineCounter();
  // The parser would look for equal keys by comparing each with each.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const keys = new KeyIndex();
  const place = (offset: number | null | undefined) => {
    if (offset === null || offset === undefined) return { line: null, column: null };
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const failAt = (offsets: readonly number[]): never => {
    throw new ConfigError(
      file,
      offsets.map((offset) => ({ path: '', ...place(offset), message: 'Map keys must be unique' })),
    );
  };
  const fail = (errors: readonly YAMLError[]): never => {
    // What follows from it is no fault of the file.
    const tooDeep = errors.find(isTooDeep);
    throw new ConfigError(
      file,
      (tooDeep === undefined ? errors : [tooDeep]).map((error) => ({
        path: '',
        ...place(error.pos[0]),
        message: messageOf(error),
      })),
    );
  };

  let value: unknown;
  if (file.endsWith('.json')) {
    value = parseJson(text, file, place);
    // JSON.parse takes the last of two equal keys in silence. Its other differences from YAML (tabs) do not matter.
    const duplicates = keys.duplicates(document);
    if (duplicates.length > 0) failAt(duplicates);
  } else {
    if (document.errors.length > 0) fail(document.errors);
    const duplicates = keys.duplicates(document);
    if (duplicates.length > 0) failAt(duplicates);
    try {
      value = document.toJS();
    } catch (error) {
      // Aliases that would make the value grow without bound.
      throw new ConfigError(file, [{ path: '', line: null, column: null, message: messageOf(error) }], {
        cause: error,
      });
    }
  }
  return { value, place: (path, key) => place(offsetOf(document, keys, path, key)) };
}

/** The parser's complaint for whoever writes the file, not for whoever calls the parser. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (isTooDeep(error)) return 'this is nested too deeply to be read; nothing in a configuration is nested so';
  if (/alias count/i.test(message))
    return 'its aliases (*name) would grow into too much; write out what they stand for';
  if ((error as Partial<YAMLError>).code === 'MULTIPLE_DOCS') {
    return 'a second document begins here (after a line of ---); a configuration is one';
  }
  return message.replaceAll(/\s*\n\s*/g, ' ');
}

function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError || (error as Partial<YAMLError>).code === 'RESOURCE_EXHAUSTION';
}

function parseJson(
  text: string,
  file: string,
  place: (offset: number | null) => { line: number | null; column: number | null },
): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = (error as SyntaxError).message.replaceAll('\n', ' ');
    throw new ConfigError(file, [{ path: '', ...place(faultOffset(text)), message }], { cause: error });
  }
}

/** Where JSON.parse stumbles, which it does not always tell: at the end of the shortest beginning that cannot go on. */
function faultOffset(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const length = (good + bad) >> 1;
    if (length <= text.length && canGoOn(text.slice(0, length))) good = length;
    else bad = length;
  }
  return good;
}

function canGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const { message } = error as SyntaxError;
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated/.test(message) || Number(position) >= beginning.length;
  }
}

function offsetOf(document: Document, keys: KeyIndex, path: KeyPath, key: boolean): number | null {
  if (key) {
    const map = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
    const pair = isMap(map) ? keys.pair(map, path.at(-1)) : undefined;
    if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
  }
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? null;
}

/** The first pair of each key of the maps that were asked for: a map may have any number of keys that nobody knows. */
class KeyIndex {
  readonly #maps = new WeakMap<YAMLMap, Map<unknown, Pair>>();

  pair(map: YAMLMap, key: unknown): Pair | undefined {
    let pairs = this.#maps.get(map);
    if (pairs === undefined) {
      pairs = new Map();
      for (const item of map.items) {
        const known = isNode(item.key) ? item.key.toJSON() : item.key;
        if (!pairs.has(known)) pairs.set(known, item);
      }
      this.#maps.set(map, pairs);
    }
    return pairs.get(key);
  }

  /** Where keys stand that their map has had before. */
  duplicates(document: Document): number[] {
    const found: number[] = [];
    visit(document, {
      Map: (_, map) => {
        const seen = new Set<unknown>();
        for (const { key } of map.items) {
          if (!isScalar(key)) continue;
          if (seen.has(key.value)) found.push(key.range?.[0] ?? 0);
          seen.add(key.value);
        }
      },
    });
    return found;
  }
}
