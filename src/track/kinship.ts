/**
 * Whether a segment is of the conversation of another one that the capture shows without its handshake, by their numbers. Who
 * scans makes numbers up, each time others; both ends of a conversation go on from theirs. Pure functions, all modulo 2^32.
 */
import { ACK, RST } from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';
import type { Numbers } from './acceptance.ts';

/** Numbers of one conversation are this close, where little of it was seen. */
const NEAR = 1 << 20;

/** A segment with ACK, seen before. */
export interface Sibling {
  readonly sequence: number;
  readonly acknowledgment: number;
}

/** Whether a SYN, or a SYN-ACK, opened the conversation of a segment of the same sender. */
export function openedOwn(sibling: Sibling, { flags, sequence, acknowledgment }: Numbers): boolean {
  const hasAck = (flags & ACK) !== 0;
  return isNear(sibling.sequence, sequence) && (!hasAck || isNear(sibling.acknowledgment, acknowledgment));
}

/** Whether a SYN-ACK opened the conversation of a segment that the other end sent. */
export function openedOther(sibling: Sibling, { sequence, acknowledgment }: Numbers): boolean {
  return isNear(sibling.acknowledgment, sequence) && isNear(sibling.sequence, acknowledgment);
}

/**
 * Whether a RST of the other end aborts a conversation, rather than refusing a lone segment with ACK: that is refused by a RST
 * without ACK, whose number is the acknowledged one (RFC 9293 §3.10.7.1), and by stacks of their own kind with number 0.
 */
export function aborts(sibling: Sibling, { flags, sequence, acknowledgment }: Numbers): boolean {
  if ((flags & RST) === 0 || sequence === 0 || !isNear(sequence, sibling.acknowledgment)) return false;
  return (flags & ACK) === 0 ? sequence !== sibling.acknowledgment : isNear(acknowledgment, sibling.sequence);
}

function isNear(number: number, other: number): boolean {
  return Math.abs(sequenceDifference(number, other)) < NEAR;
}
