import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_LLC, STEP_MPLS, STEP_WLAN } from '../cursor.ts';
import { linkTypeReason, REASON_CAN_XL, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { readTzsp } from '../tunnel/tzsp.ts';
import { readBroadcomTag, readMarvellTag, readPrependedBroadcomTag } from './bridge-tags.ts';
import { readNull, readRaw, readSll, readSll2 } from './cooked.ts';
import { readAvs, readPrism, readRadiotap } from './ieee80211.ts';
import { readJuniper } from './juniper.ts';
import { readArcnet, readClassicalIp, readFddi, readFibreChannel, readInfiniband, readTokenRing } from './lan-links.ts';
import * as linkTypes from './linktypes.ts';
import { readCiscoHdlc, readFrameRelay, readPppd, readPppOrHdlc, readPppoe } from './ppp.ts';
import { readEnc, readIpnet, readNflog, readPflog, readPktap, readPpi, readUserPktap } from './pseudo-headers.ts';

/** Reads the header that a LINKTYPE_ value names, and returns the step behind it. */
export function readLink(cursor: Cursor, linkType: number): number {
  switch (linkType) {
    case linkTypes.LINKTYPE_ETHERNET:
      return STEP_ETHERNET;
    case linkTypes.LINKTYPE_LINUX_SLL:
      return readSll(cursor);
    case linkTypes.LINKTYPE_LINUX_SLL2:
      return readSll2(cursor);
    case linkTypes.LINKTYPE_NULL:
    case linkTypes.LINKTYPE_LOOP:
      return readNull(cursor);
    case linkTypes.LINKTYPE_RAW:
    case linkTypes.LINKTYPE_RAW_BSD:
    case linkTypes.LINKTYPE_RAW_OPENBSD:
    case linkTypes.LINKTYPE_IPV4:
    case linkTypes.LINKTYPE_IPV6:
      return readRaw(cursor);
    case linkTypes.LINKTYPE_PPP:
    case linkTypes.LINKTYPE_PPP_HDLC:
      return readPppOrHdlc(cursor);
    case linkTypes.LINKTYPE_PPP_ETHER:
      return readPppoe(cursor);
    case linkTypes.LINKTYPE_PPP_PPPD:
      return readPppd(cursor);
    case linkTypes.LINKTYPE_PPP_WITH_DIR:
      return skipDirection(cursor) ? readPppOrHdlc(cursor) : STEP_DONE;
    case linkTypes.LINKTYPE_C_HDLC:
      return readCiscoHdlc(cursor);
    case linkTypes.LINKTYPE_C_HDLC_WITH_DIR:
      return skipDirection(cursor) ? readCiscoHdlc(cursor) : STEP_DONE;
    case linkTypes.LINKTYPE_FRELAY:
      return readFrameRelay(cursor);
    case linkTypes.LINKTYPE_FRELAY_WITH_DIR:
      return skipDirection(cursor) ? readFrameRelay(cursor) : STEP_DONE;
    case linkTypes.LINKTYPE_ATM_RFC1483:
      return STEP_LLC;
    case linkTypes.LINKTYPE_MPLS:
      return STEP_MPLS;
    case linkTypes.LINKTYPE_IEEE802_11:
      return STEP_WLAN;
    case linkTypes.LINKTYPE_IEEE802_11_RADIOTAP:
      return readRadiotap(cursor);
    case linkTypes.LINKTYPE_PRISM_HEADER:
      return readPrism(cursor);
    case linkTypes.LINKTYPE_IEEE802_11_AVS:
      return readAvs(cursor);
    case linkTypes.LINKTYPE_PPI:
      return readPpi(cursor);
    case linkTypes.LINKTYPE_PKTAP:
      return readPktap(cursor);
    case linkTypes.LINKTYPE_NFLOG:
      return readNflog(cursor);
    case linkTypes.LINKTYPE_IPNET:
      return readIpnet(cursor);
    case linkTypes.LINKTYPE_PFLOG:
      return readPflog(cursor);
    case linkTypes.LINKTYPE_ENC:
      return readEnc(cursor);
    case linkTypes.LINKTYPE_DSA_TAG_BRCM:
      return readBroadcomTag(cursor);
    case linkTypes.LINKTYPE_DSA_TAG_BRCM_PREPEND:
      return readPrependedBroadcomTag(cursor);
    case linkTypes.LINKTYPE_DSA_TAG_DSA:
      return readMarvellTag(cursor, 12);
    case linkTypes.LINKTYPE_DSA_TAG_EDSA:
      return readMarvellTag(cursor, 16);
    case linkTypes.LINKTYPE_TOKEN_RING:
      return readTokenRing(cursor);
    case linkTypes.LINKTYPE_FDDI:
      return readFddi(cursor);
    case linkTypes.LINKTYPE_ARCNET:
    case linkTypes.LINKTYPE_ARCNET_LINUX:
      return readArcnet(cursor, linkType === linkTypes.LINKTYPE_ARCNET_LINUX);
    case linkTypes.LINKTYPE_IPOIB:
      return readInfiniband(cursor);
    case linkTypes.LINKTYPE_IP_OVER_FC:
      return readFibreChannel(cursor);
    case linkTypes.LINKTYPE_ATM_CLIP:
    case linkTypes.LINKTYPE_ATM_CLIP_LINUX:
      return readClassicalIp(cursor);
    case linkTypes.LINKTYPE_TZSP:
      return readTzsp(cursor);
    case linkTypes.LINKTYPE_USER2:
      return readUserPktap(cursor);
    case linkTypes.LINKTYPE_JUNIPER_MLPPP:
    case linkTypes.LINKTYPE_JUNIPER_MLFR:
    case linkTypes.LINKTYPE_JUNIPER_MFR:
    case linkTypes.LINKTYPE_JUNIPER_ES:
    case linkTypes.LINKTYPE_JUNIPER_MONITOR:
    case linkTypes.LINKTYPE_JUNIPER_PPPOE_ATM:
    case linkTypes.LINKTYPE_JUNIPER_GGSN:
    case linkTypes.LINKTYPE_JUNIPER_ATM1:
    case linkTypes.LINKTYPE_JUNIPER_ATM2:
    case linkTypes.LINKTYPE_JUNIPER_SERVICES:
    case linkTypes.LINKTYPE_JUNIPER_PPPOE:
    case linkTypes.LINKTYPE_JUNIPER_ETHER:
    case linkTypes.LINKTYPE_JUNIPER_PPP:
    case linkTypes.LINKTYPE_JUNIPER_FRELAY:
    case linkTypes.LINKTYPE_JUNIPER_CHDLC:
    case linkTypes.LINKTYPE_JUNIPER_VP:
      return readJuniper(cursor, linkType);
    case linkTypes.LINKTYPE_CAN_SOCKETCAN:
      return readCan(cursor);
    default:
      return cursor.unsupported(linkTypeReason(linkType));
  }
}

/**
 * https://www.tcpdump.org/linktypes/LINKTYPE_CAN_SOCKETCAN.html: identifier (4), then a length, or a bit that says CAN XL, whose
 * frames may hold Ethernet (CiA 611-1); CAN and CAN FD have no room for a packet.
 */
const CAN_XL = 0x80;

function readCan(cursor: Cursor): number {
  if (!cursor.has(5)) return cursor.cut(5, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const isLong = (cursor.bytes[cursor.offset + 4]! & CAN_XL) !== 0;
  return cursor.unsupported(isLong ? REASON_CAN_XL : linkTypeReason(linkTypes.LINKTYPE_CAN_SOCKETCAN));
}

/** The link types "with direction" begin with a byte that says whether the frame was sent or received. */
function skipDirection(cursor: Cursor): boolean {
  if (!cursor.has(1)) cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += 1;
  return cursor.offset <= cursor.end;
}
