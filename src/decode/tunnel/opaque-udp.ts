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
import {
  TUNNEL_ACDR,
  TUNNEL_GPRS_NS,
  TUNNEL_GSMTAP,
  TUNNEL_IPX,
  TUNNEL_OPENVPN,
  TUNNEL_SFLOW,
  TUNNEL_WASSP,
  TUNNEL_ZEP,
} from './ports.ts';

/**
 * UDP that may carry packets and is not followed: each is told by its port and its first bytes, and counted by name. The
 * datagram itself is read as ever.
 */
export function readOpaqueUdp(cursor: Cursor): number {
  const reason = reasonOf(cursor);
  if (reason !== 0) cursor.unsupported(reason);
  return STEP_DONE;
}

/** What is counted; 0 where the first bytes say that no packet is in it, or that it is something else. */
function reasonOf(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  switch (cursor.type) {
    case TUNNEL_SFLOW:
      // https://sflow.org/sflow_version_5.txt: samples are the beginnings of frames.
      return !cursor.lacks(4) && [2, 4, 5].includes(u32(bytes, offset)) ? REASON_SFLOW : 0;
    case TUNNEL_GSMTAP:
      return carriesUserData(cursor) ? REASON_GSMTAP : 0;
    case TUNNEL_GPRS_NS:
      // 3GPP TS 48.016 §9.2.10 NS-UNITDATA with 3GPP TS 48.018 §10.2 DL-UNITDATA or UL-UNITDATA.
      return !cursor.lacks(5) && bytes[offset] === 0 && bytes[offset + 4]! <= 1 ? REASON_GPRS_NS : 0;
    case TUNNEL_ZEP:
      // ZigBee encapsulation: "EX", then an 802.15.4 frame, which may be 6LoWPAN (RFC 4944).
      return !cursor.lacks(2) && u16(bytes, offset) === 0x4558 ? REASON_IEEE802154 : 0;
    case TUNNEL_WASSP:
      return !cursor.lacks(1) && bytes[offset] === 3 ? REASON_WASSP : 0;
    case TUNNEL_ACDR:
      return cursor.limit > offset ? REASON_ACDR : 0;
    case TUNNEL_IPX:
      // RFC 1234 §2; the checksum of IPX is always all ones there.
      return !cursor.lacks(2) && u16(bytes, offset) === 0xffff ? REASON_IPX : 0;
    case TUNNEL_OPENVPN:
      return isOpenVpnData(cursor) ? REASON_OPENVPN : 0;
    default:
      return 0;
  }
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
