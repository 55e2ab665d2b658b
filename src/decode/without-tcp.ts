/**
 * What is known to hold no TCP: frames that end in one of these were looked into, although they were not decoded further.
 * Whatever is not listed may hold TCP, and so port 0. Each entry says where it is written what the protocol carries.
 *
 * Network layers that IP or TCP has been defined over are not listed, rare as that is: IPX (RFC 1132, RFC 1791), CLNP (RFC 1561),
 * NetBIOS (RFC 1088), AppleTalk (MacIP), Fibre Channel (RFC 4338), BACnet MS/TP (RFC 8163), NFC (RFC 9428), 802.15.4 (RFC 4944) and Z-Wave
 * (its 6LoWPAN command class); nor DECnet and SNA. Realtek's 0x8899 is also a switch tag with a frame behind it (Linux,
 * net/dsa/tag_rtl4_a.c), HomePlug 1.0 (0x887b) puts its entries before the frame that follows, and netlink messages can hold packets.
 */
import { lazily } from '../lazily.ts';
import {
  etherTypeReason,
  ipProtocolReason,
  linkTypeReason,
  llcReason,
  networkLayerReason,
  OUI_BRIDGED,
  OUI_CISCO,
  OUI_EXTREME,
  pppReason,
  REASON_ARP,
  REASON_BATADV_CONTROL,
  REASON_ENCRYPTED,
  REASON_ESP,
  REASON_FDDI_MANAGEMENT,
  REASON_LWAPP_CONTROL,
  REASON_MALFORMED_ICMP,
  REASON_MPLS_CHANNEL,
  REASON_OPENVPN,
  REASON_TRUNCATED_ICMP,
  REASON_WIREGUARD,
  snapReason,
  wlanReason,
} from './reasons.ts';

interface Entry {
  /** The first and last number of the reasons; see reasons.ts. */
  readonly first: number;
  readonly last: number;
  readonly what: string;
  readonly source: string;
}

const one = (reason: number, what: string, source: string): Entry => ({ first: reason, last: reason, what, source });
const range = (first: number, last: number, what: string, source: string): Entry => ({ first, last, what, source });
const etherType = (type: number, what: string, source: string) => one(etherTypeReason(type), what, source);
const ip = (protocol: number, what: string, source: string) => one(ipProtocolReason(protocol), what, source);
const llc = (dsap: number, what: string, source: string) => one(llcReason(dsap), what, source);
const cisco = (pid: number, what: string, source: string) => one(snapReason(OUI_CISCO, pid), what, source);
const nlpid = (id: number, what: string, source: string) => one(networkLayerReason(id), what, source);
const ppp = (protocol: number, what: string, source: string) => one(pppReason(protocol), what, source);
const link = (linkType: number, what: string) => one(linkTypeReason(linkType), what, LINK_TYPES);

const LINK_TYPES = 'https://www.tcpdump.org/linktypes.html';
const PROTOCOLS = 'https://www.iana.org/assignments/protocol-numbers';
const CISCO = 'Cisco, Best Practices for Catalyst Series Switches (24330), Catalyst control protocols';
const IEEE_802_NUMBERS = 'https://www.iana.org/assignments/ieee-802-numbers';
const ETHERTYPES = 'https://standards-oui.ieee.org/ethertype/eth.txt';
const LLC_NUMBERS = 'https://www.iana.org/assignments/ieee-802-numbers (LSAP)';
const PPP_NUMBERS = 'https://www.iana.org/assignments/ppp-numbers';
const IF_ETHER = 'Linux, include/uapi/linux/if_ether.h';

/** For tests and documentation; holdsNoTcp() asks. */
export const withoutTcp = lazily((): readonly Entry[] => [
  one(REASON_ARP, 'ARP', 'RFC 826'),
  // What is encrypted cannot be looked into by anybody without the key: it is counted under its own name.
  one(REASON_ESP, 'IPsec ESP (encrypted)', 'RFC 4303'),
  one(REASON_WIREGUARD, 'WireGuard (encrypted)', 'https://www.wireguard.com/protocol/'),
  one(REASON_OPENVPN, 'OpenVPN data (encrypted)', 'https://openvpn.net/community-resources/openvpn-protocol'),
  one(
    REASON_ENCRYPTED,
    'MACsec, protected 802.11 frames, CAPWAP in DTLS',
    'IEEE 802.1AE §10; IEEE 802.11 §9.2.4.1.9; RFC 5415 §4.2',
  ),
  one(REASON_MPLS_CHANNEL, 'MPLS generic associated channel: control and OAM', 'RFC 5586 §2'),
  one(REASON_LWAPP_CONTROL, 'LWAPP control messages', 'RFC 5412; tcpdump, print-lwapp.c'),
  one(REASON_FDDI_MANAGEMENT, 'FDDI tokens and station management', 'ISO 9314-2 §7.3'),
  one(
    REASON_BATADV_CONTROL,
    'batman-adv originator, ELP and echo messages',
    'Linux, include/uapi/linux/batadv_packet.h',
  ),
  // An ICMP message carries no segment; what it quotes of one was on another wire.
  one(REASON_TRUNCATED_ICMP, 'ICMP', 'RFC 792, RFC 4443'),
  one(REASON_MALFORMED_ICMP, 'ICMP', 'RFC 792, RFC 4443'),

  etherType(0x0842, 'Wake-on-LAN', 'AMD, Magic Packet Technology (20213)'),
  etherType(0x22ea, 'Stream Reservation', 'IEEE 802.1Q table 10-1, §35'),
  etherType(0x22f0, 'Audio Video Transport', 'IEEE 1722 §5'),
  etherType(0x22f4, 'L2 IS-IS', `RFC 6325; ${IEEE_802_NUMBERS}`),
  etherType(0x6001, 'DEC MOP dump and load', IEEE_802_NUMBERS),
  etherType(0x6002, 'DEC MOP remote console', IEEE_802_NUMBERS),
  etherType(0x6004, 'DEC LAT', IEEE_802_NUMBERS),
  etherType(0x8035, 'RARP', 'RFC 903'),
  etherType(0x80f3, 'AppleTalk ARP', IEEE_802_NUMBERS),
  etherType(0x8808, 'MAC control (pause)', 'IEEE 802.3 §31'),
  etherType(0x8809, 'slow protocols (LACP, OAM)', 'IEEE 802.3 annex 57A'),
  etherType(0x8863, 'PPPoE discovery', 'RFC 2516 §5'),
  etherType(0x886f, 'Microsoft NLB heartbeat', `${ETHERTYPES}; Microsoft, Network Load Balancing`),
  etherType(0x888e, 'EAPOL', 'IEEE 802.1X §11'),
  // Frames that are pieces of ordinary ones are counted apart.
  etherType(0x8892, 'PROFINET', 'IEC 61158-6-10 §4'),
  etherType(0x88a2, 'ATA over Ethernet', `${ETHERTYPES}; AoEr11 §2`),
  etherType(0x88b8, 'GOOSE', 'IEC 61850-8-1'),
  etherType(0x88b9, 'GSE management', 'IEC 61850-8-1'),
  etherType(0x88ba, 'sampled values', 'IEC 61850-9-2'),
  etherType(0x88c7, 'EAPOL pre-authentication', 'IEEE 802.11 §12.6.10'),
  etherType(0x88cc, 'LLDP', 'IEEE 802.1AB §7.4'),
  etherType(0x88d9, 'link layer topology discovery (LLTD)', 'Microsoft, [MS-LLTD] §2.2'),
  etherType(0x88e1, 'HomePlug AV management', 'IEEE 1901; HomePlug AV 1.1 §11'),
  etherType(0x88e3, 'media redundancy', 'IEC 62439-2'),
  etherType(0x88f5, 'MVRP', 'IEEE 802.1Q table 10-1, §11'),
  etherType(0x88f6, 'MMRP', 'IEEE 802.1Q table 10-1, §10.12'),
  etherType(0x88f7, 'PTP', 'IEEE 1588 annex E (F in 2008)'),
  etherType(0x88fb, 'PRP and HSR supervision', 'IEC 62439-3 §4.3, §5.5'),
  etherType(0x88ee, 'local management (E-LMI)', 'MEF 16 §5'),
  etherType(0x8902, 'connectivity fault management', 'IEEE 802.1Q §21'),
  etherType(0x890d, '802.11 TDLS discovery and set-up', 'IEEE 802.11 annex H'),
  etherType(0x8914, 'FCoE initialization', 'INCITS T11 FC-BB-5 §7.9'),
  etherType(0x8940, 'edge control', 'IEEE 802.1Q §43'),
  etherType(0x9000, 'configuration testing (loopback)', 'DEC/Intel/Xerox Ethernet 2.0 §8'),
  // Below 0x0600 stand Linux's own numbers, in cooked captures.
  etherType(0x000c, 'CAN', IF_ETHER),
  etherType(0x000d, 'CAN FD', IF_ETHER),

  ip(1, 'ICMP', 'RFC 792'),
  ip(2, 'IGMP', 'RFC 3376'),
  ip(3, 'GGP', 'RFC 823'),
  ip(8, 'EGP', 'RFC 904'),
  ip(33, 'DCCP', 'RFC 4340'),
  ip(46, 'RSVP', 'RFC 2205'),
  ip(54, 'NARP', 'RFC 1735'),
  ip(58, 'ICMPv6', 'RFC 4443'),
  ip(88, 'EIGRP', 'RFC 7868'),
  ip(89, 'OSPF', 'RFC 2328, RFC 5340'),
  // A Register with a packet is followed.
  ip(103, 'PIM, but for Registers', 'RFC 7761 §4.9'),
  ip(112, 'VRRP, CARP', 'RFC 9568'),
  ip(113, 'PGM', 'RFC 3208'),
  ip(124, 'IS-IS over IPv4', PROTOCOLS),
  ip(132, 'SCTP', 'RFC 9260'),

  llc(0x00, 'null (XID and TEST)', LLC_NUMBERS),
  llc(0x42, 'spanning tree', 'IEEE 802.1Q §14'),
  llc(0xf4, 'LAN management', LLC_NUMBERS),

  cisco(0x0104, 'PAgP', CISCO),
  cisco(0x010b, 'PVST+', CISCO),
  cisco(0x0111, 'UDLD', 'RFC 5171'),
  cisco(0x2000, 'CDP (in HDLC and GRE too)', CISCO),
  cisco(0x2003, 'VTP', CISCO),
  cisco(0x2004, 'DTP', CISCO),
  one(snapReason(OUI_BRIDGED, 0x000e), 'bridged spanning tree', 'RFC 2427 appendix A'),
  one(snapReason(OUI_EXTREME, 0x00bb), 'Extreme discovery (EDP, ESRP, EAPS)', 'RFC 3619 §3'),
  nlpid(0x82, 'ES-IS', 'ISO/IEC TR 9577'),
  nlpid(0x83, 'IS-IS', 'ISO/IEC TR 9577; RFC 1195'),

  ppp(0x0053, 'encrypted', 'RFC 1968'),
  ppp(0x0055, 'encrypted, one link', 'RFC 1968'),
  ppp(0x0207, 'Cisco CDP', PPP_NUMBERS),
  // RFC 1661 §2: 8*** to b*** are network control protocols, c*** to f*** link layer control protocols.
  range(pppReason(0x8000), pppReason(0xffff), 'PPP control protocols', 'RFC 1661 §2'),

  etherType(0x2001, 'NHRP in GRE', 'RFC 2332 §5; Wireshark, epan/dissectors/packet-gre.c'),

  range(wlanReason(0), wlanReason(0x1f), '802.11 management and control', 'IEEE 802.11 §9.3.1, §9.3.3'),
  range(wlanReason(0x30), wlanReason(0x31), '802.11 extension (DMG and S1G beacons)', 'IEEE 802.11 §9.3.4'),
  range(wlanReason(0x24), wlanReason(0x27), '802.11 data frames without data', 'IEEE 802.11 table 9-1'),
  range(wlanReason(0x2c), wlanReason(0x2f), '802.11 QoS data frames without data', 'IEEE 802.11 table 9-1'),

  link(139, 'SS7 MTP2'),
  link(140, 'SS7 MTP2'),
  link(141, 'SS7 MTP3'),
  link(142, 'SS7 SCCP'),
  link(184, 'ARINC 429'),
  link(190, 'CAN 2.0B'),
  link(209, 'IPMB'),
  link(216, 'Linux input events'),
  // CAN XL is counted apart.
  link(227, 'CAN, CAN FD'),
  link(248, 'SCTP'),
  link(257, 'PROFIBUS'),
  link(263, 'WattStopper DLM'),
  link(265, 'radio data system'),
  link(275, 'DisplayPort AUX'),
]);

const known = lazily(
  () =>
    new Set(
      withoutTcp()
        .filter(({ first, last }) => first === last)
        .map(({ first }) => first),
    ),
);
const ranges = lazily(() => withoutTcp().filter(({ first, last }) => first !== last));

/** Whether what ended the reading of a frame is known to hold no TCP. */
export function holdsNoTcp(reason: number): boolean {
  return known().has(reason) || ranges().some(({ first, last }) => reason >= first && reason <= last);
}
