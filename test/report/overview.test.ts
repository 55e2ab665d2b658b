import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndSketch, type EndSketchState, mergeEndSketches } from '../../src/report/model/overview/end-sketch.ts';
import { describeOverview, Overview } from '../../src/report/model/overview/overview.ts';
import { TimeBins } from '../../src/report/model/overview/time-bins.ts';
import { type Exchange, NO_TIME, VERDICTS } from '../../src/track/exchange.ts';

/** An end is the last byte of an address; an exchange an end and a verdict. */
type Stream = readonly (readonly [end: number, verdict: number])[];

const words = (end: number) => Uint32Array.of(4, 0xc0000200 + end, 0, 0, 0);

function sketchOf(stream: Stream, places: number): EndSketchState {
  const sketch = new EndSketch(places);
  for (const [end, verdict] of stream) sketch.add(words(end), 0, verdict);
  return sketch.state();
}

/** The plain count of everything. */
function exactCounts(stream: Stream): Map<number, number[]> {
  const counts = new Map<number, number[]>();
  for (const [end, verdict] of stream) {
    const own = counts.get(end) ?? new Array<number>(VERDICTS.length).fill(0);
    own[verdict]!++;
    counts.set(end, own);
  }
  return counts;
}

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);

/** What the sketch promises, held to exact counts. */
function checkBounds(state: EndSketchState, stream: Stream, places: number): void {
  const exact = exactCounts(stream);
  const kept = new Set<number>();
  // Metwally et al. 2005, theorem 2 (Agarwal et al. 2012 for merged ones): the error is N / k at most.
  expect(state.maxError).toBeLessThanOrEqual(stream.length / places);
  expect(state.counts.length).toBeLessThanOrEqual(places);
  for (const [index, count] of state.counts.entries()) {
    const end = state.addresses[index * 5 + 1]! - 0xc0000200;
    kept.add(end);
    const own = exact.get(end)!;
    const verdicts = [...state.verdicts.subarray(index * VERDICTS.length, (index + 1) * VERDICTS.length)];
    expect(count).toBeGreaterThanOrEqual(sum(own));
    expect(count - state.errors[index]!).toBeLessThanOrEqual(sum(own));
    expect(state.errors[index]!).toBeLessThanOrEqual(state.maxError);
    expect(sum(verdicts)).toBe(count - state.errors[index]!);
    for (const [verdict, sure] of verdicts.entries()) expect(sure).toBeLessThanOrEqual(own[verdict]!);
    if (index > 0) expect(count).toBeLessThanOrEqual(state.counts[index - 1]!);
  }
  const mostMissed = Math.max(0, ...[...exact].flatMap(([end, own]) => (kept.has(end) ? [] : [sum(own)])));
  expect(mostMissed).toBeLessThanOrEqual(state.maxError);
  if (exact.size <= places && state.maxError === 0) expect(kept.size).toBe(exact.size);
}

/** Some ends often, most seldom, as where a scanner hides in a flood of forged sources. */
const streams = fc.array(
  fc.tuple(
    fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 200 })),
    fc.integer({ min: 0, max: VERDICTS.length - 1 }),
  ),
  { maxLength: 600 },
);
const placeCounts = fc.integer({ min: 1, max: 40 });

describe('the sketch of ends', () => {
  it('holds its bounds on any stream', () => {
    fc.assert(
      fc.property(streams, placeCounts, (stream, places) => checkBounds(sketchOf(stream, places), stream, places)),
    );
  });

  it('holds them when it was merged of any number', () => {
    fc.assert(
      fc.property(fc.array(streams, { maxLength: 7 }), placeCounts, (parts, places) => {
        const merged = mergeEndSketches(
          parts.map((part) => sketchOf(part, places)),
          places,
        );
        checkBounds(merged, parts.flat(), places);
      }),
      { numRuns: 60 },
    );
  });

  it('holds them when what was merged is merged again', () => {
    fc.assert(
      fc.property(fc.array(streams, { minLength: 4, maxLength: 4 }), placeCounts, (parts, places) => {
        const merge = (states: EndSketchState[]) => mergeEndSketches(states, places);
        const [a, b, c, d] = parts.map((part) => sketchOf(part, places));
        checkBounds(merge([merge([a!, b!]), merge([c!, d!])]), parts.flat(), places);
      }),
      { numRuns: 60 },
    );
  });

  it('is exact, and the same in whatever order, up to its places', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 0, max: 600 }), (stream, cut) => {
        const whole = sketchOf(stream, 201);
        expect(whole.maxError).toBe(0);
        const parts = [stream.slice(0, cut), stream.slice(cut)].map((part) => sketchOf(part, 201));
        expect(mergeEndSketches(parts, 201)).toEqual(whole);
        expect(mergeEndSketches(parts.reverse(), 201)).toEqual(whole);
      }),
    );
  });

  it('finds who asks often among forged sources that come once', () => {
    const stream: [number, number][] = [];
    for (let i = 0; i < 50_000; i++) stream.push([i % 20 === 0 ? 7 : 1000 + i, 1]);
    const state = sketchOf(stream, 64);
    expect(state.addresses[1]).toBe(0xc0000200 + 7);
    expect(state.counts[0]! - state.errors[0]!).toBeGreaterThan(2500 - state.maxError);
    checkBounds(state, stream, 64);
  });
});

/** Seconds and nanoseconds. */
const times = fc.tuple(
  fc.oneof(fc.integer({ min: 1_795_240_000, max: 1_795_240_020 }), fc.integer({ min: -10, max: 4_000_000_000 })),
  fc.integer({ min: 0, max: 999_999_999 }),
);

/** Counts in bins of 2 ** exponent seconds, in exact integers. */
function exactBins(stream: readonly (readonly [number, number])[], exponent: number): Map<bigint, number> {
  const bins = new Map<bigint, number>();
  for (const [seconds, nanos] of stream) {
    const [value, unit] = [BigInt(seconds) * 10n ** 9n + BigInt(nanos), 10n ** 9n];
    const [top, below] = exponent < 0 ? [value << BigInt(-exponent), unit] : [value, unit << BigInt(exponent)];
    const index = top >= 0n ? top / below : -((-top + below - 1n) / below);
    bins.set(index, (bins.get(index) ?? 0) + 1);
  }
  return bins;
}

describe('the bins of time', () => {
  const binsOf = (stream: readonly (readonly [number, number])[], bound: number) => {
    const bins = new TimeBins(bound);
    for (const [seconds, nanos] of stream) bins.add(seconds, nanos, 1);
    return bins;
  };

  it('are the finest that do not exceed the bound, and count every exchange', () => {
    fc.assert(
      fc.property(fc.array(times, { maxLength: 400 }), fc.integer({ min: 2, max: 50 }), (stream, bound) => {
        const { exponent, indexes, counts } = binsOf(stream, bound).state();
        const exact = exactBins(stream, exponent);
        expect([...indexes].map(BigInt)).toEqual([...exact.keys()].sort((a, b) => (a < b ? -1 : 1)));
        for (const [bin, index] of indexes.entries())
          expect(counts[bin * VERDICTS.length + 1]).toBe(exact.get(BigInt(index)));
        expect(indexes.length).toBeLessThanOrEqual(bound);
        if (exponent > -20) expect(exactBins(stream, exponent - 1).size).toBeGreaterThan(bound);
      }),
    );
  });

  it('are the same whether one has seen all or several have, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(times, { maxLength: 120 }), { maxLength: 5 }),
        fc.integer({ min: 2, max: 30 }),
        (parts, bound) => {
          const whole = binsOf(parts.flat(), bound).state();
          for (const order of [parts, [...parts].reverse()]) {
            const merged = new TimeBins(bound);
            for (const part of order) merged.merge(binsOf(part, bound).state());
            expect(merged.state()).toEqual(whole);
          }
        },
      ),
    );
  });
});

describe('the overview of a report', () => {
  const ends = Uint32Array.of(4, 0xc0000201, 0, 0, 0, 16, 0x20010db8, 0, 0, 7);

  it('says when and who in words that a report has', () => {
    const overview = new Overview();
    overview.add(VERDICTS.indexOf('refused'), 1_795_240_000, 250_000_000, ends, 0);
    overview.add(VERDICTS.indexOf('silent'), 1_795_240_001, 0, ends, 0);
    overview.add(VERDICTS.indexOf('silent'), Number.NaN, 0, ends, 0);
    const verdicts = { refused: 1, silent: 2 };
    expect(describeOverview([null, overview.state()])).toEqual({
      timeline: {
        binSeconds: 2 ** -20,
        bins: [
          { time: '2026-11-21T05:46:40.250000000Z', count: 1, verdicts: { refused: 1 } },
          { time: '2026-11-21T05:46:41.000000000Z', count: 1, verdicts: { silent: 1 } },
        ],
        untimed: 1,
      },
      top: {
        sources: {
          distinct: { count: 1, atLeast: false },
          maxError: 0,
          ends: [{ address: '192.0.2.1', count: 3, error: 0, verdicts }],
        },
        targets: {
          distinct: { count: 1, atLeast: false },
          maxError: 0,
          ends: [{ address: '2001:db8::7', count: 3, error: 0, verdicts }],
        },
      },
    });
  });

  it('counts an exchange by the words of its opening', () => {
    const started = { seconds: 1_795_240_000, nanos: 250_000_000, digits: 6 };
    const ipv4 = {
      words: Int32Array.of(0xc0000201, 9, 9, 9, 0xc6336407, 9, 9, 9),
      client: 0,
      server: 4,
      isIpv6: false,
    };
    const ipv6 = { words: Int32Array.of(0x20010db8, 0, 0, 7, 0x20010db8, 0, 0, 8), client: 0, server: 4, isIpv6: true };
    const overview = new Overview();
    for (const opening of [
      { ...ipv4, ...started, frame: 1 },
      { ...ipv6, ...started, digits: NO_TIME, frame: 2 },
    ])
      overview.addExchange({ verdict: 'silent', opening } as Exchange);
    const { timeline, top } = describeOverview([overview.state()]);
    const ends = (side: 'sources' | 'targets') => top[side].ends.map(({ address, count }) => [address, count]);
    expect(ends('sources')).toEqual([
      ['192.0.2.1', 1],
      ['2001:db8::7', 1],
    ]);
    expect(ends('targets')).toEqual([
      ['198.51.100.7', 1],
      ['2001:db8::8', 1],
    ]);
    expect(timeline).toEqual({
      binSeconds: 2 ** -20,
      bins: [{ time: '2026-11-21T05:46:40.250000000Z', count: 1, verdicts: { silent: 1 } }],
      untimed: 1,
    });
  });

  it('is empty where nobody used port 0', () => {
    const nobody = { distinct: { count: 0, atLeast: false }, maxError: 0, ends: [] };
    expect(describeOverview([null])).toEqual({
      timeline: { binSeconds: null, bins: [], untimed: 0 },
      top: { sources: nobody, targets: nobody },
    });
  });

  it('begins each bin at a time that is in it', () => {
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 2000 }), (stream) => {
        const overview = new Overview();
        for (const [seconds, nanos] of stream) overview.add(0, Math.abs(seconds), nanos, ends, 0);
        const { binSeconds, bins } = describeOverview([overview.state()]).timeline;
        const exponent = Math.log2(binSeconds!);
        const exact = exactBins(
          stream.map(([seconds, nanos]) => [Math.abs(seconds), nanos]),
          exponent,
        );
        const starts = bins.map(({ time }): [number, number] => {
          const [whole, part = ''] = time.slice(0, -1).split('.');
          return [Date.parse(`${whole}Z`) / 1000, Number(part.padEnd(9, '0'))];
        });
        const indexes = [...exactBins(starts, exponent).keys()];
        expect(indexes).toEqual([...exact.keys()].sort((a, b) => (a < b ? -1 : 1)));
        expect(bins.map(({ count }) => count)).toEqual(indexes.map((index) => exact.get(index)));
      }),
      { numRuns: 30 },
    );
  });
});
