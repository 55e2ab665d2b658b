import { be16, bytesOf, ethernet, type Ipv6Extension, ipv4, ipv6, udp } from '../support/frames.ts';
import * as links from '../support/link-wrappings.ts';
import * as wrap from '../support/wrappings.ts';
import { type Case, ends, frame4, outer, packet4, packet6, segment } from './case.ts';

const ip = be16(0x0800);
const tagged = (type: number, tag: string, rest: Uint8Array) => ethernet({ type }, bytesOf(tag, ip, rest));
const behind = (protocol: number, header: string): Uint8Array =>
  ipv6({ source: '2001:db8:f::1', destination: '2001:db8:f::2', extensions: [experiment(protocol, header)] }, segment);
const experiment = (protocol: number, rest: string): Ipv6Extension => ({ protocol, rest: bytesOf(rest) });
const wlan = wrap.wlan({}, packet4);
const swapped = bytesOf(wlan[1]!, wlan[0]!, wlan.slice(2));
const teredoPacket = ipv6({ source: '2001:0:c000:201::1', destination: '2001:db8:f::2' }, segment);
const tzsp = (encapsulation: number, frame: Uint8Array, tags = '2902003c') =>
  outer(udp({ destinationPort: 37008, payload: bytesOf('0100', be16(encapsulation), tags, '0001', frame) }));
const sent = (destinationPort: number, payload: Uint8Array, sourcePort = 50000) =>
  outer(udp({ sourcePort, destinationPort, payload }));

export const TUNNEL_CASES: readonly Case[] = [
  { name: 'Cisco MetaData', bytes: tagged(0x8909, '01010001 0005', packet4), layers: 'ethernet cisco-metadata' },
  {
    name: 'Cisco MetaData in a VLAN',
    bytes: ethernet({ type: 0x8909, vlans: [5] }, bytesOf('01010001 0005', ip, packet4)),
    layers: 'ethernet vlan cisco-metadata',
    scope: 'vlan 5',
  },
  { name: 'E-Tag', bytes: tagged(0x893f, '00000001 0000', packet4), layers: 'ethernet etag' },
  {
    name: 'batman-adv',
    bytes: ethernet({ type: 0x4305 }, bytesOf('400f3201 020000000005', frame4)),
    layers: 'ethernet batadv ethernet',
  },
  {
    name: 'batman-adv with four addresses',
    bytes: ethernet({ type: 0x4305 }, bytesOf('420f3201 020000000005 020000000006 0100', frame4)),
    layers: 'ethernet batadv ethernet',
  },
  {
    name: 'batman-adv broadcast',
    bytes: ethernet({ type: 0x4305 }, bytesOf('010f3200 00000007 020000000006', frame4)),
    layers: 'ethernet batadv ethernet',
  },
  {
    name: 'PIM Register',
    bytes: outer(bytesOf('2100deff 00000000', packet4), { protocol: 103 }),
    layers: 'ethernet ipv4 pim',
    path: `tunnel ${ends}`,
  },
  {
    name: 'IPv4 in an associated channel',
    bytes: ethernet({ type: 0x8847 }, wrap.mpls([16], bytesOf('10000021', packet4))),
    layers: 'ethernet mpls',
    path: 'mpls 16',
  },
  { name: 'HSR', bytes: tagged(0x892f, '00340001', packet4), layers: 'ethernet hsr' },
  {
    name: 'TRILL',
    bytes: ethernet({ type: 0x22f3 }, bytesOf('003f 0001 0002', frame4)),
    layers: 'ethernet trill ethernet',
  },
  // RFC 768: a source port of 0 says that no answer is wanted, not that there is no tunnel.
  {
    name: 'VXLAN from source port 0',
    bytes: outer(udp({ sourcePort: 0, destinationPort: 4789, payload: bytesOf('08000000 00002a00', frame4) })),
    layers: 'ethernet ipv4 udp vxlan ethernet',
    scope: 'vxlan 42',
  },
  {
    name: 'GTP-U from source port 0',
    bytes: outer(
      udp({
        sourcePort: 0,
        destinationPort: 2152,
        payload: bytesOf('30ff', be16(packet4.length), '00000007', packet4),
      }),
    ),
    layers: 'ethernet ipv4 udp gtp',
    path: 'gtp 7',
    scope: '',
  },
  // Wireshark does not know the type of fine-grained labels: RFC 7172 §2.3 judges.
  {
    name: 'TRILL with a fine-grained label',
    bytes: ethernet(
      { type: 0x22f3 },
      bytesOf('003f 0001 0002', frame4.subarray(0, 12), '893b 0123 893b 2456', frame4.subarray(12)),
    ),
    layers: 'ethernet trill ethernet fgl',
    scope: `fgl ${0x123456}`,
    tshark: null,
  },
  {
    name: 'redundancy tag',
    bytes: ethernet({ type: 0xf1c1 }, bytesOf('0000 0005 0800', packet4)),
    layers: 'ethernet rtag',
  },
  {
    name: "Arista's time, 64 bits",
    bytes: ethernet({ type: 0xd28b }, bytesOf('0001 0010 00000001 00000002 0800', packet4)),
    layers: 'ethernet avsp',
  },
  {
    name: "Arista's time, 48 bits",
    bytes: ethernet({ type: 0xd28b }, bytesOf('0001 0020 0001 00000002 86dd', packet6)),
    layers: 'ethernet avsp',
    v6: true,
  },
  {
    name: '802.11 as an EtherType',
    bytes: ethernet({ type: 0x2452 }, wrap.wlan({}, packet4)),
    layers: 'ethernet wlan llc',
  },
  {
    name: 'TRILL with options',
    bytes: ethernet({ type: 0x22f3 }, bytesOf('007f 0001 0002 00000000', frame4)),
    layers: 'ethernet trill ethernet',
  },
  {
    name: 'time stamps of Cisco',
    bytes: tagged(0x88b5, '000102030405', packet4),
    layers: 'ethernet ttag',
    tshark: ['-d', 'ethertype==0x88b5,ttag'],
  },
  { name: 'LLC in a type', bytes: ethernet({ type: 0x8870 }, links.llcSnap(packet4)), layers: 'ethernet llc' },
  ...[0x8200, 0x9200, 0x9300].map((type) => ({
    name: `QinQ with 0x${type.toString(16)}`,
    bytes: ethernet({ vlans: [{ id: 7, type }, 5] }, packet4),
    layers: 'ethernet vlan vlan',
    scope: 'vlan 7 > vlan 5',
    tshark: ['-d', `ethertype==0x${type.toString(16)},vlan`],
  })),
  {
    name: 'SRv6 Ethernet',
    bytes: ethernet({}, ipv6({ nextHeader: 143 }, frame4)),
    layers: 'ethernet ipv6 ethernet',
    path: 'tunnel 2001:db8::1 - 2001:db8:1::7',
  },
  {
    name: 'Ethernet in IPv4',
    bytes: outer(frame4, { protocol: 143 }),
    layers: 'ethernet ipv4 ethernet',
    path: `tunnel ${ends}`,
  },
  // RFC 4727 and RFC 6564 say how; Wireshark 4.0 does not go on behind them.
  {
    name: 'IPv6 experiment 253',
    bytes: ethernet({}, behind(253, '00 010203040506')),
    layers: 'ethernet',
    v6: true,
    tshark: null,
  },
  {
    name: 'IPv6 experiment 254, longer',
    bytes: ethernet({}, behind(254, '01 0102030405060708090a0b0c0d0e')),
    layers: 'ethernet',
    v6: true,
    tshark: null,
  },
  ...[0x8200, 0x8210, 0x8370].map((type) => ({
    name: `802.11 in GRE 0x${type.toString(16)}`,
    bytes: outer(wrap.gre({ type }, wlan)),
    layers: 'ethernet ipv4 gre wlan llc',
    path: `tunnel ${ends}`,
  })),
  ...[0x83f0, 0x9000, 0x9110].map((type) => ({
    name: `802.11 in GRE 0x${type.toString(16)}`,
    bytes: outer(wrap.gre({ type }, wlan)),
    layers: 'ethernet ipv4 gre wlan llc',
    path: `tunnel ${ends}`,
    tshark: null,
  })),
  {
    name: 'EoIP',
    bytes: outer(bytesOf('2001 6400', be16(frame4.length), '0500', frame4), { protocol: 47 }),
    layers: 'ethernet ipv4 gre eoip ethernet',
    scope: 'eoip 5',
  },
  {
    name: 'Frame Relay in GRE',
    bytes: outer(wrap.gre({ type: 0x6559 }, wrap.frameRelay(100, packet4))),
    layers: 'ethernet ipv4 gre frame-relay',
    scope: 'frame-relay 100',
    path: `tunnel ${ends} > frame-relay 100`,
  },
  { name: 'TZSP, Ethernet', bytes: tzsp(1, frame4), layers: 'ethernet ipv4 udp tzsp ethernet' },
  {
    name: 'TZSP, token ring',
    bytes: tzsp(2, links.tokenRing(packet4)),
    layers: 'ethernet ipv4 udp tzsp token-ring llc',
  },
  { name: 'TZSP, PPP', bytes: tzsp(4, wrap.ppp(packet4)), layers: 'ethernet ipv4 udp tzsp ppp' },
  { name: 'TZSP, FDDI', bytes: tzsp(5, links.fddi(packet4)), layers: 'ethernet ipv4 udp tzsp fddi llc' },
  { name: 'TZSP, IP', bytes: tzsp(7, packet6, ''), layers: 'ethernet ipv4 udp tzsp raw', v6: true },
  { name: 'TZSP, 802.11', bytes: tzsp(18, wlan), layers: 'ethernet ipv4 udp tzsp wlan llc' },
  { name: 'TZSP, Prism', bytes: tzsp(119, wrap.prism(wlan)), layers: 'ethernet ipv4 udp tzsp prism wlan llc' },
  { name: 'TZSP, AVS', bytes: tzsp(127, wrap.avs(wlan)), layers: 'ethernet ipv4 udp tzsp avs wlan llc' },
  { name: 'LISP', bytes: sent(4341, bytesOf('80000001 00000000', packet4)), layers: 'ethernet ipv4 udp lisp' },
  {
    name: 'LISP with an instance',
    bytes: sent(4341, bytesOf('c8000001 00002a01', packet6)),
    layers: 'ethernet ipv4 udp lisp',
    scope: 'lisp 42',
    v6: true,
  },
  {
    name: 'CAPWAP, Ethernet',
    bytes: sent(5247, bytesOf('00 100200 00000000', frame4)),
    layers: 'ethernet ipv4 udp capwap ethernet',
  },
  {
    name: 'CAPWAP, 802.11 swapped',
    bytes: sent(5247, bytesOf('00 100300 00000000', swapped)),
    layers: 'ethernet ipv4 udp capwap wlan llc',
  },
  {
    name: 'CAPWAP, 802.11 as it should be',
    bytes: sent(5247, bytesOf('00 100300 00000000', wlan)),
    layers: 'ethernet ipv4 udp capwap wlan llc',
    tshark: ['-o', 'capwap.swap_fc:FALSE'],
  },
  {
    name: 'CAPWAP with a radio address',
    bytes: sent(5247, bytesOf('00 200310 00000000 06 020000000001 00', swapped)),
    layers: 'ethernet ipv4 udp capwap wlan llc',
  },
  {
    name: 'Teredo between clients',
    bytes: sent(61234, teredoPacket, 51413),
    layers: 'ethernet ipv4 udp teredo',
    v6: true,
    tshark: ['-d', 'udp.port==61234,teredo'],
  },
  {
    name: 'VXLAN with reserved bits',
    bytes: sent(4789, bytesOf('ff ffffff 00002a ff', frame4)),
    layers: 'ethernet ipv4 udp vxlan ethernet',
    scope: 'vxlan 42',
  },
  {
    // RFC 7348 section 5: without I the identifier is none. Wireshark reads on too.
    name: 'VXLAN without its I flag',
    bytes: sent(4789, bytesOf('00 000000 00002a 00', frame4)),
    layers: 'ethernet ipv4 udp vxlan ethernet',
  },
  {
    name: 'VXLAN with a group policy',
    bytes: sent(4789, bytesOf('88 000007 00002a 00', frame4)),
    layers: 'ethernet ipv4 udp vxlan ethernet',
    scope: 'vxlan 42',
  },
  {
    name: 'VXLAN-GPE with reserved bits',
    bytes: sent(4790, bytesOf('cc ffff01 00002a ff', packet4)),
    layers: 'ethernet ipv4 udp vxlan-gpe',
    scope: 'vxlan 42',
  },
  {
    name: 'Geneve with reserved bits',
    bytes: sent(6081, bytesOf('00 3f 6558 00002a ff', frame4)),
    layers: 'ethernet ipv4 udp geneve ethernet',
    scope: 'geneve 42',
  },
  {
    name: 'GTP-U with its spare bit',
    bytes: sent(2152, bytesOf('38 ff', be16(packet4.length), '00000007', packet4)),
    layers: 'ethernet ipv4 udp gtp',
    path: 'gtp 7',
  },
  {
    name: 'L2TP with reserved bits',
    bytes: sent(1701, bytesOf('34f2 0007 0009', wrap.ppp(packet4))),
    layers: 'ethernet ipv4 udp l2tp ppp',
    path: 'l2tp 458761',
  },
  {
    name: 'GRE in UDP with reserved bits',
    bytes: sent(4754, bytesOf('03f8 0800', packet4)),
    layers: 'ethernet ipv4 udp gre',
    path: `tunnel ${ends}`,
  },
  {
    name: 'LWAPP',
    bytes: sent(12222, bytesOf('00 00', be16(wlan.length), '0000', wlan)),
    layers: 'ethernet ipv4 udp lwapp wlan llc',
  },
  {
    name: 'LWAPP, 802.11 swapped',
    bytes: sent(12222, bytesOf('08 00', be16(swapped.length), 'c030', swapped), 12223),
    layers: 'ethernet ipv4 udp lwapp wlan llc',
    tshark: ['-o', 'lwapp.swap_fc:TRUE'],
  },
  {
    name: 'LWAPP to the control port',
    bytes: sent(12223, bytesOf('020000000009 00 00', be16(wlan.length), '0000', wlan)),
    layers: 'ethernet ipv4 udp lwapp wlan llc',
  },
  {
    name: 'LWAPP on Ethernet',
    bytes: ethernet({ type: 0x88bb }, bytesOf('00 00', be16(wlan.length), '0000', wlan)),
    layers: 'ethernet lwapp wlan llc',
  },
  {
    name: 'LWAPP on Ethernet, its first type',
    bytes: ethernet({ type: 0xbbbb }, bytesOf('00 00', be16(wlan.length), '0000', wlan)),
    layers: 'ethernet lwapp wlan llc',
  },
  { name: 'LWAPP with Ethernet', bytes: sent(12220, frame4), layers: 'ethernet ipv4 udp lwapp ethernet' },
  {
    name: 'MiNT, to one',
    bytes: sent(24577, bytesOf('00000000 01020304 05060708 0001 0000 0000', frame4)),
    layers: 'ethernet ipv4 udp mint ethernet',
  },
  {
    name: 'MiNT, to many',
    bytes: sent(24577, bytesOf('00000000 01020304 05060708 0002 0000 0005 00000001 00000000', frame4)),
    layers: 'ethernet ipv4 udp mint ethernet',
  },
  {
    name: 'OmniPeek, newer',
    bytes: sent(5000, bytesOf('00ffabcd 02 00000037', new Uint8Array(46), wlan, '00000000')),
    layers: 'ethernet ipv4 udp peekremote wlan llc',
    tshark: ['-d', 'udp.port==5000,peekremote'],
  },
  {
    name: 'AiroPeek, older',
    bytes: sent(
      5555,
      bytesOf('d0a0', be16(wlan.length + 4), be16(wlan.length + 4), new Uint8Array(14), wlan, '00000000'),
    ),
    layers: 'ethernet ipv4 udp peekremote wlan llc',
    tshark: ['-d', 'udp.port==5555,peekremote'],
  },
  {
    name: 'RFtap, Ethernet',
    bytes: sent(52001, bytesOf('52467461 0300 0100 01000000', frame4)),
    layers: 'ethernet ipv4 udp rftap ethernet',
  },
  {
    name: 'RFtap, 802.11',
    bytes: sent(52001, bytesOf('52467461 0500 0300 69000000 0000000000000000', wlan)),
    layers: 'ethernet ipv4 udp rftap wlan llc',
  },
  // Wireshark 4.0 does not know GUE: draft-ietf-intarea-gue.
  {
    name: 'GUE',
    bytes: sent(6080, bytesOf('00 04 0000', packet4)),
    layers: 'ethernet ipv4 udp gue',
    path: `tunnel ${ends}`,
    tshark: null,
  },
  {
    name: 'GUE with an extension',
    bytes: sent(6080, bytesOf('01 29 8000 00000007', packet6)),
    layers: 'ethernet ipv4 udp gue',
    path: `tunnel ${ends}`,
    v6: true,
    tshark: null,
  },
  { name: 'GUE, version 1', bytes: sent(6080, packet6), layers: 'ethernet ipv4 udp gue', v6: true, tshark: null },
  {
    name: 'Juniper packet mirror',
    bytes: sent(30030, bytesOf('00000001 00000002', packet4)),
    layers: 'ethernet ipv4 udp jmirror',
  },
  {
    name: 'Juniper packet mirror, PPP',
    bytes: sent(30030, bytesOf('00000001 00000002', wrap.ppp(packet4))),
    layers: 'ethernet ipv4 udp jmirror ppp',
  },
  { name: 'AMT', bytes: sent(2268, bytesOf('0600', packet4)), layers: 'ethernet ipv4 udp amt' },
  {
    name: 'Mobile IP',
    bytes: sent(434, bytesOf('04 04 0000', packet4)),
    layers: 'ethernet ipv4 udp mobile-ip',
    path: `tunnel ${ends}`,
  },
  {
    name: 'B.A.T.M.A.N. gateway',
    bytes: sent(4306, bytesOf('01', packet4)),
    layers: 'ethernet ipv4 udp batman-gateway',
  },
  {
    name: 'GTP version 0',
    bytes: sent(3386, bytesOf('1eff', be16(packet4.length), '0001 0007 ff ffffff 2143658709214305', packet4)),
    layers: 'ethernet ipv4 udp gtp',
    path: 'gtp 7',
  },
  { name: 'LLC in UDP', bytes: sent(12000, links.llcSnap(packet4)), layers: 'ethernet ipv4 udp llc' },
  {
    name: 'IP in RoCEv2',
    bytes: sent(4791, bytesOf('64 00ffff 00000012 00000001 00000001 00000002 0800 0000', packet4, '00000000')),
    layers: 'ethernet ipv4 udp',
  },
  {
    name: 'PPP with EtherTypes',
    linkType: 9,
    bytes: bytesOf('ff03 0800', packet4),
    layers: 'ppp',
  },
  { name: 'PPP with EtherTypes, IPv6', linkType: 9, bytes: bytesOf('ff03 86dd', packet6), layers: 'ppp', v6: true },
  {
    name: 'SRv6 and CAPWAP',
    bytes: ethernet(
      {},
      ipv6(
        { nextHeader: 143 },
        ethernet({}, ipv4({}, udp({ destinationPort: 5247, payload: bytesOf('00 100200 00000000', frame4) }))),
      ),
    ),
    layers: 'ethernet ipv6 ethernet ipv4 udp capwap ethernet',
    path: 'tunnel 2001:db8::1 - 2001:db8:1::7',
  },
];
