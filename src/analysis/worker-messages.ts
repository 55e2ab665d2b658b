import type { ExchangeReport, FindingReport } from '../report/model/types.ts';
import type { AnalysisSettings, InputResult } from './types.ts';

export interface WorkerStart {
  /** Rules are functions, which cannot be handed over: the worker loads those of plugins itself. */
  readonly settings: Omit<AnalysisSettings, 'rules'>;
  /** Whether somebody listens to single results. */
  readonly streams: boolean;
  /** Shared: [0] posts with results that were not taken yet, [1] not 0 when the analysis is to stop. */
  readonly credits: Int32Array;
}
export type ToWorker =
  | { readonly type: 'analyze'; readonly input: number; readonly path: string }
  | { readonly type: 'stop' };
export type FromWorker =
  | { readonly type: 'items'; readonly input: number; readonly items: readonly Item[] }
  | {
      readonly type: 'progress';
      readonly input: number;
      readonly bytesRead: number;
      readonly totalBytes: number | null;
      readonly frames: number;
      readonly findings: number;
    }
  | { readonly type: 'result'; readonly input: number; readonly result: InputResult };
/** A finding (and its exchange, if it has one), or an exchange. */
export interface Item {
  readonly finding?: FindingReport;
  readonly exchange?: ExchangeReport | undefined;
}
