/**
 * The bounded table of exchanges: records in typed arrays (a page of them at a time, so that growing copies nothing), a
 * hash index by 4-tuple and scope, and lists in order of time. It knows how exchanges are stored and found, not what
 * they mean: that is tracker.ts.
 *
 * Why not objects in a Map: a million open exchanges would cost half a gigabyte, and a key string more than the whole
 * decoding of a frame.
 */
import type { FlowKey } from './flow-key.ts';

/** Words of a record. Addresses are big-endian words, IPv4 in the first. */
export const CLIENT = 0; // 4 words
export const SERVER = 4; // 4 words
/** client port << 16 | server port */
export const PORTS = 8;
export const SCOPE = 9;
/** Bits of TRAIT_ below. */
export const TRAITS = 10;
export const ID = 11;
const HASH = 12;
/** The attempt after this one on the same key, and the one before. */
const NEWER = 13;
const OLDER = 14;
const LIST_PREVIOUS = 15;
const LIST_NEXT = 16;
export const STARTED_NANOS = 17;
export const LAST_NANOS = 18;
export const ISN = 19;
export const PROBE_ACKNOWLEDGMENT = 20;
/** window << 16 | urgent pointer */
export const PROBE_WINDOW = 21;
/** flags << 16 | reserved bits << 8 | TTL */
export const PROBE_HEADER = 22;
/** Stand for the reserved bits where the flags are not known, and where the sequence number is not either. */
export const HIDDEN_FLAGS = 0xff;
export const HIDDEN_SEQUENCE = 0xfe;
export const PROBE_IP_ID = 23;
export const PROBE_PAYLOAD_LENGTH = 24;
export const PROBE_FRAME = 25;
/** First and last run of the frame list. */
export const FRAMES_FIRST = 26;
export const FRAMES_LAST = 27;
export const ANSWERS_FIRST = 28;
export const ANSWERS_LAST = 29;
/** The answer that settled the verdict, or the first that did not; 0 when none. */
export const ANSWER = 30;
export const RETRANSMISSIONS = 31;
export const ANOMALIES = 32;
export const MARK = 33;
/** Index into the conversations; 0 is none. */
export const CONVERSATION = 34;
export const OPTIONS_LENGTH = 35;
export const OPTIONS = 36; // 10 words
export const LAYERS = 46;
/** The scope and what of the way in differs by direction (MPLS labels, tunnel ends): attempts are told apart by it. */
export const PATH = 47;
/** Hash of the ends, whatever the scope. */
export const ENDS = 48;
/** Which directions of its ports count as waiting: WAITS_ of tracker.ts. */
export const WAITS = 49;
/** The list that it is in: LIST_ below. */
const LIST = 50;
const STRIDE = 51;

/** Float words of a record. */
const DEADLINE = 0;
export const STARTED_SECONDS = 1;
export const LAST_SECONDS = 2;
/** Nanoseconds between the last two transmissions of the probe; 0 when there was one. */
export const LAST_GAP = 3;
/** Timer time until which a silent exchange is held for its next retransmission. */
export const HOLD_UNTIL = 4;
const FLOATS = 5;

const TRAIT_VERDICT = 0xf;
const TRAIT_PROBE_SHIFT = 4; // 4 bits: index of PROBES, 15 for none
const TRAIT_DIGITS_SHIFT = 10; // 4 bits
export const TRAIT_IPV6 = 1 << 14;
export const TRAIT_ESTABLISHED = 1 << 15;
export const TRAIT_CLIENT_FIN = 1 << 16;
export const TRAIT_SERVER_FIN = 1 << 17;
export const TRAIT_RESET = 1 << 18;
export const TRAIT_CLOSED_BY_FIN = 1 << 19;
export const TRAIT_CONFLICTING = 1 << 20;
export const TRAIT_UNSEEN_ANSWER = 1 << 21;
export const TRAIT_CLIENT_RESET = 1 << 22;
export const TRAIT_CHALLENGED = 1 << 23;
export const TRAIT_INVALID_RESET = 1 << 24;
export const TRAIT_DONT_FRAGMENT = 1 << 25;
export const TRAIT_CHECKSUM_BAD = 1 << 26;
/** Fragments with the rest of the opening segment's header had not come when it was last heard of. */
export const TRAIT_PARTIAL = 1 << 27;
/** The verdict is final for want of an answer: the table may settle it without harm. */
export const TRAIT_TIMED_OUT = 1 << 28;
export const TRAIT_HAS_PROBE_HEADER = 1 << 29;
/** What it asks is not known yet, but may soon be: until then nothing is told of it. */
export const TRAIT_QUIET = 1 << 30;
/** The server sent something whose flags are not known. */
export const TRAIT_HIDDEN_ANSWER = 1 << 31;

/**
 * Lists, each in order of time: waiting for an answer; decided, kept a while for what comes late; conversations; single
 * segments that may be part of a conversation whose start was not captured; conversations that are over.
 */
export const LIST_OPEN = 0;
export const LIST_LINGER = 1;
export const LIST_CONVERSATION = 2;
export const LIST_LONE = 3;
export const LIST_CLOSED = 4;
const LISTS = 5;
/** Stands for the entry before in the list where it is in none. */
const UNLISTED = -1;

const PAGE_BITS = 13;
const PAGE_SIZE = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SIZE - 1;
const FIRST_PAGE_SIZE = 128;

export class ExchangeTable {
  /** Records in use. */
  size = 0;
  readonly limit: number;
  readonly #pages: Int32Array[] = [];
  readonly #floatPages: Float64Array[] = [];
  /**
   * The newest attempt of each key by hash: pairs of hash and record in open addressing, at most half full. The hashes
   * stand beside the records so that a miss, which a flood is full of, touches one cache line and no record.
   */
  #index = new Int32Array(2 * 2048);
  #keys = 0;
  #used = 1; // record 0 is none
  /** Records that there are pages for. */
  #capacity = 0;
  #free = 0;
  readonly #heads = new Int32Array(LISTS);
  readonly #tails = new Int32Array(LISTS);
  readonly #counts = new Int32Array(LISTS);

  constructor(limit: number) {
    this.limit = limit;
  }

  get(entry: number, word: number): number {
    return this.#pages[entry >> PAGE_BITS][(entry & PAGE_MASK) * STRIDE + word];
  }

  set(entry: number, word: number, value: number): void {
    this.#pages[entry >> PAGE_BITS][(entry & PAGE_MASK) * STRIDE + word] = value;
  }

  getFloat(entry: number, word: number): number {
    return this.#floatPages[entry >> PAGE_BITS][(entry & PAGE_MASK) * FLOATS + word];
  }

  setFloat(entry: number, word: number, value: number): void {
    this.#floatPages[entry >> PAGE_BITS][(entry & PAGE_MASK) * FLOATS + word] = value;
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
    return this.#counts[list];
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

  /** The page that holds a record and where it starts there, for reading many words at once. */
  page(entry: number): Int32Array {
    return this.#pages[entry >> PAGE_BITS];
  }

  base(entry: number): number {
    return (entry & PAGE_MASK) * STRIDE;
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
    const page = this.#pages[entry >> PAGE_BITS];
    const base = (entry & PAGE_MASK) * STRIDE;
    return (
      page[base + PORTS] === ((key.sourcePort << 16) | key.destinationPort) &&
      endsAre(page, base, key.source, key.destination)
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
    const page = this.#pages[entry >> PAGE_BITS];
    const base = (entry & PAGE_MASK) * STRIDE;
    const otherPage = this.#pages[other >> PAGE_BITS];
    const from = (other & PAGE_MASK) * STRIDE;
    if (page[base + SCOPE] !== otherPage[from + SCOPE]) return false;
    if (((page[base + TRAITS] ^ otherPage[from + TRAITS]) & TRAIT_IPV6) !== 0) return false;
    const ports = page[base + PORTS];
    const otherPorts = otherPage[from + PORTS];
    if (ports === otherPorts && areWords(page, base, otherPage, from)) return true;
    if (ports !== ((otherPorts << 16) | (otherPorts >>> 16))) return false;
    for (let i = 0; i < 4; i++) {
      if (page[base + CLIENT + i] !== otherPage[from + SERVER + i]) return false;
      if (page[base + SERVER + i] !== otherPage[from + CLIENT + i]) return false;
    }
    return true;
  }

  /**
   * Takes a record for the key's ends, zeroed; the caller has made sure that size < limit. `newest` is what find() says.
   */
  insert(key: FlowKey, newest: number, sourceIsClient: boolean): number {
    let entry = this.#free;
    if (entry !== 0) {
      this.#free = this.get(entry, LIST_NEXT);
      // What was never used is zero already, and its memory need not be touched twice.
      const page = this.page(entry);
      const start = this.base(entry);
      // For so few words fill() costs more than it saves.
      for (let word = start; word < start + STRIDE; word++) page[word] = 0;
    } else {
      entry = this.#used++;
      if (entry >= this.#capacity) this.#addPage();
    }
    this.size++;
    const page = this.#pages[entry >> PAGE_BITS];
    const base = (entry & PAGE_MASK) * STRIDE;
    const client = sourceIsClient ? key.source : key.destination;
    const server = sourceIsClient ? key.destination : key.source;
    for (let i = 0; i < 4; i++) {
      page[base + CLIENT + i] = client[i];
      page[base + SERVER + i] = server[i];
    }
    page[base + PORTS] = sourceIsClient
      ? (key.sourcePort << 16) | key.destinationPort
      : (key.destinationPort << 16) | key.sourcePort;
    page[base + SCOPE] = key.scope;
    page[base + HASH] = key.hash;
    page[base + ENDS] = key.ends;
    page[base + TRAITS] = key.isIpv6 ? TRAIT_IPV6 : 0;
    page[base + LIST_PREVIOUS] = UNLISTED;
    if (newest === 0) this.#enter(key.hash, entry);
    else {
      page[base + OLDER] = newest;
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

  /** Gives a record back. */
  remove(entry: number): void {
    this.#unlink(entry);
    this.#unindex(entry);
    this.set(entry, LIST_NEXT, this.#free);
    this.#free = entry;
    this.size--;
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
    const tail = this.#tails[list];
    this.set(entry, LIST_PREVIOUS, tail);
    this.set(entry, LIST_NEXT, 0);
    if (tail === 0) this.#heads[list] = entry;
    else this.set(tail, LIST_NEXT, entry);
    this.#tails[list] = entry;
    this.#counts[list]++;
    this.set(entry, LIST, list);
  }

  /** The entry that has been longest in the list; 0 when it is empty. */
  head(list: number): number {
    return this.#heads[list];
  }

  deadline(entry: number): number {
    return this.getFloat(entry, DEADLINE);
  }

  #matches(entry: number, key: FlowKey, scope = key.scope): boolean {
    const page = this.#pages[entry >> PAGE_BITS];
    const base = (entry & PAGE_MASK) * STRIDE;
    if (page[base + SCOPE] !== scope || ((page[base + TRAITS] & TRAIT_IPV6) !== 0) !== key.isIpv6) return false;
    const ports = page[base + PORTS];
    if (ports === ((key.sourcePort << 16) | key.destinationPort) && endsAre(page, base, key.source, key.destination))
      return true;
    return ports === ((key.destinationPort << 16) | key.sourcePort) && endsAre(page, base, key.destination, key.source);
  }

  /** Where a record that is in the index stands there. */
  #slotOf(hash: number, entry: number): number {
    const mask = this.#index.length - 1;
    let slot = (hash << 1) & mask;
    while (this.#index[slot + 1] !== entry) slot = (slot + 2) & mask;
    return slot;
  }

  #enter(hash: number, entry: number): void {
    if (++this.#keys * 4 > this.#index.length) this.#growIndex();
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
    this.#keys--;
  }

  #growIndex(): void {
    const old = this.#index;
    const index = new Int32Array(old.length * 2);
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

  /** One more page; the first one starts small, because many captures are, and grows to the size of the others. */
  #addPage(): void {
    const size = this.#capacity === 0 ? FIRST_PAGE_SIZE : Math.min(this.#capacity * 4, PAGE_SIZE);
    const page = new Int32Array(size * STRIDE);
    const floats = new Float64Array(size * FLOATS);
    if (this.#capacity > 0 && this.#capacity < PAGE_SIZE) {
      page.set(this.#pages[0]);
      floats.set(this.#floatPages[0]);
      this.#pages[0] = page;
      this.#floatPages[0] = floats;
      this.#capacity = size;
      return;
    }
    this.#pages.push(page);
    this.#floatPages.push(floats);
    this.#capacity += size;
  }

  #unlink(entry: number): void {
    const previous = this.get(entry, LIST_PREVIOUS);
    if (previous === UNLISTED) return;
    const list = this.listOf(entry);
    this.#counts[list]--;
    const next = this.get(entry, LIST_NEXT);
    if (previous === 0) this.#heads[list] = next;
    else this.set(previous, LIST_NEXT, next);
    if (next === 0) this.#tails[list] = previous;
    else this.set(next, LIST_PREVIOUS, previous);
    this.set(entry, LIST_PREVIOUS, UNLISTED);
  }
}

/** Whether client and server of two records are the same. */
function areWords(page: Int32Array, base: number, other: Int32Array, from: number): boolean {
  for (let i = CLIENT; i < SERVER + 4; i++) if (page[base + i] !== other[from + i]) return false;
  return true;
}

function endsAre(page: Int32Array, base: number, client: Int32Array, server: Int32Array): boolean {
  return (
    page[base + CLIENT] === client[0] &&
    page[base + SERVER] === server[0] &&
    page[base + CLIENT + 1] === client[1] &&
    page[base + CLIENT + 2] === client[2] &&
    page[base + CLIENT + 3] === client[3] &&
    page[base + SERVER + 1] === server[1] &&
    page[base + SERVER + 2] === server[2] &&
    page[base + SERVER + 3] === server[3]
  );
}
