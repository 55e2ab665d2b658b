import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERTYPE, STEP_IP, STEP_LLC, STEP_PPP, STEP_PROTOCOL } from '../cursor.ts';
import { looksLikeEtherType, looksLikeIp } from '../heuristics.ts';
import { LAYER_AMT, LAYER_BATMAN_GATEWAY, LAYER_GTP, LAYER_JMIRROR, LAYER_MOBILE_IP } from '../layers.ts';
import { looksLikePpp } from '../link/ppp.ts';
import { SCOPE_GTP } from '../scopes.ts';

/* Tunnels that have a few bytes before the packet. What does not look like a packet there is ordinary UDP. */

/** Juniper's packet mirror (JUNOSe): mirror id (4), session id (4), then a packet, or PPP. */
export function readJuniperMirror(cursor: Cursor): number {
  if (cursor.lacks(8 + 2)) return STEP_DONE;
  const isPpp = u16(cursor.bytes, cursor.offset + 8) === 0xff03;
  if (isPpp && (cursor.lacks(8 + 4) || !looksLikePpp(cursor, 8 + 2))) return STEP_DONE;
  if (!isPpp && !looksLikeIp(cursor, 8)) return STEP_DONE;
  if (!cursor.enter(LAYER_JMIRROR)) return STEP_DONE;
  cursor.offset += 8;
  return isPpp ? STEP_PPP : STEP_IP;
}

/** Automatic multicast tunneling, RFC 7450 §5.1.6: version 0 and type 6 (1), reserved (1). The other messages carry IGMP and MLD. */
export function readAmt(cursor: Cursor): number {
  if (cursor.lacks(3) || cursor.bytes[cursor.offset] !== 0x06 || !looksLikeIp(cursor, 2)) return STEP_DONE;
  if (!cursor.enter(LAYER_AMT)) return STEP_DONE;
  cursor.offset += 2;
  return STEP_IP;
}

/** Mobile IP through a NAT, RFC 3519 §3.3: type 4, next header (1), reserved (2). */
export function readMobileIp(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(5) || bytes[offset] !== 4 || u16(bytes, offset + 2) !== 0) return STEP_DONE;
  const protocol = bytes[offset + 1]!;
  // IP in IP, GRE, minimal encapsulation (RFC 2004).
  if (protocol !== 4 && protocol !== 47 && protocol !== 55) return STEP_DONE;
  if (!cursor.enter(LAYER_MOBILE_IP)) return STEP_DONE;
  cursor.type = protocol;
  cursor.offset += 4;
  return STEP_PROTOCOL;
}

/** Gateways of B.A.T.M.A.N. (the routing daemon): type 1 (1), packet. */
export function readBatmanGateway(cursor: Cursor): number {
  if (cursor.lacks(2) || cursor.bytes[cursor.offset] !== 1 || !looksLikeIp(cursor, 1)) return STEP_DONE;
  if (!cursor.enter(LAYER_BATMAN_GATEWAY)) return STEP_DONE;
  cursor.offset += 1;
  return STEP_IP;
}

/*
 * GTP version 0, 3GPP TS 09.60 §6 (user data at the same port as signalling): version (3 bits), type (1), spare, SNN; type (1);
 * length (2); sequence (2); flow label (2); N-PDU (1); spare (3); tunnel id (8)
 */
const GTP0_HEADER = 20;
const GTP0_USER_DATA = 255;

export function readGtp0(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(GTP0_HEADER + 1) || (bytes[offset]! & 0xf0) !== 0x10) return STEP_DONE;
  const end = offset + GTP0_HEADER + u16(bytes, offset + 2);
  if (bytes[offset + 1] !== GTP0_USER_DATA || (end > cursor.limit && !cursor.quoting)) return STEP_DONE;
  if (end !== cursor.limit && !looksLikeIp(cursor, GTP0_HEADER)) return STEP_DONE;
  if (!cursor.enter(LAYER_GTP)) return STEP_DONE;
  // The label is the receiver's, so each direction has its own.
  cursor.along(SCOPE_GTP, u16(bytes, offset + 6));
  cursor.offset += GTP0_HEADER;
  cursor.narrow(end);
  return STEP_IP;
}

/** Enterprise Extender, RFC 2353 §2.6: LLC right in UDP; beside SNA it may be SNAP with an EtherType. */
export function readUdpLlc(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(9)) return STEP_DONE;
  const isSnap = u16(bytes, offset) === 0xaaaa && bytes[offset + 2] === 0x03;
  return isSnap && looksLikeEtherType(cursor, 6) ? STEP_LLC : STEP_DONE;
}

/**
 * RoCEv2 (InfiniBand architecture, annex A17): transport header (12) whose opcode says a datagram (0x64, 0x65 with 4 more bytes),
 * datagram header (8), then as IP over InfiniBand has it (RFC 4391 §6) a type (2) and zeros (2).
 */
const ROCE_DATAGRAM = 0x64;
const ROCE_DATAGRAM_IMMEDIATE = 0x65;

export function readRoce(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (cursor.lacks(1)) return STEP_DONE;
  const opcode = bytes[offset]!;
  if (opcode !== ROCE_DATAGRAM && opcode !== ROCE_DATAGRAM_IMMEDIATE) return STEP_DONE;
  const length = opcode === ROCE_DATAGRAM ? 20 : 24;
  if (cursor.lacks(length + 5) || u16(bytes, offset + length + 2) !== 0) return STEP_DONE;
  const type = u16(bytes, offset + length);
  const version = bytes[offset + length + 4]! >> 4;
  if (!((type === 0x0800 && version === 4) || (type === 0x86dd && version === 6))) return STEP_DONE;
  if (!looksLikeIp(cursor, length + 4)) return STEP_DONE;
  cursor.type = type;
  cursor.offset += length + 4;
  return STEP_ETHERTYPE;
}
