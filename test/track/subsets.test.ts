/**
 * Conversations of which the capture holds a part: it begins late, ends early, and has lost one frame or one direction. Nobody in
 * them did anything wrong, so nobody is accused, whatever is missing.
 */
import { describe, expect, it } from 'vitest';
import type { PacketRecord } from '../../src/decode/packet.ts';
import { play, type Snapshot, segment, type Timed } from '../support/segments.ts';

const ISN = 0x90000000;
const SERVER_ISN = 0x12345678;
/** Seconds between two segments: within the answer timeout, and beyond it. */
const GAPS = [0.05, 7];

type Step = readonly [from: 'c' | 's', flags: string, sequence: number, acknowledgment: number, payloadLength?: number];

const opened: Readonly<Record<string, readonly Step[]>> = {
  // RFC 9293 §3.5, figure 6.
  'a handshake': [
    ['c', 'S', 0, 0],
    ['s', 'SA', 0, 1],
    ['c', 'A', 1, 1],
  ],
  // Beardsley & Qian, "The TCP Split Handshake" (2010): the server opens back.
  'a split handshake': [
    ['c', 'S', 0, 0],
    ['s', 'S', 0, 0],
    ['c', 'SA', 0, 1],
    ['s', 'A', 1, 1],
  ],
  // The same with an ACK first.
  'a split handshake of five': [
    ['c', 'S', 0, 0],
    ['s', 'A', 0, 1],
    ['s', 'S', 0, 0],
    ['c', 'SA', 0, 1],
    ['s', 'A', 1, 1],
  ],
  // RFC 9293 §3.5, figure 7.
  'a simultaneous open': [
    ['c', 'S', 0, 0],
    ['s', 'S', 0, 0],
    ['c', 'SA', 0, 1],
    ['s', 'SA', 0, 1],
  ],
};
const talk: readonly Step[] = [
  ['c', 'PA', 1, 1, 10],
  ['s', 'A', 1, 11],
  ['s', 'PA', 1, 11, 20],
  ['c', 'A', 11, 21],
];
const closed: Readonly<Record<string, readonly Step[]>> = {
  FIN: [
    ['c', 'FA', 11, 21],
    ['s', 'FA', 21, 12],
    ['c', 'A', 12, 22],
  ],
  "the client's RST": [['c', 'RA', 11, 21]],
  "the server's RST": [['s', 'RA', 21, 11]],
  "the server's RST without ACK": [['s', 'R', 21, 0]],
};

function packetOf([from, flags, sequence, acknowledgment, payloadLength = 0]: Step, ends: Ends, at: number) {
  const isClient = from === 'c';
  const [own, other] = isClient ? [ISN, SERVER_ISN] : [SERVER_ISN, ISN];
  return segment(isClient ? `${ends[0]} > ${ends[1]}` : `${ends[1]} > ${ends[0]}`, flags, {
    sequence: own + sequence,
    acknowledgment: flags.includes('A') ? other + acknowledgment : 0,
    payloadLength,
    ipId: at + 1,
  });
}
type Ends = readonly [client: string, server: string];

/**
 * A bare ACK or FIN/ACK beside which the capture holds nothing of its conversation, or only the RST that RFC 9293 §3.10.7.1 has for
 * such a segment out of nowhere: an ACK or Maimon scan looks the same.
 */
function looksLikeScan([first, ...others]: readonly Step[]): boolean {
  if (!/^F?A$/.test(first![1])) return false;
  return others.every(([from, flags, sequence]) => from !== first![0] && flags === 'R' && sequence === first![3]);
}

/** What is said against somebody. */
function accusationsIn(exchanges: readonly Snapshot[]): string[] {
  return exchanges.flatMap(({ probe, verdict, conflicting, invalidResets }) => [
    ...(probe === null || probe === 'syn' ? [] : [`${probe} probe`]),
    ...(verdict === 'challenged' || verdict === 'invalid-reset' ? [verdict] : []),
    ...(conflicting ? ['conflicting'] : []),
    ...(invalidResets > 0 ? ['invalid reset'] : []),
  ]);
}

/** The indices of what is seen: from some frame to some other, less one of them or the frames of one side. */
function* partsOf(steps: readonly Step[]): Iterable<number[]> {
  for (let first = 0; first < steps.length; first++)
    for (let end = first + 1; end <= steps.length; end++) {
      const all = [...steps.keys()].slice(first, end);
      yield all;
      for (const lost of all) if (all.length > 1) yield all.filter((at) => at !== lost);
      for (const side of ['c', 's']) yield all.filter((at) => steps[at]![0] === side);
    }
}

const name = (steps: readonly Step[]): string => steps.map(([from, flags]) => `${from}:${flags}`).join(' ');

describe.each(Object.keys(opened))('of %s', (opening) => {
  describe.each(Object.keys(closed))('that ended by %s', (end) => {
    it.each([
      ['to port 0', ['10.0.0.1:40000', '10.0.0.2:0']],
      ['from port 0', ['10.0.0.1:0', '10.0.0.2:443']],
      ['from port 0 to port 0', ['10.0.0.1:0', '10.0.0.2:0']],
      ['between ordinary ports', ['10.0.0.1:40000', '10.0.0.2:80']],
    ] as const)('%s, no part accuses anybody', (_, ends) => {
      const steps = [...opened[opening]!, ...talk, ...closed[end]!];
      const packets: PacketRecord[] = steps.map((step, at) => packetOf(step, ends, at));
      const found: string[] = [];
      for (const seen of partsOf(steps)) {
        const part = seen.map((at) => steps[at]!);
        for (const gap of GAPS) {
          const timed = seen.map((at): Timed => [gap * at, packets[at]!]);
          const made = accusationsIn(play(timed, { end: gap * steps.length + 400 }));
          if (made.length > 0 && !looksLikeScan(part)) found.push(`${name(part)}, ${gap} s apart: ${made.join(', ')}`);
        }
      }
      expect(found).toEqual([]);
    });
  });
});
