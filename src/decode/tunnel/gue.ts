import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_IP, STEP_PROTOCOL } from '../cursor.ts';
import { looksLikeEthernet, looksLikeIp } from '../heuristics.ts';
import { LAYER_GUE } from '../layers.ts';
import { ipProtocolReason } from '../reasons.ts';

/*
 * Generic UDP encapsulation (draft-ietf-intarea-gue; Linux, include/net/gue.h); version 1 is IP itself, whose version begins with
 * the same two bits (Linux, net/ipv4/fou.c)
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | 0 |C|   Hlen  |  Proto/ctype  |             Flags             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  Extension fields (Hlen words)                |
 */
const HEADER = 4;
const IS_CONTROL = 0x20;
const VERSION = 0xc0;

const IPV4 = 4;
const IPV6 = 41;
const GRE = 47;
const MPLS = 137;
const ETHERNET = 143;

export function readGue(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(HEADER + 1)) return STEP_DONE;
  const first = bytes[offset]!;
  if ((first & VERSION) !== 0) {
    return looksLikeIp(cursor, 0) && cursor.enter(LAYER_GUE) ? STEP_IP : STEP_DONE;
  }
  const length = HEADER + (first & 0x1f) * 4;
  if ((first & IS_CONTROL) !== 0 || cursor.lacks(length + 1)) return STEP_DONE;
  const protocol = bytes[offset + 1]!;
  const hasFlags = u16(bytes, offset + 2) !== 0;
  // Fields without a flag, or a protocol that nobody tunnels, say that it is something else.
  if (hasFlags !== length > HEADER || !isTunneled(protocol) || !cursor.enter(LAYER_GUE)) return STEP_DONE;
  cursor.offset += length;
  cursor.type = protocol;
  // Extensions may have enciphered the payload, or cut it up.
  return hasFlags && !looksLike(cursor, protocol) ? cursor.unsupported(ipProtocolReason(protocol)) : STEP_PROTOCOL;
}

const isTunneled = (protocol: number): boolean =>
  protocol === IPV4 || protocol === IPV6 || protocol === GRE || protocol === MPLS || protocol === ETHERNET;

function looksLike(cursor: Cursor, protocol: number): boolean {
  if (protocol === ETHERNET) return looksLikeEthernet(cursor, 0);
  return (protocol !== IPV4 && protocol !== IPV6) || looksLikeIp(cursor, 0);
}
