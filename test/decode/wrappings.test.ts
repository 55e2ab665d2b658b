import { describe, expect, it } from 'vitest';
import { CHECKSUM_GOOD, FRAGMENT_FIRST, TRANSPORT_TCP, TRANSPORT_UDP } from '../../src/decode/packet.ts';
import { OK, UNSUPPORTED } from '../../src/decode/status.ts';
import {
  be16,
  bytesOf,
  ethernet,
  fragmentIpv4,
  frameOf,
  icmp,
  ipv4,
  ipv6,
  quoted,
  tcp,
  udp,
} from '../support/frames.ts';
import * as links from '../support/link-wrappings.ts';
import { juniper } from '../support/link-wrappings.ts';
import { describeWith } from '../support/tools.ts';
import { dissect, runOverFrames } from '../support/tshark.ts';
import * as wrap from '../support/wrappings.ts';
import { CASES, type Case, frame4, outer, packet4, segment } from './cases.ts';
import { decodeAll, decodeOne, triageFrame, undecodedReason } from './support.ts';

describe('wrappings: deconstruct', () => {
  it.each(CASES)('$name', ({ bytes, linkType = 1, layers, scope = '', path, v6 = false, name }) => {
    const { packets, undecoded, counts } = decodeAll([frameOf(bytes, { linkType })]);
    expect(undecoded).toEqual({});
    expect(counts).toEqual({ tcpSegments: 1, icmpErrors: 0, fragments: 0 });
    expect(packets).toHaveLength(1);
    const wrappings = layers.split(' ');
    expect(packets[0]).toMatchObject({
      status: OK,
      layers: [...wrappings, v6 ? 'ipv6' : 'ipv4', ...(name === 'AH' ? ['ah'] : []), 'tcp'],
      scope,
      path: path ?? scope,
      ipVersion: v6 ? 6 : 4,
      sourcePort: 40000,
      destinationPort: 0,
      sequence: 0x89abcdef,
      flags: 2,
      checksum: CHECKSUM_GOOD,
      anomalies: 0,
      payloadLength: 0,
    });
  });

  it.each(CASES)('$name, cut anywhere: never another port', ({ bytes, linkType = 1 }) => {
    for (let snapLength = 0; snapLength < bytes.length; snapLength++) {
      for (const packet of decodeAll([frameOf(bytes, { linkType, snapLength })]).packets) {
        if (packet.transport !== TRANSPORT_TCP) continue;
        expect([-1, 40000]).toContain(packet.sourcePort);
        expect([-1, 0]).toContain(packet.destinationPort);
        expect([-1, 2]).toContain(packet.flags);
      }
    }
  });

  it('keeps nothing apart when told so', () => {
    for (const { bytes, linkType = 1 } of CASES) {
      const got = decodeOne(bytes, { linkType }, { mergeScopes: true });
      expect(got).toMatchObject({ scope: '', path: '' });
    }
  });
});

describe('aggregates of 802.11 (A-MSDU)', () => {
  const inner = [1, 2, 3, 4, 5].map((port) =>
    ipv4({}, tcp({ sourcePort: port, destinationPort: 0, payload: 'x'.repeat(port) })),
  );
  const frame = wrap.wlan({ aggregate: inner });

  it('give every packet', () => {
    const { packets, counts } = decodeAll([frameOf(frame, { linkType: 105 })]);
    expect(packets.map((packet) => [packet.sourcePort, packet.payloadLength, packet.layers.join(' ')])).toEqual(
      [1, 2, 3, 4, 5].map((port) => [port, port, 'wlan llc ipv4 tcp']),
    );
    expect(counts.tcpSegments).toBe(5);
  });

  it('give those before the cut', () => {
    const { packets } = decodeAll([frameOf(frame, { linkType: 105, snapLength: 26 + 2 * 64 })]);
    expect(packets.map((packet) => packet.sourcePort)).toEqual([1, 2]);
  });
});

describe('links that say that nothing follows', () => {
  it.each([
    ['an AX.25 connection request', 3, links.ax25(bytesOf(), { control: 0x3f })],
    ['a KISS command', 202, bytesOf(0x01, 50)],
    ['a network message of DOCSIS', 143, links.docsis(0xc2, new Uint8Array(40))],
    ['an idle GFP frame', 171, bytesOf('0000 b6ab')],
    ['GPRS signalling', 169, bytesOf('41 c001 0801', new Uint8Array(20))],
    ['control of LAN emulation', 123, bytesOf('01 00 0005 ff00', new Uint8Array(60))],
    ['an electrical event', 240, bytesOf('00050000', new Uint8Array(60))],
    ['a request to verify', 274, bytesOf('55555555555555 07', new Uint8Array(64))],
    ['what a recorder says of itself', 197, links.erf(27, new Uint8Array(40))],
  ])('%s', (_, linkType, bytes) => {
    expect(decodeAll([frameOf(bytes, { linkType })])).toMatchObject({ undecoded: {} });
  });
});

describe('wrappings that hide their content', () => {
  it.each([
    ['a beacon', 105, bytesOf('80000000', new Uint8Array(20)), 'wlan-management'],
    ['an acknowledgment', 105, bytesOf('d4000000 020000000001'), 'wlan-control'],
    [
      'an encrypted 802.11 frame',
      105,
      Uint8Array.from(wrap.wlan({ protectedFrame: true })).fill(0x55, 24),
      'encrypted',
    ],
    ['a later 802.11 fragment', 105, Uint8Array.from(wrap.wlan({}, packet4)).fill(1, 22, 23), 'wlan-fragment'],
    ['an FDDI token', 10, bytesOf('80', new Uint8Array(20)), 'fddi-management'],
    ['ARP over ARCNET', 7, bytesOf('0102f1', new Uint8Array(20)), 'not-ip'],
    ['USER2 that is not PKTAP', 149, frame4, 'link-type-user2'],
    ['an ATM cell of management', 135, bytesOf('4d474300 0000000000000010', new Uint8Array(20)), 'juniper'],
    ['an experiment that is no time stamp', 1, ethernet({ type: 0x88b5 }, new Uint8Array(40)), 'ethertype-0x88b5'],
    [
      'a label of TRILL without its half',
      1,
      ethernet({ type: 0x893b }, bytesOf('0123 0800', packet4)),
      'malformed-link',
    ],
    ["Arista's time of another version", 1, ethernet({ type: 0xd28b }, new Uint8Array(60)), 'ethertype-0xd28b'],
    ['ATM signalling', 123, bytesOf('06 00 0005', new Uint8Array(40)), 'atm'],
    ['NetROM in AX.25', 3, links.ax25(packet4, { protocol: 0xcf }), 'ax25'],
    ['ARP in AX.25', 3, links.ax25(packet4, { protocol: 0xcd }), 'arp'],
    ['AX.25 whose addresses have no end', 3, new Uint8Array(90), 'malformed-link'],
    ['a later piece of an Ethernet frame', 274, bytesOf('555555555555 61 e6', new Uint8Array(60)), 'mpacket-fragment'],
    ['a piece of a DOCSIS frame', 143, links.docsis(0xc7, new Uint8Array(60), '630000'), 'docsis-fragment'],
    ['several DOCSIS frames', 143, links.docsis(0xf8, links.docsis(0, frame4)), 'docsis-fragment'],
    ['encrypted DOCSIS', 143, links.docsis(0x01, frame4, '44 01800001'), 'encrypted'],
    ['Fibre Channel in GFP', 171, links.gfp(3, new Uint8Array(60)), 'gfp'],
    ['an ATM cell', 197, links.erf(3, new Uint8Array(52)), 'erf'],
    ['SCSI in Fibre Channel', 224, bytesOf('06010203 00040506 08290000', new Uint8Array(60)), 'fibre-channel'],
    ['GPRS, encrypted', 169, bytesOf('43 c003 65 00 0000', packet4, '000000'), 'encrypted'],
    ['GPRS, compressed', 169, bytesOf('43 c001 65 01 0000', packet4, '000000'), 'sndcp'],
    ['GPRS, a later segment', 169, bytesOf('43 c001 25 1000', packet4, '000000'), 'sndcp'],
    ['VPP without network layer', 280, links.vpp(4, ['tcp4-input', '', '', ''], packet4.subarray(20)), 'vpp'],
    ['exported DNS', 252, links.exported('dns', new Uint8Array(40)), 'exported-pdu'],
    ['CLNP of Redback', 32, links.redback(2, 24, new Uint8Array(40)), 'not-ip'],
    ["Juniper under ARINC's number", 184, juniper({}, frame4), 'juniper'],
    ['TRILL of another version', 1, ethernet({ type: 0x22f3 }, bytesOf('403f00010002', frame4)), 'malformed-link'],
    ['encrypted MACsec', 1, ethernet({ type: 0x88e5 }, bytesOf('2c00 00000001', new Uint8Array(60))), 'encrypted'],
    ['PPPoE discovery', 1, ethernet({ type: 0x8863 }, bytesOf('1109 0000 0000')), 'ethertype-0x8863'],
    ['LCP', 9, bytesOf('ff03 c021 01010004'), 'ppp-0xc021'],
    ['a multilink fragment', 9, bytesOf('ff03 003d 80000001 0021', packet4), 'ppp-0x003d'],
    [
      'an MPLS associated channel',
      1,
      ethernet({ type: 0x8847 }, wrap.mpls([16], bytesOf('10000007', new Uint8Array(20)))),
      'mpls-associated-channel',
    ],
    [
      'a pseudowire of something else',
      1,
      ethernet({ type: 0x8847 }, wrap.mpls([16], new Uint8Array(20).fill(0xff))),
      'pseudowire',
    ],
  ])('%s', (_, linkType, bytes, reason) => {
    expect(undecodedReason(bytes, { linkType })).toBe(reason);
  });

  it.each([
    ['ESP', ipv4({ protocol: 50 }, new Uint8Array(40)), { esp: 1 }, 0],
    [
      'ESP in UDP',
      ipv4({}, udp({ sourcePort: 4500, destinationPort: 4500, payload: new Uint8Array(40).fill(7) })),
      { esp: 1 },
      TRANSPORT_UDP,
    ],
    [
      'WireGuard',
      ipv4({}, udp({ destinationPort: 51820, payload: bytesOf('04000000', new Uint8Array(60)) })),
      { wireguard: 1 },
      TRANSPORT_UDP,
    ],
    [
      'a later CAPWAP fragment',
      ipv4({}, udp({ destinationPort: 5247, payload: bytesOf('00 100380 0001 0008', packet4) })),
      { 'capwap-fragment': 1 },
      TRANSPORT_UDP,
    ],
    [
      'CAPWAP in DTLS',
      ipv4({}, udp({ destinationPort: 5247, payload: bytesOf('01000000 17 fefd', new Uint8Array(40)) })),
      { encrypted: 1 },
      TRANSPORT_UDP,
    ],
    [
      'an IPv6 experiment of another form',
      ipv6({ nextHeader: 253 }, new Uint8Array(40).fill(0xab)),
      { 'ip-protocol-253': 1 },
      0,
    ],
    ['IPComp', ipv4({ protocol: 108 }, new Uint8Array(40)), { ipcomp: 1 }, 0],
  ])('%s', (_, packet, reasons, transport) => {
    const { packets, undecoded } = decodeAll([frameOf(ethernet({}, packet))]);
    expect(undecoded).toEqual(reasons);
    expect(packets[0]).toMatchObject({ status: UNSUPPORTED, transport });
  });
});

describe("ordinary UDP at a tunnel's port is not misread", () => {
  const texts = [
    '',
    'x',
    'hello world',
    'GET / HTTP/1.1\r\nHost: example\r\n\r\n'.repeat(4),
    '\0'.repeat(80),
    '\xff'.repeat(80),
  ];
  it.each([4789, 8472, 4790, 6081, 2152, 3544, 5072, 1701, 6635, 4754, 51820, 37008, 4341, 5247])(
    '%i',
    (destinationPort) => {
      for (const text of texts) {
        const payload = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
        const { packets, undecoded } = decodeAll([frameOf(outer(udp({ destinationPort, payload })))]);
        expect(undecoded).toEqual({});
        expect(packets[0]).toMatchObject({
          status: OK,
          transport: TRANSPORT_UDP,
          destinationPort,
          payloadLength: payload.length,
        });
      }
    },
  );

  it.each([
    ['TZSP keepalive', 37008, '01040000'],
    ['TZSP of another version', 37008, bytesOf('0200000101', frame4)],
    ['TZSP whose tags have no end', 37008, bytesOf('01000001', new Uint8Array(200))],
    ['TZSP with something else', 37008, bytesOf('0100000101', new Uint8Array(60).fill(0xab))],
    ['LISP with an echo without nonce', 4341, bytesOf('2000000000000000', packet4)],
    ['LISP with nonce and version', 4341, bytesOf('9000000000000000', packet4)],
    ['LISP around nothing', 4341, bytesOf('8000000000000000')],
    ['CAPWAP keepalive', 5247, bytesOf('00 100208 00000000 0000', new Uint8Array(20))],
    ['CAPWAP of an unknown radio', 5247, bytesOf('00 101e00 00000000', frame4)],
    ['CAPWAP with a header too short', 5247, bytesOf('00 080200 00000000', frame4)],
    [
      'VXLAN without network number, around something else',
      4789,
      bytesOf('f7000000 00002a00', new Uint8Array(60).fill(0xab)),
    ],
    ['VXLAN-GPE of another version', 4790, bytesOf('1c000001 00002a00', packet4)],
    ['Geneve of another version', 6081, bytesOf('40006558 00002a00', frame4)],
    ['L2TP with reserved bits around something else', 1701, bytesOf('34f2 0007 0009', new Uint8Array(20).fill(0xab))],
    ['IPv6 that is not Teredo', 61234, ipv6({ source: '2001:1::1', destination: '2001:db8::1' }, segment)],
    ['Teredo with another length', 61234, bytesOf(ipv6({ source: '2001:0::1' }, segment), 0)],
  ])('%s', (_, destinationPort, payload) => {
    const bytes = outer(udp({ destinationPort, payload: bytesOf(payload) }));
    const { packets, undecoded } = decodeAll([frameOf(bytes)]);
    expect(undecoded).toEqual({});
    expect(packets[0]).toMatchObject({ status: OK, transport: TRANSPORT_UDP, destinationPort });
  });

  it('Teredo is found at any port, unless it has none', () => {
    const bytes = outer(udp({ destinationPort: 61234, payload: ipv6({ source: '2001:0::1' }, segment) }));
    expect(decodeOne(bytes)).toMatchObject({ transport: TRANSPORT_TCP, source: '2001::1' });
    expect(decodeOne(bytes, {}, { tunnelPorts: { teredo: [] } })).toMatchObject({ transport: TRANSPORT_UDP });
    expect(triageFrame(frameOf(bytes))).toBe(true);
    expect(triageFrame(frameOf(bytes), { tunnelPorts: { teredo: [] } })).toBe(false);
  });

  it('IKE and keepalives at port 4500', () => {
    for (const payload of [bytesOf(0xff), bytesOf('00000000', new Uint8Array(28).fill(1))]) {
      expect(decodeAll([frameOf(outer(udp({ sourcePort: 4500, destinationPort: 4500, payload })))]).undecoded).toEqual(
        {},
      );
    }
  });

  it("a tunnel's port at one end and port 0 at the other is UDP with port 0", () => {
    const got = decodeOne(
      outer(udp({ sourcePort: 4789, destinationPort: 0, payload: bytesOf('08000000 00002a00', frame4) })),
    );
    expect(got).toMatchObject({ transport: TRANSPORT_UDP, destinationPort: 0 });
  });

  it('other ports are tunnels when told so', () => {
    const bytes = outer(udp({ destinationPort: 9999, payload: bytesOf('08000000 00002a00', frame4) }));
    expect(decodeOne(bytes)).toMatchObject({ transport: TRANSPORT_UDP });
    expect(decodeOne(bytes, {}, { tunnelPorts: { vxlan: [9999] } })).toMatchObject({
      transport: TRANSPORT_TCP,
      scope: 'vxlan 42',
    });
  });
});

describe('ICMP errors about tunnels', () => {
  it.each([
    ['IPIP', ipv4({}, packet4)],
    ['GRE', ipv4({}, wrap.gre({ key: 42 }, packet4))],
    ['VXLAN', ipv4({}, wrap.vxlan(42, frame4))],
    ['GTP-U', ipv4({}, wrap.gtp(42, packet4))],
    ['Geneve', ipv4({}, wrap.geneve(42, 0x6558, frame4))],
  ])('%s: the quote goes as deep as the quoted bytes do', (_, packet) => {
    for (const cut of [0, 4, 8, 12, 16]) {
      const body = packet.slice(0, packet.length - cut);
      const got = decodeOne(outer(icmp({ type: 3, code: 1, body }), { source: '203.0.113.9' }));
      expect(got.quote).toMatchObject({
        transport: TRANSPORT_TCP,
        source: '10.1.0.1',
        destination: '10.1.0.2',
        sourcePort: 40000,
        destinationPort: 0,
        sequence: 0x89abcdef,
        flags: cut >= 12 ? -1 : 2,
      });
    }
  });

  it('the quote lives where the tunnel does', () => {
    const inside = outer(wrap.vxlan(42, ethernet({}, ipv4({}, icmp({ type: 3, code: 3, body: quoted(packet4, 8) })))));
    const about = outer(icmp({ type: 3, code: 1, body: ipv4({}, wrap.vxlan(42, frame4)) }));
    expect(decodeOne(inside).quote!.scope).toBe('vxlan 42');
    expect(decodeOne(about).quote!.scope).toBe('vxlan 42');
    expect(decodeOne(outer(wrap.vxlan(42, frame4))).scope).toBe('vxlan 42');
  });
});

describe('fragments and tunnels', () => {
  it('a tunnel in fragments so small that the inner header is cut', () => {
    const packet = ipv4({ id: 9 }, wrap.gre({ key: 42 }, packet4));
    const frames = fragmentIpv4(packet, [8, 24, 40]).map((fragment) => frameOf(ethernet({}, fragment)));
    for (const order of [frames, [...frames].reverse()]) {
      const { packets, undecoded } = decodeAll(order);
      const found = packets.filter((got) => got.transport === TRANSPORT_TCP && got.assembly?.isPartial !== true);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        status: OK,
        source: '10.1.0.1',
        destinationPort: 0,
        scope: 'gre 42',
        checksum: CHECKSUM_GOOD,
      });
      expect(undecoded).toEqual({});
    }
  });

  // A tunnel's own packet is cut where the inner headers are already there, and where they are not.
  const whole = tcp({ destinationPort: 0, flags: 'PA', payload: 'x'.repeat(1400) });
  const inner4 = ipv4({ source: '10.1.0.1', destination: '10.1.0.2' }, whole);
  const inner6 = ipv6({ source: '2001:0:c000:201::1', destination: '2001:db8:f::2' }, whole);
  const innerFrame = ethernet({}, inner4);
  const radio = wrap.wlan({}, inner4);
  it.each([
    ['IPIP', inner4],
    ['GRE', wrap.gre({}, inner4)],
    ['802.11 in GRE', wrap.gre({ type: 0x8200 }, radio)],
    ['EtherIP', { protocol: 97, build: () => bytesOf('3000', innerFrame) }],
    ['Ethernet in IP', { protocol: 143, build: () => innerFrame }],
    ['MPLS in IP', { protocol: 137, build: () => wrap.mpls([500], inner4) }],
    ['L2TPv3 in IP', wrap.l2tpv3(77, bytesOf('00000000'), innerFrame)],
    ['AH', { protocol: 51, build: () => bytesOf('04 04 0000 00001234 00000001', new Uint8Array(12), inner4) }],
    ['PPTP', wrap.pptp(513, wrap.ppp(inner4))],
    ['EoIP', { protocol: 47, build: () => bytesOf('2001 6400', be16(innerFrame.length), '0500', innerFrame) }],
    ['VXLAN', wrap.vxlan(42, innerFrame)],
    ['VXLAN-GPE', wrap.vxlanGpe(42, 1, inner4)],
    ['Geneve', wrap.geneve(42, 0x6558, innerFrame)],
    ['Geneve with IP', wrap.geneve(42, 0x0800, inner4)],
    ['GTP-U', wrap.gtp(42, inner4)],
    ['GTP-U with an extension', wrap.gtp(42, inner4, [{ type: 0x85, body: bytesOf(0, 9) }])],
    ['Teredo', wrap.teredo(inner6)],
    ['AYIYA', wrap.ayiya(inner6)],
    ['L2TP', wrap.l2tp(7, 9, wrap.ppp(inner4))],
    ['MPLS in UDP', udp({ destinationPort: 6635, payload: wrap.mpls([500], inner4) })],
    ['GRE in UDP', udp({ destinationPort: 4754, payload: bytesOf('0000 0800', inner4) })],
    ['TZSP', udp({ destinationPort: 37008, payload: bytesOf('01000001 01', innerFrame) })],
    ['LISP', udp({ destinationPort: 4341, payload: bytesOf('80000001 00000000', inner4) })],
    ['CAPWAP', udp({ destinationPort: 5247, payload: bytesOf('00 100200 00000000', innerFrame) })],
    ['CAPWAP with 802.11', udp({ destinationPort: 5247, payload: bytesOf('00 100300 00000000', radio) })],
  ])('%s in fragments: the segment is found, whole and in whatever order', (name, payload) => {
    const packet = ipv4({ id: 9 }, payload);
    for (const cuts of [[1008], [16], [8, 24, 64, 200]]) {
      const frames = fragmentIpv4(packet, cuts).map((fragment, i) =>
        frameOf(ethernet({}, fragment), { number: i + 1 }),
      );
      for (const order of [frames, [...frames].reverse()]) {
        const { packets, undecoded } = decodeAll(order, {}, 1);
        const found = packets.filter((got) => got.transport === TRANSPORT_TCP && got.assembly?.isPartial !== true);
        expect(found.length, `${name} ${cuts}`).toBeGreaterThan(0);
        expect(found[0]).toMatchObject({ destinationPort: 0, flags: 0x18, payloadLength: 1400 });
        // Every fragment is told of, with a packet or as an earlier frame of one.
        const handed = packets.filter((got) => got.transport === TRANSPORT_TCP);
        const earlier = new Set(handed.flatMap((got) => got.assembly?.earlierFrames ?? []));
        expect(handed.length + earlier.size, `${name} ${cuts}`).toBeGreaterThanOrEqual(frames.length);
        expect(undecoded, `${name} ${cuts}`).toEqual({});
      }
    }
  });

  it('fragments within a tunnel', () => {
    const inner = fragmentIpv4(ipv4({ id: 5 }, segment), [8]).map((fragment) =>
      outer(wrap.vxlan(42, ethernet({}, fragment))),
    );
    const { packets } = decodeAll(inner.map((frame) => frameOf(frame)));
    expect(packets.at(-1)).toMatchObject({ fragment: FRAGMENT_FIRST, destinationPort: 0, flags: 2, scope: 'vxlan 42' });
  });
});

describeWith(['tshark'], 'wrappings and tshark', () => {
  const fields = [
    'ip.src',
    'ip.dst',
    'ipv6.src',
    'ipv6.dst',
    'tcp.srcport',
    'tcp.dstport',
    'tcp.seq_raw',
    'tcp.flags',
    'tcp.checksum.status',
    'vlan.id',
    'mpls.label',
    'vxlan.vni',
    'gre.key',
    'gtp.teid',
    'geneve.vni',
    'pppoe.session_id',
  ];
  const linkTypes = [...new Set(CASES.filter(({ tshark }) => tshark !== null).map(({ linkType = 1 }) => linkType))];

  /** Ours and theirs of the innermost packet, by name of the case. */
  const compare = (cases: readonly Case[], linkType: number, extra: readonly string[]) => {
    const frames = cases.map(({ bytes }) => bytes);
    const theirs = dissect(frames, linkType, fields, extra).map((row, i) => {
      const [src4, dst4, src6, dst6, source, destination, sequence, flags, checksum] = row.map((values) =>
        values.at(-1),
      );
      const [src, dst] = cases[i]!.v6 ? [src6, dst6] : [src4, dst4];
      return { name: cases[i]!.name, src, dst, source, destination, sequence, flags, checksum };
    });
    const ours = cases.map(({ name, bytes }) => {
      const got = decodeOne(bytes, { linkType });
      return {
        name,
        src: got.source,
        dst: got.destination,
        source: String(got.sourcePort),
        destination: String(got.destinationPort),
        sequence: String(got.sequence),
        flags: `0x${got.flags.toString(16).padStart(4, '0')}`,
        checksum: String(got.checksum),
      };
    });
    expect(ours).toEqual(theirs);
  };

  it.each(linkTypes)('read the same bytes alike, link type %i', (linkType) => {
    const cases = CASES.filter((entry) => (entry.linkType ?? 1) === linkType && entry.tshark === undefined);
    if (cases.length > 0) compare(cases, linkType, []);
  });

  it.each(CASES.filter(({ tshark }) => tshark))('read $name alike, tshark being told what it is', (entry) => {
    compare([entry], entry.linkType ?? 1, entry.tshark!);
  });
});

describeWith(['tcpdump'], 'switch tags and tcpdump', () => {
  const addresses = '020000000002 020000000001';
  it.each([
    ['Broadcom', 281, bytesOf(addresses, '20000005', be16(0x0800), packet4), ''],
    ['Broadcom, before the frame', 282, bytesOf('20000005', frame4), ''],
    ['Marvell', 284, bytesOf(addresses, 'c0180005', be16(0x0800), packet4), ''],
    ['Marvell with a VLAN', 284, bytesOf(addresses, 'e0180005', be16(0x0800), packet4), 'vlan 5'],
    ['Marvell with a type', 285, bytesOf(addresses, 'dada 0000 c0180005', be16(0x0800), packet4), ''],
  ])('%s', (_, linkType, bytes, scope) => {
    const text = runOverFrames('tcpdump', ['-nSr', 'FILE'], [bytes], linkType);
    expect(text).toContain('10.1.0.1.40000 > 10.1.0.2.0: Flags [S], seq 2309737967');
    expect(decodeOne(bytes, { linkType })).toMatchObject({
      status: OK,
      destinationPort: 0,
      sequence: 2309737967,
      scope,
    });
  });
});

describeWith(['tcpdump'], 'cards of Juniper that tshark does not know, and tcpdump', () => {
  const bare = wrap.pppoe(7, packet4);
  it.each([
    ['encryption services', 132, '00010103 00000001 0a000001 0a000002', packet4, ''],
    ['encryption services, AH', 132, '00010104 00000001 0a000001 0a000002', packet4, ''],
    ['MFR, adaptive services', 134, '47000001 01000000', packet4, ''],
    ['MFR, link services', 134, '540000010000 03cc', packet4, ''],
    ['monitor', 164, '0000000000000000', packet4, ''],
    ['PPPoE in ATM', 168, '8864', bare, 'pppoe 7'],
    ['IP in ATM', 168, '0800', packet4, ''],
  ])('%s', (_, linkType, cookie, frame, scope) => {
    const bytes = juniper({ cookie }, frame);
    const text = runOverFrames('tcpdump', ['-nSr', 'FILE'], [bytes], linkType);
    expect(text).toContain('10.1.0.1.40000 > 10.1.0.2.0: Flags [S], seq 2309737967');
    expect(decodeOne(bytes, { linkType })).toMatchObject({
      status: OK,
      destinationPort: 0,
      sequence: 2309737967,
      scope,
    });
  });
});

describe('scopes', () => {
  it('the same network number elsewhere is another scope', () => {
    const scopes = [5, 6].flatMap((vlan) =>
      [42, 43].map((vni) => decodeOne(ethernet({ vlans: [vlan] }, ipv4({}, wrap.vxlan(vni, frame4)))).scope),
    );
    expect(scopes).toEqual(['vlan 5 > vxlan 42', 'vlan 5 > vxlan 43', 'vlan 6 > vxlan 42', 'vlan 6 > vxlan 43']);
  });

  it('question and answer share the scope whatever each direction has of its own', () => {
    const there = decodeOne(outer(wrap.gtp(1, packet4)));
    const back = decodeOne(outer(wrap.gtp(2, packet4), { source: '198.51.100.7', destination: '192.0.2.1' }));
    expect(there.scope).toBe(back.scope);
    expect(there.path).not.toBe(back.path);
  });

  it('a tunnel has the same path in both directions', () => {
    const there = decodeOne(outer(packet4));
    const { packets } = decodeAll([
      frameOf(outer(packet4)),
      frameOf(outer(packet4, { source: '198.51.100.7', destination: '192.0.2.1' })),
    ]);
    expect(packets.map((packet) => packet.path)).toEqual([there.path, there.path]);
  });
});
