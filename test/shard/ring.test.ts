/** A ring of many files: what each tells by itself does not add up, what was kept of each does. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analyzeInputs } from '../../src/analysis/analyze-inputs.ts';
import { combineResults } from '../../src/analysis/combine.ts';
import { pcap } from '../support/capture-builder.ts';
import { cutCapture } from '../support/cut.ts';
import { inFolder, joined, merged, portZeroPart, settings, writeRing } from '../support/distil.ts';
import { traffic } from '../support/ring-traffic.ts';

const FILES = 2000;

it(`says of ${FILES} files in any order what the capture says, which file by file does not`, async () => {
  const cut = cutCapture(pcap(traffic()))!;
  const every = cut.frames / FILES;
  expect(every).toBeGreaterThan(4);
  const pieces = cut.at(Array.from({ length: FILES - 1 }, (_, index) => Math.floor((index + 1) * every)));
  expect(pieces).toHaveLength(FILES);
  await inFolder(async (folder) => {
    const paths = writeRing(folder, pieces);
    const whole = await joined(paths);
    expect(whole.summary.portZero).toMatchObject({ refused: 100, accepted: 100 });
    const rulesOf = (report: typeof whole) => new Set(report.findings.map(({ ruleId }) => ruleId));
    expect([...rulesOf(whole)]).toEqual(expect.arrayContaining(['port-zero-scan', 'port-zero-flood']));

    // By name: the keys are hashes, so that this is as good as shuffled.
    const other = await merged(paths, folder, { shuffle: (made) => made.sort() });
    expect(JSON.stringify(portZeroPart(other))).toBe(JSON.stringify(portZeroPart(whole)));
    expect(other.inputs).toHaveLength(1);
    expect(other.inputs[0]!.distilled).toBe(FILES);
    const twice = await merged(paths, folder, { shuffle: (made) => [...made, ...made].reverse() });
    expect(twice).toEqual(other);

    const results = await analyzeInputs(
      paths.map((path) => ({ name: path, paths: [path], bytes: null })),
      { settings, jobs: 1 },
    );
    const apart = combineResults(results, settings).report;
    expect(apart.summary.portZero).not.toEqual(whole.summary.portZero);
    expect(rulesOf(apart)).not.toContain('port-zero-scan');
  });
});

it('makes a series of each folder and name, or of what an expression says', async () => {
  await inFolder(async (folder) => {
    const cut = cutCapture(pcap(traffic().slice(0, 40)))!;
    const paths = writeRing(folder, cut.at([10, 20, 30]));
    const { seriesByExpression } = await import('../../src/shard/series.ts');
    const apart = await merged(paths, folder, { seriesOf: seriesByExpression(/ring-\d+/) });
    expect(apart.inputs.map(({ name, frames }) => [name, frames])).toEqual(paths.map((path) => [path, 10]));
    const alike = await merged(paths, folder, { seriesOf: seriesByExpression(/(ring)-(\d*)[02]\./) });
    expect(alike.inputs.map(({ frames }) => frames).sort()).toEqual([10, 10, 20]);
    expect(join(folder, 'ring-00000.cap')).toBe(paths[0]);
  });
});
