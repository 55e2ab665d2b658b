import { expect, it } from 'vitest';
import { ClockTicks } from '../../src/analysis/clock-ticks.ts';
import { CaptureClock } from '../../src/track/clock.ts';

/** A clock of this century goes in steps of 256 ns, which none of the distances between two ticks is a multiple of. */
it('does not want to be told of the same time again, however many times it was told', () => {
  const clock = new CaptureClock(5e9);
  const ticks = new ClockTicks();
  let seconds = 1_700_000_000;
  let nanos = 0;
  for (let told = 0; told < 12_000; told++) {
    clock.advance(seconds, nanos);
    // As the core asks: it goes on until the clock is there.
    if (clock.now >= ticks.nextTime) {
      ticks.pass(clock, Number.POSITIVE_INFINITY, 0);
      expect(ticks.nextTime).toBeGreaterThan(clock.now);
    }
    const wanted = ticks.nextTime - seconds * 1e9;
    nanos = Math.max(nanos + 256, Math.ceil(wanted));
    seconds += Math.floor(nanos / 1e9);
    nanos %= 1e9;
  }
  expect(ticks.numbers.length).toBeGreaterThan(4096);
});
