import { u24 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_LLC, STEP_MPLS, STEP_WLAN } from '../cursor.ts';
import {
  linkTypeReason,
  REASON_CAN_XL,
  REASON_JUNIPER,
  REASON_MALFORMED_LINK,
  REASON_TRUNCATED_LINK,
} from '../reasons.ts';
import { readTzsp } from '../tunnel/tzsp.ts';
import { readRedback, readSita, readSlip, readSymantec } from './appliances.ts';
import { readClassicalIp, readLane, readSunAtm } from './atm.ts';
import { readAx25, readKiss } from './ax25.ts';
import { readBroadcomTag, readMarvellTag, readPrependedBroadcomTag } from './bridge-tags.ts';
import { readNull, readRaw, readSll, readSll2 } from './cooked.ts';
import { readErf } from './erf.ts';
import { readExportedPdu } from './exported-pdu.ts';
import { readDelimitedFibreChannel, readFibreChannel, readIpOverFibreChannel } from './fibre-channel.ts';
import { readGprsLlc } from './gprs.ts';
import { readAvs, readPrism, readRadiotap } from './ieee80211.ts';
import { JUNIPER_MAGIC, readJuniper } from './juniper.ts';
import { readArcnet, readFddi, readFirewire, readInfiniband, readTokenRing } from './lan-links.ts';
import { readDocsis, readEbhscr, readEpon, readGfp, readMpacket, readNetAnalyzer } from './line-frames.ts';
import * as linkTypes from './linktypes.ts';
import { readCiscoHdlc, readFrameRelay, readPppd, readPppOrHdlc, readPppoe } from './ppp.ts';
import { readEnc, readIpnet, readNflog, readPflog, readPktap, readPpi, readUserPktap } from './pseudo-headers.ts';
import { readVpp } from './vpp.ts';

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
    case linkTypes.LINKTYPE_HDLC:
      return readCiscoHdlc(cursor);
    case linkTypes.LINKTYPE_C_HDLC_WITH_DIR:
      return skipDirection(cursor) ? readCiscoHdlc(cursor) : STEP_DONE;
    case linkTypes.LINKTYPE_FRELAY:
      return readFrameRelay(cursor);
    case linkTypes.LINKTYPE_FRELAY_WITH_DIR:
      return skipDirection(cursor) ? readFrameRelay(cursor) : STEP_DONE;
    case linkTypes.LINKTYPE_ATM_RFC1483:
    case linkTypes.LINKTYPE_ATM_RFC1483_BSD:
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
    case linkTypes.LINKTYPE_ENC_OPENBSD:
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
      return readIpOverFibreChannel(cursor);
    case linkTypes.LINKTYPE_ATM_CLIP:
    case linkTypes.LINKTYPE_ATM_CLIP_LINUX:
    case linkTypes.LINKTYPE_ATM_CLIP_16:
    case linkTypes.LINKTYPE_ATM_CLIP_18:
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
    case linkTypes.LINKTYPE_SUNATM:
      return readSunAtm(cursor);
    case linkTypes.LINKTYPE_LANE8023:
      return readLane(cursor);
    case linkTypes.LINKTYPE_AX25:
      return readAx25(cursor);
    case linkTypes.LINKTYPE_AX25_KISS:
      return readKiss(cursor);
    case linkTypes.LINKTYPE_APPLE_IP_OVER_IEEE1394:
      return readFirewire(cursor);
    case linkTypes.LINKTYPE_REDBACK:
      return readRedback(cursor);
    case linkTypes.LINKTYPE_SYMANTEC_FIREWALL:
      return readSymantec(cursor);
    case linkTypes.LINKTYPE_SITA:
      return readSita(cursor);
    case linkTypes.LINKTYPE_SLIP:
      return readSlip(cursor);
    case linkTypes.LINKTYPE_DOCSIS:
      return readDocsis(cursor);
    case linkTypes.LINKTYPE_EPON:
      return readEpon(cursor);
    case linkTypes.LINKTYPE_ETHERNET_MPACKET:
      return readMpacket(cursor);
    case linkTypes.LINKTYPE_EBHSCR:
      return readEbhscr(cursor);
    case linkTypes.LINKTYPE_ERF:
      return readErf(cursor);
    case linkTypes.LINKTYPE_FC_2:
      return readFibreChannel(cursor);
    case linkTypes.LINKTYPE_FC_2_WITH_FRAME_DELIMS:
      return readDelimitedFibreChannel(cursor);
    case linkTypes.LINKTYPE_GPRS_LLC:
      return readGprsLlc(cursor);
    case linkTypes.LINKTYPE_VPP_DISPATCH:
      return readVpp(cursor);
    case linkTypes.LINKTYPE_WIRESHARK_UPPER_PDU:
      return readExportedPdu(cursor);
    case linkTypes.LINKTYPE_GPF_F:
    case linkTypes.LINKTYPE_GPF_T:
      return readGfp(cursor);
    case linkTypes.LINKTYPE_NETANALYZER:
    case linkTypes.LINKTYPE_NETANALYZER_TRANSPARENT:
      return readNetAnalyzer(cursor, linkType === linkTypes.LINKTYPE_NETANALYZER_TRANSPARENT);
    case linkTypes.LINKTYPE_A429:
      return readA429(cursor);
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

/**
 * ARINC 429's words have four bytes. Juniper's routers used the number too (Wireshark reads it so): what they put before a frame says
 * that more may follow.
 */
function readA429(cursor: Cursor): number {
  const isJuniper = cursor.has(4) && u24(cursor.bytes, cursor.offset) === JUNIPER_MAGIC;
  return cursor.unsupported(isJuniper ? REASON_JUNIPER : linkTypeReason(linkTypes.LINKTYPE_A429));
}

/** The link types "with direction" begin with a byte that says whether the frame was sent or received. */
function skipDirection(cursor: Cursor): boolean {
  if (!cursor.has(1)) cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += 1;
  return cursor.offset <= cursor.end;
}
