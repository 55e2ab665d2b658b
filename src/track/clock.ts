import {
  CLOCK_LENGTH,
  CLOCK_MOST_OTHERS,
  LEAST_STEP_NANOS,
  MOST_AHEAD_NANOS,
  MOST_PAUSE_NANOS,
} from '../core/layout.ts';

const NOW = 0;
const OFFSET = 1;
const STARTED = 2;
const STEPS = 3;
const OTHERS = 4;

/**
 * Capture time for timers. Time stamps step backwards where interfaces or files are merged or a clock is set. A small
 * step (up to the tolerance) is disorder and does not move the clock; after a larger one the clock goes on from where it
 * was at the pace of the new time stamps, so that neither do all timers fire at once nor none ever. Interfaces whose clocks are
 * apart take turns in a file: a large step that one of the last offsets makes small goes back to that one. Of a step forwards only an even
 * clock can tell that it is no pause: with one the clock goes on from there likewise, and there is only one offset.
 */
export class CaptureClock {
  /** now, offset, 1 once it was started, how many other offsets it has had, and the last four of these: where others can go by the same clock. */
  readonly #state: Float64Array;
  readonly #tolerance: number;
  readonly #evenNanos: (() => number) | null;

  /** `evenNanos`: the time now, by a clock that does not step, and begins with that of the first time stamp. */
  constructor(
    toleranceNanos: number,
    state: Float64Array = new Float64Array(CLOCK_LENGTH),
    evenNanos: (() => number) | null = null,
  ) {
    this.#state = state;
    this.#tolerance = toleranceNanos;
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

  get hasSteppedBack(): boolean {
    return this.#state[OFFSET] !== 0 || this.#state[STEPS] !== 0;
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
    const now = state[NOW]!;
    let ahead = time + state[OFFSET]! - now;
    const even = this.#evenNanos;
    if (even !== null && ahead > MOST_AHEAD_NANOS) {
      this.#goOn(now + ahead, even());
      return;
    }
    if (even === null && Math.abs(ahead) > this.#tolerance) ahead = this.#chooseOffset(time, now, ahead);
    if (ahead >= 0) state[NOW] = now + ahead;
    else if (-ahead > this.#tolerance) state[OFFSET]! -= ahead;
  }

  /** The latest time stamp of all. With several clocks it is that of the one that is ahead of the others. */
  reach(seconds: number, nanos: number): void {
    const state = this.#state;
    if (state[STARTED] === 0) {
      this.advance(seconds, nanos);
      return;
    }
    const offset = Math.min(state[OFFSET]!, ...state.subarray(OTHERS, OTHERS + this.#known));
    state[NOW] = Math.max(state[NOW]!, seconds * 1e9 + nanos + offset);
  }

  /** It is so late by the even clock, whatever time stamps say. */
  pass(evenNanos: number): void {
    const state = this.#state;
    state[STARTED] = 1;
    if (evenNanos > state[NOW]!) state[NOW] = evenNanos;
  }

  get #known(): number {
    return Math.min(this.#state[STEPS]!, CLOCK_MOST_OTHERS);
  }

  /** How far ahead the time is by the offset that fits it best, which is the current one from now on. */
  #chooseOffset(time: number, now: number, ahead: number): number {
    const state = this.#state;
    if (ahead > 0 && ahead < LEAST_STEP_NANOS) return ahead;
    let best = ahead < 0 ? MOST_PAUSE_NANOS : Math.min(ahead, MOST_PAUSE_NANOS);
    let place = 0;
    for (let index = OTHERS; index < OTHERS + this.#known; index++) {
      const other = time + state[index]! - now;
      if (other < -this.#tolerance || other >= best) continue;
      best = other;
      place = index;
    }
    if (place !== 0) {
      const offset = state[place]!;
      state[place] = state[OFFSET]!;
      state[OFFSET] = offset;
      return best;
    }
    if (ahead < 0) state[OTHERS + (state[STEPS]!++ % CLOCK_MOST_OTHERS)] = state[OFFSET]!;
    return ahead;
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
