import { lazily } from '../../lazily.ts';

/** LINKTYPE_ values that the decoder reads; https://www.tcpdump.org/linktypes.html. */
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_AX25 = 3;
export const LINKTYPE_TOKEN_RING = 6;
export const LINKTYPE_ARCNET = 7;
export const LINKTYPE_SLIP = 8;
export const LINKTYPE_PPP = 9;
export const LINKTYPE_FDDI = 10;
/** DLT_ numbers of the systems that wrote them, as Wireshark reads old files. */
export const LINKTYPE_ATM_RFC1483_BSD = 11;
export const LINKTYPE_RAW_BSD = 12;
export const LINKTYPE_ENC_OPENBSD = 13;
export const LINKTYPE_RAW_OPENBSD = 14;
export const LINKTYPE_ATM_CLIP_16 = 16;
export const LINKTYPE_ATM_CLIP_18 = 18;
/** Linux's own number of ATM_CLIP, as some files have it. */
export const LINKTYPE_ATM_CLIP_LINUX = 19;
export const LINKTYPE_REDBACK = 32;
export const LINKTYPE_PPP_HDLC = 50;
export const LINKTYPE_PPP_ETHER = 51;
export const LINKTYPE_SYMANTEC_FIREWALL = 99;
export const LINKTYPE_ATM_RFC1483 = 100;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_C_HDLC = 104;
export const LINKTYPE_IEEE802_11 = 105;
export const LINKTYPE_ATM_CLIP = 106;
export const LINKTYPE_FRELAY = 107;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_ENC = 109;
export const LINKTYPE_LANE8023 = 110;
export const LINKTYPE_HDLC = 112;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_PFLOG = 117;
export const LINKTYPE_PRISM_HEADER = 119;
export const LINKTYPE_IP_OVER_FC = 122;
export const LINKTYPE_SUNATM = 123;
export const LINKTYPE_IEEE802_11_RADIOTAP = 127;
export const LINKTYPE_TZSP = 128;
export const LINKTYPE_ARCNET_LINUX = 129;
export const LINKTYPE_JUNIPER_MLPPP = 130;
export const LINKTYPE_JUNIPER_MLFR = 131;
export const LINKTYPE_JUNIPER_ES = 132;
export const LINKTYPE_JUNIPER_GGSN = 133;
export const LINKTYPE_JUNIPER_MFR = 134;
export const LINKTYPE_JUNIPER_ATM2 = 135;
export const LINKTYPE_JUNIPER_SERVICES = 136;
export const LINKTYPE_JUNIPER_ATM1 = 137;
export const LINKTYPE_APPLE_IP_OVER_IEEE1394 = 138;
export const LINKTYPE_DOCSIS = 143;
export const LINKTYPE_USER2 = 149;
export const LINKTYPE_IEEE802_11_AVS = 163;
export const LINKTYPE_JUNIPER_MONITOR = 164;
export const LINKTYPE_PPP_PPPD = 166;
export const LINKTYPE_JUNIPER_PPPOE = 167;
export const LINKTYPE_JUNIPER_PPPOE_ATM = 168;
export const LINKTYPE_GPRS_LLC = 169;
export const LINKTYPE_GPF_T = 170;
export const LINKTYPE_GPF_F = 171;
export const LINKTYPE_JUNIPER_ETHER = 178;
export const LINKTYPE_JUNIPER_PPP = 179;
export const LINKTYPE_JUNIPER_FRELAY = 180;
export const LINKTYPE_JUNIPER_CHDLC = 181;
export const LINKTYPE_JUNIPER_VP = 183;
export const LINKTYPE_A429 = 184;
export const LINKTYPE_PPI = 192;
export const LINKTYPE_SITA = 196;
export const LINKTYPE_ERF = 197;
export const LINKTYPE_AX25_KISS = 202;
export const LINKTYPE_PPP_WITH_DIR = 204;
export const LINKTYPE_C_HDLC_WITH_DIR = 205;
export const LINKTYPE_FRELAY_WITH_DIR = 206;
export const LINKTYPE_MPLS = 219;
export const LINKTYPE_FC_2 = 224;
export const LINKTYPE_FC_2_WITH_FRAME_DELIMS = 225;
export const LINKTYPE_IPNET = 226;
export const LINKTYPE_CAN_SOCKETCAN = 227;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_NFLOG = 239;
export const LINKTYPE_NETANALYZER = 240;
export const LINKTYPE_NETANALYZER_TRANSPARENT = 241;
export const LINKTYPE_IPOIB = 242;
export const LINKTYPE_WIRESHARK_UPPER_PDU = 252;
export const LINKTYPE_PKTAP = 258;
export const LINKTYPE_EPON = 259;
export const LINKTYPE_ETHERNET_MPACKET = 274;
export const LINKTYPE_LINUX_SLL2 = 276;
export const LINKTYPE_EBHSCR = 279;
export const LINKTYPE_VPP_DISPATCH = 280;
export const LINKTYPE_DSA_TAG_BRCM = 281;
export const LINKTYPE_DSA_TAG_BRCM_PREPEND = 282;
export const LINKTYPE_DSA_TAG_DSA = 284;
export const LINKTYPE_DSA_TAG_EDSA = 285;

/** Names as libpcap's pcap_datalink_val_to_name() gives them ("EN10MB" for Ethernet), by LINKTYPE_ value. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'EN10MB',
  2: 'EN3MB',
  3: 'AX25',
  4: 'PRONET',
  5: 'CHAOS',
  6: 'IEEE802',
  7: 'ARCNET',
  8: 'SLIP',
  9: 'PPP',
  10: 'FDDI',
  11: 'ATM_RFC1483',
  12: 'RAW',
  13: 'ENC',
  14: 'RAW',
  16: 'ATM_CLIP',
  18: 'ATM_CLIP',
  19: 'ATM_CLIP',
  32: 'REDBACK',
  50: 'PPP_SERIAL',
  51: 'PPP_ETHER',
  99: 'SYMANTEC_FIREWALL',
  100: 'ATM_RFC1483',
  101: 'RAW',
  102: 'SLIP_BSDOS',
  103: 'PPP_BSDOS',
  104: 'C_HDLC',
  105: 'IEEE802_11',
  106: 'ATM_CLIP',
  107: 'FRELAY',
  108: 'LOOP',
  109: 'ENC',
  110: 'LANE8023',
  111: 'HIPPI',
  112: 'HDLC',
  113: 'LINUX_SLL',
  114: 'LTALK',
  115: 'ECONET',
  116: 'IPFILTER',
  117: 'PFLOG',
  118: 'CISCO_IOS',
  119: 'PRISM_HEADER',
  120: 'AIRONET_HEADER',
  121: 'HHDLC',
  122: 'IP_OVER_FC',
  123: 'SUNATM',
  124: 'RIO',
  125: 'PCI_EXP',
  126: 'AURORA',
  127: 'IEEE802_11_RADIO',
  128: 'TZSP',
  129: 'ARCNET_LINUX',
  130: 'JUNIPER_MLPPP',
  131: 'JUNIPER_MLFR',
  132: 'JUNIPER_ES',
  133: 'JUNIPER_GGSN',
  134: 'JUNIPER_MFR',
  135: 'JUNIPER_ATM2',
  136: 'JUNIPER_SERVICES',
  137: 'JUNIPER_ATM1',
  138: 'APPLE_IP_OVER_IEEE1394',
  139: 'MTP2_WITH_PHDR',
  140: 'MTP2',
  141: 'MTP3',
  142: 'SCCP',
  143: 'DOCSIS',
  144: 'LINUX_IRDA',
  145: 'IBM_SP',
  146: 'IBM_SN',
  147: 'USER0',
  148: 'USER1',
  149: 'USER2',
  150: 'USER3',
  151: 'USER4',
  152: 'USER5',
  153: 'USER6',
  154: 'USER7',
  155: 'USER8',
  156: 'USER9',
  157: 'USER10',
  158: 'USER11',
  159: 'USER12',
  160: 'USER13',
  161: 'USER14',
  162: 'USER15',
  163: 'IEEE802_11_RADIO_AVS',
  164: 'JUNIPER_MONITOR',
  165: 'BACNET_MS_TP',
  166: 'PPP_PPPD',
  167: 'JUNIPER_PPPOE',
  168: 'JUNIPER_PPPOE_ATM',
  169: 'GPRS_LLC',
  170: 'GPF_T',
  171: 'GPF_F',
  172: 'GCOM_T1E1',
  173: 'GCOM_SERIAL',
  174: 'JUNIPER_PIC_PEER',
  175: 'ERF_ETH',
  176: 'ERF_POS',
  177: 'LINUX_LAPD',
  178: 'JUNIPER_ETHER',
  179: 'JUNIPER_PPP',
  180: 'JUNIPER_FRELAY',
  181: 'JUNIPER_CHDLC',
  182: 'MFR',
  183: 'JUNIPER_VP',
  184: 'A429',
  185: 'A653_ICM',
  186: 'USB_FREEBSD',
  187: 'BLUETOOTH_HCI_H4',
  188: 'IEEE802_16_MAC_CPS',
  189: 'USB_LINUX',
  190: 'CAN20B',
  191: 'IEEE802_15_4_LINUX',
  192: 'PPI',
  193: 'IEEE802_16_MAC_CPS_RADIO',
  194: 'JUNIPER_ISM',
  195: 'IEEE802_15_4',
  196: 'SITA',
  197: 'ERF',
  198: 'RAIF1',
  199: 'IPMB_KONTRON',
  200: 'JUNIPER_ST',
  201: 'BLUETOOTH_HCI_H4_WITH_PHDR',
  202: 'AX25_KISS',
  204: 'PPP_WITH_DIR',
  205: 'C_HDLC_WITH_DIR',
  206: 'FRELAY_WITH_DIR',
  207: 'LAPB_WITH_DIR',
  209: 'IPMB_LINUX',
  215: 'IEEE802_15_4_NONASK_PHY',
  216: 'LINUX_EVDEV',
  219: 'MPLS',
  220: 'USB_LINUX_MMAPPED',
  221: 'DECT',
  222: 'AOS',
  223: 'WIHART',
  224: 'FC_2',
  225: 'FC_2_WITH_FRAME_DELIMS',
  226: 'IPNET',
  227: 'CAN_SOCKETCAN',
  228: 'IPV4',
  229: 'IPV6',
  230: 'IEEE802_15_4_NOFCS',
  231: 'DBUS',
  232: 'JUNIPER_VS',
  233: 'JUNIPER_SRX_E2E',
  234: 'JUNIPER_FIBRECHANNEL',
  235: 'DVB_CI',
  236: 'MUX27010',
  237: 'STANAG_5066_D_PDU',
  238: 'JUNIPER_ATM_CEMIC',
  239: 'NFLOG',
  240: 'NETANALYZER',
  241: 'NETANALYZER_TRANSPARENT',
  242: 'IPOIB',
  243: 'MPEG_2_TS',
  244: 'NG40',
  245: 'NFC_LLCP',
  246: 'PFSYNC',
  247: 'INFINIBAND',
  248: 'SCTP',
  249: 'USBPCAP',
  250: 'RTAC_SERIAL',
  251: 'BLUETOOTH_LE_LL',
  252: 'WIRESHARK_UPPER_PDU',
  253: 'NETLINK',
  254: 'BLUETOOTH_LINUX_MONITOR',
  255: 'BLUETOOTH_BREDR_BB',
  256: 'BLUETOOTH_LE_LL_WITH_PHDR',
  257: 'PROFIBUS_DL',
  258: 'PKTAP',
  259: 'EPON',
  260: 'IPMI_HPM_2',
  261: 'ZWAVE_R1_R2',
  262: 'ZWAVE_R3',
  263: 'WATTSTOPPER_DLM',
  264: 'ISO_14443',
  265: 'RDS',
  266: 'USB_DARWIN',
  267: 'OPENFLOW',
  268: 'SDLC',
  269: 'TI_LLN_SNIFFER',
  270: 'LORATAP',
  271: 'VSOCK',
  272: 'NORDIC_BLE',
  273: 'DOCSIS31_XRA31',
  274: 'ETHERNET_MPACKET',
  275: 'DISPLAYPORT_AUX',
  276: 'LINUX_SLL2',
  277: 'SERCOS_MONITOR',
  278: 'OPENVIZSLA',
  279: 'EBHSCR',
  280: 'VPP_DISPATCH',
  281: 'DSA_TAG_BRCM',
  282: 'DSA_TAG_BRCM_PREPEND',
  283: 'IEEE802_15_4_TAP',
  284: 'DSA_TAG_DSA',
  285: 'DSA_TAG_EDSA',
  286: 'ELEE',
  287: 'Z_WAVE_SERIAL',
  288: 'USB_2_0',
  289: 'ATSC_ALP',
  290: 'ETW',
};

/** Name of a LINKTYPE_ value as tcpdump and Wireshark print it; "UNKNOWN-<n>" for one without a name. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? `UNKNOWN-${linkType}`;
}

/** Names by which people know a link type beside libpcap's: those of the LINKTYPE_ list, and plain words. */
const OTHER_NAMES: Readonly<Record<string, number>> = {
  ethernet: 1,
  ieee8025: 6,
  arcnetbsd: 7,
  ppphdlc: 50,
  atmllc: 100,
  rawip: 101,
  ip: 101,
  chdlc: 104,
  ciscohdlc: 104,
  wlan: 105,
  framerelay: 107,
  sll: 113,
  ieee80211prism: 119,
  prism: 119,
  ieee80211radiotap: 127,
  radiotap: 127,
  ieee80211avs: 163,
  avs: 163,
  sll2: 276,
  linuxcooked: 113,
  linuxcookedv2: 276,
};

/** Without what people write in different ways: case, "LINKTYPE_" and "DLT_" before it, dashes and underscores. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^(linktype|dlt)[-_]/, '')
    .replaceAll(/[-_ ]/g, '');

const byName = lazily(
  () =>
    new Map([
      ...Object.entries(NAMES)
        .reverse()
        .map(([value, name]): [string, number] => [plain(name), Number(value)]),
      ...Object.entries(OTHER_NAMES),
      // Three numbers have this name; files have this one.
      ['raw', LINKTYPE_RAW],
    ]),
);

/** The LINKTYPE_ value of a name, as in "ethernet", "EN10MB", "USER0" or "LINKTYPE_RAW", or of a number; null when unknown. */
export function linkTypeOfName(text: string): number | null {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 0xffff ? Number(text) : null;
  return byName().get(plain(text)) ?? null;
}

/** Names to choose from, for messages. */
export const linkTypeNames = lazily(() => ['ethernet', ...Object.values(NAMES).map((name) => name.toLowerCase())]);
