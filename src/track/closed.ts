/**
 * Conversations over port 0 that are over. What comes late is theirs still: a FIN that is sent again, since its ACK was lost (Linux
 * goes on for some 100 s), the ACK of the end that is in TIME-WAIT, a RST of one that knows nothing any more. So they are held, as
 * many as MOST_CLOSED, and beyond that the oldest goes first.
 */
import { ACK, RST } from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';
import type { Numbers } from './acceptance.ts';

/** RFC 9293 §3.6: an end remembers for two maximum segment lifetimes of 2 minutes each (§3.4.2). */
export const CLOSED_NANOS = 240e9;
export const MOST_CLOSED = 65_536;

/** A late segment is within a large window of where its conversation ended. */
const NEAR = 1 << 25;

/** The numbers at which each end was when it closed; -1 unknown. */
export class Ends {
  #client = -1;
  #server = -1;

  /** The segment that closed it. */
  note(fromClient: boolean, { flags, sequence, acknowledgment }: Numbers): void {
    const other = (flags & ACK) !== 0 ? acknowledgment : -1;
    this.#client = fromClient ? sequence : other;
    this.#server = fromClient ? other : sequence;
  }

  swap(): void {
    [this.#client, this.#server] = [this.#server, this.#client];
  }

  /** Whether a segment without SYN may be of that conversation: no probe knows its numbers. */
  fits(fromClient: boolean, { flags, sequence, acknowledgment }: Numbers): boolean {
    // Once there is a connection, every segment but a RST has ACK (RFC 9293 §3.1).
    const hasAck = (flags & ACK) !== 0;
    if (!hasAck && (flags & RST) === 0) return false;
    const own = fromClient ? this.#client : this.#server;
    const other = fromClient ? this.#server : this.#client;
    if (own < 0 && (other < 0 || !hasAck)) return true;
    return isNear(sequence, own) || (hasAck && isNear(acknowledgment, other));
  }
}

function isNear(number: number, end: number): boolean {
  return end >= 0 && Math.abs(sequenceDifference(number, end)) < NEAR;
}
