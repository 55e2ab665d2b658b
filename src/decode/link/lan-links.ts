import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERTYPE, STEP_IPV4, STEP_IPV6, STEP_LLC } from '../cursor.ts';
import { LAYER_AP1394, LAYER_ARCNET, LAYER_FDDI, LAYER_IPOIB, LAYER_TOKEN_RING } from '../layers.ts';
import { REASON_FDDI_MANAGEMENT, REASON_MALFORMED_LINK, REASON_NOT_IP, REASON_TRUNCATED_LINK } from '../reasons.ts';

/* Local networks other than Ethernet and 802.11. */

/** Checks for n bytes and notes the layer. False when decoding ends here. */
function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

/** ISO 9314-2: frame control (1), destination (6), source (6). RFC 1390: IP comes in asynchronous LLC frames. */
export function readFddi(cursor: Cursor): number {
  if (!enter(cursor, 13, LAYER_FDDI)) return STEP_DONE;
  const control = cursor.bytes[cursor.offset]!;
  // The class bit says synchronous or not, the low bits are a priority. Tokens, MAC and station management have no format bit.
  if ((control & 0x30) === 0) return cursor.unsupported(REASON_FDDI_MANAGEMENT);
  if ((control & 0x70) !== 0x50) return cursor.unsupported(REASON_NOT_IP);
  cursor.offset += 13;
  return STEP_LLC;
}

/**
 * IEEE 802.5: access control (1), frame control (1), destination (6), source (6), and source routing where the first bit of
 * the source says so (its length in the low five bits of its first byte). RFC 1042: IP comes in LLC.
 */
export function readTokenRing(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, 15, LAYER_TOKEN_RING)) return STEP_DONE;
  // 01 is LLC, 00 is the ring's own.
  if (bytes[offset + 1]! >> 6 !== 1) return cursor.unsupported(REASON_NOT_IP);
  const isRouted = (bytes[offset + 8]! & 0x80) !== 0;
  cursor.offset += isRouted ? 14 + (bytes[offset + 14]! & 0x1f) : 14;
  return STEP_LLC;
}

/** RFC 2734 and RFC 3146 as Apple's systems hand it out: destination (8), source (8), EtherType (2). LINKTYPE_APPLE_IP_OVER_IEEE1394. */
export function readFirewire(cursor: Cursor): number {
  if (!enter(cursor, 18, LAYER_AP1394)) return STEP_DONE;
  cursor.type = u16(cursor.bytes, cursor.offset + 16);
  cursor.offset += 18;
  return STEP_ETHERTYPE;
}

/** RFC 4391 §6 behind a global routing header of 40 bytes: EtherType (2), reserved (2). */
export function readInfiniband(cursor: Cursor): number {
  if (!enter(cursor, 44, LAYER_IPOIB)) return STEP_DONE;
  cursor.type = u16(cursor.bytes, cursor.offset + 40);
  cursor.offset += 44;
  return STEP_ETHERTYPE;
}

const ARCNET_IPV4_OLD = 0xf0;
const ARCNET_ARP_OLD = 0xf1;
const ARCNET_IPV4 = 0xd4;
const ARCNET_IPV6 = 0xc4;
/** RFC 1201 §3: in place of the split flag, for a packet of a length that the hardware cannot send. */
const ARCNET_EXCEPTION = 0xff;

/**
 * Source (1), destination (1), in Linux's form two bytes of offset, protocol (1); RFC 1201 then has split flag (1) and
 * sequence number (2), with three bytes and the protocol again before them in an exception frame; RFC 1051 has nothing.
 */
export function readArcnet(cursor: Cursor, isLinux: boolean): number {
  const { bytes } = cursor;
  if (!enter(cursor, isLinux ? 5 : 3, LAYER_ARCNET)) return STEP_DONE;
  cursor.offset += isLinux ? 5 : 3;
  const protocol = bytes[cursor.offset - 1]!;
  if (protocol === ARCNET_IPV4_OLD) return STEP_IPV4;
  if (protocol === ARCNET_ARP_OLD) return cursor.unsupported(REASON_NOT_IP);
  const isException = !isLinux && cursor.has(1) && bytes[cursor.offset] === ARCNET_EXCEPTION;
  const length = isException ? 7 : 3;
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  // Odd: the rest of a packet in several frames. Of these only the first has headers (RFC 1201 §2.2).
  const split = bytes[cursor.offset + length - 3]!;
  cursor.offset += length;
  if (split !== 0 && (split & 1) === 0) return cursor.unsupported(REASON_NOT_IP);
  if (protocol === ARCNET_IPV4) return STEP_IPV4;
  if (protocol === ARCNET_IPV6) return STEP_IPV6;
  return cursor.unsupported(REASON_NOT_IP);
}
