import type { PacketRecord } from '../decode/packet.ts';
import { type Exchange, MOST_SHAPES, NO_TIME, type Timestamp } from '../track/exchange.ts';
import type { Severity } from '../words/severity.ts';
import { MAX_FINDING_FRAMES, sampleFrames } from './frame-sample.ts';
import type { DatagramRule, ExchangeRule, Match, Rule, RuleOptions, WindowRule } from './types.ts';
import { type DatagramGroup, DatagramTracker } from './window/datagram-tracker.ts';
import { type Episode, readWindow, WindowTracker } from './window/window-tracker.ts';

/** A rule and how it is set: what the configuration makes of it. */
export interface EngineSetting {
  readonly severity: Severity | 'off';
  /** Complete and validated; durations in nanoseconds, rates per second. */
  readonly options: RuleOptions;
}

/** What is counted but not flagged. Sees the same reused views as the engine. */
export interface IgnoreMatcher {
  exchange(exchange: Exchange): boolean;
  datagram(packet: PacketRecord): boolean;
}

export interface EngineOptions {
  /** Windows and datagrams fire at the moment they do, and an exchange may be evaluated often (see evaluate). */
  readonly live: boolean;
  readonly ignore?: IgnoreMatcher | null;
}

/** A rule that fired. */
export interface Fired {
  readonly rule: Rule;
  readonly severity: Severity;
  /** Fill the template rule.meta.messages[match.messageId] in with match.data and the addresses or the exchange. */
  readonly match: Match;
  /** Id of the exchange; null for windows and datagrams. */
  readonly exchange: number | null;
  readonly frames: readonly number[];
  /** How many more it is about, which are not listed. */
  readonly framesOmitted: number;
  /** The exchange's start, or the first opening or datagram. */
  readonly time: Timestamp;
  /** The last opening of a window; null otherwise. */
  readonly lastTime: Timestamp | null;
  /** Of windows and datagrams, 4 or 16 bytes each: {client} and {server} of the message. */
  readonly client: Uint8Array | null;
  readonly server: Uint8Array | null;
  /** Source port of the first datagram; null for exchanges and windows. */
  readonly datagramPort: number | null;
}

/** Exchange rules at a time: a bit each in a mask, and in Exchange.mark. */
export const MAX_EXCHANGE_RULES = 30;

interface Enabled<R> {
  readonly rule: R;
  readonly severity: Severity;
  readonly options: RuleOptions;
}

interface EnabledWindow extends Enabled<WindowRule> {
  /** Made with the first opening to port 0: most captures have none. */
  tracker: WindowTracker | null;
}

interface EnabledDatagrams extends Enabled<DatagramRule> {
  /** Made with the first datagram. */
  tracker: DatagramTracker | null;
}

interface EnabledExchangeRule extends Enabled<ExchangeRule> {
  readonly bit: number;
  readonly anyPort: boolean;
}

interface AskedRules {
  readonly rules: readonly EnabledExchangeRule[];
  /** Those of them that do not go by the exchange's shape. */
  readonly singular: readonly EnabledExchangeRule[];
}

const askedOf = (rules: readonly EnabledExchangeRule[]): AskedRules => ({
  rules,
  singular: rules.filter(({ rule }) => rule.goesByShape !== true),
});

/**
 * Asks the rules. Feed it each exchange as it opens (opened) and, offline, once as it settles (evaluate); live, evaluate
 * also when it has opened or changed; each datagram; and finish at the end. Findings of ignored exchanges do not exist.
 */
export class RuleEngine {
  /** Findings so far, by severity. */
  readonly counts: Record<Severity, number> = { info: 0, warning: 0, error: 0 };

  readonly #rules: readonly Rule[];
  readonly #live: boolean;
  #ignore: IgnoreMatcher | null = null;
  /** Those that were turned off while we run are among them, for what they have flagged before. */
  #exchangeRules: readonly EnabledExchangeRule[] = [];
  #windows: readonly EnabledWindow[] = [];
  #datagrams: readonly EnabledDatagrams[] = [];
  /** Those that are asked about exchanges with port 0, and about others. */
  #portZero: AskedRules = askedOf([]);
  #anyPort: AskedRules = askedOf([]);
  /** By shape, which has port 0 or none, the rules that match and go by it; -1 where they have not been asked. */
  readonly #byShape = new Int32Array(MOST_SHAPES);
  readonly #ruleIds = new Map<number, readonly string[]>();

  /**
   * `settings` has every rule by id, as Config.rules does. Throws RangeError for too many exchange rules or a window too
   * large to count, and for a rule without a setting.
   */
  constructor(rules: readonly Rule[], settings: ReadonlyMap<string, EngineSetting>, options: EngineOptions) {
    this.#rules = rules;
    this.#live = options.live;
    this.adopt(settings, options.ignore ?? null);
  }

  /**
   * Goes on with other settings of the same rules. What has fired stays; windows and datagrams whose options are the same go
   * on counting, others begin anew. Throws as the constructor does, and then changes nothing.
   */
  adopt(settings: ReadonlyMap<string, EngineSetting>, ignore: IgnoreMatcher | null): void {
    // A bit in a mark must mean the same rule as long as there are exchanges that have it.
    const known = new Map<Rule, EnabledExchangeRule>(this.#exchangeRules.map((it) => [it.rule, it]));
    const asked: EnabledExchangeRule[] = [];
    const windows: EnabledWindow[] = [];
    const datagrams: EnabledDatagrams[] = [];
    for (const rule of this.#rules) {
      const setting = settings.get(rule.meta.id);
      if (setting === undefined) throw new RangeError(`no setting for the rule ${rule.meta.id}`);
      const { severity, options: ruleOptions } = setting;
      if (severity === 'off') continue;
      // Written out: spreading a shared object takes five times as long, for each of a thousand small captures.
      if (rule.kind === 'window') {
        // A window that cannot be counted is refused at once, not with the first opening.
        readWindow(rule, ruleOptions);
        const tracker = keptTracker(this.#windows, rule, ruleOptions);
        windows.push({ rule, severity, options: ruleOptions, tracker });
      } else if (rule.kind === 'datagram') {
        const tracker = keptTracker(this.#datagrams, rule, ruleOptions);
        datagrams.push({ rule, severity, options: ruleOptions, tracker });
      } else {
        const bit = known.get(rule)?.bit ?? 1 << known.size;
        const enabled = { rule, severity, options: ruleOptions, bit, anyPort: ruleOptions.ports === 'any' };
        known.set(rule, enabled);
        asked.push(enabled);
      }
    }
    if (known.size > MAX_EXCHANGE_RULES) {
      throw new RangeError(
        `${known.size} rules about exchanges are on${known.size > asked.length ? ' or have been' : ''}, at most ${MAX_EXCHANGE_RULES} can be`,
      );
    }
    this.#ignore = ignore;
    this.#exchangeRules = [...known.values()];
    this.#portZero = askedOf(asked);
    this.#anyPort = askedOf(asked.filter(({ anyPort }) => anyPort));
    this.#byShape.fill(-1);
    this.#windows = windows;
    this.#datagrams = datagrams;
  }

  /** Sources and targets that windows had to forget too early, for want of room: scans or floods may be missing. */
  get evicted(): number {
    return this.#windows.reduce((sum, { tracker }) => sum + (tracker?.evicted ?? 0), 0);
  }

  /** Whether some rule looks at exchanges without port 0 too. */
  get looksAtAnyPort(): boolean {
    return this.#anyPort.rules.length > 0;
  }

  /** False when no rule can have anything to say of the exchange, whatever comes. */
  wants(exchange: Exchange): boolean {
    return exchange.portZero !== null || this.looksAtAnyPort;
  }

  /** Whether nothing is to be flagged about the exchange, whatever the rules say. */
  ignores(exchange: Exchange): boolean {
    return this.#ignore?.exchange(exchange) === true;
  }

  /**
   * The rules that fire on the exchange, a bit each, 0 for none; they are counted. Offline, call it once, at the end of
   * the exchange. Live, call it as often as you like: it remembers in exchange.mark what fired, and returns the new ones.
   */
  evaluate(exchange: Exchange): number {
    const { rules, singular } = exchange.portZero === null ? this.#anyPort : this.#portZero;
    if (rules.length === 0) return 0;
    const before = this.#live ? exchange.mark : 0;
    const { shape } = exchange;
    let mask = shape < 0 ? 0 : this.#ofShape(exchange, shape, rules) & ~before;
    for (const { rule, bit, options } of shape < 0 ? rules : singular) {
      if ((before & bit) === 0 && rule.match(exchange, options) !== null) mask |= bit;
    }
    if (mask === 0 || this.ignores(exchange)) return 0;
    if (this.#live) exchange.mark = before | mask;
    for (const { severity, bit } of rules) if ((mask & bit) !== 0) this.counts[severity]++;
    return mask;
  }

  /**
   * The rules that fire on all exchanges of that shape, of which this is one: whoever asks counts them himself (countAlike). -1
   * where each has to be asked about.
   */
  firesOnAll(exchange: Exchange, shape: number): number {
    if (this.#live || this.#ignore !== null) return -1;
    const { rules, singular } = exchange.portZero === null ? this.#anyPort : this.#portZero;
    if (rules.length === 0) return 0;
    return singular.length > 0 ? -1 : this.#ofShape(exchange, shape, rules);
  }

  /** So many exchanges were as `mask`, which firesOnAll() returned, says. */
  countAlike(mask: number, times: number): void {
    for (const { severity, bit } of this.#exchangeRules) if ((mask & bit) !== 0) this.counts[severity] += times;
  }

  /** What the rules that go by the shape say of it. */
  #ofShape(exchange: Exchange, shape: number, rules: readonly EnabledExchangeRule[]): number {
    const known = this.#byShape[shape]!;
    if (known >= 0) return known;
    let mask = 0;
    for (const { rule, bit, options } of rules) {
      if (rule.goesByShape === true && rule.match(exchange, options) !== null) mask |= bit;
    }
    this.#byShape[shape] = mask;
    return mask;
  }

  /** Findings for a mask that evaluate() returned, while the exchange is as it was. */
  fired(exchange: Exchange, mask: number): Fired[] {
    const fired: Fired[] = [];
    for (const { rule, severity, bit, options } of this.#exchangeRules) {
      const match = (mask & bit) === 0 ? null : rule.match(exchange, options);
      if (match === null) continue;
      fired.push({
        rule,
        severity,
        match,
        exchange: exchange.id,
        ...shownFrames(match, exchange),
        time: exchange.started,
        lastTime: null,
        client: null,
        server: null,
        datagramPort: null,
      });
    }
    return fired;
  }

  /** Ids of the rules in a mask; the same array for the same mask. */
  ruleIds(mask: number): readonly string[] {
    let ids = this.#ruleIds.get(mask);
    if (ids === undefined) {
      ids = this.#exchangeRules.filter(({ bit }) => (mask & bit) !== 0).map(({ rule }) => rule.meta.id);
      this.#ruleIds.set(mask, ids);
    }
    return ids;
  }

  /** The highest severity in a mask; null for none. */
  severity(mask: number): Severity | null {
    let highest: Severity | null = null;
    for (const { severity, bit } of this.#exchangeRules) {
      if ((mask & bit) !== 0 && (highest === null || RANK[severity] > RANK[highest])) highest = severity;
    }
    return highest;
  }

  /**
   * Counts a new exchange in the windows of its source and target, if its opening went to port 0. Returns the scans and
   * floods that thereby began (live) or are known to be over.
   */
  opened(exchange: Exchange): readonly Fired[] {
    const { portZero } = exchange;
    if (portZero === null || portZero === 'client' || exchange.probe === null) return NOTHING;
    if (this.#windows.length === 0 || this.ignores(exchange)) return NOTHING;
    const { opening } = exchange;
    // A rate needs time.
    if (opening.digits === NO_TIME) return NOTHING;
    let fired = NOTHING;
    for (const window of this.#windows) {
      window.tracker ??= new WindowTracker(window.rule, window.options, this.#live);
      const episodes = window.tracker.observe(opening);
      if (episodes.length > 0) fired = [...fired, ...this.#ofWindow(window, episodes)];
    }
    return fired;
  }

  /** Shows a UDP datagram to the rules. Returns what fired: live with the first of a pair, offline mostly at the end. */
  datagram(packet: PacketRecord, frame: number, seconds: number, nanos: number, digits: number): readonly Fired[] {
    if (this.#datagrams.length === 0 || this.#ignore?.datagram(packet)) return NOTHING;
    let fired = NOTHING;
    for (const enabled of this.#datagrams) {
      enabled.tracker ??= new DatagramTracker(enabled.rule, enabled.options, this.#live);
      const groups = enabled.tracker.observe(packet, frame, seconds, nanos, digits);
      if (groups.length > 0) fired = [...fired, ...this.#ofDatagrams(enabled, groups)];
    }
    return fired;
  }

  /** The input has ended: what is left, by first frame. */
  finish(): readonly Fired[] {
    const fired = [
      ...this.#windows.flatMap((window) => this.#ofWindow(window, window.tracker?.finish() ?? [])),
      ...this.#datagrams.flatMap((rule) => this.#ofDatagrams(rule, rule.tracker?.finish() ?? [])),
    ];
    return fired.sort((a, b) => (a.frames[0] ?? 0) - (b.frames[0] ?? 0));
  }

  #ofWindow({ rule, severity }: EnabledWindow, episodes: readonly Episode[]): Fired[] {
    this.counts[severity] += episodes.length;
    return episodes.map(({ match, address, first, last, frames, framesOmitted }) => ({
      rule,
      severity,
      match,
      exchange: null,
      frames,
      framesOmitted,
      time: first,
      lastTime: last,
      client: rule.by === 'client' ? address : null,
      server: rule.by === 'server' ? address : null,
      datagramPort: null,
    }));
  }

  #ofDatagrams({ rule, severity }: EnabledDatagrams, groups: readonly DatagramGroup[]): Fired[] {
    this.counts[severity] += groups.length;
    return groups.map(({ match, source, sourcePort, target, first, frames, framesOmitted }) => ({
      rule,
      severity,
      match,
      exchange: null,
      frames,
      framesOmitted,
      time: first,
      lastTime: null,
      client: source,
      server: target,
      datagramPort: sourcePort,
    }));
  }
}

/** What has counted for the rule so far; null where it counted something else, or nothing. */
function keptTracker<T>(
  before: readonly { readonly rule: Rule; readonly options: RuleOptions; readonly tracker: T | null }[],
  rule: Rule,
  options: RuleOptions,
): T | null {
  const same = before.find((it) => it.rule === rule);
  const names = new Set([...Object.keys(same?.options ?? {}), ...Object.keys(options)]);
  return same !== undefined && [...names].every((name) => same.options[name] === options[name]) ? same.tracker : null;
}

/** By default a finding shows the question and its answer, or where there is neither, what frames there are. */
function shownFrames(match: Match, exchange: Exchange): Pick<Fired, 'frames' | 'framesOmitted'> {
  const { probeFrame, answerFrame } = exchange;
  const shown = match.frames ?? [...new Set([probeFrame, answerFrame].filter((frame) => frame !== null))];
  if (shown.length > 0) return { frames: shown, framesOmitted: 0 };
  return sampleFrames(exchange.frames, exchange.frameCount - exchange.frames.length, MAX_FINDING_FRAMES);
}

const NOTHING: readonly Fired[] = [];
const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };
