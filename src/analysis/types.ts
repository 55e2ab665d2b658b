import type { CaptureProblem, Frame, FrameSource } from '../capture/source.ts';
import type { ExpectationState } from '../config/expectations.ts';
import type { Config } from '../config/types.ts';
import type { Rule } from '../engine/types.ts';
import type { FrameTotals } from '../prefilter/frame-totals.ts';
import type { InputGroup } from '../report/model/merged-groups.ts';
import type { OverviewState } from '../report/model/overview/overview.ts';
import type {
  ExchangeReport,
  FindingReport,
  InputReport,
  Overflow,
  SummaryReport,
  VerdictCounts,
} from '../report/model/types.ts';
import type { Severity } from '../words/severity.ts';
import type { Baseline, BaselineState } from './baseline.ts';
import type { FrameKeeper } from './frame-keeper.ts';

/** Settings of a run that are not part of the configuration file. */
export interface AnalysisSettings {
  readonly config: Config;
  /** The rules to ask, those of plugins included. */
  readonly rules: readonly Rule[];
  /** Which exchanges are listed: those with a finding, or all. */
  readonly exchanges: 'flagged' | 'all';
  /** Bound of the exchange table (default 1,000,000). */
  readonly maxExchanges: number;
  /** Most frames listed of an exchange. */
  readonly maxFrames?: number;
  /** Whether the report's lists of exchanges and their findings are made (default true): text needs the groups only. */
  readonly lists?: boolean;
  /** Most exchanges, and most findings about no single exchange, kept for the report's lists; streams are not bound by it. */
  readonly maxListed: number;
  /** 0 to 65535. */
  readonly communityIdSeed: number;
  /** Findings come as soon as they are known (sniff), not when their exchange has settled. */
  readonly live: boolean;
  /** An input with a frame that was not looked into is not complete. */
  readonly strict?: boolean;
  /** Findings that are known; absent for none. */
  readonly baseline?: Baseline;
  /**
   * Time passes while no frames come (default false): for a capture that comes through a pipe as it is made. Counted from
   * the last frame's own time, so that an old capture, sent at once, is read as the file would be.
   */
  readonly passesTime?: boolean;
}
/** Hears of results as they come. What is not asked for is not built, which is much faster. */
export interface AnalysisSink {
  /** An exchange has settled, and is to be listed. Comes after its findings. */
  exchange?(exchange: ExchangeReport): void;
  /** In live mode the exchange is as it was when the rule fired. Null for scans, floods and datagrams. */
  finding?(finding: FindingReport, exchange: ExchangeReport | null): void;
  /** Live only: the first answer to an exchange that has findings, which are told again as they read now. */
  answered?(exchange: ExchangeReport, findings: readonly FindingReport[]): void;
  /** Where nobody wants to hear of all exchanges: StreamReporter has more. */
  readonly overflow?: Overflow | undefined;
}
/** A running analysis of one input: what a status line shows. */
export interface AnalysisProgress {
  readonly source: FrameSource;
  readonly frames: number;
  readonly openExchanges: number;
  readonly findings: Readonly<Record<Severity, number>>;
  /** Captured bytes. */
  readonly bytes?: number;
  readonly evicted?: number;
  /** Those that have settled. */
  readonly exchanges?: { readonly all: VerdictCounts; readonly portZero: VerdictCounts };
}
/** What one input came to. Plain data, so that a worker can hand it over. */
export interface InputResult {
  readonly input: InputReport;
  readonly summary: SummaryReport;
  readonly exchanges: readonly ExchangeReport[];
  readonly findings: readonly FindingReport[];
  readonly groups: readonly InputGroup[];
  /** Null where there was no exchange with port 0. */
  readonly overview: OverviewState | null;
  readonly omitted: {
    readonly exchanges: number;
    readonly findings: number;
    readonly evicted: number;
    readonly attempts: number;
  };
  /** Exchanges with port 0 that the configuration says to ignore. */
  readonly ignored: number;
  /** Packets that had no time stamp. */
  readonly untimed: number;
  readonly expectations: readonly ExpectationState[];
  /** Null where there is no baseline. */
  readonly baseline: BaselineState | null;
  readonly elapsedMs: number;
}
/** An analysis that runs. */
export interface RunningAnalysis {
  /**
   * Goes on with another policy; what was told stays told, and rates, expectations and open exchanges keep their state. Throws
   * PolicyError, and changes nothing, where the policy asks for what only a new start can give.
   */
  adopt(settings: AnalysisSettings): void;
}
export interface AnalyzeSourceOptions {
  readonly settings: AnalysisSettings;
  /** Index of the input in the report. */
  readonly input: number;
  readonly sink?: AnalysisSink;
  readonly signal?: AbortSignal;
  /** Before the first frame. */
  readonly onStart?: (analysis: RunningAnalysis) => void;
  /** At most about ten times a second; reading goes on when what it returns has settled. */
  readonly onProgress?: (progress: AnalysisProgress) => void | Promise<void>;
  /** Sees every frame before it is analysed, as the evidence writer of a live run must. */
  readonly onFrame?: (frame: Frame) => void;
  /** What a source that hands out only frames which triage admits knows of all of them. */
  readonly totals?: FrameTotals;
  /** Keeps the frames of port 0, behind the decoder. */
  readonly keeper?: FrameKeeper;
  /** Bytes of input from which on the core is worth it (default 1 MiB); for tests, that hold it to the same results. */
  readonly worthCore?: number;
}
/** One input of a report, as it was found: something to read, or what is wrong (a folder without captures). */
export type Input = ReadableInput | { readonly name: string; readonly problem: CaptureProblem };
export interface ReadableInput {
  readonly name: string;
  /** One file (or `-`), or several that `open` makes one source of. */
  readonly paths: readonly string[];
  /** Null where there is no size. */
  readonly bytes: number | null;
  readonly open?: () => Promise<FrameSource>;
  /** It goes by once: a pipe, or a capture that grows. */
  readonly once?: boolean;
}
/** How far all inputs are. */
export interface InputsProgress {
  readonly bytesRead: number;
  /** Null when an input is a pipe. */
  readonly totalBytes: number | null;
  readonly frames: number;
  readonly findings: number;
}
/** Sees each frame before its results are known; as analyzeSource takes it. */
export type Watcher = AnalysisSink & { readonly onFrame: (frame: Frame) => void };
export interface AnalyzeInputsOptions {
  readonly settings: AnalysisSettings;
  /**
   * Most inputs at the same time; by default what the machine has processors for, where there is enough to read. Of a single
   * large file a second thread does the reading, unless this is 1.
   */
  readonly jobs?: number | undefined;
  /** Bytes from which on a second thread, or several, are worth it (default 128 MiB; of a single file 1 GiB). */
  readonly worthThreads?: number;
  /** Hears of the results of one input after the other, in the order of the inputs, whatever `jobs` is. */
  readonly sink?: AnalysisSink | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Looks at the frames and results of an input that goes by once, when that is opened. */
  readonly watch?: ((source: FrameSource) => Watcher) | undefined;
  /** At most about ten times a second; reading waits for what it returns. */
  readonly onProgress?: ((progress: InputsProgress) => void | Promise<void>) | undefined;
}
