import { u16, u16le, u32, u32le } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_LLC, STEP_SUBFRAME, STEP_WLAN } from '../cursor.ts';
import { LAYER_AVS, LAYER_PRISM, LAYER_RADIOTAP, LAYER_WLAN } from '../layers.ts';
import {
  REASON_ENCRYPTED,
  REASON_MALFORMED_LINK,
  REASON_TRUNCATED_LINK,
  REASON_WLAN_FRAGMENT,
  wlanReason,
} from '../reasons.ts';
import { MALFORMED } from '../status.ts';

function cut(cursor: Cursor, n: number): number {
  return cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
}

/*
 * https://www.radiotap.org: version (1), pad (1), length (2), presence bits (4, more while bit 31 is set), then the fields,
 * each aligned to its size; all little-endian
 */
const RADIOTAP_HEADER = 8;
const RADIOTAP_HAS_TIME = 0x01;
const RADIOTAP_HAS_FLAGS = 0x02;
const RADIOTAP_HAS_MORE = 0x80000000;
const RADIOTAP_FCS = 0x10;
const RADIOTAP_PADDED = 0x20;
const FCS = 4;

export function readRadiotap(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(RADIOTAP_HEADER)) return cut(cursor, RADIOTAP_HEADER);
  if (!cursor.enter(LAYER_RADIOTAP)) return STEP_DONE;
  const length = u16le(bytes, offset + 2);
  if (bytes[offset] !== 0 || length < RADIOTAP_HEADER) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  if (!cursor.has(length)) return cut(cursor, length);
  const present = u32le(bytes, offset + 4);
  let at = RADIOTAP_HEADER;
  for (let word = present; (word & RADIOTAP_HAS_MORE) !== 0 && at + 4 <= length; at += 4)
    word = u32le(bytes, offset + at);
  if ((present & RADIOTAP_HAS_TIME) !== 0) at = ((at + 7) & ~7) + 8;
  const flags = (present & RADIOTAP_HAS_FLAGS) !== 0 && at < length ? bytes[offset + at]! : 0;
  if ((flags & RADIOTAP_FCS) !== 0) cursor.narrow(cursor.limit - FCS);
  cursor.offset += length;
  cursor.isPadded = (flags & RADIOTAP_PADDED) !== 0;
  return STEP_WLAN;
}

/** Prism monitor header: message code (4), length (4), device name, values; in the byte order of the driver's machine. */
const PRISM_LONGEST = 4096;
/** AVS header, draft "capturefrm": a magic with the version in its last three digits, then the length; big-endian. */
const AVS_MAGIC = 0x80211000;

export function readPrism(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(8)) return cut(cursor, 8);
  // Some drivers put the AVS header where a Prism header is promised.
  if (isAvs(u32(bytes, offset))) return readAvs(cursor);
  if (!cursor.enter(LAYER_PRISM)) return STEP_DONE;
  const little = u32le(bytes, offset + 4);
  const length = little <= PRISM_LONGEST ? little : u32(bytes, offset + 4);
  return skipHeader(cursor, length);
}

export function readAvs(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(8)) return cut(cursor, 8);
  if (!cursor.enter(LAYER_AVS)) return STEP_DONE;
  if (!isAvs(u32(bytes, offset))) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  return skipHeader(cursor, u32(bytes, offset + 4));
}

function isAvs(magic: number): boolean {
  return (magic & 0xfffff000) >>> 0 === AVS_MAGIC;
}

function skipHeader(cursor: Cursor, length: number): number {
  if (length < 8) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  if (!cursor.has(length)) return cut(cursor, length);
  cursor.offset += length;
  cursor.isPadded = false;
  return STEP_WLAN;
}

/*
 * IEEE 802.11 §9.2.3, data frames (§9.3.2)
 *
 *   +--------+----------+-----+-----+-----+----------+ - - - - +- - - -+- - - -+----------
 *   | control| duration | a 1 | a 2 | a 3 | sequence | a 4     | QoS   | HT    | LLC
 *   | 2      | 2        | 6   | 6   | 6   | 2        | 6       | 2     | 4     |
 *   +--------+----------+-----+-----+-----+----------+ - - - - +- - - -+- - - -+----------
 */
const WLAN_HEADER = 24;
const SEQUENCE_CONTROL = 22;
const TYPE_DATA = 2;
const SUBTYPE_NO_DATA = 0x4;
const SUBTYPE_QOS = 0x8;
const TO_AND_FROM_DS = 0x03;
const PROTECTED = 0x40;
const ORDER = 0x80;
const QOS_AGGREGATE = 0x80;

/** Whether two bytes may be the frame control of a data frame: version 0, type 2. */
export function looksLikeWlanData(control: number): boolean {
  return (control & 0x0f) === 0x08;
}

export function readWlan(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(2)) return cut(cursor, 2);
  if (!cursor.enter(LAYER_WLAN)) return STEP_DONE;
  const control = bytes[cursor.isControlSwapped ? offset + 1 : offset]!;
  const flags = bytes[cursor.isControlSwapped ? offset : offset + 1]!;
  // Version 1 (S1G) has another header, and there is no version 2.
  if ((control & 3) !== 0) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  const type = (control >> 2) & 3;
  const subtype = control >> 4;
  if (type !== TYPE_DATA) return cursor.unsupported(wlanReason(type * 16 + subtype));
  // Null frames and polls carry nothing: understood.
  if ((subtype & SUBTYPE_NO_DATA) !== 0) return STEP_DONE;
  let length = WLAN_HEADER;
  if ((flags & TO_AND_FROM_DS) === TO_AND_FROM_DS) length += 6;
  const hasQos = (subtype & SUBTYPE_QOS) !== 0;
  const qosAt = offset + length;
  if (hasQos) length += (flags & ORDER) === 0 ? 2 : 6;
  if (cursor.isPadded) length = (length + 3) & ~3;
  if (!cursor.has(length)) return cut(cursor, length);
  if ((u16le(bytes, offset + SEQUENCE_CONTROL) & 0x0f) !== 0) return cursor.unsupported(REASON_WLAN_FRAGMENT);
  const isAggregate = hasQos && (bytes[qosAt]! & QOS_AGGREGATE) !== 0;
  cursor.offset += length;
  // Some cards hand out frames decrypted and leave the bit set: then LLC stands where the cipher's header would.
  if ((flags & PROTECTED) !== 0 && (isAggregate || !isLlc(cursor))) return cursor.unsupported(REASON_ENCRYPTED);
  if (!isAggregate) return STEP_LLC;
  cursor.nextSubframe = cursor.offset;
  cursor.subframesEnd = cursor.end;
  cursor.subframesLimit = cursor.limit;
  cursor.subframesLayerCount = cursor.record.layerCount;
  return STEP_SUBFRAME;
}

function isLlc(cursor: Cursor): boolean {
  return cursor.has(3) && u16(cursor.bytes, cursor.offset) === 0xaaaa && cursor.bytes[cursor.offset + 2] === 0x03;
}

/*
 * A-MSDU subframe, IEEE 802.11 §9.3.2.2.2: destination (6), source (6), length (2), LLC and data; padded to four bytes
 */
const SUBFRAME_HEADER = 14;
const SUBFRAME_LENGTH = 12;

/** Reads the frame at Cursor.nextSubframe and moves that behind it. */
export function readSubframe(cursor: Cursor): number {
  const { bytes } = cursor;
  cursor.offset = cursor.nextSubframe;
  cursor.end = cursor.subframesEnd;
  cursor.limit = cursor.subframesLimit;
  cursor.nextSubframe = -1;
  if (!cursor.has(SUBFRAME_HEADER)) return cut(cursor, SUBFRAME_HEADER);
  const length = u16(bytes, cursor.offset + SUBFRAME_LENGTH);
  cursor.offset += SUBFRAME_HEADER;
  const following = cursor.offset - SUBFRAME_HEADER + ((SUBFRAME_HEADER + length + 3) & ~3);
  // One that the capture cut away is read as well, so that it is counted.
  if (following < cursor.subframesLimit) cursor.nextSubframe = following;
  cursor.narrow(cursor.offset + length);
  return length === 0 ? STEP_DONE : STEP_LLC;
}
