import { basename, dirname } from 'node:path';
import type { ShardOrigin } from './head.ts';

/** The series that a capture is of: files of one series are one capture, rotated. */
export type SeriesOf = (origin: ShardOrigin) => string;

/** Folder, and name without digits: a ring's files differ in nothing else. */
export const seriesByName: SeriesOf = ({ uri }) => `${dirname(uri)}/${basename(uri).replace(/\d+/g, '')}`;

/**
 * By what an expression finds in the path: its groups, or all of it where it has none. A capture in which it finds nothing is a
 * series by itself.
 */
export function seriesByExpression(expression: RegExp): SeriesOf {
  return ({ uri }) => {
    const found = expression.exec(uri);
    if (found === null) return `alone ${uri}`;
    return `of ${JSON.stringify(found.length > 1 ? found.slice(1) : [found[0]])}`;
  };
}

/** What orders captures of a series. */
export interface Place {
  readonly start: readonly [seconds: number, nanos: number] | null;
  readonly uri: string;
  readonly key: string;
}

/** By the time of the first frame; those without frames last; then by name, in which numbers count as such. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.start === null || b.start === null) {
    if (a.start !== b.start) return a.start === null ? 1 : -1;
  } else if (a.start[0] !== b.start[0] || a.start[1] !== b.start[1]) {
    return a.start[0] - b.start[0] || a.start[1] - b.start[1];
  }
  return compareNames(a.uri, b.uri) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** ring.pcap2 comes before ring.pcap10. */
export function compareNames(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [one, other] = [left[i]!, right[i]!];
    if (one === other) continue;
    const isNumber = /^\d/.test(one) && /^\d/.test(other);
    if (isNumber) {
      const [x, y] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
      if (x.length !== y.length) return x.length - y.length;
      if (x !== y) return x < y ? -1 : 1;
    }
    return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

const partsOf = (name: string): readonly string[] => name.match(/\d+|\D+/g) ?? [];
