import {
  accessSync,
  constants,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Baseline } from '../analysis/baseline.ts';
import { readBaseline, updateBaseline } from '../analysis/baseline-text.ts';
import { showFile } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import type { Rule } from '../engine/types.ts';
import { formatBaseline } from '../report/model/baseline-file.ts';
import { MAX_BASELINE_ENTRIES } from '../report/model/same-finding.ts';
import type { RunResult } from '../report/model/types.ts';
import { whyUnreadable } from '../unreadable.ts';
import { formatCount, formatNumber } from '../words/numbers.ts';
import { CliError } from './io.ts';

/** Where the baseline is: --baseline, or what the configuration names. Absolute; null for none. Throws CliError. */
export function baselinePath(
  {
    baseline,
    updateBaseline: updates,
  }: { readonly baseline?: string | undefined; readonly updateBaseline?: boolean | undefined },
  config: Config,
  cwd: string,
): string | null {
  if (baseline === '') throw new CliError('--baseline: expected the path of a file');
  const path = baseline === undefined ? config.baseline : resolve(cwd, baseline);
  if (path === null && updates === true) {
    throw new CliError('--update-baseline needs to know the file: --baseline FILE, or baseline: in the configuration');
  }
  return path;
}

/**
 * The baseline of a run. One that is to be written need not be there yet; that it can be is looked at before gigabytes are
 * read. Throws CliError, and ConfigError for a line that is wrong.
 */
export function loadBaseline(
  path: string,
  rules: readonly Rule[],
  { cwd, updates }: { readonly cwd: string; readonly updates: boolean },
): Baseline {
  const file = showFile(path, cwd);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new CliError(`cannot read the baseline ${file}: ${whyUnreadable(error)}`, { cause: error });
    if (!updates) {
      throw new CliError(`the baseline ${file} is not there; --update-baseline makes it`, { cause: error });
    }
    bytes = new Uint8Array();
  }
  if (updates) checkWritable(path, file);
  const parsed = readBaseline(bytes, file, rules);
  return { ...parsed, file, updates: updates ? new Date().toISOString().slice(0, 10) : null };
}

function checkWritable(path: string, file: string): void {
  try {
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
    accessSync(isThere ? path : dirname(path), constants.W_OK);
    accessSync(dirname(isThere ? realpathSync(path) : path), constants.W_OK);
  } catch (error) {
    throw new CliError(`cannot write the baseline ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes the baseline of a run with --update-baseline, whole or not at all, and says what became of it. What could not be read
 * might hold findings that would look as if they were gone, so then nothing is written. Throws CliError.
 */
export function writeBaseline(path: string, baseline: Baseline, result: RunResult, interrupted: boolean): string {
  const { file } = baseline;
  const compared = result.report.baseline!;
  const added = result.added ?? [];
  if (interrupted || result.report.inputs.some((input) => !input.complete)) {
    throw new CliError(`the baseline ${file} was not updated: not all of the input could be read`);
  }
  const next = updateBaseline(baseline, compared, added);
  if (next.entries.length > MAX_BASELINE_ENTRIES) {
    throw new CliError(
      `the baseline ${file} was not updated: it can have ${formatNumber(MAX_BASELINE_ENTRIES)} findings, and this run has more. See ignore: in the configuration`,
    );
  }
  const target = statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
  const made = `${target}.${process.pid}.new`;
  try {
    writeFileSync(made, formatBaseline(next), { flag: 'wx' });
    renameSync(made, target);
  } catch (error) {
    rmSync(made, { force: true });
    throw new CliError(`cannot write the baseline ${file}: ${(error as Error).message}`, { cause: error });
  }
  const kept = next.entries.length - added.length;
  return `baseline ${file}: ${formatCount(next.entries.length, 'finding')}, ${formatNumber(added.length)} added, ${formatNumber(kept)} kept, ${formatNumber(compared.gone.length)} taken out`;
}
