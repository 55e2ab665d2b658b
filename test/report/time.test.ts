import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime } from '../../src/report/model/time.ts';

describe('formatTime', () => {
  it('has exactly the digits that the capture has', () => {
    // date -u -d @1795240510 +%FT%TZ
    const time = { seconds: 1_795_240_510, nanos: 123_456_789 };
    expect(formatTime({ ...time, digits: 9 })).toBe('2026-11-21T05:55:10.123456789Z');
    expect(formatTime({ ...time, digits: 6 })).toBe('2026-11-21T05:55:10.123456Z');
    expect(formatTime({ ...time, digits: 1 })).toBe('2026-11-21T05:55:10.1Z');
    expect(formatTime({ ...time, digits: 0 })).toBe('2026-11-21T05:55:10Z');
    expect(formatTime({ ...time, nanos: 5, digits: 9 })).toBe('2026-11-21T05:55:10.000000005Z');
  });

  it('goes beyond 32 bits and before 1970', () => {
    // date -u -d @4294967296, @-1 and @-62135596800
    expect(formatTime({ seconds: 4_294_967_296, nanos: 0, digits: 6 })).toBe('2106-02-07T06:28:16.000000Z');
    expect(formatTime({ seconds: -1, nanos: 999_999_999, digits: 9 })).toBe('1969-12-31T23:59:59.999999999Z');
    expect(formatTime({ seconds: -62_135_596_800, nanos: 0, digits: 0 })).toBe('0001-01-01T00:00:00Z');
  });

  it('is valid RFC 3339 for whatever a file claims', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e20, max: 1e20, noNaN: true }).map(Math.floor),
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.integer({ min: 0, max: 9 }),
        (seconds, nanos, digits) => {
          const text = formatTime({ seconds, nanos, digits });
          expect(text).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/);
          expect(text).toHaveLength(digits === 0 ? 20 : 21 + digits);
        },
      ),
    );
  });
});
