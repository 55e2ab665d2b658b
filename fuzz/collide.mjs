/** Inputs built from hashes, for volume.mjs. Nothing here is taken from src: a fault there must not hide here. */

const IPV4 = 8;
const IPV6 = 9;
const GRE = 34;
const AH = 43;
const TCP = 10;
const ETHERNET = 1;

/** All ways to write so many layers as IPv4, IPv6, and each of them in GRE or behind AH. */
function nestings(length) {
  if (length === 0) return [[]];
  const shorter = nestings(length - 1).flatMap((rest) => [
    [IPV4, ...rest],
    [IPV6, ...rest],
  ]);
  if (length === 1) return shorter;
  const behind = nestings(length - 2).flatMap((rest) =>
    [GRE, AH].flatMap((header) => [
      [header, IPV4, ...rest],
      [header, IPV6, ...rest],
    ]),
  );
  return [...shorter, ...behind];
}

const hashFrom = (start, layers) => layers.reduce((hash, layer) => (Math.imul(hash, 31) + layer) | 0, start);

const HALF = 11;
/** Some 25 nestings hash into each number. */
const WINDOW = 4000;

/**
 * Frames of different nestings whose hashes, as the layers were hashed once (31 times what was before, plus the layer), are
 * neighbours. Found by their halves.
 */
export function nestingsThatCollide(ethernet, segment) {
  let found = null;
  return (number) => {
    found ??= findNeighbours();
    const [head, tail] = found[number % found.length];
    return frameOf([...head, ...tail], ethernet, segment);
  };
}

function findNeighbours() {
  const halves = nestings(HALF);
  const count = 2 * HALF + 2;
  const tails = halves
    .map((layers) => ({ layers, hash: hashFrom(0, [...layers, TCP]) >>> 0 }))
    .sort((a, b) => a.hash - b.hash);
  let shift = 1;
  for (let i = 0; i <= HALF; i++) shift = Math.imul(shift, 31);
  const found = [];
  for (const layers of halves.filter(([first]) => first === IPV4 || first === IPV6)) {
    const from = -Math.imul(hashFrom(count, [ETHERNET, ...layers]), shift) >>> 0;
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tails[middle].hash < from) low = middle + 1;
      else high = middle;
    }
    for (; low < tails.length && tails[low].hash < from + WINDOW; low++) found.push([layers, tails[low].layers]);
  }
  return found;
}

function frameOf(layers, ethernet, segment) {
  let packet = segment;
  let protocol = 6;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i];
    if (layer === GRE) {
      const header = Buffer.alloc(4);
      header.writeUInt16BE(protocol === 4 ? 0x0800 : 0x86dd, 2);
      packet = Buffer.concat([header, packet]);
      protocol = 47;
      continue;
    }
    if (layer === AH) {
      const header = Buffer.alloc(12);
      header[0] = protocol;
      header[1] = 1;
      packet = Buffer.concat([header, packet]);
      protocol = 51;
      continue;
    }
    const header = Buffer.alloc(layer === IPV4 ? 20 : 40);
    if (layer === IPV4) {
      header[0] = 0x45;
      header.writeUInt16BE(20 + packet.length, 2);
      header[8] = 64;
      header[9] = protocol;
      header.writeUInt32BE(0x0a000001, 12);
      header.writeUInt32BE(0x0a000002, 16);
    } else {
      header[0] = 0x60;
      header.writeUInt16BE(packet.length, 4);
      header[6] = protocol;
      header[7] = 64;
      header[23] = 1;
      header[39] = 2;
    }
    packet = Buffer.concat([header, packet]);
    protocol = layer === IPV4 ? 4 : 41;
  }
  const start = Buffer.from(ethernet);
  start.writeUInt16BE(protocol === 4 ? 0x0800 : 0x86dd, 12);
  return Buffer.concat([start, packet]);
}

const rotate = (word, by) => (word << by) | (word >>> (32 - by));

/** HalfSipHash-1-3 of one word with the key 0, from the paper's figures. */
function halfSipHash(word) {
  let [a, b, c, d] = [0, 0, 0x6c796765, 0x74656462];
  const round = () => {
    a = (a + b) | 0;
    b = rotate(b, 5) ^ a;
    a = rotate(a, 16);
    c = (c + d) | 0;
    d = rotate(d, 8) ^ c;
    a = (a + d) | 0;
    d = rotate(d, 7) ^ a;
    c = (c + b) | 0;
    b = rotate(b, 13) ^ c;
    c = rotate(c, 16);
  };
  for (const m of [word, 4 << 24]) {
    d ^= m;
    round();
    a ^= m;
  }
  c ^= 0xff;
  for (let i = 0; i < 3; i++) round();
  return b ^ d;
}

const chosen = [];
let candidate = 0;

/** Addresses whose hashes end in the same eight bits where the key is 0: no process draws that. */
export function forOtherKeys(number) {
  while (chosen.length <= Math.min(number, 99_999)) {
    if ((halfSipHash(++candidate) & 0xff) === 0) chosen.push(candidate);
  }
  return chosen[number % chosen.length];
}
