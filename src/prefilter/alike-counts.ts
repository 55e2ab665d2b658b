import * as at from '../core/layout.ts';
import { MOST_SHAPES, type Opening } from '../track/exchange.ts';

/** Exchanges of one shape that were counted, and the first and the last time of them; null where none has a time. */
export interface AlikeCount {
  readonly count: number;
  readonly first: { readonly seconds: number; readonly nanos: number; readonly digits: number } | null;
  readonly last: { readonly seconds: number; readonly nanos: number; readonly digits: number } | null;
}

/** What the core counts of exchanges that go by numbers only (core/assembly/alike.ts): who looks in from outside. */
export class AlikeCounts {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(buffer: ArrayBuffer) {
    this.#words = new Int32Array(buffer, at.ALIKE, at.ALIKE_LENGTH / 4);
    this.#doubles = new Float64Array(buffer, at.ALIKE, at.ALIKE_LENGTH / 8);
    this.#words.fill(0, 0, MOST_SHAPES << (at.ALIKE_SHIFT - 2));
  }

  /**
   * From now on only numbers are told of exchanges of that shape: of those with the ends of this opening, and of others where clients or servers are of no
   * interest any more.
   */
  goByNumbers(shape: number, opening: Opening, anyClient: boolean, anyServer: boolean): void {
    const word = shape << (at.ALIKE_SHIFT - 2);
    const words = this.#words;
    const before = words[word + (at.ALIKE_STATE >> 2)]!;
    if (before === 0) this.#empty(shape);
    const { words: ends, client, server, isIpv6 } = opening;
    // Of IPv6 all have to be of no interest.
    const counts = isIpv6 && !(anyClient && anyServer) ? before & at.ALIKE_COUNTS : at.ALIKE_COUNTS;
    words[word + (at.ALIKE_STATE >> 2)] =
      counts | (anyClient ? at.ALIKE_ANY_CLIENT : 0) | (anyServer ? at.ALIKE_ANY_SERVER : 0);
    if (isIpv6) return;
    words[word + (at.ALIKE_CLIENT >> 2)] = ends[client]!;
    words[word + (at.ALIKE_SERVER >> 2)] = ends[server]!;
  }

  /** What was counted since it was asked last. */
  take(shape: number): AlikeCount {
    const double = shape << (at.ALIKE_SHIFT - 3);
    const count = this.#doubles[double + (at.ALIKE_COUNT >> 3)]!;
    const first = this.#timeAt(shape, at.ALIKE_FIRST_SECONDS, at.ALIKE_FIRST_NANOS, at.ALIKE_FIRST_DIGITS);
    const last = this.#timeAt(shape, at.ALIKE_LAST_SECONDS, at.ALIKE_LAST_NANOS, at.ALIKE_LAST_DIGITS);
    this.#empty(shape);
    return { count, first, last };
  }

  #empty(shape: number): void {
    const word = shape << (at.ALIKE_SHIFT - 2);
    this.#doubles[(word >> 1) + (at.ALIKE_COUNT >> 3)] = 0;
    this.#words[word + (at.ALIKE_FIRST_DIGITS >> 2)] = at.WITHOUT_TIME;
    this.#words[word + (at.ALIKE_LAST_DIGITS >> 2)] = at.WITHOUT_TIME;
  }

  #timeAt(shape: number, secondsAt: number, nanosAt: number, digitsAt: number): AlikeCount['first'] {
    const word = shape << (at.ALIKE_SHIFT - 2);
    const digits = this.#words[word + (digitsAt >> 2)]!;
    if (digits === at.WITHOUT_TIME) return null;
    return {
      seconds: this.#doubles[(word >> 1) + (secondsAt >> 3)]!,
      nanos: this.#words[word + (nanosAt >> 2)]!,
      digits,
    };
  }
}
