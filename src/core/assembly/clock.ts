import { CLOCK_NOW, CLOCK_OFFSET, CLOCK_STARTED, HAS_EVEN, MOST_AHEAD_NANOS, TIMEOUT } from '../layout';

/**
 * As CaptureClock (track/clock.ts), which goes by the same three numbers. Returns the time now; less than 0, with nothing changed, where that is the tracker's to
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
  const shifted = time + load<f64>(CLOCK_OFFSET);
  if (shifted >= now) {
    if (shifted - now > MOST_AHEAD_NANOS && load<u32>(HAS_EVEN) !== 0) return -1;
    store<f64>(CLOCK_NOW, shifted);
    return shifted;
  }
  if (now - shifted > load<f64>(TIMEOUT)) store<f64>(CLOCK_OFFSET, load<f64>(CLOCK_OFFSET) + (now - shifted));
  return now;
}
