import type { Severity } from '../../words/severity.ts';
import type { AnalysisReport, RunResult } from './types.ts';

/** Findings that no baseline has, by severity: what a run can fail by. */
export function countNew({ summary, baseline }: AnalysisReport): Record<Severity, number> {
  const { error, warning, info } = summary.findings;
  const known = baseline?.known ?? { error: 0, warning: 0, info: 0 };
  return { error: error - known.error, warning: warning - known.warning, info: info - known.info };
}

/** The same for each input. Broken expectations are of the run, and of no input. */
export function newOfInputs({ report, newByInput }: RunResult): ReadonlyArray<Readonly<Record<Severity, number>>> {
  if (newByInput !== undefined) return newByInput;
  const counts = report.inputs.map(() => ({ error: 0, warning: 0, info: 0 }));
  for (const { input, severity, known } of report.findings)
    if ((known ?? null) === null && counts[input] !== undefined) counts[input][severity]++;
  return counts;
}
