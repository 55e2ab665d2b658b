/**
 * The one place where the layers are joined: source -> wire -> track -> rules -> report objects, streaming. Nothing here
 * grows with the input but the lists of the report, and those have a bound.
 */
import type { SkippingSource } from '../capture/format/record-skipper.ts';
import { FRAME_WITHOUT_TIME, type Frame, type FrameSource } from '../capture/source.ts';
import { createExpectationChecker } from '../config/expectations.ts';
import { createIgnoreMatcher } from '../config/ignore.ts';
import { formatAddress } from '../decode/address.ts';
import { createDecoder } from '../decode/decoder.ts';
import { createLinkMap } from '../decode/link/link-map.ts';
import { linkTypeName } from '../decode/link/linktypes.ts';
import { type PacketRecord, TRANSPORT_UDP } from '../decode/packet.ts';
import { TunnelPorts } from '../decode/tunnel/ports.ts';
import { type Fired, RuleEngine } from '../engine/engine.ts';
import { exchangeValues, formatMessage, type MessageValues } from '../engine/message.ts';
import { CoreSkipper } from '../prefilter/core-skipper.ts';
import { FrameTotals } from '../prefilter/frame-totals.ts';
import { Prefilter } from '../prefilter/prefilter.ts';
import { describeEnds, describeExchange } from '../report/model/describe.ts';
import { GroupCollector } from '../report/model/groups.ts';
import { describeUnseen } from '../report/model/looked-into.ts';
import { identifyFinding } from '../report/model/same-finding.ts';
import { VerdictTally } from '../report/model/summary.ts';
import { formatTime } from '../report/model/time.ts';
import type { ExchangeReport, FindingReport, KnownReport } from '../report/model/types.ts';
import { type Exchange, NO_TIME } from '../track/exchange.ts';
import { Tracker } from '../track/tracker.ts';
import { BaselineMatcher } from './baseline.ts';
import { Listing } from './listing.ts';
import type { AnalysisSettings, AnalysisSink, AnalyzeSourceOptions, InputResult } from './types.ts';

/** Packets that a live source has delivered may still be on their way to us: the clock waits that long for them. */
const LIVE_LAG_NANOS = 250_000_000;
/** The same for a pipe: whoever writes into it may hold frames back for a second (tcpdump -U does). */
const PIPE_LAG_MILLIS = 1500;

/** Bit of Exchange.mark that no rule has (see MAX_EXCHANGE_RULES). */
const ANSWER_TOLD = 1 << 30;

/** Reads one input to its end. Never rejects for damaged input: the result tells of it. */
export async function analyzeSource(source: FrameSource, options: AnalyzeSourceOptions): Promise<InputResult> {
  const started = performance.now();
  const analysis = new InputAnalysis(source, options);
  await source.run(analysis.onFrame, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onPause: () => analysis.pause(),
  });
  return analysis.finish(performance.now() - started);
}

/** A capture below this length is read before the core is ready. */
const WORTH_CORE = 1024 * 1024;

function isCoreWorth(source: FrameSource, options: AnalyzeSourceOptions): boolean {
  if (options.onFrame !== undefined || options.settings.live || !('skipWith' in source)) return false;
  return (
    source.format !== 'live' && (source.totalBytes ?? Number.POSITIVE_INFINITY) >= (options.worthCore ?? WORTH_CORE)
  );
}

class InputAnalysis {
  /** Bound once: a source calls it for every frame. */
  readonly onFrame: (frame: Frame) => void;
  /** Null where it is not worth it, or somebody wants to see every frame. */
  readonly core: CoreSkipper | null;
  readonly #source: FrameSource;
  readonly #options: AnalyzeSourceOptions;
  readonly #settings: AnalysisSettings;
  readonly #sink: AnalysisSink;
  readonly #decoder;
  readonly #tracker: Tracker;
  readonly #engine: RuleEngine;
  readonly #expectations;
  readonly #tally = new VerdictTally();
  readonly #groups: GroupCollector;
  readonly #listed: Listing<ListedExchange>;
  /** Findings about several exchanges, or about none. */
  readonly #loose: Listing<FindingReport>;
  readonly #baseline: BaselineMatcher | null;
  #omittedExchanges = 0;
  #omittedFindings = 0;
  #ignored = 0;
  #untimed = 0;
  /** Of all frames. */
  readonly #totals: FrameTotals;
  /** The frame at hand; only valid while it is being decoded. */
  #frame!: Frame;
  /** Of settings.passesTime: how many frames there were at the last pause that had new ones, and when that was. */
  #framesBefore = 0;
  #lastArrival = 0;

  constructor(source: FrameSource, options: AnalyzeSourceOptions) {
    const { settings } = options;
    const { config } = settings;
    this.#source = source;
    this.#options = options;
    this.#settings = settings;
    this.#sink = options.sink ?? {};
    this.#listed = new Listing(settings.maxListed);
    this.#loose = new Listing(settings.maxListed);
    this.#baseline = settings.baseline === undefined ? null : new BaselineMatcher(settings.baseline);
    this.#engine = new RuleEngine(settings.rules, config.rules, {
      live: settings.live,
      ignore: createIgnoreMatcher(config.ignore),
    });
    this.#expectations = createExpectationChecker(config.expect, options.input);
    // Of exchanges on other ports there is only the verdict to tell, unless somebody may see more.
    const evidence =
      settings.exchanges === 'all' || this.#engine.looksAtAnyPort || config.expect.some(({ port }) => port !== 0)
        ? 'all'
        : 'port-zero';
    this.#decoder = createDecoder({ ...config.decoder, verify: evidence });
    this.#groups = new GroupCollector(this.#engine);
    this.core = isCoreWorth(source, options) ? this.#openCore(evidence) : null;
    if (this.core !== null) (source as SkippingSource).skipWith(this.core);
    this.#tracker = new Tracker(
      {
        answerTimeoutNanos: config.answerTimeoutNanos,
        maxExchanges: settings.maxExchanges,
        ...(settings.maxFrames === undefined ? {} : { maxFrames: settings.maxFrames }),
        evidence,
        ...(this.core === null ? {} : { waiting: this.core.waiting }),
        trustsChecksums: config.decoder.checksums === 'trust',
        ...(this.core === null || evidence === 'all' ? {} : { ledger: this.core }),
      },
      {
        opened: (exchange) => this.#opened(exchange),
        settled: (exchange) => this.#settled(exchange),
        // Offline a rule is asked once, when all is known.
        ...(settings.live ? { changed: (exchange: Exchange) => this.#changed(exchange) } : {}),
      },
    );
    if (evidence === 'port-zero') this.core?.attach(this.#tracker);
    const onPacket = (packet: PacketRecord) => this.#packet(packet);
    const decoder = this.#decoder;
    const { onFrame } = options;
    const analyze = (frame: Frame) => {
      this.#frame = frame;
      decoder.decode(frame, onPacket);
    };
    if (options.totals !== undefined) {
      this.#totals = options.totals;
      this.onFrame = analyze;
      return;
    }
    const prefilter = new Prefilter(config.decoder, new FrameTotals(this.core?.totals), this.#tracker.waiting);
    this.#totals = prefilter.totals;
    this.onFrame = (frame) => {
      onFrame?.(frame);
      if (prefilter.admits(frame)) analyze(frame);
    };
  }

  #openCore(evidence: 'all' | 'port-zero'): CoreSkipper | null {
    const { config, maxExchanges } = this.#settings;
    return CoreSkipper.open({
      tunnelPorts: new TunnelPorts(config.decoder.tunnelPorts).bitmap,
      links: createLinkMap(config.decoder),
      ...(evidence === 'all'
        ? {}
        : {
            ledger: {
              answerTimeoutNanos: config.answerTimeoutNanos,
              maxExchanges,
              vlanScope: (id: number) => this.#decoder.vlanScope(id),
            },
          }),
    });
  }

  /** Segments that the core has passed over and somebody else's totals do not have. */
  get #ownSegments(): number {
    return this.#options.totals === undefined ? 0 : (this.core?.segments ?? 0);
  }

  /** Between buffers: a live source tells the time that passes without frames. */
  pause(): void | Promise<void> {
    if (this.#source.format === 'live' && this.#source.lagging !== true) {
      const nowNanos = Date.now() * 1e6 - LIVE_LAG_NANOS;
      const seconds = Math.floor(nowNanos / 1e9);
      this.#tracker.advance(seconds, nowNanos - seconds * 1e9);
    } else if (this.#settings.passesTime === true) this.#passTime();
    return this.#options.onProgress?.({
      source: this.#source,
      frames: this.#totals.frames,
      openExchanges: this.#tracker.counts.open,
      findings: this.#engine.counts,
    });
  }

  #passTime(): void {
    const { frames, lastSeconds, lastNanos } = this.#totals;
    const now = performance.now();
    if (frames !== this.#framesBefore) {
      this.#framesBefore = frames;
      this.#lastArrival = now;
    }
    const millis = now - this.#lastArrival - PIPE_LAG_MILLIS;
    if (!Number.isFinite(lastSeconds) || millis <= 0) return;
    const nanos = lastNanos + Math.floor(millis) * 1e6;
    const seconds = Math.floor(nanos / 1e9);
    this.#tracker.advance(lastSeconds + seconds, nanos - seconds * 1e9);
  }

  finish(elapsedMs: number): InputResult {
    const source = this.#source;
    const totals = this.#totals;
    // Infinite until some frame has told the time.
    const hasTime = Number.isFinite(totals.lastSeconds);
    // Where records without a packet come last, they have numbers too.
    const frames = Math.max(totals.frames, source.frames ?? 0);
    if (hasTime) this.#tracker.advance(totals.lastSeconds, totals.lastNanos);
    this.#tracker.finish();
    for (const fired of this.#engine.finish()) this.#reportLoose(fired);
    if (this.core !== null) {
      const { settled } = this.core;
      for (const verdict of ['accepted', 'refused', 'silent', 'undecided'] as const)
        this.#tally.addOrdinary(verdict, settled[verdict]);
    }
    const { counts } = this.#decoder;
    const missed = this.#decoder.notLookedInto();
    const problems = [...source.problems];
    const packets = totals.tcpSegments + this.#ownSegments + counts.tcpSegments + counts.icmpErrors;
    const read = { frames: totals.frames, bytes: totals.bytes, packets: packets - missed.segments };
    const unseen = describeUnseen(missed, read, {
      name: source.name,
      isStrict: this.#settings.strict === true,
      isLive: source.format === 'live',
    });
    if (unseen !== null) problems.push(unseen);
    const listed = this.#listed.items();
    const result = {
      input: {
        name: source.name,
        format: source.format,
        compression: source.compression,
        linkTypes: [...new Set(source.interfaces.map(({ linkType }) => linkTypeName(linkType)))],
        frames,
        bytes: totals.bytes,
        firstTime: hasTime
          ? formatTime({ seconds: totals.firstSeconds, nanos: totals.firstNanos, digits: totals.firstDigits })
          : null,
        lastTime: hasTime
          ? formatTime({ seconds: totals.lastSeconds, nanos: totals.lastNanos, digits: totals.lastDigits })
          : null,
        complete: problems.length === 0,
        drops: typeof source.drops === 'bigint' ? String(source.drops) : source.drops,
        problems,
      },
      summary: {
        frames,
        tcpSegments: totals.tcpSegments + this.#ownSegments + counts.tcpSegments,
        icmpErrors: counts.icmpErrors,
        fragments: counts.fragments,
        undecoded: this.#decoder.undecoded(),
        notLookedInto: { frames: missed.frames, reasons: missed.reasons },
        exchanges: this.#tally.exchanges,
        portZero: this.#tally.portZero,
        findings: {
          error: this.#engine.counts.error,
          warning: this.#engine.counts.warning,
          info: this.#engine.counts.info,
        },
      },
      exchanges: listed.map(({ exchange }) => exchange),
      findings: [...listed.flatMap(({ findings }) => findings), ...this.#loose.items()],
      groups: this.#groups.list(this.#options.input),
      omitted: {
        exchanges: this.#omittedExchanges,
        findings: this.#omittedFindings,
        evicted: this.#tracker.counts.evicted,
        attempts: this.#tracker.counts.lostAttempts,
      },
      untimed: this.#untimed,
      ignored: this.#ignored,
      expectations: this.#expectations?.state() ?? [],
      baseline: this.#baseline?.state() ?? null,
      elapsedMs,
    };
    this.core?.close();
    return result;
  }

  #packet(packet: PacketRecord): void {
    const { number, seconds, nanos } = this.#frame;
    let { timeDigits } = this.#frame;
    if (timeDigits === FRAME_WITHOUT_TIME) {
      timeDigits = NO_TIME;
      this.#untimed++;
    }
    if (packet.transport === TRANSPORT_UDP) {
      for (const fired of this.#engine.datagram(packet, number, seconds, nanos, timeDigits)) this.#reportLoose(fired);
      return;
    }
    this.#tracker.track(packet, number, seconds, nanos, timeDigits);
  }

  #opened(exchange: Exchange): void {
    for (const fired of this.#engine.opened(exchange)) this.#reportLoose(fired);
  }

  /** Live: streams what fired just now. The report's own lists are made when the exchange has settled. */
  #tellEarly(exchange: Exchange): void {
    if (!this.#engine.wants(exchange)) return;
    const mask = this.#engine.evaluate(exchange);
    if (mask === 0 || this.#sink.finding === undefined) return;
    const report = this.#describe(exchange);
    for (const fired of this.#engine.fired(exchange, mask))
      this.#sink.finding(this.#formatFinding(fired, report), report);
  }

  /** Live: tells what fired, and the answer where that is news. */
  #changed(exchange: Exchange): void {
    this.#tellEarly(exchange);
    const { mark } = exchange;
    if (this.#sink.answered === undefined || mark === 0 || (mark & ANSWER_TOLD) !== 0) return;
    if (exchange.probe === null || exchange.answerFrame === null) return;
    exchange.mark = mark | ANSWER_TOLD;
    const report = this.#describe(exchange);
    const findings = this.#engine.fired(exchange, mark).map((fired) => this.#formatFinding(fired, report));
    this.#sink.answered(report, findings);
  }

  #settled(exchange: Exchange): void {
    this.#tally.add(exchange);
    this.#expectations?.observe(exchange);
    if (this.#settings.live) this.#tellEarly(exchange);
    let mask = 0;
    if (this.#engine.wants(exchange))
      mask = this.#settings.live ? exchange.mark & ~ANSWER_TOLD : this.#engine.evaluate(exchange);
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
    if (!isWanted && !this.#hasStream) return;
    const isNew = known === null || known.size < countBits(mask);
    const isListed = isWanted && this.#listed.hasRoom(isNew);
    if (isWanted && !isListed) {
      this.#omittedExchanges++;
      this.#omittedFindings += countBits(mask);
      if (!this.#hasStream) return;
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
    this.#sink.exchange?.(exchangeReport);
  }

  /** What the baseline says of the rules that fired, by rule; null where there is none. Counts what is known. */
  #findKnown(exchange: Exchange, mask: number): ReadonlyMap<string, KnownReport> | null {
    if (this.#baseline === null) return null;
    const known = new Map<string, KnownReport>();
    if (mask === 0) return known;
    const ends = {
      client: { address: formatAddress(exchange.clientAddress), port: exchange.clientPort },
      server: { address: formatAddress(exchange.serverAddress), port: exchange.serverPort },
      scope: this.#decoder.scopeName(exchange.scope),
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
  #reportLoose(fired: Fired): void {
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
      input: this.#options.input,
      id: exchange.id,
      scopeName: (scope) => this.#decoder.scopeName(scope),
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
      input: this.#options.input,
      frames: [...fired.frames],
      framesOmitted: fired.framesOmitted,
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
