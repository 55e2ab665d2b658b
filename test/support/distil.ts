import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeInputs } from '../../src/analysis/analyze-inputs.ts';
import { combineResults } from '../../src/analysis/combine.ts';
import { distilCapture } from '../../src/analysis/distil.ts';
import { mergeShards } from '../../src/analysis/merge.ts';
import type { AnalysisSettings, Input } from '../../src/analysis/types.ts';
import { joinCaptures } from '../../src/capture/join.ts';
import { defaultConfig } from '../../src/config/defaults.ts';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { rules } from '../../src/rules/index.ts';
import { shardFile } from '../../src/shard/open-shard.ts';
import { type SeriesOf, seriesByName } from '../../src/shard/series.ts';

export const settings: AnalysisSettings = {
  config: defaultConfig(),
  rules,
  exchanges: 'flagged',
  maxExchanges: 1_000_000,
  maxFrames: 1000,
  maxListed: 10_000,
  communityIdSeed: 0,
  live: false,
};

/** Runs `test` in a folder of its own. */
export async function inFolder<T>(test: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-distil-'));
  try {
    return await test(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the pieces of a ring; returns their paths in order. */
export function writeRing(folder: string, pieces: readonly Uint8Array[]): string[] {
  return pieces.map((bytes, index) => {
    const path = join(folder, `ring-${String(index).padStart(5, '0')}.cap`);
    writeFileSync(path, bytes);
    return path;
  });
}

export async function joined(
  paths: readonly string[],
  changed: Partial<AnalysisSettings> = {},
): Promise<AnalysisReport> {
  const input: Input = { name: paths[0]!, paths, bytes: null, open: () => joinCaptures(paths) };
  return report([input], changed);
}

/** Distils each, and merges the shards in the order that `shuffle` gives them. */
export async function merged(
  paths: readonly string[],
  folder: string,
  { changed = {}, shuffle = (made) => made, seriesOf = seriesByName, worthCore }: MergedOptions = {},
): Promise<AnalysisReport> {
  const all = { ...settings, ...changed };
  const { decoder, answerTimeoutNanos } = all.config;
  const made: string[] = [];
  for (const path of paths) {
    const { maxExchanges } = all;
    const options = { directory: join(folder, 'shards'), decoder, answerTimeoutNanos, maxExchanges };
    const { path: shard } = await distilCapture(path, {
      ...options,
      ...(worthCore === undefined ? {} : { worthCore }),
    });
    if (shard !== null) made.push(shard);
  }
  return report(await mergeShards(shuffle(made).map(shardFile), { decoder, seriesOf }), changed);
}
interface MergedOptions {
  readonly changed?: Partial<AnalysisSettings>;
  readonly shuffle?: (paths: string[]) => string[];
  readonly seriesOf?: SeriesOf;
  readonly worthCore?: number;
}

async function report(inputs: readonly Input[], changed: Partial<AnalysisSettings>): Promise<AnalysisReport> {
  const all = { ...settings, ...changed };
  const results = await analyzeInputs(inputs, { settings: all, jobs: 1 });
  return combineResults(results, all).report;
}

/** All of a report that hangs on port 0, and all counts of frames: what a merge must have to the byte. */
export function portZeroPart({ inputs, summary, exchanges, findings, omitted, ...rest }: AnalysisReport) {
  const { exchanges: _all, ...counts } = summary;
  return {
    ...rest,
    inputs: inputs.map(({ distilled: _, ...input }) => input),
    counts: {
      ...counts,
      undecoded: sorted(counts.undecoded),
      notLookedInto: { ...counts.notLookedInto, reasons: sorted(counts.notLookedInto.reasons) },
    },
    exchanges,
    findings,
    omitted,
  };
}

const sorted = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
