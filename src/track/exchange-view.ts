/** The shape in which rules and reports see a record of the table. One view serves all: it is moved, not made. */

import { NO_PROBE } from '../core/layout.ts';
import { CHECKSUM_BAD } from '../decode/packet.ts';
import { type AnswerPool, KIND_ICMP } from './answer-pool.ts';
import { PROBE_SYN } from './codes.ts';
import type { Conversation, ConversationPool } from './conversation.ts';
import {
  type AnswerSigns,
  type Exchange,
  NO_TIME,
  type Opening,
  type PortState,
  type PortZeroEnd,
  PROBES,
  type Probe,
  type SegmentEvidence,
  type Timestamp,
  type TracedSegment,
  VERDICTS,
  type Verdict,
} from './exchange.ts';
import type { FrameNumbers } from './frame-numbers.ts';
import type { FrameRuns } from './frame-runs.ts';
import type { LayerPaths } from './layer-paths.ts';
import * as table from './table.ts';
import { icmpReason, reasonOf, stateOf } from './verdict.ts';

/** Where the parts of an exchange are kept. */
export interface Store {
  readonly table: table.ExchangeTable;
  readonly answers: AnswerPool;
  readonly frames: FrameRuns;
  readonly numbers: FrameNumbers;
  readonly conversations: ConversationPool;
  readonly layers: LayerPaths;
  /** A bad checksum is told of, and the segment taken as good. */
  readonly trusts: boolean;
}

export class ExchangeView implements Exchange {
  /** The record looked at. */
  entry = 0;
  readonly #store: Store;
  /** Addresses are asked for often: these are overwritten instead of made. */
  readonly #addresses = {
    4: { client: new Uint8Array(4), server: new Uint8Array(4) },
    6: { client: new Uint8Array(16), server: new Uint8Array(16) },
  };

  readonly #opening = {
    words: new Int32Array(8),
    client: 0,
    server: 4,
    isIpv6: false,
    seconds: 0,
    nanos: 0,
    digits: 0,
    frame: 0,
  };

  constructor(store: Store) {
    this.#store = store;
  }

  at(entry: number): this {
    this.entry = entry;
    return this;
  }

  get id(): number {
    return this.#word(table.ID) >>> 0;
  }

  get ipVersion(): 4 | 6 {
    return this.#has(table.TRAIT_IPV6) ? 6 : 4;
  }

  get clientAddress(): Uint8Array {
    return this.#address(table.CLIENT, this.#addresses[this.ipVersion].client);
  }

  get clientPort(): number {
    return this.#store.table.clientPort(this.entry);
  }

  get serverAddress(): Uint8Array {
    return this.#address(table.SERVER, this.#addresses[this.ipVersion].server);
  }

  get serverPort(): number {
    return this.#store.table.serverPort(this.entry);
  }

  get portZero(): PortZeroEnd | null {
    const ports = this.#word(table.PORTS);
    if (ports === 0) return 'both';
    if (ports >>> 16 === 0) return 'client';
    return (ports & 0xffff) === 0 ? 'server' : null;
  }

  get probe(): Probe | null {
    const probe = this.#store.table.probe(this.entry);
    return probe === NO_PROBE ? null : PROBES[probe];
  }

  get verdict(): Verdict {
    return VERDICTS[this.#store.table.verdict(this.entry)];
  }

  get state(): PortState {
    return stateOf(this.verdict, this.probe);
  }

  get reason(): string | null {
    const { verdict } = this;
    if (verdict === 'unreachable') return this.#reasonOfAnswer(this.#word(table.ANSWER));
    return reasonOf(verdict);
  }

  get answeredBy(): Uint8Array | null {
    const answer = this.#word(table.ANSWER);
    return answer === 0 ? null : this.#store.answers.source(answer);
  }

  get started(): Timestamp {
    return {
      seconds: this.#store.table.getFloat(this.entry, table.STARTED_SECONDS),
      nanos: this.#word(table.STARTED_NANOS),
      digits: this.#store.table.digits(this.entry),
    };
  }

  get opening(): Opening {
    const opening = this.#opening;
    const { table: entries } = this.#store;
    // A copy: who keeps, clones or changes it has nothing to do with the table.
    const { words } = opening;
    opening.isIpv6 = this.#has(table.TRAIT_IPV6);
    const length = opening.isIpv6 ? 4 : 1;
    for (let word = 0; word < length; word++) {
      words[word] = entries.addressWord(this.entry, table.CLIENT, word);
      words[4 + word] = entries.addressWord(this.entry, table.SERVER, word);
    }
    opening.seconds = entries.getFloat(this.entry, table.STARTED_SECONDS);
    opening.nanos = this.#word(table.STARTED_NANOS);
    opening.digits = entries.digits(this.entry);
    opening.frame = this.probeFrame ?? 0;
    return opening;
  }

  get answered(): Timestamp | null {
    const answer = this.#word(table.ANSWER);
    if (answer === 0) return null;
    const { answers } = this.#store;
    return { seconds: answers.seconds(answer), nanos: answers.nanos(answer), digits: answers.digits(answer) };
  }

  get latencyNanos(): number | null {
    const answer = this.#word(table.ANSWER);
    if (answer === 0 || this.probe === null) return null;
    const { answers, table: entries } = this.#store;
    if (entries.digits(this.entry) === NO_TIME || answers.digits(answer) === NO_TIME) return null;
    const seconds = answers.seconds(answer) - entries.getFloat(this.entry, table.STARTED_SECONDS);
    const latency = seconds * 1e9 + (answers.nanos(answer) - this.#word(table.STARTED_NANOS));
    // Where time stamps step back between question and answer, the capture does not tell.
    return latency < 0 ? null : latency;
  }

  get retransmissions(): number {
    return this.#word(table.RETRANSMISSIONS) >>> 0;
  }

  get probeFrame(): number | null {
    const word = this.#word(table.PROBE_FRAME);
    return word === 0 ? null : this.#store.numbers.widen(word);
  }

  get answerFrame(): number | null {
    const answer = this.#word(table.ANSWER);
    return answer === 0 ? null : this.#store.answers.frame(answer);
  }

  get frameCount(): number {
    const first = this.#word(table.FRAMES_FIRST);
    if (this.#word(table.FRAMES_LAST) === 0) return first === 0 ? 0 : this.#word(table.FRAME_SECOND) === 0 ? 1 : 2;
    return this.#store.frames.count(first);
  }

  get frames(): readonly number[] {
    const first = this.#word(table.FRAMES_FIRST);
    if (this.#word(table.FRAMES_LAST) === 0) {
      const known = [first, this.#word(table.FRAME_SECOND)].filter((word) => word !== 0);
      // Fragments that came before a segment could be read are added with it, so behind frames of the meantime.
      return known.map((word) => this.#store.numbers.widen(word)).sort((a, b) => a - b);
    }
    return this.#store.frames.list(first);
  }

  get established(): boolean {
    return this.#has(table.TRAIT_ESTABLISHED);
  }

  get bytesToServer(): number {
    return this.#conversation?.bytesToServer ?? 0;
  }

  get bytesToClient(): number {
    return this.#conversation?.bytesToClient ?? 0;
  }

  get close(): 'fin' | 'reset' | null {
    if (this.#has(table.TRAIT_CLOSED_BY_FIN)) return 'fin';
    return this.#has(table.TRAIT_RESET) ? 'reset' : null;
  }

  get layers(): Uint8Array {
    return this.#store.layers.get(this.#word(table.LAYERS));
  }

  get scope(): number {
    return this.#word(table.PATH);
  }

  get answerScope(): number | null {
    const path = this.#conversation?.answerPath ?? -1;
    return path < 0 || path === this.scope ? null : path;
  }

  get anomalies(): number {
    return this.#word(table.ANOMALIES);
  }

  get anomalyFrame(): number | null {
    return this.#conversation?.anomalyFrame || null;
  }

  get dataFrame(): number | null {
    return this.#conversation?.dataFrame || null;
  }

  get conflicting(): boolean {
    return this.#has(table.TRAIT_CONFLICTING);
  }

  get invalidResets(): number {
    return this.#conversation?.invalidResets ?? 0;
  }

  get firstInvalidResetFrame(): number | null {
    return this.#conversation?.invalidResetFrame || null;
  }

  get questionEvicted(): boolean {
    return this.#conversation?.isQuestionEvicted ?? false;
  }

  get unseenAnswer(): boolean {
    return this.#has(table.TRAIT_UNSEEN_ANSWER);
  }

  get inferred(): boolean {
    const { verdict } = this;
    return (verdict === 'accepted' || verdict === 'simultaneous') && this.#word(table.ANSWER) === 0;
  }

  get underWay(): boolean {
    if (this.verdict !== 'unsolicited') return false;
    // A RST behind a lone SYN-ACK may be its sender's, which gives up: that is no conversation.
    return this.#word(table.ANSWER) === 0 || this.established || this.close === 'fin' || this.dataFrame !== null;
  }

  get sentSound(): boolean {
    return this.#conversation?.isSentSound ?? false;
  }

  get trustsChecksums(): boolean {
    return this.#store.trusts;
  }

  get signs(): AnswerSigns {
    const known = this.#conversation;
    return {
      inferred: known?.inferredFrame || null,
      clientWentOn: known?.wentOnFrame || null,
      clientReset: known?.clientResetFrame || null,
      serverAck: known?.serverAckFrame || null,
      split: known?.splitFrame || null,
      hidden: known?.hiddenFrame || null,
    };
  }

  get shape(): number {
    const { table: entries, answers } = this.#store;
    const first = this.#word(table.ANSWERS_FIRST);
    const isOdd =
      this.#has(ODD) ||
      (this.#word(table.CONVERSATION) | this.#word(table.ANOMALIES)) !== 0 ||
      first !== this.#word(table.ANSWERS_LAST) ||
      first !== this.#word(table.ANSWER);
    const probe = entries.probe(this.entry);
    if (isOdd || (probe !== PROBE_SYN && probe !== NO_PROBE)) return -1;
    const kind = first === 0 ? 0 : answers.kind(first) + 1;
    if (first !== 0 && kind - 1 === KIND_ICMP) return -1;
    const ports = this.#word(table.PORTS);
    const zeros = (ports >>> 16 === 0 ? 1 : 0) | ((ports & 0xffff) === 0 ? 2 : 0);
    return entries.verdict(this.entry) | (zeros << 4) | (kind << 6) | (probe === NO_PROBE ? 512 : 0);
  }

  get mark(): number {
    return this.#word(table.MARK);
  }

  set mark(bits: number) {
    this.#store.table.set(this.entry, table.MARK, bits);
  }

  get probeEvidence(): SegmentEvidence | null {
    const frame = this.probeFrame;
    if (frame === null) return null;
    const header = this.#word(table.PROBE_HEADER);
    const window = this.#word(table.PROBE_WINDOW);
    const ipId = this.#word(table.PROBE_IP_ID);
    const isWhole = this.#has(table.TRAIT_HAS_PROBE_HEADER);
    const reserved = (header >>> 8) & 0xff;
    const isHidden = reserved >= table.HIDDEN_SEQUENCE;
    const payloadLength = this.#word(table.PROBE_PAYLOAD_LENGTH);
    return {
      frame,
      time: this.started,
      source: this.clientAddress.slice(),
      ttl: header & 0xff,
      ipId: ipId === -1 ? null : ipId >>> 0,
      dontFragment: this.#has(table.TRAIT_DONT_FRAGMENT),
      kind: 'probe',
      acceptable: true,
      flags: isHidden ? null : header >>> 16,
      sequence: reserved === table.HIDDEN_SEQUENCE ? null : this.#word(table.ISN) >>> 0,
      acknowledgment: isHidden ? null : this.#word(table.PROBE_ACKNOWLEDGMENT) >>> 0,
      window: isWhole ? window >>> 16 : null,
      urgentPointer: isWhole ? window & 0xffff : null,
      reservedBits: isHidden ? null : reserved,
      options: this.#store.table.options(this.entry),
      payloadLength: payloadLength < 0 ? null : payloadLength,
      payload: new Uint8Array(0),
      icmpType: null,
      icmpCode: null,
      reason: this.probe ?? 'other',
      repeats: this.retransmissions,
      checksumBad: this.#has(table.TRAIT_CHECKSUM_BAD),
      headerBad: false,
      ofOther: false,
      early: false,
      quotedSequence: null,
      quotesServer: false,
    };
  }

  get answerEvidence(): SegmentEvidence | null {
    const answer = this.#word(table.ANSWER);
    return answer === 0 ? null : this.#store.answers.evidence(answer, this.#reasonOfAnswer(answer));
  }

  get otherAnswers(): readonly SegmentEvidence[] {
    const others: SegmentEvidence[] = [];
    const settling = this.#word(table.ANSWER);
    const { answers } = this.#store;
    for (let answer = this.#word(table.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
      if (answer !== settling) others.push(answers.evidence(answer, this.#reasonOfAnswer(answer)));
    }
    return others;
  }

  get segments(): readonly TracedSegment[] {
    return this.#conversation?.traced?.list(CHECKSUM_BAD) ?? [];
  }

  get #conversation(): Conversation | undefined {
    return this.#store.conversations.get(this.#word(table.CONVERSATION));
  }

  #reasonOfAnswer(answer: number): string {
    const { answers } = this.#store;
    if (answers.kind(answer) === KIND_ICMP) {
      const icmp = answers.icmp(answer);
      return icmpReason(this.ipVersion, icmp >> 8, icmp & 0xff);
    }
    return REASON_OF_KIND[answers.kind(answer)];
  }

  #word(word: number): number {
    return this.#store.table.get(this.entry, word);
  }

  #has(trait: number): boolean {
    return this.#store.table.has(this.entry, trait);
  }

  #address(end: typeof table.CLIENT | typeof table.SERVER, into: Uint8Array): Uint8Array {
    const { table: entries } = this.#store;
    for (let i = 0; i < into.length; i += 4) {
      const four = entries.addressWord(this.entry, end, i >> 2);
      into[i] = four >>> 24;
      into[i + 1] = four >>> 16;
      into[i + 2] = four >>> 8;
      into[i + 3] = four;
    }
    return into;
  }
}

/** What an exchange with a shape does not have. */
const ODD =
  table.TRAIT_ESTABLISHED |
  table.TRAIT_CLIENT_FIN |
  table.TRAIT_SERVER_FIN |
  table.TRAIT_RESET |
  table.TRAIT_CLOSED_BY_FIN |
  table.TRAIT_CONFLICTING |
  table.TRAIT_UNSEEN_ANSWER |
  table.TRAIT_CLIENT_RESET |
  table.TRAIT_CHALLENGED |
  table.TRAIT_INVALID_RESET |
  table.TRAIT_CHECKSUM_BAD |
  table.TRAIT_PARTIAL |
  table.TRAIT_QUIET |
  table.TRAIT_HIDDEN_ANSWER;

/** nmap's word by KIND_ of answers.ts. */
const REASON_OF_KIND = ['syn-ack', 'reset', 'icmp', 'split-handshake-syn', 'tcp-response', 'tcp-response'] as const;
