import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_ETHERTYPE } from '../cursor.ts';
import { looksLikeEtherType } from '../heuristics.ts';
import {
  LAYER_AVSP,
  LAYER_CISCO_METADATA,
  LAYER_ETAG,
  LAYER_FGL,
  LAYER_HSR,
  LAYER_RTAG,
  LAYER_TRILL,
  LAYER_TTAG,
} from '../layers.ts';
import { etherTypeReason, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { SCOPE_FGL } from '../scopes.ts';
import { MALFORMED } from '../status.ts';

/* More of what switches put between an EtherType of their own and the frame's. But for TRILL's label none has a number that tells flows apart. */

function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

function skipTag(cursor: Cursor, n: number, layer: number): number {
  if (!enter(cursor, n + 2, layer)) return STEP_DONE;
  cursor.type = u16(cursor.bytes, cursor.offset + n);
  cursor.offset += n + 2;
  return STEP_ETHERTYPE;
}

/**
 * Cisco MetaData (TrustSec): version (1), length (1) in units of four bytes, then options, of which the security group tag
 * is the usual one (option and length 2, tag 2). A type follows.
 */
export function readCiscoMetadata(cursor: Cursor): number {
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const words = cursor.bytes[cursor.offset + 1]!;
  if (words === 0) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  return skipTag(cursor, 2 + 4 * words, LAYER_CISCO_METADATA);
}

/** IEEE 802.1BR §7.5: priority, ingress channel (2), channel (2), extensions of both (2), type. */
export const readETag = (cursor: Cursor): number => skipTag(cursor, 6, LAYER_ETAG);

/** IEC 62439-3 §5.7: path and size (2), sequence number (2), type. */
export const readHsr = (cursor: Cursor): number => skipTag(cursor, 4, LAYER_HSR);

/**
 * Cisco's time stamp (ttag): nanoseconds (6), type. It uses a type for experiments (IEEE 802 §9.2.4), so that others may
 * mean something else by it: the type behind it decides.
 */
export function readTimeTag(cursor: Cursor): number {
  if (!looksLikeEtherType(cursor, 6)) return cursor.unsupported(etherTypeReason(cursor.type));
  return skipTag(cursor, 6, LAYER_TTAG);
}

/**
 * RFC 6325 §3: version (2 bits), reserved, M, length of options in words (5 bits from bit 5), hop count (6); egress (2) and
 * ingress (2) nickname; options; then the whole inner frame.
 */
export function readTrill(cursor: Cursor): number {
  if (!enter(cursor, 6, LAYER_TRILL)) return STEP_DONE;
  const flags = u16(cursor.bytes, cursor.offset);
  // Nobody knows another version.
  if (flags >> 14 !== 0) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  const length = 6 + ((flags >> 6) & 0x1f) * 4;
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += length;
  return STEP_ETHERNET;
}

/** RFC 7172 §2.3: the label's high and low 12 bits, each behind this type and four bits of priority. */
export const ETHERTYPE_FINE_GRAINED_LABEL = 0x893b;

export function readFineGrainedLabel(cursor: Cursor): number {
  if (!enter(cursor, 8, LAYER_FGL)) return STEP_DONE;
  const { bytes, offset } = cursor;
  if (u16(bytes, offset + 2) !== ETHERTYPE_FINE_GRAINED_LABEL) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  cursor.within(SCOPE_FGL, ((u16(bytes, offset) & 0x0fff) << 12) | (u16(bytes, offset + 4) & 0x0fff));
  cursor.type = u16(bytes, offset + 6);
  cursor.offset += 8;
  return STEP_ETHERTYPE;
}

/** IEEE 802.1CB §7.8: reserved (2), sequence number (2), type. */
export const readRedundancyTag = (cursor: Cursor): number => skipTag(cursor, 4, LAYER_RTAG);

const ARISTA_64 = 0x10;
const ARISTA_48 = 0x20;

/** Arista's time stamp: kind (2), version (2), whose low byte says how long the time is (8 or 6), time, type. */
export function readAristaTime(cursor: Cursor): number {
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const version = cursor.bytes[cursor.offset + 3]!;
  if (version === ARISTA_64) return skipTag(cursor, 12, LAYER_AVSP);
  return version === ARISTA_48 ? skipTag(cursor, 10, LAYER_AVSP) : cursor.unsupported(etherTypeReason(cursor.type));
}
