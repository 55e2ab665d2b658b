import { expect, it } from 'vitest';
import { FrameSample, MAX_FINDING_FRAMES, sampleFrames } from '../../src/engine/frame-sample.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it.each([
  [0, [], 0],
  [1, [1], 0],
  [50, numbers(1, 50), 0],
  [51, numbers(1, 51), 0],
  [99, numbers(1, 99), 0],
  [100, numbers(1, 100), 0],
  [101, [...numbers(1, 50), ...numbers(52, 101)], 1],
  [149, [...numbers(1, 50), ...numbers(100, 149)], 49],
  [1000, [...numbers(1, 50), ...numbers(951, 1000)], 900],
])('of %i frames lists the first and the last, in order', (count, listed, omitted) => {
  const sample = new FrameSample();
  for (let frame = 1; frame <= count; frame++) sample.add(frame);
  expect(sample.list()).toEqual(listed);
  expect(sample.list().length).toBeLessThanOrEqual(MAX_FINDING_FRAMES);
  expect([sample.count, sample.omitted]).toEqual([count, omitted]);
});

it.each([
  [[], 4, [], 0],
  [[1, 2, 3, 9], 4, [1, 2, 3, 9], 0],
  [[1, 2, 3, 8, 9], 4, [1, 2, 8, 9], 1],
  [[1, 2, 3, 8, 9], 3, [1, 2, 9], 2],
  [[1, 2, 3, 8, 9], 1, [1], 4],
])('of a list %j keeps %i, the first and the last', (frames, most, kept, left) => {
  expect(sampleFrames(frames, 7, most)).toEqual({ frames: kept, framesOmitted: 7 + left });
});
