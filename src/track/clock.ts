/**
 * Capture time for timers. Time stamps step backwards where interfaces or files are merged or a clock is set. A small
 * step (up to the tolerance) is disorder and does not move the clock; after a larger one the clock goes on from where it
 * was at the pace of the new time stamps, so that neither do all timers fire at once nor none ever.
 */
export class CaptureClock {
  /** Nanoseconds; never goes back. As a float it is exact to about 256 ns in this century, which is enough for timers. */
  now = 0;
  #started = false;
  #offset = 0;
  readonly #tolerance: number;

  constructor(toleranceNanos: number) {
    this.#tolerance = toleranceNanos;
  }

  advance(seconds: number, nanos: number): void {
    const time = seconds * 1e9 + nanos;
    if (!this.#started) {
      this.#started = true;
      this.now = time;
      return;
    }
    const shifted = time + this.#offset;
    if (shifted >= this.now) this.now = shifted;
    else if (this.now - shifted > this.#tolerance) this.#offset += this.now - shifted;
  }
}
