import { type Cursor, STEP_DONE, STEP_ETHERNET } from '../cursor.ts';
import { LAYER_BATADV } from '../layers.ts';
import { etherTypeReason, REASON_BATADV_CONTROL, REASON_MALFORMED_LINK, REASON_TRUNCATED_LINK } from '../reasons.ts';

export const ETHERTYPE_BATADV = 0x4305;

/** Linux, include/uapi/linux/batadv_packet.h: the version that is in use since 2014. */
const VERSION = 15;
const ORIGINATOR = 0x00;
const BROADCAST = 0x01;
const NEIGHBOUR = 0x03;
const ORIGINATOR_2 = 0x04;
const UNICAST = 0x40;
const UNICAST_4ADDR = 0x42;
const ECHO = 0x43;

/** Length of a header that a frame follows: 0 where none does, -1 where it is not read. */
function headerLength(type: number): number {
  switch (type) {
    case UNICAST: // type, version, TTL, table version, destination (6)
      return 10;
    case UNICAST_4ADDR: // the same, source (6), subtype, reserved
      return 18;
    case BROADCAST: // type, version, TTL, reserved, sequence number (4), originator (6)
      return 14;
    case ORIGINATOR:
    case ORIGINATOR_2:
    case NEIGHBOUR:
    case ECHO:
      return 0;
    default: // fragments, coded and multicast packets
      return -1;
  }
}

/** B.A.T.M.A.N. advanced: a mesh on layer 2, whose nodes wrap whole frames. */
export function readBatadv(cursor: Cursor): number {
  const { bytes, offset } = cursor;
  if (!cursor.has(2)) return cursor.cut(2, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  const length = bytes[offset + 1] === VERSION ? headerLength(bytes[offset]!) : -1;
  if (length < 0) return cursor.unsupported(etherTypeReason(ETHERTYPE_BATADV));
  if (!cursor.has(length)) return cursor.cut(length, REASON_TRUNCATED_LINK, REASON_MALFORMED_LINK);
  if (!cursor.enter(LAYER_BATADV)) return STEP_DONE;
  if (length === 0) return cursor.unsupported(REASON_BATADV_CONTROL);
  cursor.offset += length;
  return STEP_ETHERNET;
}
