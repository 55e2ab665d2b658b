import { u16, u32le } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_IPV4, STEP_IPV6, STEP_MPLS, STEP_PPP } from '../cursor.ts';
import { LAYER_DOCSIS, LAYER_EBHSCR, LAYER_EPON, LAYER_GFP, LAYER_MPACKET, LAYER_NETANALYZER } from '../layers.ts';
import {
  REASON_DOCSIS,
  REASON_ENCRYPTED,
  REASON_GFP,
  REASON_MALFORMED_LINK,
  REASON_MPACKET_FRAGMENT,
  REASON_NOT_IP,
  REASON_TRUNCATED_LINK,
} from '../reasons.ts';
import { MALFORMED } from '../status.ts';

/* Ethernet frames as they are on a line, with what the line has before them: taps, analysers, access networks, transport networks. */

const FCS = 4;
const PREAMBLE = 0x55;
const START = 0xd5;
/** Seven bytes of preamble, and the one that says that the frame begins (IEEE 802.3 §3.2.1). */
const PREAMBLE_AND_START = 8;

function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

function toEthernet(cursor: Cursor, length: number, fcs: number): number {
  cursor.offset += length;
  cursor.narrow(cursor.limit - fcs);
  return STEP_ETHERNET;
}

/** IEEE 802.3 §65.1.3.2: in an EPON the preamble says by whom (logical link). LINKTYPE_EPON; no check sequence behind it. */
export const readEpon = (cursor: Cursor): number =>
  enter(cursor, PREAMBLE_AND_START, LAYER_EPON) ? toEthernet(cursor, PREAMBLE_AND_START, 0) : STEP_DONE;

/** IEEE 802.3 §99.3.3: in a later piece of a frame this byte stands before the last of the preamble, which counts the pieces. */
const CONTINUATIONS = [0x61, 0x52, 0x9e, 0x2a];
/** IEEE 802.3 table 99-1: the last byte of the preamble. */
const VERIFY = 0x07;
const RESPOND = 0x19;
const STARTS = [START, 0xe6, 0x4c, 0x7f, 0xb3];

/** IEEE 802.3 §99.3: a frame that others may interrupt begins as another does; its later pieces have no headers. LINKTYPE_ETHERNET_MPACKET. */
export function readMpacket(cursor: Cursor): number {
  if (!enter(cursor, PREAMBLE_AND_START, LAYER_MPACKET)) return STEP_DONE;
  const kind = cursor.bytes[cursor.offset + PREAMBLE_AND_START - 1]!;
  const isContinued = CONTINUATIONS.includes(cursor.bytes[cursor.offset + PREAMBLE_AND_START - 2]!);
  if (!isContinued && (kind === VERIFY || kind === RESPOND)) return STEP_DONE;
  return !isContinued && STARTS.includes(kind)
    ? toEthernet(cursor, PREAMBLE_AND_START, FCS)
    : cursor.unsupported(REASON_MPACKET_FRAGMENT);
}

/** Bits of netANALYZER's header (https://www.tcpdump.org/linktypes/LINKTYPE_NETANALYZER.html), little-endian. */
const NETANALYZER_HEADER = 4;
const ELECTRICAL_EVENT = 0x100;

/** LINKTYPE_NETANALYZER; LINKTYPE_NETANALYZER_TRANSPARENT has the preamble too, which may be shorter or longer than it should. */
export function readNetAnalyzer(cursor: Cursor, isTransparent: boolean): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, NETANALYZER_HEADER, LAYER_NETANALYZER)) return STEP_DONE;
  if ((u32le(bytes, offset) & ELECTRICAL_EVENT) !== 0) return STEP_DONE;
  if (!isTransparent) return toEthernet(cursor, NETANALYZER_HEADER, FCS);
  let length = NETANALYZER_HEADER;
  while (cursor.has(length + 1) && bytes[offset + length] === PREAMBLE) length++;
  if (!cursor.has(length + 1)) return cursor.cut(length + 1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (bytes[offset + length] !== START) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  return toEthernet(cursor, length + 1, FCS);
}

/** Elektrobit's bus recorder (https://www.tcpdump.org/linktypes/LINKTYPE_EBHSCR.html): kind in the first byte of 32. */
const EBHSCR_HEADER = 32;
const EBHSCR_ETHERNET = 0x50;

export function readEbhscr(cursor: Cursor): number {
  if (!enter(cursor, EBHSCR_HEADER, LAYER_EBHSCR)) return STEP_DONE;
  return cursor.bytes[cursor.offset] === EBHSCR_ETHERNET
    ? toEthernet(cursor, EBHSCR_HEADER, FCS)
    : cursor.unsupported(REASON_NOT_IP);
}

/*
 * DOCSIS MAC (CM-SP-MULPIv3.1 §6.2): frame control (type 2 bits, parameter 5, extended header follows 1), length of the extended
 * header (1), length of all behind it (2), extended header, check sequence (2), Ethernet. LINKTYPE_DOCSIS.
 */
const DOCSIS_PACKET = 0;
const DOCSIS_ISOLATION = 2;
const DOCSIS_MAC = 3;
/** Parameters of MAC specific frames: fragments, and several frames in one. */
const DOCSIS_FRAGMENT = 3;
const DOCSIS_CONCATENATION = 0x1c;
/** Extended header elements of privacy (type in the high four bits, length in the low), whose second byte says whether the frame is encrypted. */
const PRIVACY = [3, 4, 7];

function isDocsisEncrypted(cursor: Cursor, start: number, end: number): boolean {
  const { bytes } = cursor;
  for (let at = start; at < end; at += 1 + (bytes[at]! & 0x0f))
    if (PRIVACY.includes(bytes[at]! >> 4) && at + 2 < end && (bytes[at + 2]! & 0x80) !== 0) return true;
  return false;
}

export function readDocsis(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, 6, LAYER_DOCSIS)) return STEP_DONE;
  const control = bytes[offset]!;
  const type = control >> 6;
  const parameter = (control >> 1) & 0x1f;
  const extended = (control & 1) === 0 ? 0 : bytes[offset + 1]!;
  const length = 6 + extended;
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (type === DOCSIS_MAC)
    // All others are the network's own messages.
    return parameter === DOCSIS_FRAGMENT || parameter === DOCSIS_CONCATENATION
      ? cursor.unsupported(REASON_DOCSIS)
      : STEP_DONE;
  if (type !== DOCSIS_PACKET && type !== DOCSIS_ISOLATION) return cursor.unsupported(REASON_DOCSIS);
  if (isDocsisEncrypted(cursor, offset + 4, offset + 4 + extended)) return cursor.unsupported(REASON_ENCRYPTED);
  return toEthernet(cursor, length, FCS);
}

/*
 * ITU-T G.7041 §6.1: length (2), check sequence (2); then type (payload 3 bits, FCS 1, extension 4; user payload 8), check sequence (2),
 * for the linear extension channel (1), spare (1), check sequence (2); payload. LINKTYPE_GPF_F and LINKTYPE_GPF_T.
 */
const GFP_CORE = 4;
/** Shorter ones are idle frames (§6.2.1). */
const GFP_SHORTEST = 4;
const GFP_CLIENT_DATA = 0;
const GFP_FCS = 0x10;
const GFP_LINEAR = 1;

export function readGfp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, GFP_CORE, LAYER_GFP)) return STEP_DONE;
  const length = u16(bytes, offset);
  if (length < GFP_SHORTEST) return STEP_DONE;
  cursor.offset += GFP_CORE;
  cursor.narrow(cursor.offset + length);
  if (!cursor.has(4)) return cursor.cut(4, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const type = bytes[cursor.offset]!;
  const extension = type & 0x0f;
  const payload = bytes[cursor.offset + 1]!;
  // What is not the client's data manages the link.
  if (type >> 5 !== GFP_CLIENT_DATA) return STEP_DONE;
  if (extension > GFP_LINEAR) return cursor.unsupported(REASON_GFP);
  const header = extension === GFP_LINEAR ? 8 : 4;
  if (!cursor.has(header)) return cursor.cut(header, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += header;
  if ((type & GFP_FCS) !== 0) cursor.narrow(cursor.limit - FCS);
  switch (payload) {
    case 1:
      return toEthernet(cursor, 0, FCS);
    case 2:
      return STEP_PPP;
    case 13:
    case 14:
      return STEP_MPLS;
    case 16:
      return STEP_IPV4;
    case 17:
      return STEP_IPV6;
    default:
      return cursor.unsupported(REASON_GFP);
  }
}
