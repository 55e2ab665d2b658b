/**
 * Layer ids of PacketRecord.layers. Names follow Wireshark's display filters where a word for people is not better.
 * Ids are not stable between versions; names are.
 */
const NAMES = [
  'unknown',
  'ethernet',
  'vlan',
  'llc',
  'sll',
  'sll2',
  'null',
  'raw',
  'ipv4',
  'ipv6',
  'tcp',
  'udp',
  'icmp',
  'icmpv6',
  'mpls',
  'pseudowire',
  'pbb',
  'vntag',
  'fabricpath',
  'macsec',
  'isl',
  'dsa',
  'brcm-tag',
  'ppp',
  'pppoe',
  'chdlc',
  'frame-relay',
  'wlan',
  'radiotap',
  'ppi',
  'prism',
  'avs',
  'nflog',
  'ipnet',
  'gre',
  'erspan',
  'vxlan',
  'vxlan-gpe',
  'geneve',
  'gtp',
  'teredo',
  'ayiya',
  'l2tp',
  'ah',
  'esp',
  'wireguard',
  'nsh',
  'enc',
  'pflog',
  'etherip',
  'pppd',
  'pktap',
  'ipcomp',
  'juniper',
  'fddi',
  'token-ring',
  'arcnet',
  'ipoib',
  'cisco-metadata',
  'etag',
  'hsr',
  'trill',
  'ttag',
  'tzsp',
  'lisp',
  'capwap',
  'eoip',
  'pim',
  'ipfc',
  'batadv',
  'lwapp',
  'mint',
  'peekremote',
  'rftap',
  'gue',
  'jmirror',
  'amt',
  'mobile-ip',
  'batman-gateway',
] as const;

export const LAYER_ETHERNET = 1;
export const LAYER_VLAN = 2;
export const LAYER_LLC = 3;
export const LAYER_SLL = 4;
export const LAYER_SLL2 = 5;
/** BSD loopback, LINKTYPE_NULL and LINKTYPE_LOOP. */
export const LAYER_NULL = 6;
export const LAYER_RAW = 7;
export const LAYER_IPV4 = 8;
export const LAYER_IPV6 = 9;
export const LAYER_TCP = 10;
export const LAYER_UDP = 11;
export const LAYER_ICMP = 12;
export const LAYER_ICMPV6 = 13;
export const LAYER_MPLS = 14;
export const LAYER_PSEUDOWIRE = 15;
export const LAYER_PBB = 16;
export const LAYER_VNTAG = 17;
export const LAYER_FABRICPATH = 18;
export const LAYER_MACSEC = 19;
export const LAYER_ISL = 20;
export const LAYER_DSA = 21;
export const LAYER_BRCM_TAG = 22;
export const LAYER_PPP = 23;
export const LAYER_PPPOE = 24;
export const LAYER_CHDLC = 25;
export const LAYER_FRAME_RELAY = 26;
export const LAYER_WLAN = 27;
export const LAYER_RADIOTAP = 28;
export const LAYER_PPI = 29;
export const LAYER_PRISM = 30;
export const LAYER_AVS = 31;
export const LAYER_NFLOG = 32;
export const LAYER_IPNET = 33;
export const LAYER_GRE = 34;
export const LAYER_ERSPAN = 35;
export const LAYER_VXLAN = 36;
export const LAYER_VXLAN_GPE = 37;
export const LAYER_GENEVE = 38;
export const LAYER_GTP = 39;
export const LAYER_TEREDO = 40;
export const LAYER_AYIYA = 41;
export const LAYER_L2TP = 42;
export const LAYER_AH = 43;
export const LAYER_ESP = 44;
export const LAYER_WIREGUARD = 45;
export const LAYER_NSH = 46;
export const LAYER_ENC = 47;
export const LAYER_PFLOG = 48;
export const LAYER_ETHERIP = 49;
export const LAYER_PPPD = 50;
export const LAYER_PKTAP = 51;
export const LAYER_IPCOMP = 52;
export const LAYER_JUNIPER = 53;
export const LAYER_FDDI = 54;
export const LAYER_TOKEN_RING = 55;
export const LAYER_ARCNET = 56;
export const LAYER_IPOIB = 57;
export const LAYER_CISCO_METADATA = 58;
export const LAYER_ETAG = 59;
export const LAYER_HSR = 60;
export const LAYER_TRILL = 61;
export const LAYER_TTAG = 62;
export const LAYER_TZSP = 63;
export const LAYER_LISP = 64;
export const LAYER_CAPWAP = 65;
export const LAYER_EOIP = 66;
export const LAYER_PIM = 67;
export const LAYER_IPFC = 68;
export const LAYER_BATADV = 69;
export const LAYER_LWAPP = 70;
export const LAYER_MINT = 71;
export const LAYER_PEEKREMOTE = 72;
export const LAYER_RFTAP = 73;
export const LAYER_GUE = 74;
export const LAYER_JMIRROR = 75;
export const LAYER_AMT = 76;
export const LAYER_MOBILE_IP = 77;
export const LAYER_BATMAN_GATEWAY = 78;

/** Name of a layer id as reports show it, as in "ethernet" or "ipv4"; "unknown" for a number that is no layer. */
export function layerName(id: number): string {
  return NAMES[id] ?? 'unknown';
}
