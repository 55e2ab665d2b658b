import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_ETHERNET, STEP_ETHERTYPE, STEP_IP } from '../cursor.ts';
import { LAYER_REDBACK, LAYER_SITA, LAYER_SLIP, LAYER_SYMANTEC } from '../layers.ts';
import { REASON_MALFORMED_LINK, REASON_NOT_IP, REASON_TRUNCATED_LINK } from '../reasons.ts';
import { MALFORMED } from '../status.ts';
import { readTokenRing } from './lan-links.ts';
import { readFrameRelay, readPppOrHdlc } from './ppp.ts';

/* What routers, firewalls and terminal servers put before what they record. No standard says it; told by what Wireshark and tcpdump read. */

function enter(cursor: Cursor, n: number, layer: number): boolean {
  if (cursor.has(n)) return cursor.enter(layer);
  cursor.cut(n, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  return false;
}

/*
 * Redback's SmartEdge: context (4), flags (4), circuit (8), length (2), protocol (2), where the network layer (2) and its data (2)
 * begin. The first is where Ethernet begins when there is some.
 */
const REDBACK_HEADER = 24;
const REDBACK_IPV4 = 1;
const REDBACK_CLNP = 2;

export function readRedback(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, REDBACK_HEADER, LAYER_REDBACK)) return STEP_DONE;
  const protocol = u16(bytes, offset + 18);
  const start = u16(bytes, offset + 20);
  const data = u16(bytes, offset + 22);
  if (start < REDBACK_HEADER) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  if (!cursor.has(start)) return cursor.cut(start, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.offset += start;
  if (data > start) return STEP_ETHERNET;
  if (protocol === REDBACK_IPV4) return STEP_IP;
  return protocol === REDBACK_CLNP ? cursor.unsupported(REASON_NOT_IP) : STEP_ETHERNET;
}

/** Symantec's (Axent's) firewall: interface (4), then in 44 bytes a type at 6, or in 56 bytes one at 10; the rest is zero. */
export function readSymantec(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!enter(cursor, 12, LAYER_SYMANTEC)) return STEP_DONE;
  const early = u16(bytes, offset + 6);
  const late = u16(bytes, offset + 10);
  if ((early === 0) === (late === 0)) return cursor.fail(MALFORMED, REASON_MALFORMED_LINK);
  const length = late === 0 ? 44 : 56;
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  cursor.type = early | late;
  cursor.offset += length;
  return STEP_ETHERTYPE;
}

const SITA_ETHERNET = 0x02;
const SITA_PPP = 0x07;
const SITA_TOKEN_RING = 0x09;
const SITA_FRAME_RELAY = 0x12;

/** SITA's (LINKTYPE_SITA): flags, signals, two of errors, protocol. */
export function readSita(cursor: Cursor): number {
  if (!enter(cursor, 5, LAYER_SITA)) return STEP_DONE;
  const protocol = cursor.bytes[cursor.offset + 4];
  cursor.offset += 5;
  switch (protocol) {
    case SITA_ETHERNET:
      return STEP_ETHERNET;
    case SITA_PPP:
      return readPppOrHdlc(cursor);
    case SITA_TOKEN_RING:
      return readTokenRing(cursor);
    case SITA_FRAME_RELAY:
      return readFrameRelay(cursor);
    default:
      return cursor.unsupported(REASON_NOT_IP);
  }
}

/** BSD's SLIP: direction (1), the header as it was compressed on the line (15); the packet behind it is whole. LINKTYPE_SLIP. */
export function readSlip(cursor: Cursor): number {
  if (!enter(cursor, 16, LAYER_SLIP)) return STEP_DONE;
  cursor.offset += 16;
  return STEP_IP;
}
