/**
 * Segments of exchanges with port 0 beside the opening and its answers, which are kept anyhow: what a reader needs to see the
 * handshake, the data and the end as a flow graph. In plain numbers, FIELDS a segment.
 *
 * Bounds: TRACED_SEGMENTS of one exchange, the first; of all exchanges together MAX_TRACED, of which openings that are sent
 * again, which a flood may be made of, have a quarter. What finds no room is in the list of frames all the same.
 */
import { FRAGMENT_LATER, type PacketRecord } from '../decode/packet.ts';
import type { TracedSegment } from './exchange.ts';

/** Of one exchange. */
const TRACED_SEGMENTS = 64;
/** Of all that are open; some 90 bytes each. */
const MAX_TRACED = 1 << 17;

const FIELDS = 11;

export class TraceBudget {
  #used = 0;

  /** Whether there is room for one more. */
  takes(isRepeat: boolean): boolean {
    if (this.#used >= (isRepeat ? MAX_TRACED / 4 : MAX_TRACED)) return false;
    this.#used++;
    return true;
  }

  give(count: number): void {
    this.#used -= count;
  }
}

export class TracedSegments {
  readonly #numbers: number[] = [];

  get count(): number {
    return this.#numbers.length / FIELDS;
  }

  get isFull(): boolean {
    return this.count >= TRACED_SEGMENTS;
  }

  add(packet: PacketRecord, fromClient: boolean, frame: number, seconds: number, nanos: number, digits: number): void {
    const { flags, sequence, acknowledgment, window, payloadLength, ttl, checksum } = packet;
    this.#numbers.push(fromClient ? 1 : 0, frame, seconds, nanos, digits, flags, sequence, acknowledgment, window);
    this.#numbers.push(payloadLength, (checksum << 8) | (ttl & 0xff));
  }

  /** The ends have changed places. */
  swapEnds(): void {
    for (let at = 0; at < this.#numbers.length; at += FIELDS) this.#numbers[at] = 1 - this.#numbers[at]!;
  }

  list(bad: number): TracedSegment[] {
    return Array.from({ length: this.count }, (_, index) => {
      const at = index * FIELDS;
      const [fromClient, frame, seconds, nanos, digits, flags, sequence, acknowledgment, window, length, last] =
        this.#numbers.slice(at, at + FIELDS) as [
          ...[number, number, number, number, number, number],
          ...[number, number, number, number, number],
        ];
      return {
        frame,
        time: { seconds, nanos, digits },
        fromClient: fromClient === 1,
        ttl: last & 0xff,
        flags,
        sequence: sequence >>> 0,
        acknowledgment: acknowledgment >>> 0,
        window: window < 0 ? null : window,
        payloadLength: length < 0 ? null : length,
        checksumBad: last >> 8 === bad,
      };
    });
  }
}

/** Whether the segment is one that can be drawn: its flags were captured, and it is no further piece of another. */
export function isTraceable({ flags, sequence, fragment, quote }: PacketRecord): boolean {
  return flags >= 0 && sequence >= 0 && quote === null && fragment !== FRAGMENT_LATER;
}
