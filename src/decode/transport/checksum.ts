import { u16 } from '../bytes.ts';
import { LAYER_NULL } from '../layers.ts';
import {
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  CHECKSUM_OFFLOADED,
  DIRECTION_INBOUND,
  DIRECTION_OUTBOUND,
  FRAGMENT_NONE,
  type PacketRecord,
} from '../packet.ts';

/** Sum of the 16-bit words at start .. end (exclusive), not folded. Exact for up to 16 MB. */
function sumWords(bytes: Uint8Array, start: number, end: number): number {
  // The high and the low bytes are summed apart, in small integers, and four words at a time: three times as fast.
  let high = 0;
  let low = 0;
  let i = start;
  for (const last = end - 8; i <= last; i += 8) {
    high += bytes[i]! + bytes[i + 2]! + bytes[i + 4]! + bytes[i + 6]!;
    low += bytes[i + 1]! + bytes[i + 3]! + bytes[i + 5]! + bytes[i + 7]!;
  }
  for (; i + 1 < end; i += 2) {
    high += bytes[i]!;
    low += bytes[i + 1]!;
  }
  // RFC 1071 §1: an odd byte is padded with zero on the right.
  if (i < end) high += bytes[i]!;
  return high * 256 + low;
}

/**
 * Whether a receiver drops the IPv4 packet of `record` for the checksum of its header (RFC 791 §3.1, RFC 1122 §3.2.1.2). Packets put
 * together from fragments have no one header; of one whose length is 0 (TSO) the card makes the whole header.
 */
export function isIpv4HeaderBad(record: PacketRecord): boolean {
  if (record.ipVersion !== 4 || record.fragment !== FRAGMENT_NONE) return false;
  const { bytes } = record;
  const start = record.sourceOffset - IPV4_SOURCE;
  if (isIpv4HeaderSound(bytes, start, start + (bytes[start]! & 0x0f) * 4)) return false;
  return u16(bytes, start + IPV4_LENGTH) !== 0 && !isLeftToCard(record, u16(bytes, start + IPV4_CHECKSUM) === 0);
}

const IPV4_LENGTH = 2;
const IPV4_CHECKSUM = 10;
const IPV4_SOURCE = 12;

/** Whether the checksum of the IPv4 header at start .. end (exclusive) is right (RFC 791 §3.1). */
export function isIpv4HeaderSound(bytes: Uint8Array, start: number, end: number): boolean {
  return fold(sumWords(bytes, start, end)) === 0xffff;
}

function fold(sum: number): number {
  // Above 32 bits (segments of more than 64 KB) the first fold needs real division.
  let folded = sum <= 0xffffffff ? sum : (sum % 0x10000) + Math.floor(sum / 0x10000);
  while (folded > 0xffff) folded = (folded >>> 16) + (folded & 0xffff);
  return folded;
}

/**
 * Checks the checksum of an ICMP message that was captured whole at start .. end (exclusive), and stands at `at`: RFC 792; with a
 * pseudo-header of IPv6 RFC 4443 §2.3. Returns one of the CHECKSUM_ values.
 */
export function verifyIcmpChecksum(record: PacketRecord, start: number, end: number, at: number): number {
  if (record.ipVersion === 6) return verifyChecksum(record, PROTOCOL_ICMPV6, start, end, at);
  return fold(sumWords(record.bytes, start, end)) === 0xffff ? CHECKSUM_GOOD : CHECKSUM_BAD;
}

const PROTOCOL_ICMPV6 = 58;

/**
 * Checks the TCP or UDP checksum of a segment that was captured whole at start .. end (exclusive), with the addresses of
 * `record`; the checksum stands at `at`. RFC 9293 §3.1, RFC 8200 §8.1. Returns one of the CHECKSUM_ values.
 */
export function verifyChecksum(record: PacketRecord, protocol: number, start: number, end: number, at: number): number {
  const { bytes, sourceOffset, destinationOffset } = record;
  const size = record.ipVersion === 4 ? 4 : 16;
  const length = end - start;
  const addresses =
    sumWords(bytes, sourceOffset, sourceOffset + size) + sumWords(bytes, destinationOffset, destinationOffset + size);
  const pseudo = fold(addresses + protocol + length);
  if (fold(pseudo + sumWords(bytes, start, end)) === 0xffff) return CHECKSUM_GOOD;
  // What a stack leaves for the card to finish is the folded sum of the pseudo-header, with the length or, when
  // the card is to cut the segment (TSO), for some drivers without.
  const stored = u16(bytes, at);
  const isUnfinished = stored === pseudo || stored === fold(addresses + protocol);
  return isLeftToCard(record, isUnfinished) ? CHECKSUM_OFFLOADED : CHECKSUM_BAD;
}

/**
 * Whether a wrong checksum is one that the capturing host has left to its card. Of a frame that it sent (pcapng's flags, PKTAP) any may
 * be: drivers leave other things there too. One that it received has come over a wire, and a checksum that was never finished is
 * as wrong as another; but not over a loopback. Linux's cooked headers tell directions too, but there a packet that was received may
 * have come from a neighbour on the same machine (veth, virtio), unfinished, and is taken; and what it sends is unfinished in just this way.
 */
function isLeftToCard(record: PacketRecord, isUnfinished: boolean): boolean {
  if (record.direction === DIRECTION_OUTBOUND) return true;
  if (record.direction === DIRECTION_INBOUND && !isLoopback(record)) return false;
  return isUnfinished;
}

const LOCAL_NET = 127;

function isLoopback({ bytes, sourceOffset, ipVersion, layers, layerCount }: PacketRecord): boolean {
  if (layers.subarray(0, layerCount).includes(LAYER_NULL)) return true;
  // 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1 (RFC 4291 §2.5.3).
  if (ipVersion === 4) return bytes[sourceOffset] === LOCAL_NET;
  for (let i = 0; i < 15; i++) if (bytes[sourceOffset + i] !== 0) return false;
  return bytes[sourceOffset + 15] === 1;
}
