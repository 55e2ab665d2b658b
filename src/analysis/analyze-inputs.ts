import { availableParallelism } from 'node:os';
import type { Severity } from '../words/severity.ts';
import { analyzeInput, isFile, WORTH_TWO_THREADS } from './analyze-input.ts';
import type { AnalyzeInputsOptions, Input, InputResult } from './types.ts';
import { Pool } from './worker-pool.ts';

/** A worker takes some 60 ms to start and to load, and longer to be fast; below this much to read that is not worth it. */
const WORTH_THREADS = 128 * 1024 * 1024;

/** Analyses every input. Never rejects for an input that cannot be opened or is damaged: its result says so. */
export async function analyzeInputs(inputs: readonly Input[], options: AnalyzeInputsOptions): Promise<InputResult[]> {
  const bytes = inputs.reduce((sum, input) => sum + (sizeOf(input) ?? 0), 0);
  const { worthThreads = WORTH_THREADS, worthThreads: worthTwoThreads = WORTH_TWO_THREADS } = options;
  const automatic = bytes >= worthThreads ? availableParallelism() : 1;
  const threads = options.jobs ?? automatic;
  const jobs = Math.min(threads, inputs.length);
  if (jobs > 1 && inputs.every(isFile)) {
    return new Pool(
      inputs.flatMap((input) => ('paths' in input ? input.paths : [])),
      options,
    ).run(jobs);
  }

  const totalBytes = inputs.every((input) => sizeOf(input) !== null) ? bytes : null;
  const { settings, sink, signal, onProgress, watch } = options;
  const results: InputResult[] = [];
  let [bytesRead, frames, findings] = [0, 0, 0];
  for (const [index, input] of inputs.entries()) {
    if (signal?.aborted === true) break;
    const result = await analyzeInput(input, {
      settings,
      input: index,
      isFiltered: threads > 1 && availableParallelism() > 1 && (sizeOf(input) ?? 0) >= worthTwoThreads,
      ...(watch === undefined ? {} : { watch }),
      ...(sink === undefined ? {} : { sink }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) =>
        onProgress?.({
          bytesRead: bytesRead + progress.source.bytesRead,
          totalBytes: inputs.length === 1 ? progress.source.totalBytes : totalBytes,
          frames: frames + progress.frames,
          findings: findings + countFindings(progress.findings),
        }),
    });
    bytesRead += sizeOf(input) ?? 0;
    frames += result.summary.frames;
    findings += countFindings(result.summary.findings);
    results.push(result);
  }
  return results;
}

function sizeOf(input: Input): number | null {
  return 'problem' in input ? 0 : input.bytes;
}

function countFindings(findings: Readonly<Record<Severity, number>>): number {
  return findings.error + findings.warning + findings.info;
}
