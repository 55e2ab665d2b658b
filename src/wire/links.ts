import { readBroadcomTag, readMarvellTag, readPrependedBroadcomTag } from './bridging.ts';
import { readNull, readRaw, readSll, readSll2 } from './cooked.ts';
import { readAvs, readPrism, readRadiotap } from './ieee80211.ts';
import { readJuniper } from './juniper.ts';
import { readArcnet, readClassicalIp, readFddi, readFibreChannel, readInfiniband, readTokenRing } from './lan-links.ts';
import * as linkTypes from './linktypes.ts';
import { readEnc, readIpnet, readNflog, readPflog, readPktap, readPpi, readUserPktap } from './metadata.ts';
import { readCiscoHdlc, readFrameRelay, readPppd, readPppOrHdlc, readPppoe } from './ppp.ts';
import { linkTypeReason, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from './reasons.ts';
import { readTzsp } from './tzsp.ts';
import { STEP_DONE, STEP_ETHERNET, STEP_LLC, STEP_MPLS, STEP_WLAN, type Walk } from './walk.ts';

/** Reads the header that a LINKTYPE_ value names, and returns the step behind it. */
export function readLink(walk: Walk, linkType: number): number {
  switch (linkType) {
    case linkTypes.LINKTYPE_ETHERNET:
      return STEP_ETHERNET;
    case linkTypes.LINKTYPE_LINUX_SLL:
      return readSll(walk);
    case linkTypes.LINKTYPE_LINUX_SLL2:
      return readSll2(walk);
    case linkTypes.LINKTYPE_NULL:
    case linkTypes.LINKTYPE_LOOP:
      return readNull(walk);
    case linkTypes.LINKTYPE_RAW:
    case linkTypes.LINKTYPE_RAW_BSD:
    case linkTypes.LINKTYPE_RAW_OPENBSD:
    case linkTypes.LINKTYPE_IPV4:
    case linkTypes.LINKTYPE_IPV6:
      return readRaw(walk);
    case linkTypes.LINKTYPE_PPP:
    case linkTypes.LINKTYPE_PPP_HDLC:
      return readPppOrHdlc(walk);
    case linkTypes.LINKTYPE_PPP_ETHER:
      return readPppoe(walk);
    case linkTypes.LINKTYPE_PPP_PPPD:
      return readPppd(walk);
    case linkTypes.LINKTYPE_PPP_WITH_DIR:
      return skipDirection(walk) ? readPppOrHdlc(walk) : STEP_DONE;
    case linkTypes.LINKTYPE_C_HDLC:
      return readCiscoHdlc(walk);
    case linkTypes.LINKTYPE_C_HDLC_WITH_DIR:
      return skipDirection(walk) ? readCiscoHdlc(walk) : STEP_DONE;
    case linkTypes.LINKTYPE_FRELAY:
      return readFrameRelay(walk);
    case linkTypes.LINKTYPE_FRELAY_WITH_DIR:
      return skipDirection(walk) ? readFrameRelay(walk) : STEP_DONE;
    case linkTypes.LINKTYPE_ATM_RFC1483:
      return STEP_LLC;
    case linkTypes.LINKTYPE_MPLS:
      return STEP_MPLS;
    case linkTypes.LINKTYPE_IEEE802_11:
      return STEP_WLAN;
    case linkTypes.LINKTYPE_IEEE802_11_RADIOTAP:
      return readRadiotap(walk);
    case linkTypes.LINKTYPE_PRISM_HEADER:
      return readPrism(walk);
    case linkTypes.LINKTYPE_IEEE802_11_AVS:
      return readAvs(walk);
    case linkTypes.LINKTYPE_PPI:
      return readPpi(walk);
    case linkTypes.LINKTYPE_PKTAP:
      return readPktap(walk);
    case linkTypes.LINKTYPE_NFLOG:
      return readNflog(walk);
    case linkTypes.LINKTYPE_IPNET:
      return readIpnet(walk);
    case linkTypes.LINKTYPE_PFLOG:
      return readPflog(walk);
    case linkTypes.LINKTYPE_ENC:
      return readEnc(walk);
    case linkTypes.LINKTYPE_DSA_TAG_BRCM:
      return readBroadcomTag(walk);
    case linkTypes.LINKTYPE_DSA_TAG_BRCM_PREPEND:
      return readPrependedBroadcomTag(walk);
    case linkTypes.LINKTYPE_DSA_TAG_DSA:
      return readMarvellTag(walk, 12);
    case linkTypes.LINKTYPE_DSA_TAG_EDSA:
      return readMarvellTag(walk, 16);
    case linkTypes.LINKTYPE_TOKEN_RING:
      return readTokenRing(walk);
    case linkTypes.LINKTYPE_FDDI:
      return readFddi(walk);
    case linkTypes.LINKTYPE_ARCNET:
    case linkTypes.LINKTYPE_ARCNET_LINUX:
      return readArcnet(walk, linkType === linkTypes.LINKTYPE_ARCNET_LINUX);
    case linkTypes.LINKTYPE_IPOIB:
      return readInfiniband(walk);
    case linkTypes.LINKTYPE_IP_OVER_FC:
      return readFibreChannel(walk);
    case linkTypes.LINKTYPE_ATM_CLIP:
    case linkTypes.LINKTYPE_ATM_CLIP_LINUX:
      return readClassicalIp(walk);
    case linkTypes.LINKTYPE_TZSP:
      return readTzsp(walk);
    case linkTypes.LINKTYPE_USER2:
      return readUserPktap(walk);
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
      return readJuniper(walk, linkType);
    default:
      return walk.unsupported(linkTypeReason(linkType));
  }
}

/** The link types "with direction" begin with a byte that says whether the frame was sent or received. */
function skipDirection(walk: Walk): boolean {
  if (!walk.has(1)) walk.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  walk.offset += 1;
  return walk.offset <= walk.end;
}
