import {
  CLOCK_MOST_OTHERS,
  CLOCK_NOW,
  CLOCK_OFFSET,
  CLOCK_OTHERS,
  CLOCK_STARTED,
  CLOCK_STEPS,
  HAS_EVEN,
  LEAST_STEP_NANOS,
  MOST_AHEAD_NANOS,
  MOST_PAUSE_NANOS,
  TIMEOUT,
} from '../layout';

/**
 * As CaptureClock (track/clock.ts), which goes by the same numbers. Returns the time now; less than 0, with nothing changed, where that is the tracker's to
 * tell.
 */
export function advanceClock(seconds: u32, nanos: u32): f64 {
  const time = <f64>seconds * 1e9 + <f64>nanos;
  const now = load<f64>(CLOCK_NOW);
  if (load<f64>(CLOCK_STARTED) === 0) {
    store<f64>(CLOCK_STARTED, 1);
    store<f64>(CLOCK_NOW, time);
    return time;
  }
  const ahead = time + load<f64>(CLOCK_OFFSET) - now;
  const hasEven = load<u32>(HAS_EVEN) !== 0;
  if (ahead > MOST_AHEAD_NANOS && hasEven) return -1;
  const next = hasEven || Math.abs(ahead) <= load<f64>(TIMEOUT) ? ahead : chooseOffset(time, now, ahead);
  if (next >= 0) {
    store<f64>(CLOCK_NOW, now + next);
    return now + next;
  }
  if (-next > load<f64>(TIMEOUT)) store<f64>(CLOCK_OFFSET, load<f64>(CLOCK_OFFSET) - next);
  return now;
}

/** How far ahead the time is by the offset that fits it best, which is the current one from now on. */
function chooseOffset(time: f64, now: f64, ahead: f64): f64 {
  const steps = <u32>load<f64>(CLOCK_STEPS);
  const known = min<u32>(steps, CLOCK_MOST_OTHERS);
  const least = -load<f64>(TIMEOUT);
  if (ahead > 0 && ahead < LEAST_STEP_NANOS) return ahead;
  let best = ahead < 0 ? MOST_PAUSE_NANOS : Math.min(ahead, MOST_PAUSE_NANOS);
  let place: usize = 0;
  for (let index: u32 = 0; index < known; index++) {
    const at: usize = CLOCK_OTHERS + ((<usize>index) << 3);
    const other = time + load<f64>(at) - now;
    if (other < least || other >= best) continue;
    best = other;
    place = at;
  }
  if (place !== 0) {
    const offset = load<f64>(place);
    store<f64>(place, load<f64>(CLOCK_OFFSET));
    store<f64>(CLOCK_OFFSET, offset);
    return best;
  }
  if (ahead < 0) {
    store<f64>(CLOCK_OTHERS + ((<usize>(steps % CLOCK_MOST_OTHERS)) << 3), load<f64>(CLOCK_OFFSET));
    store<f64>(CLOCK_STEPS, <f64>(steps + 1));
  }
  return ahead;
}
