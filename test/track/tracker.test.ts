import { describe, expect, it } from 'vitest';
import { ANOMALY_BAD_CHECKSUM } from '../../src/decode/packet.ts';
import { icmpError, play, playWithCounts, type SegmentFields, segment, type Timed } from '../support/segments.ts';

const ASK = '10.0.0.1:40000 > 10.0.0.2:0';
const REPLY = '10.0.0.2:0 > 10.0.0.1:40000';
const ISN = 1000;

const ask = (flags = 'S', fields: SegmentFields = {}) => segment(ASK, flags, { sequence: ISN, ...fields });
const reply = (flags: string, fields: SegmentFields = {}) =>
  segment(REPLY, flags, { acknowledgment: ISN + 1, ...fields });

/** Plays packets that must make one exchange. */
function playOne(packets: readonly Timed[], end?: number) {
  const exchanges = play(packets, end === undefined ? {} : { end });
  expect(exchanges).toHaveLength(1);
  return exchanges[0]!;
}

describe('the verdict table', () => {
  it('calls a SYN-ACK of the SYN accepted', () => {
    const exchange = playOne([
      [0, ask()],
      [0.25, reply('SA', { sequence: 5000 })],
    ]);
    expect(exchange).toMatchObject({
      verdict: 'accepted',
      state: 'open',
      reason: 'syn-ack',
      portZero: 'server',
      probe: 'syn',
      probeFrame: 1,
      answerFrame: 2,
      frames: [1, 2],
      latencyNanos: 250_000_000,
      established: false,
      close: null,
    });
    expect([...exchange.answeredBy!]).toEqual([10, 0, 0, 2]);
  });

  it.each([
    ['the SYN', 0, ISN + 1, 'accepted'],
    ['the SYN and part of its data', 10, ISN + 6, 'accepted'],
    ['the SYN and all of its data', 10, ISN + 11, 'accepted'],
    ['more than was sent', 10, ISN + 12, 'challenged'],
    ['nothing', 0, ISN, 'challenged'],
  ])('takes a SYN-ACK that acknowledges %s (RFC 9293 §3.10.7.3)', (_, payloadLength, acknowledgment, verdict) => {
    const exchange = playOne(
      [
        [0, ask('S', { payloadLength })],
        [0.1, reply('SA', { acknowledgment })],
      ],
      20,
    );
    expect(exchange.verdict).toBe(verdict);
    expect(exchange.probe).toBe(payloadLength > 0 ? 'syn-data' : 'syn');
  });

  it.each([2 ** 31, 2 ** 32, 2 ** 40])('tells frames around number %i as they are', (edge) => {
    const packets: Timed[] = [
      [0, ask()],
      [0.25, reply('SA', { sequence: 5000 })],
      [0.5, segment(ASK, 'A', { sequence: ISN + 1, acknowledgment: 5001 })],
    ];
    const [exchange] = play(packets, { firstFrame: edge - 1 });
    expect(exchange).toMatchObject({
      verdict: 'accepted',
      probeFrame: edge - 1,
      answerFrame: edge,
      frames: [edge - 1, edge, edge + 1],
      frameCount: 3,
    });
  });

  it('does its arithmetic modulo 2^32', () => {
    const exchange = playOne([
      [0, ask('S', { sequence: 0xffffffff })],
      [0.1, reply('SA', { acknowledgment: 0 })],
    ]);
    expect(exchange.verdict).toBe('accepted');
  });

  it('calls a RST that acknowledges the SYN refused', () => {
    const exchange = playOne([
      [0, ask()],
      [0.1, reply('RA')],
    ]);
    expect(exchange).toMatchObject({
      verdict: 'refused',
      state: 'closed',
      reason: 'reset',
      close: null,
      answerFrame: 2,
    });
  });

  it.each([
    ['with a wrong ACK number', 'RA', ISN + 2],
    ['without ACK', 'R', 0],
  ])('ignores a RST %s, as the client must', (_, flags, acknowledgment) => {
    const exchange = playOne(
      [
        [0, ask()],
        [0.1, reply(flags, { acknowledgment })],
      ],
      20,
    );
    expect(exchange).toMatchObject({
      verdict: 'invalid-reset',
      state: 'closed',
      reason: 'reset',
      answerFrame: 2,
      invalidResets: 1,
      firstInvalidResetFrame: 2,
    });
  });

  it('lets an acceptable answer win over an earlier invalid RST', () => {
    const exchange = playOne([
      [0, ask()],
      [0.1, reply('RA', { acknowledgment: 7 })],
      [0.2, reply('SA', { sequence: 5000 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', answerFrame: 3, invalidResets: 1, frames: [1, 2, 3] });
    expect(exchange.otherAnswers).toMatchObject([{ frame: 2, kind: 'reset', acceptable: false }]);
  });

  it.each([
    [3, 0, 'net-unreach'],
    [3, 1, 'host-unreach'],
    [3, 2, 'proto-unreach'],
    [3, 3, 'port-unreach'],
    [3, 9, 'net-prohibited'],
    [3, 10, 'host-prohibited'],
    [3, 13, 'admin-prohibited'],
    [3, 5, 'dest-unreach'],
    [11, 0, 'time-exceeded'],
    [12, 0, 'param-problem'],
  ])('calls ICMP %i/%i unreachable: %s', (type, code, reason) => {
    const exchange = playOne([
      [0, ask()],
      [0.1, icmpError('192.0.2.254', type, code, ask())],
    ]);
    expect(exchange).toMatchObject({ verdict: 'unreachable', state: 'filtered', reason, answerFrame: 2 });
    expect([...exchange.answeredBy!]).toEqual([192, 0, 2, 254]);
  });

  it.each([
    [1, 0, 'no-route'],
    [1, 1, 'admin-prohibited'],
    [1, 2, 'beyond-scope'],
    [1, 3, 'host-unreach'],
    [1, 4, 'port-unreach'],
    [1, 5, 'admin-prohibited'],
    [1, 6, 'reject-route'],
    [1, 7, 'dest-unreach'],
    [3, 0, 'time-exceeded'],
    [4, 3, 'param-problem'],
  ])('calls ICMPv6 %i/%i unreachable: %s', (type, code, reason) => {
    const syn = () => segment('2001:db8::1:40000 > 2001:db8::2:0', 'S', { sequence: 9 });
    const exchange = playOne([
      [0, syn()],
      [0.1, icmpError('2001:db8::ff', type, code, syn())],
    ]);
    expect(exchange).toMatchObject({ verdict: 'unreachable', reason, ipVersion: 6 });
  });

  it.each([
    [3, 4],
    [4, 0],
  ])('does not take ICMP %i/%i for an answer', (type, code) => {
    const exchange = playOne(
      [
        [0, ask()],
        [0.1, icmpError('192.0.2.254', type, code, ask())],
      ],
      6,
    );
    expect(exchange).toMatchObject({ verdict: 'silent', answerFrame: null, frames: [1, 2] });
    expect(exchange.otherAnswers).toMatchObject([{ kind: 'icmp', acceptable: false }]);
  });

  it.each([
    ['another sequence number', ISN + 5],
    ['no sequence number', -1],
  ])('does not believe an ICMP error that quotes %s', (_, sequence) => {
    const exchange = playOne(
      [
        [0, ask()],
        [0.1, icmpError('192.0.2.254', 3, 3, ask(), { sequence })],
      ],
      6,
    );
    expect(exchange).toMatchObject({ verdict: 'silent', frames: [1, 2] });
  });

  it('calls it silent when the whole answer timeout has passed, undecided before', () => {
    expect(playOne([[0, ask()]], 5)).toMatchObject({ verdict: 'silent', state: 'filtered', reason: 'no-response' });
    expect(playOne([[0, ask()]], 4.99)).toMatchObject({ verdict: 'undecided', state: 'unknown', reason: null });
  });

  it('counts the timeout from the last retransmission', () => {
    const packets: Timed[] = [0, 1, 3, 7].map((time) => [time, ask('S', { ipId: 10 + time })]);
    expect(playOne(packets, 11.9)).toMatchObject({ verdict: 'undecided', retransmissions: 3, frames: [1, 2, 3, 4] });
    expect(playOne(packets, 12)).toMatchObject({ verdict: 'silent', retransmissions: 3 });
  });

  it('keeps the retransmissions of a whole connect() in one exchange, though they are far apart', () => {
    // As Linux 6.18 sends them.
    const times = [0, 1, 2, 3, 4, 5, 7, 11, 19, 36, 70];
    const others: Timed[] = Array.from({ length: 130 }, (_, i) => [
      i + 0.5,
      segment(`10.9.9.9:${i + 1} > 10.0.0.2:80`, 'S', { sequence: i }),
    ]);
    const packets: Timed[] = [...times.map((time): Timed => [time, ask('S', { ipId: time })]), ...others].sort(
      (a, b) => a[0] - b[0],
    );
    const exchanges = play(packets, { end: 140 }).filter((exchange) => exchange.portZero !== null);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'silent', retransmissions: 10 });
  });

  it('keeps to silent when the answer comes after the timeout, and keeps the answer as evidence', () => {
    const exchange = playOne([
      [0, ask()],
      [6, reply('SA')],
    ]);
    expect(exchange).toMatchObject({ verdict: 'silent', answerFrame: null, frames: [1, 2], conflicting: false });
    expect(exchange.otherAnswers).toMatchObject([{ kind: 'syn-ack', frame: 2 }]);
  });

  it('calls crossing SYNs simultaneous', () => {
    const exchange = playOne([
      [0, segment('10.0.0.1:0 > 10.0.0.2:0', 'S', { sequence: 1 })],
      [0.01, segment('10.0.0.2:0 > 10.0.0.1:0', 'S', { sequence: 70 })],
      [0.02, segment('10.0.0.1:0 > 10.0.0.2:0', 'SA', { sequence: 1, acknowledgment: 71 })],
      [0.03, segment('10.0.0.2:0 > 10.0.0.1:0', 'SA', { sequence: 70, acknowledgment: 2 })],
    ]);
    expect(exchange).toMatchObject({
      verdict: 'simultaneous',
      state: 'open',
      reason: 'split-handshake-syn',
      portZero: 'both',
      answerFrame: 2,
      established: true,
      frames: [1, 2, 3, 4],
    });
  });

  it('calls an ACK that does not acknowledge the SYN a challenge (RFC 5961 §4)', () => {
    const exchange = playOne(
      [
        [0, ask()],
        [0.1, reply('A', { acknowledgment: 77, sequence: 3 })],
        [0.2, segment(ASK, 'R', { sequence: 77 })],
      ],
      20,
    );
    expect(exchange).toMatchObject({
      verdict: 'challenged',
      state: 'unfiltered',
      reason: 'tcp-response',
      answerFrame: 2,
    });
  });

  it('gives the ACK of a half-open leftover to the attempt that met it', () => {
    const exchanges = play(
      [
        [0, ask()],
        [0.1, reply('SA', { sequence: 5000 })],
        [0.2, segment(ASK, 'A', { sequence: ISN + 1, acknowledgment: 5001 })],
        [1, ask('S', { sequence: 99_000, ipId: 3 })],
        [1.1, reply('A', { sequence: 5001, acknowledgment: ISN + 1 })],
      ],
      { end: 20 },
    );
    expect(exchanges).toMatchObject([
      { verdict: 'accepted', frames: [1, 2, 3] },
      { verdict: 'challenged', answerFrame: 5, frames: [4, 5] },
    ]);
  });

  it('finds the question of an ICMP error that was recorded before it', () => {
    const exchange = playOne([
      [0, icmpError('192.0.2.1', 12, 0, ask())],
      [0.1, ask()],
    ]);
    expect(exchange).toMatchObject({ verdict: 'unreachable', reason: 'param-problem', frames: [1, 2] });
  });

  it.each(['SA', 'R', 'RA'])('calls a lone %s unsolicited, its sender the server', (flags) => {
    const exchange = playOne([[0, reply(flags)]]);
    expect(exchange).toMatchObject({
      verdict: 'unsolicited',
      state: 'unknown',
      reason: null,
      probe: null,
      probeFrame: null,
      answerFrame: 1,
      serverPort: 0,
      portZero: 'server',
    });
  });

  it('says undecided when the client resets its own attempt', () => {
    const exchange = playOne(
      [
        [0, ask()],
        [0.1, segment(ASK, 'R', { sequence: ISN + 1 })],
      ],
      20,
    );
    expect(exchange).toMatchObject({ verdict: 'undecided', unseenAnswer: true, frames: [1, 2] });
  });

  it('says undecided when only the half of the client is there', () => {
    const exchange = playOne(
      [
        [0, ask()],
        [0.1, segment(ASK, 'A', { sequence: ISN + 1, acknowledgment: 5001 })],
        [0.2, segment(ASK, 'PA', { sequence: ISN + 1, acknowledgment: 5001, payloadLength: 10 })],
      ],
      20,
    );
    expect(exchange).toMatchObject({ verdict: 'undecided', unseenAnswer: true, bytesToServer: 10, dataFrame: 3 });
  });
});

describe('openings other than SYN', () => {
  it.each([
    ['', 'null', 'closed', 'open|filtered'],
    ['F', 'fin', 'closed', 'open|filtered'],
    ['FPU', 'xmas', 'closed', 'open|filtered'],
    ['FA', 'maimon', 'closed', 'open|filtered'],
    ['A', 'ack', 'unfiltered', 'filtered'],
    ['SF', 'other', 'closed', 'filtered'],
    ['PU', 'other', 'closed', 'filtered'],
  ])('reads flags "%s" as nmap does: %s, %s on RST, %s on silence', (flags, probe, onReset, onSilence) => {
    const opening = ask(flags, { acknowledgment: 50 });
    expect(playOne([[0, opening]], 9)).toMatchObject({ probe, verdict: 'silent', state: onSilence });
    expect(
      playOne([
        [0, opening],
        [0.1, reply('RA')],
      ]),
    ).toMatchObject({ probe, verdict: 'refused', state: onReset, reason: 'reset' });
  });

  it('ignores them on other ports', () => {
    expect(play([[0, segment('10.0.0.1:40000 > 10.0.0.2:80', 'F')]])).toEqual([]);
  });

  it('takes another sequence number for another probe', () => {
    expect(
      play([
        [0, ask('F', { sequence: 1 })],
        [1, ask('F', { sequence: 9 })],
        [2, ask('F', { sequence: 9, ipId: 5 })],
      ]),
    ).toMatchObject([
      { id: 1, retransmissions: 0, frames: [1] },
      { id: 2, retransmissions: 1, frames: [2, 3] },
    ]);
  });

  it('keeps a conversation whose start was not captured in one exchange', () => {
    const exchange = playOne(
      [
        [0, ask('PA', { sequence: 100, acknowledgment: 500, payloadLength: 5 })],
        [0.1, reply('PA', { sequence: 500, acknowledgment: 105, payloadLength: 7 })],
        [0.2, ask('A', { sequence: 105, acknowledgment: 507 })],
      ],
      30,
    );
    expect(exchange).toMatchObject({
      probe: null,
      verdict: 'unsolicited',
      underWay: true,
      established: true,
      answerFrame: null,
      bytesToServer: 5,
      bytesToClient: 7,
    });
  });
});

describe('retransmissions, copies, attempts', () => {
  it('does not count the same packet seen twice, also one hop on', () => {
    const exchange = playOne([
      [0, ask('S', { ipId: 77, ttl: 64 })],
      [0.00002, ask('S', { ipId: 77, ttl: 63 })],
      [0.001, reply('RA', { ttl: 64 })],
      [0.00102, reply('RA', { ttl: 63 })],
    ]);
    expect(exchange).toMatchObject({ retransmissions: 0, frames: [1, 2, 3, 4], conflicting: false, otherAnswers: [] });
  });

  it('takes another ISN on the same 4-tuple for a new attempt, and gives each its answer', () => {
    expect(
      play([
        [0, ask('S', { sequence: 1 })],
        [0.1, ask('S', { sequence: 100 })],
        [0.2, reply('RA', { acknowledgment: 2 })],
        [0.3, reply('RA', { acknowledgment: 101 })],
      ]),
    ).toMatchObject([
      { verdict: 'refused', frames: [1, 3] },
      { verdict: 'refused', frames: [2, 4] },
    ]);
  });

  it('finds the question of an answer that was recorded before it', () => {
    const exchange = playOne([
      [0.0001, reply('RA')],
      [0, ask()],
    ]);
    expect(exchange).toMatchObject({ verdict: 'refused', probeFrame: 2, answerFrame: 1, latencyNanos: 100_000 });
  });

  it('tells flows of other scopes apart', () => {
    expect(
      play([
        [0, ask('S', { scope: 1 })],
        [0.1, ask('S', { scope: 2 })],
        [0.2, reply('RA', { scope: 1 })],
      ]),
    ).toMatchObject([
      { verdict: 'refused', scope: 1 },
      { verdict: 'undecided', scope: 2 },
    ]);
  });

  it('tells openings apart that came another way, and gives answers to the one that waits', () => {
    expect(
      play([
        [0, ask('S', { path: 1 })],
        [0.1, ask('S', { path: 2 })],
        [0.2, reply('RA', { path: 7 })],
        [0.3, reply('RA', { path: 8 })],
      ]),
    ).toMatchObject([
      { verdict: 'refused', frames: [1, 4] },
      { verdict: 'refused', frames: [2, 3] },
    ]);
  });

  it('handles a segment whose ends are the same', () => {
    const self = '127.0.0.1:0 > 127.0.0.1:0';
    const exchange = playOne([
      [0, segment(self, 'S', { sequence: 5 })],
      [0.1, segment(self, 'RA', { acknowledgment: 6 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'refused', portZero: 'both', frames: [1, 2] });
  });
});

describe('second answerers', () => {
  it.each([
    ['another kind', reply('RA'), true],
    ['another initial sequence number', reply('SA', { sequence: 9 }), true],
    ['another TTL', reply('SA', { sequence: 5000, ttl: 50 }), true],
    ['an IP ID where there was none', reply('SA', { sequence: 5000, ipId: 31337 }), true],
    ['the same again', reply('SA', { sequence: 5000 }), false],
  ])('sees one in %s', (_, second, conflicting) => {
    const exchange = playOne([
      [0, ask()],
      [0.1, reply('SA', { sequence: 5000 })],
      [0.2, second],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', conflicting, frames: [1, 2, 3] });
    expect(exchange.otherAnswers).toHaveLength(conflicting ? 1 : 0);
    if (!conflicting) expect(exchange.answerEvidence).toMatchObject({ repeats: 1 });
  });

  it('sees a forged RST by its TTL, and not in the end of a conversation', () => {
    const opening: Timed[] = [
      [0, ask()],
      [0.1, reply('SA', { sequence: 5000 })],
      [0.2, segment(ASK, 'A', { sequence: ISN + 1, acknowledgment: 5001 })],
    ];
    const honest = playOne([...opening, [0.3, reply('R', { sequence: 5001 })]]);
    expect(honest).toMatchObject({ conflicting: false, close: 'reset', established: true });
    const forged = playOne([...opening, [0.3, reply('R', { sequence: 5001, ttl: 200 })]]);
    expect(forged).toMatchObject({ conflicting: true, close: 'reset' });
  });
});

describe('odd circumstances', () => {
  it('is not fooled by a time stamp of another frame that runs ahead', () => {
    const exchanges = play([
      [0, ask()],
      [3600, segment('10.0.0.9:1 > 10.0.0.8:80', 'S')],
      [0.01, reply('RA')],
    ]);
    expect(exchanges[0]).toMatchObject({ verdict: 'refused', latencyNanos: 10_000_000 });
  });

  it('keeps the answer that settles it after any number of forged ones', () => {
    const forged: Timed[] = Array.from({ length: 19 }, (_, i) => [
      0.01 * (i + 1),
      reply('R', { sequence: 7 * i, acknowledgment: 0 }),
    ]);
    const exchange = playOne([
      [0, ask()],
      ...forged,
      [1, reply('SA', { sequence: 5000 })],
      [1.1, segment(ASK, 'A', { sequence: ISN + 1, acknowledgment: 5001 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', answerFrame: 21, established: true, invalidResets: 19 });
    expect(exchange.answerEvidence).toMatchObject({ kind: 'syn-ack' });
  });

  it('takes the SYN-ACK of a socket that connects to itself', () => {
    const self = '10.0.0.1:0 > 10.0.0.1:0';
    const exchange = playOne([
      [0, segment(self, 'S', { sequence: ISN })],
      [0.01, segment(self, 'SA', { sequence: ISN, acknowledgment: ISN + 1 })],
      [0.02, segment(self, 'A', { sequence: ISN + 1, acknowledgment: ISN + 1 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', established: true, frames: [1, 2, 3] });
  });

  it('sees a conversation established by a SYN-ACK that came too late for the verdict', () => {
    const exchange = playOne([
      [0, ask()],
      [6, reply('SA', { sequence: 5000 })],
      [6.1, segment(ASK, 'A', { sequence: ISN + 1, acknowledgment: 5001 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'silent', established: true });
  });
});

describe('conversations over port 0', () => {
  it('follows establishment, bytes each way and the close', () => {
    const c = (flags: string, sequence: number, acknowledgment: number, payloadLength = 0) =>
      segment(ASK, flags, { sequence, acknowledgment, payloadLength });
    const s = (flags: string, sequence: number, acknowledgment: number, payloadLength = 0) =>
      segment(REPLY, flags, { sequence, acknowledgment, payloadLength });
    const exchange = playOne([
      [0, ask()],
      [0.1, s('SA', 5000, ISN + 1)],
      [0.2, c('A', ISN + 1, 5001)],
      [0.3, c('PA', ISN + 1, 5001, 100)],
      [0.35, c('PA', ISN + 1, 5001, 100)],
      [0.4, s('PA', 5001, ISN + 101, 30)],
      [0.5, c('FA', ISN + 101, 5031)],
      [0.6, s('FA', 5031, ISN + 102)],
      [0.7, c('A', ISN + 102, 5032)],
    ]);
    expect(exchange).toMatchObject({
      verdict: 'accepted',
      established: true,
      bytesToServer: 100,
      bytesToClient: 30,
      close: 'fin',
      dataFrame: 4,
      frames: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    });
  });

  it('does not call it established when the client resets (nmap -sS)', () => {
    const exchange = playOne([
      [0, ask()],
      [0.1, reply('SA', { sequence: 5000 })],
      [0.2, segment(ASK, 'R', { sequence: ISN + 1 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', established: false, close: 'reset', unseenAnswer: false });
  });

  it('takes the text of a RST for no payload (RFC 9293 §3.5.3)', () => {
    const exchange = playOne([
      [0, ask()],
      [0.1, reply('RA', { payloadLength: 12 })],
    ]);
    expect(exchange).toMatchObject({ verdict: 'refused', bytesToClient: 0, dataFrame: null });
  });
});

describe('ordinary ports', () => {
  it('keeps the RST of a conversation in its exchange, however late', () => {
    const exchanges = play([
      [0, segment('10.0.0.1:40000 > 10.0.0.2:80', 'S', { sequence: 1 })],
      [0.1, segment('10.0.0.2:80 > 10.0.0.1:40000', 'SA', { sequence: 10, acknowledgment: 2 })],
      [4000, segment('10.0.0.2:80 > 10.0.0.1:40000', 'R', { sequence: 11 })],
    ]);
    expect(exchanges).toMatchObject([{ verdict: 'accepted', frames: [1, 2, 3], close: 'reset', portZero: null }]);
  });
});

describe('time', () => {
  it('goes on after a step back', () => {
    const exchanges = play(
      [
        [1000, ask()],
        [100, segment('10.0.0.3:40000 > 10.0.0.2:0', 'S', { sequence: 1 })],
        [100.1, segment('10.0.0.2:0 > 10.0.0.3:40000', 'RA', { acknowledgment: 2 })],
        [106, segment('10.0.0.4:40000 > 10.0.0.2:0', 'S', { sequence: 1 })],
      ],
      { end: 112 },
    );
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(['silent', 'refused', 'silent']);
  });

  it('is not upset by disorder', () => {
    const exchange = playOne([
      [0.5, ask()],
      [0.1, reply('RA')],
    ]);
    expect(exchange).toMatchObject({ verdict: 'refused', latencyNanos: null });
  });
});

describe('bounds', () => {
  it('evicts and counts the oldest open exchange', () => {
    const flood: Timed[] = Array.from({ length: 100 }, (_, i) => [
      i / 1000,
      segment(`10.0.1.1:${i + 1} > 10.0.0.2:0`, 'S', { sequence: i }),
    ]);
    const { exchanges, evicted } = playWithCounts(flood, { maxExchanges: 10, end: 10 });
    expect(exchanges).toHaveLength(100);
    expect(evicted).toBe(90);
    expect(exchanges.slice(0, 90).every(({ verdict }) => verdict === 'undecided')).toBe(true);
    expect(exchanges.slice(90).every(({ verdict }) => verdict === 'silent')).toBe(true);
  });

  it('knows answers to questions that had to leave the full table from backscatter', () => {
    const packets: Timed[] = [];
    for (let i = 0; i < 50; i++)
      packets.push([i / 1000, segment(`10.0.1.1:${i + 1} > 10.0.0.2:0`, 'S', { sequence: i })]);
    for (let i = 0; i < 50; i++)
      packets.push([0.1, segment(`10.0.0.2:0 > 10.0.1.1:${i + 1}`, 'SA', { acknowledgment: i + 1 })]);
    packets.push([0.2, segment('10.0.0.2:0 > 10.0.1.1:700', 'SA', { acknowledgment: 5 })]);
    packets.push([0.2, segment('10.0.0.2:0 > 10.0.1.1:1', 'SA', { acknowledgment: 99 })]);
    const unsolicited = play(packets, { maxExchanges: 10, end: 10 }).filter(({ verdict }) => verdict === 'unsolicited');
    const forged = unsolicited.filter(({ questionEvicted }) => !questionEvicted);
    expect(unsolicited.length).toBeGreaterThan(39);
    expect(forged.map(({ clientPort }) => clientPort).sort()).toEqual([1, 700]);
  });

  it('lets go of what is decided before it evicts what is open', () => {
    const packets: Timed[] = [[0, ask()]];
    for (let i = 1; i <= 50; i++) {
      packets.push([i / 1000, segment(`10.0.1.1:${i} > 10.0.0.2:0`, 'S', { sequence: i })]);
      packets.push([i / 1000, segment(`10.0.0.2:0 > 10.0.1.1:${i}`, 'RA', { acknowledgment: i + 1 })]);
    }
    const { exchanges, evicted } = playWithCounts(packets, { maxExchanges: 3, end: 10 });
    expect(evicted).toBe(0);
    expect(exchanges[0]).toMatchObject({ verdict: 'silent' });
  });

  it('keeps every attempt on one 4-tuple', () => {
    const flood: Timed[] = Array.from({ length: 1000 }, (_, i) => [i / 1000, ask('S', { sequence: i * 10 })]);
    const { exchanges, evicted } = playWithCounts(flood, { end: 10 });
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(Array(1000).fill('silent'));
    expect(evicted).toBe(0);
  });

  it('puts every frame into exactly one exchange, however the packets fall', () => {
    // A long pseudo-random mix on few ends: every branch gets its turn.
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const flags = ['S', 'SA', 'RA', 'R', 'A', 'F', 'FA', '', 'PA', 'SF', 'SR', 'FPU'];
    const packets: Timed[] = [];
    for (let i = 0; i < 20_000; i++) {
      const client = `10.0.0.${1 + random(3)}:${random(3)}`;
      const server = `10.0.0.${1 + random(3)}:0`;
      const ends = random(2) === 0 ? `${client} > ${server}` : `${server} > ${client}`;
      const fields = { sequence: random(4), acknowledgment: random(5), ipId: random(3), payloadLength: random(2) };
      const packet = segment(ends, flags[random(flags.length)]!, fields);
      packets.push([i / 50, random(10) === 0 ? icmpError('192.0.2.1', 3, random(5), packet) : packet]);
    }
    const exchanges = play(packets, { maxExchanges: 40 });
    const seen = exchanges.flatMap(({ frames }) => frames);
    expect(new Set(seen).size).toBe(seen.length);
    packets.forEach(([, packet], index) => {
      if (packet.quote === null) expect(seen.includes(index + 1), `frame ${index + 1}`).toBe(true);
    });
    expect(new Set(exchanges.map(({ id }) => id)).size).toBe(exchanges.length);
  });
});

describe('what is told on the way', () => {
  it('tells of each exchange when it opens, changes and settles', () => {
    const told: string[] = [];
    play(
      [
        [0, ask('S', { anomalies: ANOMALY_BAD_CHECKSUM })],
        [0.1, reply('RA')],
      ],
      {
        sink: {
          opened: (exchange) => told.push(`opened ${exchange.verdict}`),
          changed: (exchange) => told.push(`changed ${exchange.verdict}`),
          settled: (exchange) => told.push(`settled ${exchange.verdict} ${exchange.anomalyFrame}`),
        },
      },
    );
    expect(told).toEqual(['opened undecided', 'changed undecided', 'changed refused', 'settled refused 1']);
  });
});

describe('a SYN-ACK that acknowledges a waiting SYN', () => {
  // RFC 9293 §3.10.7.3: in SYN-SENT the ACK number decides, whatever else was on these ends before.
  const pairs = (exchanges: ReturnType<typeof play>) =>
    exchanges.map(({ probe, verdict, answerFrame, frames }) => [probe, verdict, answerFrame, frames]);

  it('is its answer, though a conversation without beginning was on the same ends, port 0 at both', () => {
    const one = '10.0.0.1:0 > 10.0.0.2:0';
    const two = '10.0.0.2:0 > 10.0.0.1:0';
    const exchanges = play([
      [0, segment(two, 'PA', { sequence: 3_000_000_000, acknowledgment: 2_000_000_000, payloadLength: 2 })],
      [0.1, segment(one, 'A', { sequence: 2_000_000_000, acknowledgment: 3_000_000_002 })],
      [8, segment(one, 'S', { sequence: ISN })],
      [8.1, segment(two, 'SA', { sequence: 7000, acknowledgment: ISN + 1 })],
      [8.2, segment(one, 'A', { sequence: ISN + 1, acknowledgment: 7001 })],
    ]);
    expect(pairs(exchanges)).toEqual([
      [null, 'unsolicited', null, [1, 2]],
      ['syn', 'accepted', 4, [3, 4, 5]],
    ]);
  });

  it('is its answer, and so is its repetition, though the end of a conversation before it had near numbers', () => {
    const exchanges = play([
      [0, reply('FA', { sequence: 500, acknowledgment: 700_000 })],
      [3, ask()],
      [3.1, reply('SA', { sequence: 1 })],
      [4.1, reply('SA', { sequence: 1, ipId: 9 })],
    ]);
    expect(pairs(exchanges)).toEqual([
      ['maimon', 'undecided', null, [1]],
      ['syn', 'accepted', 3, [2, 3, 4]],
    ]);
  });

  it.each(['', 'FPU'])('is not the answer to a probe "%s" with the same number', (flags) => {
    const exchanges = play([
      [0, ask()],
      [0.1, ask(flags)],
      [0.2, reply('SA', { sequence: 1 })],
    ]);
    expect(pairs(exchanges)).toMatchObject([
      ['syn', 'accepted', 3, [1, 3]],
      [expect.any(String), 'undecided', null, [2]],
    ]);
  });
});

describe.each([
  ['port 0', ASK, REPLY],
  ['port 80', '10.0.0.1:40000 > 10.0.0.2:80', '10.0.0.2:80 > 10.0.0.1:40000'],
])('a RST with SYN, on %s', (_, question, answer) => {
  // RFC 9293 §3.10.7.3: in SYN-SENT RST is looked at before SYN, and counts if the ACK does; so does Linux (ECONNREFUSED).
  it.each([
    ['RSA', ISN + 1, 'refused'],
    ['RSA', ISN, 'invalid-reset'],
    ['RS', 0, 'invalid-reset'],
  ])('answers who has asked: %s with ACK number %i is %s, and so is its copy', (flags, acknowledgment, verdict) => {
    const reset = () => segment(answer, flags, { acknowledgment, ipId: 7 });
    const [exchange, ...others] = play([
      [0, segment(question, 'S', { sequence: ISN })],
      [0.1, reset()],
      [0.101, reset()],
    ]);
    expect(others).toEqual([]);
    expect(exchange).toMatchObject({ verdict, reason: 'reset', answerFrame: 2, frames: [1, 2, 3] });
  });

  it('opens an exchange of its own where nobody has asked, or it is of who has', () => {
    expect(play([[0, segment(answer, 'RSA')]])).toMatchObject([{ probe: 'other', verdict: 'undecided' }]);
    const both = play([
      [0, segment(question, 'S', { sequence: ISN })],
      [0.1, segment(question, 'RS', { sequence: ISN })],
    ]);
    expect(both.map(({ probe }) => probe)).toEqual(['syn', 'other']);
  });
});
