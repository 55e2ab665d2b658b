import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatRate, parseDuration, parseRate } from '../../src/config/duration.ts';

describe('durations', () => {
  it.each([
    ['5s', 5_000_000_000],
    ['100ms', 100_000_000],
    ['1m', 60_000_000_000],
    ['2h', 7_200_000_000_000],
    ['250us', 250_000],
    ['10ns', 10],
    ['1.5s', 1_500_000_000],
    ['0s', 0],
  ])('%s is %i ns', (text, nanos) => {
    expect(parseDuration(text)).toBe(nanos);
  });

  it.each(['', '5', 's', '5 s', '-1s', '1e3s', '1m30s', '5S', '.5s', '5.s', '5sec', '9999999h', '5s\n'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it.each([
    [5e9, '5s'],
    [60e9, '1m'],
    [90e9, '90s'],
    [1_500_000, '1500us'],
    [0, '0s'],
    [1, '1ns'],
  ])('%i ns are written %s', (nanos, text) => {
    expect(formatDuration(nanos)).toBe(text);
  });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (nanos) => {
        expect(parseDuration(formatDuration(nanos))).toBe(nanos);
      }),
    );
  });
});

describe('rates', () => {
  it.each([
    ['100/s', 100],
    ['0.5/s', 0.5],
    ['60/m', 1],
    ['36/h', 0.01],
  ])('%s is %d a second', (text, perSecond) => {
    expect(parseRate(text)).toBe(perSecond);
  });

  it.each(['', '100', '/s', '100/d', '100 /s', '-1/s', '1e3/s'])('%j is none', (text) => {
    expect(parseRate(text)).toBeNull();
  });

  it('are read back as they were written', () => {
    const rate = fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom('s', 'm', 'h'));
    fc.assert(
      fc.property(rate, ([number, unit]) => {
        const perSecond = parseRate(`${number}/${unit}`)!;
        expect(parseRate(formatRate(perSecond))).toBe(perSecond);
      }),
    );
  });
});
