import { u16 } from '../bytes.ts';
import { type Cursor, STEP_DONE, STEP_PROTOCOL } from '../cursor.ts';
import { hashWords } from '../keyed-hash.ts';
import { type Assembly, FRAGMENT_FIRST, MAX_EARLIER_FRAMES, type PacketRecord } from '../packet.ts';
import {
  ipProtocolReason,
  REASON_FRAGMENTS_INCOMPLETE,
  REASON_FRAGMENTS_OVERLAPPING,
  REASON_LATER_WITHOUT_FIRST,
  REASON_MALFORMED_IPV4,
  REASON_MALFORMED_IPV6,
  type ReasonCounts,
} from '../reasons.ts';
import { MALFORMED } from '../status.ts';
import { TUNNEL_NONE } from '../tunnel/ports.ts';
import { holdsNoTcp } from '../without-tcp.ts';

/**
 * Reassembly as far as headers need it (RFC 791 §3.2, RFC 8200 §4.5): of each datagram the first bytes are kept until the
 * headers in them can be read; the rest is only counted. What there is of a TCP header is handed out at once, as nobody knows
 * whether the rest will come: what waits here are bytes, not packets. First data wins. Most stacks drop overlapping fragments altogether
 * (RFC 5722 for IPv6; Linux for both), so an overlap is evidence, not something to imitate a target by.
 *
 * Memory is bounded: a fixed number of entries in a ring; the oldest gives way, and those older than the timeout go.
 */

/** Bytes kept of a datagram: room for extension headers or a tunnel before a TCP header. */
const PREFIX = 256;
/** Coverage is kept in units of eight bytes, the grain of fragment offsets: one bit each. */
const UNITS = PREFIX / 8;
const KEY_BYTES = 38;
const PROTOCOL_AT = 36;
/** What is hashed: the key, padded, and the scope. */
const KEY_WORDS = 11;
const ENTRY_BYTES = PREFIX + KEY_BYTES + 4 * MAX_EARLIER_FRAMES + 80;
const FEWEST_ENTRIES = 16;
/** So often is a segment handed out for fragments that tell nothing new of it: a datagram of 64 KB on Ethernet has 45. */
const MOST_REPEATS = 64;

/** Waits for more bytes. */
const PENDING = 0;
/** Its headers have been read; what comes belongs to it but tells nothing new. */
const KNOWN = 1;

/** Addresses (16 bytes each) before the payload in the buffer that a reassembled packet is read from. */
const SCRATCH_DESTINATION = 16;
const SCRATCH_PAYLOAD = 32;

const LONGEST_DATAGRAM = 65_535;

export class FragmentTable {
  private readonly capacity: number;
  private readonly timeoutSeconds: number;
  private readonly reasons: ReasonCounts;
  /** Of fragments whose ports were never seen. */
  private readonly missed: ReasonCounts;
  private readonly scratch = new Uint8Array(SCRATCH_PAYLOAD + PREFIX);

  private store: Store | null = null;
  /** Ring: the oldest entry and how many there are. */
  private oldest = 0;
  private used = 0;
  private readonly keyWords = new Int32Array(KEY_WORDS);
  /** The same bytes; the last word is the scope. */
  private readonly key = new Uint8Array(this.keyWords.buffer, 0, KEY_BYTES);

  constructor(bytes: number, timeoutSeconds: number, reasons: ReasonCounts, missed: ReasonCounts) {
    this.capacity = Math.max(FEWEST_ENTRIES, Math.floor(bytes / ENTRY_BYTES));
    this.timeoutSeconds = timeoutSeconds;
    this.reasons = reasons;
    this.missed = missed;
  }

  /**
   * Takes in the fragment that the cursor stands at. Returns the step to go on with in the fragment's own bytes; a later
   * fragment has none, but leaves the cursor starved when it may complete what others have begun: see resume().
   */
  read(cursor: Cursor): number {
    const { record } = cursor;
    cursor.hasFragment = true;
    if (cursor.quoting) return record.fragment === FRAGMENT_FIRST ? STEP_PROTOCOL : STEP_DONE;
    const length = cursor.limit - cursor.offset;
    if (length <= 0 || cursor.fragmentOffset + length > LONGEST_DATAGRAM) {
      return cursor.fail(MALFORMED, record.ipVersion === 4 ? REASON_MALFORMED_IPV4 : REASON_MALFORMED_IPV6);
    }
    // Of fragments within fragments the outer one has done its part once the inner one is found.
    this.settle(cursor);
    this.store ??= new Store(this.capacity);
    const store = this.store;
    this.expire(store, cursor.seconds);
    const entry = this.find(store, cursor);
    cursor.fragmentEntry = entry;
    if (store.isComplete(entry) && this.isReused(store, entry, cursor)) store.forget(entry);
    const isAmbiguous =
      store.differs(entry, cursor.bytes, cursor.offset, cursor.end, cursor.fragmentOffset) &&
      mayHidePorts(store, entry, cursor);
    const isContradiction = this.add(store, entry, cursor, length);
    // Counted at once, and not again when the datagram is given up.
    if (isAmbiguous) {
      cursor.isAmbiguous = true;
      store.frames[entry]!--;
    }
    cursor.isFirstFragment = record.fragment === FRAGMENT_FIRST;
    cursor.savedLayerCount = record.layerCount;
    cursor.savedScope = record.scope;
    cursor.savedPath = record.path;
    if (record.fragment === FRAGMENT_FIRST) {
      const isCaptured = cursor.end === cursor.limit;
      cursor.fragmentEnd = isCaptured ? cursor.end : -1;
      cursor.isOpen = true;
      cursor.starved = false;
      if (length > store.tried[entry]!) store.tried[entry] = Math.min(length, PREFIX);
      return STEP_PROTOCOL;
    }
    // A segment that was handed out is so once more when a fragment claims to change it: the overlap is evidence.
    cursor.isRepeat = store.state[entry] === KNOWN && (isContradiction || store.isWanted(entry));
    cursor.starved = cursor.isRepeat || store.state[entry] === PENDING;
    return STEP_DONE;
  }

  /**
   * After a starved cursor: when other fragments have brought more of the datagram's start than was tried before, or somebody
   * wants to hear of each, sets the cursor to the start of its payload, in a buffer of its own, and returns true.
   */
  resume(cursor: Cursor): boolean {
    const entry = cursor.fragmentEntry;
    const store = this.store;
    if (store === null || entry < 0 || (store.state[entry] !== PENDING && !cursor.isRepeat)) return false;
    const contiguous = store.contiguous(entry);
    const isNews = contiguous > store.tried[entry]!;
    if (contiguous === 0 || !(isNews || cursor.isRepeat || store.isWanted(entry))) return false;
    if (isNews) store.tried[entry] = contiguous;
    const total = store.total[entry]!;
    const isWhole = this.isWhole(entry);

    const { record } = cursor;
    record.status = 0;
    record.reason = 0;
    record.layerCount = cursor.savedLayerCount;
    record.scope = cursor.savedScope;
    record.path = cursor.savedPath;
    record.resetNetwork();
    record.ipVersion = store.keys[entry * KEY_BYTES + 37]!;
    const size = record.ipVersion === 4 ? 4 : 16;
    const scratch = this.scratch;
    const key = entry * KEY_BYTES;
    scratch.set(store.keys.subarray(key, key + size), 0);
    scratch.set(store.keys.subarray(key + 16, key + 16 + size), SCRATCH_DESTINATION);
    scratch.set(store.data.subarray(entry * PREFIX, entry * PREFIX + contiguous), SCRATCH_PAYLOAD);
    record.bytes = scratch;
    record.sourceOffset = 0;
    record.destinationOffset = SCRATCH_DESTINATION;
    record.ttl = store.ttl[entry]!;
    record.ipId = store.ipId[entry]!;
    record.dontFragment = store.dontFragment[entry] === 1;
    record.fragment = FRAGMENT_FIRST;

    cursor.bytes = scratch;
    cursor.offset = SCRATCH_PAYLOAD;
    cursor.end = SCRATCH_PAYLOAD + contiguous;
    cursor.limit = SCRATCH_PAYLOAD + (total >= 0 ? total : store.furthest[entry]!);
    cursor.type = store.protocol[entry]!;
    cursor.starved = false;
    cursor.fragmentEnd = isWhole || contiguous >= PREFIX ? -1 : cursor.end;
    cursor.isReassembledWhole = isWhole;
    cursor.isOpen = !isWhole;
    return true;
  }

  /** After the cursor: when its headers could be read, the datagram need not wait for more. */
  settle(cursor: Cursor): void {
    const entry = cursor.fragmentEntry;
    const store = this.store;
    cursor.fragmentEntry = -1;
    if (store === null || entry < 0) return;
    if (!cursor.starved) store.state[entry] = KNOWN;
  }

  /** Whether fragments of the datagram overlap, with other bounds or data. `entry` is that of a cursor, here and below. */
  overlaps(entry: number): boolean {
    return this.store !== null && entry >= 0 && this.store.overlap[entry] === 1;
  }

  /** Whether all of the datagram is there. Where fragments contradict each other nobody can say which bytes are its own. */
  isWhole(entry: number): boolean {
    const { store } = this;
    if (store === null || entry < 0 || store.overlap[entry] === 1) return false;
    const total = store.total[entry]!;
    return total >= 0 && store.contiguous(entry) >= total;
  }

  /** Whether what there is of the datagram's segment was handed out before. */
  wasHandedOut(entry: number): boolean {
    return this.store !== null && this.store.handedOut[entry] !== 0;
  }

  /** Notes the frame of a fragment with which nothing was handed out. */
  noteFrame(entry: number, frame: number): void {
    const { store } = this;
    if (store === null || entry < 0 || store.state[entry] !== PENDING) return;
    const count = store.earlierCount[entry]!;
    if (count === MAX_EARLIER_FRAMES) return;
    store.earlierFrames[entry * MAX_EARLIER_FRAMES + count] = frame;
    store.earlierCount[entry] = count + 1;
  }

  /** Before a segment is handed out: says in `assembly` what was kept of the times before; `isAgain` if it is the same. */
  recall(entry: number, assembly: Assembly, isAgain: boolean): void {
    const store = this.store!;
    assembly.owner = isAgain ? store.owner[entry]! : 0;
    assembly.hadFlags = isAgain && store.hadFlags[entry] === 1;
    const count = store.earlierCount[entry]!;
    assembly.earlierCount = count;
    const first = entry * MAX_EARLIER_FRAMES;
    for (let i = 0; i < count; i++) assembly.earlierFrames[i] = store.earlierFrames[first + i]!;
  }

  /** Afterwards: keeps what the handler said, and the frame when nobody took it. */
  remember(entry: number, assembly: Assembly, hasFlags: boolean, frame: number): void {
    const store = this.store!;
    store.owner[entry] = assembly.owner;
    store.hadFlags[entry] = hasFlags ? 1 : 0;
    if (store.handedOut[entry]! < MOST_REPEATS) store.handedOut[entry]!++;
    if (assembly.owner === 0) this.noteFrame(entry, frame);
    else store.earlierCount[entry] = 0;
  }

  /** Counts what still waits, as if it were given up now. */
  countPending(into: ReasonCounts, missed: ReasonCounts): void {
    const store = this.store;
    if (store === null) return;
    for (let i = 0; i < this.used; i++) this.count(store, (this.oldest + i) % this.capacity, into, missed);
  }

  /** Takes in the fragment's bytes. Returns true when they are the first to contradict those of another. */
  private add(store: Store, entry: number, cursor: Cursor, length: number): boolean {
    const { record, fragmentOffset } = cursor;
    store.frames[entry]!++;
    const fragmentEnd = fragmentOffset + length;
    if (fragmentEnd > store.furthest[entry]!) store.furthest[entry] = fragmentEnd;
    const inOrder = store.inOrder[entry]!;
    if (fragmentOffset <= inOrder && fragmentEnd > inOrder) store.inOrder[entry] = fragmentEnd;
    if (!cursor.moreFragments && store.total[entry]! < 0) store.total[entry] = fragmentEnd;
    if (fragmentOffset === 0 && (store.covered[entry]! & 1) === 0) {
      store.ttl[entry] = record.ttl;
      store.ipId[entry] = record.ipId;
      store.dontFragment[entry] = record.dontFragment ? 1 : 0;
      store.protocol[entry] = cursor.type;
    }
    if (fragmentOffset >= PREFIX) return false;
    const isLast = !cursor.moreFragments && cursor.end === cursor.limit;
    const overlaps = store.copy(entry, cursor.bytes, cursor.offset, cursor.end, fragmentOffset, isLast);
    if (!overlaps || store.overlap[entry] === 1) return false;
    store.overlap[entry] = 1;
    this.reasons.add(REASON_FRAGMENTS_OVERLAPPING);
    return true;
  }

  /**
   * Whether a fragment for a datagram that is complete begins another one: the 16 bits of an IPv4 identification are soon
   * used up (RFC 6864 §1). Otherwise it is a copy, as mirrored ports give.
   */
  private isReused(store: Store, entry: number, cursor: Cursor): boolean {
    return (
      cursor.fragmentOffset === 0 ||
      store.differs(entry, cursor.bytes, cursor.offset, cursor.end, cursor.fragmentOffset)
    );
  }

  /** Entry of the cursor's datagram, new when there is none. */
  private find(store: Store, cursor: Cursor): number {
    const hash = this.makeKey(cursor.record, cursor);
    const bucket = hash & store.mask;
    const { scope } = cursor.record;
    for (let entry = store.heads[bucket]! - 1; entry >= 0; entry = store.next[entry]! - 1) {
      if (store.scope[entry] === scope && this.keyEquals(store.keys, entry * KEY_BYTES)) return entry;
    }
    if (this.used === this.capacity) this.dropOldest(store);
    const entry = (this.oldest + this.used++) % this.capacity;
    store.clear(entry, bucket, scope, cursor.seconds);
    store.keys.set(this.key, entry * KEY_BYTES);
    store.next[entry] = store.heads[bucket]!;
    store.heads[bucket] = entry + 1;
    return entry;
  }

  /** RFC 791 §2.3: addresses, protocol, identification; RFC 8200 §4.5: addresses and identification. */
  private makeKey(record: PacketRecord, cursor: Cursor): number {
    const key = this.key;
    const { bytes, sourceOffset, destinationOffset } = record;
    const isV4 = record.ipVersion === 4;
    const size = isV4 ? 4 : 16;
    key.fill(0);
    for (let i = 0; i < size; i++) {
      key[i] = bytes[sourceOffset + i]!;
      key[16 + i] = bytes[destinationOffset + i]!;
    }
    key[32] = record.ipId >>> 24;
    key[33] = record.ipId >>> 16;
    key[34] = record.ipId >>> 8;
    key[35] = record.ipId;
    key[PROTOCOL_AT] = isV4 ? cursor.type : 0;
    key[37] = record.ipVersion;
    this.keyWords[KEY_WORDS - 1] = record.scope;
    return hashWords(this.keyWords, 0, KEY_WORDS);
  }

  private keyEquals(keys: Uint8Array, at: number): boolean {
    for (let i = 0; i < KEY_BYTES; i++) if (keys[at + i] !== this.key[i]) return false;
    return true;
  }

  private expire(store: Store, now: number): void {
    while (this.used > 0 && now - store.seconds[this.oldest]! > this.timeoutSeconds) this.dropOldest(store);
  }

  private dropOldest(store: Store): void {
    const entry = this.oldest;
    this.count(store, entry, this.reasons, this.missed);
    this.remove(store, entry);
    this.oldest = (entry + 1) % this.capacity;
    this.used--;
  }

  private count(store: Store, entry: number, into: ReasonCounts, missed: ReasonCounts): void {
    if (store.state[entry] !== PENDING) return;
    const hasFirst = (store.covered[entry]! & 1) !== 0;
    const reason = hasFirst ? REASON_FRAGMENTS_INCOMPLETE : REASON_LATER_WITHOUT_FIRST;
    const frames = store.frames[entry]!;
    if (frames === 0) return;
    into.add(reason, frames);
    // Of IPv4 each fragment says the protocol; of IPv6 only the first is sure to (RFC 8200 §4.5).
    const protocol = store.keys[entry * KEY_BYTES + PROTOCOL_AT]!;
    const holdsNone = protocol !== 0 && holdsNoTcp(ipProtocolReason(protocol));
    if (store.handedOut[entry] === 0 && !holdsNone) missed.add(reason, frames);
  }

  /** Takes an entry out of its chain. */
  private remove(store: Store, entry: number): void {
    const bucket = store.bucket[entry]!;
    let link = store.heads[bucket]!;
    if (link === entry + 1) {
      store.heads[bucket] = store.next[entry]!;
      return;
    }
    while (link !== 0) {
      const following = store.next[link - 1]!;
      if (following === entry + 1) {
        store.next[link - 1] = store.next[entry]!;
        return;
      }
      link = following;
    }
  }
}

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

/**
 * Whether port 0 may stand in one reading of a datagram that the cursor's fragment contradicts: it shall be told even where the
 * first data wins. Behind IPv4 the ports of TCP are the first bytes of all; so are those of UDP, which tell whether more follows.
 * Anything else, and IPv6, may have headers before the ports in any fragment.
 */
function mayHidePorts(
  store: Store,
  entry: number,
  { bytes, offset, end, fragmentOffset, tunnelPorts }: Cursor,
): boolean {
  // 0 in the key of IPv6.
  const protocol = store.keys[entry * KEY_BYTES + PROTOCOL_AT]!;
  if (protocol !== 0 && holdsNoTcp(ipProtocolReason(protocol))) return false;
  if (protocol === PROTOCOL_TCP) {
    return fragmentOffset === 0 && offset + 4 <= end && (u16(bytes, offset) === 0 || u16(bytes, offset + 2) === 0);
  }
  if (protocol !== PROTOCOL_UDP || fragmentOffset === 0 || (store.covered[entry]! & 1) === 0) return true;
  const at = entry * PREFIX;
  return tunnelPorts.tunnelOf(u16(store.data, at), u16(store.data, at + 2)) !== TUNNEL_NONE;
}

/** The columns of the table. Made with the first fragment: most captures have none. */
class Store {
  readonly mask: number;
  /** Chains: entry + 1, 0 ends them. */
  readonly heads: Uint32Array;
  readonly next: Uint32Array;
  readonly bucket: Uint32Array;
  readonly keys: Uint8Array;
  readonly scope: Uint32Array;
  readonly seconds: Float64Array;
  readonly state: Uint8Array;
  readonly data: Uint8Array;
  /** A bit for each unit of the prefix that is there. */
  readonly covered: Uint32Array;
  /** Units of the prefix tried already, in bytes. */
  readonly tried: Uint16Array;
  /** Length of the datagram's payload; -1 until the last fragment is seen. */
  readonly total: Int32Array;
  /** Highest end of data seen. */
  readonly furthest: Int32Array;
  /** End of the data that came without a gap, in order. */
  readonly inOrder: Int32Array;
  readonly frames: Uint32Array;
  readonly overlap: Uint8Array;
  /** How often the segment was handed out (no further than MOST_REPEATS), to whom, and whether its flags were there. */
  readonly handedOut: Uint8Array;
  readonly owner: Float64Array;
  readonly hadFlags: Uint8Array;
  /** MAX_EARLIER_FRAMES an entry. */
  readonly earlierFrames: Uint32Array;
  readonly earlierCount: Uint8Array;
  /** Of the first fragment. */
  readonly ttl: Uint8Array;
  readonly ipId: Float64Array;
  readonly dontFragment: Uint8Array;
  readonly protocol: Uint8Array;

  constructor(capacity: number) {
    const buckets = 2 ** Math.ceil(Math.log2(capacity));
    this.mask = buckets - 1;
    this.heads = new Uint32Array(buckets);
    this.next = new Uint32Array(capacity);
    this.bucket = new Uint32Array(capacity);
    this.keys = new Uint8Array(capacity * KEY_BYTES);
    this.scope = new Uint32Array(capacity);
    this.seconds = new Float64Array(capacity);
    this.state = new Uint8Array(capacity);
    this.data = new Uint8Array(capacity * PREFIX);
    this.covered = new Uint32Array(capacity);
    this.tried = new Uint16Array(capacity);
    this.total = new Int32Array(capacity);
    this.furthest = new Int32Array(capacity);
    this.inOrder = new Int32Array(capacity);
    this.frames = new Uint32Array(capacity);
    this.overlap = new Uint8Array(capacity);
    this.handedOut = new Uint8Array(capacity);
    this.owner = new Float64Array(capacity);
    this.hadFlags = new Uint8Array(capacity);
    this.earlierFrames = new Uint32Array(capacity * MAX_EARLIER_FRAMES);
    this.earlierCount = new Uint8Array(capacity);
    this.ttl = new Uint8Array(capacity);
    this.ipId = new Float64Array(capacity);
    this.dontFragment = new Uint8Array(capacity);
    this.protocol = new Uint8Array(capacity);
  }

  clear(entry: number, bucket: number, scope: number, seconds: number): void {
    this.bucket[entry] = bucket;
    this.scope[entry] = scope;
    this.seconds[entry] = seconds;
    this.forget(entry);
  }

  /** Back to a datagram of which nothing has come. */
  forget(entry: number): void {
    this.state[entry] = PENDING;
    this.covered[entry] = 0;
    this.tried[entry] = 0;
    this.total[entry] = -1;
    this.furthest[entry] = 0;
    this.inOrder[entry] = 0;
    this.frames[entry] = 0;
    this.overlap[entry] = 0;
    this.handedOut[entry] = 0;
    this.owner[entry] = 0;
    this.hadFlags[entry] = 0;
    this.earlierCount[entry] = 0;
    this.ttl[entry] = 0;
    this.ipId[entry] = 0;
    this.dontFragment[entry] = 0;
    this.protocol[entry] = 0;
  }

  isComplete(entry: number): boolean {
    const total = this.total[entry]!;
    return this.state[entry] === KNOWN && total >= 0 && this.inOrder[entry]! >= total;
  }

  /** Whether somebody wants to hear of further fragments, though they tell nothing new. */
  isWanted(entry: number): boolean {
    return this.owner[entry] !== 0 && this.handedOut[entry]! < MOST_REPEATS;
  }

  /** Whether bytes start .. end (exclusive) at `at` contradict what the prefix holds there. */
  differs(entry: number, bytes: Uint8Array, start: number, end: number, at: number): boolean {
    const base = entry * PREFIX;
    const length = Math.min(end - start, PREFIX - at);
    for (let i = 0; i < length; i++) {
      const isCovered = (this.covered[entry]! >>> ((at + i) >> 3)) & 1;
      if (isCovered && this.data[base + at + i] !== bytes[start + i]) return true;
    }
    return false;
  }

  /**
   * Copies what is new of bytes start .. end (exclusive) to `at` in the prefix. Returns true when it overlaps what was there
   * with other data, or only in part; the same fragment again (a mirrored frame) is no overlap.
   */
  copy(entry: number, bytes: Uint8Array, start: number, end: number, at: number, isLast: boolean): boolean {
    const base = entry * PREFIX;
    const before = this.covered[entry]!;
    let covered = before;
    let isNew = false;
    let isOld = false;
    let differs = false;
    const length = Math.min(end - start, PREFIX - at);
    for (let done = 0; done < length; done += 8) {
      const size = Math.min(8, length - done);
      // Only the last fragment may end within a unit; elsewhere the rest of it was not captured.
      if (size < 8 && !isLast) break;
      const unit = (at + done) >> 3;
      if ((before >>> unit) & 1) {
        isOld = true;
        for (let i = 0; i < size; i++) if (this.data[base + at + done + i] !== bytes[start + done + i]) differs = true;
        continue;
      }
      isNew = true;
      for (let i = 0; i < size; i++) this.data[base + at + done + i] = bytes[start + done + i]!;
      covered |= 1 << unit;
    }
    this.covered[entry] = covered;
    return isOld && (isNew || differs);
  }

  /** Bytes of the prefix that are there without a gap. */
  contiguous(entry: number): number {
    const missing = ~this.covered[entry]!;
    const units = missing === 0 ? UNITS : 31 - Math.clz32(missing & -missing);
    const total = this.total[entry]!;
    return total >= 0 && total < units * 8 ? total : units * 8;
  }
}
