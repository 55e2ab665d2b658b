/** A clock that goes this far from where it should be was set, or the machine slept; NTP moves it by less than 0.13 s at once. */
const STEP_MILLIS = 2000;

/**
 * Tells steps of the clock: of the system's, and of the one that stamps frames, which is the same but may be heard of earlier or
 * later. Beside them it keeps a time that goes on evenly, whatever the clock does: wall clock time as it was at the start, and as the
 * clock drifts, without its steps. Times are milliseconds; `steady` is of a clock that is never set, as performance.now().
 */
export class ClockSteps {
  readonly #onStep: (millis: number) => void;
  /** Even time less `steady`. */
  #base: number;
  /** How far the clocks are from the even time, and how much of that was told. */
  #wallStep = 0;
  #frameStep = 0;
  #told = 0;
  #lastFrame = Number.NaN;

  /** `onStep` hears of each step once; negative ones go back. */
  constructor(wall: number, steady: number, onStep: (millis: number) => void) {
    this.#base = wall - steady;
    this.#onStep = onStep;
  }

  /** Wall clock time without steps. */
  even(steady: number): number {
    return this.#base + steady;
  }

  /** How old a frame with this stamp is. */
  age(frame: number, steady: number): number {
    return this.#base + steady + this.#frameStep - frame;
  }

  /** What the system's clock shows, some times a second. */
  look(wall: number, steady: number): void {
    const off = wall - this.#base - steady - this.#wallStep;
    if (Math.abs(off) < STEP_MILLIS) this.#base += off;
    else {
      this.#wallStep += off;
      this.#tell(this.#wallStep);
    }
  }

  /**
   * The stamp of a frame. It may be late, by any time, but not early; and never earlier than the last by much. Where the system's clock
   * has stepped, `look` has to know it first: how far apart two frames were says little of the size of a step between them.
   */
  meet(frame: number, steady: number): void {
    const early = frame - this.#base - steady - this.#frameStep;
    const back = this.#lastFrame - frame;
    this.#lastFrame = frame;
    if (this.#followsWall(frame, steady, early)) {
      this.#frameStep = this.#wallStep;
      return;
    }
    if (early > STEP_MILLIS) this.#frameStep += early;
    else if (back > STEP_MILLIS) this.#frameStep -= back;
    else return;
    this.#tell(this.#frameStep);
  }

  /** Whether this is the first stamp from behind a step of the system's clock: of its old time it would be early, or its new time allows it. */
  #followsWall(frame: number, steady: number, early: number): boolean {
    const ahead = this.#wallStep - this.#frameStep;
    const isPossible = frame - this.#base - steady - this.#wallStep < STEP_MILLIS;
    return isPossible && (ahead > 0 ? ahead >= STEP_MILLIS && early > STEP_MILLIS : ahead <= -STEP_MILLIS);
  }

  #tell(step: number): void {
    const more = step - this.#told;
    // The one has heard of it after the other.
    if (Math.abs(more) < STEP_MILLIS) return;
    this.#told = step;
    this.#onStep(more);
  }
}

/** "10 min 0.2 s forwards". */
export function describeStep(millis: number): string {
  // Rounded before it is parted: no 60.0 s.
  const seconds = Math.round(Math.abs(millis) / 100) / 10;
  const parts: string[] = [];
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) parts.push(`${hours} h`);
  if (hours > 0 || minutes > 0) parts.push(`${minutes} min`);
  parts.push(`${(seconds % 60).toFixed(1)} s`);
  return `${parts.join(' ')} ${millis < 0 ? 'backwards' : 'forwards'}`;
}
