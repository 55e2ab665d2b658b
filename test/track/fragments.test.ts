import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ANOMALY_BAD_CHECKSUM,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_FRAGMENTED_HEADER,
} from '../../src/decode/packet.ts';
import { malformedPortZero } from '../../src/rules/malformed-port-zero.ts';
import {
  addressBytes,
  bytesOf,
  ethernet,
  fragmentIpv4,
  fragmentIpv6,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  quoted,
  type TcpFields,
  tcp,
} from '../support/frames.ts';
import { type PlayOptions, playFrames, type Snapshot } from '../support/segments.ts';
import { describeWith } from '../support/tools.ts';
import { runOverFrames } from '../support/tshark.ts';

type Timed = readonly [seconds: number, packet: Uint8Array];

const CLIENT = '192.0.2.1';
const SERVER = '198.51.100.7';
const options = bytesOf('020405b4 0402 080a0000000100000002 01 030307');
const ask = (fields: TcpFields = {}, id = 77) =>
  ipv4(
    { id, source: CLIENT, destination: SERVER },
    tcp({ sourcePort: 40000, destinationPort: 0, sequence: 1000, flags: 'S', options, ...fields }),
  );
const reply = (flags: string, fields: TcpFields = {}, id = 0) =>
  ipv4(
    { id, source: SERVER, destination: CLIENT },
    tcp({ sourcePort: 0, destinationPort: 40000, flags, acknowledgment: 1001, ...fields }),
  );
/** The first fragment has 8 bytes of TCP: ports and sequence number, the flags are in the second (RFC 1858 §3.1). */
const tiny = (packet: Uint8Array) => fragmentIpv4(packet, [8]) as [Uint8Array, Uint8Array];
const [first, rest] = tiny(ask());
/** Something else that shows how late it is. */
const later = ipv4({ source: '203.0.113.1' }, tcp({ destinationPort: 9, flags: 'R' }));

const play = (packets: readonly Timed[], playOptions?: PlayOptions): Snapshot[] =>
  playFrames(packets, playOptions).exchanges.filter(({ portZero }) => portZero !== null);

const only = (packets: readonly Timed[], playOptions?: PlayOptions): Snapshot => {
  const exchanges = play(packets, playOptions);
  expect(exchanges).toHaveLength(1);
  return exchanges[0]!;
};

describe('a segment whose flags never come', () => {
  it('is an exchange that claims what was there, and malformed', () => {
    const exchange = only([
      [0.5, first],
      [70, later],
    ]);
    expect(exchange).toMatchObject({
      clientAddress: addressBytes(CLIENT),
      clientPort: 40000,
      serverPort: 0,
      probe: 'other',
      verdict: 'silent',
      started: { nanos: 5e8 },
      probeFrame: 1,
      frames: [1],
      anomalies: ANOMALY_FRAGMENTED_HEADER,
    });
    expect(exchange.probeEvidence).toMatchObject({
      frame: 1,
      ipId: 77,
      flags: null,
      sequence: 1000,
      acknowledgment: null,
      window: null,
      urgentPointer: null,
      reservedBits: null,
      payloadLength: null,
    });
    expect(malformedPortZero.match(exchange, {})).toMatchObject({ frames: [1] });
  });

  it('is undecided where the capture ends before the answer timeout', () => {
    expect(only([[0, first]], { end: 4 }).verdict).toBe('undecided');
    expect(only([[0, first]], { end: 6 }).verdict).toBe('silent');
  });

  it('of other ports is none: nothing says that it opened anything', () => {
    const [other] = tiny(ask({ destinationPort: 80 }));
    expect(playFrames([[0, other]]).exchanges).toEqual([]);
  });

  it('is told of when the time for an answer is over, once', () => {
    const told: string[] = [];
    const sink = {
      opened: () => told.push('opened'),
      changed: ({ probe, verdict }: Snapshot) => told.push(`${probe} ${verdict}`),
    };
    play(
      [
        [0, first],
        [4, later],
        [6, later],
      ],
      { sink },
    );
    expect(told).toEqual(['opened', 'other silent']);
  });

  it.each([
    [31, 'unreachable'],
    [60.5, 'unreachable'],
  ])(
    'is matched with what its receiver says after %d s of waiting for the rest (RFC 792, RFC 8200 §4.5)',
    (time, verdict) => {
      const error = ipv4({ source: SERVER, destination: CLIENT }, icmp({ type: 11, code: 1, body: quoted(first) }));
      const exchange = only([
        [0, first],
        [20, later],
        [time, error],
      ]);
      expect(exchange).toMatchObject({
        verdict,
        reason: 'time-exceeded',
        frames: [1, 3],
        answerFrame: 3,
        probe: 'other',
      });
    },
  );

  it('may be sent again, and is still one exchange', () => {
    const [again] = tiny(ask({}, 78));
    const packets: Timed[] = [
      [0, first],
      [1, again],
      [1.001, again],
      [3, tiny(ask({}, 79))[0]],
    ];
    expect(only(packets)).toMatchObject({ retransmissions: 2, frames: [1, 2, 3, 4], probe: 'other' });
  });

  it('ends in the middle of the ports of a tunnel: not even its sequence number is known', () => {
    const tunnel = fragmentIpv4(ipv4({ id: 9, protocol: 4 }, ask()), [24, 40]);
    const exchange = only([[0, tunnel[0]!]]);
    expect(exchange).toMatchObject({ probe: 'other', clientPort: 40000, serverPort: 0, frames: [1] });
    expect(exchange.probeEvidence).toMatchObject({ flags: null, sequence: null });
    const completed = only(tunnel.map((piece, i): Timed => [i / 10, piece]));
    expect(completed).toMatchObject({ probe: 'syn', frames: [1, 2, 3], retransmissions: 0 });
    expect(completed.probeEvidence).toMatchObject({ flags: 2, sequence: 1000 });
  });

  it('has none in a whole datagram that is too short for them', () => {
    const short = ipv4({ source: CLIENT, destination: SERVER, protocol: 6 }, bytesOf('9c400000 000003e8'));
    const exchange = only([[0, short]]);
    expect(exchange).toMatchObject({ probe: 'other', frames: [1], anomalies: ANOMALY_DATA_OFFSET_BEYOND });
    expect(malformedPortZero.match(exchange, {})).not.toBeNull();
  });
});

describe('a segment whose fragments come', () => {
  it('is what it is, with all its fragments, from where its header is complete', () => {
    const told: string[] = [];
    const sink = {
      opened: () => told.push('opened'),
      changed: ({ probe, verdict }: Snapshot) => told.push(`${probe} ${verdict}`),
    };
    const exchange = only(
      [
        [0, first],
        [0.1, rest],
        [0.101, reply('RA')],
      ],
      { sink },
    );
    expect(exchange).toMatchObject({
      probe: 'syn',
      verdict: 'refused',
      frames: [1, 2, 3],
      probeFrame: 2,
      latencyNanos: 1e6,
      retransmissions: 0,
    });
    expect(exchange.probeEvidence).toMatchObject({ flags: 2, window: 64240, options, payloadLength: 0 });
    // Nothing is said of its flags before they are there.
    expect(told).toEqual(['opened', 'syn undecided', 'syn refused']);
  });

  it('is told of at once when the flags are there, and gains the rest', () => {
    const told: string[] = [];
    const pieces = fragmentIpv4(ask({ payload: 'hello' }), [16, 32]);
    const exchange = only(
      pieces.map((piece, i): Timed => [i, piece]),
      { sink: { changed: ({ probe }) => told.push(String(probe)) } },
    );
    expect(exchange).toMatchObject({ probe: 'syn-data', frames: [1, 2, 3], probeFrame: 1, retransmissions: 0 });
    expect(exchange).toMatchObject({ bytesToServer: 5, dataFrame: 3, verdict: 'undecided' });
    expect(exchange.probeEvidence).toMatchObject({ window: 64240, options, payloadLength: 5 });
    expect(told[0]).toBe('syn');
  });

  it('has a wrong checksum when the last of them is there', () => {
    const pieces = fragmentIpv4(ask({ checksum: 0x1234 }), [24]);
    const exchange = only(pieces.map((piece, i): Timed => [i, piece]));
    expect(exchange.anomalies & ANOMALY_BAD_CHECKSUM).not.toBe(0);
    expect(exchange.probeEvidence).toMatchObject({ checksumBad: true });
  });

  it('waits for an answer from its last fragment on', () => {
    const packets: Timed[] = [
      [0, first],
      [20, rest],
      [24, reply('RA')],
    ];
    expect(only(packets)).toMatchObject({ verdict: 'refused', frames: [1, 2, 3], probe: 'syn' });
  });

  it('is sent again in fragments: one retransmission each', () => {
    const [firstAgain, restAgain] = tiny(ask({}, 78));
    const packets: Timed[] = [
      [0, first],
      [0.01, rest],
      [1, firstAgain],
      [1.01, restAgain],
      [1.02, reply('RA')],
    ];
    expect(only(packets)).toMatchObject({ retransmissions: 1, verdict: 'refused', frames: [1, 2, 3, 4, 5] });
    // And the copies of a mirrored port are none.
    expect(
      only([
        [0, first],
        [0, rest],
        [0.001, first],
        [0.001, rest],
      ]),
    ).toMatchObject({ retransmissions: 0, frames: [1, 2, 3, 4], probe: 'syn' });
  });

  it('is sent again whole', () => {
    const packets: Timed[] = [
      [0, first],
      [1, ask({}, 78)],
      [1.1, reply('RA')],
    ];
    expect(only(packets)).toMatchObject({
      probe: 'syn',
      retransmissions: 1,
      probeFrame: 1,
      verdict: 'refused',
      frames: [1, 2, 3],
    });
  });

  it('gets an exchange of its own when that of its first fragment had to go', () => {
    const others = Array.from({ length: 10 }, (_, i): Timed => [0.1, ask({ sourcePort: 50_000 + i, options: [] }, i)]);
    const { exchanges, evicted } = playFrames([[0, first], ...others, [0.2, rest]], { maxExchanges: 8 });
    expect(evicted).toBe(4);
    expect(exchanges.filter(({ clientPort }) => clientPort === 40000)).toMatchObject([
      { probe: 'other', frames: [1] },
      { probe: 'syn', frames: [12] },
    ]);
  });
});

describe('an answer before the rest of the question', () => {
  it.each(['RA', 'SA'])('%s is matched', (flags) => {
    const packets: Timed[] = [
      [0, first],
      [0.1, reply(flags)],
      [0.2, rest],
    ];
    expect(only(packets)).toMatchObject({
      probe: 'syn',
      verdict: flags === 'RA' ? 'refused' : 'accepted',
      frames: [1, 2, 3],
      probeFrame: 1,
      answerFrame: 2,
    });
    // Whether the rest comes or not.
    expect(only(packets.slice(0, 2))).toMatchObject({ probe: 'other', frames: [1, 2], answerFrame: 2 });
  });

  it('a RST that the client must ignore is no answer once the question is known to be a SYN', () => {
    const packets: Timed[] = [
      [0, first],
      [0.1, reply('RA', { acknowledgment: 5 })],
      [0.2, rest],
    ];
    expect(only([...packets, [6, later]])).toMatchObject({ verdict: 'invalid-reset', invalidResets: 1, probe: 'syn' });
    expect(only([...packets, [0.3, reply('SA')]])).toMatchObject({ verdict: 'accepted', answerFrame: 4 });
  });

  // RFC 8200 §5: a first fragment without the whole header chain may be answered with parameter problem, code 3.
  it.each([true, false])('ICMPv6 4/3 is matched, the rest coming: %s', (comes) => {
    const packet = ipv6({}, tcp({ sourcePort: 40000, destinationPort: 0, sequence: 1000, flags: 'S', options }));
    const [one, two] = fragmentIpv6(packet, [8]) as [Uint8Array, Uint8Array];
    const ends = { source: '2001:db8::2', destination: '2001:db8::1' };
    const error = ipv6(ends, icmpv6({ type: 4, code: 3, body: quoted(one) }));
    const packets: Timed[] = [
      [0, one],
      [0.001, error],
    ];
    if (comes) packets.push([0.1, two]);
    expect(only(packets)).toMatchObject({
      probe: comes ? 'syn' : 'other',
      verdict: 'unreachable',
      reason: 'param-problem',
      probeFrame: 1,
      answerFrame: 2,
      latencyNanos: 1e6,
      frames: comes ? [1, 2, 3] : [1, 2],
    });
  });

  it('an ICMP error that was recorded before the fragment it quotes is matched', () => {
    const error = ipv4({ source: SERVER, destination: CLIENT }, icmp({ type: 3, code: 13, body: quoted(first) }));
    const packets: Timed[] = [
      [0, error],
      [0.001, first],
      [0.1, rest],
    ];
    expect(only(packets.slice(0, 2))).toMatchObject({ probe: 'other', verdict: 'unreachable', frames: [1, 2] });
    expect(only(packets)).toMatchObject({ probe: 'syn', verdict: 'unreachable', frames: [1, 2, 3] });
  });
});

describe('a refusal that is taken back when the SYN is known', () => {
  const [first, rest] = tiny(ask());
  const wrong = reply('RA', { acknowledgment: 77 });

  it.each([
    ['the SYN-ACK after it', reply('SA', { sequence: 9000 }), 'accepted', 3],
    ['the right RST after it', reply('RA', {}, 9), 'refused', 3],
  ])('gives way to %s', (_, other, verdict, answerFrame) => {
    const packets: Timed[] = [
      [0, first],
      [0.001, wrong],
      [0.002, other],
      [0.1, rest],
    ];
    expect(only(packets)).toMatchObject({ probe: 'syn', verdict, answerFrame, invalidResets: 1, frames: [1, 2, 3, 4] });
  });
});

describe('hidden flags of what may be an answer', () => {
  const [answerFirst, answerRest] = tiny(reply('SA', { sequence: 9000, options: bytesOf('020405b4') }, 5));

  it('claim no answer, and no silence', () => {
    const packets: Timed[] = [
      [0, ask()],
      [0.1, answerFirst],
      [6, later],
    ];
    const exchange = only(packets);
    expect(exchange).toMatchObject({ verdict: 'undecided', answerFrame: null, frames: [1, 2], unseenAnswer: false });
    expect(malformedPortZero.match(exchange, {})).toMatchObject({ frames: [2] });
  });

  it('are an answer when they come', () => {
    const packets: Timed[] = [
      [0, ask()],
      [0.1, answerFirst],
      [0.2, answerRest],
    ];
    const exchange = only(packets);
    expect(exchange).toMatchObject({ verdict: 'accepted', answerFrame: 3, frames: [1, 2, 3] });
    expect(exchange.answerEvidence).toMatchObject({ flags: 0x12, options: bytesOf('020405b4'), window: 64240 });
  });

  it('an answer whose flags are there counts at once, and once', () => {
    const pieces = fragmentIpv4(reply('SA', { sequence: 9000, options: bytesOf('020405b4') }, 5), [16]);
    const exchange = only([
      [0, ask()],
      [0.1, pieces[0]!],
      [0.2, pieces[1]!],
    ]);
    expect(exchange).toMatchObject({ verdict: 'accepted', answerFrame: 2, frames: [1, 2, 3], otherAnswers: [] });
    expect(exchange.answerEvidence).toMatchObject({ options: bytesOf('020405b4'), urgentPointer: 0, repeats: 0 });
  });

  it.each([
    ['SA', 'syn-ack'],
    ['R', 'reset'],
  ])('%s that nobody asked for is backscatter when they come', (flags, kind) => {
    const pieces = tiny(reply(flags, { sequence: 9000 }, 5));
    const exchange = only([
      [0, pieces[0]],
      [0.1, pieces[1]],
    ]);
    expect(exchange).toMatchObject({
      probe: null,
      verdict: 'unsolicited',
      serverAddress: addressBytes(SERVER),
      serverPort: 0,
      clientAddress: addressBytes(CLIENT),
      clientPort: 40000,
      portZero: 'server',
      probeFrame: null,
      answerFrame: 2,
      frames: [1, 2],
      anomalies: ANOMALY_FRAGMENTED_HEADER,
    });
    expect(exchange.answerEvidence).toMatchObject({ kind });
    // Its question, recorded later, finds it.
    if (flags === 'SA') {
      const packets: Timed[] = [
        [0, pieces[0]],
        [0.1, pieces[1]],
        [0.11, ask()],
      ];
      expect(only(packets)).toMatchObject({ verdict: 'accepted', probe: 'syn', frames: [1, 2, 3] });
    }
  });

  // RFC 791 §3.2: a first fragment may be as small as 8 bytes of data, and its flags come with the second.
  it.each([8, 16, 24, 32])(
    'show an answer that was lost by their data, whatever comes first: %i bytes each',
    (size) => {
      const banner = reply('PA', { sequence: 5001, payload: '220 a banner of some length' });
      const cuts: number[] = [];
      for (let at = size; at < banner.length - 20; at += size) cuts.push(at);
      const pieces = fragmentIpv4(banner, cuts);
      for (const order of [pieces, pieces.toReversed()]) {
        const frames: Timed[] = [[0, ask()], ...order.map((piece, i): Timed => [0.1 + i / 1000, piece])];
        const [exchange, ...others] = play(frames, { end: 20 });
        expect(others).toEqual([]);
        expect(exchange).toMatchObject({ verdict: 'accepted', inferred: true });
      }
    },
  );

  it('belong to the conversation that they are in', () => {
    const data = tiny(ask({ sequence: 1001, acknowledgment: 9001, flags: 'PA', payload: 'hello', options: [] }, 90));
    const packets: Timed[] = [
      [0, ask()],
      [0.1, reply('SA', { sequence: 9000 })],
      [0.2, ask({ sequence: 1001, acknowledgment: 9001, flags: 'A', options: [] })],
      [0.3, data[0]],
      [0.4, data[1]],
    ];
    expect(only(packets.slice(0, 4))).toMatchObject({ verdict: 'accepted', frames: [1, 2, 3, 4], bytesToServer: 0 });
    expect(only(packets)).toMatchObject({ frames: [1, 2, 3, 4, 5], bytesToServer: 5, retransmissions: 0 });
  });
});

describe('fragments in numbers', () => {
  it('a flood of first fragments stays within the table', () => {
    const packets = Array.from(
      { length: 5000 },
      (_, i): Timed => [i / 1000, tiny(ask({ sourcePort: 1024 + i }, i))[0]],
    );
    let most = 0;
    const { exchanges, evicted } = playFrames(packets, { maxExchanges: 100 });
    for (const { frames } of exchanges) most = Math.max(most, frames.length);
    expect(exchanges).toHaveLength(5000);
    expect(evicted).toBe(4900);
    expect(most).toBe(1);
  });

  /** Segments of a few flows, cut anywhere, some of their pieces lost, twice there, or late. */
  const pieces = fc.array(
    fc.record({
      flags: fc.constantFrom('S', 'S', 'SA', 'RA', 'R', 'A', 'F', 'PA', ''),
      fromServer: fc.boolean(),
      port: fc.constantFrom(40000, 40001),
      sequence: fc.constantFrom(999, 1000, 1001, 9000),
      acknowledgment: fc.constantFrom(0, 1001, 9001),
      length: fc.constantFrom(0, 0, 5, 40),
      id: fc.nat(3),
      cuts: fc.subarray([8, 16, 24, 32], { minLength: 0 }),
      copies: fc.array(fc.tuple(fc.nat(4), fc.constantFrom(0, 0.001, 0.5, 4, 8, 40)), { minLength: 1, maxLength: 7 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it('no frame is in two exchanges, and every whole SYN and RST is in one', () => {
    fc.assert(
      fc.property(pieces, (segments) => {
        const packets: [number, Uint8Array, boolean][] = [];
        segments.forEach(({ flags, fromServer, port, sequence, acknowledgment, length, id, cuts, copies }, start) => {
          const transport = tcp({
            sourcePort: fromServer ? 0 : port,
            destinationPort: fromServer ? port : 0,
            flags,
            sequence,
            acknowledgment,
            payload: new Uint8Array(length),
          });
          const [source, destination] = fromServer ? [SERVER, CLIENT] : [CLIENT, SERVER];
          const packet = ipv4({ id, source, destination }, transport);
          const edges = cuts.filter((cut) => cut < 20 + length);
          const list = edges.length === 0 ? [packet] : fragmentIpv4(packet, edges);
          const isSure = edges.length === 0 && /[SR]/.test(flags);
          for (const [index, delay] of copies) packets.push([start * 0.05 + delay, list[index % list.length]!, isSure]);
        });
        packets.sort(([a], [b]) => a - b);
        const { exchanges } = playFrames(packets.map(([time, packet]) => [time, packet]));
        const seen = exchanges.flatMap(({ frames }) => frames);
        expect(new Set(seen).size).toBe(seen.length);
        packets.forEach(([, , isSure], i) => {
          if (isSure) expect(seen, `frame ${i + 1}`).toContain(i + 1);
        });
        for (const { frames, frameCount, probe, verdict, probeFrame } of exchanges) {
          expect(frames).toHaveLength(frameCount);
          expect([...frames].sort((a, b) => a - b)).toEqual(frames);
          expect(probe === null).toBe(verdict === 'unsolicited');
          if (probeFrame !== null) expect(frames).toContain(probeFrame);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describeWith(['tshark'], 'tshark', () => {
  /** What tshark reassembles: of each segment its fragments' frames, its own last, and its header. */
  function reassemble(frames: readonly Uint8Array[], prefix: string) {
    const fields = [
      'frame.number',
      `${prefix}.fragment`,
      'tcp.srcport',
      'tcp.flags',
      'tcp.options',
      'tcp.window_size_value',
    ];
    const args = ['-n', '-r', 'FILE', '-Y', 'tcp', '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=|'];
    for (const field of [...fields, 'tcp.len', 'tcp.checksum.status']) args.push('-e', field);
    args.push('-o', 'tcp.check_checksum:TRUE');
    return runOverFrames('tshark', args, frames, 1)
      .trim()
      .split('\n')
      .map((line) => {
        const [frame, parts, port, flags, optionBytes, window, length, status] = line.split('\t');
        const numbers = [Number(frame), ...(parts === '' ? [] : parts!.split('|').map(Number))];
        return {
          port: Number(port),
          frames: [...new Set(numbers)].sort((a, b) => a - b),
          header: {
            flags: Number(flags),
            options: optionBytes ?? '',
            window: Number(window),
            payloadLength: Number(length),
            checksumBad: status === '0',
          },
        };
      })
      .sort((a, b) => a.port - b.port);
  }

  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  it.each([
    ['IPv4', 'ip'],
    ['IPv6', 'ipv6'],
  ] as const)('puts the same frames and fields together: %s', (_, prefix) => {
    const segments = fc.sample(
      fc.record({
        flags: fc.constantFrom('S', 'S', 'SE', 'F', 'FPU', ''),
        window: fc.nat(0xffff),
        options: fc.constantFrom(options, bytesOf('020405b4'), bytesOf('')),
        length: fc.constantFrom(0, 0, 7, 64),
        isBad: fc.constantFrom(false, false, true),
        cuts: fc.subarray([8, 16, 24, 32, 40, 64]),
        order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
      }),
      { numRuns: 120, seed: 7 },
    );
    const packets = segments.flatMap(({ flags, window, options: some, length, isBad, cuts, order }, i) => {
      const transport = tcp({
        sourcePort: 1024 + i,
        destinationPort: 0,
        sequence: i,
        flags,
        window,
        options: some,
        payload: new Uint8Array(length).fill(i),
        ...(isBad ? { checksum: 0x1234 } : {}),
      });
      const edges = cuts.filter((cut) => cut < 20 + some.length + length);
      const pieces =
        prefix === 'ip' ? fragmentIpv4(ipv4({ id: i }, transport), edges) : fragmentIpv6(ipv6({}, transport), edges, i);
      return order.flatMap((index) => (index < pieces.length ? [pieces[index]!] : []));
    });
    const frames = packets.map((packet) => ethernet({}, packet));
    const { exchanges } = playFrames(packets.map((packet, i) => [i / 1000, packet]));
    const ours = exchanges
      .map((exchange) => {
        const { flags, options: some, window, payloadLength, checksumBad } = exchange.probeEvidence!;
        return {
          port: exchange.clientPort,
          frames: [...exchange.frames],
          header: { flags, options: hex(some), window, payloadLength, checksumBad },
        };
      })
      .sort((a, b) => a.port - b.port);
    expect(ours).toHaveLength(segments.length);
    expect(ours).toEqual(reassemble(frames, prefix));
  });
});
