/**
 * The bounded table of exchanges: rows in one memory, which the core looks at too where there is one, a hash index by 4-tuple
 * and scope, and lists in order of time. It knows how exchanges are stored and found, not what they mean: that is tracker.ts.
 *
 * Why not objects in a Map: a million open exchanges would cost half a gigabyte, and a key string more than the whole
 * decoding of a frame.
 */
import {
  CLIENT,
  DEADLINE,
  ENDS,
  HASH,
  LIST,
  LIST_NEXT,
  LIST_PREVIOUS,
  NEWER,
  OLDER,
  PORTS,
  ROW_WORDS,
  SCOPE,
  SERVER,
  TRAITS,
} from '../core/exchange-layout.ts';
import {
  TABLE_COUNTS,
  TABLE_FREE,
  TABLE_HEADS,
  TABLE_KEYS,
  TABLE_LENGTH,
  TABLE_SIZE,
  TABLE_TAILS,
  TABLE_USED,
  TRAIT_DIGITS_SHIFT,
  TRAIT_IPV6,
  TRAIT_PROBE_SHIFT,
  TRAIT_VERDICT,
  UNLISTED,
} from '../core/layout.ts';
import type { FlowKey } from './flow-key.ts';
import { OwnTable, type TableMemory } from './table-memory.ts';

/*
 * The fields, which core/assembly/exchange.ts lays out. Words for get(): addresses are big-endian words, IPv4 in the first.
 *   CLIENT, SERVER          4 words each
 *   PORTS                   client port << 16 | server port
 *   TRAITS                  bits of TRAIT_ below
 *   HASH, ENDS              hash of the ends with the scope, and whatever the scope
 *   NEWER, OLDER            the attempt after this one on the same key, and the one before
 *   LIST                    the list that it is in: LIST_ below
 *   PROBE_WINDOW            window << 16 | urgent pointer
 *   PROBE_HEADER            flags << 16 | reserved bits << 8 | TTL
 *   FRAMES_FIRST, _LAST     first and last run of the frame list; where the last is 0, the first is a frame, and FRAME_SECOND
 *                           the other one, if there are two
 *   ANSWERS_FIRST, _LAST    of the list of answers; ANSWER is the one that settled the verdict, or the first that did not; 0 when none
 *   CONVERSATION            index into the conversations; 0 is none
 *   OPTIONS                 10 words
 *   PATH                    the scope and what of the way in differs by direction (MPLS labels, tunnel ends): attempts are told apart by it
 *   WAITS                   which directions of its ports count as waiting: WAITS_ of waits.ts
 * Floats for getFloat():
 *   STARTED_SECONDS, LAST_SECONDS
 *   LAST_GAP                nanoseconds between the last two transmissions of the probe; 0 when there was one
 *   HOLD_UNTIL              timer time until which a silent exchange is held for its next retransmission
 */
export {
  ANOMALIES,
  ANSWER,
  ANSWERS_FIRST,
  ANSWERS_LAST,
  CLIENT,
  CONVERSATION,
  ENDS,
  FRAME_SECOND,
  FRAMES_FIRST,
  FRAMES_LAST,
  HOLD_UNTIL,
  ID,
  ISN,
  LAST_GAP,
  LAST_NANOS,
  LAST_SECONDS,
  LAYERS,
  MARK,
  OPTIONS,
  OPTIONS_LENGTH,
  PATH,
  PORTS,
  PROBE_ACKNOWLEDGMENT,
  PROBE_FRAME,
  PROBE_HEADER,
  PROBE_IP_ID,
  PROBE_PAYLOAD_LENGTH,
  PROBE_WINDOW,
  RETRANSMISSIONS,
  SCOPE,
  SERVER,
  STARTED_NANOS,
  STARTED_SECONDS,
  TRAITS,
  WAITS,
} from '../core/exchange-layout.ts';

const ROW_FLOATS = ROW_WORDS / 2;

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

const FIRST_INDEX = 2 * 2048;
/** Each time it is written anew. */
const GROWTH = 4;

export class ExchangeTable {
  readonly limit: number;
  readonly #memory: TableMemory;
  /** Size, lists: TABLE_ of core/layout.ts. */
  readonly #control: Int32Array;
  #words: Int32Array;
  #floats: Float64Array;
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
    this.#index = memory.newIndex(FIRST_INDEX);
    // Row 0 is none.
    this.#control[TABLE_USED] = 1;
  }

  /** Rows in use. */
  get size(): number {
    return this.#control[TABLE_SIZE];
  }

  get(entry: number, word: number): number {
    return this.#words[entry * ROW_WORDS + word];
  }

  set(entry: number, word: number, value: number): void {
    this.#words[entry * ROW_WORDS + word] = value;
  }

  getFloat(entry: number, word: number): number {
    return this.#floats[entry * ROW_FLOATS + word];
  }

  setFloat(entry: number, word: number, value: number): void {
    this.#floats[entry * ROW_FLOATS + word] = value;
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

  /** All rows and where one of them starts there, for reading many words at once: until the next insert(). */
  get words(): Int32Array {
    return this.#words;
  }

  base(entry: number): number {
    return entry * ROW_WORDS;
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
    const words = this.#words;
    const base = entry * ROW_WORDS;
    return (
      words[base + PORTS] === ((key.sourcePort << 16) | key.destinationPort) &&
      endsAre(words, base, key.source, key.destination)
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
    const words = this.#words;
    const base = entry * ROW_WORDS;
    const from = other * ROW_WORDS;
    if (words[base + SCOPE] !== words[from + SCOPE]) return false;
    if (((words[base + TRAITS] ^ words[from + TRAITS]) & TRAIT_IPV6) !== 0) return false;
    const ports = words[base + PORTS];
    const otherPorts = words[from + PORTS];
    if (ports === otherPorts && areWords(words, base, from)) return true;
    if (ports !== ((otherPorts << 16) | (otherPorts >>> 16))) return false;
    for (let i = 0; i < 4; i++) {
      if (words[base + CLIENT + i] !== words[from + SERVER + i]) return false;
      if (words[base + SERVER + i] !== words[from + CLIENT + i]) return false;
    }
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
      const start = this.base(entry);
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
    for (let i = 0; i < 4; i++) {
      words[base + CLIENT + i] = client[i];
      words[base + SERVER + i] = server[i];
    }
    words[base + PORTS] = sourceIsClient
      ? (key.sourcePort << 16) | key.destinationPort
      : (key.destinationPort << 16) | key.sourcePort;
    words[base + SCOPE] = key.scope;
    words[base + HASH] = key.hash;
    words[base + ENDS] = key.ends;
    words[base + TRAITS] = key.isIpv6 ? TRAIT_IPV6 : 0;
    words[base + LIST_PREVIOUS] = UNLISTED;
    if (newest === 0) this.#enter(key.hash, entry);
    else {
      words[base + OLDER] = newest;
      this.set(newest, NEWER, entry);
      this.#index[this.#slotOf(key.hash, newest) + 1] = entry;
    }
    return entry;
  }

  /** Makes the client the server: who was taken to ask has answered. */
  swapEnds(entry: number): void {
    for (let i = 0; i < 4; i++) {
      const client = this.get(entry, CLIENT + i);
      this.set(entry, CLIENT + i, this.get(entry, SERVER + i));
      this.set(entry, SERVER + i, client);
    }
    const ports = this.get(entry, PORTS);
    this.set(entry, PORTS, (ports << 16) | (ports >>> 16));
  }

  /** Puts the entry into the scope of the key, on whose ends it is, and where there is nothing yet. */
  move(entry: number, key: FlowKey): void {
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
    if (ports === ((key.sourcePort << 16) | key.destinationPort) && endsAre(words, base, key.source, key.destination))
      return true;
    return (
      ports === ((key.destinationPort << 16) | key.sourcePort) && endsAre(words, base, key.destination, key.source)
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
    const mask = this.#index.length - 1;
    let slot = (hash << 1) & mask;
    while (this.#index[slot + 1] !== 0) slot = (slot + 2) & mask;
    this.#index[slot] = hash;
    this.#index[slot + 1] = entry;
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

  #growIndex(): void {
    const old = this.#index;
    const index = this.#memory.newIndex(old.length * GROWTH);
    const mask = index.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from] << 1) & mask;
      while (index[slot + 1] !== 0) slot = (slot + 2) & mask;
      index[slot] = old[from];
      index[slot + 1] = old[from + 1];
    }
    this.#index = index;
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
}

/** Whether client and server of two records are the same. */
function areWords(words: Int32Array, base: number, from: number): boolean {
  for (let i = 0; i < 4; i++) {
    if (words[base + CLIENT + i] !== words[from + CLIENT + i] || words[base + SERVER + i] !== words[from + SERVER + i])
      return false;
  }
  return true;
}

function endsAre(words: Int32Array, base: number, client: Int32Array, server: Int32Array): boolean {
  return (
    words[base + CLIENT] === client[0] &&
    words[base + SERVER] === server[0] &&
    words[base + CLIENT + 1] === client[1] &&
    words[base + CLIENT + 2] === client[2] &&
    words[base + CLIENT + 3] === client[3] &&
    words[base + SERVER + 1] === server[1] &&
    words[base + SERVER + 2] === server[2] &&
    words[base + SERVER + 3] === server[3]
  );
}
