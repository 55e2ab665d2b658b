import type { AnalysisProgress, AnalysisSink } from '../../analysis/types.ts';
import type { LiveFinding, LiveView } from '../../report/html/live-view.ts';
import type { ExchangeReport, FindingReport, VerdictCounts } from '../../report/model/types.ts';
import { VERDICTS, type Verdict } from '../../track/exchange.ts';
import { SEVERITIES, type Severity } from '../../words/severity.ts';
import type { Vitals } from './vitals.ts';

const BIN_SECONDS = 20;
/** An hour of them. */
const BINS = 180;
/** Rows of the newest findings. */
const MAX_ROWS = 60;
/** More findings of one rule in a second than this nobody reads: they become one row. */
const MAX_ROWS_PER_SECOND = 5;
/** Of what went wrong with the capture the newest are shown. */
const MAX_PROBLEMS = 5;

interface Bin {
  /** Counted in whole bins from the start. */
  readonly number: number;
  readonly counts: number[];
  drops: number;
}

type Row = { -readonly [key in keyof LiveFinding]: LiveFinding[key] } & { readonly exchange: number | null };

/** What is known of the findings of one rule: there are as many of these as rules. */
interface RuleState {
  severity: Severity;
  total: number;
  /** Findings of each second of the last minute. */
  readonly seconds: number[];
  /** The newest second that counts in `seconds`. */
  second: number;
  /** The row that takes what comes too fast; null while it can be read. */
  flood: Row | null;
}

/**
 * What the live page shows, kept in bounded room whatever comes: counts, an hour in bins, and some rows. A flood of one rule is one
 * row, and what must leave is of the rule that has most rows, so that it does not hide the findings of others.
 */
export class LiveBoard {
  readonly #vitals: Vitals;
  readonly #name: () => string;
  readonly #now: () => number;
  readonly #started = new Date();
  readonly #origin: number;
  readonly #rules = new Map<string, RuleState>();
  /** The newest last. */
  readonly #rows: Row[] = [];
  /** Rows by the exchange that they are about. */
  readonly #byExchange = new Map<number, Row[]>();
  /** The newest last. */
  readonly #bins: Bin[] = [];
  #nextKey = 1;
  #progress: AnalysisProgress | null = null;
  #settled = new Array<number>(VERDICTS.length).fill(0);
  #drops = 0;
  #rate = { frames: 0, at: 0, perSecond: 0 };

  /** `now` counts milliseconds without steps. */
  constructor(vitals: Vitals, name: () => string, now = () => performance.now()) {
    this.#vitals = vitals;
    this.#name = name;
    this.#now = now;
    this.#origin = now();
    this.#rate.at = this.#origin;
  }

  readonly sink: AnalysisSink = {
    finding: (finding, exchange) => this.#addFinding(finding, exchange),
    answered: (exchange, findings) => {
      const rows = this.#byExchange.get(exchange.id);
      if (rows === undefined) return;
      for (const row of rows) {
        const retold = findings.find(({ ruleId }) => ruleId === row.ruleId);
        if (retold !== undefined) row.message = retold.message;
      }
      this.#settle(rows, exchange.verdict);
    },
    exchange: (exchange) => {
      const rows = this.#byExchange.get(exchange.id);
      if (rows === undefined) return;
      this.#settle(rows, exchange.verdict);
      this.#byExchange.delete(exchange.id);
    },
  };

  /** Takes what the analysis has come to, some times a second. */
  update(progress: AnalysisProgress): void {
    this.#progress = progress;
    const bin = this.#bin();
    const drops = Number(progress.source.drops ?? 0);
    bin.drops += Math.max(0, drops - this.#drops);
    this.#drops = drops;
    const { portZero } = progress.exchanges ?? {};
    if (portZero !== undefined)
      for (const [index, verdict] of VERDICTS.entries()) {
        bin.counts[index]! += portZero[verdict] - this.#settled[index]!;
        this.#settled[index] = portZero[verdict];
      }
    const now = this.#now();
    const { frames, at } = this.#rate;
    if (now - at >= 1000)
      this.#rate = {
        frames: progress.frames,
        at: now,
        perSecond: Math.round(((progress.frames - frames) * 1000) / (now - at)),
      };
  }

  view(ended: boolean): LiveView {
    const vitals = this.#vitals.read();
    const { captured } = this.#vitals.capture;
    const number = this.#bin().number;
    const bins: number[][] = Array.from({ length: BINS }, () => []);
    const drops = new Array<number>(BINS).fill(0);
    for (const bin of this.#bins) {
      const place = BINS - 1 - (number - bin.number);
      if (bin.counts.some((count) => count > 0)) bins[place] = bin.counts;
      drops[place] = bin.drops;
    }
    const second = this.#second;
    const rules = [...this.#rules].map(([ruleId, state]) => {
      this.#passTime(state, second);
      return { ruleId, severity: state.severity, total: state.total, lastMinute: sum(state.seconds) };
    });
    const rank = (severity: Severity) => SEVERITIES.indexOf(severity);
    rules.sort((a, b) => rank(a.severity) - rank(b.severity) || (a.ruleId < b.ruleId ? -1 : 1));
    const problems = this.#progress?.source.problems ?? [];
    return {
      started: this.#started.toISOString(),
      time: vitals.time,
      uptimeSeconds: vitals.uptimeSeconds,
      ended,
      name: ended || captured.length === 0 ? this.#name() : captured.join(', '),
      capturing: captured.length > 0,
      complaints: ended ? [] : this.#vitals.complaints(),
      problems: problems.slice(-MAX_PROBLEMS).map(({ message }) => message),
      frames: vitals.frames,
      framesPerSecond: this.#rate.perSecond,
      drops: vitals.drops === null ? null : String(vitals.drops),
      lagSeconds: vitals.lagSeconds,
      memoryBytes: vitals.memoryBytes,
      open: vitals.exchanges.open,
      evicted: vitals.exchanges.evicted,
      portZero: vitals.exchanges.portZero ?? NONE,
      all: vitals.exchanges.all ?? NONE,
      timeline: { binSeconds: BIN_SECONDS, bins, drops },
      rules,
      newest: this.#rows.map(({ exchange: _, ...row }) => row).reverse(),
    };
  }

  /** Whole seconds since the start. */
  get #second(): number {
    return Math.floor((this.#now() - this.#origin) / 1000);
  }

  /** The bin of this moment. */
  #bin(): Bin {
    const number = Math.floor(this.#second / BIN_SECONDS);
    let bin = this.#bins.at(-1);
    if (bin === undefined || bin.number < number) {
      bin = { number, counts: new Array<number>(VERDICTS.length).fill(0), drops: 0 };
      this.#bins.push(bin);
    }
    while (this.#bins[0]!.number <= number - BINS) this.#bins.shift();
    return bin;
  }

  /** Seconds that went by without a finding of the rule. */
  #passTime(state: RuleState, second: number): void {
    // The flood has ended when a whole second was quiet.
    const quiet = second - state.second;
    if (quiet > 1 || (quiet === 1 && state.seconds[state.second % 60]! <= MAX_ROWS_PER_SECOND)) state.flood = null;
    for (let passed = Math.max(state.second + 1, second - 59); passed <= second; passed++)
      state.seconds[passed % 60] = 0;
    state.second = second;
  }

  #addFinding({ ruleId, severity, message, time }: FindingReport, exchange: ExchangeReport | null): void {
    const second = this.#second;
    let state = this.#rules.get(ruleId);
    if (state === undefined) {
      state = { severity, total: 0, seconds: new Array<number>(60).fill(0), second, flood: null };
      this.#rules.set(ruleId, state);
    }
    this.#passTime(state, second);
    state.severity = severity;
    state.total++;
    const inSecond = ++state.seconds[second % 60]!;
    const { flood } = state;
    if (flood !== null) {
      flood.count++;
      Object.assign(flood, { time, severity, message });
      return;
    }
    const isFlood = inSecond > MAX_ROWS_PER_SECOND;
    const isOpen = exchange !== null && exchange.verdict === 'undecided' && exchange.frames.answer === null;
    const row: Row = {
      key: this.#nextKey++,
      time,
      since: time,
      ruleId,
      severity,
      message,
      verdict: exchange === null || isOpen ? null : exchange.verdict,
      waiting: isOpen,
      count: 1,
      exchange: isFlood ? null : (exchange?.id ?? null),
    };
    this.#rows.push(row);
    if (isFlood) state.flood = row;
    else if (row.exchange !== null) {
      const rows = this.#byExchange.get(row.exchange);
      if (rows === undefined) this.#byExchange.set(row.exchange, [row]);
      else rows.push(row);
    }
    if (this.#rows.length > MAX_ROWS) this.#dropRow();
  }

  #settle(rows: readonly Row[], verdict: Verdict): void {
    for (const row of rows) {
      row.verdict = verdict;
      row.waiting = false;
    }
  }

  /** The oldest of the rule that has most, and not the one that its flood still goes into. */
  #dropRow(): void {
    const counts = new Map<string, number>();
    for (const { ruleId } of this.#rows) counts.set(ruleId, (counts.get(ruleId) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const index = this.#rows.findIndex(
      (row) => counts.get(row.ruleId) === most && this.#rules.get(row.ruleId)!.flood !== row,
    );
    const [row] = this.#rows.splice(Math.max(0, index), 1);
    const { exchange } = row!;
    if (exchange === null) return;
    const left = (this.#byExchange.get(exchange) ?? []).filter((other) => other !== row);
    if (left.length === 0) this.#byExchange.delete(exchange);
    else this.#byExchange.set(exchange, left);
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

const NONE = Object.fromEntries(['total', ...VERDICTS].map((key) => [key, 0])) as unknown as VerdictCounts;
