import { TickWriter } from '../shard/ticks.ts';
import type { CaptureClock } from '../track/clock.ts';

/** After so many times, ten times as much has to go by between two: a shard is to stay small. */
const TIMES_A_STEP = 2048;
const FIRST_STEP_NANOS = 1e3;
const LAST_STEP_NANOS = 10e9;
/** The clock's own grain, in this century. */
const GRAIN_NANOS = 256;
/** Whatever comes: beyond, time goes by kept frames alone. */
const MOST_NUMBERS = 1 << 20;

/**
 * What the clock of a merge has to be told between kept frames so that it shows what the clock of the whole capture does: timers
 * run by frames of others, too. A time stands for all that came before it, but where the clock did not go on evenly (time stamps
 * ran ahead, or back) it stands as it was.
 *
 * Exact for what begins in this capture. What began in one before it may be told of its time late: by less than a thousandth of a
 * second as long as a capture has few frames that move the clock, and by ten seconds at most; and by segments of a conversation on
 * ordinary ports that began in one before, which this capture does not know to wait, not at all.
 */
export class ClockTicks {
  readonly #written = new TickWriter();
  /** The merge's clock, as this capture alone shows it: what it says, and the time stamp that stands for. */
  #now = 0;
  #stamp = 0;
  #isStarted = false;
  #step = FIRST_STEP_NANOS;
  #times = 0;
  // Before the frame at hand.
  #nowBefore = 0;
  #stampBefore = 0;
  #wasRunning = false;
  #deadline = Number.POSITIVE_INFINITY;

  get numbers(): readonly number[] {
    return this.#written.numbers;
  }

  /** When it wants to be told of the clock again. */
  get nextTime(): number {
    return this.#isStarted ? this.#now + Math.max(this.#step, GRAIN_NANOS) : Number.NEGATIVE_INFINITY;
  }

  /** The clock has gone on by frames that nobody decodes, and the tracker may have something to do at last. */
  pass(clock: CaptureClock, deadline: number, kept: number): void {
    this.#follow(clock.now, clock.now - clock.offset, clock.now >= deadline, kept);
  }

  begin(clock: CaptureClock, deadline: number): void {
    this.#wasRunning = clock.isRunning;
    this.#nowBefore = clock.now;
    this.#stampBefore = clock.now - clock.offset;
    this.#deadline = deadline;
  }

  /** `frame`: the frame, where it is kept and has a time. */
  end(clock: CaptureClock, frame: { seconds: number; nanos: number } | null, isKept: boolean, kept: number): void {
    if (!clock.isRunning) return;
    const stamp = clock.now - clock.offset;
    if (!isKept) {
      this.#follow(clock.now, stamp, clock.now >= this.#deadline, kept);
      return;
    }
    const isDriven = frame !== null && stamp === frame.seconds * 1e9 + frame.nanos;
    // The frame itself tells of all that the clock has gone on until it came.
    const tellsAll = isDriven && this.#isStarted && this.#isEven && this.#stampBefore <= stamp;
    if (this.#wasRunning && !tellsAll) this.#follow(this.#nowBefore, this.#stampBefore, true, kept);
    if (!isDriven) return;
    this.#now = clock.now;
    this.#stamp = stamp;
    this.#isStarted = true;
  }

  /** The capture is over. */
  finish(clock: CaptureClock, kept: number): void {
    if (clock.isRunning) this.#follow(clock.now, clock.now - clock.offset, true, kept);
  }

  /** Whether the clock has only gone on with the time stamps since the merge's clock was told. */
  get #isEven(): boolean {
    return this.#nowBefore - this.#now === this.#stampBefore - this.#stamp;
  }

  #follow(now: number, stamp: number, isDue: boolean, kept: number): void {
    if (this.#isStarted && now === this.#now && stamp === this.#stamp) return;
    const isEven = this.#isStarted && now - this.#now === stamp - this.#stamp;
    // As whoever asked for nextTime sees it: a difference of two times that large is rounded in another way.
    if (isEven && !isDue && now < this.nextTime) return;
    if (this.#written.numbers.length < MOST_NUMBERS) {
      // Ahead by what it has gone on, and then back to where the time stamps are.
      if (this.#isStarted && !isEven && now !== this.#now) this.#written.add(kept, this.#stamp + (now - this.#now));
      this.#written.add(kept, stamp);
    }
    this.#now = now;
    this.#stamp = stamp;
    this.#isStarted = true;
    if (++this.#times % TIMES_A_STEP === 0) this.#step = Math.min(this.#step * 10, LAST_STEP_NANOS);
  }
}
