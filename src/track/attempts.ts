/**
 * Which attempts on the ends of a packet it may be about. The newest few are always looked at. The others are found by
 * number, the one that they sent or that an answer acknowledges: so a million attempts on one pair of ends cost each
 * packet no more than a few do, and none of them is given up for the others.
 */
import { hashWords } from '../decode/keyed-hash.ts';
import { FIN, SYN } from '../decode/packet.ts';
import { HashIndex } from './hash-index.ts';
import * as t from './table.ts';

/** The newest attempts on the same ends, which are looked at whatever their numbers. */
const NEAR = 8;
/** Attempts on the same ends with the same number (they differ in flags or labels) that are found by it. */
const MOST_ALIKE = 16;
/** Numbers by which an attempt is found, and by which a packet looks. */
const NUMBERS = 3;

/** Kinds of numbers: of sequence, and the acknowledged one of a probe that has ACK. */
const SEQUENCE = 0x5e90;
const ACKNOWLEDGED = 0xac40;

export class Attempts {
  /** Attempts that are not found by their number, since too many alike are. */
  lost = 0;
  readonly #table: t.ExchangeTable;
  /** By ends, kind and number: three times an exchange at most. */
  readonly #index = new HashIndex();
  readonly #words = new Int32Array(3);
  readonly #numbers = new Int32Array(NUMBERS);
  readonly #kinds = new Int32Array(NUMBERS);
  // The walk at hand.
  #newest = 0;
  #hash = 0;
  #sequence = 0;
  #acknowledgment = 0;
  readonly #found = new Int32Array(NEAR + NUMBERS * MOST_ALIKE);
  #length = 0;
  #at = 0;

  constructor(table: t.ExchangeTable) {
    this.#table = table;
  }

  /** A packet with these numbers is looked at; `newest` is the newest attempt on its ends, 0 when there is none. */
  begin(newest: number, hash: number, sequence: number, acknowledgment: number): void {
    this.#newest = newest;
    this.#hash = hash;
    this.#sequence = sequence;
    this.#acknowledgment = acknowledgment;
    this.#length = 0;
  }

  /** The attempt to look at after this one; 0 when there is no more. From the newest on. */
  after(entry: number): number {
    if (this.#length === 0) {
      if (this.#table.older(this.#newest) === 0) return 0;
      this.#gather();
    }
    const found = this.#found;
    if (found[this.#at] !== entry) this.#at = found.indexOf(entry);
    // Nobody's, or the last.
    if (this.#at < 0 || ++this.#at >= this.#length) {
      this.#at = 0;
      return 0;
    }
    return found[this.#at]!;
  }

  /** A newer attempt is about to come: the one that will not be among the newest any more is to be found by number. */
  makeRoom(newest: number): void {
    let entry = newest;
    for (let i = 1; i < NEAR && entry !== 0; i++) entry = this.#table.older(entry);
    if (entry !== 0) this.#note(entry);
  }

  /** Its numbers change, or it leaves. Returns whether it was found by them. */
  forget(entry: number): boolean {
    if (this.#index.size === 0) return false;
    let wasThere = false;
    const numbers = this.#numbersOf(entry);
    for (let i = 0; i < numbers; i++) {
      const hash = this.#hashOf(this.#table.hash(entry), this.#kinds[i]!, this.#numbers[i]!);
      const slot = this.#index.slotOf(hash, entry);
      if (slot < 0) continue;
      wasThere = true;
      this.#index.remove(slot);
    }
    return wasThere;
  }

  /** Its numbers have changed. */
  renew(entry: number): void {
    this.#note(entry);
  }

  #note(entry: number): void {
    // An answer without question is looked for among the newest alone.
    if (this.#table.get(entry, t.PROBE_FRAME) === 0) return;
    const numbers = this.#numbersOf(entry);
    for (let i = 0; i < numbers; i++) this.#enter(entry, this.#kinds[i]!, this.#numbers[i]!, i === 0);
  }

  /** The numbers of an attempt, into #numbers and #kinds. Returns how many. */
  #numbersOf(entry: number): number {
    const table = this.#table;
    const flags = table.get(entry, t.PROBE_HEADER) >>> 16;
    const isn = table.get(entry, t.ISN);
    // What a RST/ACK (RFC 9293 §3.10.7.1) or the SYN-ACK of all its data acknowledges, less one; as of a bare SYN.
    const length =
      Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH)) +
      ((flags & SYN) !== 0 ? 1 : 0) +
      ((flags & FIN) !== 0 ? 1 : 0);
    this.#numbers[0] = isn;
    this.#kinds[0] = SEQUENCE;
    let count = 1;
    if (length !== 1) {
      this.#numbers[count] = (isn + length - 1) | 0;
      this.#kinds[count++] = SEQUENCE;
    }
    if ((flags & SYN) === 0) {
      this.#numbers[count] = table.get(entry, t.PROBE_ACKNOWLEDGMENT);
      this.#kinds[count++] = ACKNOWLEDGED;
    }
    return count;
  }

  #gather(): void {
    const table = this.#table;
    const found = this.#found;
    let length = 0;
    for (let entry = this.#newest; entry !== 0 && length < NEAR; entry = table.older(entry)) found[length++] = entry;
    this.#length = length;
    this.#at = 0;
    if (length < NEAR || this.#index.size === 0) return;
    this.#look(SEQUENCE, this.#sequence);
    this.#look(SEQUENCE, (this.#acknowledgment - 1) | 0);
    // A RST without ACK has the number that the probe acknowledged.
    this.#look(ACKNOWLEDGED, this.#sequence);
  }

  #look(kind: number, number: number): void {
    const index = this.#index;
    const hash = this.#hashOf(this.#hash, kind, number | 0);
    for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash)) {
      const entry = index.record(slot);
      if (this.#table.hash(entry) !== this.#hash || !this.#isOnEnds(entry)) continue;
      if (this.#length >= this.#found.length) return;
      if (!this.#isFound(entry)) this.#found[this.#length++] = entry;
    }
  }

  #isFound(entry: number): boolean {
    for (let i = 0; i < this.#length; i++) if (this.#found[i] === entry) return true;
    return false;
  }

  /** Whether an attempt is on the ends of the newest, whatever the hash says. */
  #isOnEnds(entry: number): boolean {
    return this.#table.isOnSameEnds(entry, this.#newest);
  }

  #hashOf(ends: number, kind: number, number: number): number {
    const words = this.#words;
    words[0] = ends;
    words[1] = kind;
    words[2] = number;
    return hashWords(words, 0, 3);
  }

  #enter(entry: number, kind: number, number: number, isFirst: boolean): void {
    const index = this.#index;
    const hash = this.#hashOf(this.#table.hash(entry), kind, number);
    let alike = 0;
    for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash)) {
      if (index.record(slot) === entry) return;
      if (++alike < MOST_ALIKE) continue;
      if (isFirst) this.lost++;
      return;
    }
    index.add(hash, entry);
  }
}
