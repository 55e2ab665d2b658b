import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockTicks, niceStep, offsetTicks } from '../../src/report/html/client/time-ticks.ts';
import { layOut, type Moment } from '../../src/report/html/client/timeline-layout.ts';

/** Moments, or bins of one width, in the order of time; bursts and long gaps among them. */
const momentsOf = (span: number) =>
  fc
    .array(
      fc.record({ wait: fc.oneof(fc.nat(3), fc.nat(40), fc.nat(2_000_000)), count: fc.integer({ min: 1, max: 500 }) }),
      { minLength: 2, maxLength: 120 },
    )
    .map((steps): Moment[] => {
      let at = 0;
      return steps.map(({ wait, count }) => {
        at += span > 0 ? (wait + 1) * span : wait / 7;
        return { at, span, counts: [count, 1] };
      });
    })
    .filter((moments) => moments.at(-1)!.at > moments[0]!.at);
const streams = fc.constantFrom(0, 2 ** -6, 0.5, 4).chain(momentsOf);
const widths = fc.integer({ min: 180, max: 1400 });

describe('the layout of the timeline', () => {
  it('draws every exchange once, in bars of 2 pixels or more that do not touch', () => {
    fc.assert(
      fc.property(streams, widths, (moments, width) => {
        const { columns } = layOut(moments, width);
        const sum = (lists: readonly (readonly number[])[], index: number) =>
          lists.reduce((total, list) => total + list[index]!, 0);
        for (const index of [0, 1]) {
          const all = moments.map(({ counts }) => counts);
          expect(
            sum(
              columns.map(({ counts }) => counts),
              index,
            ),
          ).toBe(sum(all, index));
        }
        for (const [index, column] of columns.entries()) {
          expect(column.width).toBeGreaterThanOrEqual(2);
          expect(column.x + column.width).toBeLessThanOrEqual(width + 1e-6);
          if (index > 0) expect(column.x).toBeGreaterThanOrEqual(columns[index - 1]!.x + columns[index - 1]!.width);
        }
      }),
    );
  });

  it('goes from time to place and back', () => {
    fc.assert(
      fc.property(streams, widths, fc.float({ min: 0, max: 1, noNaN: true }), (moments, width, share) => {
        const { toX, toTime, stretches } = layOut(moments, width);
        const [first, last] = [stretches[0]!, stretches.at(-1)!];
        const at = first.from + share * (last.to - first.from);
        expect(toTime(toX(at))).toBeCloseTo(at, 3);
        expect(toX(first.from)).toBe(0);
        expect(toX(last.to)).toBeCloseTo(width, 3);
      }),
    );
  });

  it('leaves out the days before an outlier, and shows the minute in which it happened', () => {
    const burst = Array.from({ length: 56 }, (_, index): Moment => ({ at: index * 3, span: 0, counts: [1] }));
    const { stretches, columns, step } = layOut([...burst, { at: 263_000, span: 0, counts: [1] }], 1000);
    expect(stretches.map(({ from }) => from)).toEqual([0, 263_000]);
    expect(columns.length).toBe(57);
    expect(step).toBeLessThanOrEqual(1);
  });

  it('draws a few single moments to scale', () => {
    const moments = [0, 10, 30].map((at): Moment => ({ at, span: 0, counts: [1] }));
    const { stretches, toX } = layOut(moments, 900);
    expect(stretches.length).toBe(1);
    expect(toX(10) / toX(30)).toBeCloseTo(1 / 3, 5);
  });
});

describe('the axis of the timeline', () => {
  it.each([
    [0.3, 0.5],
    [7, 10],
    [40, 60],
    [700, 900],
    [5000, 7200],
    [100_000, 172_800],
  ])('takes a step that clocks have: %d s becomes %d s', (least, step) => {
    expect(niceStep(least)).toBeCloseTo(step, 9);
  });

  it('writes times of the clock', () => {
    // 2026-11-21T05:46:40Z
    expect(clockTicks(0, 130, 60, 1_795_240_000)).toEqual([
      { at: 20, label: '05:47' },
      { at: 80, label: '05:48' },
    ]);
    expect(clockTicks(0, 30, 15, 1_795_240_000).map(({ label }) => label)).toEqual(['05:46:45', '05:47:00']);
    expect(clockTicks(0, 100_000, 86_400, 1_795_240_000).map(({ label }) => label)).toEqual(['11-22']);
  });

  it('writes offsets in the unit of the step', () => {
    expect(offsetTicks(0, 0.0021, 0.001).map(({ label }) => label)).toEqual(['0', '+1 ms', '+2 ms']);
    expect(offsetTicks(0, 25, 10).map(({ label }) => label)).toEqual(['0', '+10 s', '+20 s']);
  });
});
