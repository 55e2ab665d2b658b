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
