import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  LINKTYPE_RAW_BSD,
  LINKTYPE_RAW_OPENBSD,
} from '../decode/link/linktypes.ts';
import type { FrameView } from '../decode/packet.ts';
import { mayBeTeredo } from '../decode/tunnel/teredo.ts';
import { STICKY, waitingCell } from '../track/waiting-ports.ts';

/*
 * The hottest code there is: nearly every frame of a capture ends here. It has offsets of its own, for the common link types
 * and the plainest headers only, and reads a handful of bytes. Whatever is not just so is left to the decoder. The
 * diagrams stand beside the decoders: ethernet.ts, cooked.ts, ipv4.ts, ipv6.ts, tcp.ts, udp.ts.
 */

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const FIN_SYN_RST = 0x07;
const SYN_ACK = 0x12;
const SYN = 0x02;

/**
 * False when the frame, read as `linkType`, holds exactly one packet, and that is a TCP segment without SYN, FIN, RST and port 0, of ports of which
 * none waits for an answer (counted), or an UDP datagram without port 0 or a port of `tunnelPorts` (a bit for each port). With
 * `marks`, the ports of a SYN are made to wait.
 */
export function triage(
  frame: FrameView,
  linkType: number,
  tunnelPorts: Uint32Array,
  counts: { tcpSegments: number },
  waiting: Uint16Array,
  marks: boolean,
): boolean {
  const bytes = frame.bytes;
  let at = frame.offset;
  const end = at + frame.capturedLength - frame.fcsLength;
  let type: number;
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      if (at + 14 > end) return true;
      type = (bytes[at + 12]! << 8) | bytes[at + 13]!;
      at += 14;
      break;
    case LINKTYPE_LINUX_SLL:
      if (at + 16 > end) return true;
      if (!hasEtherType((bytes[at + 2]! << 8) | bytes[at + 3]!)) return true;
      type = (bytes[at + 14]! << 8) | bytes[at + 15]!;
      at += 16;
      break;
    case LINKTYPE_LINUX_SLL2:
      if (at + 20 > end) return true;
      if (!hasEtherType((bytes[at + 8]! << 8) | bytes[at + 9]!)) return true;
      type = (bytes[at]! << 8) | bytes[at + 1]!;
      at += 20;
      break;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP: {
      if (at + 5 > end) return true;
      // The family is 2 for IPv4 and 10, 24, 28 or 30 for IPv6, in either byte order.
      const family = bytes[at]! | bytes[at + 3]!;
      if ((bytes[at]! !== 0 && bytes[at + 3]! !== 0) || bytes[at + 1] !== 0 || bytes[at + 2] !== 0) return true;
      if (family === 2) type = IPV4;
      else if (family === 10 || family === 24 || family === 28 || family === 30) type = IPV6;
      else return true;
      at += 4;
      break;
    }
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      if (at + 1 > end) return true;
      type = bytes[at]! >> 4 === 4 ? IPV4 : IPV6;
      break;
    default:
      return true;
  }
  // Two VLAN tags at most; a third is left in `type` and sends the frame to the decoder.
  for (let tags = 0; tags < 2 && (type === 0x8100 || type === 0x88a8 || type === 0x9100); tags++) {
    if (at + 4 > end) return true;
    type = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    at += 4;
  }

  let protocol: number;
  let transport: number;
  let dataEnd: number;
  if (type === IPV4) {
    if (at + 20 > end) return true;
    const first = bytes[at]!;
    const headerLength = (first & 0x0f) << 2;
    // Not version 4, an impossible header, more fragments or an offset.
    if (first >> 4 !== 4 || headerLength < 20 || (bytes[at + 6]! & 0x3f) !== 0 || bytes[at + 7] !== 0) return true;
    protocol = bytes[at + 9]!;
    transport = at + headerLength;
    // A total length of 0 (TSO) ends before the header does, and so fails below.
    dataEnd = at + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  } else if (type === IPV6) {
    if (at + 40 > end || bytes[at]! >> 4 !== 6) return true;
    protocol = bytes[at + 6]!;
    transport = at + 40;
    dataEnd = transport + ((bytes[at + 4]! << 8) | bytes[at + 5]!);
  } else {
    return true;
  }

  if (protocol === 6) {
    if (transport + 20 > end) return true;
    const flags = bytes[transport + 13]!;
    if ((flags & FIN_SYN_RST) !== 0) {
      if (marks && (flags & SYN_ACK) === SYN) markWaiting(bytes, transport, waiting);
      return true;
    }
    if ((bytes[transport]! | bytes[transport + 1]!) === 0 || (bytes[transport + 2]! | bytes[transport + 3]!) === 0)
      return true;
    const headerLength = (bytes[transport + 12]! >> 4) << 2;
    if (headerLength < 20 || transport + headerLength > dataEnd) return true;
    const source = (bytes[transport]! << 8) | bytes[transport + 1]!;
    const destination = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
    if (waiting[waitingCell(source, destination)] !== 0) return true;
    counts.tcpSegments++;
    return false;
  }
  if (protocol === 17) {
    if (transport + 8 > end) return true;
    const source = (bytes[transport]! << 8) | bytes[transport + 1]!;
    const destination = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
    if (source === 0 || destination === 0) return true;
    if (
      ((tunnelPorts[source >>> 5]! >>> (source & 31)) | (tunnelPorts[destination >>> 5]! >>> (destination & 31))) &
      1
    ) {
      return true;
    }
    const length = (bytes[transport + 4]! << 8) | bytes[transport + 5]!;
    if (type === IPV4 && (tunnelPorts[0]! & 1) !== 0 && mayBeTeredo(bytes, transport + 8, end, transport + length)) {
      return true;
    }
    return length < 8 || transport + length > dataEnd;
  }
  return true;
}

function markWaiting(bytes: Uint8Array, transport: number, waiting: Uint16Array): void {
  const source = (bytes[transport]! << 8) | bytes[transport + 1]!;
  const destination = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
  waiting[waitingCell(source, destination)] = STICKY;
  waiting[waitingCell(destination, source)] = STICKY;
}

/** ARPHRD_ types of cooked captures that are sure to say by an EtherType what follows: Ethernet, PPP, loopback, none (tun). */
function hasEtherType(arphrd: number): boolean {
  return arphrd === 1 || arphrd === 772 || arphrd === 65534 || arphrd === 512;
}
