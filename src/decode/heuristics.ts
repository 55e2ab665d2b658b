import { u16 } from './bytes.ts';
import type { Cursor } from './cursor.ts';

/*
 * Guesses where no header says what follows (MPLS), or where a port number alone says so (UDP tunnels). Each needs
 * several bytes to agree. Bytes that were not captured never speak against a guess.
 */

/** Whether an IPv4 or IPv6 header may stand `skip` bytes ahead: version, header length, and a length that fits. */
export function looksLikeIp(cursor: Cursor, skip: number): boolean {
  const { bytes } = cursor;
  const at = cursor.offset + skip;
  const limit = cursor.isOpen ? Number.MAX_SAFE_INTEGER : cursor.limit;
  if (at >= limit) return false;
  if (at >= cursor.end) return true;
  const version = bytes[at]! >> 4;
  const room = limit - at;
  if (version === 4) {
    if ((bytes[at]! & 0x0f) < 5 || room < 20) return false;
    if (at + 4 > cursor.end) return true;
    const totalLength = u16(bytes, at + 2);
    return cursor.quoting || (totalLength >= 20 && totalLength <= room);
  }
  if (version === 6) {
    if (room < 40) return false;
    if (at + 6 > cursor.end) return true;
    return cursor.quoting || u16(bytes, at + 4) + 40 <= room;
  }
  return false;
}

/** IP aside, every type that ethernet.ts follows, and what is often beside them on a bridged segment: ARP, RARP, PPPoE discovery, LLDP, PRP. */
const KNOWN_TYPES = [
  0x0806, 0x22f3, 0x4305, 0x6558, 0x8035, 0x8100, 0x8200, 0x880b, 0x8847, 0x8848, 0x8863, 0x8864, 0x8870, 0x88a8,
  0x88b5, 0x88cc, 0x88e5, 0x88e7, 0x88fb, 0x8903, 0x8909, 0x8926, 0x892f, 0x893b, 0x893f, 0x894f, 0x9100, 0x9200,
  0x9300, 0xd28b, 0xf1c1,
];

/** Whether an Ethernet header may stand `skip` bytes ahead: a type that is in use, and an IP version that suits it. */
export function looksLikeEthernet(cursor: Cursor, skip: number): boolean {
  const at = cursor.offset + skip;
  const limit = cursor.isOpen ? Number.MAX_SAFE_INTEGER : cursor.limit;
  if (at + 14 > limit) return false;
  if (at + 14 > cursor.end) return true;
  const type = u16(cursor.bytes, at + 12);
  if (type <= 1500) return type >= 3 && at + 14 + type <= limit;
  return looksLikeEtherType(cursor, skip + 12);
}

/** Whether an EtherType, `skip` bytes ahead, and what stands behind it may be right. */
export function looksLikeEtherType(cursor: Cursor, skip: number): boolean {
  const at = cursor.offset + skip;
  if (at + 2 > cursor.end) return cursor.isOpen || at + 2 <= cursor.limit;
  const type = u16(cursor.bytes, at);
  if (type !== 0x0800 && type !== 0x86dd) return KNOWN_TYPES.includes(type);
  if (at + 3 > cursor.end) return cursor.isOpen || at + 3 <= cursor.limit;
  return cursor.bytes[at + 2]! >> 4 === (type === 0x0800 ? 4 : 6);
}
export function isIpType(type: number): boolean {
  return type === 0x0800 || type === 0x86dd;
}
export const FIRST_ETHERTYPE = 0x0600;
