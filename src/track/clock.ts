import { MOST_AHEAD_NANOS } from '../core/layout.ts';

const NOW = 0;
const OFFSET = 1;
const STARTED = 2;

/**
 * Capture time for timers. Time stamps step backwards where interfaces or files are merged or a clock is set. A small
 * step (up to the tolerance) is disorder and does not move the clock; after a larger one the clock goes on from where it
 * was at the pace of the new time stamps, so that neither do all timers fire at once nor none ever. Of a step forwards only an even
 * clock can tell that it is no pause: with one the clock goes on from there likewise.
 */
export class CaptureClock {
  /** now, offset, and 1 once it was started: where others can go by the same clock. */
  readonly #state: Float64Array;
  readonly #tolerance: number;
  readonly #evenNanos: (() => number) | null;

  /** `evenNanos`: the time now, by a clock that does not step, and begins with that of the first time stamp. */
  constructor(
    toleranceNanos: number,
    state: Float64Array = new Float64Array(3),
    evenNanos: (() => number) | null = null,
  ) {
    this.#tolerance = toleranceNanos;
    this.#state = state;
    this.#evenNanos = evenNanos;
  }

  /** Nanoseconds; never goes back. As a float it is exact to about 256 ns in this century, which is enough for timers. */
  get now(): number {
    return this.#state[NOW]!;
  }

  /** How far it is ahead of the time stamps. */
  get offset(): number {
    return this.#state[OFFSET]!;
  }

  /** False before the first time stamp. */
  get isRunning(): boolean {
    return this.#state[STARTED] !== 0;
  }

  advance(seconds: number, nanos: number): void {
    const state = this.#state;
    const time = seconds * 1e9 + nanos;
    if (state[STARTED] === 0) {
      state[STARTED] = 1;
      state[NOW] = time;
      return;
    }
    const shifted = time + state[OFFSET]!;
    const now = state[NOW]!;
    if (shifted >= now) {
      if (this.#evenNanos === null || shifted - now <= MOST_AHEAD_NANOS) state[NOW] = shifted;
      else this.#goOn(shifted, this.#evenNanos());
    } else if (now - shifted > this.#tolerance) state[OFFSET]! += now - shifted;
  }

  /** It is so late by the even clock, whatever time stamps say. */
  pass(evenNanos: number): void {
    const state = this.#state;
    state[STARTED] = 1;
    if (evenNanos > state[NOW]!) state[NOW] = evenNanos;
  }

  #goOn(shifted: number, even: number): void {
    const state = this.#state;
    if (shifted <= even + MOST_AHEAD_NANOS) {
      state[NOW] = shifted;
      return;
    }
    const target = Math.max(state[NOW]!, even);
    state[OFFSET]! += target - shifted;
    state[NOW] = target;
  }
}
