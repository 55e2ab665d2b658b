import { escapeCsv, escapeForTerminal } from '../words/escape.ts';

export const TABLE_FORMATS = ['text', 'json', 'csv', 'ndjson'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export interface Column {
  /** In JSON and CSV. */
  readonly name: string;
  /** In the row, where that is another name. */
  readonly key?: string;
  /** For people; null where they are not shown it. */
  readonly title: string | null;
  readonly isNumber?: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

/** Rows for people or programs. `what` names the list in JSON, and each row in NDJSON. */
export function writeTable(
  what: string,
  columns: readonly Column[],
  rows: readonly Row[],
  format: TableFormat,
): string {
  const plain = rows.map((row) =>
    Object.fromEntries(columns.map(({ name, key = name }) => [name, plainOf(row[key])] as const)),
  );
  if (format === 'json') return `${JSON.stringify({ [what]: plain }, null, 2)}\n`;
  if (format === 'ndjson') return plain.map((row) => `${JSON.stringify({ type: what, ...row })}\n`).join('');
  if (format === 'csv') {
    const names = columns.map(({ name }) => name);
    return [names, ...plain.map((row) => names.map((name) => cellOf(row[name])))]
      .map((cells) => `${cells.map(escapeCsv).join(',')}\r\n`)
      .join('');
  }
  if (rows.length === 0) return `nothing: ${what}\n`;
  const shown = columns.filter(({ title }) => title !== null);
  const lines = [
    shown.map(({ title }) => title!),
    ...plain.map((row) => shown.map(({ name }) => escapeForTerminal(forPeople(row[name])))),
  ];
  const widths = shown.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines
    .map((cells) => {
      const padded = cells.map((cell, column) =>
        shown[column]!.isNumber === true ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      );
      return `${padded.join('  ').trimEnd()}\n`;
    })
    .join('');
}

const plainOf = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : (value ?? null));

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function forPeople(value: unknown): string {
  if (value === null) return '-';
  if (typeof value === 'number')
    return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(3)));
  return cellOf(value).replace(/^(\d{4}-\d\d-\d\dT[\d:]{8})\.\d+Z$/, '$1Z');
}
