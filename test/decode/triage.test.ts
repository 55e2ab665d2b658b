import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { FIN, RST, SYN, TRANSPORT_TCP, TRANSPORT_UDP } from '../../src/decode/packet.ts';
import { OK } from '../../src/decode/status.ts';
import {
  be16,
  bytesOf,
  destinationOptions,
  ethernet,
  frameOf,
  ipv4,
  ipv6,
  nullLoopback,
  sll,
  sll2,
  type TestFrame,
  type Transport,
  tcp,
  udp,
} from '../support/frames.ts';
import { CASES } from './cases.ts';
import { copyPacket, type Decoded, triageFrame } from './support.ts';

const plainTcp = tcp({ sourcePort: 40000, destinationPort: 443, flags: 'PA', payload: 'hello' });
const plainUdp = udp({ sourcePort: 40000, destinationPort: 443, payload: 'hello' });

/** The common links, each with the packet in it. */
const LINKS: readonly (readonly [string, number, (packet: Uint8Array) => Uint8Array])[] = [
  ['Ethernet', 1, (packet) => ethernet({ pad: 0 }, packet)],
  ['a VLAN', 1, (packet) => ethernet({ vlans: [5] }, packet)],
  ['two VLANs', 1, (packet) => ethernet({ vlans: [{ id: 7, type: 0x88a8 }, 5] }, packet)],
  ['SLL', 113, (packet) => sll({}, packet)],
  ['SLL2', 276, (packet) => sll2({}, packet)],
  ['NULL', 0, (packet) => nullLoopback(packet[0]! >> 4 === 4 ? 2 : 30, packet)],
  ['LOOP', 108, (packet) => nullLoopback(packet[0]! >> 4 === 4 ? 2 : 24, packet, false)],
  ['RAW', 101, (packet) => packet],
];

const triage = (bytes: Uint8Array, fields: Parameters<typeof frameOf>[1] = {}) => triageFrame(frameOf(bytes, fields));

describe.each(LINKS)('triage on %s', (_, linkType, link) => {
  const networks = [
    (transport: Transport) => ipv4({}, transport),
    (transport: Transport) => ipv4({ options: bytesOf('94040000') }, transport),
    (transport: Transport) => ipv6({}, transport),
  ];

  it('drops plain segments and datagrams', () => {
    for (const network of networks) {
      for (const transport of [plainTcp, plainUdp]) expect(triage(link(network(transport)), { linkType })).toBe(false);
    }
  });

  it.each([
    ['SYN', tcp({ destinationPort: 443, flags: 'S' })],
    ['SYN-ACK', tcp({ destinationPort: 443, flags: 'SA' })],
    ['FIN', tcp({ destinationPort: 443, flags: 'FA' })],
    ['RST', tcp({ destinationPort: 443, flags: 'R' })],
    ['port 0', tcp({ destinationPort: 0, flags: 'A' })],
    ['source port 0', tcp({ sourcePort: 0, destinationPort: 443, flags: 'A' })],
    ['a small data offset', tcp({ destinationPort: 443, flags: 'A', dataOffset: 4 })],
    ['a data offset beyond the data', tcp({ destinationPort: 443, flags: 'A', dataOffset: 6 })],
    ['UDP to port 0', udp({ destinationPort: 0 })],
    ['UDP from port 0', udp({ sourcePort: 0 })],
    ['VXLAN', udp({ destinationPort: 4789 })],
    ['GTP-U back', udp({ sourcePort: 2152 })],
    ['an impossible UDP length', udp({ length: 200 })],
  ])('lets %s through', (_name, transport) => {
    for (const network of networks) expect(triage(link(network(transport)), { linkType })).toBe(true);
  });

  it('lets fragments and extension headers through', () => {
    expect(triage(link(ipv4({ moreFragments: true }, plainTcp)), { linkType })).toBe(true);
    expect(triage(link(ipv4({ fragmentOffset: 8 }, plainTcp)), { linkType })).toBe(true);
    expect(triage(link(ipv4({ fragmentOffset: 65528 }, plainTcp)), { linkType })).toBe(true);
    expect(triage(link(ipv6({ extensions: [destinationOptions()] }, plainTcp)), { linkType })).toBe(true);
  });

  it('lets through what the capture cut before the end of the header', () => {
    for (const network of networks) {
      const packet = network(tcp({ destinationPort: 443, flags: 'A' }));
      const bytes = link(packet);
      const headers = bytes.length - 20;
      if (linkType === 1) continue;
      for (let snapLength = 0; snapLength < headers + 20; snapLength++) {
        expect(triage(bytes, { linkType, snapLength })).toBe(true);
      }
      expect(triage(bytes, { linkType, snapLength: headers + 20 })).toBe(false);
    }
  });
});

describe('triage', () => {
  it('counts the segments it drops', () => {
    const counts = { tcpSegments: 0 };
    for (const packet of [ipv4({}, plainTcp), ipv6({}, plainTcp), ipv4({}, plainUdp)]) {
      expect(triageFrame(frameOf(ethernet({}, packet)), { counts })).toBe(false);
    }
    expect(counts).toEqual({ tcpSegments: 2 });
  });

  it('goes by the configured tunnel ports', () => {
    const frame = frameOf(ethernet({}, ipv4({}, udp({ destinationPort: 4789 }))));
    expect(triageFrame(frame, { tunnelPorts: { vxlan: [] } })).toBe(false);
    const other = frameOf(ethernet({}, ipv4({}, udp({ destinationPort: 31 }))));
    expect(triageFrame(other)).toBe(false);
    expect(triageFrame(other, { tunnelPorts: { vxlan: [31] } })).toBe(true);
  });

  it('does not take the frame check sequence for a header', () => {
    const bytes = ethernet({}, ipv4({}, tcp({ destinationPort: 443, flags: 'A' })));
    expect(triage(bytes)).toBe(false);
    expect(triage(bytes, { fcsLength: 4 })).toBe(true);
  });
});

/** Frames near to what triage knows, with bytes changed anywhere. */
const mutatedFrame = fc
  .record({
    link: fc.constantFrom(...LINKS, [
      'three VLANs',
      1,
      (packet: Uint8Array) => ethernet({ vlans: [1, 2, 3] }, packet),
    ] as const),
    isV6: fc.boolean(),
    isUdp: fc.boolean(),
    flags: fc.nat(0x1ff),
    ports: fc.tuple(fc.constantFrom(0, 1, 80, 4789, 2152, 40000), fc.constantFrom(0, 1, 80, 4789, 3544, 40000)),
    payload: fc.uint8Array({ maxLength: 40 }),
    changes: fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 3 }),
    snap: fc.option(fc.nat(100), { nil: undefined }),
    fcsLength: fc.constantFrom(0, 4),
    wireLength: fc.option(fc.nat(200), { nil: undefined }),
  })
  .map(({ link, isV6, isUdp, flags, ports, payload, changes, snap, fcsLength, wireLength }): TestFrame => {
    const [sourcePort, destinationPort] = ports;
    const transport = isUdp
      ? udp({ sourcePort, destinationPort, payload })
      : tcp({ sourcePort, destinationPort, flags, payload });
    const bytes = link[2](isV6 ? ipv6({}, transport) : ipv4({}, transport)).slice();
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return frameOf(bytes, {
      linkType: link[1],
      snapLength: snap,
      fcsLength,
      ...(wireLength === undefined ? {} : { wireLength }),
    });
  });

/** What the plain decoder says of a frame that triage drops must be irrelevant, and counted the same. */
function holdTriageTo(frame: TestFrame): boolean {
  const counts = { tcpSegments: 0 };
  if (triageFrame(frame, { counts })) {
    expect(counts).toEqual({ tcpSegments: 0 });
    return false;
  }
  const slow = createDecoder();
  const packets: Decoded[] = [];
  slow.decode(frame, (packet) => packets.push(copyPacket(packet, (scope) => slow.scopeName(scope))));
  expect(slow.counts).toEqual({ ...counts, icmpErrors: 0, fragments: 0 });
  expect(slow.undecoded()).toEqual({});
  expect(packets).toHaveLength(1);
  const packet = packets[0]!;
  expect(packet).toMatchObject({ status: OK, fragment: 0 });
  expect([TRANSPORT_TCP, TRANSPORT_UDP]).toContain(packet.transport);
  expect(packet.layers.filter((layer) => layer.startsWith('ip'))).toHaveLength(1);
  expect(packet.sourcePort).toBeGreaterThan(0);
  expect(packet.destinationPort).toBeGreaterThan(0);
  if (packet.transport === TRANSPORT_TCP) {
    expect(packet.flags).toBeGreaterThanOrEqual(0);
    expect(packet.flags & (SYN | FIN | RST)).toBe(0);
  }
  return true;
}

describe('triage and the decoder', () => {
  it('agree on mutated frames', () => {
    let dropped = 0;
    fc.assert(
      fc.property(mutatedFrame, (frame) => void (holdTriageTo(frame) && dropped++)),
      { numRuns: 4000 },
    );
    expect(dropped).toBeGreaterThan(200);
  });

  it('agree on every wrapping, with bytes changed', () => {
    for (const { bytes, linkType = 1 } of CASES) expect(triage(bytes, { linkType })).toBe(true);
    const change = fc.tuple(fc.nat(160), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...CASES), fc.array(change, { minLength: 1, maxLength: 4 }), (entry, changes) => {
        const bytes = entry.bytes.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        holdTriageTo(frameOf(bytes, { linkType: entry.linkType ?? 1 }));
      }),
      { numRuns: 3000 },
    );
  });

  it('agree on random bytes', () => {
    const linkTypes = fc.constantFrom(0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 105);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        linkTypes,
        (bytes, linkType) => void holdTriageTo(frameOf(bytes, { linkType })),
      ),
      { numRuns: 2000 },
    );
  });

  it('agree on cooked frames of every ARPHRD_ type', () => {
    for (let arphrd = 0; arphrd < 0x10000; arphrd += arphrd < 1000 ? 1 : 4111) {
      holdTriageTo(frameOf(sll({ arphrd }, ipv4({}, plainTcp)), { linkType: 113 }));
      holdTriageTo(frameOf(sll2({ arphrd }, ipv4({}, plainTcp)), { linkType: 276 }));
      holdTriageTo(
        frameOf(sll({ arphrd, protocol: 0x8100 }, bytesOf(be16(5), be16(0x0800), ipv4({}, plainTcp))), {
          linkType: 113,
        }),
      );
    }
  });
});
