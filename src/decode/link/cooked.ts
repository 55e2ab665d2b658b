import { u16, u32, u32le } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERTYPE, STEP_IP, STEP_IPV4, STEP_IPV6, STEP_LLC } from '../cursor.ts';
import { LAYER_NULL, LAYER_RAW, LAYER_SLL, LAYER_SLL2, LAYER_VLAN } from '../layers.ts';
import {
  arphrdReason,
  etherTypeReason,
  nullFamilyReason,
  REASON_MALFORMED_LINK,
  REASON_NOT_IP,
  REASON_TRUNCATED_LINK,
} from '../reasons.ts';
import { SCOPE_VLAN } from '../scopes.ts';
import { readRadiotap } from './ieee80211.ts';
import { readFrameRelay } from './ppp.ts';

/*
 * LINKTYPE_LINUX_SLL:                          LINKTYPE_LINUX_SLL2:
 *
 *   +--------------------------+                 +--------------------------+
 *   | packet type (2)          |  0              | protocol (2)             |  0
 *   | ARPHRD_ type (2)         |  2              | reserved (2)             |  2
 *   | address length (2)       |  4              | interface index (4)      |  4
 *   | address (8)              |  6              | ARPHRD_ type (2)         |  8
 *   | protocol (2)             | 14              | packet type (1)          | 10
 *   +--------------------------+ 16              | address length (1)       | 11
 *                                                | address (8)              | 12
 *                                                +--------------------------+ 20
 */
const SLL_ARPHRD = 2;
const SLL_PROTOCOL = 14;
const SLL_HEADER = 16;
const SLL2_PROTOCOL = 0;
const SLL2_ARPHRD = 8;
const SLL2_HEADER = 20;

/** For these the protocol field is no EtherType: Frame Relay, 802.11 with radiotap, netlink messages. */
const ARPHRD_FRAME_RELAY = 770;
const ARPHRD_RADIOTAP = 803;
const ARPHRD_NETLINK = 824;
/** ETH_P_802_2: an LLC header follows. */
const PROTOCOL_LLC = 0x0004;
/** Below this, protocol numbers are Linux's own (if_ether.h): CAN, IrDA, Novell's raw 802.3, … */
const FIRST_ETHERTYPE = 0x0600;

export function readSll(cursor: Cursor): number {
  return readCooked(cursor, LAYER_SLL, SLL_HEADER, SLL_PROTOCOL, SLL_ARPHRD);
}

export function readSll2(cursor: Cursor): number {
  return readCooked(cursor, LAYER_SLL2, SLL2_HEADER, SLL2_PROTOCOL, SLL2_ARPHRD);
}

function readCooked(cursor: Cursor, layer: number, header: number, protocolAt: number, arphrdAt: number): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(header)) return cursor.cut(header, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(layer)) return STEP_DONE;
  const arphrd = u16(bytes, offset + arphrdAt);
  const protocol = u16(bytes, offset + protocolAt);
  cursor.offset += header;
  if (arphrd === ARPHRD_NETLINK) return cursor.unsupported(arphrdReason(arphrd));
  if (arphrd === ARPHRD_RADIOTAP) return readRadiotap(cursor);
  if (arphrd === ARPHRD_FRAME_RELAY) return readFrameRelay(cursor);
  if (protocol === PROTOCOL_LLC) return STEP_LLC;
  if (protocol < FIRST_ETHERTYPE) return cursor.unsupported(etherTypeReason(protocol));
  cursor.type = protocol;
  if (protocol === 0x0800) skipMisplacedTag(cursor);
  return STEP_ETHERTYPE;
}

/**
 * libpcap 1.10.3 puts stacked tags of a cooked frame in the wrong order: the protocol says IPv4, but the inner tag (id and
 * type) still stands before the packet. No IPv4 header begins like that, so nothing is lost in looking.
 */
function skipMisplacedTag(cursor: Cursor): void {
  const { bytes, offset } = cursor;
  if (!cursor.has(5) || bytes[offset]! >> 4 === 4) return;
  const type = u16(bytes, offset + 2);
  const version = bytes[offset + 4]! >> 4;
  if (!((type === 0x0800 && version === 4) || (type === 0x86dd && version === 6))) return;
  if (!cursor.enter(LAYER_VLAN)) return;
  const id = u16(bytes, offset) & 0x0fff;
  if (id !== 0) cursor.within(SCOPE_VLAN, id);
  cursor.type = type;
  cursor.offset += 4;
}

const AF_INET = 2;
/** AF_INET6 differs: Linux, NetBSD and OpenBSD, FreeBSD, Darwin. */
const AF_INET6 = [10, 24, 28, 30];

/** LINKTYPE_NULL, LINKTYPE_LOOP: four bytes of address family, in NULL in the byte order of whoever captured. */
export function readNull(cursor: Cursor): number {
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_NULL)) return STEP_DONE;
  const bigEndian = u32(cursor.bytes, cursor.offset);
  // Families are small numbers, so the order in which the value is small is the right one.
  const family = bigEndian > 0xffff ? u32le(cursor.bytes, cursor.offset) : bigEndian;
  cursor.offset += 4;
  if (family === AF_INET) return STEP_IPV4;
  if (AF_INET6.includes(family)) return STEP_IPV6;
  return cursor.unsupported(nullFamilyReason(family));
}

/** LINKTYPE_RAW and its kin: the packet begins with its IP header. */
export function readRaw(cursor: Cursor): number {
  return cursor.enter(LAYER_RAW) ? STEP_IP : STEP_DONE;
}

/** IPv4 or IPv6, whichever the version says. */
export function readIp(cursor: Cursor): number {
  if (!cursor.has(1)) return cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const version = cursor.bytes[cursor.offset]! >> 4;
  if (version === 4) return STEP_IPV4;
  if (version === 6) return STEP_IPV6;
  return cursor.unsupported(REASON_NOT_IP);
}
