import { describe, expect, it } from 'vitest';
import { icmpError, play, type SegmentFields, segment, type Timed } from '../support/segments.ts';

const ASK = '10.0.0.1:40000 > 10.0.0.2:0';
const REPLY = '10.0.0.2:0 > 10.0.0.1:40000';
const ASK_80 = '10.0.0.1:40000 > 10.0.0.2:80';
const REPLY_80 = '10.0.0.2:80 > 10.0.0.1:40000';

const isnOf = (i: number) => (Math.imul(i + 1, 0x9e3779b1) >>> 0) + (i & 1);

/** One attempt every 10 ms, each answered 200 ms later, in order of time. */
function slowAnswers(
  count: number,
  ask: (isn: number, i: number) => ReturnType<typeof segment>,
  answer: (isn: number, i: number) => ReturnType<typeof segment>,
): Timed[] {
  const packets: Timed[] = [];
  for (let i = 0; i < count; i++) {
    packets.push([i / 100, ask(isnOf(i), i)]);
    packets.push([i / 100 + 0.2, answer(isnOf(i), i)]);
  }
  return packets.sort(([a], [b]) => a - b);
}

describe('a flood of attempts on one 4-tuple', () => {
  const syn =
    (ends: string, fields: SegmentFields = {}) =>
    (sequence: number) =>
      segment(ends, 'S', { sequence, ...fields });

  it.each([
    ['a RST/ACK', ASK, (isn: number) => segment(REPLY, 'RA', { acknowledgment: isn + 1 }), 'refused', {}],
    ['a SYN-ACK', ASK, (isn: number) => segment(REPLY, 'SA', { acknowledgment: isn + 1 }), 'accepted', {}],
    [
      'a RST/ACK on port 80',
      ASK_80,
      (isn: number) => segment(REPLY_80, 'RA', { acknowledgment: isn + 1 }),
      'refused',
      {},
    ],
    // RFC 7413 §4.2.2: all of the data that rode on the SYN.
    [
      'a SYN-ACK of SYN and data',
      ASK,
      (isn: number) => segment(REPLY, 'SA', { acknowledgment: isn + 8 }),
      'accepted',
      { payloadLength: 7 },
    ],
    [
      'a SYN-ACK of the SYN alone',
      ASK,
      (isn: number) => segment(REPLY, 'SA', { acknowledgment: isn + 1 }),
      'accepted',
      { payloadLength: 7 },
    ],
    [
      'an ICMP error',
      ASK,
      (isn: number) => icmpError('10.0.0.9', 3, 13, segment(ASK, 'S', { sequence: isn })),
      'unreachable',
      {},
    ],
  ] as const)('gives each %s to the attempt that it names', (_, ends, answer, verdict, fields) => {
    const exchanges = play(slowAnswers(100, syn(ends, fields), answer), { end: 20 });
    expect(exchanges).toHaveLength(100);
    for (const exchange of exchanges) {
      expect(exchange.verdict).toBe(verdict);
      expect(exchange.invalidResets).toBe(0);
      expect(Math.round(exchange.latencyNanos! / 1e6)).toBe(200);
      expect(exchange.frames).toHaveLength(2);
    }
  });

  // RFC 9293 §3.10.7.1: a closed port answers SEG.SEQ + SEG.LEN, or has the number that was acknowledged.
  it.each([
    ['NULL', '', (isn: number) => segment(REPLY, 'RA', { acknowledgment: isn })],
    ['FIN', 'F', (isn: number) => segment(REPLY, 'RA', { acknowledgment: isn + 1 })],
    ['ACK', 'A', (isn: number) => segment(REPLY, 'R', { sequence: (isn ^ 0x5a5a5a5a) >>> 0 })],
  ] as const)('gives each RST to the %s probe that it names', (_, flags, answer) => {
    const ask = (sequence: number) =>
      segment(ASK, flags, { sequence, acknowledgment: flags === 'A' ? (sequence ^ 0x5a5a5a5a) >>> 0 : 0 });
    const exchanges = play(slowAnswers(100, ask, answer), { end: 20 });
    expect(exchanges).toHaveLength(100);
    for (const exchange of exchanges) {
      expect(exchange.verdict).toBe('refused');
      expect(Math.round(exchange.latencyNanos! / 1e6)).toBe(200);
    }
  });

  it('knows a retransmission of any of them', () => {
    const first: Timed[] = Array.from({ length: 100 }, (_, i) => [i / 100, segment(ASK, 'S', { sequence: isnOf(i) })]);
    const again: Timed[] = Array.from({ length: 100 }, (_, i) => [
      1 + i / 100,
      segment(ASK, 'S', { sequence: isnOf(i), ipId: 7 }),
    ]);
    const exchanges = play([...first, ...again], { end: 30 });
    expect(exchanges.map(({ retransmissions }) => retransmissions)).toEqual(Array(100).fill(1));
  });

  it('calls each silent when no answer comes, and what comes after the time is over evidence', () => {
    const asked: Timed[] = Array.from({ length: 100 }, (_, i) => [i / 100, segment(ASK, 'S', { sequence: isnOf(i) })]);
    const exchanges = play([...asked, [8, segment(REPLY, 'RA', { acknowledgment: isnOf(3) + 1 })]], { end: 40 });
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(Array(100).fill('silent'));
    expect(exchanges[3]!.otherAnswers).toHaveLength(1);
  });
});
