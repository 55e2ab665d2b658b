import { resolve } from 'node:path';
import type { StackEntry } from '../atlas/types.ts';
import { CaptureError } from '../capture/errors.ts';
import { openCapture } from '../capture/open.ts';
import type { FrameSource } from '../capture/source.ts';
import { defaultConfig } from '../config/defaults.ts';
import type { Config } from '../config/types.ts';
import type { Rule } from '../engine/types.ts';
import type { AnalysisReport, ExchangeReport, FindingReport, RunResult } from '../report/model/types.ts';
import { rules as builtInRules } from '../rules/index.ts';
import { analyzeSource } from './analyze-source.ts';
import { combineResults } from './combine.ts';
import { sinkWithLikeness, withLikeness } from './likeness.ts';
import { numberStream } from './sinks.ts';
import type { AnalysisSettings, AnalysisSink, InputResult } from './types.ts';

export interface AnalyzeOptions {
  /** From loadConfig() or defaultConfig(); the defaults when left out. No file is looked for, but the baseline that it names is read. */
  readonly config?: Config;
  /** Rules of your own, asked beside the built-in ones with their default severity unless the config sets another. */
  readonly rules?: readonly Rule[];
  /** Which exchanges are told of and listed: those with a finding (default), or all. */
  readonly exchanges?: 'flagged' | 'all';
  /** Bound of the exchange table (default 1,000,000). */
  readonly maxExchanges?: number;
  /** Most frames listed of an exchange, the first and the last (default 1,000). */
  readonly maxFrames?: number;
  /** Most exchanges in the report's list (default 10,000); the iteration is not bound by it. */
  readonly maxListed?: number;
  /** Seed of the Community ID, 0 to 65535 (default 0). */
  readonly communityIdSeed?: number;
  /** An input with a frame that was not looked into is not complete (default false). */
  readonly strict?: boolean;
  /** Stacks of your own for "answers like", as parseSignatures() reads them from what `portzero atlas --learn` writes. */
  readonly signatures?: readonly StackEntry[];
  /** Ends the reading early; what was read is reported. */
  readonly signal?: AbortSignal;
}

/** What an analysis tells of on the way, in the order in which it becomes known. */
export type AnalysisEvent =
  | { readonly type: 'exchange'; readonly exchange: ExchangeReport }
  | { readonly type: 'finding'; readonly finding: FindingReport; readonly exchange: ExchangeReport | null };

/** Results that wait for a slow consumer before reading pauses. */
const MAX_QUEUED = 1000;

/** An analysis that starts when it is iterated or asked for its report. */
export class CaptureAnalysis implements AsyncIterable<AnalysisEvent> {
  readonly #start: (sink: AnalysisSink, pause: () => Promise<void> | void) => Promise<RunResult>;
  #result: Promise<RunResult> | null = null;

  /** @internal */
  constructor(start: (sink: AnalysisSink, pause: () => Promise<void> | void) => Promise<RunResult>) {
    this.#start = start;
  }

  /** The whole report, once all is read. Damaged input is told in it; only what cannot be opened rejects. */
  async report(): Promise<AnalysisReport> {
    return (await this.result()).report;
  }

  /** The report and the groups of like exchanges, as reporters get them. */
  result(): Promise<RunResult> {
    this.#result ??= this.#start({}, () => undefined);
    return this.#result;
  }

  /** Exchanges and findings as they settle. Can be iterated once, before report() is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<AnalysisEvent, void, undefined> {
    if (this.#result !== null)
      throw new Error('the analysis has started already: iterate before asking for the report');
    let queue: AnalysisEvent[] = [];
    let wake = () => {};
    let drained = () => {};
    let isOver = false;
    const add = (event: AnalysisEvent) => {
      queue.push(event);
      wake();
    };
    const pause = () =>
      queue.length < MAX_QUEUED
        ? undefined
        : new Promise<void>((resolveDrained) => {
            drained = resolveDrained;
          });
    const sink: AnalysisSink = {
      exchange: (exchange) => add({ type: 'exchange', exchange }),
      finding: (finding, exchange) => add({ type: 'finding', finding, exchange }),
    };
    const over = () => {
      isOver = true;
      wake();
    };
    this.#result = this.#start(sink, pause);
    this.#result.then(over, over);
    try {
      for (;;) {
        const events = queue;
        queue = [];
        yield* events;
        drained();
        if (queue.length > 0) continue;
        if (isOver) break;
        await new Promise<void>((resolveWoken) => {
          wake = resolveWoken;
        });
      }
    } finally {
      // Whoever leaves early must not hold the reading up.
      drained();
    }
    await this.#result;
  }
}

/**
 * Analyses captures: paths, "-" for standard input, or sources of your own, each an input of the report. Rejects (from
 * report() or the iteration) with CaptureError when an input cannot be opened, and with ConfigError when the configuration's
 * baseline cannot be read.
 */
export function analyzeCapture(
  inputs: string | FrameSource | readonly (string | FrameSource)[],
  options: AnalyzeOptions = {},
): CaptureAnalysis {
  const list = Array.isArray(inputs) ? inputs : [inputs];
  return new CaptureAnalysis(async (sink, pause) => {
    if (list.length === 0) throw new CaptureError('no-captures', 'no capture was given');
    const settings = await withBaseline(settingsOf(options, false));
    const results: InputResult[] = [];
    const own = options.signatures ?? [];
    const told = sink.exchange === undefined ? sink : numberStream(await sinkWithLikeness(sink, own));
    for (const [input, given] of list.entries()) {
      const source = typeof given === 'string' ? await openCapture(given === '-' ? given : resolve(given)) : given;
      results.push(
        await analyzeSource(source, {
          settings,
          input,
          ...(sink.exchange === undefined ? {} : { sink: told }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          onProgress: pause,
        }),
      );
    }
    return withLikeness(combineResults(results, settings), own);
  });
}

/** @internal */
export function settingsOf(options: AnalyzeOptions, live: boolean): AnalysisSettings {
  const rules = [...builtInRules, ...(options.rules ?? [])];
  return {
    config: options.config ?? defaultConfig(options.rules),
    rules,
    exchanges: options.exchanges ?? 'flagged',
    maxExchanges: options.maxExchanges ?? 1_000_000,
    maxFrames: options.maxFrames ?? 1000,
    maxListed: options.maxListed ?? 10_000,
    communityIdSeed: options.communityIdSeed ?? 0,
    live,
    strict: options.strict === true,
  };
}

/** With the baseline that the configuration names. Most runs have none, and need not load what reads it. */
async function withBaseline(settings: AnalysisSettings): Promise<AnalysisSettings> {
  const { config, rules } = settings;
  if (config.baseline === null) return settings;
  const { readConfiguredBaseline } = await import('./baseline-text.ts');
  return { ...settings, baseline: readConfiguredBaseline(config.baseline, rules) };
}
