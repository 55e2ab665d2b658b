/**
 * The one place where the layers are joined: source -> decode -> track -> rules -> report objects, streaming. Nothing here
 * grows with the input but the lists of the report, and those have a bound.
 */
import type { SkippingSource } from '../capture/format/record-skipper.ts';
import { FRAME_WITHOUT_TIME, type Frame, type FrameSource } from '../capture/source.ts';
import { createExpectationChecker } from '../config/expectations.ts';
import { createIgnoreMatcher } from '../config/ignore.ts';
import { createDecoder } from '../decode/decoder.ts';
import { createLinkMap } from '../decode/link/link-map.ts';
import { linkTypeName } from '../decode/link/linktypes.ts';
import { type PacketRecord, TRANSPORT_UDP } from '../decode/packet.ts';
import { TunnelPorts } from '../decode/tunnel/ports.ts';
import { elapsedMillis } from '../elapsed.ts';
import { RuleEngine } from '../engine/engine.ts';
import { CoreSkipper, type Settled } from '../prefilter/core-skipper.ts';
import { FrameTotals } from '../prefilter/frame-totals.ts';
import { Prefilter } from '../prefilter/prefilter.ts';
import { describeUnseen } from '../report/model/looked-into.ts';
import { Overview } from '../report/model/overview/overview.ts';
import { VerdictTally } from '../report/model/summary.ts';
import { formatTime } from '../report/model/time.ts';
import { type Exchange, NO_TIME } from '../track/exchange.ts';
import { Tracker } from '../track/tracker.ts';
import type { SharedState } from '../track/tracking.ts';
import { AlikeExchanges } from './alike.ts';
import { addCounted, addOrdinary, fillTotals } from './counted.ts';
import { Findings } from './findings.ts';
import type { FrameKeeper } from './frame-keeper.ts';
import { IdleClock } from './idle-clock.ts';
import { describeRestart, PolicyError, wantsAllPorts } from './policy.ts';
import type { AnalysisSettings, AnalyzeSourceOptions, InputResult } from './types.ts';

/** Reads one input to its end. Never rejects for damaged input: the result tells of it. */
export async function analyzeSource(source: FrameSource, options: AnalyzeSourceOptions): Promise<InputResult> {
  const started = elapsedMillis();
  if (isCoreWorth(source, options)) await CoreSkipper.prepare();
  const analysis = new InputAnalysis(source, options);
  options.onStart?.(analysis);
  await source.run(analysis.onFrame, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onPause: () => analysis.pause(),
    onTime: analysis.onTime,
  });
  return analysis.finish(elapsedMillis() - started);
}

/** A capture below this length is read before the core is ready. */
const WORTH_CORE = 1024 * 1024;

function isCoreWorth(source: FrameSource, options: AnalyzeSourceOptions): boolean {
  if (options.onFrame !== undefined || !('skipWith' in source)) return false;
  return (source.totalBytes ?? Number.MAX_VALUE) >= (options.worthCore ?? WORTH_CORE);
}

function sharedBy(core: CoreSkipper): SharedState | null {
  const { table, answers, clock } = core;
  return table === null || answers === null
    ? null
    : { table, answers, clock, nextId: () => core.nextId(), countAlike: (entry) => core.countAlike(entry) };
}

class InputAnalysis {
  /** Bound once: a source calls it for every frame. */
  readonly onFrame: (frame: Frame) => void;
  /** So late it is by frames that the source has left out. */
  readonly onTime = (seconds: number, nanos: number): void => this.#tracker.advance(seconds, nanos);
  /** Null where it is not worth it, or somebody wants to see every frame. */
  readonly core: CoreSkipper | null;
  readonly #source: FrameSource;
  readonly #options: AnalyzeSourceOptions;
  #settings: AnalysisSettings;
  readonly #decoder;
  readonly #tracker: Tracker;
  readonly #engine: RuleEngine;
  readonly #expectations;
  readonly #findings: Findings;
  readonly #clock: IdleClock;
  readonly #tally = new VerdictTally();
  readonly #alike: AlikeExchanges;
  /** Made with the first exchange with port 0: most captures have none. */
  #overview: Overview | null = null;
  #untimed = 0;
  /** What the core has settled, as far as it is in the tally. */
  #ordinary: Settled = { accepted: 0, refused: 0, silent: 0, undecided: 0 };
  /** Of all frames. */
  readonly #totals: FrameTotals;
  /** The frame at hand; only valid while it is being decoded. */
  #frame!: Frame;

  constructor(source: FrameSource, options: AnalyzeSourceOptions) {
    const { settings } = options;
    const { config } = settings;
    this.#source = source;
    this.#options = options;
    this.#settings = settings;
    this.#engine = new RuleEngine(settings.rules, config.rules, {
      live: settings.live,
      ignore: createIgnoreMatcher(config.ignore),
    });
    this.#expectations = createExpectationChecker(config.expect, options.input);
    // Of exchanges on other ports there is only the verdict to tell, unless somebody may see more.
    const evidence = wantsAllPorts(settings) ? 'all' : 'port-zero';
    this.#decoder = createDecoder({ ...config.decoder, verify: evidence });
    const findings = new Findings({
      settings,
      sink: options.sink ?? {},
      input: options.input,
      engine: this.#engine,
      scopeName: (scope) => this.#decoder.scopeName(scope),
    });
    this.#findings = findings;
    this.core = isCoreWorth(source, options) ? this.#openCore(evidence) : null;
    if (this.core !== null) (source as SkippingSource).skipWith(this.core);
    // Text, which is all that is left without lists and streams, shows nothing of it.
    const { sink = {} } = options;
    const hasOverview = settings.lists !== false || sink.exchange !== undefined || sink.finding !== undefined;
    const overlook = (exchange: Exchange) => {
      if (exchange.portZero !== null) this.#addToOverview(exchange);
    };
    const alike = new AlikeExchanges(this.#engine, findings, this.#tally, this.core?.alike ?? null);
    this.#alike = alike;
    this.#tracker = new Tracker(
      {
        answerTimeoutNanos: config.answerTimeoutNanos,
        maxExchanges: settings.maxExchanges,
        ...(settings.maxFrames === undefined ? {} : { maxFrames: settings.maxFrames }),
        evidence,
        ...(this.core === null ? {} : { waiting: this.core.waiting, shared: sharedBy(this.core) }),
        ...(source.evenMillis === undefined ? {} : { evenNanos: () => (source.evenMillis ?? 0) * 1e6 }),
        trustsChecksums: config.decoder.checksums === 'trust',
        ...(this.core === null || evidence === 'all' ? {} : { ledger: this.core }),
      },
      {
        opened: (exchange) => findings.opened(exchange),
        settled: (exchange) => {
          if (hasOverview) overlook(exchange);
          if (config.expect.length === 0 && alike.takes(exchange)) return;
          this.#tally.add(exchange);
          this.#expectations.observe(exchange);
          findings.settled(exchange);
        },
        // Of those that the core counts nobody else hears.
        ...(hasOverview ? { counted: overlook } : {}),
        // Offline a rule is asked once, when all is known.
        ...(settings.live ? { changed: (exchange: Exchange) => findings.changed(exchange) } : {}),
      },
    );
    const { onFrame, keeper } = options;
    this.core?.attach(keeper?.watch(this.#tracker) ?? this.#tracker);
    const onPacket = (packet: PacketRecord) => this.#packet(packet);
    const decoder = this.#decoder;
    let analyze = (frame: Frame) => {
      this.#frame = frame;
      decoder.decode(frame, onPacket);
    };
    if (keeper !== undefined) analyze = this.#keep(keeper);
    // All that a source of kept frames hands out is to be decoded.
    const totals = options.totals ?? (source.counted === undefined ? null : new FrameTotals());
    if (totals !== null) {
      this.#totals = totals;
      this.onFrame = analyze;
    } else {
      const prefilter = new Prefilter(config.decoder, new FrameTotals(this.core?.totals), this.#tracker.waiting);
      this.#totals = prefilter.totals;
      this.onFrame = (frame) => {
        onFrame?.(frame);
        if (prefilter.admits(frame)) analyze(frame);
      };
    }
    keeper?.start({ source, decoder, tracker: this.#tracker, totals: this.#totals });
    this.#clock = new IdleClock(source, this.#tracker, this.#totals, settings.passesTime === true);
  }

  /** Throws PolicyError, and changes nothing, where that is not to be had without a new start. */
  adopt(settings: AnalysisSettings): void {
    const why = describeRestart(this.#settings, settings);
    if (why !== null) throw new PolicyError(why);
    const { rules, ignore, expect } = settings.config;
    this.#engine.adopt(rules, createIgnoreMatcher(ignore));
    this.#expectations.adopt(expect);
    this.#findings.adopt(settings);
    this.#settings = settings;
  }

  /** Decodes a frame, and shows it to who may keep it. */
  #keep(keeper: FrameKeeper): (frame: Frame) => void {
    const onPacket = (packet: PacketRecord) => {
      keeper.see(packet);
      this.#packet(packet);
    };
    return (frame) => {
      this.#frame = frame;
      keeper.begin(frame);
      this.#decoder.decode(frame, onPacket);
      keeper.end(frame);
    };
  }

  #openCore(evidence: 'all' | 'port-zero'): CoreSkipper | null {
    const { config, maxExchanges } = this.#settings;
    return CoreSkipper.open({
      tunnelPorts: TunnelPorts.of(config.decoder.tunnelPorts).bitmap,
      links: createLinkMap(config.decoder),
      tracking: {
        answerTimeoutNanos: config.answerTimeoutNanos,
        maxExchanges,
        tells: this.#settings.live,
        hasEven: this.#source.evenMillis !== undefined,
        vlanScope: (id: number) => this.#decoder.vlanScope(id),
      },
      keepsOrdinary: evidence !== 'all',
      // Who keeps frames of port 0 has to see them.
      keepsPortZero: this.#options.keeper === undefined,
    });
  }

  /** Segments that the core has passed over and somebody else's totals do not have. */
  get #ownSegments(): number {
    return this.#options.totals === undefined ? 0 : (this.core?.segments ?? 0);
  }

  /** Between buffers: a live source tells the time that passes without frames. */
  pause(): void | Promise<void> {
    this.#clock.pause();
    this.#alike.flush();
    this.#addOrdinary();
    return this.#options.onProgress?.({
      source: this.#source,
      frames: this.#source.counted?.frames ?? this.#totals.frames,
      openExchanges: this.#tracker.counts.open,
      findings: this.#engine.counts,
      bytes: this.#totals.bytes,
      evicted: this.#tracker.counts.evicted,
      exchanges: { all: this.#tally.exchanges, portZero: this.#tally.portZero },
    });
  }

  /** What the core has settled since it was asked last. */
  #addOrdinary(): void {
    if (this.core === null) return;
    const { settled } = this.core;
    for (const verdict of ['accepted', 'refused', 'silent', 'undecided'] as const)
      this.#tally.addOrdinary(verdict, settled[verdict] - this.#ordinary[verdict]);
    this.#ordinary = settled;
  }

  finish(elapsedMs: number): InputResult {
    const source = this.#source;
    const totals = this.#totals;
    this.#options.keeper?.stop();
    const { counted } = source;
    if (counted !== undefined) fillTotals(totals, counted);
    // Infinite until some frame has told the time.
    const hasTime = Number.isFinite(totals.lastSeconds);
    // Where records without a packet come last, they have numbers too.
    const frames = Math.max(totals.frames, source.frames ?? 0);
    // Live its own clock has gone on, and the last stamp may be of one that was set.
    if (hasTime && source.evenMillis === undefined)
      this.#tracker.endAt(totals.lastSeconds, totals.lastNanos, source.interfaces.length === 1);
    this.#tracker.finish();
    this.#alike.flush();
    for (const fired of this.#engine.finish()) this.#findings.report(fired);
    this.#addOrdinary();
    const { counts, missed, undecoded } = addCounted(this.#decoder, counted);
    const problems = [...source.problems];
    const packets = totals.tcpSegments + this.#ownSegments + counts.tcpSegments + counts.icmpErrors;
    const read = { frames: totals.frames, bytes: totals.bytes, packets: packets - missed.segments };
    const unseen = describeUnseen(missed, read, {
      name: source.name,
      isStrict: this.#settings.strict === true,
      isLive: source.format === 'live',
    });
    if (unseen !== null) problems.push(unseen);
    const { omitted, ...lists } = this.#findings.result();
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
        ...(counted === undefined ? {} : { distilled: counted.files }),
      },
      summary: {
        frames,
        tcpSegments: totals.tcpSegments + this.#ownSegments + counts.tcpSegments,
        icmpErrors: counts.icmpErrors,
        fragments: counts.fragments,
        undecoded,
        notLookedInto: { frames: missed.frames, reasons: missed.reasons },
        exchanges: counted === undefined ? this.#tally.exchanges : addOrdinary(this.#tally.portZero, counted),
        portZero: this.#tally.portZero,
        findings: {
          error: this.#engine.counts.error,
          warning: this.#engine.counts.warning,
          info: this.#engine.counts.info,
        },
      },
      ...lists,
      overview: this.#overview?.state() ?? null,
      omitted: {
        ...omitted,
        evicted: this.#tracker.counts.evicted + (counted?.evicted ?? 0),
        attempts: this.#tracker.counts.lostAttempts + (counted?.attempts ?? 0),
      },
      untimed: this.#untimed + (counted?.untimed ?? 0),
      expectations: this.#expectations.state(),
      elapsedMs,
    };
    this.core?.close();
    return result;
  }

  #addToOverview(exchange: Exchange): void {
    this.#overview ??= new Overview();
    this.#overview.addExchange(exchange);
  }

  #packet(packet: PacketRecord): void {
    const { number, seconds, nanos } = this.#frame;
    let { timeDigits } = this.#frame;
    if (timeDigits === FRAME_WITHOUT_TIME) {
      timeDigits = NO_TIME;
      this.#untimed++;
    }
    if (packet.transport === TRANSPORT_UDP) {
      for (const fired of this.#engine.datagram(packet, number, seconds, nanos, timeDigits))
        this.#findings.report(fired);
      return;
    }
    if (this.core?.wantsLayers === true) this.core.learnLayers(this.#tracker.internLayers(packet));
    this.#tracker.track(packet, number, seconds, nanos, timeDigits);
  }
}
