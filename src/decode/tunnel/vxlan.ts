import { u16, u24, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET } from '../cursor.ts';
import { looksLikeEthernet, looksLikeIp } from '../heuristics.ts';
import { LAYER_VXLAN, LAYER_VXLAN_GPE } from '../layers.ts';
import { nextProtocol } from '../link/bridge-tags.ts';
import { SCOPE_VXLAN } from '../scopes.ts';

/*
 * RFC 7348 §5
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |R|R|R|R|I|R|R|R|            Reserved                           |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                VXLAN Network Identifier (VNI) |   Reserved    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export const VXLAN_HAS_VNI = 0x08;
export const VXLAN_PLAIN = 0x08000000;
export function readVxlan(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(8)) return STEP_DONE;
  // All other bits are reserved and ignored on receipt; extensions use some of them. Without I the identifier is none, and most
  // receivers drop the packet; what it shows of a frame was on the wire all the same.
  const hasVni = (bytes[offset]! & VXLAN_HAS_VNI) !== 0;
  // With all of them clear, as the sender must leave them, it is VXLAN whatever the frame holds.
  const isPlain = u32(bytes, offset) === VXLAN_PLAIN && bytes[offset + 7] === 0 && cursor.limit - offset >= 8 + 14;
  if (!isPlain && !looksLikeEthernet(cursor, 8)) return STEP_DONE;
  if (!cursor.enter(LAYER_VXLAN)) return STEP_DONE;
  if (hasVni) cursor.within(SCOPE_VXLAN, u24(bytes, offset + 4));
  cursor.offset += 8;
  return STEP_ETHERNET;
}
/** draft-ietf-nvo3-vxlan-gpe §3: flags with version (2 bits), I, P, B, O; next protocol in byte 3 when P is set. */
export const GPE_HAS_PROTOCOL = 0x04;
export const GPE_VERSION = 0x30;
export function readVxlanGpe(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(8)) return STEP_DONE;
  const flags = bytes[offset]!;
  const protocol = (flags & GPE_HAS_PROTOCOL) === 0 ? 3 : bytes[offset + 3]!;
  const isSound = (flags & GPE_VERSION) === 0 && (flags & VXLAN_HAS_VNI) !== 0;
  if (!isSound) return STEP_DONE;
  // With all that is reserved clear it is the tunnel whatever it holds: what cannot be read of that is counted.
  const isPlain =
    flags === (VXLAN_HAS_VNI | GPE_HAS_PROTOCOL) && u16(bytes, offset + 1) === 0 && bytes[offset + 7] === 0;
  if (!isPlain && !looksLikeNext(cursor, protocol)) return STEP_DONE;
  if (!cursor.enter(LAYER_VXLAN_GPE)) return STEP_DONE;
  cursor.within(SCOPE_VXLAN, u24(bytes, offset + 4));
  cursor.offset += 8;
  return nextProtocol(cursor, protocol);
}
export function looksLikeNext(cursor: Cursor, protocol: number): boolean {
  if (protocol <= 2) return protocol !== 0 && looksLikeIp(cursor, 8);
  return protocol === 3 ? looksLikeEthernet(cursor, 8) : protocol <= 5;
}
