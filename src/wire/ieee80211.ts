import { u16, u16le, u32, u32le } from './bytes.ts';
import { LAYER_AVS, LAYER_PRISM, LAYER_RADIOTAP, LAYER_WLAN } from './layers.ts';
import {
  REASON_ENCRYPTED,
  REASON_MALFORMED_LINK,
  REASON_TRUNCATED_LINK,
  REASON_WLAN_FRAGMENT,
  wlanReason,
} from './reasons.ts';
import { MALFORMED } from './status.ts';
import { STEP_DONE, STEP_LLC, STEP_SUBFRAME, STEP_WLAN, type Walk } from './walk.ts';

function cut(walk: Walk, n: number): number {
  return walk.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
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

export function readRadiotap(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(RADIOTAP_HEADER)) return cut(walk, RADIOTAP_HEADER);
  if (!walk.enter(LAYER_RADIOTAP)) return STEP_DONE;
  const length = u16le(bytes, offset + 2);
  if (bytes[offset] !== 0 || length < RADIOTAP_HEADER) return walk.fail(MALFORMED, REASON_MALFORMED_LINK);
  if (!walk.has(length)) return cut(walk, length);
  const present = u32le(bytes, offset + 4);
  let at = RADIOTAP_HEADER;
  for (let word = present; (word & RADIOTAP_HAS_MORE) !== 0 && at + 4 <= length; at += 4)
    word = u32le(bytes, offset + at);
  if ((present & RADIOTAP_HAS_TIME) !== 0) at = ((at + 7) & ~7) + 8;
  const flags = (present & RADIOTAP_HAS_FLAGS) !== 0 && at < length ? bytes[offset + at]! : 0;
  if ((flags & RADIOTAP_FCS) !== 0) walk.narrow(walk.limit - FCS);
  walk.offset += length;
  walk.isPadded = (flags & RADIOTAP_PADDED) !== 0;
  return STEP_WLAN;
}

/** Prism monitor header: message code (4), length (4), device name, values; in the byte order of the driver's machine. */
const PRISM_LONGEST = 4096;
/** AVS header, draft "capturefrm": a magic with the version in its last three digits, then the length; big-endian. */
const AVS_MAGIC = 0x80211000;

export function readPrism(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(8)) return cut(walk, 8);
  // Some drivers put the AVS header where a Prism header is promised.
  if (isAvs(u32(bytes, offset))) return readAvs(walk);
  if (!walk.enter(LAYER_PRISM)) return STEP_DONE;
  const little = u32le(bytes, offset + 4);
  const length = little <= PRISM_LONGEST ? little : u32(bytes, offset + 4);
  return skipHeader(walk, length);
}

export function readAvs(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(8)) return cut(walk, 8);
  if (!walk.enter(LAYER_AVS)) return STEP_DONE;
  if (!isAvs(u32(bytes, offset))) return walk.fail(MALFORMED, REASON_MALFORMED_LINK);
  return skipHeader(walk, u32(bytes, offset + 4));
}

function isAvs(magic: number): boolean {
  return (magic & 0xfffff000) >>> 0 === AVS_MAGIC;
}

function skipHeader(walk: Walk, length: number): number {
  if (length < 8) return walk.fail(MALFORMED, REASON_MALFORMED_LINK);
  if (!walk.has(length)) return cut(walk, length);
  walk.offset += length;
  walk.isPadded = false;
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

export function readWlan(walk: Walk): number {
  const { bytes, offset } = walk;
  if (!walk.has(2)) return cut(walk, 2);
  if (!walk.enter(LAYER_WLAN)) return STEP_DONE;
  const control = bytes[walk.isControlSwapped ? offset + 1 : offset]!;
  const flags = bytes[walk.isControlSwapped ? offset : offset + 1]!;
  const type = (control >> 2) & 3;
  const subtype = control >> 4;
  if (type !== TYPE_DATA) return walk.unsupported(wlanReason(type * 16 + subtype));
  // Null frames and polls carry nothing: understood.
  if ((subtype & SUBTYPE_NO_DATA) !== 0) return STEP_DONE;
  let length = WLAN_HEADER;
  if ((flags & TO_AND_FROM_DS) === TO_AND_FROM_DS) length += 6;
  const hasQos = (subtype & SUBTYPE_QOS) !== 0;
  const qosAt = offset + length;
  if (hasQos) length += (flags & ORDER) === 0 ? 2 : 6;
  if (walk.isPadded) length = (length + 3) & ~3;
  if (!walk.has(length)) return cut(walk, length);
  if ((u16le(bytes, offset + SEQUENCE_CONTROL) & 0x0f) !== 0) return walk.unsupported(REASON_WLAN_FRAGMENT);
  const isAggregate = hasQos && (bytes[qosAt]! & QOS_AGGREGATE) !== 0;
  walk.offset += length;
  // Some cards hand out frames decrypted and leave the bit set: then LLC stands where the cipher's header would.
  if ((flags & PROTECTED) !== 0 && (isAggregate || !isLlc(walk))) return walk.unsupported(REASON_ENCRYPTED);
  if (!isAggregate) return STEP_LLC;
  walk.nextSubframe = walk.offset;
  walk.subframesEnd = walk.end;
  walk.subframesLimit = walk.limit;
  walk.subframesLayerCount = walk.record.layerCount;
  return STEP_SUBFRAME;
}

function isLlc(walk: Walk): boolean {
  return walk.has(3) && u16(walk.bytes, walk.offset) === 0xaaaa && walk.bytes[walk.offset + 2] === 0x03;
}

/*
 * A-MSDU subframe, IEEE 802.11 §9.3.2.2.2: destination (6), source (6), length (2), LLC and data; padded to four bytes
 */
const SUBFRAME_HEADER = 14;
const SUBFRAME_LENGTH = 12;

/** Reads the frame at Walk.nextSubframe and moves that behind it. */
export function readSubframe(walk: Walk): number {
  const { bytes } = walk;
  walk.offset = walk.nextSubframe;
  walk.end = walk.subframesEnd;
  walk.limit = walk.subframesLimit;
  walk.nextSubframe = -1;
  if (!walk.has(SUBFRAME_HEADER)) return cut(walk, SUBFRAME_HEADER);
  const length = u16(bytes, walk.offset + SUBFRAME_LENGTH);
  walk.offset += SUBFRAME_HEADER;
  const following = walk.offset - SUBFRAME_HEADER + ((SUBFRAME_HEADER + length + 3) & ~3);
  // One that the capture cut away is read as well, so that it is counted.
  if (following < walk.subframesLimit) walk.nextSubframe = following;
  walk.narrow(walk.offset + length);
  return length === 0 ? STEP_DONE : STEP_LLC;
}
