/** Endless captures that aim at what portzero keeps, for volume.mjs: functions from a frame's number to its bytes. */
import {
  attemptsThatCollide,
  endsThatCollide,
  fragmentsThatCollide,
  fragmentsThatCollided,
  greKeysThatCollide,
  nestingsThatCollide,
  sourcesThatCollide,
  tunnelsThatCollide,
} from './collide.mjs';

/** A SYN from 10.0.0.1:40000 to port 0 of 10.0.0.2. */
export const syn = Buffer.from(
  `020000000002 020000000001 0800
   4500 0028 0001 0000 4006 0000 0a000001 0a000002
   9c40 0000 000003e8 00000000 5002 2000 0000 0000`.replaceAll(/\s/g, ''),
  'hex',
);
const FRAGMENT = 20;
const TOTAL_LENGTH = 16;
const SOURCE = 26;
const DESTINATION = 30;
const SOURCE_PORT = 34;
const DESTINATION_PORT = 36;
const SEQUENCE = 38;
const FLAGS = 47;
const MORE_FRAGMENTS = 0x2000;

const mix = (number) => Math.imul(number + 1, 0x9e3779b1) >>> 0;

/** A SYN over whose bytes `vary` writes what it varies. */
const flood = (vary) => (number) => {
  const frame = Buffer.from(syn);
  vary(frame, number, mix(number));
  return frame;
};

const inIpip = (source) => {
  const inner = syn.subarray(14, 54);
  const outer = Buffer.from(inner.subarray(0, 20));
  outer.writeUInt16BE(60, 2);
  outer[9] = 4;
  outer.writeUInt32BE(source >>> 0, 12);
  return Buffer.concat([syn.subarray(0, 14), outer, inner]);
};

const inGre = (key) => {
  const inner = syn.subarray(14, 54);
  const outer = Buffer.from(inner.subarray(0, 20));
  outer.writeUInt16BE(68, 2);
  outer[9] = 47;
  const gre = Buffer.from([0x20, 0, 0x08, 0, 0, 0, 0, 0]);
  gre.writeInt32BE(key | 0, 4);
  return Buffer.concat([syn.subarray(0, 14), outer, gre, inner]);
};

/** A segment of an established connection. */
const talk = (frame, sequence) => {
  frame.writeUInt32BE(sequence >>> 0, SEQUENCE);
  frame[FLAGS] = 0x10;
};

export const FLOODS = {
  'new numbers on one 4-tuple': flood((frame, _, mixed) => frame.writeUInt32BE(mixed, SEQUENCE)),
  'ordinary SYNs, new numbers on one 4-tuple': flood((frame, _, mixed) => {
    frame.writeUInt16BE(80, DESTINATION_PORT);
    frame.writeUInt32BE(mixed, SEQUENCE);
  }),
  'fragments of distinct datagrams': flood((frame, _, mixed) => {
    frame.writeUInt32BE(mixed, SOURCE);
    frame.writeUInt16BE(MORE_FRAGMENTS, FRAGMENT);
    frame.writeUInt16BE(28, TOTAL_LENGTH);
  }),
  'overlapping fragments of one datagram': flood((frame, number) => {
    frame.writeUInt16BE(MORE_FRAGMENTS | (number % 8), FRAGMENT);
    frame[34 + (number % 20)] = number & 0xff;
  }),
  'forged resets after one SYN': flood((frame, number, mixed) => {
    if (number === 0) return;
    Buffer.from([10, 0, 0, 2, 10, 0, 0, 1, 0, 0, 0x9c, 0x40]).copy(frame, SOURCE);
    frame.writeUInt32BE(mixed, SEQUENCE);
    frame[FLAGS] = 0x04;
  }),
  'ordinary SYNs of distinct ends': flood((frame, _, mixed) => {
    frame.writeUInt32BE(mixed, SOURCE);
    frame.writeUInt16BE(80, DESTINATION_PORT);
  }),
  // The core has to give each of them away.
  'ordinary SYNs, a second attempt each': flood((frame, number) => {
    frame.writeUInt32BE(mix(number >> 1), SOURCE);
    frame.writeUInt16BE(80, DESTINATION_PORT);
    frame.writeUInt32BE(number & 1, SEQUENCE);
  }),
  // Each plain segment is between ports that wait for an answer.
  'data beside a SYN on the same ports': flood((frame, number, mixed) => {
    frame.writeUInt16BE(80, DESTINATION_PORT);
    if (number % 1000 === 0) return;
    frame.writeUInt32BE(mixed, SOURCE);
    talk(frame, number);
  }),
  'data behind a SYN without answer': flood((frame, number) => {
    frame.writeUInt16BE(80, DESTINATION_PORT);
    if (number > 0) talk(frame, 1001);
  }),
  'scan: another target each': flood((frame, number) => {
    frame.writeUInt32BE((0x0a000000 + number) >>> 0, DESTINATION);
  }),
  'backscatter from port 0': flood((frame, _, mixed) => {
    frame.writeUInt32BE(mixed, DESTINATION);
    Buffer.from([0, 0, 0x9c, 0x40]).copy(frame, SOURCE_PORT);
    frame[FLAGS] = 0x14;
  }),
  'one conversation': flood((frame, number) => {
    if (number > 0) talk(frame, number);
  }),
  'conversations by turns': flood((frame, number) => {
    frame.writeUInt32BE(0x0a010000 + (number % 50), SOURCE);
    if (number >= 50) talk(frame, number);
  }),
  'conversations that began before': flood((frame, number, mixed) => {
    frame.writeUInt32BE(mixed, SOURCE);
    talk(frame, number);
    frame.writeUInt32BE(number + 1, SEQUENCE + 4);
  }),
  'one SYN, again and again': flood(() => {}),
  'tunnels between distinct ends': (number) => inIpip(mix(number)),
  // What shows an answer is looked for in all scopes that have an attempt on these ends.
  'one 4-tuple in many VLANs, data between SYNs': (number) => {
    const frame = Buffer.from(syn);
    const mixed = mix(number);
    frame.writeUInt32BE(mixed, SEQUENCE);
    if (number % 2 === 1) {
      Buffer.from([10, 0, 0, 2, 10, 0, 0, 1, 0, 0, 0x9c, 0x40]).copy(frame, SOURCE);
      talk(frame, mixed);
      frame.writeUInt32BE((mix(number - 1) + 9) >>> 0, SEQUENCE + 4);
    }
    const tag = Buffer.from([0x81, 0, (mixed >>> 8) & 0x0f, mixed & 0xff]);
    return Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)]);
  },
  'two VLANs each': (number) => {
    const mixed = mix(number);
    const tags = Buffer.alloc(8);
    tags.writeUInt16BE(0x88a8, 0);
    tags.writeUInt16BE((mixed >>> 8) & 0xfff, 2);
    tags.writeUInt16BE(0x8100, 4);
    tags.writeUInt16BE((mixed >>> 20) & 0xfff, 6);
    return Buffer.concat([syn.subarray(0, 12), tags, syn.subarray(12)]);
  },
};

/** Built from a hash that was in use once, without a key or with a part of it known. */
export const OLD_HASHES = {
  'ways in that once had neighbouring hashes': nestingsThatCollide(syn.subarray(0, 14), syn.subarray(34, 54)),
  'later fragments that once shared a bucket': flood((frame, number) => {
    frame.writeUInt16BE(MORE_FRAGMENTS | 1, FRAGMENT);
    fragmentsThatCollided(number, frame.subarray(SOURCE, DESTINATION), frame.subarray(DESTINATION, SOURCE_PORT));
  }),
};

/**
 * Built from the hash in use for a process whose key is 0. No process draws that key, so they have to be as harmless as any;
 * `--known-key` forces it, and shows that they are no blanks.
 */
export const KNOWN_KEY = {
  'ends that share a bucket': flood((frame, number) => {
    frame.writeInt32BE(endsThatCollide(number, 0x0a000002, (0x9c40 << 16) | 0), SOURCE);
  }),
  'ordinary ends that share a bucket': flood((frame, number) => {
    frame.writeUInt16BE(80, DESTINATION_PORT);
    frame.writeInt32BE(endsThatCollide(number, 0x0a000002, (0x9c40 << 16) | 80), SOURCE);
  }),
  'attempts that share a bucket': flood((frame, number) => {
    frame.writeInt32BE(attemptsThatCollide(number, [0x0a000001, 0x0a000002, (0x9c40 << 16) | 0]), SEQUENCE);
  }),
  'datagrams that share a bucket': flood((frame, number) => {
    frame.writeUInt16BE(MORE_FRAGMENTS | 1, FRAGMENT);
    frame.writeInt32LE(fragmentsThatCollide(number, frame), DESTINATION);
  }),
  'networks that share a bucket': (number) => inGre(greKeysThatCollide(number)),
  'tunnels whose ends share a bucket': (number) => inIpip(tunnelsThatCollide(number, 0x0a000002)),
  'scanners that share a bucket': flood((frame, number) => {
    frame.writeInt32BE(sourcesThatCollide(number), SOURCE);
  }),
};
