import type { FrameSource } from '../capture/source.ts';
import type { FrameTotals } from '../prefilter/frame-totals.ts';
import type { Tracker } from '../track/tracker.ts';

/** Packets that a live source has delivered may still be on their way to us: the clock waits at least that long for them. */
const LIVE_LAG_MILLIS = 250;
/** Beyond the time that the capturer may hold them back. */
const BEYOND_MILLIS = 50;
/** The same for a pipe: whoever writes into it may hold frames back for a second (tcpdump -U does). */
const PIPE_LAG_MILLIS = 1500;

/** Has the time of a source go on while no frames come, so that what waits for an answer is settled. */
export class IdleClock {
  readonly #source: FrameSource;
  readonly #tracker: Tracker;
  readonly #totals: FrameTotals;
  readonly #passesTime: boolean;
  /** How many frames there were at the last pause that had new ones, and when that was. */
  #framesBefore = 0;
  #lastArrival = 0;
  /** What the tracker's clock said then. */
  #clockThen = 0;

  /** `passesTime`: frames of this source, which is no live one, come as they are captured. */
  constructor(source: FrameSource, tracker: Tracker, totals: FrameTotals, passesTime: boolean) {
    this.#source = source;
    this.#tracker = tracker;
    this.#totals = totals;
    this.#passesTime = passesTime;
  }

  /** Between buffers. */
  pause(): void {
    if (this.#source.format === 'live' && this.#source.lagging !== true) {
      const lag = Math.max(LIVE_LAG_MILLIS, (this.#source.delayMillis ?? 0) + BEYOND_MILLIS);
      this.#tracker.pass(((this.#source.evenMillis ?? Date.now()) - lag) * 1e6);
    } else if (this.#passesTime) this.#goOn();
  }

  /** The capture's own time goes on from its last frame as ours does. */
  #goOn(): void {
    const { frames, lastSeconds, lastNanos } = this.#totals;
    const now = performance.now();
    if (frames !== this.#framesBefore) {
      this.#framesBefore = frames;
      this.#lastArrival = now;
      this.#clockThen = this.#tracker.clock.now;
    }
    const millis = now - this.#lastArrival - PIPE_LAG_MILLIS;
    if (!Number.isFinite(lastSeconds) || millis <= 0) return;
    const nanos = lastNanos + Math.floor(millis) * 1e6;
    const seconds = Math.floor(nanos / 1e9);
    this.#tracker.reach(lastSeconds + seconds, nanos - seconds * 1e9);
    // The latest stamp may be of a clock that is not in use any more.
    if (this.#tracker.clock.isRunning) this.#tracker.pass(this.#clockThen + millis * 1e6);
  }
}
