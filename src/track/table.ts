/**
 * The bounded table of exchanges: rows in one memory, which the core looks at too where there is one, a hash index by 4-tuple
 * and scope, and lists in order of time. It knows how exchanges are stored and found, not what they mean: that is tracker.ts.
 *
 * Why not objects in a Map: a million open exchanges would cost half a gigabyte, and a key string more than the whole
 * decoding of a frame.
 */
import {
  ANSWERS_FIRST,
  CLIENT,
  DEADLINE,
  HASH,
  LIST,
  LIST_NEXT,
  LIST_PREVIOUS,
  PORTS,
  ROW_WORDS,
  SCOPE,
  SERVER,
  STARTED_NANOS,
  STARTED_SECONDS,
  TRAITS,
} from '../core/exchange-layout.ts';
import { OPTIONS, LENGTH as OPTIONS_LENGTH, ROW_WORDS as OPTIONS_WORDS } from '../core/exchange-options-layout.ts';
import {
  ANSWER,
  ANSWERS_LAST,
  CLIENT_MORE,
  LAST_NANOS,
  LAST_SECONDS,
  NEWER,
  OLDER,
  OPTIONS_MORE,
  PATH,
  ROW_WORDS as REST_WORDS,
  SERVER_MORE,
} from '../core/exchange-rest-layout.ts';
import {
  NO_PROBE,
  TABLE_COUNTS,
  TABLE_FREE,
  TABLE_HEADS,
  TABLE_KEYS,
  TABLE_LENGTH,
  TABLE_SIZE,
  TABLE_TAILS,
  TABLE_USED,
  TRAIT_DIGITS_SHIFT,
  TRAIT_HAS_OPTIONS,
  TRAIT_HAS_REST,
  TRAIT_IPV6,
  TRAIT_PROBE_SHIFT,
  TRAIT_VERDICT,
  UNLISTED,
} from '../core/layout.ts';
import { FlowKey } from './flow-key.ts';
import { OwnTable, type TableMemory } from './table-memory.ts';
import { packWords, unpackWords } from './words.ts';

/*
 * The fields, which core/assembly/exchange.ts lays out, and exchange-rest.ts those that few exchanges have. Words for get():
 *   CLIENT, SERVER          big-endian words; of IPv6 the other three are at CLIENT_MORE, SERVER_MORE
 *   PORTS                   client port << 16 | server port
 *   TRAITS                  bits of TRAIT_ below
 *   HASH                    hash of the ends with the scope
 *   NEWER, OLDER            the attempt after this one on the same key, and the one before
 *   LIST                    the list that it is in: LIST_ below
 *   PROBE_WINDOW            window << 16 | urgent pointer
 *   PROBE_HEADER            flags << 16 | reserved bits << 8 | TTL
 *   FRAMES_FIRST, _LAST     first and last run of the frame list; where the last is 0, the first is a frame, and FRAME_SECOND
 *                           the other one, if there are two
 *   ANSWERS_FIRST, _LAST    of the list of answers; ANSWER is the one that settled the verdict, or the first that did not; 0 when none
 *   CONVERSATION            index into the conversations; 0 is none
 *   PATH                    the scope and what of the way in differs by direction (MPLS labels, tunnel ends): attempts are told apart by it
 *   WAITS                   which directions of its ports count as waiting: WAITS_ of waits.ts
 * Floats for getFloat():
 *   STARTED_SECONDS, LAST_SECONDS
 *   LAST_GAP                nanoseconds between the last two transmissions of the probe; 0 when there was one
 *   HOLD_UNTIL              timer time until which a silent exchange is held for its next retransmission
 */
export {
  ANSWERS_FIRST,
  CLIENT,
  FRAME_SECOND,
  FRAMES_FIRST,
  ID,
  ISN,
  LAYERS,
  PORTS,
  PROBE_FRAME,
  PROBE_HEADER,
  PROBE_IP_ID,
  PROBE_WINDOW,
  SCOPE,
  SERVER,
  STARTED_NANOS,
  STARTED_SECONDS,
} from '../core/exchange-layout.ts';
export {
  ANOMALIES,
  ANSWER,
  ANSWERS_LAST,
  CONVERSATION,
  FRAMES_LAST,
  HOLD_UNTIL,
  LAST_GAP,
  LAST_NANOS,
  LAST_SECONDS,
  MARK,
  PATH,
  PROBE_ACKNOWLEDGMENT,
  PROBE_PAYLOAD_LENGTH,
  RETRANSMISSIONS,
  WAITS,
} from '../core/exchange-rest-layout.ts';

const ROW_FLOATS = ROW_WORDS / 2;
const REST_FLOATS = REST_WORDS / 2;
/** Bytes of options that stand beside their length; longer ones go on in the rest. */
const MOST_OPTIONS = (OPTIONS_WORDS - OPTIONS) * 4;
const optionsMoreOf = (entry: number): number => entry * REST_WORDS + OPTIONS_MORE - ROW_WORDS;

/** Stand for the reserved bits where the flags are not known, and where the sequence number is not either. */
export const HIDDEN_FLAGS = 0xff;
export const HIDDEN_SEQUENCE = 0xfe;

/**
 * Lists, each in order of time: waiting for an answer; decided, kept a while for what comes late; conversations; single
 * segments that may be part of a conversation whose start was not captured; conversations that are over.
 */
export {
  LIST_CLOSED,
  LIST_CONVERSATION,
  LIST_LINGER,
  LIST_LONE,
  LIST_OPEN,
  TRAIT_CHALLENGED,
  TRAIT_CHECKSUM_BAD,
  TRAIT_CLIENT_FIN,
  TRAIT_CLIENT_RESET,
  TRAIT_CLOSED_BY_FIN,
  TRAIT_CONFLICTING,
  TRAIT_DONT_FRAGMENT,
  TRAIT_ESTABLISHED,
  TRAIT_HAS_PROBE_HEADER,
  TRAIT_HIDDEN_ANSWER,
  TRAIT_INVALID_RESET,
  TRAIT_IPV6,
  TRAIT_PARTIAL,
  TRAIT_QUIET,
  TRAIT_RESET,
  TRAIT_SERVER_FIN,
  TRAIT_TIMED_OUT,
  TRAIT_UNSEEN_ANSWER,
} from '../core/layout.ts';

const FIRST_INDEX = 2 * 256;
/** Each time all of its entries are moved. */
const GROWTH = 4;
const NO_INDEX = new Int32Array(0);

export class ExchangeTable {
  readonly limit: number;
  readonly #memory: TableMemory;
  /** For ends(). */
  readonly #key = new FlowKey();
  /** Size, lists: TABLE_ of core/layout.ts. */
  readonly #control: Int32Array;
  #words: Int32Array;
  #floats: Float64Array;
  #restWords: Int32Array;
  #restFloats: Float64Array;
  /**
   * The newest attempt of each key by hash: pairs of hash and row in open addressing, at most half full. The hashes
   * stand beside the rows so that a miss, which a flood is full of, touches one cache line and no row.
   */
  #index: Int32Array;

  constructor(limit: number, memory: TableMemory = new OwnTable(limit)) {
    this.limit = limit;
    this.#memory = memory;
    this.#control = memory.control;
    this.#words = memory.words;
    this.#floats = memory.floats;
    this.#restWords = memory.rest.words;
    this.#restFloats = memory.rest.floats;
    this.#index = memory.widenIndex(NO_INDEX, FIRST_INDEX);
    // Row 0 is none.
    this.#control[TABLE_USED] = 1;
  }

  /** Rows in use. */
  get size(): number {
    return this.#control[TABLE_SIZE];
  }

  get(entry: number, word: number): number {
    if (word < ROW_WORDS) return this.#words[entry * ROW_WORDS + word];
    return this.#hasRest(entry) ? this.#restWords[entry * REST_WORDS + word - ROW_WORDS] : this.#implied(entry, word);
  }

  /** A word of the rest where there is none: see core/assembly/exchange-rest.ts. */
  #implied(entry: number, word: number): number {
    if (word === PATH) return this.get(entry, SCOPE);
    if (word === ANSWERS_LAST || word === ANSWER) return this.get(entry, ANSWERS_FIRST);
    return word === LAST_NANOS && this.probe(entry) !== NO_PROBE ? this.get(entry, STARTED_NANOS) : 0;
  }

  #impliedFloat(entry: number, word: number): number {
    return word === LAST_SECONDS && this.probe(entry) !== NO_PROBE ? this.getFloat(entry, STARTED_SECONDS) : 0;
  }

  set(entry: number, word: number, value: number): void {
    if (word < ROW_WORDS) {
      // What goes by it without saying does so no longer.
      if ((word === ANSWERS_FIRST || word === STARTED_NANOS) && value !== this.get(entry, word)) this.#needRest(entry);
      this.#words[entry * ROW_WORDS + word] = value;
    } else if (this.#hasRest(entry) || value !== this.#implied(entry, word)) {
      this.#needRest(entry);
      this.#restWords[entry * REST_WORDS + word - ROW_WORDS] = value;
    }
  }

  getFloat(entry: number, word: number): number {
    if (word < ROW_FLOATS) return this.#floats[entry * ROW_FLOATS + word];
    return this.#hasRest(entry)
      ? this.#restFloats[entry * REST_FLOATS + word - ROW_FLOATS]
      : this.#impliedFloat(entry, word);
  }

  setFloat(entry: number, word: number, value: number): void {
    if (word < ROW_FLOATS) {
      if (word === STARTED_SECONDS && value !== this.getFloat(entry, word)) this.#needRest(entry);
      this.#floats[entry * ROW_FLOATS + word] = value;
    } else if (this.#hasRest(entry) || value !== this.#impliedFloat(entry, word)) {
      this.#needRest(entry);
      this.#restFloats[entry * REST_FLOATS + word - ROW_FLOATS] = value;
    }
  }

  #hasRest(entry: number): boolean {
    return (this.#words[entry * ROW_WORDS + TRAITS] & TRAIT_HAS_REST) !== 0;
  }

  /** The rest is as it was implied when it is first needed. */
  #needRest(entry: number): void {
    if (this.#hasRest(entry)) return;
    const { rest } = this.#memory;
    const start = entry * REST_WORDS;
    const lastSeconds = this.#impliedFloat(entry, LAST_SECONDS);
    const lastNanos = this.#implied(entry, LAST_NANOS);
    while (start + REST_WORDS > rest.words.length) rest.addRows();
    this.#restWords = rest.words;
    this.#restFloats = rest.floats;
    this.#restWords.fill(0, start, start + REST_WORDS);
    this.add(entry, TRAIT_HAS_REST);
    this.set(entry, PATH, this.get(entry, SCOPE));
    this.set(entry, ANSWERS_LAST, this.get(entry, ANSWERS_FIRST));
    this.set(entry, ANSWER, this.get(entry, ANSWERS_FIRST));
    this.set(entry, LAST_NANOS, lastNanos);
    this.setFloat(entry, LAST_SECONDS, lastSeconds);
  }

  /** When its first segment came. The last one is no other for that. */
  setStarted(entry: number, seconds: number, nanos: number): void {
    const before = this.getFloat(entry, STARTED_SECONDS);
    const nanosBefore = this.get(entry, STARTED_NANOS);
    const isFirst = before === 0 && nanosBefore === 0;
    const isSame = before === seconds && nanosBefore === nanos;
    if (!isFirst && !isSame && this.probe(entry) !== NO_PROBE) this.#needRest(entry);
    this.#floats[entry * ROW_FLOATS + STARTED_SECONDS] = seconds;
    this.#words[entry * ROW_WORDS + STARTED_NANOS] = nanos;
  }

  /** Its only answer, which has settled the verdict. */
  setAnswers(entry: number, answer: number): void {
    this.#words[entry * ROW_WORDS + ANSWERS_FIRST] = answer;
    this.set(entry, ANSWERS_LAST, answer);
    this.set(entry, ANSWER, answer);
  }

  /** Word 0 to 3 of its client's (CLIENT) or its server's (SERVER) address. */
  addressWord(entry: number, end: typeof CLIENT | typeof SERVER, word: number): number {
    if (word === 0) return this.get(entry, end);
    return this.get(entry, (end === CLIENT ? CLIENT_MORE : SERVER_MORE) + word - 1);
  }

  setOptions(entry: number, bytes: Uint8Array, offset: number, length: number): void {
    if (length === 0) {
      this.drop(entry, TRAIT_HAS_OPTIONS);
      return;
    }
    const { options } = this.#memory;
    const base = entry * OPTIONS_WORDS;
    while (base + OPTIONS_WORDS > options.words.length) options.addRows();
    options.words[base + OPTIONS_LENGTH] = length;
    packWords(options.words, base + OPTIONS, bytes, offset, Math.min(length, MOST_OPTIONS));
    if (length > MOST_OPTIONS) {
      this.#needRest(entry);
      packWords(this.#restWords, optionsMoreOf(entry), bytes, offset + MOST_OPTIONS, length - MOST_OPTIONS);
    }
    this.add(entry, TRAIT_HAS_OPTIONS);
  }

  /** A new array. */
  options(entry: number): Uint8Array {
    if (!this.has(entry, TRAIT_HAS_OPTIONS)) return new Uint8Array(0);
    const { words } = this.#memory.options;
    const base = entry * OPTIONS_WORDS;
    const length = words[base + OPTIONS_LENGTH];
    const first = unpackWords(words, base + OPTIONS, Math.min(length, MOST_OPTIONS));
    if (length <= MOST_OPTIONS) return first;
    const options = new Uint8Array(length);
    options.set(first);
    options.set(unpackWords(this.#restWords, optionsMoreOf(entry), length - MOST_OPTIONS), MOST_OPTIONS);
    return options;
  }

  has(entry: number, trait: number): boolean {
    return (this.get(entry, TRAITS) & trait) !== 0;
  }

  add(entry: number, trait: number): void {
    this.set(entry, TRAITS, this.get(entry, TRAITS) | trait);
  }

  drop(entry: number, trait: number): void {
    this.set(entry, TRAITS, this.get(entry, TRAITS) & ~trait);
  }

  verdict(entry: number): number {
    return this.get(entry, TRAITS) & TRAIT_VERDICT;
  }

  setVerdict(entry: number, verdict: number): void {
    this.set(entry, TRAITS, (this.get(entry, TRAITS) & ~TRAIT_VERDICT) | verdict);
  }

  probe(entry: number): number {
    return (this.get(entry, TRAITS) >> TRAIT_PROBE_SHIFT) & 0xf;
  }

  setProbe(entry: number, probe: number): void {
    const isGone = probe === NO_PROBE && this.probe(entry) !== NO_PROBE;
    if (isGone && (this.#implied(entry, LAST_NANOS) !== 0 || this.#impliedFloat(entry, LAST_SECONDS) !== 0))
      this.#needRest(entry);
    this.set(entry, TRAITS, (this.get(entry, TRAITS) & ~(0xf << TRAIT_PROBE_SHIFT)) | (probe << TRAIT_PROBE_SHIFT));
  }

  digits(entry: number): number {
    return (this.get(entry, TRAITS) >> TRAIT_DIGITS_SHIFT) & 0xf;
  }

  setDigits(entry: number, digits: number): void {
    this.set(entry, TRAITS, (this.get(entry, TRAITS) & ~(0xf << TRAIT_DIGITS_SHIFT)) | (digits << TRAIT_DIGITS_SHIFT));
  }

  hash(entry: number): number {
    return this.get(entry, HASH);
  }

  /** The hash of its ends, whatever the scope. */
  ends(entry: number): number {
    if (this.get(entry, SCOPE) === 0) return this.hash(entry);
    const key = this.#key;
    key.isIpv6 = this.has(entry, TRAIT_IPV6);
    key.sourcePort = this.clientPort(entry);
    key.destinationPort = this.serverPort(entry);
    for (let word = 0; word < 4; word++) {
      key.source[word] = this.addressWord(entry, CLIENT, word);
      key.destination[word] = this.addressWord(entry, SERVER, word);
    }
    return key.hashEnds();
  }

  /** Whether it is in a list at all. */
  isListed(entry: number): boolean {
    return this.get(entry, LIST_PREVIOUS) !== UNLISTED;
  }

  /** Entries in the list. */
  count(list: number): number {
    return this.#control[TABLE_COUNTS + list];
  }

  listOf(entry: number): number {
    return this.get(entry, LIST);
  }

  clientPort(entry: number): number {
    return this.get(entry, PORTS) >>> 16;
  }

  serverPort(entry: number): number {
    return this.get(entry, PORTS) & 0xffff;
  }

  /** The newest attempt whose ends are those of the key, in either direction; 0 when none. */
  find(key: FlowKey): number {
    const index = this.#index;
    const mask = index.length - 1;
    const { hash } = key;
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const entry = index[slot + 1];
      if (entry === 0) return 0;
      if (index[slot] === hash && this.#matches(entry, key)) return entry;
    }
  }

  /** The attempt before this one on the same key; 0 when none. */
  older(entry: number): number {
    return this.get(entry, OLDER);
  }

  /** Whether the packet of the key was sent by the entry's client. */
  isFromClient(entry: number, key: FlowKey): boolean {
    return (
      this.get(entry, PORTS) === ((key.sourcePort << 16) | key.destinationPort) &&
      this.#endsAre(entry, key.source, key.destination, key.isIpv6)
    );
  }

  /** Whether the entry is on the ends of the key, in either direction and in whatever scope. */
  isOnEnds(entry: number, key: FlowKey): boolean {
    return this.#matches(entry, key, this.get(entry, SCOPE));
  }

  /** The entry behind this one in its list; 0 when it is the last. */
  following(entry: number): number {
    return this.get(entry, LIST_NEXT);
  }

  /** Whether two entries are on the same ends in one scope, whoever asks. */
  isOnSameEnds(entry: number, other: number): boolean {
    if (this.get(entry, SCOPE) !== this.get(other, SCOPE)) return false;
    if (((this.get(entry, TRAITS) ^ this.get(other, TRAITS)) & TRAIT_IPV6) !== 0) return false;
    const ports = this.get(entry, PORTS);
    const otherPorts = this.get(other, PORTS);
    if (
      ports === otherPorts &&
      this.#areAlike(entry, CLIENT, other, CLIENT) &&
      this.#areAlike(entry, SERVER, other, SERVER)
    )
      return true;
    if (ports !== ((otherPorts << 16) | (otherPorts >>> 16))) return false;
    return this.#areAlike(entry, CLIENT, other, SERVER) && this.#areAlike(entry, SERVER, other, CLIENT);
  }

  /** Whether two addresses are the same, of entries that are both of IPv4, or both of IPv6. */
  #areAlike(
    entry: number,
    end: typeof CLIENT | typeof SERVER,
    other: number,
    otherEnd: typeof CLIENT | typeof SERVER,
  ): boolean {
    for (let word = 0; word < 4; word++)
      if (this.addressWord(entry, end, word) !== this.addressWord(other, otherEnd, word)) return false;
    return true;
  }

  /**
   * Takes a record for the key's ends, zeroed; the caller has made sure that size < limit. `newest` is what find() says.
   */
  insert(key: FlowKey, newest: number, sourceIsClient: boolean): number {
    const control = this.#control;
    let entry = control[TABLE_FREE];
    if (entry !== 0) {
      control[TABLE_FREE] = this.get(entry, LIST_NEXT);
      // What was never used is zero already, and its memory need not be touched twice.
      const start = entry * ROW_WORDS;
      this.#words.fill(0, start, start + ROW_WORDS);
    } else {
      entry = control[TABLE_USED]++;
      if ((entry + 1) * ROW_WORDS > this.#words.length) this.#addRows();
    }
    control[TABLE_SIZE]++;
    const words = this.#words;
    const base = entry * ROW_WORDS;
    const client = sourceIsClient ? key.source : key.destination;
    const server = sourceIsClient ? key.destination : key.source;
    words[base + CLIENT] = client[0];
    words[base + SERVER] = server[0];
    words[base + PORTS] = sourceIsClient
      ? (key.sourcePort << 16) | key.destinationPort
      : (key.destinationPort << 16) | key.sourcePort;
    words[base + SCOPE] = key.scope;
    words[base + HASH] = key.hash;
    words[base + TRAITS] = key.isIpv6 ? TRAIT_IPV6 : 0;
    words[base + LIST_PREVIOUS] = UNLISTED;
    if (key.isIpv6) {
      for (let i = 0; i < 3; i++) {
        this.set(entry, CLIENT_MORE + i, client[1 + i]);
        this.set(entry, SERVER_MORE + i, server[1 + i]);
      }
      // The core looks there without asking.
      this.#needRest(entry);
    }
    if (newest === 0) this.#enter(key.hash, entry);
    else {
      this.set(entry, OLDER, newest);
      this.set(newest, NEWER, entry);
      this.#index[this.#slotOf(key.hash, newest) + 1] = entry;
    }
    return entry;
  }

  /** Makes the client the server: who was taken to ask has answered. */
  swapEnds(entry: number): void {
    for (let i = 0; i < 4; i++) {
      const [client, server] = i === 0 ? [CLIENT, SERVER] : [CLIENT_MORE + i - 1, SERVER_MORE + i - 1];
      const was = this.get(entry, client);
      this.set(entry, client, this.get(entry, server));
      this.set(entry, server, was);
    }
    const ports = this.get(entry, PORTS);
    this.set(entry, PORTS, (ports << 16) | (ports >>> 16));
  }

  /** Puts the entry into the scope of the key, on whose ends it is, and where there is nothing yet. */
  move(entry: number, key: FlowKey): void {
    // Its path, which is the scope where nothing else is said, stays.
    this.#needRest(entry);
    this.#unindex(entry);
    this.set(entry, NEWER, 0);
    this.set(entry, OLDER, 0);
    this.set(entry, SCOPE, key.scope);
    this.set(entry, HASH, key.hash);
    this.#enter(key.hash, entry);
  }

  /** Gives a row back. */
  remove(entry: number): void {
    this.#unlink(entry);
    this.#unindex(entry);
    this.#control[TABLE_SIZE]--;
    this.recycle(entry);
  }

  /** Nobody asks for any of it any more. */
  empty(): void {
    this.#control.fill(0, TABLE_HEADS, TABLE_LENGTH);
    this.#control[TABLE_SIZE] = 0;
    this.#index = new Int32Array(0);
  }

  /** The row is not in the table any more: another exchange may have it. */
  recycle(entry: number): void {
    this.set(entry, LIST_NEXT, this.#control[TABLE_FREE]);
    this.#control[TABLE_FREE] = entry;
  }

  /** It is not found by its ends any more. */
  #unindex(entry: number): void {
    const newer = this.get(entry, NEWER);
    const older = this.get(entry, OLDER);
    if (older !== 0) this.set(older, NEWER, newer);
    if (newer !== 0) this.set(newer, OLDER, older);
    else {
      const slot = this.#slotOf(this.get(entry, HASH), entry);
      if (older !== 0) this.#index[slot + 1] = older;
      else this.#leave(slot);
    }
  }

  /** Puts the entry at the end of a list, out of the one it is in. */
  enlist(entry: number, list: number, deadlineNanos: number): void {
    this.#unlink(entry);
    this.setFloat(entry, DEADLINE, deadlineNanos);
    const tail = this.#control[TABLE_TAILS + list];
    this.set(entry, LIST_PREVIOUS, tail);
    this.set(entry, LIST_NEXT, 0);
    if (tail === 0) this.#control[TABLE_HEADS + list] = entry;
    else this.set(tail, LIST_NEXT, entry);
    this.#control[TABLE_TAILS + list] = entry;
    this.#control[TABLE_COUNTS + list]++;
    this.set(entry, LIST, list);
  }

  /** The entry that has been longest in the list; 0 when it is empty. */
  head(list: number): number {
    return this.#control[TABLE_HEADS + list];
  }

  deadline(entry: number): number {
    return this.getFloat(entry, DEADLINE);
  }

  #matches(entry: number, key: FlowKey, scope = key.scope): boolean {
    const words = this.#words;
    const base = entry * ROW_WORDS;
    if (words[base + SCOPE] !== scope || ((words[base + TRAITS] & TRAIT_IPV6) !== 0) !== key.isIpv6) return false;
    const ports = words[base + PORTS];
    const { source, destination, isIpv6 } = key;
    if (ports === ((key.sourcePort << 16) | key.destinationPort) && this.#endsAre(entry, source, destination, isIpv6))
      return true;
    return (
      ports === ((key.destinationPort << 16) | key.sourcePort) && this.#endsAre(entry, destination, source, isIpv6)
    );
  }

  /** Where a record that is in the index stands there. */
  #slotOf(hash: number, entry: number): number {
    const mask = this.#index.length - 1;
    let slot = (hash << 1) & mask;
    while (this.#index[slot + 1] !== entry) slot = (slot + 2) & mask;
    return slot;
  }

  #enter(hash: number, entry: number): void {
    if (++this.#control[TABLE_KEYS] * 4 > this.#index.length) this.#growIndex();
    this.#place(hash, entry);
  }

  /** Empties a slot and moves those behind it up that would not be found past the gap (Knuth 6.4, algorithm R). */
  #leave(slot: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let gap = slot;
    for (let at = (slot + 2) & mask; index[at + 1] !== 0; at = (at + 2) & mask) {
      const home = (index[at] << 1) & mask;
      // It may move when the gap lies between its home and where it is, round the end as well.
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        index[gap] = index[at];
        index[gap + 1] = index[at + 1];
        gap = at;
      }
    }
    index[gap + 1] = 0;
    this.#control[TABLE_KEYS]--;
  }

  /** It grows where it is: memory that only the one before has used would cost more than all of the moving. */
  #growIndex(): void {
    const before = this.#index.length;
    const enough = 2 * 2 ** Math.ceil(Math.log2(2 * this.limit));
    const index = this.#memory.widenIndex(this.#index, Math.max(2 * before, Math.min(GROWTH * before, enough)));
    this.#index = index;
    let free = 0;
    while (index[free + 1] !== 0) free += 2;
    // From a free slot on, an entry finds a slot between its home and where it is, or in what was added: none that was not moved yet is passed.
    for (let from = free; from < before; from += 2) this.#move(from);
    // What stands at the beginning may have come round the end, before or now.
    for (let from = 0; index[from + 1] !== 0; from += 2) this.#move(from);
  }

  /** To where it is found now. */
  #move(slot: number): void {
    const index = this.#index;
    const entry = index[slot + 1];
    if (entry === 0) return;
    index[slot + 1] = 0;
    this.#place(index[slot], entry);
  }

  #place(hash: number, entry: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let slot = (hash << 1) & mask;
    while (index[slot + 1] !== 0) slot = (slot + 2) & mask;
    index[slot] = hash;
    index[slot + 1] = entry;
  }

  #addRows(): void {
    this.#memory.addRows();
    this.#words = this.#memory.words;
    this.#floats = this.#memory.floats;
  }

  #unlink(entry: number): void {
    const previous = this.get(entry, LIST_PREVIOUS);
    if (previous === UNLISTED) return;
    const list = this.listOf(entry);
    this.#control[TABLE_COUNTS + list]--;
    const next = this.get(entry, LIST_NEXT);
    if (previous === 0) this.#control[TABLE_HEADS + list] = next;
    else this.set(previous, LIST_NEXT, next);
    if (next === 0) this.#control[TABLE_TAILS + list] = previous;
    else this.set(next, LIST_PREVIOUS, previous);
    this.set(entry, LIST_PREVIOUS, UNLISTED);
  }

  /** Whether those are the ends of an entry of the same version of IP. */
  #endsAre(entry: number, client: Int32Array, server: Int32Array, isIpv6: boolean): boolean {
    const words = this.#words;
    const base = entry * ROW_WORDS;
    if (words[base + CLIENT] !== client[0] || words[base + SERVER] !== server[0]) return false;
    if (!isIpv6) return true;
    for (let i = 0; i < 3; i++) {
      if (this.get(entry, CLIENT_MORE + i) !== client[1 + i] || this.get(entry, SERVER_MORE + i) !== server[1 + i])
        return false;
    }
    return true;
  }
}
