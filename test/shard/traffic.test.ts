import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingsFor } from '../core/compare.ts';
import { capture, dump, flowArbitrary, formArbitrary, play, stepsArbitrary, weighted } from '../core/traffic.ts';
import { cutCapture } from '../support/cut.ts';
import { inFolder, joined, merged, portZeroPart, writeRing } from '../support/distil.ts';

/** More than usual when somebody hunts: SHARD_RUNS=20000 SHARD_SEED=1 npx vitest run test/shard/traffic.test.ts */
const RUNS = Number(process.env.SHARD_RUNS ?? 300);
const SEED = process.env.SHARD_SEED;

const caseArbitrary = fc.record({
  flows: fc.array(fc.tuple(flowArbitrary, weighted([1, false], [1, true])), { minLength: 1, maxLength: 4 }),
  steps: stepsArbitrary,
  form: formArbitrary,
  answerTimeoutNanos: fc.constantFrom(5e9, 5e9, 1e9, 30e9),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
  /** Of the core, as a large file has it. */
  isInCore: fc.boolean(),
});

describe('a merge of shards', () => {
  it('says of port 0 in adverse traffic what the capture does, wherever that is cut', {
    timeout: 3_600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(caseArbitrary, async ({ flows, steps, form, answerTimeoutNanos, cuts, isInCore }) => {
        const sent = play(
          flows.map(([flow, isZero]) => (isZero ? { ...flow, serverPort: 0 } : flow)),
          steps,
        );
        const cut = cutCapture(capture(sent, form));
        if (cut === null || cut.frames === 0) return;
        const at = [...new Set(cuts.map((place) => place % cut.frames))].filter((place) => place > 0);
        const pieces = cut.at(at.sort((a, b) => a - b));
        const changed = { config: settingsFor({ answerTimeoutNanos }).config };
        await inFolder(async (folder) => {
          const paths = writeRing(folder, pieces);
          const one = JSON.stringify(portZeroPart(await joined(paths, changed)), null, 1);
          const options = {
            changed,
            shuffle: (made: string[]) => made.reverse(),
            ...(isInCore ? { worthCore: 0 } : {}),
          };
          const other = JSON.stringify(portZeroPart(await merged(paths, folder, options)), null, 1);
          if (one !== other) expect(other, `${at} ${isInCore} ${dump(sent, form)}`).toBe(one);
        });
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
  });
});
