/**
 * Reads a log as Zeek's own input framework does (src/input/readers/ascii and ParseValue() of src/threading/formatters/Ascii.cc): by
 * the header, and nothing that is known beforehand. Throws where Zeek would warn.
 */

export type ZeekValue = string | number | boolean | null | readonly ZeekValue[];

export interface ZeekLog {
  readonly header: Readonly<Record<string, string>>;
  readonly fields: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly Readonly<Record<string, ZeekValue>>[];
}

export function readZeekLog(text: string): ZeekLog {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  const first = /^#separator (\\x[0-9a-f]{2})$/.exec(lines[0]!);
  if (first === null) throw new Error(`no #separator: ${lines[0]}`);
  const separator = unescapeBytes(first[1]!);
  const header: Record<string, string> = {};
  const rows: Record<string, ZeekValue>[] = [];
  let fields: string[] = [];
  let types: string[] = [];
  for (const line of lines.slice(1)) {
    const cells = line.split(separator);
    if (line.startsWith('#')) {
      const key = cells[0]!.slice(1);
      if (key === 'fields') fields = cells.slice(1);
      else if (key === 'types') types = cells.slice(1);
      else header[key] = cells.slice(1).join(separator);
      continue;
    }
    if (cells.length !== fields.length) throw new Error(`${cells.length} cells, ${fields.length} fields: ${line}`);
    rows.push(
      Object.fromEntries(cells.map((cell, index) => [fields[index]!, parseValue(cell, types[index]!, header)])),
    );
  }
  if (types.length !== fields.length) throw new Error('#types and #fields differ');
  return { header, fields, types, rows };
}

function parseValue(cell: string, type: string, header: Record<string, string>): ZeekValue {
  if (cell === header.unset_field) return null;
  const inner = /^(?:set|vector)\[(\w+)\]$/.exec(type)?.[1];
  if (inner !== undefined) {
    if (cell === header.empty_field) return [];
    return cell.split(header.set_separator!).map((item) => parseValue(item, inner, header));
  }
  switch (type) {
    case 'bool':
      if (cell !== 'T' && cell !== 'F') throw new Error(`no bool: ${cell}`);
      return cell === 'T';
    case 'count':
    case 'port':
      if (!/^\d+$/.test(cell)) throw new Error(`no ${type}: ${cell}`);
      return Number(cell);
    case 'time':
    case 'interval':
      if (!/^-?\d+\.\d{6,}$/.test(cell)) throw new Error(`no ${type}: ${cell}`);
      return Number(cell);
    case 'addr':
      if (!/^[\d.]+$|^[\da-f:.]*:[\da-f:.]*$/.test(cell)) throw new Error(`no addr: ${cell}`);
      return cell;
    case 'enum':
    case 'string':
      return cell === header.empty_field ? '' : unescapeBytes(cell);
    default:
      throw new Error(`Zeek has no type ${type}`);
  }
}

function unescapeBytes(text: string): string {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = /^\\x([0-9a-f]{2})/.exec(text.slice(i, i + 4));
    if (hex === null) bytes.push(...Buffer.from(text[i]!));
    else {
      bytes.push(Number.parseInt(hex[1]!, 16));
      i += 3;
    }
  }
  return Buffer.from(bytes).toString();
}
