import { u16, u32 } from '../bytes.ts';
import { type Cursor, STEP_DONE } from '../cursor.ts';
import {
  REASON_ACDR,
  REASON_GPRS_NS,
  REASON_GSMTAP,
  REASON_IEEE802154,
  REASON_IPX,
  REASON_OPENVPN,
  REASON_SFLOW,
  REASON_WASSP,
} from '../reasons.ts';

/*
 * UDP that may carry packets and is not followed: each is told by its port and its first bytes, and counted by name. The
 * datagram itself is read as ever, also where the first bytes say that no packet is in it, or that it is something else.
 */

function count(cursor: Cursor, isIt: boolean, reason: number): number {
  if (isIt) cursor.unsupported(reason);
  return STEP_DONE;
}

/** https://sflow.org/sflow_version_5.txt: samples are the beginnings of frames. */
export function readSflow(cursor: Cursor): number {
  return count(cursor, !cursor.lacks(4) && [2, 4, 5].includes(u32(cursor.bytes, cursor.offset)), REASON_SFLOW);
}

export function readGsmtap(cursor: Cursor): number {
  return count(cursor, carriesUserData(cursor), REASON_GSMTAP);
}

/** 3GPP TS 48.016 §9.2.10 NS-UNITDATA with 3GPP TS 48.018 §10.2 DL-UNITDATA or UL-UNITDATA. */
export function readGprsNs(cursor: Cursor): number {
  return count(
    cursor,
    !cursor.lacks(5) && cursor.bytes[cursor.offset] === 0 && cursor.bytes[cursor.offset + 4]! <= 1,
    REASON_GPRS_NS,
  );
}

/** ZigBee encapsulation: "EX", then an 802.15.4 frame, which may be 6LoWPAN (RFC 4944). */
export function readZep(cursor: Cursor): number {
  return count(cursor, !cursor.lacks(2) && u16(cursor.bytes, cursor.offset) === 0x4558, REASON_IEEE802154);
}

export function readWassp(cursor: Cursor): number {
  return count(cursor, !cursor.lacks(1) && cursor.bytes[cursor.offset] === 3, REASON_WASSP);
}

export function readAcdr(cursor: Cursor): number {
  return count(cursor, cursor.limit > cursor.offset, REASON_ACDR);
}

/** RFC 1234 §2; the checksum of IPX is always all ones there. */
export function readIpx(cursor: Cursor): number {
  return count(cursor, !cursor.lacks(2) && u16(cursor.bytes, cursor.offset) === 0xffff, REASON_IPX);
}

export function readOpenVpn(cursor: Cursor): number {
  return count(cursor, isOpenVpnData(cursor), REASON_OPENVPN);
}

/** https://osmocom.org/projects/baseband/wiki/GSMTAP: version (1), words (1), type (1), …, at 12 the channel. */
const GSMTAP_UM = 0x01;
const GSMTAP_SIM = 0x04;
const GSMTAP_LOG = 0x10;
const GSMTAP_PDTCH = 0x0d;

function carriesUserData(cursor: Cursor): boolean {
  const { bytes, offset } = cursor;
  if (cursor.lacks(16) || bytes[offset]! < 1 || bytes[offset]! > 3 || bytes[offset + 1]! < 4) return false;
  const type = bytes[offset + 2];
  // Of GSM's radio only the packet data channel carries it; SIM cards and logs never do.
  if (type === GSMTAP_UM) return (bytes[offset + 12]! & 0x7f) === GSMTAP_PDTCH;
  return type !== GSMTAP_SIM && type !== GSMTAP_LOG;
}

/** https://openvpn.net/community-resources/openvpn-protocol: the upper five bits are the opcode; data is 6, or 9 with a peer's id. */
function isOpenVpnData(cursor: Cursor): boolean {
  if (cursor.lacks(1)) return false;
  const opcode = cursor.bytes[cursor.offset]! >> 3;
  return opcode === 6 || opcode === 9;
}
