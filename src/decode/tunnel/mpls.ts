import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_IP, STEP_IPV4, STEP_IPV6 } from '../cursor.ts';
import { looksLikeEthernet, looksLikeIp } from '../heuristics.ts';
import { LAYER_MPLS, LAYER_PSEUDOWIRE } from '../layers.ts';
import { REASON_MALFORMED_LINK, REASON_MPLS_CHANNEL, REASON_PSEUDOWIRE, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { SCOPE_MPLS } from '../scopes.ts';
import { isIpv4HeaderSound } from '../transport/checksum.ts';

/*
 * RFC 3032 §2.1: a stack of entries; S marks the last
 *
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                Label                  | TC  |S|       TTL     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const ENTRY = 4;
/** Labels below 16 have a meaning of their own (explicit null, router alert, …) and tell no paths apart: RFC 7274. */
const FIRST_ORDINARY_LABEL = 16;
/** RFC 4385 §3: the control word of a pseudowire. */
const CONTROL_WORD = 4;
/** RFC 4385 §5: an associated channel (OAM) begins with the nibble 1, version 0 and eight zero bits. */
const CHANNEL = 0x1000;
const CHANNEL_IPV4 = 0x0021;
const CHANNEL_IPV6 = 0x0057;

export function readMpls(cursor: Cursor): number {
  const { bytes } = cursor;
  if (!cursor.has(ENTRY)) return cursor.cut(ENTRY, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_MPLS)) return STEP_DONE;
  for (let isLast = false; !isLast; cursor.offset += ENTRY) {
    if (!cursor.has(ENTRY)) return cursor.cut(ENTRY, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    const at = cursor.offset;
    const label = (bytes[at]! << 12) | (bytes[at + 1]! << 4) | (bytes[at + 2]! >> 4);
    if (label >= FIRST_ORDINARY_LABEL) cursor.along(SCOPE_MPLS, label);
    isLast = (bytes[at + 2]! & 1) !== 0;
  }
  return readPayload(cursor);
}

/** Between a MAC address and an IPv4 header the header's checksum decides. */
function hasSoundChecksum(cursor: Cursor): boolean {
  const { bytes, offset } = cursor;
  if (bytes[offset]! >> 4 !== 4) return true;
  const length = (bytes[offset]! & 0x0f) * 4;
  return !cursor.has(length) || isIpv4HeaderSound(bytes, offset, offset + length);
}

/** Whether a label stack with a payload that we can read may begin here: RFC 7510 has nothing but a UDP port to say so. */
export function looksLikeMpls(cursor: Cursor): boolean {
  for (let skip = 0; !cursor.lacks(skip + ENTRY); skip += ENTRY) {
    const isLast = (cursor.bytes[cursor.offset + skip + 2]! & 1) !== 0;
    if (!isLast) continue;
    const behind = skip + ENTRY;
    return (
      looksLikeIp(cursor, behind) ||
      looksLikeEthernet(cursor, behind) ||
      looksLikeEthernet(cursor, behind + CONTROL_WORD)
    );
  }
  return false;
}

function isChannel(cursor: Cursor): boolean {
  return cursor.has(CONTROL_WORD) && u16(cursor.bytes, cursor.offset) === CHANNEL;
}

/** RFC 4385 §5: a channel carries control messages, or packets of their own (RFC 5885 §3). */
function readChannel(cursor: Cursor): number {
  const type = u16(cursor.bytes, cursor.offset + 2);
  cursor.offset += CONTROL_WORD;
  if (type === CHANNEL_IPV4) return STEP_IPV4;
  return type === CHANNEL_IPV6 ? STEP_IPV6 : cursor.unsupported(REASON_MPLS_CHANNEL);
}

/**
 * No field says what the labels carry: RFC 4928 goes by the first nibble. A pseudowire without control word may begin with any
 * (its first bytes are a MAC address, RFC 8469), so what does not look like IP or a control word is tried as Ethernet.
 */
function readPayload(cursor: Cursor): number {
  if (!cursor.has(1)) return cursor.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const nibble = cursor.bytes[cursor.offset]! >> 4;
  const mayBeEthernet = looksLikeEthernet(cursor, 0);
  if ((nibble === 4 || nibble === 6) && (!mayBeEthernet || (looksLikeIp(cursor, 0) && hasSoundChecksum(cursor))))
    return STEP_IP;
  const hasControlWord = nibble === 0 && looksLikeEthernet(cursor, CONTROL_WORD);
  if (!hasControlWord && !mayBeEthernet) {
    return isChannel(cursor) ? readChannel(cursor) : cursor.unsupported(REASON_PSEUDOWIRE);
  }
  if (!cursor.enter(LAYER_PSEUDOWIRE)) return STEP_DONE;
  if (hasControlWord) cursor.offset += CONTROL_WORD;
  return STEP_ETHERNET;
}
