import { linkTypeName } from './link/linktypes.ts';
import { WordTable } from './word-table.ts';

/**
 * Why a frame, or a part of it, was not understood. On the hot path a reason is a number; its text is made when a report
 * asks for it. Numbers below 0x10000 are words of WORDS, the others a family (upper bits) and the value that was met.
 */
const WORDS = [
  '',
  'too-deep',
  'other',
  'arp',
  'truncated-link',
  'malformed-link',
  'truncated-ipv4',
  'malformed-ipv4',
  'truncated-ipv6',
  'malformed-ipv6',
  'truncated-tcp',
  'malformed-tcp',
  'truncated-udp',
  'malformed-udp',
  'truncated-icmp',
  'malformed-icmp',
  'truncated-tunnel',
  'malformed-tunnel',
  'not-ip',
  'esp',
  'wireguard',
  'encrypted',
  'later-fragment-without-first',
  'fragments-incomplete',
  'fragments-overlapping',
  'ipcomp',
  'pseudowire',
  'mpls-associated-channel',
  'l2tpv3',
  'wlan-fragment',
  'capwap-fragment',
  'juniper',
  'fddi-management',
  'too-many-scopes',
  'batadv-control',
  'lwapp-fragment',
  'lwapp-control',
  'sflow',
  'gsmtap',
  'gprs-ns',
  'ieee802154',
  'wassp',
  'acdr',
  'ipx',
  'openvpn',
  'profinet-fragment',
  'can-xl',
  'atm',
  'ax25',
  'mpacket-fragment',
  'docsis-fragment',
  'gfp',
  'erf',
  'fibre-channel',
  'sndcp',
  'vpp',
  'exported-pdu',
] as const;

export const REASON_NONE = 0;
export const REASON_TOO_DEEP = 1;
/** Stands for the rest once there are too many distinct reasons. */
const REASON_OTHER = 2;
export const REASON_ARP = 3;
export const REASON_TRUNCATED_LINK = 4;
export const REASON_MALFORMED_LINK = 5;
export const REASON_TRUNCATED_IPV4 = 6;
export const REASON_MALFORMED_IPV4 = 7;
export const REASON_TRUNCATED_IPV6 = 8;
export const REASON_MALFORMED_IPV6 = 9;
export const REASON_TRUNCATED_TCP = 10;
export const REASON_MALFORMED_TCP = 11;
export const REASON_TRUNCATED_UDP = 12;
export const REASON_MALFORMED_UDP = 13;
export const REASON_TRUNCATED_ICMP = 14;
export const REASON_MALFORMED_ICMP = 15;
export const REASON_TRUNCATED_TUNNEL = 16;
export const REASON_MALFORMED_TUNNEL = 17;
/** A raw IP link or tunnel whose first nibble is neither 4 nor 6. */
export const REASON_NOT_IP = 18;
export const REASON_ESP = 19;
export const REASON_WIREGUARD = 20;
/** Encrypted link layers: 802.11 protected frames, MACsec with encryption. */
export const REASON_ENCRYPTED = 21;
export const REASON_LATER_WITHOUT_FIRST = 22;
export const REASON_FRAGMENTS_INCOMPLETE = 23;
export const REASON_FRAGMENTS_OVERLAPPING = 24;
export const REASON_IPCOMP = 25;
/** Behind MPLS labels stands neither IP nor anything like Ethernet. */
export const REASON_PSEUDOWIRE = 26;
export const REASON_MPLS_CHANNEL = 27;
/** L2TPv3 whose cookie length cannot be found out. */
export const REASON_L2TPV3 = 28;
/** A later fragment of an 802.11 frame. */
export const REASON_WLAN_FRAGMENT = 29;
/** A later fragment of CAPWAP's own. */
export const REASON_CAPWAP_FRAGMENT = 30;
/** Behind Juniper's header stands something that is not read. */
export const REASON_JUNIPER = 31;
/** FDDI's tokens and station management. */
export const REASON_FDDI_MANAGEMENT = 32;

/** The packet lives in a VLAN or tunnel that there is no number left for: see ScopeTable. */
export const REASON_TOO_MANY_SCOPES = 33;
/** Messages between the nodes of a mesh. */
export const REASON_BATADV_CONTROL = 34;
/** A fragment of LWAPP's own. */
export const REASON_LWAPP_FRAGMENT = 35;
/** Messages between access point and controller. */
export const REASON_LWAPP_CONTROL = 36;
/** Samples of frames. */
export const REASON_SFLOW = 37;
/** GSM, UMTS and LTE as radio tools send them on. */
export const REASON_GSMTAP = 38;
/** GPRS between base station and core. */
export const REASON_GPRS_NS = 39;
/** 802.15.4 frames, perhaps 6LoWPAN. */
export const REASON_IEEE802154 = 40;
/** Frames between HiPath access points and their controller. */
export const REASON_WASSP = 41;
/** What AudioCodes' devices record. */
export const REASON_ACDR = 42;
/** IPX in UDP. */
export const REASON_IPX = 43;
/** OpenVPN data: encrypted. */
export const REASON_OPENVPN = 44;
/** Fragments of ordinary frames in PROFINET. */
export const REASON_PROFINET_FRAGMENT = 45;
/** CAN XL can tunnel Ethernet. */
export const REASON_CAN_XL = 46;
/** Signalling of ATM, or what no LLC header names. */
export const REASON_ATM = 47;
/** What AX.25 carries beside IP. */
export const REASON_AX25 = 48;
/** Later pieces of an Ethernet frame that was interrupted. */
export const REASON_MPACKET_FRAGMENT = 49;
/** Fragments of DOCSIS, several frames in one, ATM. */
export const REASON_DOCSIS = 50;
/** What a transport network carries beside Ethernet, PPP, MPLS and IP. */
export const REASON_GFP = 51;
/** Kinds of ERF that are not read: single cells, InfiniBand, raw links. */
export const REASON_ERF = 52;
/** Fibre Channel frames that are not IP, and the later ones of a sequence. */
export const REASON_FIBRE_CHANNEL = 53;
/** Later segments of GPRS packets, and compressed ones. */
export const REASON_SNDCP = 54;
/** Packets of VPP without their network layer. */
export const REASON_VPP = 55;
/** Exported data of a dissector that is not followed. */
export const REASON_EXPORTED_PDU = 56;

const FAMILY = 0x10000;
const ETHERTYPE = 1;
const IP_PROTOCOL = 2;
const LINK_TYPE = 3;
const LLC = 4;
const PPP = 5;
const NULL_FAMILY = 6;
const GRE = 7;
const WLAN = 8;
const ARPHRD = 9;
/** Protocol ids of SNAP, by organization; those of others, which nobody here knows, have one family. */
const SNAP = 10;
const SNAP_CISCO = 11;
const SNAP_BRIDGED = 12;
const SNAP_EXTREME = 13;
/** Network layer protocol ids of ISO/IEC TR 9577. */
const NLPID = 14;

export const OUI_CISCO = 0x00000c;
/** RFC 2427 §4.2 and RFC 2684 §5.2: bridged frames. */
export const OUI_BRIDGED = 0x0080c2;
export const OUI_EXTREME = 0x00e02b;

export const etherTypeReason = (type: number): number => ETHERTYPE * FAMILY + type;
export const ipProtocolReason = (protocol: number): number => IP_PROTOCOL * FAMILY + protocol;
export const linkTypeReason = (linkType: number): number => LINK_TYPE * FAMILY + (linkType & 0xffff);
/** Destination service access point of an LLC header. */
export const llcReason = (dsap: number): number => LLC * FAMILY + dsap;
export const pppReason = (protocol: number): number => PPP * FAMILY + protocol;
/** Address family of LINKTYPE_NULL and LINKTYPE_LOOP. */
export const nullFamilyReason = (family: number): number => NULL_FAMILY * FAMILY + (family & 0xffff);
/** Protocol type of a GRE header. */
export const greReason = (type: number): number => GRE * FAMILY + type;
/** Type and subtype of an 802.11 frame: type * 16 + subtype. */
export const wlanReason = (typeAndSubtype: number): number => WLAN * FAMILY + typeAndSubtype;
/** ARPHRD_ type of a Linux cooked header. */
export const arphrdReason = (type: number): number => ARPHRD * FAMILY + type;
/** Protocol id behind a SNAP organization code: it means something under that one only. */
export const snapReason = (oui: number, pid: number): number => snapFamily(oui) * FAMILY + pid;
export const networkLayerReason = (id: number): number => NLPID * FAMILY + id;

function snapFamily(oui: number): number {
  switch (oui) {
    case OUI_CISCO:
      return SNAP_CISCO;
    case OUI_BRIDGED:
      return SNAP_BRIDGED;
    case OUI_EXTREME:
      return SNAP_EXTREME;
    default:
      return SNAP;
  }
}

const WLAN_TYPES = ['management', 'control', 'data', 'extension'];

/** A stable kebab-case word for a reason number, as in "arp", "ethertype-0x88cc" or "ip-protocol-132". */
export function reasonText(reason: number): string {
  const value = reason % FAMILY;
  switch (Math.floor(reason / FAMILY)) {
    case 0:
      return WORDS[value] ?? 'other';
    case ETHERTYPE:
      return `ethertype-0x${value.toString(16).padStart(4, '0')}`;
    case IP_PROTOCOL:
      return `ip-protocol-${value}`;
    case LINK_TYPE:
      return `link-type-${linkTypeName(value).toLowerCase().replaceAll('_', '-')}`;
    case LLC:
      return `llc-0x${value.toString(16).padStart(2, '0')}`;
    case PPP:
      return `ppp-0x${value.toString(16).padStart(4, '0')}`;
    case NULL_FAMILY:
      return `address-family-${value}`;
    case GRE:
      return `gre-0x${value.toString(16).padStart(4, '0')}`;
    case WLAN:
      return `wlan-${WLAN_TYPES[value >> 4]}${value >> 4 === 2 ? `-${value & 15}` : ''}`;
    case ARPHRD:
      return `arphrd-${value}`;
    case SNAP:
      return `snap-unknown-0x${value.toString(16).padStart(4, '0')}`;
    case NLPID:
      return `nlpid-0x${value.toString(16).padStart(2, '0')}`;
    case SNAP_CISCO:
    case SNAP_BRIDGED:
    case SNAP_EXTREME:
      return `snap-0x${value.toString(16).padStart(4, '0')}`;
    default:
      return 'other';
  }
}

/** Distinct reasons kept apart: more than a person reads, and a bound on what hostile input can make us remember. */
const MOST_REASONS = 256;

/** Counts frames by reason. */
export class ReasonCounts {
  private readonly reasons = new WordTable(1, MOST_REASONS + WORDS.length);
  /** By their numbers there, from 1. */
  private readonly counts: number[] = [0];
  /** How many of them are of a family. */
  private families = 0;

  add(reason: number, frames = 1): void {
    const known = this.reasons.size;
    this.reasons.key[0] = reason;
    const isFamily = reason >= FAMILY;
    const index = isFamily && this.families >= MOST_REASONS ? this.reasons.find() : this.reasons.intern();
    if (index === 0) this.add(REASON_OTHER, frames);
    else {
      if (isFamily && this.reasons.size > known) this.families++;
      this.counts[index] = (this.counts[index] ?? 0) + frames;
    }
  }

  /** Adds the counts to `into`, by text. */
  writeTo(into: Record<string, number>): void {
    for (let index = 1; index <= this.reasons.size; index++) {
      const text = reasonText(this.reasons.word(index, 0));
      into[text] = (into[text] ?? 0) + this.counts[index]!;
    }
  }
}
