export type Severity = 'info' | 'warning' | 'error';
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
/** The most severe first, else in the order given. */
export function bySeverity<T extends { readonly severity: Severity | null }>(items: readonly T[]): T[] {
  const rank = ({ severity }: T) => (severity === null ? SEVERITIES.length : SEVERITIES.indexOf(severity));
  return items.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether a finding of this severity makes a run fail that fails from `failOn` on. */
export function fails(severity: Severity, failOn: Severity | 'never'): boolean {
  return failOn !== 'never' && SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(failOn);
}
