import { u16 } from '../bytes.ts';
import {
  type Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IPV4,
  STEP_IPV6,
  STEP_MPLS,
  STEP_PPP,
  STEP_SNAP,
} from '../cursor.ts';
import { LAYER_CHDLC, LAYER_FRAME_RELAY, LAYER_PPP, LAYER_PPPD, LAYER_PPPOE } from '../layers.ts';
import {
  etherTypeReason,
  networkLayerReason,
  OUI_CISCO,
  pppReason,
  REASON_MALFORMED_LINK,
  REASON_TRUNCATED_LINK,
  snapReason,
} from '../reasons.ts';
import { SCOPE_FRAME_RELAY, SCOPE_PPPOE } from '../scopes.ts';
import { MALFORMED } from '../status.ts';

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

function cut(cursor: Cursor, n: number): number {
  return cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
}

/*
 * RFC 1661 §2, in HDLC-like framing (RFC 1662 §3.1) with two more bytes before it
 *
 *   + - - - - - - - - - - - - - +----------------------+-------------
 *   | address 0xff, control 0x03 | protocol (1 or 2)    | information
 *   + - - - - - - - - - - - - - +----------------------+-------------
 */
export function readPpp(cursor: Cursor): number {
  const { bytes } = cursor;
  if (!cursor.has(2)) return cut(cursor, 2);
  if (!cursor.enter(LAYER_PPP)) return STEP_DONE;
  if (bytes[cursor.offset] === PPP_ADDRESS && bytes[cursor.offset + 1] === PPP_CONTROL) cursor.offset += 2;
  return readPppProtocol(cursor);
}

function readPppProtocol(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(1)) return cut(cursor, 1);
  // RFC 1661 §6.5: the low bit of the last byte is set, so a compressed protocol field shows itself.
  const isCompressed = (bytes[offset]! & 1) !== 0;
  const size = isCompressed ? 1 : 2;
  if (!cursor.has(size)) return cut(cursor, size);
  const protocol = isCompressed ? bytes[offset]! : u16(bytes, offset);
  cursor.offset += size;
  switch (protocol) {
    case PROTOCOL_IPV4:
    // Some devices write EtherTypes (Wireshark reads them too); as numbers of PPP they would be control protocols or none.
    case 0x0800:
      return STEP_IPV4;
    case PROTOCOL_IPV6:
    case 0x86dd:
      return STEP_IPV6;
    case PROTOCOL_MPLS:
    case PROTOCOL_MPLS_MULTICAST:
      return STEP_MPLS;
    case PROTOCOL_BRIDGING:
      return readBridged(cursor);
    case PROTOCOL_MULTILINK:
      return readMultilink(cursor);
    default:
      return cursor.unsupported(pppReason(protocol));
  }
}

/** Whether a protocol field has a value that is in use: for guesses where no header says that PPP follows. */
export function isPppProtocol(protocol: number): boolean {
  return PLAUSIBLE.includes(protocol);
}

/** Whether PPP may stand `skip` bytes ahead, with address and control or with a protocol of two bytes. */
export function looksLikePpp(cursor: Cursor, skip: number): boolean {
  if (!cursor.has(skip + 2)) return false;
  const start = u16(cursor.bytes, cursor.offset + skip);
  return start === ((PPP_ADDRESS << 8) | PPP_CONTROL) || isPppProtocol(start);
}

/** RFC 3518 §4.2: flags, MAC type; type 1 is an Ethernet frame. */
function readBridged(cursor: Cursor): number {
  if (!cursor.has(2)) return cut(cursor, 2);
  if (cursor.bytes[cursor.offset + 1] !== 1) return cursor.unsupported(pppReason(PROTOCOL_BRIDGING));
  cursor.offset += 2;
  return STEP_ETHERNET;
}

/** RFC 1990 §3: with the long header four bytes of begin bit, end bit and sequence number. A packet in one piece goes on. */
function readMultilink(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  const isWhole = cursor.bytes[cursor.offset]! >> 6 === 3;
  if (!isWhole) return cursor.unsupported(pppReason(PROTOCOL_MULTILINK));
  cursor.offset += 4;
  return STEP_PPP;
}

/** LINKTYPE_PPP and LINKTYPE_PPP_HDLC: PPP, or Cisco HDLC where the address says so (RFC 1547 §4.3.1). */
export function readPppOrHdlc(cursor: Cursor): number {
  if (!cursor.has(1)) return cut(cursor, 1);
  const address = cursor.bytes[cursor.offset];
  return address === CISCO_UNICAST || address === CISCO_MULTICAST ? readCiscoHdlc(cursor) : STEP_PPP;
}

/** LINKTYPE_PPP_PPPD: the address byte says the direction, the control byte is as ever. */
export function readPppd(cursor: Cursor): number {
  if (!cursor.has(2)) return cut(cursor, 2);
  if (!cursor.enter(LAYER_PPPD)) return STEP_DONE;
  cursor.offset += cursor.bytes[cursor.offset + 1] === PPP_CONTROL ? 2 : 1;
  return readPppProtocol(cursor);
}

/*
 * RFC 2516 §4
 *
 *   +-------+-------+---------+-------------------+-----------------+
 *   |ver (4)|type(4)| code (8)| session id (16)   | length (16)     |
 *   +-------+-------+---------+-------------------+-----------------+
 */
export function readPppoe(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(6)) return cut(cursor, 6);
  if (!cursor.enter(LAYER_PPPOE)) return STEP_DONE;
  if (bytes[offset] !== 0x11) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  // Discovery (PADI and so on) carries tags, no packets.
  if (bytes[offset + 1] !== 0) return cursor.unsupported(etherTypeReason(0x8863));
  cursor.within(SCOPE_PPPOE, u16(bytes, offset + 2));
  cursor.offset += 6;
  cursor.narrow(cursor.offset + u16(bytes, offset + 4));
  return STEP_PPP;
}

/** Cisco HDLC: address (0x0f or 0x8f), control, and an EtherType. */
export function readCiscoHdlc(cursor: Cursor): number {
  if (!cursor.has(4)) return cut(cursor, 4);
  if (!cursor.enter(LAYER_CHDLC)) return STEP_DONE;
  const type = u16(cursor.bytes, cursor.offset + 2);
  cursor.offset += 4;
  // Its own numbers beside the EtherTypes; on Ethernet these are no types.
  if (type === CISCO_DISCOVERY || type === CISCO_UDLD) return cursor.unsupported(snapReason(OUI_CISCO, type));
  cursor.type = type;
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
export function readFrameRelay(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(2)) return cut(cursor, 2);
  if (!cursor.enter(LAYER_FRAME_RELAY)) return STEP_DONE;
  cursor.within(SCOPE_FRAME_RELAY, ((bytes[offset]! >> 2) << 4) | (bytes[offset + 1]! >> 4));
  let length = 2;
  while (length < 4 && (bytes[offset + length - 1]! & 1) === 0 && cursor.has(length + 1)) length++;
  cursor.offset += length;
  if (!cursor.has(2)) return cut(cursor, 2);
  if (bytes[cursor.offset] !== PPP_CONTROL) {
    cursor.type = u16(bytes, cursor.offset);
    cursor.offset += 2;
    return cursor.type > 1500 ? STEP_ETHERTYPE : cursor.unsupported(snapReason(OUI_ETHERNET, cursor.type));
  }
  cursor.offset += 1;
  if (bytes[cursor.offset] === 0) cursor.offset += 1;
  return readNetworkLayerId(cursor);
}

/** One byte of ISO/IEC TR 9577 says what follows. */
export function readNetworkLayerId(cursor: Cursor): number {
  if (!cursor.has(1)) return cut(cursor, 1);
  const protocol = cursor.bytes[cursor.offset]!;
  cursor.offset += 1;
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
      return cursor.unsupported(networkLayerReason(protocol));
  }
}
