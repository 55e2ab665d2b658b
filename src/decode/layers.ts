const NAMES = ['unknown'];

/*
 * Layer ids of PacketRecord.layers, a line each. Names follow Wireshark's display filters where a word for people is not
 * better. Ids are not stable between versions; names are.
 */
export const LAYER_ETHERNET = layer('ethernet');
export const LAYER_VLAN = layer('vlan');
export const LAYER_LLC = layer('llc');
export const LAYER_SLL = layer('sll');
export const LAYER_SLL2 = layer('sll2');
/** BSD loopback, LINKTYPE_NULL and LINKTYPE_LOOP. */
export const LAYER_NULL = layer('null');
export const LAYER_RAW = layer('raw');
export const LAYER_IPV4 = layer('ipv4');
export const LAYER_IPV6 = layer('ipv6');
export const LAYER_TCP = layer('tcp');
export const LAYER_UDP = layer('udp');
export const LAYER_ICMP = layer('icmp');
export const LAYER_ICMPV6 = layer('icmpv6');
export const LAYER_MPLS = layer('mpls');
export const LAYER_PSEUDOWIRE = layer('pseudowire');
export const LAYER_PBB = layer('pbb');
export const LAYER_VNTAG = layer('vntag');
export const LAYER_FABRICPATH = layer('fabricpath');
export const LAYER_MACSEC = layer('macsec');
export const LAYER_ISL = layer('isl');
export const LAYER_DSA = layer('dsa');
export const LAYER_BRCM_TAG = layer('brcm-tag');
export const LAYER_PPP = layer('ppp');
export const LAYER_PPPOE = layer('pppoe');
export const LAYER_CHDLC = layer('chdlc');
export const LAYER_FRAME_RELAY = layer('frame-relay');
export const LAYER_WLAN = layer('wlan');
export const LAYER_RADIOTAP = layer('radiotap');
export const LAYER_PPI = layer('ppi');
export const LAYER_PRISM = layer('prism');
export const LAYER_AVS = layer('avs');
export const LAYER_NFLOG = layer('nflog');
export const LAYER_IPNET = layer('ipnet');
export const LAYER_GRE = layer('gre');
export const LAYER_ERSPAN = layer('erspan');
export const LAYER_VXLAN = layer('vxlan');
export const LAYER_VXLAN_GPE = layer('vxlan-gpe');
export const LAYER_GENEVE = layer('geneve');
export const LAYER_GTP = layer('gtp');
export const LAYER_TEREDO = layer('teredo');
export const LAYER_AYIYA = layer('ayiya');
export const LAYER_L2TP = layer('l2tp');
export const LAYER_AH = layer('ah');
export const LAYER_ESP = layer('esp');
export const LAYER_WIREGUARD = layer('wireguard');
export const LAYER_NSH = layer('nsh');
export const LAYER_ENC = layer('enc');
export const LAYER_PFLOG = layer('pflog');
export const LAYER_ETHERIP = layer('etherip');
export const LAYER_PPPD = layer('pppd');
export const LAYER_PKTAP = layer('pktap');
export const LAYER_IPCOMP = layer('ipcomp');
export const LAYER_JUNIPER = layer('juniper');
export const LAYER_FDDI = layer('fddi');
export const LAYER_TOKEN_RING = layer('token-ring');
export const LAYER_ARCNET = layer('arcnet');
export const LAYER_IPOIB = layer('ipoib');
export const LAYER_CISCO_METADATA = layer('cisco-metadata');
export const LAYER_ETAG = layer('etag');
export const LAYER_HSR = layer('hsr');
export const LAYER_TRILL = layer('trill');
export const LAYER_TTAG = layer('ttag');
export const LAYER_TZSP = layer('tzsp');
export const LAYER_LISP = layer('lisp');
export const LAYER_CAPWAP = layer('capwap');
export const LAYER_EOIP = layer('eoip');
export const LAYER_PIM = layer('pim');
export const LAYER_IPFC = layer('ipfc');
export const LAYER_BATADV = layer('batadv');
export const LAYER_LWAPP = layer('lwapp');
export const LAYER_MINT = layer('mint');
export const LAYER_PEEKREMOTE = layer('peekremote');
export const LAYER_RFTAP = layer('rftap');
export const LAYER_GUE = layer('gue');
export const LAYER_JMIRROR = layer('jmirror');
export const LAYER_AMT = layer('amt');
export const LAYER_MOBILE_IP = layer('mobile-ip');
export const LAYER_BATMAN_GATEWAY = layer('batman-gateway');
export const LAYER_ATM = layer('atm');
export const LAYER_AX25 = layer('ax25');
export const LAYER_REDBACK = layer('redback');
export const LAYER_SYMANTEC = layer('symantec');
export const LAYER_SITA = layer('sita');
export const LAYER_SLIP = layer('slip');
export const LAYER_DOCSIS = layer('docsis');
export const LAYER_EBHSCR = layer('ebhscr');
export const LAYER_EPON = layer('epon');
export const LAYER_GFP = layer('gfp');
export const LAYER_MPACKET = layer('mpacket');
export const LAYER_NETANALYZER = layer('netanalyzer');
export const LAYER_ERF = layer('erf');
export const LAYER_FC = layer('fc');
export const LAYER_LLCGPRS = layer('llcgprs');
export const LAYER_VPP = layer('vpp');
export const LAYER_EXPORTED_PDU = layer('exported-pdu');
export const LAYER_FGL = layer('fgl');
export const LAYER_RTAG = layer('rtag');
export const LAYER_AVSP = layer('avsp');
export const LAYER_AP1394 = layer('ap1394');

function layer(name: string): number {
  return NAMES.push(name) - 1;
}

/** Name of a layer id as reports show it, as in "ethernet" or "ipv4"; "unknown" for a number that is no layer. */
export function layerName(id: number): string {
  return NAMES[id] ?? 'unknown';
}
