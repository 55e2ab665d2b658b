/**
 * Mutations of captures. All draw from one seeded generator, so that a seed and a number give the same bytes again.
 */

/** A small seeded generator (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit) => next() % limit,
    pick: (list) => list[next() % list.length],
  };
}

const PCAP_MAGICS = new Map([
  [0xa1b2c3d4, 16],
  [0xa1b23c4d, 16],
  [0xa1b2cd34, 24],
]);

/**
 * Where the records of a sound capture are, headers included: [start, end) pairs after `head` bytes of file header. Null
 * for what is neither pcap nor pcapng (compressed files): those are mutated as bytes only.
 */
export function readLayout(bytes) {
  if (bytes.length < 24) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records = [];
  for (const little of [true, false]) {
    const headerLength = PCAP_MAGICS.get(view.getUint32(0, little));
    if (headerLength === undefined) continue;
    for (let at = 24; at + headerLength <= bytes.length; ) {
      const end = at + headerLength + view.getUint32(at + 8, little);
      if (end > bytes.length) break;
      records.push([at, end]);
      at = end;
    }
    return { kind: 'pcap', little, headerLength, records };
  }
  if (view.getUint32(0) !== 0x0a0d0d0a) return null;
  const little = view.getUint32(8, true) === 0x1a2b3c4d;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const end = at + view.getUint32(at + 4, little);
    if (end > bytes.length || end < at + 12) break;
    records.push([at, end]);
    at = end;
  }
  return { kind: 'pcapng', little, headerLength: 28, records };
}

const INTERESTING_BYTES = [
  0, 1, 4, 5, 6, 0x0f, 0x10, 0x11, 0x2c, 0x2f, 0x32, 0x33, 0x3a, 0x40, 0x45, 0x46, 0x4f, 0x60, 0x7f, 0x80, 0xff,
];
/** Ethertypes, UDP ports of tunnels, lengths. */
const INTERESTING_WORDS = [
  0, 1, 0x0800, 0x86dd, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8848, 0x8863, 0x8864, 0x88e7, 0x88e5, 0x8926, 0x8903, 0x22eb,
  0x6558, 0x880b, 0x88be, 2152, 3544, 4789, 4790, 5072, 1701, 6081, 6635, 4754, 4500, 51820, 0x05dc, 0x0600, 0x1fff,
  0x2000, 0x3fff, 0xffff,
];
const LINK_TYPES = [
  0, 1, 9, 12, 14, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 117, 119, 127, 139, 140, 163, 189, 192, 220, 228,
  229, 239, 249, 276, 999,
];

const MUTATIONS = {
  flipBit(bytes, random) {
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return bytes;
  },
  setByte(bytes, random) {
    bytes[random.below(bytes.length)] = random.pick(INTERESTING_BYTES);
    return bytes;
  },
  setWord(bytes, random) {
    const at = random.below(Math.max(1, bytes.length - 1));
    const word = random.pick(INTERESTING_WORDS);
    bytes[at] = word >> 8;
    bytes[at + 1] = word & 0xff;
    return bytes;
  },
  cut(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
  insert(bytes, random) {
    const at = random.below(bytes.length);
    const extra = Uint8Array.from({ length: 1 + random.below(64) }, () => random.below(256));
    return concat(bytes.subarray(0, at), extra, bytes.subarray(at));
  },
  remove(bytes, random) {
    const at = random.below(bytes.length);
    return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64)));
  },
  lengthField(bytes, random, layout) {
    if (layout === null || layout.records.length === 0) return MUTATIONS.setWord(bytes, random);
    const [start] = random.pick(layout.records);
    const at = start + (layout.kind === 'pcap' ? 8 + 4 * random.below(2) : random.pick([4, 20, 24]));
    if (at + 4 > bytes.length) return bytes;
    const value = random.pick([
      0, 1, 3, 4, 13, 14, 34, 53, 54, 65535, 65536, 262144, 0x7fffffff, 0x80000000, 0xffffffff,
    ]);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, layout.little);
    return bytes;
  },
  timeField(bytes, random, layout) {
    if (layout === null || layout.records.length === 0) return bytes;
    const [start] = random.pick(layout.records);
    const at = start + (layout.kind === 'pcap' ? 4 * random.below(2) : 12 + 4 * random.below(2));
    if (at + 4 > bytes.length) return bytes;
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(
      at,
      random.pick([0, 1, 999_999_999, 0x7fffffff, 0xffffffff, random.below(2 ** 31)]),
      layout.little,
    );
    return bytes;
  },
  blockType(bytes, random, layout) {
    if (layout?.kind !== 'pcapng' || layout.records.length === 0) return MUTATIONS.linkType(bytes, random, layout);
    const [start] = random.pick(layout.records);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(
      start,
      random.pick([0x0a0d0d0a, 0, 1, 2, 3, 4, 5, 6, 9, 10, 0xbad, 0x40000bad]),
      layout.little,
    );
    return bytes;
  },
  linkType(bytes, random, layout) {
    if (layout?.kind !== 'pcap') return MUTATIONS.setWord(bytes, random);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(20, random.pick(LINK_TYPES), layout.little);
    return bytes;
  },
  /** A record of another capture, header and all (in its own byte order: half of them lie). */
  splice(bytes, random, layout, others) {
    const other = random.pick(others);
    const otherLayout = readLayout(other);
    if (layout === null || otherLayout === null || otherLayout.records.length === 0)
      return MUTATIONS.insert(bytes, random);
    const [start, end] = random.pick(otherLayout.records);
    const at = layout.records.length === 0 ? bytes.length : random.pick(layout.records)[0];
    return concat(bytes.subarray(0, at), other.subarray(start, end), bytes.subarray(at));
  },
  /** The payload of a record of another capture in the place of one here: other protocols under this link type. */
  graft(bytes, random, layout, others) {
    const other = random.pick(others);
    const otherLayout = readLayout(other);
    if (
      layout?.kind !== 'pcap' ||
      otherLayout?.kind !== 'pcap' ||
      layout.records.length === 0 ||
      otherLayout.records.length === 0
    ) {
      return MUTATIONS.splice(bytes, random, layout, others);
    }
    const [start, end] = random.pick(layout.records);
    const [otherStart, otherEnd] = random.pick(otherLayout.records);
    const from = random.below(60);
    const payload = other.subarray(Math.min(otherEnd, otherStart + otherLayout.headerLength + from), otherEnd);
    const keep = Math.min(end, start + layout.headerLength + random.below(60));
    const grafted = concat(bytes.subarray(0, keep), payload, bytes.subarray(end));
    const length = keep - start - layout.headerLength + payload.length;
    const view = new DataView(grafted.buffer);
    view.setUint32(start + 8, length, layout.little);
    view.setUint32(start + 12, length, layout.little);
    return grafted;
  },
  repeat(bytes, random, layout) {
    if (layout === null || layout.records.length === 0) return bytes;
    const [start, end] = random.pick(layout.records);
    const record = bytes.subarray(start, end);
    return concat(
      bytes.subarray(0, end),
      ...Array.from({ length: 1 + random.below(40) }, () => record),
      bytes.subarray(end),
    );
  },
  shuffle(bytes, random, layout) {
    if (layout === null || layout.records.length < 2) return bytes;
    const head = bytes.subarray(0, layout.records[0][0]);
    const records = layout.records.map(([start, end]) => bytes.subarray(start, end));
    for (let i = records.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [records[i], records[j]] = [records[j], records[i]];
    }
    return concat(head, ...records);
  },
};
const NAMES = Object.keys(MUTATIONS);

function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** One to eight mutations of one capture; returns the bytes and what was done to them. */
export function mutate(original, random, others) {
  let bytes = Uint8Array.from(original);
  const done = [];
  for (let count = 1 + random.below(8); count > 0 && bytes.length > 0; count--) {
    const name = random.pick(NAMES);
    bytes = MUTATIONS[name](bytes, random, readLayout(bytes), others);
    done.push(name);
  }
  return { bytes, done };
}
