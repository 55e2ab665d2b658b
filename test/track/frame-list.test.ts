import { describe, expect, it } from 'vitest';
import { FrameNumbers } from '../../src/track/frame-numbers.ts';
import { FrameRuns } from '../../src/track/frame-runs.ts';

/** Appends in turn, as exchanges whose frames alternate do. */
function fill(runs: FrameRuns, frames: readonly number[]): number {
  const first = runs.create(frames[0]!);
  let last = first;
  for (const frame of frames.slice(1)) last = runs.append(first, last, frame);
  return first;
}

const every = (step: number, count: number) => Array.from({ length: count }, (_, i) => 1 + i * step);

describe('lists of frames', () => {
  it.each([1, 2, 3])('of few frames, every %i. one, are whole', (step) => {
    const runs = new FrameRuns(1000, 10, 100);
    const frames = every(step, 100);
    const list = fill(runs, frames);
    expect(runs.count(list)).toBe(100);
    expect(runs.list(list)).toEqual(frames);
  });

  it.each([1, 2, 5])('of many frames, every %i. one, have the first and the last, and count all', (step) => {
    const runs = new FrameRuns(1000, 10, 10);
    const frames = every(step, 5000);
    const list = fill(runs, frames);
    expect(runs.count(list)).toBe(5000);
    expect(runs.list(list)).toEqual([...frames.slice(0, 5), ...frames.slice(-5)]);
  });

  it('gives one more of the first where the number is odd, and the first where it is one', () => {
    for (const most of [1, 3]) {
      const runs = new FrameRuns(1000, 10, most);
      const list = fill(runs, every(2, 50));
      expect(runs.list(list)).toEqual(most === 1 ? [1] : [1, 3, 99]);
      expect(runs.count(list)).toBe(50);
    }
  });

  it('counts all where the pool is full, and gives every list its first run', () => {
    const runs = new FrameRuns(8, 4, 1000);
    const lists = [1, 2, 3, 4].map((frame) => ({ first: runs.create(frame), last: 0 }));
    for (const list of lists) list.last = list.first;
    for (let frame = 5; frame < 405; frame++) {
      const list = lists[frame % 4]!;
      list.last = runs.append(list.first, list.last, frame);
    }
    for (const { first } of lists) {
      expect(first).not.toBe(0);
      expect(runs.count(first)).toBe(101);
      expect(runs.list(first)[0]).toBeLessThanOrEqual(4);
    }
  });

  it('gives back what it took, gaps too', () => {
    const runs = new FrameRuns(20, 2, 10);
    for (let round = 0; round < 100; round++) {
      const list = fill(runs, every(2, 500));
      expect(runs.list(list)).toEqual([...every(2, 5), 991, 993, 995, 997, 999]);
      runs.release(list);
    }
  });

  it('holds numbers beyond 2^31, and sorts what came out of order', () => {
    const runs = new FrameRuns(20, 2, 10);
    expect(runs.list(fill(runs, [2 ** 31 + 7, 2 ** 31 + 8, 2 ** 31 + 1]))).toEqual([
      2 ** 31 + 1,
      2 ** 31 + 7,
      2 ** 31 + 8,
    ]);
  });

  it.each([2 ** 31, 2 ** 32, 3 * 2 ** 32])('go on past frame %i', (edge) => {
    const numbers = new FrameNumbers();
    const runs = new FrameRuns(1000, 10, 100, numbers);
    const frames = [-9, -7, -2, -1, 0, 1, 2, 5, 9].map((step) => edge + step);
    let first = 0;
    let last = 0;
    for (const frame of frames) {
      numbers.meet(frame);
      if (first === 0) last = first = runs.create(frame);
      else last = runs.append(first, last, frame);
    }
    expect(runs.count(first)).toBe(9);
    expect(runs.list(first)).toEqual(frames);
    numbers.meet(edge + 2 ** 31);
    expect(runs.list(first)).toEqual(frames);
  });
});
