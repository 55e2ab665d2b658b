import { u16, u24, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_WLAN } from '../cursor.ts';
import { looksLikeEthernet } from '../heuristics.ts';
import { LAYER_CAPWAP } from '../layers.ts';
import { looksLikeWlanData } from '../link/ieee80211.ts';
import { REASON_CAPWAP_FRAGMENT, REASON_ENCRYPTED } from '../reasons.ts';

/*
 * RFC 5415 §4.3, data messages; the first byte (§4.2) is 0 for these, 1 before DTLS
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |version| type  |  HLEN   |   RID   | WBID    |T|F|L|W|M|K|Flags|
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |          Fragment ID          |     Frag Offset         |Rsvd |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   | radio MAC address (M), wireless information (W), within HLEN words
 */
const HEADER = 8;
const PREAMBLE_PLAIN = 0;
const PREAMBLE_DTLS = 1;
/** DTLS header (RFC 5415 §4.2): three zero bytes, then a record of RFC 6347: application data, version 1.0 or 1.2. */
const DTLS_APPLICATION_DATA = 23;
const IS_NATIVE = 0x100;
const IS_FRAGMENT = 0x080;
const HAS_WIRELESS = 0x020;
const HAS_RADIO_MAC = 0x010;
const IS_KEEP_ALIVE = 0x008;
const RESERVED_FLAGS = 0x007;
const RESERVED_FRAGMENT = 0x0007;
const ETHERNET_HEADER = 14;
const WIRELESS_80211 = 1;

export function readCapwap(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(HEADER)) return STEP_DONE;
  if (bytes[offset] === PREAMBLE_DTLS) return readEncrypted(cursor);
  const word = u24(bytes, offset + 1);
  const length = (word >> 19) * 4;
  const wireless = (word >> 9) & 0x1f;
  const isNative = (word & IS_NATIVE) !== 0;
  if (bytes[offset] !== PREAMBLE_PLAIN || length < HEADER || (word & IS_KEEP_ALIVE) !== 0) return STEP_DONE;
  if (wireless > 3 || (isNative && wireless !== WIRELESS_80211)) return STEP_DONE;
  if (cursor.lacks(length + 2)) return STEP_DONE;
  // A later fragment shows nothing by itself; the first one has the headers.
  const isLater = (word & IS_FRAGMENT) !== 0 && u16(bytes, offset + 6) >> 3 !== 0;
  if (isLater) {
    if (cursor.enter(LAYER_CAPWAP)) cursor.unsupported(REASON_CAPWAP_FRAGMENT);
    return STEP_DONE;
  }
  const at = offset + length;
  // Many access points swap the two bytes of 802.11's frame control.
  const isSwapped = isNative && !looksLikeWlanData(bytes[at]!);
  if (isSwapped && !looksLikeWlanData(bytes[at + 1]!)) return STEP_DONE;
  if (!isNative && !looksLikeEthernet(cursor, length) && !isPlainHeader(cursor, word, length)) return STEP_DONE;
  if (!cursor.enter(LAYER_CAPWAP)) return STEP_DONE;
  cursor.offset += length;
  if (!isNative) return STEP_ETHERNET;
  cursor.isPadded = false;
  cursor.isControlSwapped = isSwapped;
  return STEP_WLAN;
}

/**
 * Whether nothing speaks against a data message that is none, as the sender must leave the header: then an Ethernet frame follows
 * whatever it holds, and what cannot be read of that is counted.
 */
function isPlainHeader(cursor: Cursor, word: number, length: number): boolean {
  const { bytes, offset } = cursor;
  const hasOptional = (word & (HAS_WIRELESS | HAS_RADIO_MAC)) !== 0;
  const isFragmented = (word & IS_FRAGMENT) !== 0;
  const fragment = u32(bytes, offset + 4);
  return (
    (word & RESERVED_FLAGS) === 0 &&
    (fragment & RESERVED_FRAGMENT) === 0 &&
    (isFragmented || fragment === 0) &&
    hasOptional === length > HEADER &&
    cursor.limit - offset >= length + ETHERNET_HEADER
  );
}

function readEncrypted(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  const isRecord =
    u24(bytes, offset + 1) === 0 && bytes[offset + 4] === DTLS_APPLICATION_DATA && bytes[offset + 5] === 0xfe;
  if (isRecord && cursor.enter(LAYER_CAPWAP)) cursor.unsupported(REASON_ENCRYPTED);
  return STEP_DONE;
}
