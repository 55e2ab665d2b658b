import type { AnalysisReport, ExchangeReport, SegmentReport } from '../../src/report/model/types.ts';

/** What a report says that depends neither on the file around the frames, nor on the clock, nor on what carries them. */
export function essenceOf({ summary, exchanges, findings, omitted }: AnalysisReport) {
  const { undecoded: _, ...counts } = summary;
  return {
    summary: counts,
    exchanges: exchanges.map(exchangeEssence),
    findings: findings.map(({ ruleId, severity, exchange, frames }) => ({ ruleId, severity, exchange, frames })),
    omitted,
  };
}

/** Absolute times, layers and scope are those of what carries the frames. */
function exchangeEssence(exchange: ExchangeReport) {
  const { started: _s, answered: _a, layers: _l, scope: _c, answerScope, evidence, ...rest } = exchange;
  const { probe, answer, otherAnswers, notes } = evidence;
  return {
    ...rest,
    isInTwoScopes: answerScope !== null,
    evidence: {
      probe: segmentEssence(probe),
      answer: segmentEssence(answer),
      otherAnswers: otherAnswers.map(segmentEssence),
      notes,
    },
  };
}

function segmentEssence(segment: SegmentReport | null) {
  if (segment === null) return null;
  const { time: _, ...rest } = segment;
  return rest;
}
