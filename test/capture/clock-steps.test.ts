import { beforeEach, describe, expect, it } from 'vitest';
import { ClockSteps, describeStep } from '../../src/capture/live/clock-steps.ts';

const START = 1_790_000_000_000;
const TEN_MINUTES = 600_000;
let steps: number[];
let clock: ClockSteps;

beforeEach(() => {
  steps = [];
  clock = new ClockSteps(START, 0, (millis) => steps.push(Math.round(millis)));
});

describe.each([TEN_MINUTES, -TEN_MINUTES, 18_000_000, -18_000_000])('a step of %d ms', (step) => {
  it.each(['the clock', 'a frame'])('is told once when %s shows it first', (first) => {
    clock.meet(START + 1000, 1000);
    if (first === 'the clock') clock.look(START + 2000 + step, 2000);
    // A frame from before, that was on its way.
    clock.meet(START + 1900, 2000);
    clock.meet(START + 2000 + step, 2000);
    clock.look(START + 2050 + step, 2050);
    for (let at = 3000; at < 9000; at += 50) {
      clock.look(START + at + step, at);
      clock.meet(START + at + step, at);
    }
    expect(steps).toHaveLength(1);
    expect(Math.abs(steps[0]! - step)).toBeLessThan(500);
    expect(Math.abs(clock.even(9000) - START - 9000)).toBeLessThan(500);
    expect(Math.abs(clock.age(START + 8000 + step, 9000) - 1000)).toBeLessThan(500);
  });

  it.each([2, 300, 1200])('is told with its own size when the last frame was %d s ago', (seconds) => {
    clock.meet(START + 1000, 1000);
    const at = 1000 + seconds * 1000;
    for (let before = 1050; before < at; before += 50) clock.look(START + before, before);
    clock.look(START + at + step, at);
    for (let after = at; after < at + 5000; after += 50) {
      clock.look(START + after + step, after);
      clock.meet(START + after + step, after);
      expect(Math.abs(clock.age(START + after + step, after))).toBeLessThan(500);
    }
    expect(steps).toEqual([step]);
  });

  it('is told as another when it is taken back', () => {
    clock.look(START + 2000 + step, 2000);
    clock.look(START + 4000, 4000);
    expect(steps).toEqual([step, -step]);
  });
});

it('takes neither late frames nor a slow drift for a step', () => {
  clock.meet(START, 0);
  // The capturer was held for a minute, and hands out what waited.
  for (let at = 0; at < 60_000; at += 10) clock.meet(START + at, 60_000);
  // An hour a month.
  for (let at = 60_000; at < 3_600_000; at += 50) clock.look(START + at * 1.0014, at);
  expect(steps).toEqual([]);
  expect(Math.abs(clock.even(3_600_000) - START - 3_600_000 * 1.0014)).toBeLessThan(100);
});

it.each([
  [TEN_MINUTES, '10 min 0.0 s forwards'],
  [-18_000_500, '5 h 0 min 0.5 s backwards'],
  [2500, '2.5 s forwards'],
])('describes %d', (millis, text) => {
  expect(describeStep(millis)).toBe(text);
});
