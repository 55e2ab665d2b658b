import { u16 } from '../bytes.ts';
import {
  type Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_IPV4,
  STEP_IPV6,
  STEP_MPLS,
  STEP_NSH,
} from '../cursor.ts';
import {
  LAYER_BRCM_TAG,
  LAYER_DSA,
  LAYER_FABRICPATH,
  LAYER_ISL,
  LAYER_MACSEC,
  LAYER_NSH,
  LAYER_PBB,
  LAYER_VNTAG,
} from '../layers.ts';
import { REASON_ENCRYPTED, REASON_MALFORMED_LINK, REASON_NOT_IP, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { SCOPE_PBB, SCOPE_VLAN } from '../scopes.ts';
import { MALFORMED } from '../status.ts';

/* Headers that switches put around, or into, an Ethernet frame. */

/** Checks for n bytes and notes the layer. False when decoding ends here. */
function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

/*
 * IEEE 802.1ah (802.1Q §9.7): flags (8 bits) and service id (24), then the customer's whole frame
 */
export function readBackboneTag(cursor: Cursor): number {
  if (!enter(cursor, 4, LAYER_PBB)) return STEP_DONE;
  const { bytes, offset } = cursor;
  cursor.within(SCOPE_PBB, (bytes[offset + 1]! << 16) | u16(bytes, offset + 2));
  cursor.offset += 4;
  return STEP_ETHERNET;
}

/** Cisco VN-Tag: direction and interfaces (4 bytes; they differ by direction, so no scope), then a type. */
export function readVnTag(cursor: Cursor): number {
  if (!enter(cursor, 6, LAYER_VNTAG)) return STEP_DONE;
  cursor.type = u16(cursor.bytes, cursor.offset + 4);
  cursor.offset += 6;
  return STEP_ETHERTYPE;
}

/** Cisco FabricPath: forwarding tag (10 bits) and TTL (6), then a whole frame. */
export function readFabricPath(cursor: Cursor): number {
  if (!enter(cursor, 2, LAYER_FABRICPATH)) return STEP_DONE;
  cursor.offset += 2;
  return STEP_ETHERNET;
}

/*
 * IEEE 802.1AE §9.3, behind the type; without encryption the data is the rest of the frame, then comes a check value
 *
 *   +-------------------------+--------------+-------------------+ - - - - - - - - - +
 *   | V ES SC SCB E C  AN (2) | short length | packet number (4) | SCI (8), if SC is set
 *   +-------------------------+--------------+-------------------+ - - - - - - - - - +
 */
const MACSEC_HAS_SCI = 0x20;
const MACSEC_ENCRYPTED = 0x08;
const MACSEC_CHANGED = 0x04;
const MACSEC_CHECK_VALUE = 16;

export function readMacsec(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, 6, LAYER_MACSEC)) return STEP_DONE;
  const control = bytes[offset]!;
  if ((control & (MACSEC_ENCRYPTED | MACSEC_CHANGED)) !== 0) return cursor.unsupported(REASON_ENCRYPTED);
  const header = (control & MACSEC_HAS_SCI) === 0 ? 6 : 14;
  if (!cursor.has(header + 2)) return cursor.cut(header + 2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += header;
  // Frames of less than 48 bytes say their length, for they may be padded; others end before the check value.
  const shortLength = bytes[offset + 1]! & 0x3f;
  cursor.narrow(shortLength === 0 ? cursor.limit - MACSEC_CHECK_VALUE : cursor.offset + shortLength);
  if (!cursor.has(2)) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  cursor.type = u16(bytes, cursor.offset);
  cursor.offset += 2;
  return STEP_ETHERTYPE;
}

/*
 * Cisco Inter-Switch Link: destination 01-00-0c-00-00 or 0c-00-0c-00-00 (5 bytes), type and user bits (1), source (6),
 * length (2), aa-aa-03 (3), high bits of the source (3), VLAN and BPDU bit (2), index (2), reserved (2), then a frame
 */
const ISL_HEADER = 26;
const ISL_VLAN = 20;

export function isInterSwitchLink(bytes: Uint8Array, offset: number): boolean {
  return (
    (bytes[offset] === 0x01 || bytes[offset] === 0x0c) &&
    bytes[offset + 1] === 0 &&
    bytes[offset + 2] === 0x0c &&
    bytes[offset + 3] === 0 &&
    bytes[offset + 4] === 0
  );
}

export function readInterSwitchLink(cursor: Cursor): number {
  if (!enter(cursor, ISL_HEADER, LAYER_ISL)) return STEP_DONE;
  cursor.within(SCOPE_VLAN, u16(cursor.bytes, cursor.offset + ISL_VLAN) >> 1);
  cursor.offset += ISL_HEADER;
  return STEP_ETHERNET;
}

/** Broadcom's tag (4 bytes) between the addresses and the type of a frame. LINKTYPE_DSA_TAG_BRCM. */
export function readBroadcomTag(cursor: Cursor): number {
  if (!enter(cursor, 18, LAYER_BRCM_TAG)) return STEP_DONE;
  cursor.type = u16(cursor.bytes, cursor.offset + 16);
  cursor.offset += 18;
  return STEP_ETHERTYPE;
}

/** The same tag before the frame. LINKTYPE_DSA_TAG_BRCM_PREPEND. */
export function readPrependedBroadcomTag(cursor: Cursor): number {
  if (!enter(cursor, 4, LAYER_BRCM_TAG)) return STEP_DONE;
  cursor.offset += 4;
  return STEP_ETHERNET;
}

/**
 * Marvell's tag between the addresses and the type, at `tagAt`: mode and flags (1 byte), ports (1), VLAN (2). It takes
 * the place of a VLAN tag where the frame had one. LINKTYPE_DSA_TAG_DSA, and EDSA with a type (0xdada) of its own.
 */
export function readMarvellTag(cursor: Cursor, tagAt: number): number {
  if (!enter(cursor, tagAt + 6, LAYER_DSA)) return STEP_DONE;
  const { bytes, offset } = cursor;
  const isTagged = (bytes[offset + tagAt]! & 0x20) !== 0;
  const id = u16(bytes, offset + tagAt + 2) & 0x0fff;
  if (isTagged && id !== 0) cursor.within(SCOPE_VLAN, id);
  cursor.type = u16(bytes, offset + tagAt + 4);
  cursor.offset += tagAt + 6;
  return STEP_ETHERTYPE;
}

/*
 * RFC 8300 §2.2: version, flags and length in words (16 bits, the length the low six), metadata type (8), next protocol (8),
 * service path (24) and index (8), metadata
 */
export function readNsh(cursor: Cursor): number {
  if (!enter(cursor, 8, LAYER_NSH)) return STEP_DONE;
  const { bytes, offset } = cursor;
  const length = (bytes[offset + 1]! & 0x3f) * 4;
  if (length < 8) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += length;
  return nextProtocol(cursor, bytes[offset + 3]!);
}

/** Next protocol numbers of NSH (RFC 8300 §9.1.6), which VXLAN-GPE shares. */
export function nextProtocol(cursor: Cursor, protocol: number): number {
  switch (protocol) {
    case 1:
      return STEP_IPV4;
    case 2:
      return STEP_IPV6;
    case 3:
      return STEP_ETHERNET;
    case 4:
      return STEP_NSH;
    case 5:
      return STEP_MPLS;
    default:
      return cursor.unsupported(REASON_NOT_IP);
  }
}
