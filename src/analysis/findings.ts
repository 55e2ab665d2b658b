import { formatAddress } from '../decode/address.ts';
import type { Fired, RuleEngine } from '../engine/engine.ts';
import { MAX_FINDING_FRAMES, sampleFrames } from '../engine/frame-sample.ts';
import { exchangeValues, formatMessage, type MessageValues } from '../engine/message.ts';
import { describeEnds, describeExchange } from '../report/model/describe.ts';
import { type Group, GroupCollector } from '../report/model/groups.ts';
import { identifyFinding } from '../report/model/same-finding.ts';
import { formatTime } from '../report/model/time.ts';
import type { ExchangeReport, FindingReport, KnownReport } from '../report/model/types.ts';
import type { Exchange } from '../track/exchange.ts';
import { BaselineMatcher } from './baseline.ts';
import { Listing } from './listing.ts';
import type { AnalysisSettings, AnalysisSink, InputResult } from './types.ts';

/** Bit of Exchange.mark that no rule has (see MAX_EXCHANGE_RULES). */
const ANSWER_TOLD = 1 << 30;
/** And this: its findings were only counted. */
const UNTOLD = 1 << 31;

/** What the lists of one input's findings are made from. */
interface FindingsOptions {
  readonly settings: AnalysisSettings;
  readonly sink: AnalysisSink;
  /** Index of the input. */
  readonly input: number;
  readonly engine: RuleEngine;
  readonly scopeName: (scope: number) => string;
}

/** What the rules say of the exchanges of one input: as report objects, in lists of settings.maxListed and to whoever reads along. */
export class Findings {
  #settings: AnalysisSettings;
  readonly #sink: AnalysisSink;
  readonly #input: number;
  readonly #engine: RuleEngine;
  readonly #scopeName: FindingsOptions['scopeName'];
  readonly #groups: GroupCollector;
  readonly #listed: Listing<ListedExchange>;
  /** Findings about several exchanges, or about none. */
  readonly #loose: Listing<FindingReport>;
  readonly #baseline: BaselineMatcher | null;
  #omittedExchanges = 0;
  #omittedFindings = 0;
  #ignored = 0;

  constructor({ settings, sink, input, engine, scopeName }: FindingsOptions) {
    this.#settings = settings;
    this.#sink = sink;
    this.#input = input;
    this.#engine = engine;
    this.#scopeName = scopeName;
    this.#groups = new GroupCollector(engine);
    this.#listed = new Listing(settings.maxListed);
    this.#loose = new Listing(settings.maxListed);
    this.#baseline = settings.baseline === undefined ? null : new BaselineMatcher(settings.baseline);
  }

  /** What the result of the input has of it, when all is told. */
  result(): Pick<InputResult, 'exchanges' | 'findings' | 'groups' | 'ignored' | 'baseline'> & {
    readonly omitted: Pick<InputResult['omitted'], 'exchanges' | 'findings'>;
  } {
    const listed = this.#listed.items();
    return {
      exchanges: listed.map(({ exchange }) => exchange),
      findings: [...listed.flatMap(({ findings }) => findings), ...this.#loose.items()],
      groups: this.#groups.list(this.#input),
      omitted: { exchanges: this.#omittedExchanges, findings: this.#omittedFindings },
      ignored: this.#ignored,
      baseline: this.#baseline?.state() ?? null,
    };
  }

  /** Goes on with another policy, which the engine has already. */
  adopt(settings: AnalysisSettings): void {
    this.#settings = settings;
  }

  opened(exchange: Exchange): void {
    for (const fired of this.#engine.opened(exchange)) this.report(fired);
  }

  /** Live: streams what fired just now. The report's own lists are made when the exchange has settled. */
  #tellEarly(exchange: Exchange): void {
    if (!this.#engine.wants(exchange)) return;
    const mask = this.#engine.evaluate(exchange);
    if (mask === 0 || this.#sink.finding === undefined) return;
    const { overflow } = this.#sink;
    if (overflow !== undefined && ((exchange.mark & UNTOLD) !== 0 || (exchange.mark === mask && overflow.isFull))) {
      exchange.mark |= UNTOLD;
      overflow.count(countBits(mask));
      return;
    }
    const report = this.#describe(exchange);
    for (const fired of this.#engine.fired(exchange, mask))
      this.#sink.finding(this.#formatFinding(fired, report), report);
  }

  /** Live: tells what fired, and the answer where that is news. */
  changed(exchange: Exchange): void {
    this.#tellEarly(exchange);
    const { mark } = exchange;
    if (this.#sink.answered === undefined || mark === 0 || (mark & (ANSWER_TOLD | UNTOLD)) !== 0) return;
    if (exchange.probe === null || exchange.answerFrame === null) return;
    exchange.mark = mark | ANSWER_TOLD;
    const report = this.#describe(exchange);
    const findings = this.#engine.fired(exchange, mark).map((fired) => this.#formatFinding(fired, report));
    this.#sink.answered(report, findings);
  }

  settled(exchange: Exchange): void {
    if (this.#settings.live) this.#tellEarly(exchange);
    let mask = 0;
    if (this.#engine.wants(exchange))
      mask = this.#settings.live ? exchange.mark & ~(ANSWER_TOLD | UNTOLD) : this.#engine.evaluate(exchange);
    if (mask === 0 && exchange.portZero !== null && this.#engine.ignores(exchange)) this.#ignored++;
    if (mask === 0 && this.#settings.exchanges === 'flagged') return;
    let report: ExchangeReport | null = null;
    const describe = () => {
      report ??= this.#describe(exchange);
      return report;
    };
    const known = this.#findKnown(exchange, mask);
    this.#groups.add(exchange, mask, describe, known);
    const isWanted = this.#settings.lists !== false;
    const isStreamed = this.#hasStream && (exchange.mark & UNTOLD) === 0;
    if (!isWanted && !isStreamed) return;
    const isNew = known === null || known.size < countBits(mask);
    const isListed = isWanted && this.#listed.hasRoom(isNew);
    if (isWanted && !isListed) {
      this.#omittedExchanges++;
      this.#omittedFindings += countBits(mask);
      if (!isStreamed) return;
    }
    const exchangeReport = describe();
    const findings = mask === 0 ? [] : this.#engine.fired(exchange, mask);
    const reports = findings.map((fired) => this.#formatFinding(fired, exchangeReport));
    if (!this.#settings.live) for (const finding of reports) this.#sink.finding?.(finding, exchangeReport);
    if (isListed) {
      const left = this.#listed.add({ exchange: exchangeReport, findings: reports }, isNew);
      if (left !== null) {
        this.#omittedExchanges++;
        this.#omittedFindings += left.findings.length;
      }
    }
    if (isStreamed) this.#sink.exchange?.(exchangeReport);
  }

  /**
   * The group of an exchange on which the rules of `mask` fire, if nothing but counts comes of it and of all others of its shape: see omit().
   * Null where it is in none, undefined where more may come of it.
   */
  onlyCounted(exchange: Exchange, mask: number): Group | null | undefined {
    const { exchanges, lists, live } = this.#settings;
    if (live || this.#baseline !== null) return undefined;
    if (mask === 0 && exchanges === 'flagged') return null;
    if (this.#hasStream || (lists !== false && this.#listed.hasRoom(true))) return undefined;
    const group = this.#groups.groupOf(exchange, mask);
    return group.isIllustrated ? group : undefined;
  }

  /** So many exchanges that onlyCounted() spoke of have settled. */
  omit(mask: number, times: number): void {
    if (this.#settings.lists === false || (mask === 0 && this.#settings.exchanges === 'flagged')) return;
    this.#omittedExchanges += times;
    this.#omittedFindings += countBits(mask) * times;
  }

  /** What the baseline says of the rules that fired, by rule; null where there is none. Counts what is known. */
  #findKnown(exchange: Exchange, mask: number): ReadonlyMap<string, KnownReport> | null {
    if (this.#baseline === null) return null;
    const known = new Map<string, KnownReport>();
    if (mask === 0) return known;
    const ends = {
      client: { address: formatAddress(exchange.clientAddress), port: exchange.clientPort },
      server: { address: formatAddress(exchange.serverAddress), port: exchange.serverPort },
      scope: this.#scopeName(exchange.scope),
    };
    for (const ruleId of this.#engine.ruleIds(mask)) {
      const entry = this.#baseline.find(identifyFinding(ruleId, ends, {}));
      if (entry === null) continue;
      known.set(ruleId, entry);
      const { severity } = this.#settings.config.rules.get(ruleId)!;
      if (severity !== 'off') this.#baseline.count(severity);
    }
    return known;
  }

  /** A finding about several exchanges, or about none. */
  report(fired: Fired): void {
    const finding = this.#formatFinding(fired, null);
    const isKnown = finding.known !== undefined && finding.known !== null;
    if (isKnown) this.#baseline?.count(finding.severity);
    if (!this.#loose.hasRoom(!isKnown) || this.#loose.add(finding, !isKnown) !== null) this.#omittedFindings++;
    this.#sink.finding?.(finding, null);
  }

  get #hasStream(): boolean {
    return this.#sink.exchange !== undefined || this.#sink.finding !== undefined;
  }

  #describe(exchange: Exchange): ExchangeReport {
    return describeExchange(exchange, {
      input: this.#input,
      id: exchange.id,
      scopeName: this.#scopeName,
      communityIdSeed: this.#communityIdSeed,
    });
  }

  /** Text, which is all that is left without lists and streams, does not show the id: null then. */
  get #communityIdSeed(): number | null {
    return this.#settings.lists === false && !this.#hasStream ? null : this.#settings.communityIdSeed;
  }

  #formatFinding(fired: Fired, exchange: ExchangeReport | null): FindingReport {
    const { rule, match } = fired;
    const ends = exchange === null ? describeEnds(fired, this.#communityIdSeed) : {};
    const times: Record<string, string | null> =
      fired.lastTime === null ? {} : { firstTime: formatTime(fired.time), lastTime: formatTime(fired.lastTime) };
    const values: MessageValues = {
      ...(exchange === null ? {} : exchangeValues(exchange)),
      ...ends,
      ...times,
      ...match.data,
    };
    const data = { ...ends, ...times, ...match.data };
    return {
      ruleId: rule.meta.id,
      severity: fired.severity,
      message: formatMessage(rule.meta.messages[match.messageId] ?? rule.meta.summary, values),
      exchange: exchange === null ? null : exchange.id,
      input: this.#input,
      ...sampleFrames(fired.frames, fired.framesOmitted, this.#settings.maxFrames ?? MAX_FINDING_FRAMES),
      time: formatTime(fired.time),
      ...(this.#baseline === null ? {} : { known: this.#baseline.find(identifyFinding(rule.meta.id, exchange, data)) }),
      data,
    };
  }
}

/** An exchange of the report's list, and what was found of it. */
interface ListedExchange {
  readonly exchange: ExchangeReport;
  readonly findings: readonly FindingReport[];
}

function countBits(mask: number): number {
  let count = 0;
  for (let bits = mask; bits !== 0; bits &= bits - 1) count++;
  return count;
}
