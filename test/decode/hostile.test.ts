import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { MAX_LAYERS, type PacketRecord } from '../../src/decode/packet.ts';
import { fragmentIpv4, fragmentIpv6, frameOf, ipv4, ipv6, type TestFrame, tcp } from '../support/frames.ts';
import { CASES, packet4, packet6 } from './cases.ts';
import { copyPacket, triageFrame } from './support.ts';

const LINK_TYPES = [...new Set(CASES.map(({ linkType = 1 }) => linkType)), 0, 12, 108, 117, 228, 258, 276];

/** Everything that a decoder says of some frames; fails when a record points outside of them. */
function outcome(frames: readonly TestFrame[]): unknown {
  const decoder = createDecoder({ fragmentBytes: 8192 });
  const heard: unknown[] = [];
  for (const frame of frames) {
    if (!triageFrame(frame)) heard.push('dropped');
    else
      decoder.decode(frame, (packet) => {
        holdInside(packet, frame);
        if (packet.quote !== null) holdInside(packet.quote, frame);
        heard.push(copyPacket(packet, (scope) => decoder.scopeName(scope)));
      });
  }
  return [heard, decoder.undecoded(), { ...decoder.counts }];
}

function holdInside(packet: PacketRecord, frame: TestFrame): void {
  const isFrame = packet.bytes === frame.bytes;
  const start = isFrame ? frame.offset : 0;
  const end = isFrame ? frame.offset + frame.capturedLength : packet.bytes.length;
  const size = packet.ipVersion === 4 ? 4 : 16;
  const ranges: [number, number][] = [];
  if (packet.ipVersion !== 0) {
    ranges.push(
      [packet.sourceOffset, packet.sourceOffset + size],
      [packet.destinationOffset, packet.destinationOffset + size],
    );
  }
  if (packet.payloadEnd !== 0) ranges.push([packet.payloadOffset, packet.payloadEnd]);
  if (packet.optionsEnd !== 0) ranges.push([packet.optionsOffset, packet.optionsEnd]);
  for (const [from, to] of ranges) {
    if (from < start || to > end || from > to) throw new Error(`${from} .. ${to} is outside ${start} .. ${end}`);
  }
  if (packet.layerCount > MAX_LAYERS) throw new Error('too many layers');
}

/** The bytes around a frame must not matter: they belong to others. */
function holdBlind(inputs: readonly { bytes: Uint8Array; fields: Parameters<typeof frameOf>[1] }[]): void {
  const [first, ...others] = [0x00, 0xff, 0x45].map((guard) =>
    outcome(inputs.map(({ bytes, fields }) => frameOf(bytes, { ...fields, guard }))),
  );
  for (const other of others) expect(other).toEqual(first);
}

const frameFields = fc.record({
  snapLength: fc.option(fc.nat(200), { nil: undefined }),
  fcsLength: fc.constantFrom(0, 0, 4),
  wireLength: fc.option(fc.nat(3000), { nil: undefined }),
});
const definedOnly = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Parameters<
    typeof frameOf
  >[1];

const mutation = fc.record({
  case: fc.constantFrom(...CASES),
  changes: fc.array(fc.tuple(fc.nat(160), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x45, 0x60, 0x7f, 0x80, 0xff))), {
    minLength: 1,
    maxLength: 5,
  }),
  fields: frameFields,
});

function mutated({
  case: entry,
  changes,
  fields,
}: {
  case: (typeof CASES)[number];
  changes: [number, number][];
  fields: object;
}) {
  const bytes = entry.bytes.slice();
  for (const [at, value] of changes) bytes[at % bytes.length] = value;
  return { bytes, fields: { ...definedOnly(fields), linkType: entry.linkType ?? 1 } };
}

describe('hostile bytes: nothing is thrown, nothing is read outside, decoding ends', () => {
  it('random bytes of every link type', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...LINK_TYPES, 9999),
        frameFields,
        (bytes, linkType, fields) => holdBlind([{ bytes, fields: { ...definedOnly(fields), linkType } }]),
      ),
      { numRuns: 3000 },
    );
  });

  it('every wrapping with bytes changed', () => {
    fc.assert(
      fc.property(mutation, (input) => holdBlind([mutated(input)])),
      { numRuns: 6000 },
    );
  });

  it('every wrapping cut at every length', () => {
    for (const { bytes, linkType = 1 } of CASES) {
      for (let snapLength = 0; snapLength <= bytes.length; snapLength++)
        holdBlind([{ bytes, fields: { linkType, snapLength } }]);
      for (let length = 0; length < bytes.length; length++)
        holdBlind([{ bytes: bytes.slice(0, length), fields: { linkType } }]);
    }
  });

  it('fragments of every size, offset and order, with bytes changed', () => {
    const packets = [packet4, packet6, ipv4({ id: 1 }, tcp({ payload: new Uint8Array(300) })), ipv6({}, packet4)];
    const fragments = fc
      .tuple(fc.constantFrom(...packets), fc.uniqueArray(fc.nat(40), { maxLength: 6 }))
      .map(([packet, cuts]) => {
        const edges = cuts.map((cut) => cut * 8).filter((cut) => cut > 0 && cut < packet.length - 40);
        edges.sort((a, b) => a - b);
        return packet[0]! >> 4 === 4 ? fragmentIpv4(packet, edges) : fragmentIpv6(packet, edges);
      });
    const change = fc.tuple(fc.nat(60), fc.nat(255));
    const sequence = fc.array(
      fc.tuple(
        fragments,
        fc.nat(9),
        fc.option(change, { nil: null, freq: 3 }),
        fc.option(fc.nat(90), { nil: undefined, freq: 4 }),
      ),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(sequence, (pieces) =>
        holdBlind(
          pieces.map(([list, index, altered, snapLength]) => {
            const bytes = list[index % list.length]!.slice();
            if (altered !== null && altered[0] < bytes.length) bytes[altered[0]] = altered[1];
            return { bytes, fields: { linkType: 101, ...definedOnly({ snapLength }) } };
          }),
        ),
      ),
      { numRuns: 3000 },
    );
  });

  it('a record carries nothing over from the frame before', () => {
    fc.assert(
      fc.property(mutation, fc.constantFrom(...CASES), (input, next) => {
        const decoder = createDecoder();
        const heard: unknown[] = [];
        const { bytes, fields } = mutated(input);
        decoder.decode(frameOf(bytes, fields), () => {});
        const keep = (packet: PacketRecord) => heard.push(copyPacket(packet, (scope) => decoder.scopeName(scope)));
        decoder.decode(frameOf(next.bytes, { linkType: next.linkType ?? 1 }), keep);
        const alone = createDecoder();
        const expected: unknown[] = [];
        alone.decode(frameOf(next.bytes, { linkType: next.linkType ?? 1 }), (packet) =>
          expected.push(copyPacket(packet, (scope) => alone.scopeName(scope))),
        );
        expect(heard).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('deep nesting ends', () => {
    let packet = packet4;
    for (let depth = 0; depth < 1000; depth++)
      packet = ipv4({ totalLength: Math.min(0xffff, packet.length + 20) }, packet);
    expect(outcome([frameOf(packet, { linkType: 101 })])).toMatchObject([[], { 'too-deep': 1 }, { tcpSegments: 0 }]);
  });
});
