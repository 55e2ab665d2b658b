/**
 * The kernel filter that keeps just what the analysis needs. It may err only towards letting a frame through: what BPF
 * cannot look into at fixed offsets (tunnels, IPv4 options, IPv6 extension headers, labels, unknown link layers) passes
 * whole.
 *
 * Alternatives stand in the order of how far into the packet they read, because a load beyond the end of a packet makes
 * BPF reject it at once, whatever the alternatives behind it say.
 *
 * The keywords `vlan`, `tcp` and `udp` are avoided: offsets then depend on the packet, and the program grows sevenfold,
 * beyond what Linux before 6.9 lets a socket attach (net.core.optmem_max).
 */

/** Text of a load of `size` bytes at `offset` of some header. */
type Load = (offset: number, size: number) => string;

const anyOf = (load: string, values: readonly number[]): string => values.map((it) => `${load} = ${it}`).join(' or ');

const after =
  (load: Load, skip: number): Load =>
  (offset, size) =>
    load(offset + skip, size);

/** Port 0 at either end, or a flag that opens or closes: FIN, SYN, RST. */
const tcpMatters = (tcp: Load): string => `${tcp(0, 2)} = 0 or ${tcp(2, 2)} = 0 or ${tcp(13, 1)} & 7 != 0`;

const udpMatters = (udp: Load, tunnelPorts: readonly number[]): string =>
  `${anyOf(udp(0, 2), [0, ...tunnelPorts])} or ${anyOf(udp(2, 2), [0, ...tunnelPorts])}`;

/** IP protocols that hold neither TCP nor an error about it: IGMP, EIGRP, OSPF, VRRP, SCTP; ESP is opaque. Of PIM the Registers do. */
const NEVER_TCP = [2, 50, 88, 89, 112, 132];

/** Destination unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792). */
const ICMP_ERRORS = [3, 4, 5, 11, 12];

/** Teredo's prefix, 2001:0::/32 (RFC 4380 §2.6): clients have any UDP port. */
const TEREDO = 0x20010000;

function ipv4Matters(ip: Load, tunnelPorts: readonly number[]): string {
  const payload = after(ip, 20);
  return [
    `${ip(0, 1)} & 0xf != 5`,
    // MF or an offset: a later fragment has no ports, and a tiny first one no flags (RFC 1858 §3).
    `${ip(6, 2)} & 0x3fff != 0`,
    `not (${anyOf(ip(9, 1), [1, 6, 17, ...NEVER_TCP])})`,
    `(${ip(9, 1)} = 1 and (${anyOf(payload(0, 1), ICMP_ERRORS)}))`,
    `(${ip(9, 1)} = 17 and (${udpMatters(payload, tunnelPorts)}))`,
    `(${ip(9, 1)} = 6 and (${tcpMatters(payload)}))`,
    `(${ip(9, 1)} = 17 and ${payload(8, 1)} & 0xf0 = 0x60 and (${payload(16, 4)} = ${TEREDO} or ${payload(32, 4)} = ${TEREDO}))`,
  ].join(' or ');
}

function ipv6Matters(ip: Load, tunnelPorts: readonly number[]): string {
  const payload = after(ip, 40);
  return [
    // Extension headers are among them; 59 is "no next header" (RFC 8200 §4.7).
    `not (${anyOf(ip(6, 1), [6, 17, 58, 59, ...NEVER_TCP])})`,
    // Errors are the types below 128 (RFC 4443 §2.1).
    `(${ip(6, 1)} = 58 and ${payload(0, 1)} < 128)`,
    `(${ip(6, 1)} = 17 and (${udpMatters(payload, tunnelPorts)}))`,
    `(${ip(6, 1)} = 6 and (${tcpMatters(payload)}))`,
  ].join(' or ');
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const TAGS = [0x8100, 0x88a8, 0x9100];
/** Tags looked behind; a frame with more of them passes. */
const MAX_TAGS = 2;

/** Alternatives for a frame whose EtherType stands at `typeOffset`, after `depth` tags. */
function ethernetMatters(typeOffset: number, depth: number, tunnelPorts: readonly number[]): string {
  const type = `ether[${typeOffset}:2]`;
  const ip: Load = (offset, size) => `ether[${typeOffset + 2 + offset}:${size}]`;
  const tagged = anyOf(type, TAGS);
  const known = anyOf(type, [IPV4, IPV6, ARP]);
  const other =
    depth === MAX_TAGS
      ? `not (${known})`
      : `not (${known} or ${tagged}) or ((${tagged}) and (${ethernetMatters(typeOffset + 4, depth + 1, tunnelPorts)}))`;
  return [
    `(${type} = ${IPV4} and (${ipv4Matters(ip, tunnelPorts)}))`,
    `(${type} = ${IPV6} and (${ipv6Matters(ip, tunnelPorts)}))`,
    other,
  ].join(' or ');
}

const LINKTYPE_ETHERNET = 1;
/** BSD's loopback says 24, 28 or 30 for IPv6, by system, and libpcap looks for its own system's number only. */
const LINKTYPE_NULL = 0;
/** 802.11 bare, with Prism, radiotap and AVS headers. */
const WIRELESS = [105, 119, 127, 163];
/**
 * Whose `ip` and `ip6` libpcap understands: PPP in its forms, Cisco HDLC, frame relay, OpenBSD's loop, cooked Linux, and
 * IP without link layer.
 */
const WITH_IP = [9, 12, 14, 50, 51, 101, 104, 107, 108, 113, 228, 229, 276];

/**
 * A pcap-filter(7) expression for frames of `linkType` (a LINKTYPE_ value); empty, so that all frames pass, for link
 * types that BPF cannot look into. `tunnelPorts` are the UDP ports whose datagrams are read as tunnels.
 */
export function captureFilter(linkType: number, tunnelPorts: readonly number[]): string {
  // A tag that the card or the kernel took off the frame is not there for BPF either: such a frame looks untagged.
  if (linkType === LINKTYPE_ETHERNET) return ethernetMatters(12, 0, tunnelPorts);
  // Data frames only; what an aggregate (A-MSDU) or a mesh header holds is beyond BPF.
  if (WIRELESS.includes(linkType)) return 'type data';

  const ipv4 = `(ip and (${ipv4Matters((offset, size) => `ip[${offset}:${size}]`, tunnelPorts)}))`;
  if (linkType === LINKTYPE_NULL) return `${ipv4} or not ip`;
  const ipv6 = `(ip6 and (${ipv6Matters((offset, size) => `ip6[${offset}:${size}]`, tunnelPorts)}))`;
  if (WITH_IP.includes(linkType)) return `${ipv4} or ${ipv6} or not (ip or ip6)`;
  return '';
}

/**
 * For asking these hosts (numeric addresses): all TCP of theirs, and what may belong to it although it does not name them,
 * as when this machine redirects what it sends: openings and resets of anybody, ICMP errors.
 */
export function probeFilter(addresses: readonly string[]): string {
  const hosts = addresses.map((address) => `host ${address.split('%')[0]}`).join(' or ');
  return [
    `(tcp and (${hosts}))`,
    '(ip[9] = 6 and tcp[13] & 6 != 0)',
    '(ip6[6] = 6 and ip6[53] & 6 != 0)',
    `(ip[9] = 1 and (${anyOf('icmp[0]', ICMP_ERRORS)}))`,
    '(ip6[6] = 58 and ip6[40] < 128)',
  ].join(' or ');
}
