/**
 * Writes a database as MaxMind's specification of version 2.0 has it, byte by byte: a tree of 24-bit records over IPv6 addresses
 * (IPv4 in ::/96), the data, the metadata. Without pointers, so that each record stands whole.
 */

type Value = string | number | { readonly [key: string]: Value };

/** Of blocks, as in "192.0.2.0/24", what the database says; the longer ones have to come later. */
export function makeMmdb(
  blocks: ReadonlyArray<readonly [block: string, record: Value]>,
  type = 'Test-Country',
): Buffer {
  const tree: Array<[Node, Node]> = [[null, null]];
  const data: Buffer[] = [];
  let dataLength = 0;
  for (const [block, record] of blocks) {
    const [address = '', length = ''] = block.split('/');
    const bits = bitsOf(address);
    const prefix = Number(length) + (address.includes(':') ? 0 : 96);
    const leaf = { offset: dataLength };
    const bytes = encode(record);
    data.push(bytes);
    dataLength += bytes.length;
    let at = 0;
    for (let bit = 0; bit < prefix - 1; bit++) {
      const next = tree[at]![bits[bit]!]!;
      if (typeof next === 'number') at = next;
      else {
        // What stood for the whole block goes on standing for its halves.
        tree.push([next, next]);
        tree[at]![bits[bit]!] = tree.length - 1;
        at = tree.length - 1;
      }
    }
    tree[at]![bits[prefix - 1]!] = leaf;
  }
  const records = Buffer.alloc(tree.length * 6);
  for (const [i, node] of tree.entries())
    for (const side of [0, 1] as const) {
      const next = node[side];
      const value = next === null ? tree.length : typeof next === 'number' ? next : tree.length + 16 + next.offset;
      records.writeUIntBE(value, i * 6 + side * 3, 3);
    }
  const metadata = Buffer.concat([
    control(7, 9),
    ...entry('binary_format_major_version', unsigned(5, 2)),
    ...entry('binary_format_minor_version', unsigned(5, 0)),
    ...entry('build_epoch', unsigned(9, 1_700_000_000)),
    ...entry('database_type', encode(type)),
    ...entry('description', encode({ en: 'made by a test' })),
    ...entry('ip_version', unsigned(5, 6)),
    // An array; optional by the specification, and libmaxminddb wants it.
    ...entry('languages', Buffer.concat([control(11, 1), encode('en')])),
    ...entry('node_count', unsigned(6, tree.length)),
    ...entry('record_size', unsigned(5, 24)),
  ]);
  return Buffer.concat([
    records,
    Buffer.alloc(16),
    ...data,
    Buffer.from([0xab, 0xcd, 0xef]),
    Buffer.from('MaxMind.com'),
    metadata,
  ]);
}

type Node = null | number | { readonly offset: number };

function bitsOf(address: string): Array<0 | 1> {
  const bytes = address.includes(':') ? ipv6Bytes(address) : [...Array(12).fill(0), ...address.split('.').map(Number)];
  return bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => ((byte >> (7 - bit)) & 1) as 0 | 1));
}

function ipv6Bytes(address: string): number[] {
  const [left = '', right = ''] = address.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [parse(left), parse(right)];
  const groups = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

const entry = (key: string, value: Buffer): Buffer[] => [encode(key), value];

/** Types: 2 text, 6 unsigned 32 bits, 7 map. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return unsigned(6, value);
  const entries = Object.entries(value);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, child]) => entry(key, encode(child)))]);
}

function unsigned(type: number, value: number): Buffer {
  const digits = value.toString(16);
  const bytes =
    value === 0 ? Buffer.alloc(0) : Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([control(type, bytes.length), bytes]);
}

/** Type in three bits (or, from 8 on, 0 and a byte more), length in five: 29 says that a byte follows with what is above 29. */
function control(type: number, length: number): Buffer {
  const bits = length < 29 ? length : 29;
  const bytes = type > 7 ? [bits, type - 7] : [(type << 5) | bits];
  return Buffer.from(length < 29 ? bytes : [...bytes, length - 29]);
}
