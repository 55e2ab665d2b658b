import type { Severity } from '../../words/severity.ts';
import type { AnalysisReport } from './types.ts';

/** Findings that no baseline has, by severity: what a run can fail by. */
export function countNew({ summary, baseline }: AnalysisReport): Record<Severity, number> {
  const { error, warning, info } = summary.findings;
  const known = baseline?.known ?? { error: 0, warning: 0, info: 0 };
  return { error: error - known.error, warning: warning - known.warning, info: info - known.info };
}
