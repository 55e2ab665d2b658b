/**
 * What the segments behind a handshake say of it, where the capture does not hold its SYN-ACK: pure functions of sequence
 * numbers, all modulo 2^32. Both ends have gone on from numbers that only a handshake gives them.
 */
import { ACK, FIN, RST } from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';

/** It acknowledges nothing that the client sent. */
export const SAYS_NOTHING = 0;
/** It acknowledges the SYN, and no more: a half-open leftover, a stack of its own kind or a SYN-ACK that is missing. */
export const SAYS_SYN_ARRIVED = 1;
/** It is of a connection that is established. */
export const SAYS_ESTABLISHED = 2;

/** Numbers further apart are not of one connection: the largest window there is (RFC 7323 §2.3). */
const MOST_WINDOW = 1 << 30;
/** A segment that was sent again may be so far behind what the other end has acknowledged. */
const MOST_BEHIND = 1 << 20;

/** What is known of a client that has sent a SYN. */
export interface Asked {
  readonly isn: number;
  /** Bytes of data, and a FIN, that rode on the SYN. */
  readonly synLength: number;
  /** Number behind the last byte that it sent, and the ACK number of its last segment with one; -1 when none came. */
  readonly clientEnd: number;
  readonly clientAcknowledgment: number;
}

/** Of a segment, what these functions go by. */
export interface Numbers {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly payloadLength: number;
}

/** Whether `sequence` may be that of a segment behind `base`, or of one that is sent again. */
export function isNear(sequence: number, base: number): boolean {
  const ahead = sequenceDifference(sequence, base);
  return ahead >= -MOST_BEHIND && ahead < MOST_WINDOW;
}

/**
 * Whether a segment of the client, neither SYN nor RST, goes on from its SYN: it has got an answer. A keep-alive has the
 * number before (RFC 9293 §3.8.4), that is, the SYN's own.
 */
export function goesOn(isn: number, { flags, sequence }: Numbers): boolean {
  if ((flags & ACK) === 0) return false;
  const ahead = sequenceDifference(sequence, isn);
  return ahead >= 0 && ahead < MOST_WINDOW;
}

/** What a segment of the server without SYN says of the handshake. */
export function judgeServer(asked: Asked, segment: Numbers): number {
  const { flags, sequence, payloadLength } = segment;
  const { isn, synLength, clientEnd, clientAcknowledgment } = asked;
  // The client has acknowledged the server's SYN: this one goes on from there.
  const follows = clientAcknowledgment >= 0 && isNear(sequence, clientAcknowledgment);
  const isReset = (flags & RST) !== 0;
  if ((flags & ACK) === 0) {
    // RFC 9293 §3.5.3: a host that knows nothing of a connection (any more) takes the number of its RST from the ACK.
    return isReset && clientAcknowledgment >= 0 && sequence === clientAcknowledgment ? SAYS_ESTABLISHED : SAYS_NOTHING;
  }
  const acknowledged = (segment.acknowledgment - isn) >>> 0;
  if (acknowledged === 0 || acknowledged >= MOST_WINDOW) return SAYS_NOTHING;
  const sent = Math.max(1 + synLength, clientEnd < 0 ? 0 : sequenceDifference(clientEnd, isn));
  // More than the capture has seen of the client: only where both ends agree on the server's numbers. Where it is a little
  // more, on a segment that only a connection has, frames of the client may be missing too.
  if (acknowledged > sent && !follows) {
    // Of a segment in fragments, of which some are to come, it is not known (-1).
    const isTalk = !isReset && (payloadLength !== 0 || (flags & FIN) !== 0);
    return isTalk && acknowledged <= MOST_BEHIND ? SAYS_SYN_ARRIVED : SAYS_NOTHING;
  }
  if (isReset) return follows || acknowledged > 1 + synLength ? SAYS_ESTABLISHED : SAYS_SYN_ARRIVED;
  if (payloadLength > 0 || (flags & FIN) !== 0)
    return follows || clientAcknowledgment < 0 ? SAYS_ESTABLISHED : SAYS_SYN_ARRIVED;
  return acknowledged > 1 ? SAYS_ESTABLISHED : SAYS_SYN_ARRIVED;
}

/** Which end of a conversation whose start was not captured is the server; true for the one that sent the segment. */
export function isServerSource(sourcePort: number, destinationPort: number): boolean {
  // Port 0 is where somebody listens, unless the other end is a port of a service.
  if (sourcePort === 0 && destinationPort !== 0) return destinationPort >= FIRST_USER_PORT;
  if (destinationPort === 0 && sourcePort !== 0) return sourcePort < FIRST_USER_PORT;
  return false;
}

/** RFC 6335 §6: below are the system ports. */
const FIRST_USER_PORT = 1024;
