import { u16 } from './bytes.ts';
import { LAYER_CISCO_METADATA, LAYER_ETAG, LAYER_HSR, LAYER_TRILL, LAYER_TTAG } from './layers.ts';
import { looksLikeEtherType } from './plausible.ts';
import { etherTypeReason, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from './reasons.ts';
import { MALFORMED } from './status.ts';
import { STEP_DONE, STEP_ETHERNET, STEP_ETHERTYPE, type Walk } from './walk.ts';

/* More of what switches put between an EtherType of their own and the frame's. None has a number that tells flows apart. */

function enter(walk: Walk, n: number, layer: number): boolean {
  if (walk.has(n)) return walk.enter(layer);
  walk.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

function skipTag(walk: Walk, n: number, layer: number): number {
  if (!enter(walk, n + 2, layer)) return STEP_DONE;
  walk.type = u16(walk.bytes, walk.offset + n);
  walk.offset += n + 2;
  return STEP_ETHERTYPE;
}

/**
 * Cisco MetaData (TrustSec): version (1), length (1) in units of four bytes, then options, of which the security group tag
 * is the usual one (option and length 2, tag 2). A type follows.
 */
export function readCiscoMetadata(walk: Walk): number {
  if (!walk.has(2)) return walk.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const words = walk.bytes[walk.offset + 1]!;
  if (words === 0) return walk.fail(MALFORMED, REASON_MALFORMED_LINK);
  return skipTag(walk, 2 + 4 * words, LAYER_CISCO_METADATA);
}

/** IEEE 802.1BR §7.5: priority, ingress channel (2), channel (2), extensions of both (2), type. */
export const readETag = (walk: Walk): number => skipTag(walk, 6, LAYER_ETAG);

/** IEC 62439-3 §5.7: path and size (2), sequence number (2), type. */
export const readHsr = (walk: Walk): number => skipTag(walk, 4, LAYER_HSR);

/**
 * Cisco's time stamp (ttag): nanoseconds (6), type. It uses a type for experiments (IEEE 802 §9.2.4), so that others may
 * mean something else by it: the type behind it decides.
 */
export function readTimeTag(walk: Walk): number {
  if (!looksLikeEtherType(walk, 6)) return walk.unsupported(etherTypeReason(walk.type));
  return skipTag(walk, 6, LAYER_TTAG);
}

/**
 * RFC 6325 §3: version (2 bits), reserved, M, length of options in words (5 bits from bit 5), hop count (6); egress (2) and
 * ingress (2) nickname; options; then the whole inner frame.
 */
export function readTrill(walk: Walk): number {
  if (!enter(walk, 6, LAYER_TRILL)) return STEP_DONE;
  const flags = u16(walk.bytes, walk.offset);
  // Nobody knows another version.
  if (flags >> 14 !== 0) return walk.fail(MALFORMED, REASON_MALFORMED_LINK);
  const length = 6 + ((flags >> 6) & 0x1f) * 4;
  if (!walk.has(length)) return walk.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  walk.offset += length;
  return STEP_ETHERNET;
}
