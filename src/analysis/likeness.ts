import type { StackEntry } from '../atlas/types.ts';
import type { ExchangeReport, RunResult } from '../report/model/types.ts';
import type { AnalysisSink } from './types.ts';

/**
 * The result with what its answers look like, by the atlas and stacks of one's own. The atlas is not even loaded for a result
 * without port 0.
 */
export async function withLikeness(result: RunResult, own: readonly StackEntry[]): Promise<RunResult> {
  if (!listsPortZero(result)) return result;
  return (await import('../atlas/looks-like.ts')).addLooksLike(result, own);
}

function listsPortZero({ report, groups }: RunResult): boolean {
  const usesPortZero = ({ portZero }: ExchangeReport) => portZero !== null;
  return report.exchanges.some(usesPortZero) || groups.some(({ examples }) => examples.some(usesPortZero));
}

/** A sink that is told of exchanges with what is known by then of how their host answers. */
export async function sinkWithLikeness(
  { exchange, finding, ...others }: AnalysisSink,
  own: readonly StackEntry[],
): Promise<AnalysisSink> {
  const { StreamLikeness } = await import('../atlas/looks-like.ts');
  const likeness = new StreamLikeness(own);
  return {
    ...others,
    ...(exchange === undefined ? {} : { exchange: (it) => exchange(likeness.add(it)) }),
    ...(finding === undefined ? {} : { finding: (it, of) => finding(it, of === null ? null : likeness.add(of)) }),
  };
}
