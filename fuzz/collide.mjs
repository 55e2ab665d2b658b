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

/** HalfSipHash-1-3 of these words with the key 0, from the paper's figures. */
function halfSipHash(words) {
  let [a, b, c, d] = [0, 0, 0x6c796765, 0x74656462];
  const { length } = words;
  // The length in bytes stands in the highest byte of the last word; three rounds more end it.
  for (let i = 0; i < length + 4; i++) {
    const m = i < length ? words[i] : i === length ? length << 26 : 0;
    if (i === length + 1) c ^= 0xff;
    d ^= m;
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
    a ^= m;
  }
  return b ^ d;
}

/** The lowest bits that are 0 in the hashes of chosen keys: tables have a mask, so each such key has one of few buckets. */
const SAME_BITS = 12;
const MOST_CHOSEN = 20_000;

/** Words for which `hashOf` ends in the same bits: the numberth of them, and after so many the first again. */
function chooser(hashOf) {
  const chosen = [];
  let candidate = 0x0b000000;
  return (number, ...others) => {
    while (chosen.length <= Math.min(number, MOST_CHOSEN - 1)) {
      candidate++;
      if ((hashOf(candidate, ...others) & (2 ** SAME_BITS - 1)) === 0) chosen.push(candidate);
    }
    return chosen[number % MOST_CHOSEN];
  };
}

/** For each port its own: the addresses in order of size, and the ports in that order. */
const byPorts = new Map();
/** Source addresses, all above `destination`; the ports stand as source and destination. */
export function endsThatCollide(number, destination, ports) {
  let choose = byPorts.get(ports);
  if (choose === undefined) {
    const inOrder = rotate(ports, 16);
    choose = chooser((source) => halfSipHash([destination, source, inOrder]));
    byPorts.set(ports, choose);
  }
  return choose(number);
}

const SEQUENCE_KIND = 0x5e90;
let endsOfAttempts = null;
const chooseAttempt = chooser((isn) => halfSipHash([endsOfAttempts, SEQUENCE_KIND, isn]));
/** Initial sequence numbers on these ends. */
export function attemptsThatCollide(number, ends) {
  endsOfAttempts ??= halfSipHash(ends);
  return chooseAttempt(number);
}

/** A datagram's key: source and destination with room for IPv6, identification, protocol, version; and the scope. */
const fragmentWords = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const chooseDatagram = chooser((destination) => {
  fragmentWords[4] = destination;
  return halfSipHash(fragmentWords);
});
/** Destinations, as little-endian words, of fragments that are otherwise like `frame`. */
export function fragmentsThatCollide(number, frame) {
  fragmentWords[0] = frame.readInt32LE(26);
  fragmentWords[8] = frame.readUInt16BE(18) === 0 ? 0 : Buffer.from([0, 0, frame[18], frame[19]]).readInt32LE(0);
  fragmentWords[9] = frame[23] | (4 << 8);
  return chooseDatagram(number);
}

const GRE_SCOPE = 5;
/** Keys of GRE directly on the outer IP. */
export const greKeysThatCollide = chooser((key) => halfSipHash([0, GRE_SCOPE, key]));

/** Outer source addresses, all above `destination`. */
export const tunnelsThatCollide = chooser((source, destination) =>
  halfSipHash([4, destination, 0, 0, 0, source, 0, 0, 0]),
);

/** Addresses by themselves: their length in bytes, and the word. */
export const sourcesThatCollide = chooser((address) => halfSipHash([4, address]));

// --- the fragment table's hash as it once was: FNV-1a, whose secret was its start ----------------------------------------

const FNV_PRIME = 0x01000193;

/** Offsets in the 38 bytes of an IPv4 datagram's key. */
const KEY_BYTES = 38;
const SOURCE_AT = 0;
const DESTINATION_AT = 16;

/** FNV-1a of the key of a datagram of TCP with identification 1, as it stood before its bits were mixed. */
function fnv(start, [source, destination]) {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeUInt32BE(source, SOURCE_AT);
  key.writeUInt32BE(destination, DESTINATION_AT);
  key.set([1, 6, 4], KEY_BYTES - 3);
  return key.reduce((hash, byte) => Math.imul(hash ^ byte, FNV_PRIME), start);
}

/** What is multiplied into a byte of the key by the end. */
function weight(at) {
  let product = 1;
  for (let i = at; i < KEY_BYTES; i++) product = Math.imul(product, FNV_PRIME);
  return product;
}

/** The lowest byte of the state, after the byte that made it `low` was multiplied in. */
const lowAfter = (low) => Math.imul(low, FNV_PRIME) & 0xff;

/** Of the 24 bits that are free in an address, so many are tried: what is found is 2^(2 * FREE_BITS - 32). */
const FREE_BITS = 22;

/**
 * Every address whose bytes make the lowest byte of the state 0 in the end, where it was 0 before, as what it adds to the hash:
 * adding a byte by exclusive or adds a number that depends on the lowest byte of the state only.
 */
function addressSum(index, weights) {
  let low = 0;
  let sum = 0;
  for (let i = 0; i < 4; i++) {
    const wanted = i < 3 ? (index >>> (16 - 8 * i)) & 0xff : 0;
    sum = (sum + Math.imul(weights[i], wanted - low)) | 0;
    low = lowAfter(wanted);
  }
  return sum;
}

function addressOf(index) {
  let low = 0;
  let address = 0;
  for (let i = 0; i < 4; i++) {
    const wanted = i < 3 ? (index >>> (16 - 8 * i)) & 0xff : 0;
    address = ((address << 8) | (wanted ^ low)) >>> 0;
    low = lowAfter(wanted);
  }
  return address;
}

/** Pairs of source and destination whose sums cancel out, found by their halves. */
function findEqualDatagrams() {
  const count = 2 ** FREE_BITS;
  const weightsAt = (at) => [0, 1, 2, 3].map((i) => weight(at + i));
  const sources = weightsAt(SOURCE_AT);
  const destinations = weightsAt(DESTINATION_AT);
  const sums = new Int32Array(count * 2);
  const indexes = new Int32Array(count * 2).fill(-1);
  const mask = count * 2 - 1;
  const placeOf = (sum) => (Math.imul(sum, 0x9e3779b1) >>> 7) & mask;
  for (let index = 0; index < count; index++) {
    const sum = addressSum(index, sources);
    let place = placeOf(sum);
    while (indexes[place] >= 0) place = (place + 1) & mask;
    sums[place] = sum;
    indexes[place] = index;
  }
  const found = [];
  for (let index = 0; index < count; index++) {
    const sum = -addressSum(index, destinations) | 0;
    for (let place = placeOf(sum); indexes[place] >= 0; place = (place + 1) & mask) {
      if (sums[place] === sum) found.push([addressOf(indexes[place]), addressOf(index)]);
    }
  }
  for (const start of [0, 0x12345600, -256]) {
    if (found.some((datagram) => fnv(start, datagram) !== fnv(start, found[0]))) throw new Error('the hashes differ');
  }
  return found;
}

let datagrams = null;
/**
 * Writes the addresses of a fragment: more datagrams than the table held, whose whole hashes are equal for each of the 2^24 starts
 * with a lowest byte of 0: one process in 256 had such a start.
 */
export function fragmentsThatCollided(number, source, destination) {
  datagrams ??= findEqualDatagrams();
  const datagram = datagrams[number % datagrams.length];
  source.writeUInt32BE(datagram[0]);
  destination.writeUInt32BE(datagram[1]);
}
