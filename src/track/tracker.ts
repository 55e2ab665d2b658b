/**
 * Packets in, exchanges out: which exchange a packet belongs to, and what it changes there. The verdict table is in
 * answer.ts, the storage in table.ts.
 */

import {
  ACK,
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_FRAGMENTED_HEADER,
  ANOMALY_SNAPPED,
  type Assembly,
  CHECKSUM_BAD,
  FIN,
  FRAGMENT_FIRST,
  FRAGMENT_LATER,
  type PacketRecord,
  RST,
  SYN,
  TRANSPORT_ICMP_ERROR,
  TRANSPORT_TCP,
} from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';
import { echoesTime } from '../decode/transport/tcp-options.ts';
import {
  type Asked,
  goesOn,
  isNear,
  isServerSource,
  judgeServer,
  type Numbers,
  SAYS_ESTABLISHED,
  SAYS_NOTHING,
} from './acceptance.ts';
import {
  AnswerPool,
  KIND_ACK,
  KIND_ICMP,
  KIND_OTHER,
  KIND_RESET,
  KIND_SYN,
  KIND_SYN_ACK,
  optionsLengthOf,
  packWords,
} from './answer-pool.ts';
import { Attempts } from './attempts.ts';
import { CaptureClock } from './clock.ts';
import { CLOSED_NANOS, MOST_CLOSED } from './closed.ts';
import { type Conversation, ConversationPool } from './conversation.ts';
import { Crossings } from './crossings.ts';
import { EvictedQuestions } from './evicted-questions.ts';
import { type ExchangeSink, NO_TIME, PROBES, type TrackerCounts, VERDICTS } from './exchange.ts';
import { ExchangeView, NO_PROBE, type Store } from './exchange-view.ts';
import { FlowKey } from './flow-key.ts';
import { FrameNumbers, wordOf } from './frame-numbers.ts';
import { FrameRuns } from './frame-runs.ts';
import { aborts, openedOther, openedOwn, type Sibling } from './kinship.ts';
import { LayerPaths } from './layer-paths.ts';
import type { Ledger } from './ledger.ts';
import { RecentSegments } from './recent-segments.ts';
import * as t from './table.ts';
import { Takeover } from './takeover.ts';
import { acknowledgesSyn, classifyProbe, icmpIsAnswer } from './verdict.ts';
import { addWaiting, createWaitingCells, dropWaiting, waitingCell } from './waiting-ports.ts';

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
  /** Who keeps exchanges on ordinary ports that go their usual way; only where evidence is for 'port-zero'. */
  readonly ledger?: Ledger;
}

const ACCEPTED = VERDICTS.indexOf('accepted');
const REFUSED = VERDICTS.indexOf('refused');
const UNREACHABLE = VERDICTS.indexOf('unreachable');
const SILENT = VERDICTS.indexOf('silent');
const UNDECIDED = VERDICTS.indexOf('undecided');
const SIMULTANEOUS = VERDICTS.indexOf('simultaneous');
const CHALLENGED = VERDICTS.indexOf('challenged');
const INVALID_RESET = VERDICTS.indexOf('invalid-reset');
const UNSOLICITED = VERDICTS.indexOf('unsolicited');

/** Of an answer that counts, by KIND_ of answers.ts. */
const VERDICT_OF_KIND = [ACCEPTED, REFUSED, UNREACHABLE];

const PROBE_SYN = PROBES.indexOf('syn');
const PROBE_SYN_DATA = PROBES.indexOf('syn-data');
const PROBE_MAIMON = PROBES.indexOf('maimon');
const PROBE_ACK = PROBES.indexOf('ack');
const PROBE_OTHER = PROBES.indexOf('other');

/**
 * Two like packets this close together are one packet seen twice (port mirroring, capture on "any", both interfaces of a
 * router), not a retransmission: no stack retransmits so soon.
 */
const MIRROR_NANOS = 10e6;
/** Different answers kept of one exchange. */
const MAX_ANSWERS = 16;
/** After a retransmission a stack waits about twice as long for the next: hold a silent exchange until that is past. */
const BACKOFF_FACTOR = 2.5;
/**
 * A receiver gives up a datagram that stays incomplete 60 s after its first fragment (RFC 8200 §4.5, RFC 1122 §3.3.2; Linux 30 s
 * for IPv4), and only then may say so: by ICMP time exceeded, code 1.
 */
const REASSEMBLY_NANOS = 60e9;
/** The sender did not show the flags: they are in other fragments, or nowhere. Elsewhere the capture cut them off. */
const HIDES_FLAGS = ANOMALY_FRAGMENTED_HEADER | ANOMALY_DATA_OFFSET_BEYOND;
/**
 * A victim of a forged SYN sends its SYN-ACK again for so long (Linux with tcp_synack_retries 5: the last after 31 s, others up to
 * 75 s, RFC 9293 §3.8.3): a single segment of a conversation whose start is not in the capture is held as long at least.
 */
const LONE_NANOS = 75e9;
/** Beyond that time so many of them are held, the oldest goes first. */
const MAX_LONE = 65_536;
/** Segments without SYN whose sequence numbers are this close are of one conversation whose start was not captured. */
const SAME_CONVERSATION = 1 << 25;
/** Directions of ordinary ports in which a plain segment may tell of a missing answer. */
const WAITS_NONE = 0;
const WAITS_BOTH = 1;
const WAITS_SERVER = 2;
/** What adding an answer came to. */
const COPY = 0;
const LIKE = 1;
const NEW = 2;
/** Of all exchanges, beside one for each. */
const MAX_FRAME_RUNS = 1 << 23;
const MAX_FRAMES = 1000;

export class Tracker {
  readonly #store: Store;
  readonly #table: t.ExchangeTable;
  readonly #attempts: Attempts;
  readonly #crossings: Crossings;
  readonly #evictedQuestions = new EvictedQuestions();
  readonly #recent = new RecentSegments();
  readonly #answers: AnswerPool;
  readonly #frames: FrameRuns;
  readonly #numbers = new FrameNumbers();
  readonly #conversations = new ConversationPool();
  readonly #layers = new LayerPaths();
  readonly #clock: CaptureClock;
  /** Whether the clock was running when the timers were looked at last. */
  #hasTimers = false;
  readonly #key: FlowKey;
  readonly #view: ExchangeView;
  readonly #sink: ExchangeSink;
  readonly #timeoutNanos: number;
  readonly #keepsAll: boolean;
  readonly #trusts: boolean;
  /** See track/waiting-ports.ts. Who drops plain segments before they come here has to look at it. */
  readonly waiting: Uint16Array;
  readonly #ledger: Ledger | null;
  readonly #takeover: Takeover | null;
  #nextId = 1;
  #evicted = 0;
  // The packet at hand.
  #frame = 0;
  #seconds = 0;
  #nanos = 0;
  #digits = 0;
  #isPortZero = false;

  constructor(options: TrackerOptions, sink: ExchangeSink) {
    this.#sink = sink;
    this.#timeoutNanos = options.answerTimeoutNanos;
    this.#keepsAll = options.evidence !== 'port-zero';
    this.#trusts = options.trustsChecksums === true;
    this.waiting = options.waiting ?? createWaitingCells();
    this.#ledger = options.ledger ?? null;
    this.#clock = new CaptureClock(options.answerTimeoutNanos, options.ledger?.clock);
    this.#key = new FlowKey();
    this.#table = new t.ExchangeTable(options.maxExchanges);
    this.#frames = new FrameRuns(MAX_FRAME_RUNS, options.maxExchanges, options.maxFrames ?? MAX_FRAMES, this.#numbers);
    this.#crossings = new Crossings(this.#table);
    this.#attempts = new Attempts(this.#table);
    this.#answers = new AnswerPool(options.maxExchanges * 2 + 1024, this.#numbers);
    this.#store = {
      table: this.#table,
      answers: this.#answers,
      frames: this.#frames,
      numbers: this.#numbers,
      conversations: this.#conversations,
      layers: this.#layers,
    };
    this.#view = new ExchangeView(this.#store);
    this.#takeover = options.ledger === undefined ? null : new Takeover(this.#store, options.ledger);
  }

  /** Time by the clock at which something is to be done, whether a packet comes or not. */
  get nextDeadline(): number {
    const table = this.#table;
    const open = table.head(t.LIST_OPEN);
    const lingering = table.head(t.LIST_LINGER);
    const closed = table.head(t.LIST_CLOSED);
    return Math.min(
      open === 0 ? Number.POSITIVE_INFINITY : table.deadline(open),
      lingering === 0 ? Number.POSITIVE_INFINITY : table.deadline(lingering),
      closed === 0 ? Number.POSITIVE_INFINITY : table.deadline(closed),
      table.count(t.LIST_LONE) > MAX_LONE ? table.deadline(table.head(t.LIST_LONE)) : Number.POSITIVE_INFINITY,
      this.#takeover?.nextDeadline ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Does what is due by the clock, which somebody else has advanced. */
  catchUp(): void {
    this.#expire();
  }

  get counts(): TrackerCounts {
    return { evicted: this.#evicted, lostAttempts: this.#attempts.lost, open: this.#size };
  }

  /** Exchanges in the table. */
  get size(): number {
    return this.#table.size;
  }

  /** Takes one packet. `frame` is the number of its frame; the time is that of the frame. */
  track(packet: PacketRecord, frame: number, seconds: number, nanos: number, digits: number): void {
    const isTcp = packet.transport === TRANSPORT_TCP;
    if (!isTcp && packet.transport !== TRANSPORT_ICMP_ERROR) return;
    // Time goes by the frames that matter, whoever else lets others through.
    if (isTcp && isPlain(packet) && !this.#isAwaited(packet)) return;
    if (digits !== NO_TIME) {
      this.#clock.advance(seconds, nanos);
      this.#expire();
    }
    this.#frame = frame;
    this.#numbers.meet(frame);
    this.#seconds = seconds;
    this.#nanos = nanos;
    this.#digits = digits;
    if (isTcp) this.#segment(packet);
    else this.#icmpError(packet);
  }

  /** The newest attempt on the ends of the key; 0 when none. */
  #find(): number {
    const newest = this.#table.find(this.#key);
    if (newest !== 0 || this.#takeover === null || this.#isPortZero) return newest;
    const taken = this.#takeover.take(this.#key);
    if (taken === 0) return 0;
    this.#watch(taken);
    const scope = this.#table.get(taken, t.SCOPE);
    if (this.#crossings.see(scope)) this.#noteAll();
    else this.#noteForCrossing(taken);
    return scope === this.#key.scope ? taken : 0;
  }

  /**
   * The newest attempt that a packet may be about, where its own scope has none: it may belong to another one, as
   * an answer that comes back another way, or as a copy. The key is then in that scope.
   */
  #throughScopes(packet: PacketRecord, newest: number, isQuote: boolean): number {
    const crossings = this.#crossings;
    if (crossings.see(packet.scope)) this.#noteAll();
    if (!crossings.isActive) return newest;
    const joined = crossings.joined(this.#key);
    if (joined >= 0 && (newest === 0 || !this.#isUnderWay(newest))) {
      this.#key.moveTo(joined);
      const found = this.#find();
      if (found !== 0) return found;
      this.#key.moveTo(packet.scope);
    }
    if (newest !== 0 && this.#isOfOwn(packet, newest, isQuote)) return newest;
    const home =
      isQuote || newest !== 0
        ? this.#questionElsewhere(packet, isQuote ? packet.sequence : packet.acknowledgment - 1, isQuote)
        : this.#homeOf(packet);
    if (home === 0) return newest;
    if (this.#table.get(home, t.PROBE_FRAME) === 0 && !isAnswerByFlags(packet.flags)) return this.#takeHome(home);
    const scope = this.#table.get(home, t.SCOPE);
    if (newest === 0 || !this.#isUnderWay(newest)) crossings.join(this.#key, scope);
    this.#key.moveTo(scope);
    return this.#find();
  }

  /** An answer that came before its question, through another scope, now lives where the question is. */
  #takeHome(orphan: number): number {
    const table = this.#table;
    const scope = table.get(orphan, t.SCOPE);
    const home = this.#key.scope;
    this.#conversation(orphan).answerPath = table.get(orphan, t.PATH);
    table.move(orphan, this.#key);
    this.#key.moveTo(scope);
    this.#crossings.join(this.#key, home);
    this.#key.moveTo(home);
    return orphan;
  }

  #isUnderWay(entry: number): boolean {
    if (this.#table.listOf(entry) === t.LIST_CLOSED) return false;
    return this.#isWaiting(entry) || this.#isConversing(entry) || this.#table.listOf(entry) === t.LIST_CONVERSATION;
  }

  /**
   * Whether a packet is about the exchanges on its ends in its own scope. Only an answer may be for another scope all the same:
   * one that acknowledges nothing that was asked here.
   */
  #isOfOwn(packet: PacketRecord, newest: number, isQuote: boolean): boolean {
    const table = this.#table;
    const { flags } = packet;
    if (!isQuote && (flags < 0 || !isAnswerByFlags(flags) || (flags & ACK) === 0)) return true;
    this.#attempts.begin(newest, this.#key.hash, packet.sequence, packet.acknowledgment);
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      if (table.isFromClient(entry, this.#key) !== isQuote || table.verdict(entry) === UNSOLICITED) continue;
      if (isQuote ? table.get(entry, t.ISN) === (packet.sequence | 0) : this.#acknowledges(entry, packet)) return true;
      if (!isQuote && (flags & RST) !== 0 && this.#isConversing(entry)) return true;
    }
    return false;
  }

  /** The exchange in another scope that a segment belongs to; 0 when there is none, or not just one. */
  #homeOf(packet: PacketRecord): number {
    const { flags } = packet;
    if (flags < 0) return 0;
    if (!isAnswerByFlags(flags)) return this.#openingElsewhere(packet) || this.#segmentElsewhere(packet);
    const number = (packet.acknowledgment - 1) | 0;
    // An answer again, in another scope: of a question, or of none that was seen.
    for (const entry of this.#crossings.alike(this.#key, number)) if (this.#hasCopy(entry, packet)) return entry;
    const question = (flags & ACK) === 0 ? 0 : this.#questionElsewhere(packet, number, false);
    return question || this.#segmentElsewhere(packet);
  }

  /** The conversation in another scope of which this segment was seen a moment ago. */
  #segmentElsewhere(packet: PacketRecord): number {
    if (!this.#isPortZero) return 0;
    const table = this.#table;
    const recent = this.#recent;
    const entry = recent.find(packet, this.#key.ends, (other) => table.get(other, t.ID));
    if (entry === 0 || !table.isListed(entry) || !table.isOnEnds(entry, this.#key)) return 0;
    if (table.get(entry, t.SCOPE) === this.#key.scope) return 0;
    const elapsed = this.#nanosSince(recent.seconds, recent.nanos);
    if (packet.ttl > recent.ttl || !this.#looksMirrored(packet.ipId, recent.ttl, packet, elapsed)) return 0;
    this.#conversation(entry).isMirrored = true;
    return entry;
  }

  #noteSegment(entry: number, packet: PacketRecord): void {
    if (!this.#isPortZero) return;
    this.#recent.note(packet, this.#key.ends, entry, this.#table.get(entry, t.ID), this.#seconds, this.#nanos);
  }

  /** The same opening segment, seen at another place of its way. */
  #openingElsewhere(packet: PacketRecord): number {
    const table = this.#table;
    for (const entry of this.#crossings.alike(this.#key, packet.sequence | 0)) {
      const isSame =
        table.get(entry, t.PROBE_FRAME) !== 0 &&
        table.get(entry, t.ISN) >>> 0 === packet.sequence &&
        table.isFromClient(entry, this.#key) &&
        this.#probeFlags(entry) === packet.flags &&
        ((packet.flags & ACK) === 0 || table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0 === packet.acknowledgment) &&
        table.get(entry, t.PROBE_PAYLOAD_LENGTH) === packet.payloadLength;
      if (!isSame) continue;
      const elapsed = this.#nanosSince(table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
      const ttl = table.get(entry, t.PROBE_HEADER) & 0xff;
      if (packet.ttl > ttl || !this.#looksMirrored(table.get(entry, t.PROBE_IP_ID), ttl, packet, elapsed)) continue;
      this.#conversation(entry).isMirrored = true;
      return entry;
    }
    return (packet.flags & (SYN | ACK)) === SYN ? this.#orphanElsewhere(packet) : 0;
  }

  /** The answer to this SYN, recorded before it in another scope; with such in two scopes nothing is guessed. */
  #orphanElsewhere(packet: PacketRecord): number {
    const table = this.#table;
    let orphan = 0;
    // It acknowledges the SYN, or its data as well.
    const most = Math.max(0, packet.payloadLength);
    for (let length = 0; length <= most; length += Math.max(1, most)) {
      for (const entry of this.#crossings.alike(this.#key, (packet.sequence + length) | 0)) {
        if (!table.isFromClient(entry, this.#key) || !this.#isOrphanOf(entry, packet)) continue;
        const elapsed = this.#nanosSince(table.getFloat(entry, t.STARTED_SECONDS), table.get(entry, t.STARTED_NANOS));
        if (Math.abs(elapsed) > this.#timeoutNanos || entry === orphan) continue;
        if (orphan !== 0) return 0;
        orphan = entry;
      }
    }
    return orphan;
  }

  /** Whether the packet is a copy of an answer that the exchange has. */
  #hasCopy(entry: number, packet: PacketRecord): boolean {
    const answers = this.#answers;
    for (let answer = this.#table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
      const isSame =
        answers.kind(answer) !== KIND_ICMP &&
        answers.isFrom(answer, packet) &&
        answers.flags(answer) === packet.flags &&
        answers.sequence(answer) === packet.sequence &&
        answers.acknowledgment(answer) === packet.acknowledgment;
      if (!isSame || packet.ttl > answers.ttl(answer)) continue;
      const elapsed = this.#nanosSince(answers.seconds(answer), answers.nanos(answer));
      if (this.#looksMirrored(answers.ipId(answer), answers.ttl(answer), packet, elapsed)) return true;
    }
    return false;
  }

  /** The one SYN in another scope that waits and has that number; with such in two scopes nothing is guessed. */
  #questionElsewhere(packet: PacketRecord, number: number, isFromClient: boolean): number {
    const table = this.#table;
    let question = 0;
    for (const entry of this.#crossings.alike(this.#key, number | 0)) {
      if (table.isFromClient(entry, this.#key) !== isFromClient || table.get(entry, t.PROBE_FRAME) === 0) continue;
      if (!this.#isSyn(entry) || !this.#isWaiting(entry)) continue;
      const isAbout = isFromClient ? table.get(entry, t.ISN) === (number | 0) : this.#acknowledges(entry, packet);
      if (!isAbout) continue;
      if (question !== 0 && table.get(question, t.SCOPE) !== table.get(entry, t.SCOPE)) return 0;
      question = entry;
    }
    return question;
  }

  /** A second scope has come: what there is is to be found from it. */
  #noteAll(): void {
    const table = this.#table;
    for (const list of [t.LIST_OPEN, t.LIST_LINGER, t.LIST_LONE, t.LIST_CONVERSATION, t.LIST_CLOSED])
      for (let entry = table.head(list); entry !== 0; entry = table.following(entry)) this.#noteForCrossing(entry);
  }

  #noteForCrossing(entry: number): void {
    const table = this.#table;
    if (!this.#crossings.isActive) return;
    if (table.get(entry, t.PROBE_FRAME) === 0) {
      const answer = table.get(entry, t.ANSWER);
      // Of a late start not even an answer was seen.
      const number = answer === 0 ? 0 : (this.#answers.acknowledgment(answer) - 1) | 0;
      this.#crossings.note(entry, number, number);
      return;
    }
    const isn = table.get(entry, t.ISN);
    this.#crossings.note(entry, isn, (isn + Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH))) | 0);
  }

  /** Tells the time without a packet: of the last frame of a capture, or now when live. */
  advance(seconds: number, nanos: number): void {
    this.#clock.advance(seconds, nanos);
    this.#expire();
  }

  /** Frames without time stamps came before the first with one: what they opened waits from now on. */
  #startTimers(): void {
    const table = this.#table;
    this.#hasTimers = true;
    for (const list of [t.LIST_OPEN, t.LIST_LINGER]) {
      // Each goes behind the others, until the first is the first again.
      const first = table.head(list);
      // What came after the clock was started waits by it already.
      for (let entry = first; entry !== 0 && table.deadline(entry) <= this.#timeoutNanos; ) {
        table.enlist(entry, list, this.#clock.now + this.#timeoutNanos);
        entry = table.head(list);
        if (entry === first) break;
      }
    }
  }

  /** The capture is over: settles what is left. */
  finish(): void {
    for (const list of [t.LIST_CLOSED, t.LIST_LINGER, t.LIST_LONE, t.LIST_CONVERSATION, t.LIST_OPEN]) {
      for (let entry = this.#table.head(list); entry !== 0; entry = this.#table.head(list)) {
        if (list === t.LIST_OPEN) this.#decideWithoutAnswer(entry, UNDECIDED);
        this.#settle(entry);
      }
    }
    this.#ledger?.finish();
  }

  #segment(packet: PacketRecord): void {
    const { flags, assembly } = packet;
    if (packet.sourcePort < 0 || packet.destinationPort < 0 || packet.fragment === FRAGMENT_LATER) return;
    this.#isPortZero = packet.sourcePort === 0 || packet.destinationPort === 0;
    // Without flags there is nothing to go by; but port 0 was used, whoever hid them: the sender, or the capture's snap length.
    if (flags < 0 && !this.#isPortZero) return;
    this.#key.read(packet, packet.scope);
    const newest = this.#throughScopes(packet, this.#find(), false);
    this.#attempts.begin(newest, this.#key.hash, packet.sequence, packet.acknowledgment);
    if (isPlain(packet)) {
      this.#plain(packet, newest);
      return;
    }
    if (assembly !== null && assembly.owner !== 0 && this.#repeat(packet, assembly, newest)) return;
    if (newest !== 0 && this.#isDropped(packet) && this.#drop(packet, newest)) return;
    if (flags < 0) this.#hidden(packet, newest);
    else if ((flags & SYN) !== 0) {
      if ((flags & RST) === 0 && (flags & ACK) !== 0) this.#synAck(packet, newest);
      else this.#opening(packet, newest);
    } else if ((flags & RST) !== 0) this.#reset(packet, newest);
    else this.#other(packet, newest);
  }

  /**
   * A segment that was handed out before, now with more of its fragments. Returns false when it is to be taken like any
   * other: its kind was not known before, and it turns out to be nobody's question.
   */
  #repeat(packet: PacketRecord, assembly: Assembly, newest: number): boolean {
    const table = this.#table;
    let entry = newest;
    while (entry !== 0 && table.get(entry, t.ID) >>> 0 !== assembly.owner) entry = this.#attempts.after(entry);
    // Settled since. If its flags are news, it gets an exchange of its own.
    if (entry === 0) return assembly.hadFlags;
    const fromClient = table.isFromClient(entry, this.#key);
    const isProbe = fromClient && (this.#isRetransmission(entry, packet) || this.#hidesSequence(entry));
    if (!isProbe && !assembly.hadFlags && packet.flags >= 0) return false;
    this.#addFrame(entry, packet);
    if (isProbe) this.#refreshProbe(entry, packet);
    else this.#refreshAnswer(entry, packet);
    // Whose segment it is may be seen otherwise now.
    if (packet.flags >= 0) this.#countPayload(entry, packet, table.isFromClient(entry, this.#key));
    this.#changed(entry);
    return true;
  }

  /**
   * A segment with port 0 whose flags are hidden. It is a question where nothing else is known of its ends; where it may
   * be an answer, or part of a conversation, it is kept there, and nothing is claimed.
   */
  #hidden(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    // Where the capture cut the flags, any segment of these ends may be of one conversation: it is one exchange.
    const isCut = (packet.anomalies & HIDES_FLAGS) === 0;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      const fromClient = table.isFromClient(entry, this.#key);
      if (fromClient && this.#isRetransmission(entry, packet)) {
        this.#retransmit(entry, packet);
        return;
      }
      if (fromClient && this.#isOrphanOf(entry, packet)) {
        this.#adopt(entry, packet);
        return;
      }
      if (fromClient && !isCut && !this.#isConversing(entry)) continue;
      if (!fromClient && this.#isWaiting(entry)) table.add(entry, t.TRAIT_HIDDEN_ANSWER);
      this.#addFrame(entry, packet);
      return;
    }
    const opened = this.#open(packet, newest);
    // What came back may be cut as well, so nothing is said of silence.
    if (isCut) table.add(opened, t.TRAIT_HIDDEN_ANSWER);
  }

  /** A SYN without ACK (with whatever else): a new attempt, a retransmission, or one that crosses the peer's. */
  #opening(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      if (!table.isFromClient(entry, this.#key)) continue;
      if (this.#isRetransmission(entry, packet)) {
        this.#retransmit(entry, packet);
        return;
      }
      if (this.#mayContinue(entry) && openedOwn(this.#siblingOf(entry), packet)) this.#becomeLate(entry);
      // The answer was recorded before its question (several queues of a card): now the question is known.
      if (this.#isOrphanOf(entry, packet)) {
        this.#adopt(entry, packet);
        return;
      }
    }
    const isBareSyn = (packet.flags & (FIN | RST)) === 0;
    for (let entry = newest; entry !== 0 && isBareSyn; entry = this.#attempts.after(entry)) {
      if (table.isFromClient(entry, this.#key) || !this.#isSyn(entry)) continue;
      if (table.verdict(entry) === SIMULTANEOUS && table.listOf(entry) !== t.LIST_CLOSED) {
        this.#answer(entry, packet, KIND_SYN, true);
        return;
      }
      // RFC 9293 §3.5: each side's SYN crosses the other's. A peer that had answered already is opening anew.
      if (this.#isWaiting(entry)) {
        this.#answer(entry, packet, KIND_SYN, true);
        this.#decide(entry, SIMULTANEOUS, table.get(entry, t.ANSWERS_LAST));
        return;
      }
    }
    this.#open(packet, newest);
  }

  #synAck(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    let candidate = 0;
    let match = 0;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      if (table.isFromClient(entry, this.#key) && !this.#isAmbiguous()) {
        // In a simultaneous open both ends send one (RFC 9293 §3.5, figure 8).
        if (table.verdict(entry) === SIMULTANEOUS || this.#isOwnOfLate(entry, packet)) {
          this.#converse(entry, packet);
          return;
        }
        if (this.#answersUnseenSyn(entry, packet)) {
          this.#splitHandshake(entry, packet);
          return;
        }
        continue;
      }
      if (this.#mayContinue(entry) && openedOther(this.#siblingOf(entry), packet)) {
        this.#becomeLate(entry);
        this.#converse(entry, packet);
        return;
      }
      if (table.verdict(entry) === UNSOLICITED) {
        if (candidate === 0 && this.#isSameQuestion(entry, packet)) candidate = entry;
        continue;
      }
      if (this.#acknowledges(entry, packet)) {
        if (table.verdict(entry) === SIMULTANEOUS) {
          this.#converse(entry, packet);
          return;
        }
        // Of several that it may answer (one in each tunnel), the one that waits.
        if (match === 0 || (this.#isWaiting(entry) && !this.#isWaiting(match))) match = entry;
        continue;
      }
      if (candidate === 0 || table.verdict(candidate) === UNSOLICITED) candidate = entry;
    }
    if (match !== 0) {
      const added = this.#answer(match, packet, KIND_SYN_ACK, true);
      if (this.#isWaiting(match)) this.#noteAnswerPath(match, packet);
      if (this.#isWaiting(match)) this.#decide(match, ACCEPTED, table.get(match, t.ANSWERS_LAST));
      else if (this.#isInferred(match)) table.set(match, t.ANSWER, table.get(match, t.ANSWERS_LAST));
      else if (added === NEW) this.#compareAnswers(match);
      // Too late for the verdict, but there may be a connection now.
      if (this.#isPortZero && table.verdict(match) === SILENT) this.#hold(match);
      return;
    }
    if (candidate === 0) {
      this.#unsolicited(packet, KIND_SYN_ACK);
      return;
    }
    if (table.verdict(candidate) === UNSOLICITED) {
      this.#answer(candidate, packet, KIND_SYN_ACK, true);
      if (table.listOf(candidate) === t.LIST_LONE) this.#hold(candidate);
      return;
    }
    // RFC 9293 §3.10.7.3: an ACK number that is not acceptable makes a client send a RST and go on waiting.
    this.#answer(candidate, packet, KIND_SYN_ACK, false);
    table.add(candidate, t.TRAIT_CHALLENGED);
  }

  #reset(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    let own = 0;
    let candidate = 0;
    let match = 0;
    let questions = 0;
    let orphan = 0;
    let closed = 0;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      if (table.listOf(entry) === t.LIST_CLOSED) {
        if (closed === 0 && this.#isOfClosed(entry, packet)) closed = entry;
        continue;
      }
      if (table.isFromClient(entry, this.#key) && !this.#isAmbiguous()) {
        if (own === 0 || this.#isBetterOwner(entry, own, packet)) own = entry;
        continue;
      }
      const counts = this.#isAcceptableReset(entry, packet) || this.#judge(entry, packet) === SAYS_ESTABLISHED;
      if (table.verdict(entry) === UNSOLICITED) {
        if (orphan === 0 && this.#isLikeReset(entry, packet)) orphan = entry;
      } else if (this.#isSyn(entry)) questions++;
      if (table.verdict(entry) !== UNSOLICITED && counts) {
        const isBetter = match === 0 || (this.#isWaiting(entry) && !this.#isWaiting(match));
        // Of several probes that wait, the one that it acknowledges; else the newest.
        const isNamed = match !== 0 && this.#isWaiting(entry) && this.#isNamed(entry, packet);
        if (isBetter || (isNamed && !this.#isNamed(match, packet))) match = entry;
      } else if (candidate === 0) candidate = entry;
    }
    if (match !== 0) {
      this.#takeReset(match, packet);
      return;
    }
    const isOfOwn = own !== 0 && table.get(own, t.ISN) >>> 0 === (packet.sequence - 1) >>> 0;
    if (closed !== 0 && !isOfOwn) {
      this.#takeLate(closed, packet);
      return;
    }
    if (own === 0 && candidate !== 0 && orphan !== 0) {
      this.#takeReset(orphan, packet);
      return;
    }
    if (own === 0 && candidate !== 0 && this.#isOfUnseenAttempt(candidate, questions, packet)) {
      this.#unsolicited(packet, KIND_RESET);
      return;
    }
    if (candidate !== 0 && (own === 0 || !this.#isConversing(own))) {
      this.#takeReset(candidate, packet);
      return;
    }
    if (own !== 0) {
      this.#clientReset(own, packet);
      return;
    }
    this.#unsolicited(packet, KIND_RESET);
  }

  /**
   * Whether a RST that acknowledges none of the attempts is rather the answer of one that the capture does not hold, than one that
   * its client must ignore: these ends ask again and again, or what refused them before has sent it, by its TTL.
   */
  #isOfUnseenAttempt(entry: number, questions: number, packet: PacketRecord): boolean {
    const table = this.#table;
    if ((packet.flags & ACK) === 0 || packet.sequence !== 0 || !this.#isSyn(entry)) return false;
    if (table.verdict(entry) === UNSOLICITED) return false;
    return questions > 1 || (table.verdict(entry) === REFUSED && this.#isLikeReset(entry, packet));
  }

  /** Whether the exchange's answer is a RST of the same sender, by address and TTL. */
  #isLikeReset(entry: number, packet: PacketRecord): boolean {
    const answers = this.#answers;
    const answer = this.#table.get(entry, t.ANSWER);
    if (answer === 0 || answers.kind(answer) !== KIND_RESET || packet.sequence !== 0) return false;
    return answers.isFrom(answer, packet) && answers.ttl(answer) === packet.ttl;
  }

  /** A RST from the server's side. */
  #takeReset(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    if (this.#mayContinue(entry) && aborts(this.#siblingOf(entry), packet)) this.#becomeLate(entry);
    const verdict = table.verdict(entry);
    if (verdict === UNSOLICITED) {
      if (table.listOf(entry) === t.LIST_CONVERSATION) this.#addFrame(entry, packet);
      else this.#answer(entry, packet, KIND_RESET, true);
      if (table.listOf(entry) !== t.LIST_LINGER) this.#close(entry, t.TRAIT_RESET, packet);
      return;
    }
    if (this.#judge(entry, packet) === SAYS_ESTABLISHED) {
      this.#infer(entry, packet);
      return;
    }
    if (verdict === SILENT && this.#mayContinue(entry) && !this.#isWaiting(entry)) {
      // So late it is no answer to a scanner: both segments are of a conversation that was under way.
      this.#becomeLate(entry);
      this.#addFrame(entry, packet);
      this.#close(entry, t.TRAIT_RESET, packet);
      return;
    }
    if (this.#isCut(entry)) {
      this.#converse(entry, packet);
      return;
    }
    if (this.#isWaiting(entry)) {
      const isAcceptable = this.#isAcceptableReset(entry, packet);
      const added = this.#answer(entry, packet, KIND_RESET, isAcceptable);
      if (isAcceptable) this.#noteAnswerPath(entry, packet);
      if (isAcceptable) this.#decide(entry, REFUSED, table.get(entry, t.ANSWERS_LAST));
      else if (added !== COPY) this.#countInvalidReset(entry);
      return;
    }
    if (this.#isConversing(entry) && this.#isResetOfConversation(entry, packet)) {
      // The conversation's own end, unless another TTL says that somebody else forged it (Weaver et al., NDSS 2009).
      const answer = table.get(entry, t.ANSWER);
      const isForeign =
        answer !== 0 &&
        !table.has(entry, t.TRAIT_RESET) &&
        this.#answers.kind(answer) === KIND_SYN_ACK &&
        this.#answers.isFrom(answer, packet) &&
        this.#answers.ttl(answer) !== packet.ttl;
      if (isForeign) {
        this.#answer(entry, packet, KIND_RESET, true);
        table.add(entry, t.TRAIT_CONFLICTING);
      } else this.#addFrame(entry, packet);
      this.#noteSegment(entry, packet);
      this.#close(entry, t.TRAIT_RESET, packet);
      return;
    }
    const isAcceptable = this.#isAcceptableReset(entry, packet);
    const added = this.#answer(entry, packet, KIND_RESET, isAcceptable);
    if (!isAcceptable && added !== COPY) this.#countInvalidReset(entry);
    else if (isAcceptable && added === NEW) this.#compareAnswers(entry);
  }

  /** A RST from the client's side: it gives up, or says no to what it got. */
  #clientReset(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    this.#addFrame(entry, packet);
    this.#noteSegment(entry, packet);
    if (this.#mayContinue(entry) && this.#continuesUnknown(entry, packet)) this.#becomeLate(entry);
    const isUnderWay = table.listOf(entry) === t.LIST_CONVERSATION || this.#isHalfKnown(entry);
    if (this.#isConversing(entry) || isUnderWay) {
      if (this.#isUnanswered(entry)) this.#conversation(entry).clientResetFrame ||= this.#frame;
      this.#close(entry, t.TRAIT_RESET, packet);
      return;
    }
    // It was nobody who had asked.
    if (table.listOf(entry) === t.LIST_LONE) table.enlist(entry, t.LIST_LINGER, this.#clock.now + this.#timeoutNanos);
    if (!this.#isWaiting(entry)) return;
    table.add(entry, t.TRAIT_CLIENT_RESET);
    this.#conversation(entry).clientResetFrame ||= this.#frame;
    // RFC 9293 §3.10.7.1: a RST that answers a SYN-ACK takes its sequence number from the ACK, here ISN + 1.
    const hasChallenge = table.has(entry, t.TRAIT_CHALLENGED | t.TRAIT_INVALID_RESET);
    if (!hasChallenge && this.#isSyn(entry) && packet.sequence === (table.get(entry, t.ISN) + 1) >>> 0)
      table.add(entry, t.TRAIT_UNSEEN_ANSWER);
    this.#changed(entry);
  }

  /** Neither SYN nor RST: of a conversation, an odd answer, or (on port 0) a stealth probe. */
  #other(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    let waiting = 0;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      if (table.listOf(entry) === t.LIST_CLOSED) {
        if (!this.#isOfClosed(entry, packet)) continue;
        this.#takeLate(entry, packet);
        return;
      }
      if (this.#isCut(entry)) {
        this.#converse(entry, packet);
        return;
      }
      const fromClient = table.isFromClient(entry, this.#key);
      if (this.#isUnanswered(entry) && this.#concerns(entry, packet, fromClient)) {
        this.#showAnswer(entry, packet, fromClient);
        return;
      }
      // A bare ACK meets the attempt that is waiting, though it speaks of an older conversation on these ends: that is
      // how a half-open leftover answers.
      if (entry === newest && this.#isBareAckOfServer(entry, packet)) {
        waiting = entry;
        break;
      }
      // Once there is a connection, every segment has ACK (RFC 9293 §3.1).
      const isOfUnknown = table.verdict(entry) === UNSOLICITED && (packet.flags & ACK) !== 0;
      if (this.#isConversing(entry) || isOfUnknown) {
        this.#converse(entry, packet);
        return;
      }
      if (this.#mayContinue(entry) && (!fromClient || this.#continuesUnknown(entry, packet))) {
        if ((packet.flags & ACK) !== 0 && !(fromClient && this.#isCopyOfProbe(entry, packet))) {
          this.#becomeLate(entry);
          this.#converse(entry, packet);
          return;
        }
      }
      if (fromClient && !this.#isSyn(entry)) {
        if (this.#isRetransmission(entry, packet)) {
          this.#retransmit(entry, packet);
          return;
        }
        if (this.#continuesUnknown(entry, packet)) {
          this.#converse(entry, packet);
          return;
        }
      } else if (waiting === 0 && table.verdict(entry) !== UNSOLICITED) waiting = entry;
    }
    const isOwn = waiting !== 0 && table.isFromClient(waiting, this.#key);
    // Not of this attempt: a probe of its own, or a conversation that was under way when the capture began.
    if (waiting === 0 || (isOwn && this.#isPortZero && !goesOn(table.get(waiting, t.ISN) >>> 0, packet))) {
      if (!this.#isPortZero) return;
      if ((packet.flags & ACK) !== 0 && (packet.payloadLength > 0 || hasHeard(packet))) this.#startLate(packet, newest);
      else this.#open(packet, newest);
      return;
    }
    if (isOwn || !this.#isWaiting(waiting)) {
      this.#converse(waiting, packet);
      return;
    }
    // Of nothing that the client sent: a challenge ACK (RFC 5961 §4), a half-open leftover (RFC 9293 §3.5.1), or what no scan
    // type knows (nmap: tcp-response).
    this.#answer(waiting, packet, (packet.flags & ACK) !== 0 ? KIND_ACK : KIND_OTHER, false);
    table.add(waiting, t.TRAIT_CHALLENGED);
    this.#changed(waiting);
  }

  /** Whether a plain segment is between ends that wait for an answer. */
  #isAwaited(packet: PacketRecord): boolean {
    if (packet.fragment === FRAGMENT_LATER) return false;
    if (this.waiting[waitingCell(packet.sourcePort, packet.destinationPort)] === 0) return false;
    this.#key.read(packet, packet.scope);
    let entry = this.#table.find(this.#key);
    if (entry === 0) return this.#ledger?.awaits(this.#key) === true;
    this.#attempts.begin(entry, this.#key.hash, packet.sequence, packet.acknowledgment);
    while (entry !== 0 && !this.#isUnanswered(entry)) entry = this.#attempts.after(entry);
    return entry !== 0;
  }

  /** A segment between ordinary ports, without SYN, FIN and RST: it matters where an answer is missing, and only there. */
  #plain(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    let waiting = 0;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      const fromClient = table.isFromClient(entry, this.#key);
      if (this.#isUnanswered(entry) && this.#concerns(entry, packet, fromClient)) {
        // The first of the client's tells all.
        if (!fromClient || table.get(entry, t.WAITS) === WAITS_BOTH) this.#showAnswer(entry, packet, fromClient);
        return;
      }
      if (entry === newest && this.#isBareAckOfServer(entry, packet)) {
        waiting = entry;
        break;
      }
      if (this.#isConversing(entry)) return;
      if (waiting === 0 && !fromClient && this.#isUnanswered(entry) && this.#isWaiting(entry)) waiting = entry;
    }
    if (waiting === 0) return;
    this.#answer(waiting, packet, (packet.flags & ACK) !== 0 ? KIND_ACK : KIND_OTHER, false);
    table.add(waiting, t.TRAIT_CHALLENGED);
    this.#changed(waiting);
  }

  /** The exchange is in another state: what is to be let through of its plain segments? */
  #watch(entry: number): void {
    const table = this.#table;
    const client = table.clientPort(entry);
    const server = table.serverPort(entry);
    if (client === 0 || server === 0) return;
    let waits = WAITS_NONE;
    if (this.#isUnanswered(entry)) waits = this.#isHalfKnown(entry) ? WAITS_SERVER : WAITS_BOTH;
    this.#setWaits(entry, waits, client, server);
  }

  #setWaits(entry: number, waits: number, client: number, server: number): void {
    const before = this.#table.get(entry, t.WAITS);
    if (before === waits) return;
    this.#table.set(entry, t.WAITS, waits);
    if (waits !== WAITS_NONE && before === WAITS_NONE) addWaiting(this.waiting, server, client);
    if (waits === WAITS_NONE) dropWaiting(this.waiting, server, client);
    if (waits === WAITS_BOTH) addWaiting(this.waiting, client, server);
    else if (before === WAITS_BOTH) dropWaiting(this.waiting, client, server);
  }

  // --- handshakes that were not wholly seen ------------------------------------------------------------------------

  /** Whether a segment without SYN and RST is of this attempt, whose answer is not in the capture. */
  #concerns(entry: number, packet: PacketRecord, fromClient: boolean): boolean {
    if (fromClient) return goesOn(this.#table.get(entry, t.ISN) >>> 0, packet);
    return this.#judge(entry, packet) !== SAYS_NOTHING;
  }

  /** It shows that there was an answer, or even which one. */
  #showAnswer(entry: number, packet: PacketRecord, fromClient: boolean): void {
    const table = this.#table;
    if (!fromClient && this.#judge(entry, packet) === SAYS_ESTABLISHED) {
      this.#infer(entry, packet);
      return;
    }
    const conversation = this.#conversation(entry);
    if (!fromClient) {
      // The SYN has arrived, but that alone does not make a connection.
      conversation.serverAckFrame ||= this.#frame;
      table.add(entry, t.TRAIT_UNSEEN_ANSWER);
      this.#answer(entry, packet, KIND_ACK, false);
      this.#changed(entry);
      return;
    }
    this.#goOn(entry, packet, packet.sequence);
  }

  /** The client acts as one that was answered. `first` is the number of its first byte of data. */
  #goOn(entry: number, packet: PacketRecord, first: number): void {
    const table = this.#table;
    const conversation = this.#conversation(entry);
    const fin = (packet.flags & FIN) !== 0 ? 1 : 0;
    conversation.noteClient(first, Math.max(0, packet.payloadLength) + fin, packet.acknowledgment);
    // A SYN-ACK that came too late to settle it is an answer that was seen.
    if (this.#acceptableSynAck(entry) === 0) {
      conversation.wentOnFrame ||= this.#frame;
      table.add(entry, t.TRAIT_UNSEEN_ANSWER);
      table.drop(entry, t.TRAIT_TIMED_OUT);
      table.setVerdict(entry, UNDECIDED);
      this.#hold(entry);
      this.#watch(entry);
    }
    this.#converse(entry, packet);
    this.#reconsider(entry);
  }

  /** The server talks as one that has accepted. */
  #infer(entry: number, packet: PacketRecord): void {
    this.#accept(entry, this.#frame, packet.sequence);
    if ((packet.flags & RST) === 0) {
      this.#converse(entry, packet);
      return;
    }
    this.#addFrame(entry, packet);
    this.#close(entry, t.TRAIT_RESET, packet);
  }

  #accept(entry: number, frame: number, sequence: number): void {
    const conversation = this.#conversation(entry);
    conversation.inferredFrame = frame;
    conversation.serverSequence = sequence;
    if (this.#isPortZero) this.#table.add(entry, t.TRAIT_ESTABLISHED);
    if (conversation.splitFrame > 0) this.#decide(entry, SIMULTANEOUS, 0);
    else this.#decide(entry, ACCEPTED, this.#acceptableSynAck(entry));
  }

  /** The client has shown more of what it sent: what the server acknowledged may be that (frames are recorded out of order). */
  #reconsider(entry: number): void {
    const table = this.#table;
    const answers = this.#answers;
    if (!table.has(entry, t.TRAIT_CHALLENGED | t.TRAIT_INVALID_RESET)) return;
    for (let answer = table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
      const kind = answers.kind(answer);
      if ((kind !== KIND_ACK && kind !== KIND_RESET) || answers.isChecksumBad(answer)) continue;
      const segment: Numbers = {
        flags: answers.flags(answer),
        sequence: answers.sequence(answer),
        acknowledgment: answers.acknowledgment(answer),
        payloadLength: answers.payloadLength(answer),
      };
      if (this.#judge(entry, segment) !== SAYS_ESTABLISHED) continue;
      table.drop(entry, t.TRAIT_CHALLENGED);
      this.#accept(entry, answers.frame(answer), segment.sequence);
      if (kind !== KIND_RESET) return;
      const conversation = this.#conversation(entry);
      if (--conversation.invalidResets === 0) {
        conversation.invalidResetFrame = 0;
        table.drop(entry, t.TRAIT_INVALID_RESET);
      }
      this.#close(entry, t.TRAIT_RESET, segment, false);
      return;
    }
  }

  /** What a segment of the server says of an attempt without an answer. */
  #judge(entry: number, segment: Numbers): number {
    const table = this.#table;
    if (!this.#isUnanswered(entry)) return SAYS_NOTHING;
    const known = table.get(entry, t.CONVERSATION) === 0 ? null : this.#conversation(entry);
    const fin = (this.#probeFlags(entry) & FIN) !== 0 ? 1 : 0;
    const asked: Asked = {
      isn: table.get(entry, t.ISN) >>> 0,
      synLength: Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH)) + fin,
      clientEnd: known?.clientEnd ?? -1,
      clientAcknowledgment: known?.clientAcknowledgment ?? -1,
    };
    return judgeServer(asked, segment);
  }

  /** A SYN whose answer, as far as it is known, did not count. */
  #isUnanswered(entry: number): boolean {
    const verdict = this.#table.verdict(entry);
    const isOpen = verdict === UNDECIDED || verdict === SILENT || verdict === CHALLENGED || verdict === INVALID_RESET;
    return isOpen && this.#isSyn(entry) && !this.#isHidden(entry);
  }

  /** The client has gone on as if answered; what the server did is not in the capture so far. */
  #isHalfKnown(entry: number): boolean {
    const table = this.#table;
    if (table.verdict(entry) !== UNDECIDED || !table.isListed(entry)) return false;
    const list = table.listOf(entry);
    return list === t.LIST_CONVERSATION || list === t.LIST_LONE;
  }

  #isInferred(entry: number): boolean {
    return this.#table.verdict(entry) === ACCEPTED && this.#table.get(entry, t.ANSWER) === 0;
  }

  /** Whether a lone SYN-ACK is for the same question as one before. */
  #isSameQuestion(entry: number, packet: PacketRecord): boolean {
    const answer = this.#table.get(entry, t.ANSWER);
    if (answer === 0 || this.#answers.kind(answer) !== KIND_SYN_ACK) return true;
    return this.#answers.acknowledgment(answer) === packet.acknowledgment;
  }

  /** Whether an opening that is no SYN may turn out to be part of a conversation: it has ACK, as all of those have. */
  #mayContinue(entry: number): boolean {
    const table = this.#table;
    const verdict = table.verdict(entry);
    if (verdict !== UNDECIDED && verdict !== SILENT) return false;
    const probe = table.probe(entry);
    if (probe !== PROBE_ACK && probe !== PROBE_MAIMON && probe !== PROBE_OTHER) return false;
    return (this.#probeFlags(entry) & (SYN | RST | ACK)) === ACK;
  }

  #isCopyOfProbe(entry: number, packet: PacketRecord): boolean {
    const table = this.#table;
    if (!this.#isRetransmission(entry, packet)) return false;
    const elapsed = this.#nanosSince(table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
    const ttl = table.get(entry, t.PROBE_HEADER) & 0xff;
    return this.#looksMirrored(table.get(entry, t.PROBE_IP_ID), ttl, packet, elapsed);
  }

  /** The numbers of an opening that has ACK. */
  #siblingOf(entry: number): Sibling {
    const table = this.#table;
    return {
      sequence: table.get(entry, t.ISN) >>> 0,
      acknowledgment: table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0,
    };
  }

  /** Whether a SYN-ACK of the client's is of its conversation, whose start is not in the capture. */
  #isOwnOfLate(entry: number, packet: PacketRecord): boolean {
    const table = this.#table;
    if (this.#mayContinue(entry) && openedOwn(this.#siblingOf(entry), packet)) this.#becomeLate(entry);
    return table.verdict(entry) === UNSOLICITED && table.listOf(entry) === t.LIST_CONVERSATION;
  }

  /** Whether a SYN-ACK of the client's has the number of its SYN: it has got a bare SYN (RFC 9293 §3.10.7.3) that was not captured. */
  #answersUnseenSyn(entry: number, packet: PacketRecord): boolean {
    return this.#isUnanswered(entry) && this.#table.get(entry, t.ISN) >>> 0 === packet.sequence;
  }

  #splitHandshake(entry: number, packet: PacketRecord): void {
    this.#conversation(entry).splitFrame ||= this.#frame;
    this.#goOn(entry, packet, (packet.sequence + 1) >>> 0);
  }

  /** A segment of a conversation that was under way when the capture began. */
  #startLate(packet: PacketRecord, newest: number): void {
    const table = this.#table;
    const entry = this.#insert(packet, newest, !isServerSource(packet.sourcePort, packet.destinationPort));
    table.set(entry, t.STARTED_NANOS, this.#nanos);
    table.set(entry, t.LAYERS, this.#layers.intern(packet.layers, packet.layerCount));
    table.set(entry, t.PATH, packet.path);
    table.setFloat(entry, t.STARTED_SECONDS, this.#seconds);
    table.setDigits(entry, this.#digits);
    table.setVerdict(entry, UNSOLICITED);
    table.enlist(entry, t.LIST_CONVERSATION, 0);
    const fromClient = table.isFromClient(entry, this.#key);
    this.#conversation(entry).hear(fromClient);
    this.#countPayload(entry, packet, fromClient);
    if ((packet.flags & FIN) !== 0) table.add(entry, fromClient ? t.TRAIT_CLIENT_FIN : t.TRAIT_SERVER_FIN);
    this.#noteSegment(entry, packet);
    this.#noteForCrossing(entry);
    this.#tellOpened(entry);
  }

  /** What was taken for a probe is such a segment: another one of the conversation has come. */
  #becomeLate(entry: number): void {
    const table = this.#table;
    // From now on it is no question that is found by its numbers.
    this.#attempts.forget(entry);
    const isSwapped = isServerSource(table.clientPort(entry), table.serverPort(entry));
    const conversation = this.#conversation(entry);
    conversation.hear(true);
    if (isSwapped) {
      table.swapEnds(entry);
      conversation.swapEnds();
    }
    if ((this.#probeFlags(entry) & FIN) !== 0) table.add(entry, isSwapped ? t.TRAIT_SERVER_FIN : t.TRAIT_CLIENT_FIN);
    table.set(entry, t.PROBE_FRAME, 0);
    table.set(entry, t.RETRANSMISSIONS, 0);
    table.set(entry, t.ANSWER, 0);
    table.setProbe(entry, NO_PROBE);
    table.setVerdict(entry, UNSOLICITED);
    table.drop(entry, t.TRAIT_TIMED_OUT | t.TRAIT_UNSEEN_ANSWER | t.TRAIT_CHALLENGED | t.TRAIT_QUIET);
    table.enlist(entry, t.LIST_CONVERSATION, 0);
  }

  /** Keeps a conversation whose handshake was not wholly seen, however long it idles; of other ports a bounded number. */
  #hold(entry: number): void {
    const isAnswerOnly = this.#table.verdict(entry) === UNSOLICITED && this.#table.listOf(entry) === t.LIST_LONE;
    if (this.#isPortZero && !isAnswerOnly) this.#table.enlist(entry, t.LIST_CONVERSATION, 0);
    else this.#table.enlist(entry, t.LIST_LONE, this.#clock.now + LONE_NANOS);
  }

  // --- segments that their receiver drops ---------------------------------------------------------------------------

  /**
   * Whether the receiver has dropped it for its checksum: RFC 9293 §3.1, RFC 792. What the capturing host leaves to its card is
   * no bad one (see verifyChecksum).
   */
  #isDropped(packet: PacketRecord): boolean {
    return packet.checksum === CHECKSUM_BAD && !this.#trusts;
  }

  /** It is kept with the exchange that it is about, and changes nothing there. False when it asks itself. */
  #drop(packet: PacketRecord, newest: number): boolean {
    const table = this.#table;
    if (packet.flags < 0 || (packet.flags & (SYN | ACK)) === SYN) return false;
    let entry = newest;
    while (entry !== 0 && table.isFromClient(entry, this.#key)) entry = this.#attempts.after(entry);
    if (entry === 0) {
      if (!this.#isConversing(newest) && table.verdict(newest) !== UNSOLICITED && !this.#isSyn(newest)) return false;
      this.#addFrame(newest, packet);
      return true;
    }
    const isReset = (packet.flags & RST) !== 0;
    const isSynAck = (packet.flags & SYN) !== 0;
    if (!isReset && !isSynAck && !this.#isWaiting(entry)) this.#addFrame(entry, packet);
    else this.#answer(entry, packet, isReset ? KIND_RESET : isSynAck ? KIND_SYN_ACK : KIND_ACK, false);
    this.#changed(entry);
    return true;
  }

  #icmpError(packet: PacketRecord): void {
    const { quote } = packet;
    if (quote === null || quote.transport !== TRANSPORT_TCP || quote.fragment === FRAGMENT_LATER) return;
    if (quote.sourcePort < 0 || quote.destinationPort < 0 || quote.ipVersion === 0) return;
    this.#isPortZero = quote.sourcePort === 0 || quote.destinationPort === 0;
    this.#key.read(quote, quote.scope);
    const table = this.#table;
    const newest = this.#throughScopes(quote, this.#find(), true);
    this.#attempts.begin(newest, this.#key.hash, quote.sequence, quote.acknowledgment);
    const isAnswer = icmpIsAnswer(packet.ipVersion, packet.icmpType, packet.icmpCode);
    let candidate = 0;
    for (let entry = newest; entry !== 0; entry = this.#attempts.after(entry)) {
      if (candidate === 0) candidate = entry;
      if (!table.isFromClient(entry, this.#key) || table.verdict(entry) === UNSOLICITED) continue;
      // A stack believes an error only if the quote holds the sequence number of its SYN (RFC 5927 §4.1).
      if (quote.sequence >= 0 && quote.sequence === table.get(entry, t.ISN) >>> 0) {
        const counts = isAnswer && !this.#isDropped(packet);
        const added = this.#answer(entry, packet, KIND_ICMP, counts);
        if (!counts) return;
        if (this.#isWaiting(entry)) this.#noteAnswerPath(entry, quote);
        if (this.#isWaiting(entry)) this.#decide(entry, UNREACHABLE, table.get(entry, t.ANSWERS_LAST));
        else if (added === NEW) this.#compareAnswers(entry);
        return;
      }
      if (!table.isFromClient(candidate, this.#key)) candidate = entry;
    }
    if (candidate !== 0) {
      this.#answer(candidate, packet, KIND_ICMP, false);
      return;
    }
    // Nobody asked, as far as the capture goes; but the quote shows that port 0 was on some wire.
    if (!this.#isPortZero || !isAnswer) return;
    const entry = this.#insert(packet, 0, true);
    this.#becomeUnsolicited(entry, packet, KIND_ICMP);
    this.#tellOpened(entry);
  }

  // --- what changes in an exchange ---------------------------------------------------------------------------------

  #open(packet: PacketRecord, newest: number): number {
    const entry = this.#insert(packet, newest, true);
    this.#setProbe(entry, packet);
    this.#table.setVerdict(entry, UNDECIDED);
    this.#table.enlist(entry, t.LIST_OPEN, this.#clock.now + this.#timeoutNanos);
    this.#watch(entry);
    this.#countPayload(entry, packet, true);
    this.#noteForCrossing(entry);
    // It may be part of a conversation that was under way: nobody is accused before the time for an answer is over.
    if (this.#mayContinue(entry)) this.#table.add(entry, t.TRAIT_QUIET);
    this.#tellOpened(entry);
    return entry;
  }

  #tellOpened(entry: number): void {
    if (!this.#isPortZero) return;
    this.#sink.opened?.(this.#view.at(entry));
    this.#changed(entry);
  }

  #setProbe(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    const page = table.page(entry);
    const base = table.base(entry);
    page[base + t.PROBE_IP_ID] = packet.ipId;
    page[base + t.LAST_NANOS] = this.#nanos;
    page[base + t.LAYERS] = this.#layers.intern(packet.layers, packet.layerCount);
    page[base + t.PATH] = packet.path;
    table.setFloat(entry, t.LAST_SECONDS, this.#seconds);
    table.setFloat(entry, t.LAST_GAP, 0);
    if (packet.dontFragment) table.add(entry, t.TRAIT_DONT_FRAGMENT);
    this.#setStart(entry);
    this.#setProbeHeader(entry, packet);
    if (packet.flags < 0 && table.has(entry, t.TRAIT_PARTIAL)) table.add(entry, t.TRAIT_QUIET);
  }

  /** The frame at hand is where the opening segment is. */
  #setStart(entry: number): void {
    const table = this.#table;
    table.set(entry, t.PROBE_FRAME, wordOf(this.#frame));
    table.set(entry, t.STARTED_NANOS, this.#nanos);
    table.setFloat(entry, t.STARTED_SECONDS, this.#seconds);
    table.setDigits(entry, this.#digits);
  }

  /** What the opening segment's header says, as far as it is there. */
  #setProbeHeader(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    const { flags, assembly } = packet;
    const page = table.page(entry);
    const base = table.base(entry);
    const hidden = packet.sequence < 0 ? t.HIDDEN_SEQUENCE : t.HIDDEN_FLAGS;
    table.setProbe(entry, flags < 0 ? PROBE_OTHER : PROBES.indexOf(classifyProbe(flags, packet.payloadLength)));
    page[base + t.ISN] = packet.sequence;
    page[base + t.PROBE_ACKNOWLEDGMENT] = packet.acknowledgment;
    page[base + t.PROBE_WINDOW] = (packet.window << 16) | (packet.urgentPointer & 0xffff);
    page[base + t.PROBE_HEADER] =
      flags < 0
        ? (hidden << 8) | (packet.ttl & 0xff)
        : (flags << 16) | ((packet.reservedBits & 0x0f) << 8) | (packet.ttl & 0xff);
    const isCut = packet.fragment === FRAGMENT_FIRST && assembly?.isWhole !== true;
    page[base + t.PROBE_PAYLOAD_LENGTH] = isCut ? -1 : packet.payloadLength;
    const optionsLength = this.#keepsEvidence ? optionsLengthOf(packet) : 0;
    page[base + t.OPTIONS_LENGTH] = optionsLength;
    if (optionsLength > 0) packWords(page, base + t.OPTIONS, packet.bytes, packet.optionsOffset, optionsLength);
    if (packet.checksum === CHECKSUM_BAD) table.add(entry, t.TRAIT_CHECKSUM_BAD);
    if (packet.window >= 0 && packet.urgentPointer >= 0) table.add(entry, t.TRAIT_HAS_PROBE_HEADER);
    if (assembly?.isPartial === true) table.add(entry, t.TRAIT_PARTIAL);
  }

  /** More of the opening segment is there than when it was seen first. */
  #refreshProbe(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    const wasHidden = this.#isHidden(entry);
    if (bringsNews(packet)) {
      table.drop(entry, t.TRAIT_PARTIAL);
      const isFoundByNumber = this.#attempts.forget(entry);
      this.#setProbeHeader(entry, packet);
      if (isFoundByNumber) this.#attempts.renew(entry);
    }
    this.#awaitAnswer(entry);
    if (this.#isHidden(entry) && table.has(entry, t.TRAIT_PARTIAL)) return;
    const wasQuiet = table.has(entry, t.TRAIT_QUIET);
    table.drop(entry, t.TRAIT_QUIET);
    if (!wasHidden || packet.flags < 0) return;
    if (isAnswerByFlags(packet.flags)) {
      this.#becomeAnswer(entry, packet);
      return;
    }
    const answer = table.get(entry, t.ANSWER);
    if (this.#isSyn(entry) && table.verdict(entry) === REFUSED && !this.#answersSyn(answer, packet)) {
      // While the flags were hidden, any RST was taken for an answer; of a SYN it is one only with the right ACK.
      this.#answers.reject(answer);
      const other = this.#nextAnswer(entry, packet);
      if (other === 0) {
        table.set(entry, t.ANSWER, 0);
        table.setVerdict(entry, UNDECIDED);
        table.enlist(entry, t.LIST_OPEN, this.#clock.now + this.#timeoutNanos);
      } else this.#decide(entry, VERDICT_OF_KIND[this.#answers.kind(other)]!, other);
      this.#countInvalidReset(entry);
    }
    // As it has not been told of, it starts where its header is complete, unless it was answered before.
    if (wasQuiet && table.get(entry, t.ANSWERS_FIRST) === 0) this.#setStart(entry);
  }

  /** The first of what came besides that answers the SYN, now that its numbers are known; 0 when none does. */
  #nextAnswer(entry: number, packet: PacketRecord): number {
    const answers = this.#answers;
    let answer = this.#table.get(entry, t.ANSWERS_FIRST);
    while (answer !== 0 && !(this.#counts(answer) && this.#answersSyn(answer, packet))) answer = answers.next(answer);
    return answer;
  }

  #counts(answer: number): boolean {
    return this.#answers.isAcceptable(answer) && this.#answers.kind(answer) <= KIND_ICMP;
  }

  /** The same of an answer, if that is what the segment is. */
  #refreshAnswer(entry: number, packet: PacketRecord): void {
    const answers = this.#answers;
    if (!bringsNews(packet)) return;
    for (let answer = this.#table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
      const isIt =
        answers.kind(answer) !== KIND_ICMP &&
        answers.sequence(answer) === packet.sequence &&
        answers.flags(answer) === packet.flags &&
        answers.isFrom(answer, packet);
      if (isIt) answers.setHeader(answer, packet, this.#keepsEvidence);
    }
  }

  /** What was taken for a question while its flags were hidden is an answer that nobody asked for. */
  #becomeAnswer(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    this.#answers.release(table.get(entry, t.ANSWERS_FIRST));
    this.#attempts.forget(entry);
    table.swapEnds(entry);
    table.set(entry, t.PROBE_FRAME, 0);
    table.setProbe(entry, NO_PROBE);
    this.#becomeUnsolicited(entry, packet, (packet.flags & SYN) !== 0 ? KIND_SYN_ACK : KIND_RESET);
  }

  /** A record for the packet's ends with its first frame. */
  #insert(packet: PacketRecord, newest: number, sourceIsClient: boolean): number {
    const table = this.#table;
    let latest = newest;
    if (this.#size >= table.limit) {
      this.#evictLeast();
      // It may have been an attempt on this very key.
      if (newest !== 0) latest = table.find(this.#key);
    }
    this.#attempts.makeRoom(latest);
    const entry = table.insert(this.#key, latest, sourceIsClient);
    if (!this.#isPortZero) this.#ledger?.note(this.#key.ends, 1);
    table.setProbe(entry, NO_PROBE);
    table.set(entry, t.ID, this.#ledger === null ? this.#nextId++ : this.#ledger.nextId());
    const { assembly } = packet;
    const hasEarlier = assembly !== null && assembly.earlierCount > 0;
    if (this.#keepsEvidence) {
      const run = this.#frames.create(hasEarlier ? assembly.earlierFrames[0] : this.#frame);
      table.set(entry, t.FRAMES_FIRST, run);
      table.set(entry, t.FRAMES_LAST, run);
    }
    if (assembly !== null) this.#addFrame(entry, packet);
    else this.#noteAnomalies(entry, packet);
    return entry;
  }

  /** An answer that nothing in the capture asked for: its sender is the server, since it answers. */
  #unsolicited(packet: PacketRecord, kind: number): void {
    const entry = this.#insert(packet, this.#table.find(this.#key), false);
    this.#becomeUnsolicited(entry, packet, kind);
    this.#tellOpened(entry);
  }

  #becomeUnsolicited(entry: number, packet: PacketRecord, kind: number): void {
    const table = this.#table;
    const answer = this.#createAnswer(packet, kind, true);
    table.setVerdict(entry, UNSOLICITED);
    if (this.#evicted > 0 && this.#evictedQuestions.has(table.hash(entry), numberAsked(packet)))
      this.#conversation(entry).isQuestionEvicted = true;
    table.set(entry, t.ANSWERS_FIRST, answer);
    table.set(entry, t.ANSWERS_LAST, answer);
    table.set(entry, t.ANSWER, answer);
    table.set(entry, t.STARTED_NANOS, this.#nanos);
    table.set(entry, t.LAYERS, this.#layers.intern(packet.layers, packet.layerCount));
    table.set(entry, t.PATH, packet.path);
    table.setFloat(entry, t.STARTED_SECONDS, this.#seconds);
    table.setDigits(entry, this.#digits);
    if (kind === KIND_SYN_ACK) table.enlist(entry, t.LIST_LONE, this.#clock.now + LONE_NANOS);
    else table.enlist(entry, t.LIST_LINGER, this.#clock.now + this.#timeoutNanos);
    this.#countPayload(entry, packet, false);
    this.#noteForCrossing(entry);
  }

  /** The question of an answer that was recorded before it. */
  #adopt(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    const answer = table.get(entry, t.ANSWER);
    this.#setProbe(entry, packet);
    this.#addFrame(entry, packet);
    const kind = this.#answers.kind(answer);
    this.#decide(entry, kind === KIND_SYN_ACK ? ACCEPTED : kind === KIND_ICMP ? UNREACHABLE : REFUSED, answer);
  }

  /** The opening segment again. */
  #retransmit(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    const elapsed = this.#nanosSince(table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
    const ttl = table.get(entry, t.PROBE_HEADER) & 0xff;
    const isCopy = this.#looksMirrored(table.get(entry, t.PROBE_IP_ID), ttl, packet, elapsed);
    if (!isCopy) {
      table.set(entry, t.RETRANSMISSIONS, table.get(entry, t.RETRANSMISSIONS) + 1);
      table.set(entry, t.PROBE_IP_ID, packet.ipId);
      table.setFloat(entry, t.LAST_GAP, Math.max(0, elapsed));
    }
    this.#addFrame(entry, packet);
    if (packet.flags >= 0 && this.#isHidden(entry)) {
      table.drop(entry, t.TRAIT_QUIET);
      this.#refreshProbe(entry, packet);
      this.#changed(entry);
    } else if (!isCopy) this.#awaitAnswer(entry);
  }

  /** The opening segment, or more of it, has just gone out: the time for an answer begins anew. */
  #awaitAnswer(entry: number): void {
    const table = this.#table;
    table.set(entry, t.LAST_NANOS, this.#nanos);
    table.setFloat(entry, t.LAST_SECONDS, this.#seconds);
    if (this.#isWaiting(entry) || table.has(entry, t.TRAIT_TIMED_OUT)) {
      table.setVerdict(entry, UNDECIDED);
      table.drop(entry, t.TRAIT_TIMED_OUT);
      table.enlist(entry, t.LIST_OPEN, this.#clock.now + this.#timeoutNanos);
    }
  }

  #decide(entry: number, verdict: number, answer: number): void {
    const table = this.#table;
    table.setVerdict(entry, verdict);
    table.drop(entry, t.TRAIT_TIMED_OUT | t.TRAIT_QUIET);
    table.set(entry, t.ANSWER, answer);
    if (table.has(entry, t.TRAIT_INVALID_RESET)) this.#compareInvalid(entry);
    this.#watch(entry);
    const isConversation = verdict === ACCEPTED || verdict === SIMULTANEOUS;
    table.enlist(entry, isConversation ? t.LIST_CONVERSATION : t.LIST_LINGER, this.#clock.now + this.#timeoutNanos);
    this.#changed(entry);
  }

  /**
   * Adds an answer to the list and its frame to the exchange. Returns COPY for one that was seen already
   * at another place, LIKE for one that is like another (which then counts one more) or one too many, else NEW.
   */
  #answer(
    entry: number,
    packet: PacketRecord,
    kind: number,
    acceptable: boolean,
  ): typeof COPY | typeof LIKE | typeof NEW {
    const table = this.#table;
    const answers = this.#answers;
    this.#addFrame(entry, packet);
    if (kind !== KIND_ICMP) this.#countPayload(entry, packet, false);
    let count = 0;
    for (let other = table.get(entry, t.ANSWERS_FIRST); other !== 0; other = answers.next(other)) {
      count++;
      if (!this.#isLike(other, packet, kind, acceptable)) continue;
      const elapsed = this.#nanosSince(answers.seconds(other), answers.nanos(other));
      if (this.#looksMirrored(answers.ipId(other), answers.ttl(other), packet, elapsed)) return COPY;
      if (answers.ttl(other) === packet.ttl && (answers.ipId(other) === 0) === (packet.ipId === 0)) {
        answers.repeat(other);
        return LIKE;
      }
    }
    // The one that settles the verdict is kept whatever came before.
    if (count >= MAX_ANSWERS && !(acceptable && this.#isWaiting(entry))) return LIKE;
    const answer = this.#createAnswer(packet, kind, acceptable);
    if (answer === 0) return LIKE;
    const last = table.get(entry, t.ANSWERS_LAST);
    if (last === 0) table.set(entry, t.ANSWERS_FIRST, answer);
    else answers.link(last, answer);
    table.set(entry, t.ANSWERS_LAST, answer);
    return NEW;
  }

  #createAnswer(packet: PacketRecord, kind: number, acceptable: boolean): number {
    const keeps = this.#keepsEvidence;
    return this.#answers.create(packet, kind, acceptable, this.#frame, this.#seconds, this.#nanos, this.#digits, keeps);
  }

  /** The answer has come through another scope than the question. */
  #noteAnswerPath(entry: number, packet: PacketRecord): void {
    if (packet.scope === this.#table.get(entry, t.SCOPE)) return;
    const conversation = this.#conversation(entry);
    if (!conversation.isMirrored) conversation.answerPath = packet.path;
  }

  /** A later acceptable answer stands beside the one that settled the verdict: do they go together? */
  #compareAnswers(entry: number): void {
    const table = this.#table;
    const answers = this.#answers;
    const first = table.get(entry, t.ANSWER);
    const last = table.get(entry, t.ANSWERS_LAST);
    if (first === 0 || first === last) return;
    let conflicts = answers.kind(first) !== answers.kind(last);
    if (!conflicts && answers.kind(first) === KIND_ICMP) conflicts = answers.icmp(first) !== answers.icmp(last);
    else if (!conflicts) {
      // One host has one distance and one way to number its answers; one listener has one initial sequence number.
      conflicts =
        answers.ttl(first) !== answers.ttl(last) ||
        (answers.ipId(first) === 0) !== (answers.ipId(last) === 0) ||
        (answers.kind(first) === KIND_SYN_ACK && answers.sequence(first) !== answers.sequence(last));
    }
    if (conflicts) {
      table.add(entry, t.TRAIT_CONFLICTING);
      this.#changed(entry);
    }
  }

  /** A RST that the client must ignore, from the server's address but with another TTL than the answer's, has another sender. */
  #compareInvalid(entry: number): void {
    const table = this.#table;
    const answers = this.#answers;
    const settling = table.get(entry, t.ANSWER);
    if (settling === 0 || !answers.isAcceptable(settling) || answers.kind(settling) === KIND_ICMP) return;
    for (let answer = table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
      if (answers.kind(answer) !== KIND_RESET || answers.isAcceptable(answer) || answers.isChecksumBad(answer))
        continue;
      if (answers.ttl(answer) !== answers.ttl(settling)) table.add(entry, t.TRAIT_CONFLICTING);
    }
  }

  /** A segment of a conversation, from either end. */
  #converse(entry: number, packet: PacketRecord): void {
    const table = this.#table;
    const fromClient = table.isFromClient(entry, this.#key);
    this.#addFrame(entry, packet);
    this.#noteSegment(entry, packet);
    // Only port 0 is followed: of other ports triage lets no plain ACK through, so nothing could be said of most.
    if (this.#isPortZero && (packet.flags & ACK) !== 0 && this.#establishes(entry, packet, fromClient))
      table.add(entry, t.TRAIT_ESTABLISHED);
    const hadData = this.#countPayload(entry, packet, fromClient);
    if (this.#isPortZero && table.verdict(entry) === UNSOLICITED) this.#hearUnknown(entry, fromClient);
    if ((packet.flags & FIN) !== 0) {
      table.add(entry, fromClient ? t.TRAIT_CLIENT_FIN : t.TRAIT_SERVER_FIN);
      if (table.has(entry, t.TRAIT_CLIENT_FIN) && table.has(entry, t.TRAIT_SERVER_FIN)) {
        this.#close(entry, t.TRAIT_CLOSED_BY_FIN, packet);
        return;
      }
    }
    const list = table.listOf(entry);
    // The order is that of giving way when the table is full; on other ports most of a conversation is not heard anyway.
    if (list === t.LIST_LONE) {
      if (this.#isPortZero) table.enlist(entry, t.LIST_CONVERSATION, 0);
      else this.#hold(entry);
    } else if (list === t.LIST_CONVERSATION && this.#isPortZero) table.enlist(entry, list, 0);
    else if (list === t.LIST_LINGER) table.enlist(entry, t.LIST_LINGER, this.#clock.now + this.#timeoutNanos);
    if (hadData) this.#changed(entry);
  }

  /** Of a conversation whose handshake is not in the capture both ends have talked: it is one. */
  #hearUnknown(entry: number, fromClient: boolean): void {
    const conversation = this.#conversation(entry);
    conversation.hear(fromClient);
    if (conversation.isMutual) this.#table.add(entry, t.TRAIT_ESTABLISHED);
  }

  /** 0 when there is none. */
  #acceptableSynAck(entry: number): number {
    const answers = this.#answers;
    let answer = this.#table.get(entry, t.ANSWERS_FIRST);
    while (answer !== 0 && !(answers.kind(answer) === KIND_SYN_ACK && answers.isAcceptable(answer)))
      answer = answers.next(answer);
    return answer;
  }

  /** Whether an ACK completes the handshake. */
  #establishes(entry: number, { acknowledgment }: PacketRecord, fromClient: boolean): boolean {
    const table = this.#table;
    if (fromClient) {
      // Also when the SYN-ACK came too late to settle the verdict.
      const synAck = this.#acceptableSynAck(entry);
      return synAck !== 0 && sequenceDifference(acknowledgment, this.#answers.sequence(synAck)) >= 1;
    }
    // A simultaneous open is one when the peer has acknowledged our SYN too; in a split handshake it may never do so.
    return (
      table.verdict(entry) === SIMULTANEOUS && sequenceDifference(acknowledgment, table.get(entry, t.ISN) >>> 0) >= 1
    );
  }

  /** The conversation is over; it stays a while for what comes late. The first way to close counts. */
  #close(entry: number, how: number, last: Numbers, fromClient = this.#table.isFromClient(entry, this.#key)): void {
    const table = this.#table;
    if (this.#isPortZero) this.#conversation(entry).ends.note(fromClient, last);
    if (!table.has(entry, t.TRAIT_RESET | t.TRAIT_CLOSED_BY_FIN)) table.add(entry, how);
    table.enlist(entry, t.LIST_LINGER, this.#clock.now + this.#timeoutNanos);
    this.#changed(entry);
  }

  /** Whether a segment comes late, of a conversation that is over. */
  #isOfClosed(entry: number, packet: PacketRecord): boolean {
    const { ends } = this.#conversation(entry);
    const fromClient = this.#table.isFromClient(entry, this.#key);
    return ends.fits(fromClient, packet) || (this.#isAmbiguous() && ends.fits(!fromClient, packet));
  }

  #takeLate(entry: number, packet: PacketRecord): void {
    this.#addFrame(entry, packet);
    this.#noteSegment(entry, packet);
    this.#table.enlist(entry, t.LIST_CLOSED, this.#clock.now + CLOSED_NANOS);
    if (this.#countPayload(entry, packet, this.#table.isFromClient(entry, this.#key))) this.#changed(entry);
  }

  #countInvalidReset(entry: number): void {
    this.#table.add(entry, t.TRAIT_INVALID_RESET);
    this.#compareInvalid(entry);
    const conversation = this.#conversation(entry);
    if (conversation.invalidResets++ === 0) conversation.invalidResetFrame = this.#frame;
    this.#changed(entry);
  }

  /** Returns whether there was payload. */
  #countPayload(entry: number, packet: PacketRecord, fromClient: boolean): boolean {
    if (!this.#isPortZero || packet.payloadLength <= 0) return false;
    // What rides on a RST is a diagnostic (RFC 9293 §3.5.3), no data; and what is dropped has brought none.
    if ((packet.flags & (SYN | RST)) === RST || (this.#isDropped(packet) && (packet.flags & SYN) === 0)) return false;
    const conversation = this.#conversation(entry);
    if (conversation.dataFrame === 0) conversation.dataFrame = this.#frame;
    const first = (packet.flags & SYN) !== 0 ? (packet.sequence + 1) >>> 0 : packet.sequence;
    conversation.count(fromClient, first, packet.payloadLength);
    return true;
  }

  #addFrame(entry: number, packet: PacketRecord): void {
    if (packet.assembly !== null) this.#takeFragments(entry, packet.assembly);
    this.#appendFrame(entry, this.#frame);
    this.#noteAnomalies(entry, packet);
  }

  #appendFrame(entry: number, frame: number): void {
    const table = this.#table;
    const last = table.get(entry, t.FRAMES_LAST);
    if (last !== 0) table.set(entry, t.FRAMES_LAST, this.#frames.append(table.get(entry, t.FRAMES_FIRST), last, frame));
  }

  /** The segment's earlier fragments belong to the exchange, and so will its later ones. */
  #takeFragments(entry: number, assembly: Assembly): void {
    for (let i = 0; i < assembly.earlierCount; i++) this.#appendFrame(entry, assembly.earlierFrames[i]);
    assembly.earlierCount = 0;
    assembly.owner = this.#table.get(entry, t.ID) >>> 0;
  }

  #noteAnomalies(entry: number, packet: PacketRecord): void {
    if (packet.anomalies === 0 || !this.#keepsEvidence) return;
    this.#table.set(entry, t.ANOMALIES, this.#table.get(entry, t.ANOMALIES) | packet.anomalies);
    const conversation = this.#conversation(entry);
    if (conversation.anomalyFrame === 0) conversation.anomalyFrame = this.#frame;
    if (this.#table.isListed(entry)) this.#changed(entry);
  }

  #conversation(entry: number): Conversation {
    let index = this.#table.get(entry, t.CONVERSATION);
    if (index === 0) {
      index = this.#conversations.create();
      this.#table.set(entry, t.CONVERSATION, index);
    }
    return this.#conversations.get(index) as Conversation;
  }

  /** Of the exchange that the packet at hand belongs to. */
  get #keepsEvidence(): boolean {
    return this.#keepsAll || this.#isPortZero;
  }

  #changed(entry: number): void {
    if (this.#sink.changed === undefined || this.#table.has(entry, t.TRAIT_QUIET)) return;
    this.#sink.changed(this.#view.at(entry));
  }

  // --- questions about an exchange ---------------------------------------------------------------------------------

  /** No acceptable answer yet, and time left. What comes later than that is evidence: silence was what there was. */
  #isWaiting(entry: number): boolean {
    const table = this.#table;
    if (table.isListed(entry) && table.listOf(entry) === t.LIST_OPEN) return true;
    if (this.#isHalfKnown(entry)) return true;
    // Another frame's time stamp may have run ahead and timed it out: what counts is the time between these two.
    if (!table.has(entry, t.TRAIT_TIMED_OUT) || table.verdict(entry) !== SILENT) return false;
    const elapsed = this.#nanosSince(table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
    return elapsed >= 0 && elapsed <= this.#patience(entry);
  }

  /** Nanoseconds in which an answer to what went out last counts as one. */
  #patience(entry: number): number {
    return this.#timeoutNanos + (this.#table.has(entry, t.TRAIT_PARTIAL) ? REASSEMBLY_NANOS : 0);
  }

  #isConversing(entry: number): boolean {
    const verdict = this.#table.verdict(entry);
    return verdict === ACCEPTED || verdict === SIMULTANEOUS;
  }

  #isSyn(entry: number): boolean {
    const probe = this.#table.probe(entry);
    return (
      probe === PROBE_SYN ||
      probe === PROBE_SYN_DATA ||
      (probe === PROBE_OTHER && (this.#probeFlags(entry) & SYN) !== 0)
    );
  }

  /** The flags of the opening segment are not known: they are in fragments that have not come, or nowhere. */
  #isHidden(entry: number): boolean {
    return ((this.#table.get(entry, t.PROBE_HEADER) >>> 8) & 0xff) >= t.HIDDEN_SEQUENCE;
  }

  /** The capture cut the flags: what the segment was, and so what an answer to it means, is not known. */
  #isCut(entry: number): boolean {
    const anomalies = this.#table.get(entry, t.ANOMALIES);
    return this.#isHidden(entry) && (anomalies & ANOMALY_SNAPPED) !== 0 && (anomalies & HIDES_FLAGS) === 0;
  }

  /** Not even its sequence number is. */
  #hidesSequence(entry: number): boolean {
    return ((this.#table.get(entry, t.PROBE_HEADER) >>> 8) & 0xff) === t.HIDDEN_SEQUENCE;
  }

  #probeFlags(entry: number): number {
    return this.#table.get(entry, t.PROBE_HEADER) >>> 16;
  }

  /** Both ends are the same (a LAND segment, or a socket that connects to itself): the direction does not tell. */
  #isAmbiguous(): boolean {
    const { source, destination, sourcePort, destinationPort } = this.#key;
    return sourcePort === destinationPort && source.every((word, i) => word === destination[i]);
  }

  /** The same opening segment: sequence number and kind; a SYN with data may be repeated without (RFC 7413 §4.1.3). */
  #isRetransmission(entry: number, packet: PacketRecord): boolean {
    const table = this.#table;
    if (table.get(entry, t.PROBE_FRAME) === 0 || table.get(entry, t.ISN) >>> 0 !== packet.sequence) return false;
    // The same ends and number under another label or in another tunnel: another exchange.
    if (table.get(entry, t.PATH) !== packet.path && packet.scope === this.#key.scope) return false;
    const deciding = FIN | SYN | RST | ACK;
    if ((this.#probeFlags(entry) & deciding) === (packet.flags & deciding)) return true;
    return packet.flags < 0 || this.#isHidden(entry);
  }

  /** Whether the entry is an answer without a question, and the packet the question. */
  #isOrphanOf(entry: number, packet: PacketRecord): boolean {
    return this.#table.verdict(entry) === UNSOLICITED && this.#answersSyn(this.#table.get(entry, t.ANSWER), packet);
  }

  /** Whether a segment goes on with a conversation that was under way when the capture began. */
  #continuesUnknown(entry: number, packet: PacketRecord): boolean {
    const probe = this.#table.probe(entry);
    if (probe !== PROBE_ACK && probe !== PROBE_MAIMON && probe !== PROBE_OTHER) return false;
    if ((this.#probeFlags(entry) & ACK) === 0 || (packet.flags & ACK) === 0) return false;
    const acknowledged = sequenceDifference(
      packet.acknowledgment,
      this.#table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0,
    );
    if (Math.abs(acknowledged) >= SAME_CONVERSATION) return false;
    return Math.abs(sequenceDifference(packet.sequence, this.#table.get(entry, t.ISN) >>> 0)) < SAME_CONVERSATION;
  }

  #isAcceptableReset(entry: number, packet: PacketRecord): boolean {
    // Of a stealth probe the sender judges by ports alone, as nmap does.
    if (!this.#isSyn(entry)) return true;
    // RFC 9293 §3.10.7.3, second check: in SYN-SENT a RST without an acceptable ACK is dropped.
    if ((packet.flags & ACK) === 0) return false;
    return this.#acknowledges(entry, packet);
  }

  /** Whether a RST has the numbers that a closed port makes of the opening segment's (RFC 9293 §3.10.7.1). */
  #isNamed(entry: number, packet: PacketRecord): boolean {
    const table = this.#table;
    const flags = this.#probeFlags(entry);
    if ((flags & ACK) !== 0) return packet.sequence === table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0;
    const length =
      Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH)) +
      ((flags & SYN) !== 0 ? 1 : 0) +
      ((flags & FIN) !== 0 ? 1 : 0);
    return (packet.flags & ACK) !== 0 && packet.acknowledgment === (table.get(entry, t.ISN) + length) >>> 0;
  }

  #acknowledges(entry: number, packet: PacketRecord): boolean {
    if (this.#hidesSequence(entry)) return true;
    // A FIN on the SYN takes a sequence number of its own.
    const fin = (this.#probeFlags(entry) & FIN) !== 0 ? 1 : 0;
    const payloadLength = this.#table.get(entry, t.PROBE_PAYLOAD_LENGTH);
    // Where later fragments carry more of it, how much is not known.
    const length = (payloadLength < 0 ? 0xffff : payloadLength) + fin;
    return acknowledgesSyn(packet.acknowledgment, this.#table.get(entry, t.ISN) >>> 0, length);
  }

  /** Whether a RST from the server ends the conversation, rather than answering the SYN a second time. */
  #isResetOfConversation(entry: number, packet: PacketRecord): boolean {
    const table = this.#table;
    if (table.verdict(entry) === SIMULTANEOUS) return true;
    if (table.get(entry, t.ANSWER) === 0) return isNear(packet.sequence, this.#conversation(entry).serverSequence);
    const serverIsn = this.#answers.sequence(table.get(entry, t.ANSWER));
    // What a closed port sends to a SYN (RFC 9293 §3.10.7.1): SEQ 0, ACK of the SYN.
    if (packet.sequence === 0 && this.#isAcceptableReset(entry, packet) && serverIsn !== 0xffffffff) return false;
    const ahead = (packet.sequence - serverIsn) >>> 0;
    return ahead >= 1 && ahead < 0x40000000;
  }

  #isBareAckOfServer(entry: number, packet: PacketRecord): boolean {
    if ((packet.flags & (ACK | FIN)) !== ACK || packet.payloadLength > 0) return false;
    return this.#isWaiting(entry) && this.#isSyn(entry) && !this.#table.isFromClient(entry, this.#key);
  }

  #isBetterOwner(entry: number, than: number, packet: PacketRecord): boolean {
    const next = (packet.sequence - 1) >>> 0;
    return this.#table.get(than, t.ISN) >>> 0 !== next && this.#table.get(entry, t.ISN) >>> 0 === next;
  }

  #answersSyn(answer: number, packet: PacketRecord): boolean {
    if (answer === 0) return false;
    if (this.#answers.kind(answer) === KIND_ICMP) return this.#answers.sequence(answer) === packet.sequence;
    if (packet.flags < 0 || (this.#answers.flags(answer) & ACK) === 0) return false;
    return acknowledgesSyn(this.#answers.acknowledgment(answer), packet.sequence, packet.payloadLength);
  }

  #isLike(answer: number, packet: PacketRecord, kind: number, acceptable: boolean): boolean {
    const answers = this.#answers;
    if (answers.kind(answer) !== kind || answers.isAcceptable(answer) !== acceptable) return false;
    if (!answers.isFrom(answer, packet)) return false;
    if (kind === KIND_ICMP) return answers.icmp(answer) === ((packet.icmpType << 8) | (packet.icmpCode & 0xff));
    return (
      answers.sequence(answer) === packet.sequence &&
      answers.acknowledgment(answer) === packet.acknowledgment &&
      answers.flags(answer) === packet.flags
    );
  }

  /** The same packet at another place of its way: the same IP ID, no more hops to live than before, at once. */
  #looksMirrored(ipId: number, ttl: number, packet: PacketRecord, elapsedNanos: number): boolean {
    return Math.abs(elapsedNanos) <= MIRROR_NANOS && ipId === packet.ipId && Math.abs(ttl - packet.ttl) <= 8;
  }

  #nanosSince(seconds: number, nanos: number): number {
    return (this.#seconds - seconds) * 1e9 + (this.#nanos - nanos);
  }

  // --- the end of an exchange --------------------------------------------------------------------------------------

  #expire(): void {
    const table = this.#table;
    // The clock may be somebody else's, too, who has started it.
    if (!this.#hasTimers && this.#clock.isRunning) this.#startTimers();
    this.#ledger?.expire();
    const { now } = this.#clock;
    for (let entry = this.#takeover?.due(now) ?? 0; entry !== 0; entry = this.#takeover?.due(now) ?? 0) {
      if (table.listOf(entry) === t.LIST_OPEN) this.#timeOut(entry, now);
      else this.#endLinger(entry, now);
    }
    for (let entry = table.head(t.LIST_OPEN); entry !== 0; entry = table.head(t.LIST_OPEN)) {
      if (table.deadline(entry) > now) break;
      this.#timeOut(entry, now);
    }
    for (let entry = table.head(t.LIST_LINGER); entry !== 0; entry = table.head(t.LIST_LINGER)) {
      if (table.deadline(entry) > now) break;
      this.#endLinger(entry, now);
    }
    for (let entry = table.head(t.LIST_CLOSED); entry !== 0; entry = table.head(t.LIST_CLOSED)) {
      if (table.deadline(entry) > now && table.count(t.LIST_CLOSED) <= MOST_CLOSED) break;
      this.#settle(entry);
    }
    while (table.count(t.LIST_LONE) > MAX_LONE && table.deadline(table.head(t.LIST_LONE)) <= now)
      this.#settle(table.head(t.LIST_LONE));
  }

  /** The time for an answer is over. */
  #timeOut(entry: number, now: number): void {
    const table = this.#table;
    // How long an opening without a time stamp has waited, nobody knows.
    this.#decideWithoutAnswer(entry, table.digits(entry) === NO_TIME ? UNDECIDED : SILENT);
    const lastNanos = table.deadline(entry) - this.#timeoutNanos;
    const hold = Math.max(table.getFloat(entry, t.LAST_GAP) * BACKOFF_FACTOR, this.#patience(entry));
    table.setFloat(entry, t.HOLD_UNTIL, lastNanos + hold);
    table.drop(entry, t.TRAIT_QUIET);
    table.add(entry, t.TRAIT_TIMED_OUT);
    table.enlist(entry, t.LIST_LINGER, now + this.#timeoutNanos);
    this.#changed(entry);
  }

  #endLinger(entry: number, now: number): void {
    const table = this.#table;
    if (table.has(entry, t.TRAIT_TIMED_OUT) && now < table.getFloat(entry, t.HOLD_UNTIL))
      table.enlist(entry, t.LIST_LINGER, now + this.#timeoutNanos);
    else if (this.#mayContinue(entry)) table.enlist(entry, t.LIST_LONE, now + LONE_NANOS);
    else if (this.#isClosed(entry)) table.enlist(entry, t.LIST_CLOSED, now + CLOSED_NANOS);
    else this.#settle(entry);
  }

  /** Whether it was a conversation over port 0: of others nobody asks what comes late. */
  #isClosed(entry: number): boolean {
    const table = this.#table;
    if (!table.has(entry, t.TRAIT_RESET | t.TRAIT_CLOSED_BY_FIN)) return false;
    return table.clientPort(entry) === 0 || table.serverPort(entry) === 0;
  }

  /** The verdict of an exchange that got no acceptable answer; `otherwise` where it got nothing at all. */
  #decideWithoutAnswer(entry: number, otherwise: number): void {
    const table = this.#table;
    const first = table.get(entry, t.ANSWERS_FIRST);
    if (table.has(entry, t.TRAIT_CHALLENGED)) {
      table.setVerdict(entry, CHALLENGED);
      table.set(entry, t.ANSWER, this.#firstOf(first, KIND_ACK, KIND_SYN_ACK, KIND_OTHER));
    } else if (table.has(entry, t.TRAIT_INVALID_RESET)) {
      table.setVerdict(entry, INVALID_RESET);
      table.set(entry, t.ANSWER, this.#firstOf(first, KIND_RESET, KIND_RESET, KIND_RESET));
    } else if (table.has(entry, t.TRAIT_CLIENT_RESET | t.TRAIT_UNSEEN_ANSWER | t.TRAIT_HIDDEN_ANSWER)) {
      table.setVerdict(entry, UNDECIDED);
    } else table.setVerdict(entry, otherwise);
  }

  #firstOf(first: number, kind: number, orKind: number, orElse: number): number {
    for (let answer = first; answer !== 0; answer = this.#answers.next(answer)) {
      const found = this.#answers.kind(answer);
      if (found === kind || found === orKind || found === orElse) return answer;
    }
    return 0;
  }

  /** What is already decided goes first; then the one not heard of for longest. */
  #leastWorthKeeping(): number {
    const table = this.#table;
    const closed = table.head(t.LIST_CLOSED);
    if (closed !== 0) return closed;
    const lingering = table.head(t.LIST_LINGER);
    if (lingering !== 0) return lingering;
    const lone = table.head(t.LIST_LONE);
    if (lone !== 0) return lone;
    const conversing = table.head(t.LIST_CONVERSATION);
    const open = table.head(t.LIST_OPEN);
    if (open === 0 || conversing === 0) return open === 0 ? conversing : open;
    return table.get(conversing, t.ID) >>> 0 < table.get(open, t.ID) >>> 0 ? conversing : open;
  }

  #evictLeast(): void {
    const entry = this.#leastWorthKeeping();
    const other = this.#ledger?.leastWorthKeeping ?? null;
    const isOther = other !== null && (entry === 0 || this.#isWorthMore(entry, other));
    if (!isOther) {
      this.#evict(entry);
      return;
    }
    if (other.isOpen) this.#evicted++;
    this.#ledger?.evictLeast();
  }

  /** Whether the entry is worth keeping more than what the ledger would give away. */
  #isWorthMore(entry: number, other: { readonly isDecided: boolean; readonly id: number }): boolean {
    const list = this.#table.listOf(entry);
    const isDecided = list === t.LIST_LINGER || list === t.LIST_LONE || list === t.LIST_CLOSED;
    return isDecided === other.isDecided ? other.id < this.#table.get(entry, t.ID) >>> 0 : other.isDecided;
  }

  #evict(entry: number): void {
    if (this.#table.listOf(entry) === t.LIST_OPEN) {
      this.#decideWithoutAnswer(entry, UNDECIDED);
      if (this.#table.verdict(entry) === UNDECIDED) this.#loseQuestion(entry);
    }
    this.#settle(entry);
  }

  /** Its answer may come yet. */
  #loseQuestion(entry: number): void {
    const table = this.#table;
    this.#evicted++;
    const hash = table.hash(entry);
    const isn = table.get(entry, t.ISN);
    const length = Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH));
    this.#evictedQuestions.note(hash, isn);
    if (length > 0) this.#evictedQuestions.note(hash, (isn + length) | 0);
  }

  #settle(entry: number): void {
    const table = this.#table;
    this.#sink.settled(this.#view.at(entry));
    this.#setWaits(entry, WAITS_NONE, table.clientPort(entry), table.serverPort(entry));
    this.#frames.release(table.get(entry, t.FRAMES_FIRST));
    this.#answers.release(table.get(entry, t.ANSWERS_FIRST));
    const conversation = table.get(entry, t.CONVERSATION);
    if (conversation !== 0) this.#conversations.release(conversation);
    if (this.#ledger !== null && table.clientPort(entry) !== 0 && table.serverPort(entry) !== 0)
      this.#ledger.note(table.get(entry, t.ENDS), -1);
    this.#attempts.forget(entry);
    this.#crossings.forget(entry);
    table.remove(entry);
  }

  /** Exchanges in the table and in the ledger. */
  get #size(): number {
    return this.#table.size + (this.#ledger?.size ?? 0);
  }
}

/** A segment between ordinary ports that opens, answers and ends nothing. */
function isPlain({ flags, sourcePort, destinationPort }: PacketRecord): boolean {
  return flags >= 0 && (flags & (SYN | RST | FIN)) === 0 && sourcePort > 0 && destinationPort > 0;
}

/** Whether fragments tell more of the segment's header than was known, or at last all of its payload. */
function bringsNews({ assembly, anomalies }: PacketRecord): boolean {
  return assembly === null || assembly.isWhole || (anomalies & ANOMALY_FRAGMENTED_HEADER) !== 0;
}

/** The number of the question that an answer is for: of a segment what it acknowledges, less one; of an ICMP error what it quotes. */
function numberAsked({ quote, acknowledgment }: PacketRecord): number {
  return quote === null ? (acknowledgment - 1) | 0 : quote.sequence | 0;
}

/** A SYN-ACK or a RST: nothing that opens an exchange. */
function isAnswerByFlags(flags: number): boolean {
  return (flags & SYN) === 0 ? (flags & RST) !== 0 : (flags & (ACK | RST)) === ACK;
}

/**
 * Whether its sender has heard the other end, whose time it echoes. Scanners make up an ACK number, but have no time to echo: they
 * send no time stamps, or echo 0 (nmap -O).
 */
function hasHeard({ bytes, optionsOffset, optionsEnd }: PacketRecord): boolean {
  return echoesTime(bytes, optionsOffset, optionsEnd);
}
