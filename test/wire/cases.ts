import {
  addressBytes,
  authentication,
  be16,
  be32,
  bytesOf,
  ethernet,
  hopByHop,
  ipv4,
  ipv6,
  sll,
  sll2,
  tcp,
  udp,
} from '../support/frames.ts';
import * as wrap from '../support/wrappings.ts';

/** One SYN to port 0, in every wrapping that the decoder reads. */
export const segment = tcp({
  sourcePort: 40000,
  destinationPort: 0,
  sequence: 0x89abcdef,
  flags: 'S',
  options: bytesOf('020405b4'),
});
export const packet4 = ipv4({ source: '10.1.0.1', destination: '10.1.0.2' }, segment);
export const packet6 = ipv6({ source: '2001:db8:f::1', destination: '2001:db8:f::2' }, segment);
export const frame4 = ethernet({}, packet4);
export const outer = (transport: Parameters<typeof ipv4>[1], fields: Parameters<typeof ipv4>[0] = {}) =>
  ethernet({}, ipv4(fields, transport));
const ends = '192.0.2.1 - 198.51.100.7';

export interface Case {
  readonly name: string;
  readonly linkType?: number;
  readonly bytes: Uint8Array;
  /** Before the inner "ipv4 tcp" (or "ipv6 tcp"). */
  readonly layers: string;
  readonly scope?: string;
  readonly path?: string;
  readonly v6?: boolean;
  /** Arguments that tshark needs to read the same; null where it cannot. */
  readonly tshark?: readonly string[] | null;
}

export const CASES: readonly Case[] = [
  // Point-to-point links
  { name: 'PPP', linkType: 9, bytes: wrap.ppp(packet4), layers: 'ppp' },
  { name: 'PPP without address and control', linkType: 9, bytes: wrap.ppp(packet4, true), layers: 'ppp' },
  { name: 'PPP with a compressed protocol', linkType: 9, bytes: bytesOf(0xff, 0x03, 0x21, packet4), layers: 'ppp' },
  { name: 'PPP with IPv6', linkType: 9, bytes: wrap.ppp(packet6), layers: 'ppp', v6: true },
  {
    name: 'PPP, multilink in one piece',
    linkType: 9,
    bytes: bytesOf('ff03 003d c0000001 0021', packet4),
    layers: 'ppp ppp',
  },
  {
    name: 'PPP, MPLS',
    linkType: 9,
    bytes: bytesOf('ff03 0281', wrap.mpls([77], packet4)),
    layers: 'ppp mpls',
    path: 'mpls 77',
  },
  { name: 'PPP, bridging', linkType: 9, bytes: bytesOf('ff03 0031 00 01', frame4), layers: 'ppp ethernet' },
  { name: 'PPP in HDLC', linkType: 50, bytes: wrap.ppp(packet4), layers: 'ppp' },
  { name: 'Cisco HDLC in PPP_HDLC', linkType: 50, bytes: wrap.ciscoHdlc(packet4), layers: 'chdlc' },
  { name: 'PPPoE link type', linkType: 51, bytes: wrap.pppoe(7, packet4), layers: 'pppoe ppp', scope: 'pppoe 7' },
  { name: 'pppd', linkType: 166, bytes: bytesOf('0003 0021', packet4), tshark: null, layers: 'pppd' },
  { name: 'PPP with direction', linkType: 204, bytes: bytesOf(1, wrap.ppp(packet4)), layers: 'ppp' },
  { name: 'Cisco HDLC', linkType: 104, bytes: wrap.ciscoHdlc(packet6), layers: 'chdlc', v6: true },
  {
    name: 'Cisco HDLC with direction',
    linkType: 205,
    bytes: bytesOf(0, wrap.ciscoHdlc(packet4)),
    tshark: null,
    layers: 'chdlc',
  },
  {
    name: 'Frame Relay',
    linkType: 107,
    bytes: wrap.frameRelay(100, packet4),
    layers: 'frame-relay',
    scope: 'frame-relay 100',
  },
  {
    name: 'Frame Relay, SNAP',
    linkType: 107,
    bytes: wrap.frameRelaySnap(100, packet6),
    layers: 'frame-relay',
    scope: 'frame-relay 100',
    v6: true,
  },
  {
    name: 'Frame Relay, Cisco',
    linkType: 107,
    bytes: bytesOf('1841 0800', packet4),
    layers: 'frame-relay',
    scope: 'frame-relay 100',
  },
  {
    name: 'Frame Relay with direction',
    linkType: 206,
    bytes: bytesOf(0, wrap.frameRelay(100, packet4)),
    tshark: null,
    layers: 'frame-relay',
    scope: 'frame-relay 100',
  },
  { name: 'ATM, LLC', linkType: 100, bytes: bytesOf('aaaa03 000000 0800', packet4), layers: 'llc' },
  { name: 'ATM, bridged', linkType: 100, bytes: bytesOf('aaaa03 0080c2 0007 0000', frame4), layers: 'llc ethernet' },
  // 802.11
  { name: '802.11', linkType: 105, bytes: wrap.wlan({}, packet4), layers: 'wlan llc' },
  { name: '802.11, QoS', linkType: 105, bytes: wrap.wlan({ qos: true }, packet4), layers: 'wlan llc' },
  {
    name: '802.11, four addresses',
    linkType: 105,
    bytes: wrap.wlan({ qos: true, fourAddresses: true }, packet6),
    layers: 'wlan llc',
    v6: true,
  },
  {
    name: '802.11, HT control',
    linkType: 105,
    bytes: wrap.wlan({ qos: true, order: true }, packet4),
    layers: 'wlan llc',
  },
  { name: '802.11, one in an A-MSDU', linkType: 105, bytes: wrap.wlan({ aggregate: [packet4] }), layers: 'wlan llc' },
  { name: 'radiotap', linkType: 127, bytes: wrap.radiotap(0, wrap.wlan({}, packet4)), layers: 'radiotap wlan llc' },
  {
    name: 'radiotap, FCS',
    linkType: 127,
    bytes: wrap.radiotap(0x10, bytesOf(wrap.wlan({}, packet4), be32(0))),
    layers: 'radiotap wlan llc',
  },
  {
    name: 'radiotap, padded',
    linkType: 127,
    bytes: wrap.radiotap(
      0x20,
      bytesOf(wrap.wlan({ qos: true }, packet4).slice(0, 26), be16(0), wrap.wlan({}, packet4).slice(24)),
    ),
    layers: 'radiotap wlan llc',
  },
  {
    name: 'radiotap, two presence words',
    linkType: 127,
    bytes: wrap.longRadiotap(0x10, bytesOf(wrap.wlan({}, packet4), be32(0))),
    layers: 'radiotap wlan llc',
  },
  { name: 'Prism', linkType: 119, bytes: wrap.prism(wrap.wlan({}, packet4)), layers: 'prism wlan llc' },
  { name: 'AVS', linkType: 163, bytes: wrap.avs(wrap.wlan({}, packet4)), layers: 'avs wlan llc' },
  {
    name: 'AVS where Prism is promised',
    linkType: 119,
    bytes: wrap.avs(wrap.wlan({}, packet4)),
    layers: 'avs wlan llc',
  },
  { name: 'PPI', linkType: 192, bytes: wrap.ppi(105, wrap.wlan({}, packet4)), layers: 'ppi wlan llc' },
  {
    name: 'PPI, FCS',
    linkType: 192,
    bytes: wrap.ppi(105, bytesOf(wrap.wlan({}, packet4), be32(0)), true),
    layers: 'ppi wlan llc',
  },
  { name: 'PPI, Ethernet', linkType: 192, bytes: wrap.ppi(1, frame4), layers: 'ppi ethernet' },
  // Metadata
  { name: 'NFLOG', linkType: 239, bytes: wrap.nflog(packet4), layers: 'nflog' },
  { name: 'NFLOG, IPv6', linkType: 239, bytes: wrap.nflog(packet6), layers: 'nflog', v6: true },
  { name: 'IPNET', linkType: 226, bytes: wrap.ipnet(packet4), layers: 'ipnet' },
  { name: 'ENC', linkType: 109, bytes: bytesOf('02000000 00001234 00000800', packet4), layers: 'enc' },
  {
    name: 'SLL, radiotap',
    linkType: 113,
    bytes: sll({ arphrd: 803, protocol: 4 }, wrap.radiotap(0, wrap.wlan({}, packet4))),
    layers: 'sll radiotap wlan llc',
  },
  { name: 'SLL, GRE', linkType: 113, bytes: sll({ arphrd: 778 }, packet4), layers: 'sll' },
  {
    name: 'SLL, LLC',
    linkType: 113,
    bytes: sll({ protocol: 4 }, bytesOf('aaaa03 000000 0800', packet4)),
    layers: 'sll llc',
  },
  {
    name: 'SLL2, MPLS',
    linkType: 276,
    bytes: sll2({ protocol: 0x8847 }, wrap.mpls([18], packet4)),
    layers: 'sll2 mpls',
    path: 'mpls 18',
  },
  // Bridges and switches
  {
    name: 'MPLS',
    bytes: ethernet({ type: 0x8847 }, wrap.mpls([1000], packet4)),
    layers: 'ethernet mpls',
    path: 'mpls 1000',
  },
  {
    name: 'MPLS stack',
    bytes: ethernet({ type: 0x8847 }, wrap.mpls([1000, 17, 1048575], packet6)),
    layers: 'ethernet mpls',
    path: 'mpls 1000 > mpls 17 > mpls 1048575',
    v6: true,
  },
  { name: 'MPLS, explicit null', bytes: ethernet({ type: 0x8847 }, wrap.mpls([0], packet4)), layers: 'ethernet mpls' },
  {
    name: 'MPLS link type',
    linkType: 219,
    bytes: wrap.mpls([1000], packet4),
    tshark: null,
    layers: 'mpls',
    path: 'mpls 1000',
  },
  {
    name: 'pseudowire with control word',
    bytes: ethernet({ type: 0x8847 }, wrap.mpls([1000, 16], wrap.controlWord(frame4))),
    tshark: ['-d', 'mpls.label==16,pwethcw'],
    layers: 'ethernet mpls pseudowire ethernet',
    path: 'mpls 1000 > mpls 16',
  },
  {
    name: 'pseudowire without control word',
    bytes: ethernet({ type: 0x8847 }, wrap.mpls([16], frame4)),
    tshark: ['-d', 'mpls.label==16,pwethnocw'],
    layers: 'ethernet mpls pseudowire ethernet',
    path: 'mpls 16',
  },
  {
    name: 'pseudowire to a MAC that begins with 4',
    bytes: ethernet({ type: 0x8847 }, wrap.mpls([16], ethernet({ destination: '46:00:00:00:00:02' }, packet4))),
    layers: 'ethernet mpls pseudowire ethernet',
    path: 'mpls 16',
    tshark: ['-d', 'mpls.label==16,pwethnocw'],
  },
  {
    name: 'PBB',
    bytes: ethernet(
      { type: 0x88e7, vlans: [{ id: 9, type: 0x88a8 }] },
      wrap.backboneTag(0xabcdef, ethernet({ vlans: [5] }, packet4)),
    ),
    layers: 'ethernet vlan pbb ethernet vlan',
    scope: 'vlan 9 > pbb 11259375 > vlan 5',
  },
  {
    name: 'VN-Tag',
    bytes: ethernet({ type: 0x8926 }, bytesOf('80010002', be16(0x8100), be16(5), be16(0x0800), packet4)),
    layers: 'ethernet vntag vlan',
    scope: 'vlan 5',
  },
  {
    name: 'FabricPath',
    bytes: ethernet({ type: 0x8903 }, bytesOf('0420', frame4, be32(0))),
    layers: 'ethernet fabricpath ethernet',
  },
  {
    name: 'MACsec without encryption',
    bytes: ethernet({ type: 0x88e5 }, wrap.macsec(0x0800, packet4)),
    layers: 'ethernet macsec',
  },
  {
    name: 'MACsec, a long one',
    bytes: ethernet({ type: 0x88e5 }, wrap.macsec(0x86dd, packet6)),
    layers: 'ethernet macsec',
    v6: true,
  },
  { name: 'ISL', bytes: wrap.isl(5, frame4), layers: 'isl ethernet', scope: 'vlan 5' },
  { name: 'NSH', bytes: ethernet({ type: 0x894f }, wrap.nsh(1, packet4)), layers: 'ethernet nsh' },
  {
    name: 'PPPoE',
    bytes: ethernet({ type: 0x8864, pad: 0 }, wrap.pppoe(4660, packet4)),
    layers: 'ethernet pppoe ppp',
    scope: 'pppoe 4660',
  },
  {
    name: 'PPPoE, IPv6',
    bytes: ethernet({ type: 0x8864, vlans: [5] }, wrap.pppoe(1, packet6)),
    layers: 'ethernet vlan pppoe ppp',
    scope: 'vlan 5 > pppoe 1',
    v6: true,
  },
  // Tunnels
  { name: 'IPIP', bytes: outer(packet4), layers: 'ethernet ipv4', path: `tunnel ${ends}` },
  { name: '6in4', bytes: outer(packet6), layers: 'ethernet ipv4', path: `tunnel ${ends}`, v6: true },
  {
    name: '4in6',
    bytes: ethernet({}, ipv6({}, packet4)),
    layers: 'ethernet ipv6',
    path: 'tunnel 2001:db8::1 - 2001:db8:1::7',
  },
  {
    name: '6in6 behind extension headers',
    bytes: ethernet({}, ipv6({ extensions: [hopByHop()] }, packet6)),
    layers: 'ethernet ipv6',
    path: 'tunnel 2001:db8::1 - 2001:db8:1::7',
    v6: true,
  },
  { name: 'GRE', bytes: outer(wrap.gre({}, packet4)), layers: 'ethernet ipv4 gre', path: `tunnel ${ends}` },
  {
    name: 'GRE with key, sequence, checksum',
    bytes: outer(wrap.gre({ key: 42, sequence: 7, checksum: true }, packet6)),
    layers: 'ethernet ipv4 gre',
    scope: 'gre 42',
    v6: true,
  },
  {
    name: 'GRE, Ethernet',
    bytes: outer(wrap.gre({ type: 0x6558 }, frame4)),
    layers: 'ethernet ipv4 gre ethernet',
    path: `tunnel ${ends}`,
  },
  {
    name: 'NVGRE',
    bytes: outer(wrap.gre({ type: 0x6558, key: 0x123405 }, frame4)),
    layers: 'ethernet ipv4 gre ethernet',
    path: 'gre 1192965',
  },
  {
    name: 'GRE, MPLS',
    bytes: outer(wrap.gre({ type: 0x8847, key: 1 }, wrap.mpls([99], packet4))),
    layers: 'ethernet ipv4 gre mpls',
    scope: 'gre 1',
    path: 'gre 1 > mpls 99',
  },
  {
    name: 'GRE, WCCP 2',
    bytes: outer(wrap.gre({ type: 0x883e }, bytesOf('00000000', packet4))),
    layers: 'ethernet ipv4 gre',
    path: `tunnel ${ends}`,
  },
  { name: 'PPTP', bytes: outer(wrap.pptp(513, wrap.ppp(packet4))), layers: 'ethernet ipv4 gre ppp', path: 'pptp 513' },
  {
    name: 'PPTP with acknowledgment',
    bytes: outer(wrap.pptp(513, wrap.ppp(packet4, true), 9)),
    layers: 'ethernet ipv4 gre ppp',
    path: 'pptp 513',
  },
  {
    name: 'ERSPAN I',
    bytes: outer(wrap.gre({ type: 0x88be }, frame4)),
    layers: 'ethernet ipv4 gre ethernet',
    path: `tunnel ${ends}`,
  },
  {
    name: 'ERSPAN II',
    bytes: outer(wrap.gre({ type: 0x88be, sequence: 1 }, wrap.erspan2(100, frame4))),
    layers: 'ethernet ipv4 gre erspan ethernet',
    path: `tunnel ${ends} > erspan 100`,
  },
  {
    name: 'ERSPAN III',
    bytes: outer(wrap.gre({ type: 0x22eb, sequence: 1 }, wrap.erspan3(100, frame4))),
    layers: 'ethernet ipv4 gre erspan ethernet',
    path: `tunnel ${ends} > erspan 100`,
  },
  {
    name: 'ERSPAN III, extended',
    bytes: outer(wrap.gre({ type: 0x22eb, sequence: 1 }, wrap.erspan3(100, frame4, true))),
    layers: 'ethernet ipv4 gre erspan ethernet',
    path: `tunnel ${ends} > erspan 100`,
  },
  {
    name: 'VXLAN',
    bytes: outer(wrap.vxlan(42, frame4)),
    layers: 'ethernet ipv4 udp vxlan ethernet',
    scope: 'vxlan 42',
  },
  {
    name: 'VXLAN on the port that Linux had',
    bytes: outer(wrap.vxlan(42, frame4, 8472)),
    layers: 'ethernet ipv4 udp vxlan ethernet',
    scope: 'vxlan 42',
    tshark: ['-d', 'udp.port==8472,vxlan'],
  },
  {
    name: 'VXLAN in a VLAN, a VLAN within',
    bytes: ethernet({ vlans: [5] }, ipv6({}, wrap.vxlan(0xffffff, ethernet({ vlans: [6] }, packet6)))),
    layers: 'ethernet vlan ipv6 udp vxlan ethernet vlan',
    scope: 'vlan 5 > vxlan 16777215 > vlan 6',
    v6: true,
  },
  {
    name: 'VXLAN-GPE, IPv4',
    bytes: outer(wrap.vxlanGpe(42, 1, packet4)),
    layers: 'ethernet ipv4 udp vxlan-gpe',
    scope: 'vxlan 42',
  },
  {
    name: 'VXLAN-GPE, Ethernet',
    bytes: outer(wrap.vxlanGpe(42, 3, frame4)),
    layers: 'ethernet ipv4 udp vxlan-gpe ethernet',
    scope: 'vxlan 42',
  },
  {
    name: 'VXLAN-GPE, NSH',
    bytes: outer(wrap.vxlanGpe(42, 4, wrap.nsh(2, packet6))),
    layers: 'ethernet ipv4 udp vxlan-gpe nsh',
    scope: 'vxlan 42',
    v6: true,
  },
  {
    name: 'Geneve',
    bytes: outer(wrap.geneve(42, 0x6558, frame4)),
    layers: 'ethernet ipv4 udp geneve ethernet',
    scope: 'geneve 42',
  },
  {
    name: 'Geneve with options',
    bytes: outer(wrap.geneve(42, 0x6558, frame4, bytesOf('0102 80 01 deadbeef'))),
    layers: 'ethernet ipv4 udp geneve ethernet',
    scope: 'geneve 42',
  },
  {
    name: 'Geneve, IPv6',
    bytes: outer(wrap.geneve(42, 0x86dd, packet6)),
    layers: 'ethernet ipv4 udp geneve',
    scope: 'geneve 42',
    v6: true,
  },
  {
    name: 'GTP-U',
    bytes: outer(wrap.gtp(0xdeadbeef, packet4)),
    layers: 'ethernet ipv4 udp gtp',
    path: 'gtp 3735928559',
  },
  {
    name: 'GTP-U with extensions',
    bytes: outer(
      wrap.gtp(1, packet6, [
        { type: 0x85, body: bytesOf(0, 9) },
        { type: 0xc0, body: bytesOf('0001') },
      ]),
    ),
    layers: 'ethernet ipv4 udp gtp',
    path: 'gtp 1',
    v6: true,
  },
  {
    name: 'Teredo',
    bytes: outer(wrap.teredo(ipv6({ source: '2001:0:c000:201::1', destination: '2001:db8:f::2' }, segment))),
    layers: 'ethernet ipv4 udp teredo',
    v6: true,
  },
  {
    name: 'Teredo with authentication and origin',
    bytes: outer(
      wrap.teredo(
        ipv6({ source: '2001:0:c000:201::1', destination: '2001:db8:f::2' }, segment),
        bytesOf('0001 0000 0102030405060708 00', '0000 1234 3ffffdfe'),
      ),
    ),
    layers: 'ethernet ipv4 udp teredo',
    v6: true,
  },
  { name: 'AYIYA', bytes: outer(wrap.ayiya(packet6)), layers: 'ethernet ipv4 udp ayiya', v6: true },
  {
    name: 'L2TP',
    bytes: outer(wrap.l2tp(7, 9, wrap.ppp(packet4))),
    layers: 'ethernet ipv4 udp l2tp ppp',
    path: 'l2tp 458761',
  },
  {
    name: 'L2TPv3',
    bytes: outer(wrap.l2tpv3(77, bytesOf('00000000'), frame4)),
    layers: 'ethernet ipv4 l2tp ethernet',
    path: 'l2tp 77',
    tshark: ['-o', 'l2tp.cookie_size:None', '-o', 'l2tp.l2_specific:Default L2-Specific', '-d', 'l2tp.pw_type==0,eth'],
  },
  {
    name: 'L2TPv3 with a cookie',
    bytes: outer(wrap.l2tpv3(77, bytesOf('1122334455667788'), frame4)),
    layers: 'ethernet ipv4 l2tp ethernet',
    path: 'l2tp 77',
    tshark: null,
  },
  {
    name: 'AH',
    bytes: ethernet({}, ipv6({ extensions: [authentication()] }, segment)),
    layers: 'ethernet',
    v6: true,
    tshark: [],
  },
  {
    name: 'AH in IPv4 around IPIP',
    bytes: outer(bytesOf('04 04 0000 00001234 00000001', new Uint8Array(12), packet4), { protocol: 51 }),
    layers: 'ethernet ipv4 ah',
    path: `tunnel ${ends}`,
  },
  {
    name: 'MPLS in IP',
    bytes: outer(wrap.mpls([500], packet4), { protocol: 137 }),
    layers: 'ethernet ipv4 mpls',
    path: 'mpls 500',
  },
  {
    name: 'MPLS in UDP',
    bytes: outer(udp({ destinationPort: 6635, payload: wrap.mpls([500], packet4) })),
    layers: 'ethernet ipv4 udp mpls',
    path: 'mpls 500',
  },
  {
    name: 'GRE in UDP',
    bytes: outer(
      udp({
        destinationPort: 4754,
        payload: wrap.gre({ key: 5 }, packet4).build({ source: addressBytes('::'), destination: addressBytes('::') }),
      }),
    ),
    layers: 'ethernet ipv4 udp gre',
    scope: 'gre 5',
  },
  {
    name: 'EtherIP',
    bytes: outer(bytesOf('3000', frame4), { protocol: 97 }),
    layers: 'ethernet ipv4 etherip ethernet',
    path: `tunnel ${ends}`,
  },
  {
    name: 'all at once',
    bytes: ethernet(
      { vlans: [5] },
      ipv6(
        {},
        wrap.gre(
          { type: 0x8847, key: 3 },
          wrap.mpls([20], ipv4({}, wrap.vxlan(42, ethernet({}, ipv4({}, wrap.gtp(8, packet6)))))),
        ),
      ),
    ),
    layers: 'ethernet vlan ipv6 gre mpls ipv4 udp vxlan ethernet ipv4 udp gtp',
    scope: 'vlan 5 > gre 3 > vxlan 42',
    path: 'vlan 5 > gre 3 > mpls 20 > vxlan 42 > gtp 8',
    v6: true,
  },
];
