/** What is alike is counted without being looked at one by one: the counts are those of looking. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { settingsOf } from '../src/analysis/analyze-capture.ts';
import { analyzeSource } from '../src/analysis/analyze-source.ts';
import type { AnalysisSettings, AnalysisSink, InputResult } from '../src/analysis/types.ts';
import { openCapture } from '../src/capture/open.ts';
import { writeFlood } from './support/flood.ts';

const folder = mkdtempSync(join(tmpdir(), 'portzero-alike-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function analyze(
  path: string,
  settings: Partial<AnalysisSettings>,
  worthCore: number,
  sink?: AnalysisSink,
): Promise<InputResult> {
  return analyzeSource(await openCapture(path), {
    settings: { ...settingsOf({ maxListed: 5 }, false), ...settings },
    input: 0,
    worthCore,
    ...(sink === undefined ? {} : { sink }),
  });
}

describe.each([
  ['with the core', 0],
  ['without', Number.POSITIVE_INFINITY],
])('a flood of 12,000 SYNs, %s', (_, worthCore) => {
  const path = join(folder, `flood-${worthCore}.pcap`);
  writeFlood(path, 12_000);

  it('comes to the same counts and groups for text, for full lists and for who is told of each', async () => {
    let told = 0;
    const each = await analyze(path, {}, worthCore, { exchange: () => told++ });
    const listed = await analyze(path, {}, worthCore);
    const text = await analyze(path, { lists: false }, worthCore);
    expect(told).toBe(12_000);
    expect(each.summary.portZero).toMatchObject({ total: 12_000, undecided: 12_000 });
    for (const { summary } of [listed, text]) expect(summary).toEqual(each.summary);
    expect(listed.groups).toEqual(each.groups);
    expect(listed.groups[0]).toMatchObject({ count: 12_000, clients: { count: 10_000, atLeast: true } });
    expect(listed.omitted).toEqual(each.omitted);
    expect(listed.omitted).toMatchObject({ exchanges: 11_995 });
    expect(listed.overview).toEqual(each.overview);
    expect(text.groups.map(({ count, firstTime, lastTime }) => ({ count, firstTime, lastTime }))).toEqual(
      each.groups.map(({ count, firstTime, lastTime }) => ({ count, firstTime, lastTime })),
    );
  });
});
