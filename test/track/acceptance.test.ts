/** Handshakes that the capture does not hold wholly: frames that were lost, one direction only, captures that began late. */
import { describe, expect, it } from 'vitest';
import {
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_DATA_OFFSET_SMALL,
  CHECKSUM_BAD,
  type PacketRecord,
} from '../../src/decode/packet.ts';
import {
  goesOn,
  isServerSource,
  judgeServer,
  SAYS_ESTABLISHED,
  SAYS_NOTHING,
  SAYS_SYN_ARRIVED,
} from '../../src/track/acceptance.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { icmpError, play, playWithCounts, type SegmentFields, segment, type Timed } from '../support/segments.ts';

const ISN = 1000;
const SERVER = 500;

/** The segments of one connection, between addresses of IPv4 or IPv6. */
function connection(client = '10.0.0.1:40000', server = '10.0.0.2:0') {
  let ipId = 0;
  const from =
    (ends: string) =>
    (flags: string, sequence: number, acknowledgment: number, fields: SegmentFields = {}) =>
      segment(ends, flags, { sequence, acknowledgment, ipId: ++ipId, ...fields });
  return { c: from(`${client} > ${server}`), s: from(`${server} > ${client}`) };
}
const { c, s } = connection();
const SYN = () => c('S', ISN, 0);
const LATER = 400;

function one(packets: readonly Timed[], end = LATER) {
  const exchanges = play(packets, { end });
  expect(exchanges).toHaveLength(1);
  return exchanges[0]!;
}

describe.each([
  ['IPv4', '10.0.0.1:40000', '10.0.0.2:0'],
  ['IPv6', '[2001:db8::1]:40000', '[2001:db8::2]:0'],
  ['from port 0', '10.0.0.1:0', '10.0.0.2:8080'],
])('a SYN-ACK that the capture lost, over %s', (_, client, server) => {
  const { c, s } = connection(client, server);
  const inferred = {
    verdict: 'accepted',
    state: 'open',
    reason: 'syn-ack',
    inferred: true,
    answerFrame: null,
    answeredBy: null,
  };

  it.each([
    ['data', s('PA', SERVER + 1, ISN + 1, { payloadLength: 9 }), { bytesToClient: 9, close: null }],
    ['its FIN', s('FA', SERVER + 1, ISN + 1), { close: null }],
    ['its RST', s('RA', SERVER + 1, ISN + 1), { close: 'reset' }],
    ['a RST without ACK', s('R', SERVER + 1, 0), { close: 'reset' }],
    ['an old keep-alive with a byte', s('A', SERVER, ISN + 1, { payloadLength: 1 }), {}],
  ])("is inferred from %s, behind the client's ACK", (_what, last, more) => {
    const exchange = one([
      [0, c('S', ISN, 0)],
      [0.1, c('A', ISN + 1, SERVER + 1)],
      [0.2, last],
    ]);
    expect(exchange).toMatchObject({ ...inferred, ...more, invalidResets: 0, established: true, frames: [1, 2, 3] });
    expect(exchange.signs).toMatchObject({ inferred: 3, clientWentOn: 2 });
  });

  it.each([
    ['data', s('PA', SERVER + 1, ISN + 1, { payloadLength: 9 })],
    ['a FIN', s('FA', SERVER + 1, ISN + 1)],
  ])("is inferred from %s, though the client's ACK is lost too", (_what, last) => {
    expect(
      one([
        [0, c('S', ISN, 0)],
        [0.2, last],
      ]),
    ).toMatchObject(inferred);
  });

  it('is inferred from an ACK of data, however late', () => {
    const data = c('PA', ISN + 1, SERVER + 1, { payloadLength: 6 });
    expect(
      one([
        [0, c('S', ISN, 0)],
        [0.1, data],
        [200, s('A', SERVER + 1, ISN + 7)],
      ]),
    ).toMatchObject(inferred);
    // Recorded in the wrong order, it is the same.
    expect(
      one([
        [0, c('S', ISN, 0)],
        [0.1, s('A', SERVER + 1, ISN + 7)],
        [0.1001, data],
      ]),
    ).toMatchObject(inferred);
    expect(
      one([
        [0, c('S', ISN, 0)],
        [0.1, s('RA', SERVER + 1, ISN + 7)],
        [0.1001, data],
      ]),
    ).toMatchObject({
      ...inferred,
      close: 'reset',
      invalidResets: 0,
    });
  });

  it('is not inferred where it was only late', () => {
    const packets: Timed[] = [
      [0, c('S', ISN, 0)],
      [0.1, c('A', ISN + 1, SERVER + 1)],
      [0.1001, s('SA', SERVER, ISN + 1)],
      [0.2, s('PA', SERVER + 1, ISN + 1, { payloadLength: 3 })],
    ];
    expect(one(packets)).toMatchObject({ verdict: 'accepted', inferred: false, answerFrame: 3, frames: [1, 2, 3, 4] });
    const [syn, ack, late, data] = packets as [Timed, Timed, Timed, Timed];
    expect(one([syn, ack, data, [0.3, late[1]]])).toMatchObject({
      verdict: 'accepted',
      inferred: false,
      answerFrame: 4,
    });
  });

  it('is seen through mirrored copies', () => {
    const ack = c('A', ISN + 1, SERVER + 1);
    const data = s('PA', SERVER + 1, ISN + 1, { payloadLength: 9 });
    const packets: Timed[] = [
      [0, c('S', ISN, 0)],
      [0.1, ack],
      [0.1001, ack],
      [0.2, data],
      [0.2001, data],
    ];
    expect(one(packets)).toMatchObject({ ...inferred, bytesToClient: 9, frames: [1, 2, 3, 4, 5] });
  });
});

describe("with only the client's half", () => {
  it('stays undecided, however long it idles, and tells what it shows', () => {
    const exchange = one([
      [0, SYN()],
      [0.1, c('A', ISN + 1, SERVER + 1)],
      [60, c('A', ISN, SERVER + 1)],
      [120, c('PA', ISN + 1, SERVER + 1, { payloadLength: 4 })],
      [180, c('FA', ISN + 5, SERVER + 1)],
      [300, c('A', ISN + 6, SERVER + 2)],
    ]);
    expect(exchange).toMatchObject({ verdict: 'undecided', state: 'unknown', bytesToServer: 4, close: null });
    expect(exchange.signs).toMatchObject({ clientWentOn: 2, clientReset: null, serverAck: null });
  });

  it('ends with the RST of the client, however late', () => {
    expect(
      one([
        [0, SYN()],
        [0.1, c('A', ISN + 1, SERVER + 1)],
        [90, c('RA', ISN + 1, SERVER + 1)],
      ]),
    ).toMatchObject({
      verdict: 'undecided',
      close: 'reset',
      frames: [1, 2, 3],
    });
  });
});

describe('an ACK of the server', () => {
  it('of the SYN alone shows too little', () => {
    const exchange = one([
      [0, SYN()],
      [0.1, s('A', SERVER + 1, ISN + 1)],
    ]);
    expect(exchange).toMatchObject({ verdict: 'undecided', inferred: false, frames: [1, 2] });
    expect(exchange.signs).toMatchObject({ serverAck: 2, clientWentOn: null });
  });

  it('of nothing that the client sent is a challenge, with and without data of the client', () => {
    expect(
      one([
        [0, SYN()],
        [0.1, s('A', 77, 999_999)],
      ]),
    ).toMatchObject({ verdict: 'challenged', answerFrame: 2 });
    expect(
      one([
        [0, SYN()],
        [0.1, s('A', 77, ISN)],
      ]),
    ).toMatchObject({ verdict: 'challenged' });
    expect(
      one([
        [0, SYN()],
        [0.1, s('A', 77, ISN + 2)],
      ]),
    ).toMatchObject({ verdict: 'challenged' });
  });
});

describe('real refusals', () => {
  it('stay what they are', () => {
    expect(
      one([
        [0, SYN()],
        [0.1, s('RA', 0, ISN + 1)],
      ]),
    ).toMatchObject({ verdict: 'refused', inferred: false });
    expect(
      one([
        [0, SYN()],
        [0.1, s('R', 0, 0)],
      ]),
    ).toMatchObject({ verdict: 'invalid-reset', invalidResets: 1 });
    expect(
      one([
        [0, SYN()],
        [0.1, s('RA', 0, ISN + 500)],
      ]),
    ).toMatchObject({ verdict: 'invalid-reset' });
  });

  it('and a RST that the client must ignore, with another TTL than the answer, show two senders', () => {
    const forged = s('R', 0, 0, { ttl: 200 });
    const answer = () => s('SA', SERVER, ISN + 1);
    expect(
      one([
        [0, SYN()],
        [0.1, forged],
        [0.2, answer()],
      ]),
    ).toMatchObject({ verdict: 'accepted', conflicting: true });
    expect(
      one([
        [0, SYN()],
        [0.1, s('R', 0, 0)],
        [0.2, answer()],
      ]),
    ).toMatchObject({ conflicting: false });
  });
});

describe('a capture that began late', () => {
  const late = { verdict: 'unsolicited', probe: null, serverPort: 0, underWay: true };

  // RFC 7323 §3.2: kind 8, length 10, TSval, TSecr.
  const times = (echo: number) => [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, echo];
  it.each([
    ['an ACK', 'A', { frames: [1] }],
    ['a FIN', 'FA', { frames: [1] }],
  ])("is known from %s alone that echoes the other end's time", (_what, flags, more) => {
    expect(one([[0, c(flags, ISN, SERVER, { options: times(7) })]])).toMatchObject({ ...late, ...more });
    // Nobody who has not heard the other end can echo its time: nmap -O echoes 0, ACK scans have no options.
    for (const options of [times(0), []]) {
      expect(one([[0, c(flags, ISN, SERVER, { options })]])).toMatchObject({ verdict: 'silent', underWay: false });
    }
  });

  it('keeps a SYN-ACK and what follows together', () => {
    const exchange = one([
      [0, s('SA', SERVER, ISN + 1)],
      [0.1, c('A', ISN + 1, SERVER + 1)],
      [120, c('PA', ISN + 1, SERVER + 1, { payloadLength: 5 })],
      [240, s('A', SERVER + 1, ISN + 6)],
      [380, s('RA', SERVER + 1, ISN + 6)],
    ]);
    expect(exchange).toMatchObject({ ...late, bytesToServer: 5, close: 'reset', frames: [1, 2, 3, 4, 5] });
  });

  it.each([
    ['keep-alives', c('A', ISN, SERVER + 1), s('A', SERVER + 1, ISN + 1)],
    ["the server's keep-alives", s('A', SERVER, ISN + 1), c('A', ISN + 1, SERVER + 1)],
    ['data', c('PA', ISN + 1, SERVER + 1, { payloadLength: 5 }), s('A', SERVER + 1, ISN + 6)],
    ["the server's data", s('PA', SERVER + 1, ISN + 1, { payloadLength: 5 }), c('A', ISN + 1, SERVER + 6)],
    ['the end', c('FA', ISN + 1, SERVER + 1), s('FA', SERVER + 1, ISN + 2)],
    ["the server's end", s('FA', SERVER + 1, ISN + 1), c('A', ISN + 1, SERVER + 2)],
  ])('tells one conversation from %s on, its server at port 0', (_, first, second) => {
    expect(
      one([
        [0, first],
        [0.1, second],
      ]),
    ).toMatchObject({ ...late, established: true, frames: [1, 2] });
    expect(
      one([
        [0, first],
        [90, second],
      ]),
    ).toMatchObject({ ...late, frames: [1, 2] });
  });

  it.each([
    ['keep-alives', [c('A', ISN, SERVER + 1), c('A', ISN, SERVER + 1), c('A', ISN, SERVER + 1)]],
    [
      'the client',
      [c('A', ISN + 1, SERVER + 1), c('PA', ISN + 1, SERVER + 1, { payloadLength: 3 }), c('RA', ISN + 4, 600)],
    ],
    ['the server', [s('PA', SERVER, ISN, { payloadLength: 9 }), s('A', SERVER + 9, ISN), s('FA', SERVER + 9, ISN)]],
  ])('tells one from one direction with %s only, and claims no more', (_, packets) => {
    const exchange = one(packets.map((packet, i) => [i * 50, packet]));
    expect(exchange).toMatchObject({ ...late, established: false, frames: [1, 2, 3] });
  });

  it('keeps real probes', () => {
    expect(
      one([
        [0, c('A', 1, 2)],
        [0.1, s('R', 2, 0)],
      ]),
    ).toMatchObject({ probe: 'ack', verdict: 'refused' });
    expect(one([[0, c('A', 1, 2)]])).toMatchObject({ probe: 'ack', verdict: 'silent' });
    expect(one([[0, c('FA', 1, 2)]])).toMatchObject({ probe: 'maimon', verdict: 'silent' });
    // hping3 --keep: other numbers each time.
    expect(
      play(
        [
          [0, c('A', 1, 9)],
          [1, c('A', 0x70000000, 0x50000000)],
        ],
        { end: 20 },
      ),
    ).toHaveLength(2);
  });

  it('tells nothing of a lone ACK before the time for an answer is over', () => {
    const told: string[] = [];
    const sink = {
      changed: ({ probe, verdict }: { probe: string | null; verdict: string }) => told.push(`${probe} ${verdict}`),
    };
    play(
      [
        [0, c('A', ISN, SERVER + 1)],
        [0.1, s('A', SERVER + 1, ISN + 1)],
      ],
      { end: 20, sink },
    );
    expect(told).not.toContain('ack undecided');
    play(
      [
        [0, c('A', 1, 2)],
        [0.1, s('R', 2, 0)],
      ],
      { end: 20, sink },
    );
    expect(told).toContain('ack refused');
  });
});

describe('backscatter', () => {
  it.each([
    ['Linux', [0, 1, 3, 7, 15, 31]],
    ['one that takes its time', [0, 3, 9, 21, 45, 75]],
  ])('of a victim that sends its SYN-ACK again (%s) is one event', (_, times) => {
    const exchange = one(times.map((time): Timed => [time, s('SA', SERVER, ISN + 1)]));
    expect(exchange).toMatchObject({ verdict: 'unsolicited', underWay: false, frames: times.map((_time, i) => i + 1) });
  });

  it('for another SYN is another event', () => {
    expect(
      play([
        [0, s('SA', SERVER, ISN + 1)],
        [1, s('SA', SERVER + 9, 70_000)],
      ]),
    ).toHaveLength(2);
  });

  it('leaves the table before what is open, and is not held beyond its bound', () => {
    const flood = (count: number): Timed[] =>
      Array.from({ length: count }, (_, i) => [
        i / 1000,
        segment(`10.9.0.1:0 > 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:${1024 + (i % 60_000)}`, 'SA', {
          acknowledgment: i,
        }),
      ]);
    const { exchanges, evicted } = playWithCounts([[0, SYN()], ...flood(200)], { maxExchanges: 50, end: 1 });
    expect(evicted).toBe(0);
    expect(exchanges.filter(({ verdict }) => verdict === 'undecided')).toHaveLength(1);
    // Within 75 s all are held; beyond, so many.
    expect(settledEarly(flood(70_000), 0.001)).toBe(0);
    expect(settledEarly(flood(70_000), 0.01)).toBeGreaterThan(4000);
  });
});

/** Plays packets, so many seconds apart, and returns how many exchanges have settled before the end. */
function settledEarly(packets: readonly Timed[], gap: number): number {
  let settled = 0;
  const tracker = new Tracker({ answerTimeoutNanos: 5e9, maxExchanges: 100_000 }, { settled: () => settled++ });
  packets.forEach(([, packet], i) => {
    const time = i * gap;
    tracker.track(packet, i + 1, 1000 + Math.floor(time), Math.round((time % 1) * 1e9), 9);
  });
  return settled;
}

describe('a bad checksum', () => {
  const bad = (packet: PacketRecord) => Object.assign(packet, { checksum: CHECKSUM_BAD });

  it.each([
    ['a SYN-ACK', () => s('SA', SERVER, ISN + 1), 'accepted'],
    ['a RST', () => s('RA', 0, ISN + 1), 'refused'],
    ['data', () => s('PA', SERVER + 1, ISN + 1, { payloadLength: 3 }), 'accepted'],
    ['an ICMP error', () => icmpError('192.0.2.9', 3, 13, SYN()), 'unreachable'],
  ])('of %s makes it evidence, and the next one decides', (_, answer, verdict) => {
    const exchange = one([
      [0, SYN()],
      [0.1, bad(answer())],
    ]);
    expect(exchange).toMatchObject({
      verdict: 'silent',
      invalidResets: 0,
      conflicting: false,
      bytesToClient: 0,
      frames: [1, 2],
    });
    expect(exchange.otherAnswers).toMatchObject([{ frame: 2, acceptable: false, checksumBad: true }]);
    expect(
      one([
        [0, SYN()],
        [0.1, bad(answer())],
        [0.2, answer()],
      ]),
    ).toMatchObject({ verdict, frames: [1, 2, 3] });
    const trusting = play(
      [
        [0, SYN()],
        [0.1, bad(answer())],
      ],
      { end: LATER, trustsChecksums: true },
    );
    expect(trusting).toMatchObject([{ verdict, frames: [1, 2] }]);
  });
});

it('whose checksum is trusted, a RST that the client must ignore contradicts from another distance', () => {
  const packets = (): Timed[] => [
    [0, SYN()],
    [0.1, s('SA', SERVER, ISN + 1, { ttl: 64 })],
    [0.2, Object.assign(s('RA', 0, 77, { ttl: 41 }), { checksum: CHECKSUM_BAD })],
  ];
  expect(play(packets(), { end: LATER })).toMatchObject([{ verdict: 'accepted', conflicting: false }]);
  const [trusting] = play(packets(), { end: LATER, trustsChecksums: true });
  expect(trusting).toMatchObject({ verdict: 'accepted', conflicting: true });
});

// RFC 9293 §3.1: the header has 5 words at least, and no more than there are. Linux drops what has not (tcp_v4_rcv: bad_packet).
describe('an impossible data offset', () => {
  it.each([
    ['a SYN-ACK, too small', () => s('SA', SERVER, ISN + 1), ANOMALY_DATA_OFFSET_SMALL, 'accepted'],
    ['a SYN-ACK, beyond its end', () => s('SA', SERVER, ISN + 1), ANOMALY_DATA_OFFSET_BEYOND, 'accepted'],
    ['a RST, too small', () => s('RA', 0, ISN + 1), ANOMALY_DATA_OFFSET_SMALL, 'refused'],
    ['a RST, beyond its end', () => s('RA', 0, ISN + 1), ANOMALY_DATA_OFFSET_BEYOND, 'refused'],
  ])(
    'of %s, makes it evidence, whatever checksums are worth, and the next one decides',
    (_, answer, anomalies, verdict) => {
      const bad = () => Object.assign(answer(), { anomalies });
      const packets = (): Timed[] => [
        [0, SYN()],
        [0.1, bad()],
      ];
      for (const trustsChecksums of [false, true]) {
        const [exchange] = play(packets(), { end: LATER, trustsChecksums });
        expect(exchange).toMatchObject({ verdict: 'silent', invalidResets: 0, conflicting: false, frames: [1, 2] });
        expect(exchange!.otherAnswers).toMatchObject([
          { frame: 2, acceptable: false, checksumBad: false, headerBad: true },
        ]);
      }
      expect(one([...packets(), [0.2, answer()]])).toMatchObject({ verdict, frames: [1, 2, 3], conflicting: false });
    },
  );
});

// A capture of several queues, or a merged one: the answer stands in the file before its question.
describe('a damaged answer that stands before its question', () => {
  it.each([
    ['a SYN-ACK with a bad checksum', () => s('SA', SERVER, ISN + 1), { checksum: CHECKSUM_BAD }, 'accepted'],
    ['a RST with a bad checksum', () => s('RA', 0, ISN + 1), { checksum: CHECKSUM_BAD }, 'refused'],
    ['a SYN-ACK of no header', () => s('SA', SERVER, ISN + 1), { anomalies: ANOMALY_DATA_OFFSET_SMALL }, 'accepted'],
    ['a RST of no header', () => s('RA', 0, ISN + 1), { anomalies: ANOMALY_DATA_OFFSET_SMALL }, 'refused'],
  ])('%s, is none, and the next one decides', (_, answer, damage, verdict) => {
    const packets = (): Timed[] => [
      [0.1, Object.assign(answer(), damage)],
      [0, SYN()],
    ];
    const exchange = one(packets());
    expect(exchange).toMatchObject({ verdict: 'silent', invalidResets: 0, conflicting: false, frames: [1, 2] });
    expect(exchange.otherAnswers).toMatchObject([{ frame: 1, acceptable: false }]);
    expect(one([...packets(), [0.2, answer()]])).toMatchObject({ verdict, frames: [1, 2, 3], conflicting: false });
  });
});

// Who changed addresses in a capture, or has a card that puts the sums in, leaves all of them bad: the ends took them nevertheless.
describe('a SYN-ACK with a bad checksum that the client acknowledges', () => {
  const bad = (packet: PacketRecord) => Object.assign(packet, { checksum: CHECKSUM_BAD });
  const same = (packet: PacketRecord) => packet;

  it.each([
    ['by a segment that is right', same],
    ['by one whose checksum is bad too', bad],
  ])('%s, is the answer', (_, sum) => {
    const exchange = one([
      [0, SYN()],
      [0.1, bad(s('SA', SERVER, ISN + 1))],
      [0.2, sum(c('A', ISN + 1, SERVER + 1))],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', inferred: false, answerFrame: 2, frames: [1, 2, 3] });
  });

  it.each([
    ['another number of the server', c('A', ISN + 1, SERVER + 2)],
    ['numbers that it never sent', c('A', ISN - 5000, SERVER + 1)],
    ['nothing: it resets', c('R', ISN + 1, 0)],
  ])('is none where it acknowledges %s', (_, segment) => {
    const exchange = one([
      [0, SYN()],
      [0.1, bad(s('SA', SERVER, ISN + 1))],
      [0.2, bad(segment)],
    ]);
    expect(exchange.verdict).not.toBe('accepted');
  });
});

describe('numbers', () => {
  const asked = { isn: 0xfffffff0, synLength: 0, clientEnd: -1, clientAcknowledgment: -1 };
  const ack = (acknowledgment: number, more = {}) => ({
    flags: 0x10,
    sequence: 7,
    acknowledgment,
    payloadLength: 0,
    ...more,
  });

  it('go round at 2^32', () => {
    expect(judgeServer(asked, ack(0xfffffff1))).toBe(SAYS_SYN_ARRIVED);
    expect(judgeServer({ ...asked, clientEnd: 5 }, ack(5))).toBe(SAYS_ESTABLISHED);
    expect(judgeServer({ ...asked, clientEnd: 5 }, ack(6))).toBe(SAYS_NOTHING);
    expect(judgeServer(asked, ack(0xfffffff1, { payloadLength: 1 }))).toBe(SAYS_ESTABLISHED);
    expect(goesOn(asked.isn, { ...ack(0), sequence: 0xfffffff1 })).toBe(true);
    expect(goesOn(asked.isn, { ...ack(0), sequence: 0xffffffef })).toBe(false);
    expect(goesOn(asked.isn, { ...ack(0), sequence: 0xfffffff1, flags: 0 })).toBe(false);
  });

  it('that both ends agree on need no bound', () => {
    const known = { ...asked, clientAcknowledgment: 100 };
    expect(judgeServer(known, ack(5000, { sequence: 100 }))).toBe(SAYS_ESTABLISHED);
    expect(judgeServer(known, ack(5000, { sequence: 0x7000_0000 }))).toBe(SAYS_NOTHING);
  });

  it('tell the end that listens', () => {
    expect(isServerSource(0, 40_000)).toBe(true);
    expect(isServerSource(40_000, 0)).toBe(false);
    expect(isServerSource(0, 80)).toBe(false);
    expect(isServerSource(80, 0)).toBe(true);
  });
});

describe('what comes after a conversation was over', () => {
  const handshake: Timed[] = [
    [0, c('S', ISN, 0)],
    [0.01, s('SA', SERVER, ISN + 1)],
    [0.02, c('A', ISN + 1, SERVER + 1)],
  ];
  const byFin: Timed[] = [...handshake, [1, s('FA', SERVER + 1, ISN + 1)], [1.1, c('FA', ISN + 1, SERVER + 2)]];
  const byReset: Timed[] = [...handshake, [1, s('RA', SERVER + 1, ISN + 1)]];
  const lateByFin: Timed[] = [
    [0, c('PA', ISN + 1, SERVER + 1, { payloadLength: 4 })],
    [1, s('FA', SERVER + 1, ISN + 5)],
    [1.1, c('FA', ISN + 5, SERVER + 2)],
  ];
  const rest: readonly (readonly [string, PacketRecord])[] = [
    // Linux sends a FIN again after 0.2, 0.6, 1.4 … 51 and 102 s, where its ACK is lost.
    ["the client's FIN again", c('FA', ISN + 1, SERVER + 2)],
    ["the server's FIN again", s('FA', SERVER + 1, ISN + 1)],
    ['the ACK of TIME-WAIT', s('A', SERVER + 2, ISN + 2)],
    ["the client's data again", c('PA', ISN + 1, SERVER + 1, { payloadLength: 1 })],
    ['a RST of one that has forgotten it', s('R', SERVER + 2, 0)],
    ["a RST of the client's", c('R', ISN + 2, 0)],
    ['a RST with ACK', c('RA', ISN + 2, SERVER + 2)],
  ];
  describe.each([
    ['by FIN', byFin],
    ['by RST', byReset],
    ['by FIN, its start not captured', lateByFin],
  ])('%s', (_, packets) => {
    it.each(rest)('keeps %s in its exchange', (_what, packet) => {
      for (const wait of [4, 6, 30, 102, 230]) {
        const before = one(packets, 500);
        const after = one([...packets, [1.1 + wait, packet]], 500);
        expect(after.frames).toHaveLength(packets.length + 1);
        const { verdict, close, conflicting, invalidResets, underWay } = before;
        expect(after).toMatchObject({ verdict, close, conflicting, invalidResets, underWay });
      }
    });

    it('keeps what comes again and again, each within four minutes of the last', () => {
      const again = Array.from({ length: 5 }, (_unused, i): Timed => [200 * (i + 1), c('FA', ISN + 1, SERVER + 2)]);
      expect(one([...packets, ...again], 2000).frames).toHaveLength(packets.length + 5);
    });

    it('swallows no probe on the same ends', () => {
      const probes: readonly (readonly [string, PacketRecord])[] = [
        ['null', c('', 0x70000000, 0)],
        ['fin', c('F', ISN + 1, 0)],
        ['ack', c('A', 0x70000000, 0x50000000)],
        ['maimon', c('FA', 0x70000000, 0x50000000)],
        ['syn', c('S', 0x70000000, 0)],
      ];
      for (const [probe, packet] of probes) {
        const exchanges = play([...packets, [30, packet]], { end: 500 });
        expect(exchanges).toHaveLength(2);
        expect(exchanges[1]).toMatchObject({ probe, verdict: 'silent' });
      }
    });

    it('answers no newer attempt on the same ends', () => {
      const syn = c('S', 0x70000000, 0);
      const exchanges = play(
        [...packets, [30, syn], [30.1, c('FA', ISN + 1, SERVER + 2)], [30.2, s('RA', 0, 0x70000001)]],
        {
          end: 500,
        },
      );
      expect(exchanges.map(({ verdict }) => verdict)).toEqual([one(packets).verdict, 'refused']);
      expect(exchanges[0]!.frames).toHaveLength(packets.length + 1);
    });
  });

  it('is held for four minutes, and settles then though nothing comes', () => {
    const settled: number[] = [];
    const tracker = new Tracker({ answerTimeoutNanos: 5e9, maxExchanges: 1000 }, { settled: () => settled.push(1) });
    let frame = 0;
    for (const [seconds, packet] of byFin) tracker.track(packet, ++frame, 1000 + seconds, 0, 9);
    tracker.advance(1006.2, 0);
    expect(settled).toEqual([]);
    tracker.advance(1000 + 1.1 + 5 + 241, 0);
    expect(settled).toEqual([1]);
    expect(tracker.size).toBe(0);
  });

  it('is held in bounds, the oldest goes first', () => {
    let settled = 0;
    const tracker = new Tracker(
      { answerTimeoutNanos: 5e9, maxExchanges: 1_000_000, evidence: 'port-zero' },
      { settled: () => settled++ },
    );
    const most = 65_536;
    for (let i = 0; i < most + 100; i++) {
      const ends = [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:40000`, '10.9.9.9:0'] as const;
      tracker.track(segment(ends.join(' > '), 'S', { sequence: ISN }), 3 * i + 1, 1000, i, 9);
      tracker.track(
        segment([...ends].reverse().join(' > '), 'SA', { sequence: 5, acknowledgment: ISN + 1 }),
        3 * i + 2,
        1000,
        i,
        9,
      );
      tracker.track(
        segment([...ends].reverse().join(' > '), 'RA', { sequence: 6, acknowledgment: ISN + 1 }),
        3 * i + 3,
        1000,
        i,
        9,
      );
    }
    // Twice: what lingers goes over to those that are closed, and then there are too many.
    tracker.advance(1010, 0);
    tracker.advance(1011, 0);
    expect(tracker.size).toBe(most);
    expect(settled).toBe(100);
    expect(tracker.counts.evicted).toBe(0);
  });
});

describe('a split handshake whose SYN of the server the capture lost', () => {
  const start: Timed[] = [
    [0, c('S', ISN, 0)],
    [0.02, c('SA', ISN, SERVER + 1)],
  ];

  it('is undecided with the half of the client alone', () => {
    const exchange = one([...start, [1.02, c('SA', ISN, SERVER + 1)]]);
    expect(exchange).toMatchObject({ verdict: 'undecided', inferred: false, frames: [1, 2, 3] });
    expect(exchange.signs).toMatchObject({ split: 2, clientWentOn: 2, inferred: null });
  });

  it('is a simultaneous open where the server goes on', () => {
    const exchange = one([
      ...start,
      [0.03, s('A', SERVER + 1, ISN + 1)],
      [0.04, s('PA', SERVER + 1, ISN + 1, { payloadLength: 5 })],
    ]);
    expect(exchange).toMatchObject({
      verdict: 'simultaneous',
      state: 'open',
      reason: 'split-handshake-syn',
      inferred: true,
      answerFrame: null,
      bytesToClient: 5,
    });
    expect(exchange.signs).toMatchObject({ split: 2, inferred: 4 });
  });

  it('is what it is where that SYN was recorded late, or a SYN-ACK comes', () => {
    expect(one([...start, [0.03, s('S', SERVER, 0)]])).toMatchObject({ verdict: 'simultaneous', answerFrame: 3 });
    // RFC 9293 section 3.5, figure 7.
    const both = one([...start, [0.03, s('SA', SERVER, ISN + 1)]]);
    expect(both).toMatchObject({ verdict: 'accepted', inferred: false, answerFrame: 3 });
  });
});

// RFC 9293 section 3.5, figure 7: SYN, SYN, SYN-ACK, SYN-ACK.
describe.each([
  ['port 0', '10.0.0.2:0'],
  ['port 80', '10.0.0.2:80'],
])('a simultaneous open over %s of which the capture lost a SYN', (_, server) => {
  const { c, s } = connection('10.0.0.1:40000', server);
  const both: Timed[] = [
    [0.02, c('SA', ISN, SERVER + 1)],
    [0.03, s('SA', SERVER, ISN + 1)],
  ];

  it.each([
    ["the server's", c('S', ISN, 0), { clientPort: 40000, answerFrame: 3 }],
    ["the client's", s('S', SERVER, 0), { serverPort: 40000, answerFrame: 2 }],
  ])('is one exchange without %s', (_lost, syn, more) => {
    const exchange = one([[0, syn], ...both]);
    expect(exchange).toMatchObject({
      verdict: 'accepted',
      inferred: false,
      conflicting: false,
      frames: [1, 2, 3],
      ...more,
    });
  });

  it('is not where the second SYN-ACK is of other numbers', () => {
    const other = play(
      [
        [0, s('S', SERVER, 0)],
        [0.02, c('SA', ISN, SERVER + 1)],
        [0.03, s('SA', SERVER + 7, ISN + 1)],
      ],
      { end: LATER },
    );
    expect(other.map(({ verdict }) => verdict)).toEqual(['accepted', 'unsolicited']);
  });
});

describe('a lone segment with ACK, and what shows that it is no probe', () => {
  const fin = c('FA', ISN + 1, SERVER + 1);
  it.each([
    ["the same end's SYN-ACK, sent again", c('SA', ISN, SERVER + 1)],
    ["the other end's SYN-ACK", s('SA', SERVER, ISN + 1)],
    ["the other end's RST, further on", s('R', SERVER + 20, 0)],
    ["the other end's RST with ACK", s('RA', SERVER + 1, ISN + 2)],
  ])('%s', (_, other) => {
    for (const gap of [0.1, 4, 20]) {
      expect(
        one([
          [0, fin],
          [gap, other],
        ]),
      ).toMatchObject({ probe: null, verdict: 'unsolicited', underWay: true, frames: [1, 2] });
    }
  });

  it.each([
    ['a SYN-ACK of other numbers', c('SA', 0x70000000, 0x60000000), 2],
    ['the RST that a closed port sends', s('R', SERVER + 1, 0), 1],
    ['a RST with number 0', s('RA', 0, ISN + 2), 1],
  ])('but not %s', (_, other, count) => {
    const exchanges = play(
      [
        [0, fin],
        [0.1, other],
      ],
      { end: 400 },
    );
    expect(exchanges).toHaveLength(count);
    expect(exchanges[0]).toMatchObject({ probe: 'maimon' });
  });
});

describe('a RST whose SYN the capture does not hold', () => {
  const FIRST = 0x90000000;
  const closedPort = (acknowledged: number, fields: SegmentFields = {}) =>
    s('RA', 0, acknowledged >>> 0, { ipId: 0, ...fields });
  const syn = (isn: number) => c('S', isn, 0);
  // 0.1 s earlier by the clock of sequence numbers: Linux counts 64 ns, BSD about 1 us, RFC 9293 section 3.4.1 says 4 us.
  const TICKS = [64e-9, 1e-6, 4e-6];
  const earlier = (tick: number) => FIRST + 1 - 0.1 / tick;

  it('is of an earlier attempt where the same stack refuses the one that is there, and the clock of their numbers agrees', () => {
    for (const tick of TICKS) {
      const exchange = one([
        [0, syn(FIRST)],
        [0.1, closedPort(earlier(tick))],
        [0.2, closedPort(FIRST + 1)],
      ]);
      expect(exchange).toMatchObject({ verdict: 'refused', answerFrame: 3, invalidResets: 0, frames: [1, 2, 3] });
      expect(exchange.otherAnswers).toMatchObject([{ frame: 2, acceptable: false, ofOther: true }]);
    }
  });

  it.each([
    ['TTL', { ttl: 63 }],
    ['IP ID', { ipId: 7 }],
    ['window', { window: 8192 }],
  ])('is invalid where its %s tells another sender', (_, fields) => {
    const exchange = one([
      [0, syn(FIRST)],
      [0.1, closedPort(earlier(TICKS[0]!), fields)],
      [0.2, closedPort(FIRST + 1)],
    ]);
    expect(exchange).toMatchObject({ verdict: 'refused', invalidResets: 1, firstInvalidResetFrame: 2 });
  });

  it('is invalid where it has the form of no refusal, though the same sender refuses', () => {
    for (const forged of [s('R', 0, 0, { ipId: 0 }), s('RA', 77, earlier(TICKS[0]!), { ipId: 0 })]) {
      const packets: Timed[] = [
        [0, syn(FIRST)],
        [0.1, forged],
        [0.2, closedPort(FIRST + 1)],
      ];
      expect(one(packets)).toMatchObject({ verdict: 'refused', invalidResets: 1 });
    }
  });

  it('is invalid where its number is that of nothing asked a moment earlier, whoever seems to have sent it', () => {
    const guesses = [
      0,
      1,
      FIRST,
      FIRST + 2,
      FIRST + 900,
      FIRST - 1,
      FIRST - 1000,
      FIRST - 50_000_000,
      FIRST ^ 0x80000000,
    ];
    for (const acknowledged of guesses) {
      for (const answer of [closedPort(FIRST + 1), s('SA', 77, FIRST + 1)]) {
        const packets: Timed[] = [
          [0, syn(FIRST)],
          [0.1, closedPort(acknowledged)],
          [0.2, answer],
        ];
        expect(one(packets)).toMatchObject({ invalidResets: 1, firstInvalidResetFrame: 2 });
      }
      const alone: Timed[] = [
        [0, syn(FIRST)],
        [0.1, closedPort(acknowledged)],
      ];
      expect(one(alone)).toMatchObject({ verdict: 'invalid-reset', invalidResets: 1 });
    }
  });

  it('is cleared by the refusal of a later attempt, after the time of its own too', () => {
    for (const wait of [0.2, 6]) {
      const exchanges = play(
        [
          [0, syn(FIRST)],
          [0.1, closedPort(earlier(TICKS[1]!))],
          [wait, syn(FIRST + wait * 1e6)],
          [wait + 0.1, closedPort(FIRST + wait * 1e6 + 1)],
        ],
        { end: LATER },
      );
      expect(exchanges).toMatchObject([
        { verdict: 'silent', invalidResets: 0, answerFrame: null },
        { verdict: 'refused', invalidResets: 0 },
      ]);
    }
  });

  it('is of an attempt of its own where these ends ask again and again, unless those who answer them are elsewhere', () => {
    const guess = FIRST + 0x1234567;
    for (const [ttl, verdicts, invalid] of [
      [64, ['refused', 'silent', 'unsolicited'], 0],
      [50, ['refused', 'invalid-reset'], 1],
    ] as const) {
      const exchanges = play(
        [
          [0, syn(FIRST)],
          [0.1, closedPort(FIRST + 1)],
          [0.2, syn(FIRST + 200_000)],
          [0.3, closedPort(guess, { ttl })],
        ],
        { end: LATER },
      );
      expect(exchanges.map(({ verdict }) => verdict)).toEqual(verdicts);
      expect(exchanges.reduce((sum, { invalidResets }) => sum + invalidResets, 0)).toBe(invalid);
    }
  });
});
