/**
 * What came back, of many exchanges: a pool of rows in one memory (core/assembly/answer.ts), linked into one list an exchange in order of
 * arrival. An index of 0 is none. Of the fields, the window has the urgent pointer in its lower half, flags of -1 are unknown, and ICMP is type << 8 | code, or -1. Payloads, which few answers have, live in a map beside it.
 */
import {
  ACKNOWLEDGMENT,
  FLAGS,
  FRAME,
  IP_ID,
  NANOS,
  OPTIONS_LENGTH,
  ROW_WORDS,
  SECONDS,
  SEQUENCE,
  SOURCE,
  TRAITS,
  WINDOW,
} from '../core/answer-layout.ts';
import { OPTIONS, ROW_WORDS as OPTIONS_WORDS } from '../core/answer-options-layout.ts';
import {
  ICMP,
  NEXT,
  OPTIONS_MORE,
  PAYLOAD_LENGTH,
  REPEATS,
  ROW_WORDS as REST_WORDS,
  SOURCE_MORE,
} from '../core/answer-rest-layout.ts';
import {
  ANSWER_ACCEPTABLE,
  ANSWER_DIGITS_SHIFT,
  ANSWER_DONT_FRAGMENT,
  ANSWER_HAS_ACKNOWLEDGMENT,
  ANSWER_HAS_RESERVED,
  ANSWER_HAS_REST,
  ANSWER_HAS_SEQUENCE,
  ANSWER_HAS_URGENT,
  ANSWER_HAS_WINDOW,
  ANSWER_IPV6,
  ANSWER_KIND_SHIFT,
  ANSWER_RESERVED_SHIFT,
  ANSWER_RESET,
  ANSWER_SYN_ACK,
  ANSWERS_FREE,
  ANSWERS_USED,
} from '../core/layout.ts';
import type { PacketRecord } from '../decode/packet.ts';
import { CHECKSUM_BAD, hasImpossibleHeader, TRANSPORT_ICMP_ERROR } from '../decode/packet.ts';
import type { AnswerKind, SegmentEvidence } from './exchange.ts';
import { FrameNumbers } from './frame-numbers.ts';
import { type AnswerMemory, OwnAnswers } from './table-memory.ts';
import { packWords, unpackWords } from './words.ts';

export const KIND_SYN_ACK = ANSWER_SYN_ACK;
export const KIND_RESET = ANSWER_RESET;
export const KIND_ICMP = 2;
export const KIND_SYN = 3;
export const KIND_ACK = 4;
export const KIND_OTHER = 5;
const KINDS: readonly AnswerKind[] = ['syn-ack', 'reset', 'icmp', 'syn', 'ack', 'other'];

/** Bits of the traits that the core has no use for. */
const TRAIT_TTL = 0xff;
/** Above the kind. */
const TRAIT_HEADER_BAD = 1 << 11;
const TRAIT_CHECKSUM_BAD = 1 << 15;
const TRAIT_OF_OTHER = 1 << 24;
const TRAIT_QUOTES_SERVER = 1 << 25;
const TRAIT_EARLY = 1 << 30;
const ROW_FLOATS = ROW_WORDS / 2;
const RESERVED_BITS = 7 << ANSWER_RESERVED_SHIFT;

const MAX_OPTION_BYTES = 40;
/** Bytes of options that stand in one piece; longer ones go on in the rest. */
const MOST_OPTIONS = OPTIONS_WORDS * 4;
const MAX_PAYLOAD_BYTES = 64;
const MAX_PAYLOADS = 100_000;

/** Bytes of a packet's TCP options that a record has room for, which are all that a header can have. */
export function optionsLengthOf(packet: PacketRecord): number {
  return Math.min(MAX_OPTION_BYTES, Math.max(0, packet.optionsEnd - packet.optionsOffset));
}

/** Of an answer that is free: the next one, where else the frame is. */
const NEXT_FREE = FRAME;

/** Where a field of the rest is. */
const restAt = (answer: number, field: number): number => answer * REST_WORDS + field;

export class AnswerPool {
  readonly #memory: AnswerMemory;
  /** ANSWERS_ of core/layout.ts. */
  readonly #control: Int32Array;
  #words: Int32Array;
  #floats: Float64Array;
  readonly #limit: number;
  readonly #numbers: FrameNumbers;
  readonly #payloads = new Map<number, Uint8Array>();

  constructor(limit: number, numbers = new FrameNumbers(), memory: AnswerMemory = new OwnAnswers(limit)) {
    this.#limit = limit;
    this.#numbers = numbers;
    this.#memory = memory;
    this.#control = memory.control;
    this.#words = memory.words;
    this.#floats = memory.floats;
    this.#control[ANSWERS_USED] = 1;
  }

  /** Copies a packet in, its options and payload only if they are kept. Returns its index, or 0 when the pool is at its limit. */
  create(
    packet: PacketRecord,
    kind: number,
    acceptable: boolean,
    frame: number,
    seconds: number,
    nanos: number,
    digits: number,
    keepsEvidence: boolean,
  ): number {
    const control = this.#control;
    let answer = control[ANSWERS_FREE];
    if (answer !== 0) control[ANSWERS_FREE] = this.#words[answer * ROW_WORDS + NEXT_FREE];
    else {
      if (control[ANSWERS_USED] >= this.#limit) return 0;
      answer = control[ANSWERS_USED]++;
      if ((answer + 1) * ROW_WORDS > this.#words.length) this.#addRows();
    }
    const words = this.#words;
    const base = answer * ROW_WORDS;
    const isIpv6 = packet.ipVersion === 6;
    words[base + FRAME] = frame;
    words[base + NANOS] = nanos;
    this.#floats[answer * ROW_FLOATS + SECONDS] = seconds;
    packWords(words, base + SOURCE, packet.bytes, packet.sourceOffset, 4);
    words[base + TRAITS] =
      (packet.ttl & TRAIT_TTL) |
      (kind << ANSWER_KIND_SHIFT) |
      (acceptable ? ANSWER_ACCEPTABLE : 0) |
      (packet.dontFragment ? ANSWER_DONT_FRAGMENT : 0) |
      (isIpv6 ? ANSWER_IPV6 : 0) |
      (digits << ANSWER_DIGITS_SHIFT);
    words[base + IP_ID] = packet.ipId;
    if (isIpv6)
      packWords(this.#needRest(answer), restAt(answer, SOURCE_MORE), packet.bytes, packet.sourceOffset + 4, 12);
    if (packet.transport === TRANSPORT_ICMP_ERROR)
      this.#setRare(answer, ICMP, (packet.icmpType << 8) | (packet.icmpCode & 0xff));
    this.setHeader(answer, packet, keepsEvidence);
    return answer;
  }

  /** Copies in what a TCP header says; once more when fragments have brought the rest of it. */
  setHeader(answer: number, packet: PacketRecord, keepsEvidence: boolean): void {
    const words = this.#words;
    const base = answer * ROW_WORDS;
    words[base + TRAITS] |=
      (packet.checksum === CHECKSUM_BAD ? TRAIT_CHECKSUM_BAD : 0) |
      (hasImpossibleHeader(packet) ? TRAIT_HEADER_BAD : 0) |
      ((packet.quote ?? packet).sequence >= 0 ? ANSWER_HAS_SEQUENCE : 0) |
      (packet.acknowledgment >= 0 ? ANSWER_HAS_ACKNOWLEDGMENT : 0) |
      (packet.window >= 0 ? ANSWER_HAS_WINDOW : 0) |
      (packet.urgentPointer >= 0 ? ANSWER_HAS_URGENT : 0);
    // Of an ICMP error that of the segment it quotes: the question, should it turn up later.
    words[base + SEQUENCE] = packet.quote === null ? packet.sequence : packet.quote.sequence;
    words[base + ACKNOWLEDGMENT] = packet.acknowledgment;
    words[base + FLAGS] = packet.flags;
    words[base + WINDOW] = (packet.window << 16) | (packet.urgentPointer & 0xffff);
    words[base + TRAITS] &= ~(RESERVED_BITS | ANSWER_HAS_RESERVED);
    if (packet.reservedBits >= 0)
      words[base + TRAITS] |= (packet.reservedBits << ANSWER_RESERVED_SHIFT) | ANSWER_HAS_RESERVED;
    if (packet.payloadLength !== this.payloadLength(answer))
      this.#setRare(answer, PAYLOAD_LENGTH, packet.payloadLength);
    const optionsLength = keepsEvidence ? optionsLengthOf(packet) : 0;
    words[base + OPTIONS_LENGTH] = optionsLength;
    if (!keepsEvidence) return;
    if (optionsLength > 0) this.#setOptions(answer, packet.bytes, packet.optionsOffset, optionsLength);
    const captured = packet.payloadEnd - packet.payloadOffset;
    if (captured > 0 && packet.transport !== TRANSPORT_ICMP_ERROR && this.#payloads.size < MAX_PAYLOADS) {
      const end = packet.payloadOffset + Math.min(captured, MAX_PAYLOAD_BYTES);
      this.#payloads.set(answer, packet.bytes.slice(packet.payloadOffset, end));
    }
  }

  next(answer: number): number {
    return this.#rare(answer, NEXT, 0);
  }

  link(answer: number, next: number): void {
    this.#setRare(answer, NEXT, next);
  }

  /** Gives a list back to the pool. */
  release(first: number): void {
    for (let answer = first; answer !== 0; ) {
      const next = this.next(answer);
      this.#words[answer * ROW_WORDS + NEXT_FREE] = this.#control[ANSWERS_FREE];
      this.#control[ANSWERS_FREE] = answer;
      if (this.#payloads.size > 0) this.#payloads.delete(answer);
      answer = next;
    }
  }

  kind(answer: number): number {
    return (this.#words[answer * ROW_WORDS + TRAITS] >> ANSWER_KIND_SHIFT) & 7;
  }

  isAcceptable(answer: number): boolean {
    return (this.#words[answer * ROW_WORDS + TRAITS] & ANSWER_ACCEPTABLE) !== 0;
  }

  frame(answer: number): number {
    return this.#numbers.widen(this.#words[answer * ROW_WORDS + FRAME]);
  }

  seconds(answer: number): number {
    return this.#floats[answer * ROW_FLOATS + SECONDS];
  }

  nanos(answer: number): number {
    return this.#words[answer * ROW_WORDS + NANOS];
  }

  ttl(answer: number): number {
    return this.#words[answer * ROW_WORDS + TRAITS] & TRAIT_TTL;
  }

  ipId(answer: number): number {
    return this.#words[answer * ROW_WORDS + IP_ID];
  }

  sequence(answer: number): number {
    return this.#words[answer * ROW_WORDS + SEQUENCE] >>> 0;
  }

  acknowledgment(answer: number): number {
    return this.#words[answer * ROW_WORDS + ACKNOWLEDGMENT] >>> 0;
  }

  isChecksumBad(answer: number): boolean {
    return (this.#words[answer * ROW_WORDS + TRAITS] & TRAIT_CHECKSUM_BAD) !== 0;
  }

  /** Its data offset is none that a TCP header can have, whatever the checksum says. */
  isHeaderBad(answer: number): boolean {
    return (this.#words[answer * ROW_WORDS + TRAITS] & TRAIT_HEADER_BAD) !== 0;
  }

  payloadLength(answer: number): number {
    return this.#rare(answer, PAYLOAD_LENGTH, 0);
  }

  flags(answer: number): number {
    return this.#words[answer * ROW_WORDS + FLAGS];
  }

  /** What is known by now shows that its receiver took it. */
  setAcceptable(answer: number): void {
    this.#words[answer * ROW_WORDS + TRAITS] |= ANSWER_ACCEPTABLE;
  }

  /** It counts no longer, now that the question is known. */
  reject(answer: number): void {
    this.#words[answer * ROW_WORDS + TRAITS] &= ~ANSWER_ACCEPTABLE;
  }

  window(answer: number): number {
    return this.#words[answer * ROW_WORDS + WINDOW] >>> 16;
  }

  /** It is for another attempt on the same ends, which the capture does not hold. */
  isOfOther(answer: number): boolean {
    return (this.#words[answer * ROW_WORDS + TRAITS] & TRAIT_OF_OTHER) !== 0;
  }

  setOfOther(answer: number): void {
    this.#words[answer * ROW_WORDS + TRAITS] |= TRAIT_OF_OTHER;
  }

  /** It stands in the file before the segment that it follows. */
  setEarly(answer: number): void {
    this.#words[answer * ROW_WORDS + TRAITS] |= TRAIT_EARLY;
  }

  /** It is an ICMP error about a segment of the server's. */
  setQuotesServer(answer: number): void {
    this.#words[answer * ROW_WORDS + TRAITS] |= TRAIT_QUOTES_SERVER;
  }

  repeats(answer: number): number {
    return this.#rare(answer, REPEATS, 0);
  }

  /** type << 8 | code of an ICMP error, -1 of a segment. */
  icmp(answer: number): number {
    return this.#rare(answer, ICMP, -1);
  }

  repeat(answer: number): void {
    this.#setRare(answer, REPEATS, this.repeats(answer) + 1);
  }

  digits(answer: number): number {
    return (this.#words[answer * ROW_WORDS + TRAITS] >>> ANSWER_DIGITS_SHIFT) & 0xf;
  }

  isIpv6(answer: number): boolean {
    return (this.#words[answer * ROW_WORDS + TRAITS] & ANSWER_IPV6) !== 0;
  }

  /** A new array: 4 or 16 bytes. */
  source(answer: number): Uint8Array {
    const isIpv6 = this.isIpv6(answer);
    const source = new Uint8Array(isIpv6 ? 16 : 4);
    source.set(unpackWords(this.#words, answer * ROW_WORDS + SOURCE, 4));
    if (isIpv6) source.set(unpackWords(this.#memory.rest.words, restAt(answer, SOURCE_MORE), 12), 4);
    return source;
  }

  /** Whether the packet came from the same address as this answer. */
  isFrom(answer: number, packet: PacketRecord): boolean {
    const length = packet.ipVersion === 6 ? 16 : 4;
    if (this.isIpv6(answer) !== (length === 16)) return false;
    for (let i = 0; i < length; i++) {
      const word =
        i < 4
          ? this.#words[answer * ROW_WORDS + SOURCE]
          : this.#memory.rest.words[restAt(answer, SOURCE_MORE) + (i >> 2) - 1];
      if (packet.bytes[packet.sourceOffset + i] !== ((word >>> (24 - 8 * (i & 3))) & 0xff)) return false;
    }
    return true;
  }

  /** A field of the rest; `otherwise` where there is none. */
  #rare(answer: number, field: number, otherwise: number): number {
    const hasRest = (this.#words[answer * ROW_WORDS + TRAITS] & ANSWER_HAS_REST) !== 0;
    return hasRest ? this.#memory.rest.words[restAt(answer, field)] : otherwise;
  }

  #setRare(answer: number, field: number, value: number): void {
    this.#needRest(answer)[restAt(answer, field)] = value;
  }

  /** Memory of what few have, with that answer's in it, which begins as AnswerRest (core/assembly/answer-rest.ts) does. */
  #needRest(answer: number): Int32Array {
    const { rest } = this.#memory;
    while ((answer + 1) * REST_WORDS > rest.words.length) rest.addRows();
    const { words } = rest;
    const at = answer * ROW_WORDS + TRAITS;
    if ((this.#words[at] & ANSWER_HAS_REST) === 0) {
      this.#words[at] |= ANSWER_HAS_REST;
      for (const field of [NEXT, PAYLOAD_LENGTH, REPEATS]) words[restAt(answer, field)] = 0;
      words[restAt(answer, ICMP)] = -1;
    }
    return words;
  }

  #setOptions(answer: number, bytes: Uint8Array, offset: number, length: number): void {
    const { options } = this.#memory;
    const at = answer * OPTIONS_WORDS;
    while (at + OPTIONS_WORDS > options.words.length) options.addRows();
    packWords(options.words, at + OPTIONS, bytes, offset, Math.min(length, MOST_OPTIONS));
    if (length <= MOST_OPTIONS) return;
    const more = this.#needRest(answer);
    packWords(more, restAt(answer, OPTIONS_MORE), bytes, offset + MOST_OPTIONS, length - MOST_OPTIONS);
  }

  /** A new array. */
  #options(answer: number): Uint8Array {
    const length = this.#words[answer * ROW_WORDS + OPTIONS_LENGTH];
    const { options, rest } = this.#memory;
    const bytes = new Uint8Array(length);
    bytes.set(unpackWords(options.words, answer * OPTIONS_WORDS + OPTIONS, Math.min(length, MOST_OPTIONS)));
    if (length > MOST_OPTIONS)
      bytes.set(unpackWords(rest.words, restAt(answer, OPTIONS_MORE), length - MOST_OPTIONS), MOST_OPTIONS);
    return bytes;
  }

  /** Allocates: for reports. */
  evidence(answer: number, reason: string): SegmentEvidence {
    const words = this.#words;
    const base = answer * ROW_WORDS;
    const traits = words[base + TRAITS];
    const icmp = this.icmp(answer);
    const payloadLength = this.payloadLength(answer);
    const isIcmp = icmp !== -1;
    const hasHeader = !isIcmp && words[base + FLAGS] >= 0;
    return {
      frame: this.frame(answer),
      time: {
        seconds: this.#floats[answer * ROW_FLOATS + SECONDS],
        nanos: words[base + NANOS],
        digits: this.digits(answer),
      },
      source: this.source(answer),
      ttl: traits & TRAIT_TTL,
      ipId: words[base + IP_ID] === -1 ? null : words[base + IP_ID] >>> 0,
      dontFragment: (traits & ANSWER_DONT_FRAGMENT) !== 0,
      kind: KINDS[this.kind(answer)],
      acceptable: (traits & ANSWER_ACCEPTABLE) !== 0,
      flags: hasHeader ? words[base + FLAGS] : null,
      sequence: !isIcmp && (traits & ANSWER_HAS_SEQUENCE) !== 0 ? this.sequence(answer) : null,
      acknowledgment: !isIcmp && (traits & ANSWER_HAS_ACKNOWLEDGMENT) !== 0 ? this.acknowledgment(answer) : null,
      window: !isIcmp && (traits & ANSWER_HAS_WINDOW) !== 0 ? words[base + WINDOW] >>> 16 : null,
      urgentPointer: !isIcmp && (traits & ANSWER_HAS_URGENT) !== 0 ? words[base + WINDOW] & 0xffff : null,
      reservedBits:
        hasHeader && (traits & ANSWER_HAS_RESERVED) !== 0 ? (traits & RESERVED_BITS) >> ANSWER_RESERVED_SHIFT : null,
      options: this.#options(answer),
      payloadLength: isIcmp || payloadLength < 0 ? null : payloadLength,
      payload: this.#payloads.get(answer) ?? new Uint8Array(0),
      icmpType: isIcmp ? icmp >> 8 : null,
      icmpCode: isIcmp ? icmp & 0xff : null,
      reason,
      repeats: this.repeats(answer),
      checksumBad: (traits & TRAIT_CHECKSUM_BAD) !== 0,
      headerBad: (traits & TRAIT_HEADER_BAD) !== 0,
      ofOther: (traits & TRAIT_OF_OTHER) !== 0,
      early: (traits & TRAIT_EARLY) !== 0,
      quotedSequence: isIcmp && (traits & ANSWER_HAS_SEQUENCE) !== 0 ? this.sequence(answer) : null,
      quotesServer: (traits & TRAIT_QUOTES_SERVER) !== 0,
    };
  }

  #addRows(): void {
    this.#memory.addRows();
    this.#words = this.#memory.words;
    this.#floats = this.#memory.floats;
  }
}
