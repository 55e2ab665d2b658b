import { u16 } from './bytes.ts';
import { LAYER_CHDLC, LAYER_FRAME_RELAY, LAYER_PPP, LAYER_PPPD, LAYER_PPPOE } from './layers.ts';
import {
  etherTypeReason,
  networkLayerReason,
  OUI_CISCO,
  pppReason,
  REASON_MALFORMED_LINK,
  REASON_TRUNCATED_LINK,
  snapReason,
} from './reasons.ts';
import { SCOPE_FRAME_RELAY, SCOPE_PPPOE } from './scopes.ts';
import { MALFORMED } from './status.ts';
import {
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IPV4,
  STEP_IPV6,
  STEP_MPLS,
  STEP_PPP,
  STEP_SNAP,
  type Walk,
} from './walk.ts';

/* Point-to-point links: PPP and its wrappings, Cisco HDLC, Frame Relay. */

const PPP_ADDRESS = 0xff;
const PPP_CONTROL = 0x03;
const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;
const CISCO_DISCOVERY = 0x2000;
const CISCO_UDLD = 0x0111;
const OUI_ETHERNET = 0x000000;

const PROTOCOL_IPV4 = 0x0021;
const PROTOCOL_BRIDGING = 0x0031;
const PROTOCOL_MULTILINK = 0x003d;
const PROTOCOL_IPV6 = 0x0057;
const PROTOCOL_MPLS = 0x0281;
const PROTOCOL_MPLS_MULTICAST = 0x0283;
/** Those above, OSI, and the control protocols (IANA, "PPP DLL Protocol Numbers"). */
const PLAUSIBLE = [
  PROTOCOL_IPV4,
  0x0023,
  PROTOCOL_MULTILINK,
  PROTOCOL_IPV6,
  PROTOCOL_MPLS,
  PROTOCOL_MPLS_MULTICAST,
  0x8021,
  0x8023,
  0x8057,
  0x8281,
  0xc021,
  0xc023,
  0xc223,
];

function cut(walk: Walk, n: number): number {
  return walk.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
}

/*
 * RFC 1661 §2, in HDLC-like framing (RFC 1662 §3.1) with two more bytes before it
 *
 *   + - - - - - - - - - - - - - +----------------------+-------------
 *   | address 0xff, control 0x03 | protocol (1 or 2)    | information
 *   + - - - - - - - - - - - - - +----------------------+-------------
 */
export function readPpp(walk: Walk): number {
  const { bytes } = walk;
  if (!walk.has(2)) return cut(walk, 2);
  if (!walk.enter(LAYER_PPP)) return STEP_DONE;
  if (bytes[walk.offset] === PPP_ADDRESS && bytes[walk.offset + 1] === PPP_CONTROL) walk.offset += 2;
  return readPppProtocol(walk);
}

function readPppProtocol(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(1)) return cut(walk, 1);
  // RFC 1661 §6.5: the low bit of the last byte is set, so a compressed protocol field shows itself.
  const isCompressed = (bytes[offset]! & 1) !== 0;
  const size = isCompressed ? 1 : 2;
  if (!walk.has(size)) return cut(walk, size);
  const protocol = isCompressed ? bytes[offset]! : u16(bytes, offset);
  walk.offset += size;
  switch (protocol) {
    case PROTOCOL_IPV4:
      return STEP_IPV4;
    case PROTOCOL_IPV6:
      return STEP_IPV6;
    case PROTOCOL_MPLS:
    case PROTOCOL_MPLS_MULTICAST:
      return STEP_MPLS;
    case PROTOCOL_BRIDGING:
      return readBridged(walk);
    case PROTOCOL_MULTILINK:
      return readMultilink(walk);
    default:
      return walk.unsupported(pppReason(protocol));
  }
}

/** Whether a protocol field has a value that is in use: for guesses where no header says that PPP follows. */
export function isPppProtocol(protocol: number): boolean {
  return PLAUSIBLE.includes(protocol);
}

/** Whether PPP may stand `skip` bytes ahead, with address and control or with a protocol of two bytes. */
export function looksLikePpp(walk: Walk, skip: number): boolean {
  if (!walk.has(skip + 2)) return false;
  const start = u16(walk.bytes, walk.offset + skip);
  return start === ((PPP_ADDRESS << 8) | PPP_CONTROL) || isPppProtocol(start);
}

/** RFC 3518 §4.2: flags, MAC type; type 1 is an Ethernet frame. */
function readBridged(walk: Walk): number {
  if (!walk.has(2)) return cut(walk, 2);
  if (walk.bytes[walk.offset + 1] !== 1) return walk.unsupported(pppReason(PROTOCOL_BRIDGING));
  walk.offset += 2;
  return STEP_ETHERNET;
}

/** RFC 1990 §3: with the long header four bytes of begin bit, end bit and sequence number. A packet in one piece goes on. */
function readMultilink(walk: Walk): number {
  if (!walk.has(4)) return cut(walk, 4);
  const isWhole = walk.bytes[walk.offset]! >> 6 === 3;
  if (!isWhole) return walk.unsupported(pppReason(PROTOCOL_MULTILINK));
  walk.offset += 4;
  return STEP_PPP;
}

/** LINKTYPE_PPP and LINKTYPE_PPP_HDLC: PPP, or Cisco HDLC where the address says so (RFC 1547 §4.3.1). */
export function readPppOrHdlc(walk: Walk): number {
  if (!walk.has(1)) return cut(walk, 1);
  const address = walk.bytes[walk.offset];
  return address === CISCO_UNICAST || address === CISCO_MULTICAST ? readCiscoHdlc(walk) : STEP_PPP;
}

/** LINKTYPE_PPP_PPPD: the address byte says the direction, the control byte is as ever. */
export function readPppd(walk: Walk): number {
  if (!walk.has(2)) return cut(walk, 2);
  if (!walk.enter(LAYER_PPPD)) return STEP_DONE;
  walk.offset += walk.bytes[walk.offset + 1] === PPP_CONTROL ? 2 : 1;
  return readPppProtocol(walk);
}

/*
 * RFC 2516 §4
 *
 *   +-------+-------+---------+-------------------+-----------------+
 *   |ver (4)|type(4)| code (8)| session id (16)   | length (16)     |
 *   +-------+-------+---------+-------------------+-----------------+
 */
export function readPppoe(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(6)) return cut(walk, 6);
  if (!walk.enter(LAYER_PPPOE)) return STEP_DONE;
  if (bytes[offset] !== 0x11) return walk.fail(MALFORMED, REASON_MALFORMED_LINK);
  // Discovery (PADI and so on) carries tags, no packets.
  if (bytes[offset + 1] !== 0) return walk.unsupported(etherTypeReason(0x8863));
  walk.within(SCOPE_PPPOE, u16(bytes, offset + 2));
  walk.offset += 6;
  walk.narrow(walk.offset + u16(bytes, offset + 4));
  return STEP_PPP;
}

/** Cisco HDLC: address (0x0f or 0x8f), control, and an EtherType. */
export function readCiscoHdlc(walk: Walk): number {
  if (!walk.has(4)) return cut(walk, 4);
  if (!walk.enter(LAYER_CHDLC)) return STEP_DONE;
  const type = u16(walk.bytes, walk.offset + 2);
  walk.offset += 4;
  // Its own numbers beside the EtherTypes; on Ethernet these are no types.
  if (type === CISCO_DISCOVERY || type === CISCO_UDLD) return walk.unsupported(snapReason(OUI_CISCO, type));
  walk.type = type;
  return STEP_ETHERTYPE;
}

/** Network layer protocol ids, ISO/IEC TR 9577. */
const NLPID_SNAP = 0x80;
const NLPID_IPV6 = 0x8e;
const NLPID_IPV4 = 0xcc;
const NLPID_PPP = 0xcf;

/*
 * Q.922 address (2 to 4 bytes, the last with its low bit set), then RFC 2427 §3 (control 0x03, perhaps a zero to pad, a
 * protocol id) or, in Cisco's form, an EtherType
 */
export function readFrameRelay(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(2)) return cut(walk, 2);
  if (!walk.enter(LAYER_FRAME_RELAY)) return STEP_DONE;
  walk.within(SCOPE_FRAME_RELAY, ((bytes[offset]! >> 2) << 4) | (bytes[offset + 1]! >> 4));
  let length = 2;
  while (length < 4 && (bytes[offset + length - 1]! & 1) === 0 && walk.has(length + 1)) length++;
  walk.offset += length;
  if (!walk.has(2)) return cut(walk, 2);
  if (bytes[walk.offset] !== PPP_CONTROL) {
    walk.type = u16(bytes, walk.offset);
    walk.offset += 2;
    return walk.type > 1500 ? STEP_ETHERTYPE : walk.unsupported(snapReason(OUI_ETHERNET, walk.type));
  }
  walk.offset += 1;
  if (bytes[walk.offset] === 0) walk.offset += 1;
  return readNetworkLayerId(walk);
}

/** One byte of ISO/IEC TR 9577 says what follows. */
export function readNetworkLayerId(walk: Walk): number {
  if (!walk.has(1)) return cut(walk, 1);
  const protocol = walk.bytes[walk.offset]!;
  walk.offset += 1;
  switch (protocol) {
    case NLPID_IPV4:
      return STEP_IPV4;
    case NLPID_IPV6:
      return STEP_IPV6;
    case NLPID_SNAP:
      return STEP_SNAP;
    case NLPID_PPP:
      return STEP_PPP;
    default:
      return walk.unsupported(networkLayerReason(protocol));
  }
}
