import { u16 } from './bytes.ts';
import { isIpv4HeaderSound } from './checksum.ts';
import { LAYER_MPLS, LAYER_PSEUDOWIRE } from './layers.ts';
import { looksLikeEthernet, looksLikeIp } from './plausible.ts';
import { REASON_MALFORMED_LINK, REASON_MPLS_CHANNEL, REASON_PSEUDOWIRE, REASON_TRUNCATED_LINK } from './reasons.ts';
import { SCOPE_MPLS } from './scopes.ts';
import { STEP_DONE, STEP_ETHERNET, STEP_IP, STEP_IPV4, STEP_IPV6, type Walk } from './walk.ts';

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

export function readMpls(walk: Walk): number {
  const { bytes } = walk;
  if (!walk.has(ENTRY)) return walk.cut(ENTRY, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!walk.enter(LAYER_MPLS)) return STEP_DONE;
  for (let isLast = false; !isLast; walk.offset += ENTRY) {
    if (!walk.has(ENTRY)) return walk.cut(ENTRY, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
    const at = walk.offset;
    const label = (bytes[at]! << 12) | (bytes[at + 1]! << 4) | (bytes[at + 2]! >> 4);
    if (label >= FIRST_ORDINARY_LABEL) walk.along(SCOPE_MPLS, label);
    isLast = (bytes[at + 2]! & 1) !== 0;
  }
  return readPayload(walk);
}

/** Between a MAC address and an IPv4 header the header's checksum decides. */
function hasSoundChecksum(walk: Walk): boolean {
  const { bytes, offset } = walk;
  if (bytes[offset]! >> 4 !== 4) return true;
  const length = (bytes[offset]! & 0x0f) * 4;
  return !walk.has(length) || isIpv4HeaderSound(bytes, offset, offset + length);
}

/** Whether a label stack with a payload that we can read may begin here: RFC 7510 has nothing but a UDP port to say so. */
export function looksLikeMpls(walk: Walk): boolean {
  for (let skip = 0; !walk.lacks(skip + ENTRY); skip += ENTRY) {
    const isLast = (walk.bytes[walk.offset + skip + 2]! & 1) !== 0;
    if (!isLast) continue;
    const behind = skip + ENTRY;
    return (
      looksLikeIp(walk, behind) || looksLikeEthernet(walk, behind) || looksLikeEthernet(walk, behind + CONTROL_WORD)
    );
  }
  return false;
}

function isChannel(walk: Walk): boolean {
  return walk.has(CONTROL_WORD) && u16(walk.bytes, walk.offset) === CHANNEL;
}

/** RFC 4385 §5: a channel carries control messages, or packets of their own (RFC 5885 §3). */
function readChannel(walk: Walk): number {
  const type = u16(walk.bytes, walk.offset + 2);
  walk.offset += CONTROL_WORD;
  if (type === CHANNEL_IPV4) return STEP_IPV4;
  return type === CHANNEL_IPV6 ? STEP_IPV6 : walk.unsupported(REASON_MPLS_CHANNEL);
}

/**
 * No field says what the labels carry: RFC 4928 goes by the first nibble. A pseudowire without control word may begin with any
 * (its first bytes are a MAC address, RFC 8469), so what does not look like IP or a control word is tried as Ethernet.
 */
function readPayload(walk: Walk): number {
  if (!walk.has(1)) return walk.cut(1, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const nibble = walk.bytes[walk.offset]! >> 4;
  const mayBeEthernet = looksLikeEthernet(walk, 0);
  if ((nibble === 4 || nibble === 6) && (!mayBeEthernet || (looksLikeIp(walk, 0) && hasSoundChecksum(walk))))
    return STEP_IP;
  const hasControlWord = nibble === 0 && looksLikeEthernet(walk, CONTROL_WORD);
  if (!hasControlWord && !mayBeEthernet) {
    return isChannel(walk) ? readChannel(walk) : walk.unsupported(REASON_PSEUDOWIRE);
  }
  if (!walk.enter(LAYER_PSEUDOWIRE)) return STEP_DONE;
  if (hasControlWord) walk.offset += CONTROL_WORD;
  return STEP_ETHERNET;
}
