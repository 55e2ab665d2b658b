/**
 * portzero as a library: who put TCP port 0 on the wire, and how did the other stack answer?
 *
 *     import { analyzeCapture } from 'portzero';
 *     const analysis = analyzeCapture('trace.pcapng');
 *     for await (const event of analysis) if (event.type === 'exchange') console.log(event.exchange.verdict);
 *     const { summary } = await analysis.report();
 */

export {
  type AnalysisEvent,
  type AnalyzeOptions,
  analyzeCapture,
  type CaptureAnalysis,
} from './analysis/analyze-capture.ts';
export { parseSignatures } from './atlas/load.ts';
export type { StackEntry } from './atlas/types.ts';
export { CaptureError, type CaptureErrorCode } from './capture/errors.ts';
export { openCapture } from './capture/open.ts';
export {
  type CaptureInterface,
  type CaptureProblem,
  Frame,
  type FrameHandler,
  type FrameSource,
  type RunOptions,
} from './capture/source.ts';
export { defaultConfig } from './config/defaults.ts';
export { ConfigError, type ConfigProblem } from './config/errors.ts';
export { loadConfig } from './config/load.ts';
export type { Config, Expectation, IgnoreEntry, RuleSetting } from './config/types.ts';
export type {
  DatagramRule,
  ExchangeRule,
  Match,
  OptionSpec,
  Rule,
  RuleMeta,
  RuleOptions,
  WindowRule,
  WindowTotals,
} from './engine/types.ts';
export type {
  AnalysisReport,
  DocumentReporter,
  ExchangeGroup,
  ExchangeReport,
  FindingReport,
  InputReport,
  LooksLikeReport,
  ReportContext,
  RunResult,
  SegmentReport,
  StreamContext,
  StreamReporter,
  StreamReporterFactory,
  SummaryReport,
} from './report/model/types.ts';
export { rules } from './rules/index.ts';
export type { Exchange, PortState, PortZeroEnd, Probe, SegmentEvidence, Timestamp, Verdict } from './track/exchange.ts';
export type { Severity } from './words/severity.ts';
