import { describe, expect, it } from 'vitest';
import type { AnalysisReport } from '../src/report/model/types.ts';
import { runCommand } from './support/command.ts';

/** Of every fixture; the exit status, which says that some are damaged, is no matter here. */
async function report(...options: string[]): Promise<AnalysisReport> {
  const { stdout } = await runCommand(['fixtures', '-f', 'json', '--fail-on', 'never', ...options]);
  return JSON.parse(stdout);
}

describe('timeline and top of a report', async () => {
  const all = await report('--exchanges', 'all', '--max-listed', '1000000', '--jobs', '1');
  const asked = all.exchanges.filter(({ portZero }) => portZero !== null);

  it('count what the list of all exchanges has', () => {
    expect(all.omitted.exchanges).toBe(0);
    expect(asked.length).toBe(all.summary.portZero.total);
    for (const [side, end] of [['sources', 'client'] as const, ['targets', 'server'] as const]) {
      const counts = new Map<string, number>();
      for (const exchange of asked) counts.set(exchange[end].address, (counts.get(exchange[end].address) ?? 0) + 1);
      const { ends, distinct, maxError } = all.top[side];
      expect({ distinct, maxError }).toEqual({ distinct: { count: counts.size, atLeast: false }, maxError: 0 });
      expect(ends.length).toBe(Math.min(100, counts.size));
      for (const { address, count, error, verdicts } of ends) {
        expect([address, count, error]).toEqual([address, counts.get(address), 0]);
        for (const [verdict, share] of Object.entries(verdicts)) {
          const own = asked.filter((exchange) => exchange[end].address === address && exchange.verdict === verdict);
          expect(share).toBe(own.length);
        }
      }
      const least = ends.at(-1)!.count;
      const listed = new Set(ends.map(({ address }) => address));
      for (const [address, count] of counts) if (!listed.has(address)) expect(count).toBeLessThanOrEqual(least);
    }
    const { bins, binSeconds, untimed } = all.timeline;
    expect(untimed).toBe(asked.filter(({ started }) => started === null).length);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(asked.length - untimed);
    // In nanoseconds, exactly: the index of each bin, and what began in it.
    const shift = BigInt(-Math.log2(binSeconds!));
    const indexOf = (time: string) => {
      const [whole, part = ''] = time.slice(0, -1).split('.');
      const nanos = BigInt(Date.parse(`${whole}Z`)) * 10n ** 6n + BigInt(part.padEnd(9, '0'));
      return (nanos << shift) / 10n ** 9n;
    };
    const expected = new Map<bigint, number>();
    for (const { started } of asked)
      if (started !== null) expected.set(indexOf(started), (expected.get(indexOf(started)) ?? 0) + 1);
    const found = bins.map(({ time, count }) => [indexOf(time), count]);
    expect(found).toEqual([...expected].sort(([x], [y]) => (x < y ? -1 : 1)));
  });

  it('do not depend on how many are listed, or on threads', async () => {
    for (const options of [
      ['--jobs', '2'],
      ['--jobs', '2', '--max-listed', '1'],
      ['--jobs', '1', '--max-listed', '1'],
    ]) {
      const { timeline, top } = await report(...options);
      expect({ timeline, top }).toEqual({ timeline: all.timeline, top: all.top });
    }
  });
});
