import { u16, u24 } from '../bytes.ts';
import {
  type Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IPV4,
  STEP_IPV6,
  STEP_LLC,
  STEP_MPLS,
  STEP_NSH,
  STEP_PPP,
  STEP_SNAP,
  STEP_WLAN,
} from '../cursor.ts';
import { LAYER_ATM, LAYER_ETHERNET, LAYER_LLC, LAYER_VLAN } from '../layers.ts';
import {
  etherTypeReason,
  llcReason,
  OUI_BRIDGED,
  REASON_ARP,
  REASON_MALFORMED_LINK,
  REASON_PROFINET_FRAGMENT,
  REASON_TRUNCATED_LINK,
  snapReason,
} from '../reasons.ts';
import { SCOPE_VLAN } from '../scopes.ts';
import { readLwapp } from '../tunnel/lwapp.ts';
import { readBpq } from './ax25.ts';
import { ETHERTYPE_BATADV, readBatadv } from './batadv.ts';
import {
  isInterSwitchLink,
  readBackboneTag,
  readFabricPath,
  readInterSwitchLink,
  readMacsec,
  readVnTag,
} from './bridge-tags.ts';
import { readNetworkLayerId, readPppoe } from './ppp.ts';
import {
  ETHERTYPE_FINE_GRAINED_LABEL,
  readAristaTime,
  readCiscoMetadata,
  readETag,
  readFineGrainedLabel,
  readHsr,
  readRedundancyTag,
  readTimeTag,
  readTrill,
} from './switch-tags.ts';

/*
 * Ethernet II and IEEE 802.3:
 *
 *   +-------------+-------------+-------------+------------
 *   | destination | source      | type/length | payload
 *   | 6 bytes     | 6 bytes     | 2 bytes     |
 *   +-------------+-------------+-------------+------------
 */
const TYPE = 12;
const HEADER = 14;
/** IEEE 802.3 §3.2.6: up to 1500 the field is a length, from 1536 a type. */
const LAST_LENGTH = 1500;

export function readEthernet(cursor: Cursor): number {
  if (!cursor.has(HEADER)) return cursor.cut(HEADER, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const { bytes, offset } = cursor;
  const type = u16(bytes, offset + TYPE);
  if (type <= LAST_LENGTH && isInterSwitchLink(bytes, offset)) return readInterSwitchLink(cursor);
  if (!cursor.enter(LAYER_ETHERNET)) return STEP_DONE;
  cursor.type = type;
  cursor.offset += HEADER;
  return STEP_ETHERTYPE;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_TRANSPARENT_ETHERNET = 0x6558;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
/** IEEE 802.1ad service tag. */
const ETHERTYPE_SERVICE_VLAN = 0x88a8;
/** Stacked tags before 802.1ad, as several vendors still send them. */
const ETHERTYPE_OLD_QINQ = 0x9100;
const ETHERTYPE_MPLS = 0x8847;
const ETHERTYPE_MPLS_MULTICAST = 0x8848;
const ETHERTYPE_PPP = 0x880b;
const ETHERTYPE_PPPOE_SESSION = 0x8864;
const ETHERTYPE_MACSEC = 0x88e5;
const ETHERTYPE_BACKBONE = 0x88e7;
const ETHERTYPE_FABRICPATH = 0x8903;
const ETHERTYPE_VNTAG = 0x8926;
const ETHERTYPE_NSH = 0x894f;
const ETHERTYPE_OLD_QINQ_2 = 0x9200;
const ETHERTYPE_OLD_QINQ_3 = 0x9300;
const ETHERTYPE_OLD_QINQ_4 = 0x8200;
const ETHERTYPE_LLC = 0x8870;
const ETHERTYPE_TRILL = 0x22f3;
/** For experiments; Cisco's switches put time stamps behind it unless told otherwise. */
const ETHERTYPE_EXPERIMENT = 0x88b5;
const ETHERTYPE_CISCO_METADATA = 0x8909;
const ETHERTYPE_HSR = 0x892f;
const ETHERTYPE_ETAG = 0x893f;
const ETHERTYPE_PROFINET = 0x8892;
const ETHERTYPE_REDUNDANCY = 0xf1c1;
const ETHERTYPE_ARISTA_TIME = 0xd28b;
const ETHERTYPE_BPQ = 0x08ff;
/** 802.11 frames, as a driver of Intel's hands them out. */
const ETHERTYPE_WLAN = 0x2452;
const ETHERTYPE_LWAPP = 0x88bb;
/** Before there was a registered one. */
const ETHERTYPE_LWAPP_OLD = 0xbbbb;

/** Goes by Cursor.type. Reads no bytes but those of VLAN tags. */
export function readEtherType(cursor: Cursor): number {
  const type = cursor.type;
  switch (type) {
    case ETHERTYPE_IPV4:
      return STEP_IPV4;
    case ETHERTYPE_IPV6:
      return STEP_IPV6;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_SERVICE_VLAN:
    case ETHERTYPE_OLD_QINQ:
    case ETHERTYPE_OLD_QINQ_2:
    case ETHERTYPE_OLD_QINQ_3:
    case ETHERTYPE_OLD_QINQ_4:
      return readVlanTag(cursor);
    case ETHERTYPE_ARP:
      return cursor.unsupported(REASON_ARP);
    case ETHERTYPE_TRANSPARENT_ETHERNET:
      return STEP_ETHERNET;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return STEP_MPLS;
    case ETHERTYPE_PPPOE_SESSION:
      return readPppoe(cursor);
    case ETHERTYPE_BACKBONE:
      return readBackboneTag(cursor);
    case ETHERTYPE_VNTAG:
      return readVnTag(cursor);
    case ETHERTYPE_FABRICPATH:
      return readFabricPath(cursor);
    case ETHERTYPE_MACSEC:
      return readMacsec(cursor);
    case ETHERTYPE_CISCO_METADATA:
      return readCiscoMetadata(cursor);
    case ETHERTYPE_ETAG:
      return readETag(cursor);
    case ETHERTYPE_HSR:
      return readHsr(cursor);
    case ETHERTYPE_EXPERIMENT:
      return readTimeTag(cursor);
    case ETHERTYPE_BATADV:
      return readBatadv(cursor);
    case ETHERTYPE_LWAPP:
    case ETHERTYPE_LWAPP_OLD:
      return readLwapp(cursor);
    case ETHERTYPE_PROFINET:
      return readProfinet(cursor);
    case ETHERTYPE_TRILL:
      return readTrill(cursor);
    case ETHERTYPE_FINE_GRAINED_LABEL:
      return readFineGrainedLabel(cursor);
    case ETHERTYPE_REDUNDANCY:
      return readRedundancyTag(cursor);
    case ETHERTYPE_ARISTA_TIME:
      return readAristaTime(cursor);
    case ETHERTYPE_BPQ:
      return readBpq(cursor);
    case ETHERTYPE_WLAN:
      return STEP_WLAN;
    case ETHERTYPE_LLC: // jumbo frames (draft-ietf-isis-ext-eth §3): too long for a length in its place
      return STEP_LLC;
    case ETHERTYPE_NSH:
      return STEP_NSH;
    case ETHERTYPE_PPP:
      return STEP_PPP;
  }
  if (type <= LAST_LENGTH) {
    cursor.narrow(cursor.offset + type);
    return STEP_LLC;
  }
  if (cursor.vlanTypes.includes(type)) return readVlanTag(cursor);
  return cursor.unsupported(etherTypeReason(type));
}

/**
 * IEC 61158-6-10 §4.2.2: the frame's number (2). Frames 0xff80 to 0xff8f are pieces of ordinary ones, TCP too, that would not
 * have fitted into the cycle; all others are PROFINET's own.
 */
function readProfinet(cursor: Cursor): number {
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const isFragment = (u16(cursor.bytes, cursor.offset) & 0xfff0) === 0xff80;
  return cursor.unsupported(isFragment ? REASON_PROFINET_FRAGMENT : etherTypeReason(ETHERTYPE_PROFINET));
}

/*
 * IEEE 802.1Q §9.6, behind the tag's own type:
 *
 *   +-----+---+--------------+-----------------+
 *   | PCP |DEI| VLAN id (12) | type or length  |
 *   +-----+---+--------------+-----------------+
 */
function readVlanTag(cursor: Cursor): number {
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_VLAN)) return STEP_DONE;
  const id = u16(cursor.bytes, cursor.offset) & 0x0fff;
  // Id 0 is a priority tag: the frame belongs to no VLAN (IEEE 802.1Q table 9-2).
  if (id !== 0) cursor.within(SCOPE_VLAN, id);
  cursor.type = u16(cursor.bytes, cursor.offset + 2);
  cursor.offset += 4;
  return STEP_ETHERTYPE;
}

/*
 * IEEE 802.2 §3.2, and SNAP (IEEE 802 §9.2) when both access points are 0xaa:
 *
 *   +------+------+---------+ - - - - - - - - - - -+-------------+
 *   | DSAP | SSAP | control | organization code (3) | protocol (2)|
 *   +------+------+---------+ - - - - - - - - - - -+-------------+
 */
const LLC_HEADER = 3;
const SNAP_HEADER = 5;
const SAP_SNAP = 0xaa;
const SAP_IPV4 = 0x06;
/** RFC 2684 §4.1: routed ISO protocols, and others by their network layer protocol id. */
const SAP_ISO = 0xfe;
const UNNUMBERED_INFORMATION = 0x03;
const OUI_ETHERNET = 0x000000;
/** IEEE 802.1H bridge tunnel encapsulation. */
const OUI_BRIDGE_TUNNEL = 0x0000f8;
const PID_BRIDGED_ETHERNET_FCS = 0x0001;
const PID_BRIDGED_ETHERNET = 0x0007;
const FCS = 4;

export function readLlc(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(LLC_HEADER)) return cursor.cut(LLC_HEADER, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_LLC)) return STEP_DONE;
  const dsap = bytes[offset]!;
  const isUnnumbered = bytes[offset + 2] === UNNUMBERED_INFORMATION;
  if (dsap === SAP_IPV4 && isUnnumbered) {
    cursor.offset += LLC_HEADER;
    return STEP_IPV4;
  }
  if (dsap === SAP_ISO && isUnnumbered) {
    cursor.offset += LLC_HEADER;
    return readNetworkLayerId(cursor);
  }
  if (dsap !== SAP_SNAP || !isUnnumbered) return cursor.unsupported(llcReason(dsap));
  cursor.offset += LLC_HEADER;
  return STEP_SNAP;
}

/** Organization code and protocol id. */
export function readSnap(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(SNAP_HEADER)) return cursor.cut(SNAP_HEADER, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const oui = u24(bytes, offset);
  const pid = u16(bytes, offset + 3);
  cursor.offset += SNAP_HEADER;
  if (oui === OUI_ETHERNET || oui === OUI_BRIDGE_TUNNEL) {
    cursor.type = pid;
    // A length here would lead in a circle that the layer bound ends; no frame means it.
    return pid > LAST_LENGTH ? STEP_ETHERTYPE : cursor.unsupported(snapReason(oui, pid));
  }
  if (oui === OUI_BRIDGED && (pid === PID_BRIDGED_ETHERNET || pid === PID_BRIDGED_ETHERNET_FCS)) {
    if (pid === PID_BRIDGED_ETHERNET_FCS) cursor.narrow(cursor.limit - FCS);
    if (isOnAtm(cursor)) cursor.offset += 2;
    return STEP_ETHERNET;
  }
  return cursor.unsupported(snapReason(oui, pid));
}

/** RFC 2684 §5.2: only right on ATM are there two bytes to pad. */
function isOnAtm({ record }: Cursor): boolean {
  const { layers, layerCount } = record;
  if (layers[layerCount - 1] !== LAYER_LLC) return false;
  return layerCount === 1 || layers[layerCount - 2] === LAYER_ATM;
}
