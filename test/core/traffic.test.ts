import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyzeBytes, analyzeRelayed, settingsFor, type Variant, watch } from './compare.ts';
import { capture, dump, flowArbitrary, formArbitrary, play, type Sent, stepsArbitrary, weighted } from './traffic.ts';

/** More than usual when somebody hunts: CORE_RUNS=20000 CORE_SEED=1 npx vitest run test/core/traffic.test.ts */
const RUNS = Number(process.env.CORE_RUNS ?? 700);
/** Of a run among all tests: one that fails by chance tells nobody what broke. */
const SEED = process.env.CORE_SEED ?? '1';

const variantArbitrary: fc.Arbitrary<Variant> = fc.record({
  answerTimeoutNanos: fc.constantFrom(5e9, 5e9, 1e9, 50e6, 30e9),
  mergeScopes: fc.boolean(),
});

const caseArbitrary = fc.record({
  flows: fc.array(flowArbitrary, { minLength: 1, maxLength: 4 }),
  steps: stepsArbitrary,
  form: formArbitrary,
  variant: variantArbitrary,
  /** Also through the ring between two threads, which takes longer. */
  isRelayed: weighted([3, false], [1, true]),
});

/**
 * Whether it is a segment without SYN, FIN and RST. Of those the thread that reads relays only some, and none once an answer has gone
 * by: of an exchange whose answer came too late the two ways may differ then, so they are compared without such segments here;
 * lost-answers.test.ts has those that decide.
 */
function isPlain({ packet }: Sent): boolean {
  const isIpv6 = packet[0]! >> 4 === 6;
  const at = isIpv6 ? 40 : (packet[0]! & 15) * 4;
  return packet[isIpv6 ? 6 : 9] === 6 && packet.length > at + 13 && (packet[at + 13]! & 7) === 0;
}

describe('adverse traffic', () => {
  let watched: ReturnType<typeof watch>;
  beforeAll(() => {
    watched = watch();
  });
  afterAll(() => watched.restore());

  it('comes to the same result with and without the core', async () => {
    await fc.assert(
      fc.asyncProperty(caseArbitrary, async ({ flows, steps, form, variant, isRelayed }) => {
        const sent = play(flows, steps);
        const bytes = capture(sent, form);
        const settings = settingsFor(variant);
        const without = await analyzeBytes(bytes, settings, false);
        const inCore = await analyzeBytes(bytes, settings, true, form.piece);
        if (JSON.stringify(inCore) !== JSON.stringify(without)) expect(inCore, dump(sent, form)).toEqual(without);
        if (!isRelayed) return;
        const told = sent.filter((one) => !isPlain(one));
        const toldBytes = capture(told, form);
        const relayed = await analyzeRelayed(toldBytes, settings, form.piece);
        const direct = await analyzeBytes(toldBytes, settings, false);
        if (JSON.stringify(relayed) !== JSON.stringify(direct))
          expect(relayed, `relayed ${dump(told, form)}`).toEqual(direct);
      }),
      { numRuns: RUNS, seed: Number(SEED) },
    );
    // The core has kept exchanges, and given some of every kind away.
    expect(watched.settled).toBeGreaterThan(RUNS / 2);
    expect(watched.handed).toBeLessThan(watched.frames * 0.9);
    expect([...watched.taken.keys()].sort()).toEqual(['closed', 'conversing', 'open', 'refused', 'silent']);
  });
});
