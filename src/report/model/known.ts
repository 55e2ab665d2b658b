import { formatCount } from '../../words/numbers.ts';
import { SEVERITIES, type Severity } from '../../words/severity.ts';
import { formatIdentity } from './baseline-file.ts';
import { formatKnown } from './known-words.ts';
import { countNew } from './new-findings.ts';
import type { AnalysisReport, ExchangeGroup, FindingReport, GoneReport } from './types.ts';

/* What a baseline says, in words: the same in every report. */

/** "1 error, 2 warnings", and with a baseline "1 new error, 40 known findings"; "" for nothing. */
export function formatFindingCounts(
  report: AnalysisReport,
  words: Readonly<Partial<Record<Severity, string>>> = {},
): string {
  const news = countNew(report);
  const adjective = report.baseline === undefined ? '' : 'new ';
  const counts = SEVERITIES.filter((severity) => news[severity] > 0).map((severity) =>
    formatCount(news[severity], `${adjective}${words[severity] ?? severity}`),
  );
  const known = countKnown(report);
  if (known > 0) counts.push(formatCount(known, 'known finding'));
  return counts.join(', ');
}

export function countKnown({ baseline }: AnalysisReport): number {
  return baseline === undefined ? 0 : SEVERITIES.reduce((sum, severity) => sum + baseline.known[severity], 0);
}

export function isKnown({ known }: FindingReport): boolean {
  return known !== undefined && known !== null;
}

/** Whether the baseline has all that was found of the exchanges of a group. */
export function isKnownGroup({ ruleIds, knownRuleIds }: Pick<ExchangeGroup, 'ruleIds' | 'knownRuleIds'>): boolean {
  return ruleIds.length > 0 && knownRuleIds?.length === ruleIds.length;
}

/** What is new, then what is known; each in the order given. */
export function newFirst<T>(items: readonly T[], isKnownItem: (item: T) => boolean): T[] {
  return [...items.filter((item) => !isKnownItem(item)), ...items.filter(isKnownItem)];
}

const CAUSES: Readonly<Record<GoneReport['cause'], string>> = {
  'not-seen': 'gone',
  ignored: 'ignored by the configuration now',
  'rule-off': 'its rule is off now',
};

/** "gone: syn-to-port-zero 192.0.2.1 -> 198.51.100.7:0, known since 2026-11-26: the old scanner". */
export function formatGone(gone: GoneReport): string {
  return `${CAUSES[gone.cause]}: ${formatIdentity(gone)}, ${formatKnown(gone)}`;
}
