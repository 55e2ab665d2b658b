import { AnswerPool } from './answer-pool.ts';
import { Attempts } from './attempts.ts';
import { CaptureClock } from './clock.ts';
import { ConversationPool } from './conversation.ts';
import { Crossings } from './crossings.ts';
import { EvictedQuestions } from './evicted-questions.ts';
import type { ExchangeSink } from './exchange.ts';
import { ExchangeView, type Store } from './exchange-view.ts';
import { FlowKey } from './flow-key.ts';
import { FrameNumbers } from './frame-numbers.ts';
import { FrameRuns } from './frame-runs.ts';
import { LayerPaths } from './layer-paths.ts';
import type { Ledger } from './ledger.ts';
import { RecentSegments } from './recent-segments.ts';
import * as t from './table.ts';
import type { AnswerMemory, TableMemory } from './table-memory.ts';
import { Takeover } from './takeover.ts';
import { TraceBudget } from './traced-segments.ts';
import { createWaitingCells, releaseWaitingCells } from './waiting-ports.ts';

const MAX_FRAMES = 1000;
/** Of all exchanges, beside one for each. */
const MAX_FRAME_RUNS = 1 << 23;
/** Bound of the answers that are kept. */
export function mostAnswers(maxExchanges: number): number {
  return maxExchanges * 2 + 1024;
}

/** What the core has in its memory of the tracker's state. */
export interface SharedState {
  readonly table: TableMemory;
  readonly answers: AnswerMemory;
  readonly clock: Float64Array;
  nextId(): number;
  /**
   * The capture is over: counts the exchange, and those behind it in its list, as settled, as long as nothing but numbers is to be told of them. Returns the
   * first that is not so; 0 for none.
   */
  countAlike(entry: number): number;
}

export interface TrackerOptions {
  /** Silence is called silence after this many nanoseconds. */
  readonly answerTimeoutNanos: number;
  /** Bound of the table. */
  readonly maxExchanges: number;
  /** Most frames listed of an exchange, the first and the last: 1,000 by default. All are counted. */
  readonly maxFrames?: number;
  /** Of which exchanges frames, options and anomalies are kept: all (default), or those with port 0. Verdicts need none. */
  readonly evidence?: 'all' | 'port-zero';
  /** Whether a segment with a bad checksum is taken as good (default false): then it has been told of, and that is all. */
  readonly trustsChecksums?: boolean;
  /** Where to count the ports that wait (track/waiting-ports.ts), so that others can look there. */
  readonly waiting?: Uint16Array;
  /** Where the table, the clock and the ids are, when the core works on them too. */
  readonly shared?: SharedState | null;
  /** Who keeps exchanges on ordinary ports that go their usual way; only where evidence is for 'port-zero'. */
  readonly ledger?: Ledger;
  /** The time now by a clock that does not step; live only. */
  readonly evenNanos?: () => number;
}

/** What the parts of the tracker share: where exchanges are kept, the clock, and the packet at hand. */
export class Tracking {
  readonly store: Store;
  readonly table: t.ExchangeTable;
  readonly attempts: Attempts;
  readonly crossings: Crossings;
  readonly evictedQuestions = new EvictedQuestions();
  readonly recent = new RecentSegments();
  readonly answers: AnswerPool;
  readonly frames: FrameRuns;
  readonly numbers = new FrameNumbers();
  readonly conversations = new ConversationPool();
  readonly traces = new TraceBudget();
  readonly layers = new LayerPaths();
  readonly clock: CaptureClock;
  /** Whether the clock was running when the timers were looked at last. */
  hasTimers = false;
  readonly key: FlowKey;
  readonly view: ExchangeView;
  readonly sink: ExchangeSink;
  readonly timeoutNanos: number;
  readonly keepsAll: boolean;
  readonly trusts: boolean;
  /** See track/waiting-ports.ts. Who drops plain segments before they come here has to look at it. */
  readonly waiting: Uint16Array;
  readonly #ownsWaiting: boolean;
  readonly ledger: Ledger | null;
  readonly takeover: Takeover | null;
  /** Null where the core does nothing to the table. */
  readonly shared: SharedState | null;
  #nextId = 1;
  evicted = 0;
  // The packet at hand.
  frame = 0;
  seconds = 0;
  nanos = 0;
  digits = 0;
  isPortZero = false;

  constructor(options: TrackerOptions, sink: ExchangeSink) {
    this.sink = sink;
    this.timeoutNanos = options.answerTimeoutNanos;
    this.keepsAll = options.evidence !== 'port-zero';
    this.trusts = options.trustsChecksums === true;
    this.waiting = options.waiting ?? createWaitingCells();
    this.#ownsWaiting = options.waiting === undefined;
    this.ledger = options.ledger ?? null;
    this.shared = options.shared ?? null;
    this.clock = new CaptureClock(
      options.answerTimeoutNanos,
      (this.shared ?? this.ledger)?.clock,
      options.evenNanos ?? null,
    );
    this.key = new FlowKey();
    this.table = new t.ExchangeTable(options.maxExchanges, this.shared?.table);
    this.frames = new FrameRuns(MAX_FRAME_RUNS, options.maxExchanges, options.maxFrames ?? MAX_FRAMES, this.numbers);
    this.crossings = new Crossings(this.table);
    this.attempts = new Attempts(this.table);
    this.answers = new AnswerPool(mostAnswers(options.maxExchanges), this.numbers, this.shared?.answers);
    this.store = {
      table: this.table,
      answers: this.answers,
      frames: this.frames,
      numbers: this.numbers,
      conversations: this.conversations,
      layers: this.layers,
      trusts: this.trusts,
    };
    this.view = new ExchangeView(this.store);
    this.takeover = options.ledger === undefined ? null : new Takeover(this.store, options.ledger);
  }

  /** Nothing more comes. */
  release(): void {
    this.recent.release();
    if (this.#ownsWaiting) releaseWaitingCells(this.waiting);
  }

  /** Id for an exchange that is opened. */
  nextId(): number {
    return (this.shared ?? this.ledger)?.nextId() ?? this.#nextId++;
  }
}
