import { u16, u24 } from './bytes.ts';
import { readRaw } from './cooked.ts';
import { LAYER_ARCNET, LAYER_FDDI, LAYER_IPFC, LAYER_IPOIB, LAYER_TOKEN_RING } from './layers.ts';
import { REASON_FDDI_MANAGEMENT, REASON_MALFORMED_LINK, REASON_NOT_IP, REASON_TRUNCATED_LINK } from './reasons.ts';
import { STEP_DONE, STEP_ETHERTYPE, STEP_IPV4, STEP_IPV6, STEP_LLC, type Walk } from './walk.ts';

/* Local networks other than Ethernet and 802.11. */

/** Checks for n bytes and notes the layer. False when decoding ends here. */
function enter(walk: Walk, n: number, layer: number): boolean {
  if (walk.has(n)) return walk.enter(layer);
  walk.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

/** ISO 9314-2: frame control (1), destination (6), source (6). RFC 1390: IP comes in asynchronous LLC frames. */
export function readFddi(walk: Walk): number {
  if (!enter(walk, 13, LAYER_FDDI)) return STEP_DONE;
  const control = walk.bytes[walk.offset]!;
  // The class bit says synchronous or not, the low bits are a priority. Tokens, MAC and station management have no format bit.
  if ((control & 0x30) === 0) return walk.unsupported(REASON_FDDI_MANAGEMENT);
  if ((control & 0x70) !== 0x50) return walk.unsupported(REASON_NOT_IP);
  walk.offset += 13;
  return STEP_LLC;
}

/**
 * IEEE 802.5: access control (1), frame control (1), destination (6), source (6), and source routing where the first bit of
 * the source says so (its length in the low five bits of its first byte). RFC 1042: IP comes in LLC.
 */
export function readTokenRing(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!enter(walk, 15, LAYER_TOKEN_RING)) return STEP_DONE;
  // 01 is LLC, 00 is the ring's own.
  if (bytes[offset + 1]! >> 6 !== 1) return walk.unsupported(REASON_NOT_IP);
  const isRouted = (bytes[offset + 8]! & 0x80) !== 0;
  walk.offset += isRouted ? 14 + (bytes[offset + 14]! & 0x1f) : 14;
  return STEP_LLC;
}

/** RFC 4338 §4: network header of destination and source (8 bytes each), then LLC. LINKTYPE_IP_OVER_FC. */
export function readFibreChannel(walk: Walk): number {
  if (!enter(walk, 16, LAYER_IPFC)) return STEP_DONE;
  walk.offset += 16;
  return STEP_LLC;
}

/** Linux's classical IP over ATM: LLC (RFC 2684 §4.1) where the circuit has it, else the bare packet. LINKTYPE_ATM_CLIP. */
export function readClassicalIp(walk: Walk): number {
  return walk.has(3) && u24(walk.bytes, walk.offset) === 0xaaaa03 ? STEP_LLC : readRaw(walk);
}

/** RFC 4391 §6 behind a global routing header of 40 bytes: EtherType (2), reserved (2). */
export function readInfiniband(walk: Walk): number {
  if (!enter(walk, 44, LAYER_IPOIB)) return STEP_DONE;
  walk.type = u16(walk.bytes, walk.offset + 40);
  walk.offset += 44;
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
export function readArcnet(walk: Walk, isLinux: boolean): number {
  const { bytes } = walk;
  if (!enter(walk, isLinux ? 5 : 3, LAYER_ARCNET)) return STEP_DONE;
  walk.offset += isLinux ? 5 : 3;
  const protocol = bytes[walk.offset - 1]!;
  if (protocol === ARCNET_IPV4_OLD) return STEP_IPV4;
  if (protocol === ARCNET_ARP_OLD) return walk.unsupported(REASON_NOT_IP);
  const isException = !isLinux && walk.has(1) && bytes[walk.offset] === ARCNET_EXCEPTION;
  const length = isException ? 7 : 3;
  if (!walk.has(length)) return walk.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  // Odd: the rest of a packet in several frames. Of these only the first has headers (RFC 1201 §2.2).
  const split = bytes[walk.offset + length - 3]!;
  walk.offset += length;
  if (split !== 0 && (split & 1) === 0) return walk.unsupported(REASON_NOT_IP);
  if (protocol === ARCNET_IPV4) return STEP_IPV4;
  if (protocol === ARCNET_IPV6) return STEP_IPV6;
  return walk.unsupported(REASON_NOT_IP);
}
