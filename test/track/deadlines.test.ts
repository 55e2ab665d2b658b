import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/track/deadlines.ts';

it('hands deadlines out as a sorted list would', () => {
  // Few times, so that many are the same.
  const time = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ noNaN: true }));
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: time }) },
    { weight: 2, arbitrary: fc.constant({ add: null }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const deadlines = new Deadlines();
      const model: { time: number; entry: number; id: number }[] = [];
      const dropFirst = () => {
        const found = model.findIndex(({ entry, id }) => entry === deadlines.entry && id === deadlines.id);
        // Of several at the same time any may be the first.
        expect(model[found]?.time).toBe(deadlines.earliest);
        expect(deadlines.earliest).toBe(Math.min(...model.map((one) => one.time)));
        model.splice(found, 1);
        deadlines.drop();
      };
      for (const [i, { add }] of steps.entries()) {
        if (add !== null) {
          // -0 is 0 as far as time goes.
          model.push({ time: add + 0, entry: i + 1, id: 1000 - i });
          deadlines.add(add + 0, i + 1, 1000 - i);
        } else if (model.length > 0) dropFirst();
        expect(deadlines.size).toBe(model.length);
      }
      while (deadlines.size > 0) dropFirst();
      expect(model).toEqual([]);
      expect(deadlines.earliest).toBe(Number.POSITIVE_INFINITY);
    }),
    { numRuns: 200 },
  );
});
