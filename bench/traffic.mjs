/** Traffic for the captures of the bench: the same bytes for the same seed, checksums and all. */

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;

/** 2026-01-01T00:00:00Z. */
const START_SECONDS = 1_767_225_600;

/** mulberry32: small, fast, and the same everywhere. */
export function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Payload bytes, with running sums of their 16-bit words so that a slice's checksum costs nothing. */
const POOL_BYTES = 1 << 16;
const pool = new Uint8Array(POOL_BYTES);
const poolSums = new Float64Array(POOL_BYTES / 2 + 1);
{
  const random = makeRandom(0x70306f6c);
  for (let i = 0; i < POOL_BYTES; i++) pool[i] = random() * 256;
  for (let i = 0; i < POOL_BYTES / 2; i++) poolSums[i + 1] = poolSums[i] + pool[2 * i] * 256 + pool[2 * i + 1];
}

function fold(sum) {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 65536) + Math.floor(folded / 65536);
  return folded;
}

/** Builds Ethernet frames with TCP over IPv4 or IPv6, with or without a VLAN tag, in a CaptureFile. */
class FrameBuilder {
  constructor(file, { ipv6 = false, vlan = false } = {}) {
    this.file = file;
    this.ipv6 = ipv6;
    this.vlan = vlan;
    this.clockSeconds = START_SECONDS;
    this.clockNanos = 0;
    this.ipId = 1;
  }

  advance(nanos) {
    this.clockNanos += nanos;
    if (this.clockNanos >= 1e9) {
      this.clockNanos -= 1e9;
      this.clockSeconds++;
    }
  }

  /** Nanoseconds since the capture began; exact up to 2^53. */
  get now() {
    return (this.clockSeconds - START_SECONDS) * 1e9 + this.clockNanos;
  }

  /**
   * One segment. `from` and `to` are { host, port }; host is a number that is put into a documentation or private network.
   * SYNs carry mss, sackOK, timestamp and window scale; other segments but RST carry a timestamp, as Linux sends them.
   */
  segment(from, to, flags, sequence, acknowledgment, payloadLength = 0) {
    const optionBytes = flags & SYN ? 20 : flags & RST ? 0 : 12;
    const tcpLength = 20 + optionBytes + payloadLength;
    const ipLength = (this.ipv6 ? 40 : 20) + tcpLength;
    const linkLength = this.vlan ? 18 : 14;
    const start = this.file.begin(linkLength + ipLength);
    const { buffer } = this.file;
    let at = start;
    buffer.writeUIntBE(0x020000000000 + to.host, at, 6);
    buffer.writeUIntBE(0x020000000000 + from.host, at + 6, 6);
    at += 12;
    if (this.vlan) {
      buffer.writeUInt32BE(0x81000005, at);
      at += 4;
    }
    buffer.writeUInt16BE(this.ipv6 ? 0x86dd : 0x0800, at);
    at += 2;
    let pseudoSum = tcpLength + 6;
    if (this.ipv6) {
      buffer.writeUInt32BE(0x60000000, at);
      buffer.writeUInt16BE(tcpLength, at + 4);
      buffer[at + 6] = 6;
      buffer[at + 7] = 64;
      for (const [end, offset] of [
        [from, 8],
        [to, 24],
      ]) {
        buffer.writeUInt32BE(0x20010db8, at + offset);
        buffer.writeUInt32BE(0, at + offset + 4);
        buffer.writeUInt32BE(0, at + offset + 8);
        buffer.writeUInt32BE(end.host, at + offset + 12);
        pseudoSum += 0x2001 + 0x0db8 + (end.host >>> 16) + (end.host & 0xffff);
      }
      at += 40;
    } else {
      const id = this.ipId++ & 0xffff;
      // 10.0.0.0/8 has room for 16 million hosts.
      const source = (0x0a000000 | from.host) >>> 0;
      const target = (0x0a000000 | to.host) >>> 0;
      pseudoSum += (source >>> 16) + (source & 0xffff) + (target >>> 16) + (target & 0xffff);
      const headerSum = 0x4500 + ipLength + id + 0x4000 + 0x4006 + pseudoSum - tcpLength - 6;
      buffer.writeUInt16BE(0x4500, at);
      buffer.writeUInt16BE(ipLength, at + 2);
      buffer.writeUInt16BE(id, at + 4);
      buffer.writeUInt16BE(0x4000, at + 6);
      buffer.writeUInt16BE(0x4006, at + 8);
      buffer.writeUInt16BE(fold(headerSum) ^ 0xffff, at + 10);
      buffer.writeUInt32BE(source, at + 12);
      buffer.writeUInt32BE(target, at + 16);
      at += 20;
    }
    const headerLength = 20 + optionBytes;
    const window = flags & RST ? 0 : 502;
    buffer.writeUInt16BE(from.port, at);
    buffer.writeUInt16BE(to.port, at + 2);
    buffer.writeUInt32BE(sequence, at + 4);
    buffer.writeUInt32BE(acknowledgment, at + 8);
    buffer.writeUInt16BE(((headerLength / 4) << 12) | flags, at + 12);
    buffer.writeUInt16BE(window, at + 14);
    buffer.writeUInt32BE(0, at + 16);
    if (flags & SYN) {
      buffer.writeUInt32BE(0x020405b4, at + 20);
      buffer.writeUInt32BE(0x0402080a, at + 24);
      buffer.writeUInt32BE(Math.floor(this.now / 1e6), at + 28);
      buffer.writeUInt32BE(0, at + 32);
      buffer.writeUInt32BE(0x01030307, at + 36);
    } else if (optionBytes > 0) {
      buffer.writeUInt32BE(0x0101080a, at + 20);
      buffer.writeUInt32BE(Math.floor(this.now / 1e6), at + 24);
      buffer.writeUInt32BE(1, at + 28);
    }
    let sum = pseudoSum;
    for (let i = at; i < at + headerLength; i += 2) sum += buffer[i] * 256 + buffer[i + 1];
    if (payloadLength > 0) {
      const from16 = (sequence >>> 3) % ((POOL_BYTES - 2048) / 2);
      buffer.set(pool.subarray(from16 * 2, from16 * 2 + payloadLength), at + headerLength);
      const words = payloadLength >> 1;
      sum += poolSums[from16 + words] - poolSums[from16];
      if (payloadLength & 1) sum += pool[from16 * 2 + payloadLength - 1] * 256;
    }
    buffer.writeUInt16BE(fold(sum) ^ 0xffff, at + 16);
    this.file.end(this.clockSeconds, this.clockNanos);
  }

  /** One UDP datagram over IPv4, of so many bytes of payload. */
  datagram(from, to, payloadLength, seed) {
    const udpLength = 8 + payloadLength;
    const at = this.file.begin(34 + udpLength);
    const { buffer } = this.file;
    buffer.writeUIntBE(0x020000000000 + to.host, at, 6);
    buffer.writeUIntBE(0x020000000000 + from.host, at + 6, 6);
    buffer.writeUInt16BE(0x0800, at + 12);
    const id = this.ipId++ & 0xffff;
    const source = (0x0a000000 | from.host) >>> 0;
    const target = (0x0a000000 | to.host) >>> 0;
    const addressSum = (source >>> 16) + (source & 0xffff) + (target >>> 16) + (target & 0xffff);
    buffer.writeUInt16BE(0x4500, at + 14);
    buffer.writeUInt16BE(20 + udpLength, at + 16);
    buffer.writeUInt16BE(id, at + 18);
    buffer.writeUInt16BE(0x4000, at + 20);
    buffer.writeUInt16BE(0x4011, at + 22);
    buffer.writeUInt16BE(fold(0x4500 + 20 + udpLength + id + 0x4000 + 0x4011 + addressSum) ^ 0xffff, at + 24);
    buffer.writeUInt32BE(source, at + 26);
    buffer.writeUInt32BE(target, at + 30);
    buffer.writeUInt16BE(from.port, at + 34);
    buffer.writeUInt16BE(to.port, at + 36);
    buffer.writeUInt16BE(udpLength, at + 38);
    const from16 = seed % ((POOL_BYTES - 2048) / 2);
    buffer.set(pool.subarray(from16 * 2, from16 * 2 + payloadLength), at + 42);
    const words = payloadLength >> 1;
    let sum = addressSum + 17 + 2 * udpLength + from.port + to.port + poolSums[from16 + words] - poolSums[from16];
    if (payloadLength & 1) sum += pool[from16 * 2 + payloadLength - 1] * 256;
    buffer.writeUInt16BE(fold(sum) ^ 0xffff || 0xffff, at + 40);
    this.file.end(this.clockSeconds, this.clockNanos);
  }
}

/** How a conversation goes, and how often in a thousand. One in forty attempts is to port 0. */
const KINDS = [
  { name: 'data', share: 915, port: null },
  { name: 'refused', share: 40, port: null },
  { name: 'silent', share: 20, port: null },
  { name: 'refused', share: 18, port: 0 },
  { name: 'silent', share: 6, port: 0 },
  { name: 'data', share: 1, port: 0 },
];
const PORTS = [80, 443, 443, 443, 22, 25, 993, 5432, 8080];
/** Conversations under way at the same time. */
const SLOTS = 256;

/** The segments of one conversation, one a step. Yields how many nanoseconds the next one waits (0: none). */
function* converse(frames, random, number) {
  let pick = Math.floor(random() * 1000);
  let kind = KINDS[0];
  for (const candidate of KINDS) {
    pick -= candidate.share;
    if (pick < 0) {
      kind = candidate;
      break;
    }
  }
  const client = { host: 0x100000 + Math.floor(random() * 50_000), port: 32768 + (number % 28000) };
  const server = {
    host: 0x200000 + Math.floor(random() * 2000),
    port: kind.port ?? PORTS[Math.floor(random() * PORTS.length)],
  };
  let clientSequence = Math.floor(random() * 2 ** 32);
  let serverSequence = Math.floor(random() * 2 ** 32);
  const after = (sequence, bytes) => (sequence + bytes) >>> 0;

  frames.segment(client, server, SYN, clientSequence, 0);
  yield 0;
  if (kind.name === 'silent') {
    for (const wait of [1e9, 2e9]) {
      yield wait;
      frames.segment(client, server, SYN, clientSequence, 0);
    }
    return;
  }
  clientSequence = after(clientSequence, 1);
  if (kind.name === 'refused') {
    frames.segment(server, client, RST | ACK, 0, clientSequence);
    return;
  }
  frames.segment(server, client, SYN | ACK, serverSequence, clientSequence);
  yield 0;
  serverSequence = after(serverSequence, 1);
  frames.segment(client, server, ACK, clientSequence, serverSequence);
  yield 0;
  for (let turns = 1 + Math.floor(random() * 8); turns > 0; turns--) {
    const asked = 1 + Math.floor(random() * 400);
    frames.segment(client, server, PSH | ACK, clientSequence, serverSequence, asked);
    clientSequence = after(clientSequence, asked);
    yield 0;
    frames.segment(server, client, ACK, serverSequence, clientSequence);
    yield 0;
    for (let parts = Math.floor(random() * 4); parts >= 0; parts--) {
      const told = parts > 0 ? 1448 : 1 + Math.floor(random() * 1448);
      frames.segment(server, client, parts > 0 ? ACK : PSH | ACK, serverSequence, clientSequence, told);
      serverSequence = after(serverSequence, told);
      yield 0;
      frames.segment(client, server, ACK, clientSequence, serverSequence);
      yield 0;
    }
  }
  frames.segment(client, server, FIN | ACK, clientSequence, serverSequence);
  yield 0;
  frames.segment(server, client, FIN | ACK, serverSequence, after(clientSequence, 1));
  yield 0;
  frames.segment(client, server, ACK, after(clientSequence, 1), after(serverSequence, 1));
}

/** Whole conversations, many at a time: a call writes the next frame of one of them, or none where one has just ended. */
function makeConversations(frames, random) {
  let number = 0;
  const open = () => converse(frames, random, number++);
  const slots = Array.from({ length: SLOTS }, open);
  /** Conversations that wait for a retransmission, by length of the wait: each list is in order of its due times. */
  const waiting = new Map([
    [1e9, []],
    [2e9, []],
  ]);
  const heads = new Map([...waiting.keys()].map((wait) => [wait, 0]));
  const step = (conversation) => {
    const { value, done } = conversation.next();
    if (!done && value > 0) waiting.get(value).push({ conversation, due: frames.now + value });
    return done === true || value > 0;
  };
  return () => {
    frames.advance(2000 + Math.floor(random() * 16_000));
    let woken = null;
    for (const [wait, list] of waiting) {
      const head = heads.get(wait);
      if (head < list.length && list[head].due <= frames.now) {
        woken = list[head].conversation;
        list[head] = null;
        heads.set(wait, head + 1);
        break;
      }
    }
    if (woken !== null) {
      step(woken);
      return;
    }
    const slot = Math.floor(random() * SLOTS);
    if (step(slots[slot])) slots[slot] = open();
  };
}

/** Exactly `count` frames of whole conversations. @param {import('./capture-file.mjs').CaptureFile} file */
export function writeConversations(file, count, { seed = 1, ...shape } = {}) {
  const next = makeConversations(new FrameBuilder(file, shape), makeRandom(seed));
  while (file.frames < count) next();
}

/** What a household sends: of ten frames two are DNS, four QUIC and four belong to TCP conversations. */
export function writeMix(file, count) {
  const frames = new FrameBuilder(file);
  const random = makeRandom(11);
  const next = makeConversations(frames, random);
  const resolver = { host: 0xfffffd, port: 53 };
  while (file.frames < count) {
    const pick = random();
    if (pick >= 0.6) {
      next();
      continue;
    }
    const seed = Math.floor(random() * 2 ** 31);
    const client = { host: 0x100000 + Math.floor(random() * 50_000), port: 32768 + (seed % 28_000) };
    frames.advance(2000 + Math.floor(random() * 16_000));
    if (pick < 0.1) frames.datagram(client, resolver, 28 + (seed % 30), seed);
    else if (pick < 0.2) frames.datagram(resolver, client, 60 + (seed % 200), seed);
    else {
      const server = { host: 0x200000 + Math.floor(random() * 2000), port: 443 };
      if (pick < 0.3) frames.datagram(client, server, 30 + (seed % 60), seed);
      else frames.datagram(server, client, 1200, seed);
    }
  }
}

/** SYNs to port 0 of one host, each from another address and port; nobody answers. A million of them a second. */
export function writeFlood(file, count) {
  const frames = new FrameBuilder(file);
  const random = makeRandom(7);
  const target = { host: 0xfffffe, port: 0 };
  for (let i = 0; i < count; i++) {
    frames.advance(1000);
    frames.segment({ host: i + 1, port: 1024 + (i % 64_000) }, target, SYN, Math.floor(random() * 2 ** 32), 0);
  }
}

/** What a victim of a flood with forged sources sends to addresses that have asked nothing: SYN-ACKs and RSTs from `port`. */
export function writeBackscatter(file, count, port) {
  const frames = new FrameBuilder(file);
  const random = makeRandom(8);
  const victim = { host: 0xfffffe, port };
  for (let i = 0; i < count; i++) {
    frames.advance(1000);
    const asked = { host: i + 1, port: 1024 + (i % 64_000) };
    const acknowledgment = Math.floor(random() * 2 ** 32);
    if (i % 2 === 0) frames.segment(victim, asked, SYN | ACK, Math.floor(random() * 2 ** 32), acknowledgment);
    else frames.segment(victim, asked, RST | ACK, 0, acknowledgment);
  }
}

/** One host asks others for port after port: nine of ten refuse, one of them says nothing. */
export function writeScan(file, count) {
  const frames = new FrameBuilder(file);
  const random = makeRandom(9);
  for (let i = 0; file.frames < count; i++) {
    const scanner = { host: 0xfffffe, port: 32768 + (i % 28_000) };
    const target = { host: 1 + (i >>> 16), port: 1 + (i % 65_535) };
    const sequence = Math.floor(random() * 2 ** 32);
    frames.advance(2000);
    frames.segment(scanner, target, SYN, sequence, 0);
    if (i % 10 === 0 || file.frames === count) continue;
    frames.advance(2000);
    frames.segment(target, scanner, RST | ACK, 0, (sequence + 1) >>> 0);
  }
}

/** Connections of five frames: opened, and closed by both ends at once. */
export function writeShort(file, count) {
  const frames = new FrameBuilder(file);
  const random = makeRandom(10);
  for (let i = 0; file.frames < count; i++) {
    const client = { host: 0x100000 + (i % 50_000), port: 32768 + (i % 28_000) };
    const server = { host: 0x200000 + (i % 2000), port: 443 };
    const asked = Math.floor(random() * 2 ** 32);
    const told = Math.floor(random() * 2 ** 32);
    const steps = [
      [client, server, SYN, asked, 0],
      [server, client, SYN | ACK, told, (asked + 1) >>> 0],
      [client, server, ACK, (asked + 1) >>> 0, (told + 1) >>> 0],
      [client, server, FIN | ACK, (asked + 1) >>> 0, (told + 1) >>> 0],
      [server, client, FIN | ACK, (told + 1) >>> 0, (asked + 2) >>> 0],
    ];
    for (const step of steps) {
      if (file.frames === count) return;
      frames.advance(2000);
      frames.segment(...step);
    }
  }
}
