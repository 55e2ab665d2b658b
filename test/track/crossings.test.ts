import { describe, expect, it } from 'vitest';
import { icmpError, play, type SegmentFields, segment, type Timed } from '../support/segments.ts';

const ASK = '10.0.0.1:40000 > 10.0.0.2:0';
const REPLY = '10.0.0.2:0 > 10.0.0.1:40000';
const ISN = 1000;
const ask = (flags: string, scope: number, fields: SegmentFields = {}) =>
  segment(ASK, flags, { sequence: ISN, scope, ...fields });
const reply = (flags: string, scope: number, fields: SegmentFields = {}) =>
  segment(REPLY, flags, { acknowledgment: ISN + 1, sequence: 5000, scope, ...fields });

describe('one conversation whose directions run through different scopes', () => {
  it.each([
    ['a SYN-ACK', reply('SA', 2), 'accepted'],
    ['a RST', reply('RA', 2), 'refused'],
    ['an ICMP error', icmpError('10.0.0.9', 3, 13, ask('S', 2)), 'unreachable'],
  ])('gives %s to the one attempt that waits', (_, answer, verdict) => {
    const exchanges = play([
      [0, ask('S', 1)],
      [0.1, answer],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict, scope: 1, answerScope: 2, frames: [1, 2] });
  });

  it('between the outside and a VLAN too, whichever has the question', () => {
    for (const [one, other] of [
      [0, 7],
      [7, 0],
    ] as const) {
      const exchanges = play([
        [0, ask('S', one)],
        [0.1, reply('SA', other)],
      ]);
      expect(exchanges).toHaveLength(1);
      expect(exchanges[0]).toMatchObject({ verdict: 'accepted', scope: one, answerScope: other });
    }
  });

  // RFC 7413 §4.2.2
  it.each([1, 7])('knows the answer to a SYN with data that acknowledges ISN + %i', (acknowledged) => {
    const exchanges = play([
      [0, ask('S', 1, { payloadLength: 6 })],
      [0.1, reply('SA', 2, { acknowledgment: ISN + acknowledged })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'accepted', probe: 'syn-data', answerScope: 2 });
  });

  it('keeps all of the conversation together', () => {
    const exchanges = play([
      [0, ask('S', 1)],
      [0.1, reply('SA', 2)],
      [0.2, ask('A', 1, { sequence: ISN + 1, acknowledgment: 5001 })],
      [0.3, ask('PA', 1, { sequence: ISN + 1, acknowledgment: 5001, payloadLength: 6 })],
      [0.4, reply('PA', 2, { sequence: 5001, acknowledgment: ISN + 7, payloadLength: 9 })],
      [0.5, reply('FA', 2, { sequence: 5010, acknowledgment: ISN + 7 })],
      [0.6, ask('FA', 1, { sequence: ISN + 7, acknowledgment: 5011 })],
      [0.7, reply('A', 2, { sequence: 5011, acknowledgment: ISN + 8 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({
      verdict: 'accepted',
      established: true,
      bytesToServer: 6,
      bytesToClient: 9,
      close: 'fin',
      frames: [1, 2, 3, 4, 5, 6, 7, 8],
    });
  });

  it('knows each of a flood of attempts', () => {
    const packets: Timed[] = [];
    for (let i = 0; i < 200; i++) {
      packets.push([i / 100, ask('S', 1, { sequence: i * 1000 })]);
      packets.push([i / 100 + 0.2, reply('RA', 2, { acknowledgment: i * 1000 + 1 })]);
    }
    packets.sort(([a], [b]) => a - b);
    const exchanges = play(packets, { end: 20 });
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(Array(200).fill('refused'));
  });

  it('guesses nothing where two wait', () => {
    const exchanges = play(
      [
        [0, ask('S', 1, { ipId: 5 })],
        [0.1, ask('S', 2, { ipId: 9 })],
        [0.2, reply('SA', 3)],
      ],
      { end: 20 },
    );
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(['silent', 'silent', 'unsolicited']);
  });

  it('does not take what acknowledges something else', () => {
    const exchanges = play(
      [
        [0, ask('S', 1)],
        [0.1, reply('RA', 2, { acknowledgment: 77 })],
      ],
      { end: 20 },
    );
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(['silent', 'unsolicited']);
  });

  it('keeps two tenants with the same addresses apart', () => {
    const exchanges = play([
      [0, ask('S', 1, { ipId: 5 })],
      [0.001, ask('S', 2, { ipId: 6 })],
      [0.1, reply('SA', 1)],
      [0.1, reply('RA', 2)],
    ]);
    expect(exchanges.map(({ verdict, answerScope }) => [verdict, answerScope])).toEqual([
      ['accepted', null],
      ['refused', null],
    ]);
  });
});

describe('a mirror that shows packets in two scopes', () => {
  it.each([
    ['in the order of their way', 1, 2],
    ['and answers from the far side first', 2, 1],
  ])('is one exchange, %s', (_, first, second) => {
    const exchanges = play([
      [0, ask('S', 1, { ipId: 5, ttl: 64 })],
      [0.0001, ask('S', 2, { ipId: 5, ttl: 63 })],
      [0.1, reply('SA', first, { ttl: 64 })],
      [0.1001, reply('SA', second, { ttl: 63 })],
      [0.2, ask('PA', 1, { ipId: 6, sequence: ISN + 1, acknowledgment: 5001, payloadLength: 6 })],
      [0.2001, ask('PA', 2, { ipId: 6, ttl: 63, sequence: ISN + 1, acknowledgment: 5001, payloadLength: 6 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({
      verdict: 'accepted',
      retransmissions: 0,
      answerScope: null,
      conflicting: false,
      bytesToServer: 6,
      frames: [1, 2, 3, 4, 5, 6],
    });
  });

  it.each(['SA', 'RA', 'R'])('shows an answer without question once (%s)', (flags) => {
    const exchanges = play([
      [0, reply(flags, 1, { ttl: 60 })],
      [0.0001, reply(flags, 2, { ttl: 59 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'unsolicited', frames: [1, 2] });
  });

  it('is not what comes later, with another IP ID, or with more hops to live', () => {
    const later: [number, SegmentFields][] = [
      [0.02, { ipId: 5 }],
      [0.001, { ipId: 6 }],
      [0.001, { ipId: 5, ttl: 65 }],
    ];
    for (const [time, fields] of later) {
      const exchanges = play([
        [0, ask('S', 1, { ipId: 5 })],
        [time, ask('S', 2, fields)],
      ]);
      expect(exchanges).toHaveLength(2);
    }
  });
});

describe('ordinary ports', () => {
  const asked = (flags: string, scope: number, fields: SegmentFields = {}) =>
    segment('10.0.0.1:40000 > 10.0.0.2:80', flags, { sequence: ISN, scope, ...fields });
  const answered = (flags: string, scope: number, fields: SegmentFields = {}) =>
    segment('10.0.0.2:80 > 10.0.0.1:40000', flags, { acknowledgment: ISN + 1, sequence: 5000, scope, ...fields });

  it.each([
    ['SA', 'accepted'],
    ['RA', 'refused'],
  ])('give the answer %s to the one attempt that waits', (flags, verdict) => {
    const exchanges = play([
      [0, asked('S', 10)],
      [0.1, answered(flags, 20)],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict, scope: 10, answerScope: 20 });
  });

  it('show a mirrored packet once', () => {
    const exchanges = play([
      [0, asked('S', 10, { ipId: 5, ttl: 64 })],
      [0.0001, asked('S', 20, { ipId: 5, ttl: 63 })],
      [0.1, answered('SA', 20, { ttl: 64 })],
      [0.1001, answered('SA', 10, { ttl: 63 })],
      [0.2, asked('FA', 10, { sequence: ISN + 1 })],
      [0.2001, asked('FA', 20, { sequence: ISN + 1, ttl: 63 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'accepted', retransmissions: 0, conflicting: false });
  });
});

describe('what is not so plain', () => {
  it.each([
    ['SA', 'accepted'],
    ['RA', 'refused'],
  ])('knows the answer %s in another scope that was recorded before its question', (flags, verdict) => {
    for (const payloadLength of [0, 6]) {
      const exchanges = play([
        [0, reply(flags, 2, { acknowledgment: ISN + 1 + payloadLength })],
        [0.0001, ask('S', 1, { payloadLength })],
        [0.2, reply('RA', 2, { acknowledgment: ISN + 1 + payloadLength, sequence: 5001 })],
      ]);
      expect(exchanges).toHaveLength(1);
      expect(exchanges[0]).toMatchObject({ verdict, scope: 1, answerScope: 2, probeFrame: 2, frames: [1, 2, 3] });
    }
  });

  it('takes no such answer where there are two, or long after', () => {
    const two = play([
      [0, reply('SA', 2, { ipId: 7 })],
      [0.0001, reply('SA', 3, { ipId: 8 })],
      [0.0002, ask('S', 1)],
    ]);
    expect(two).toHaveLength(3);
    const late = play([
      [0, reply('SA', 2)],
      [30, ask('S', 1)],
    ]);
    expect(late).toHaveLength(2);
  });

  it.each([
    ['SA', 'accepted'],
    ['RA', 'refused'],
  ])('knows the answer %s though its scope has an exchange of its own on these ends', (flags, verdict) => {
    // The other one waits, or is over.
    for (const own of [[], [[0.01, reply('RA', 2, { acknowledgment: 78 })]]] as Timed[][]) {
      const exchanges = play(
        [[0, ask('S', 2, { sequence: 77, ipId: 3 })], ...own, [0.1, ask('S', 1, { ipId: 5 })], [0.2, reply(flags, 2)]],
        { end: 20 },
      );
      const found = exchanges.map(({ scope, verdict: said, answerScope }) => [scope, said, answerScope]);
      expect(found).toContainEqual([1, verdict, 2]);
      expect(found).toContainEqual([2, own.length === 0 ? 'silent' : 'refused', null]);
      expect(found).toHaveLength(2);
    }
  });

  it('knows an ICMP error though its scope has an exchange of its own on these ends', () => {
    const exchanges = play(
      [
        [0, ask('S', 2, { sequence: 77, ipId: 3 })],
        [0.1, ask('S', 1, { ipId: 5 })],
        [0.2, icmpError('10.0.0.9', 3, 13, ask('S', 2))],
      ],
      { end: 20 },
    );
    expect(exchanges.map(({ verdict }) => verdict).sort()).toEqual(['silent', 'unreachable']);
  });

  it('gives an answer to the one of two attempts in two other scopes that it acknowledges', () => {
    const exchanges = play(
      [
        [0, ask('S', 1, { ipId: 5 })],
        [0.1, ask('S', 2, { ipId: 9, sequence: 77 })],
        [0.2, reply('SA', 3)],
      ],
      { end: 20 },
    );
    expect(exchanges.map(({ scope, verdict }) => [scope, verdict]).sort()).toEqual([
      [1, 'accepted'],
      [2, 'silent'],
    ]);
  });
});

describe('copies in another scope of a conversation whose opening was not seen there', () => {
  const opening: Timed[] = [
    [0, ask('S', 1)],
    [0.1, reply('SA', 1)],
    [0.2, ask('A', 1, { sequence: ISN + 1, acknowledgment: 5001 })],
  ];
  const data = { sequence: ISN + 1, acknowledgment: 5001, payloadLength: 6, ipId: 9, ttl: 64 };
  const echo = { sequence: 5001, acknowledgment: ISN + 7, payloadLength: 9, ipId: 11, ttl: 60 };

  it.each([true, false])('belong to it (its start seen: %s)', (isSeen) => {
    const start = isSeen ? opening : [];
    const exchanges = play([
      ...start,
      // In a burst, as mirrors send them.
      [0.3, ask('PA', 1, data)],
      [0.3001, reply('PA', 1, echo)],
      [0.3002, ask('PA', 2, { ...data, ttl: 63 })],
      [0.3003, reply('PA', 2, { ...echo, ttl: 59 })],
      [0.4, ask('FA', 1, { sequence: ISN + 7, acknowledgment: 5010, ipId: 10 })],
      [0.4001, ask('FA', 2, { sequence: ISN + 7, acknowledgment: 5010, ipId: 10 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ bytesToServer: 6, bytesToClient: 9, answerScope: null });
    expect(exchanges[0]!.frames).toHaveLength(start.length + 6);
  });

  it('are so with a RST too', () => {
    const exchanges = play([
      ...opening,
      [0.3, ask('R', 1, { sequence: ISN + 1, ipId: 9, acknowledgment: 0 })],
      [0.3001, ask('R', 2, { sequence: ISN + 1, ipId: 9, acknowledgment: 0 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'accepted', close: 'reset' });
  });

  it('are none with other numbers, another IP ID, later, or with more hops to live', () => {
    const others: [number, SegmentFields][] = [
      [0.3001, { ipId: 10 }],
      [0.3001, { ttl: 65 }],
      [0.3001, { sequence: ISN + 2 }],
      [0.3001, { payloadLength: 5 }],
      [0.32, {}],
    ];
    for (const [time, fields] of others) {
      const exchanges = play([...opening, [0.3, ask('PA', 1, data)], [time, ask('PA', 2, { ...data, ...fields })]]);
      expect(exchanges).toHaveLength(2);
    }
  });
});

describe('what shows an answer that the capture does not hold', () => {
  const ends = [
    ['port 0', ASK, REPLY],
    ['port 80', '10.0.0.1:40000 > 10.0.0.2:80', '10.0.0.2:80 > 10.0.0.1:40000'],
  ] as const;

  it.each(ends)('may come back through another scope: %s', (_, there, back) => {
    const syn = segment(there, 'S', { sequence: ISN, scope: 1 });
    const data = segment(back, 'PA', { sequence: 5001, acknowledgment: ISN + 1, payloadLength: 9, scope: 2 });
    const exchanges = play(
      [
        [0, syn],
        [0.2, data],
      ],
      { end: 20 },
    );
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'accepted', inferred: true, scope: 1, answerScope: 2 });
  });

  it.each(ends)('is a RST of a connection there, too: %s', (_, there, back) => {
    const exchanges = play(
      [
        [0, segment(there, 'S', { sequence: ISN, scope: 1 })],
        [0.1, segment(there, 'PA', { sequence: ISN + 1, acknowledgment: 5001, payloadLength: 6, scope: 1 })],
        [0.2, segment(back, 'RA', { sequence: 5001, acknowledgment: ISN + 7, scope: 2 })],
      ],
      { end: 20 },
    );
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ verdict: 'accepted', inferred: true, close: 'reset' });
  });

  it.each(ends)('is a challenge where it acknowledges nothing that was sent: %s', (_, there, back) => {
    const exchanges = play(
      [
        [0, segment(there, 'S', { sequence: ISN, scope: 1 })],
        [0.1, segment(back, 'A', { sequence: 7, acknowledgment: ISN - 300, scope: 2 })],
      ],
      { end: 20 },
    );
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(['challenged']);
  });

  it('is of none where two wait', () => {
    const exchanges = play(
      [
        [0, ask('S', 1, { ipId: 5 })],
        [0.1, ask('S', 2, { ipId: 9 })],
        [0.2, reply('PA', 3, { sequence: 5001, payloadLength: 9 })],
      ],
      { end: 20 },
    );
    expect(exchanges).toHaveLength(3);
    expect(exchanges.some(({ inferred }) => inferred)).toBe(false);
  });
});

describe('a conversation that was under way, whose directions run through different scopes', () => {
  const sent = { sequence: ISN + 1, acknowledgment: 5001, payloadLength: 6 };
  const answered = { sequence: 5001, acknowledgment: ISN + 7, payloadLength: 9 };

  it('is one', () => {
    const exchanges = play([
      [0, ask('PA', 1, sent)],
      [0.1, reply('PA', 2, answered)],
      [0.2, ask('FA', 1, { sequence: ISN + 7, acknowledgment: 5010 })],
      [0.3, reply('FA', 2, { sequence: 5010, acknowledgment: ISN + 8 })],
      [0.4, ask('A', 1, { sequence: ISN + 8, acknowledgment: 5011 })],
    ]);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({
      verdict: 'unsolicited',
      bytesToServer: 6,
      bytesToClient: 9,
      close: 'fin',
      frames: [1, 2, 3, 4, 5],
    });
  });

  it('is no probe, though only FINs were captured', () => {
    const exchanges = play(
      [
        [0, ask('FA', 1, { sequence: ISN + 7, acknowledgment: 5010 })],
        [0.1, reply('FA', 2, { sequence: 5010, acknowledgment: ISN + 8 })],
        [0.2, ask('A', 1, { sequence: ISN + 8, acknowledgment: 5011 })],
      ],
      { end: 20 },
    );
    expect(exchanges.map(({ verdict }) => verdict)).toEqual(['unsolicited']);
  });

  it('is two where the numbers are of two', () => {
    const exchanges = play([
      [0, ask('PA', 1, sent)],
      [0.1, reply('PA', 2, { ...answered, sequence: 0x9000_0000 })],
    ]);
    expect(exchanges).toHaveLength(2);
  });
});

describe('one answer that two taps have recorded', () => {
  const refused = (taps: readonly [SegmentFields, SegmentFields]) =>
    play([
      [0, ask('S', 0, { ipId: 700, ttl: 64 })],
      [0.02, ask('S', 0, { ipId: 700, ttl: 63 })],
      [0.021, reply('RA', 0, { sequence: 0, ...taps[0] })],
      [0.05, reply('RA', 0, { sequence: 0, ...taps[1] })],
    ])[0];

  it('does not conflict with itself, however far apart their clocks are', () => {
    expect(refused([{ ttl: 63 }, { ttl: 64 }])).toMatchObject({ verdict: 'refused', conflicting: false });
  });

  it('is of another sender with other numbers, or where nothing else was recorded twice', () => {
    expect(refused([{ ttl: 63 }, { ttl: 64, sequence: 9 }])).toMatchObject({ conflicting: true });
    expect(refused([{ ttl: 63 }, { ttl: 120 }])).toMatchObject({ conflicting: true });
    const [alone] = play([
      [0, ask('S', 0, { ipId: 700 })],
      [0.021, reply('RA', 0, { sequence: 0, ttl: 63 })],
      [0.05, reply('RA', 0, { sequence: 0, ttl: 64 })],
    ]);
    expect(alone).toMatchObject({ conflicting: true });
  });
});
