/*
 * The books of exchanges on ordinary ports, of which only the verdict is counted, as long as they go the way that most go:
 * SYN, SYN-ACK or RST or silence, FINs or a RST, the end. What happens to them here is what tracker.ts would do, with none of
 * what nobody will ask about. Whatever goes another way is the tracker's: segment() says no, and the tracker takes the
 * exchange out of the ledger with take() and goes on with it.
 */

import {
  ANSWER_FLAGS,
  ANSWER_FRAME,
  ANSWER_IP_ID,
  ANSWER_NANOS,
  ANSWER_SECONDS,
  ANSWER_SEQUENCE,
  ANSWER_TTL,
  CAPACITY,
  CLIENT,
  CLIENT_MORE,
  CLOCK_NOW,
  DEADLINE,
  FILTER,
  FILTER_MASK,
  FIRST_SLOTS,
  GAP_OR_HOLD,
  HAS_TABLE,
  HASH,
  ID,
  ISN,
  LIMIT,
  MORE_SHIFT,
  NEXT,
  NEXT_ID,
  ONLY_SCOPE,
  PORTS,
  PREVIOUS,
  PROBE_FLAGS,
  PROBE_FRAME,
  PROBE_IP_ID,
  PROBE_NANOS,
  PROBE_SECONDS,
  PROBE_TTL,
  RECORD_LENGTH,
  RECORDS,
  SCOPE,
  SERVER,
  SERVER_MORE,
  SETTLED_ACCEPTED,
  SETTLED_REFUSED,
  SETTLED_SILENT,
  SETTLED_UNDECIDED,
  SIZE,
  SLOT_LENGTH,
  STARTED_ANSWERED,
  STARTED_UNANSWERED,
  STATE,
  STATE_CLIENT_FIN,
  STATE_CLOSED,
  STATE_CLOSED_BY_FIN,
  STATE_CONVERSING,
  STATE_IPV6,
  STATE_MASK,
  STATE_OPEN,
  STATE_REFUSED,
  STATE_RESET,
  STATE_SERVER_FIN,
  STATE_SILENT,
  TIMEOUT,
  TRACKED,
  WAITING,
  WAITING_CELLS,
  WAKE,
  WOKEN,
} from '../layout';
import { frame, nanos, seconds } from './at-hand';
import { advanceClock } from './clock';
import {
  destination,
  destination1,
  destination2,
  destination3,
  hash,
  isAmbiguous,
  isIpv6,
  ports,
  readKey,
  scope,
  scopedHash,
  source,
  source1,
  source2,
  source3,
  takeKey,
} from './key';
import { isOpenTo, openAnswer, takesAnswers } from './opening';
import { expireRows, findRow } from './rows';
import { addWaiting, dropWaiting, isAwaited, noteAnswer, noteSyn, resetWaiting } from './waiting';

const FIN: u32 = 1;
const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;

const MIRROR_NANOS: f64 = 10e6;

const LIST_OPEN: u32 = 0;
const LIST_LINGER: u32 = 1;
const LIST_CONVERSATION: u32 = 2;

// The first index begins behind the records; see reset().
let index: usize = 0;
let slots: u32 = 0;
let used: u32 = 1; // record 0 is none
let free: u32 = 0;

let openHead: u32 = 0;
let openTail: u32 = 0;
let lingerHead: u32 = 0;
let lingerTail: u32 = 0;
let conversationHead: u32 = 0;
let conversationTail: u32 = 0;

/** Empties the ledger, and the memory that its index used. */
export function reset(): void {
  const first = moreOf(recordOf(load<u32>(CAPACITY) + 1));
  if (index !== 0) memory.fill(first, 0, index + <usize>slots * SLOT_LENGTH - first);
  memory.fill(FILTER, 0, 2 * (FILTER_MASK + 1));
  memory.fill(WAITING, 0, 2 * WAITING_CELLS);
  resetWaiting();
  index = first;
  slots = FIRST_SLOTS;
  used = 1;
  free = 0;
  openHead = openTail = lingerHead = lingerTail = conversationHead = conversationTail = 0;
}

/** How many records there were at most. */
export function recordsUsed(): u32 {
  return used - 1;
}

/**
 * Takes a segment with SYN, FIN or RST and without port 0, in a whole packet. `at` is where its IP header is. False when
 * it is the tracker's; with WOKEN set, the tracker has to be told the time first.
 */
export function segment(at: usize, transport: usize, ipv6: bool, flags: u32, payloadLength: i32, inScope: u32): bool {
  const now = advanceClock(seconds, nanos);
  if (now < 0) return false;
  if (now >= load<f64>(WAKE) || !expireRows(now)) {
    store<u32>(WOKEN, 1);
    return false;
  }
  expire(now);
  readKey(at, transport, ipv6, inScope);
  const entry = find();
  if (entry === 0) {
    const cell: usize = FILTER + ((hash & FILTER_MASK) << 1);
    // The filter says no where the tracker has nothing on these ends for sure.
    if (load<u16>(cell) !== 0 && isTracked()) return false;
    const kind = flags & (SYN | RST | FIN | ACK);
    // Nobody's last words.
    if ((kind & ~ACK) === FIN) return true;
    if (payloadLength !== 0) return false;
    if (kind === SYN) return !isAmbiguous() && open(at, transport, flags, seconds, nanos, frame, now);
    if (kind !== (SYN | ACK) && kind !== RST && kind !== (RST | ACK)) return false;
    if (!isOpenTo(inScope) || !takesAnswers()) return false;
    openAnswer(scopedHash(), now, false);
    store<u16>(cell, load<u16>(cell) + 1);
    return true;
  }
  const record = recordOf(entry);
  // Whether that is a copy, an answer that comes another way, or an exchange of its own (track/crossings.ts).
  if (load<u32>(record, SCOPE) !== scope) return false;
  const fromClient = load<u32>(record, PORTS) === ports && isForward(record);
  const state = load<u32>(record, STATE);
  const kind = flags & (SYN | RST | FIN | ACK);
  const sequence = bswap<u32>(load<u32>(transport, 4));
  if (kind === SYN && fromClient && payloadLength === 0 && sequence === load<u32>(record, ISN)) {
    retransmit(entry, record, at, seconds, nanos, now);
    return true;
  }
  // RFC 9293 §3.10.7.3: SND.UNA < SEG.ACK =< SND.NXT
  const acknowledges =
    !fromClient && (flags & ACK) !== 0 && bswap<u32>(load<u32>(transport, 8)) === load<u32>(record, ISN) + 1;
  switch (state & STATE_MASK) {
    case STATE_OPEN: {
      if (!acknowledges || (kind !== (SYN | ACK) && kind !== (RST | ACK))) return false;
      storeAnswer(record, at, transport, flags, seconds, nanos, frame);
      dropWaiting(load<u32>(record, PORTS));
      enlist(entry, record, (kind & SYN) !== 0 ? STATE_CONVERSING : STATE_REFUSED, now);
      return true;
    }
    // The answer again.
    case STATE_REFUSED:
      return acknowledges && kind === (RST | ACK) && !precedesAnswer(record);
    case STATE_CONVERSING:
    case STATE_CLOSED: {
      if ((flags & SYN) !== 0) return acknowledges && kind === (SYN | ACK) && !precedesAnswer(record);
      if ((flags & RST) !== 0) {
        if (!fromClient && !isResetOfConversation(record, at, transport)) return false;
        const isFirst = (state & (STATE_RESET | STATE_CLOSED_BY_FIN)) === 0;
        if (isFirst) store<u32>(record, state | STATE_RESET, STATE);
        enlist(entry, record, STATE_CLOSED, now);
        return true;
      }
      const fins = state | (fromClient ? STATE_CLIENT_FIN : STATE_SERVER_FIN);
      store<u32>(record, fins, STATE);
      if ((fins & (STATE_CLIENT_FIN | STATE_SERVER_FIN)) === (STATE_CLIENT_FIN | STATE_SERVER_FIN)) {
        if ((fins & (STATE_RESET | STATE_CLOSED_BY_FIN)) === 0) store<u32>(record, fins | STATE_CLOSED_BY_FIN, STATE);
        enlist(entry, record, STATE_CLOSED, now);
      } else if ((fins & STATE_MASK) === STATE_CLOSED) enlist(entry, record, STATE_CLOSED, now);
      return true;
    }
    default:
      return false;
  }
}

/** Whether the tracker may have something on the ends at hand, in whatever scope. */
function isTracked(): bool {
  return load<u32>(HAS_TABLE) === 0 || load<u32>(ONLY_SCOPE) !== scope || findRow(scopedHash()) !== 0;
}

/** Whether a plain segment may be of an exchange that waits, here or in the tracker's table. */
export function concernsWaiting(at: usize, transport: usize, ipv6: bool, inScope: u32): bool {
  readKey(at, transport, ipv6, inScope);
  const entry = find();
  if (entry === 0) return load<u16>(FILTER + ((hash & FILTER_MASK) << 1)) !== 0;
  const record = recordOf(entry);
  const state = load<u32>(record, STATE) & STATE_MASK;
  // In whatever scope: what shows that there was an answer may come back another way (track/cross-scope.ts).
  return state === STATE_OPEN || state === STATE_SILENT;
}

/** The same where another thread keeps the exchanges: of what this one has relayed. */
export function concernsRelayed(at: usize, transport: usize, ipv6: bool): bool {
  readKey(at, transport, ipv6, 0);
  return isAwaited(hash, ports);
}

/** A segment with SYN or RST that is relayed. */
export function noteRelayed(at: usize, transport: usize, ipv6: bool, flags: u32): void {
  readKey(at, transport, ipv6, 0);
  const kind = flags & (SYN | RST | ACK);
  if (kind === SYN) noteSyn(hash, bswap<u32>(load<u32>(transport, 4)), ports);
  else if ((kind & ACK) !== 0) noteAnswer(hash, bswap<u32>(load<u32>(transport, 8)) - 1);
}

/** Settles what is over by now. */
export function expire(now: f64): void {
  while (openHead !== 0) {
    const record = recordOf(openHead);
    if (load<f64>(record, DEADLINE) > now) break;
    // It is held for as long as its next retransmission may take.
    const timeout = load<f64>(TIMEOUT);
    const hold = max<f64>(load<f64>(record, GAP_OR_HOLD) * 2.5, timeout);
    store<f64>(record, load<f64>(record, DEADLINE) - timeout + hold, GAP_OR_HOLD);
    enlist(openHead, record, STATE_SILENT, now);
  }
  while (lingerHead !== 0) {
    const record = recordOf(lingerHead);
    if (load<f64>(record, DEADLINE) > now) break;
    const isHeld = (load<u32>(record, STATE) & STATE_MASK) === STATE_SILENT && now < load<f64>(record, GAP_OR_HOLD);
    if (isHeld) enlist(lingerHead, record, STATE_SILENT, now);
    else settle(lingerHead);
  }
}

/** As the tracker's finish(): the capture is over. */
export function finish(): void {
  while (lingerHead !== 0) settle(lingerHead);
  while (conversationHead !== 0) settle(conversationHead);
  while (openHead !== 0) settle(openHead);
}

/**
 * Takes the exchange with the ends in KEY_ out, in whatever scope it is. Returns the address of its record, which stays as it is until the next
 * one is opened; 0 when there is none.
 */
export function take(): usize {
  expire(load<f64>(CLOCK_NOW));
  const entry = findKey();
  if (entry === 0) return 0;
  remove(entry);
  return recordOf(entry);
}

/** Address of the exchange with the ends in KEY_, where it waits for an answer; else 0. Takes nothing out. */
export function waiting(): usize {
  const entry = findKey();
  if (entry === 0) return 0;
  const record = recordOf(entry);
  const state = load<u32>(record, STATE) & STATE_MASK;
  return state === STATE_OPEN || state === STATE_SILENT ? record : 0;
}

function findKey(): u32 {
  takeKey();
  return find();
}

/**
 * Address of what is least worth keeping, as the tracker sees it: what is decided already, else what was opened first. 0
 * when the ledger is empty.
 */
export function leastWorthKeeping(): usize {
  if (lingerHead !== 0) return recordOf(lingerHead);
  if (openHead === 0 && conversationHead === 0) return 0;
  if (openHead === 0 || conversationHead === 0) return recordOf(openHead | conversationHead);
  const open = recordOf(openHead);
  const conversing = recordOf(conversationHead);
  return load<u32>(conversing, ID) < load<u32>(open, ID) ? conversing : open;
}

/** Settles the exchange at that address before its time. */
export function evict(record: usize): void {
  settle(<u32>((record - RECORDS) / RECORD_LENGTH));
}

function settle(entry: u32): void {
  const record = recordOf(entry);
  let count: usize = SETTLED_ACCEPTED;
  switch (load<u32>(record, STATE) & STATE_MASK) {
    case STATE_OPEN:
      count = SETTLED_UNDECIDED;
      break;
    case STATE_REFUSED:
      count = SETTLED_REFUSED;
      break;
    case STATE_SILENT:
      count = SETTLED_SILENT;
      break;
  }
  store<f64>(count, load<f64>(count) + 1);
  remove(entry);
}

function open(at: usize, transport: usize, flags: u32, seconds: u32, nanos: u32, frame: u32, now: f64): bool {
  const size = load<u32>(SIZE);
  if (size >= load<u32>(CAPACITY) || size + load<u32>(TRACKED) >= load<u32>(LIMIT)) return false;
  let entry = free;
  if (entry !== 0) free = load<u32>(recordOf(entry), NEXT);
  else entry = used++;
  store<u32>(SIZE, size + 1);
  const record = recordOf(entry);
  store<u32>(record, ports, PORTS);
  store<u32>(record, source, CLIENT);
  store<u32>(record, destination, SERVER);
  store<u32>(record, scope, SCOPE);
  store<u32>(record, hash, HASH);
  store<u32>(record, bswap<u32>(load<u32>(transport, 4)), ISN);
  const id = load<f64>(NEXT_ID);
  store<f64>(NEXT_ID, id + 1);
  store<u32>(record, <u32>(<u64>id), ID);
  store<u16>(record, <u16>flags, PROBE_FLAGS);
  store<u8>(record, timeToLive(at), PROBE_TTL);
  store<u16>(record, ipIdentification(at), PROBE_IP_ID);
  store<u32>(record, seconds, PROBE_SECONDS);
  store<u32>(record, nanos, PROBE_NANOS);
  store<u32>(record, frame, PROBE_FRAME);
  store<u32>(record, seconds, STARTED_UNANSWERED);
  store<u32>(record, nanos, STARTED_UNANSWERED + 4);
  store<f64>(record, 0, GAP_OR_HOLD);
  if (isIpv6) {
    const more = moreOf(record);
    store<u32>(more, source1, CLIENT_MORE);
    store<u32>(more, source2, CLIENT_MORE + 4);
    store<u32>(more, source3, CLIENT_MORE + 8);
    store<u32>(more, destination1, SERVER_MORE);
    store<u32>(more, destination2, SERVER_MORE + 4);
    store<u32>(more, destination3, SERVER_MORE + 8);
  }
  store<u32>(record, STATE_OPEN | (isIpv6 ? STATE_IPV6 : 0), STATE);
  append(entry, record, LIST_OPEN, now + load<f64>(TIMEOUT));
  addWaiting(ports);
  // Five eighths full at most: of an index that is fuller fewer pages are touched, and the places to look at are mostly in one line.
  if ((size + 1) * 8 > slots * 5) growIndex();
  enter(hash, entry);
  return true;
}

function ipIdentification(at: usize): u16 {
  return isIpv6 ? 0 : bswap<u16>(load<u16>(at, 4));
}

function timeToLive(at: usize): u8 {
  return load<u8>(at + (isIpv6 ? 7 : 8));
}

function storeAnswer(
  record: usize,
  at: usize,
  transport: usize,
  flags: u32,
  seconds: u32,
  nanos: u32,
  frame: u32,
): void {
  store<u32>(record, load<u32>(record, STARTED_UNANSWERED), STARTED_ANSWERED);
  store<u32>(record, load<u32>(record, STARTED_UNANSWERED + 4), STARTED_ANSWERED + 4);
  store<u32>(record, bswap<u32>(load<u32>(transport, 4)), ANSWER_SEQUENCE);
  store<u16>(record, <u16>flags, ANSWER_FLAGS);
  store<u8>(record, timeToLive(at), ANSWER_TTL);
  store<u16>(record, ipIdentification(at), ANSWER_IP_ID);
  store<u32>(record, seconds, ANSWER_SECONDS);
  store<u32>(record, nanos, ANSWER_NANOS);
  store<u32>(record, frame, ANSWER_FRAME);
}

/** Whether the segment at hand was on the wire before the answer, which stands before it: the first settles it (track/disorder.ts). */
function precedesAnswer(record: usize): bool {
  const since = load<u32>(record, ANSWER_SECONDS);
  return seconds < since || (seconds === since && nanos < load<u32>(record, ANSWER_NANOS));
}

/** The SYN again; or a copy of it, seen at another place of its way (see looksMirrored in track/tracker.ts). */
function retransmit(entry: u32, record: usize, at: usize, seconds: u32, nanos: u32, now: f64): void {
  const elapsed =
    (<f64>seconds - <f64>load<u32>(record, PROBE_SECONDS)) * 1e9 + (<f64>nanos - <f64>load<u32>(record, PROBE_NANOS));
  const ipId = ipIdentification(at);
  const hops = <i32>load<u8>(record, PROBE_TTL) - <i32>timeToLive(at);
  if (abs<f64>(elapsed) <= MIRROR_NANOS && ipId === load<u16>(record, PROBE_IP_ID) && abs<i32>(hops) <= 8) return;
  store<u16>(record, ipId, PROBE_IP_ID);
  store<u32>(record, seconds, PROBE_SECONDS);
  store<u32>(record, nanos, PROBE_NANOS);
  const state = load<u32>(record, STATE) & STATE_MASK;
  if (state !== STATE_OPEN && state !== STATE_SILENT) return;
  store<f64>(record, max<f64>(0, elapsed), GAP_OR_HOLD);
  enlist(entry, record, STATE_OPEN, now);
}

/** Whether a RST from the server ends the conversation for sure: its number goes on from the SYN-ACK's, and so does its TTL. */
function isResetOfConversation(record: usize, at: usize, transport: usize): bool {
  const sequence = bswap<u32>(load<u32>(transport, 4));
  const ahead = sequence - load<u32>(record, ANSWER_SEQUENCE);
  if (sequence === 0 || ahead < 1 || ahead >= 0x40000000) return false;
  return timeToLive(at) === load<u8>(record, ANSWER_TTL);
}

// --- the ends of a segment --------------------------------------------------------------------------------------------

/** Whether the addresses at hand are the record's, the source the client's. */
function isForward(record: usize): bool {
  if (load<u32>(record, CLIENT) !== source || load<u32>(record, SERVER) !== destination) return false;
  if (!isIpv6) return true;
  const more = moreOf(record);
  return (
    load<u32>(more, CLIENT_MORE) === source1 &&
    load<u32>(more, CLIENT_MORE + 4) === source2 &&
    load<u32>(more, CLIENT_MORE + 8) === source3 &&
    load<u32>(more, SERVER_MORE) === destination1 &&
    load<u32>(more, SERVER_MORE + 4) === destination2 &&
    load<u32>(more, SERVER_MORE + 8) === destination3
  );
}

function isBackward(record: usize): bool {
  if (load<u32>(record, CLIENT) !== destination || load<u32>(record, SERVER) !== source) return false;
  if (!isIpv6) return true;
  const more = moreOf(record);
  return (
    load<u32>(more, CLIENT_MORE) === destination1 &&
    load<u32>(more, CLIENT_MORE + 4) === destination2 &&
    load<u32>(more, CLIENT_MORE + 8) === destination3 &&
    load<u32>(more, SERVER_MORE) === source1 &&
    load<u32>(more, SERVER_MORE + 4) === source2 &&
    load<u32>(more, SERVER_MORE + 8) === source3
  );
}

// --- the index: as ExchangeTable's, see there ---------------------------------------------------------------------------

function recordOf(entry: u32): usize {
  return <usize>RECORDS + <usize>entry * RECORD_LENGTH;
}

/** Where the other words of its addresses are, behind all records. */
function moreOf(record: usize): usize {
  const end: usize = RECORDS + (<usize>load<u32>(CAPACITY) + 1) * RECORD_LENGTH;
  return end + ((record - RECORDS) >> MORE_SHIFT);
}

/** The one exchange on the ends at hand, in whatever scope: where there are two, the tracker has both. */
function find(): u32 {
  const mask = slots - 1;
  let slot = hash & mask;
  while (true) {
    const place = index + <usize>slot * SLOT_LENGTH;
    const entry = load<u32>(place, 4);
    if (entry === 0) return 0;
    slot = (slot + 1) & mask;
    if (load<u32>(place) !== hash) continue;
    const record = recordOf(entry);
    if (((load<u32>(record, STATE) & STATE_IPV6) !== 0) !== isIpv6) continue;
    const known = load<u32>(record, PORTS);
    if (known === ports && isForward(record)) return entry;
    if (known === rotl<u32>(ports, 16) && isBackward(record)) return entry;
  }
}

/** Whether the index is so large that it is in no cache: 1 MiB. */
export function isLarge(): bool {
  return slots > 0x1ffff;
}

/** See ahead.ts. */
export function touch(hash: u32): u32 {
  return load<u32>(index + <usize>(hash & (slots - 1)) * SLOT_LENGTH);
}

function enter(hash: u32, entry: u32): void {
  const mask = slots - 1;
  let slot = hash & mask;
  while (entryAt(slot) !== 0) slot = (slot + 1) & mask;
  store<u32>(index + <usize>slot * SLOT_LENGTH, hash);
  store<u32>(index + <usize>slot * SLOT_LENGTH, entry, 4);
}

/** Twice as many slots, where it is: as #growIndex() of the table. */
function growIndex(): void {
  const count = slots;
  slots *= 2;
  let free: u32 = 0;
  while (entryAt(free) !== 0) free++;
  for (let slot = free; slot < count; slot++) move(slot);
  for (let slot: u32 = 0; entryAt(slot) !== 0; slot++) move(slot);
}

function entryAt(slot: u32): u32 {
  return load<u32>(index + <usize>slot * SLOT_LENGTH, 4);
}

/** To where it is found now. */
function move(slot: u32): void {
  const entry = entryAt(slot);
  if (entry === 0) return;
  const place = index + <usize>slot * SLOT_LENGTH;
  store<u32>(place, 0, 4);
  enter(load<u32>(place), entry);
}

/** Empties a slot and moves those behind it up that would not be found past the gap (Knuth 6.4, algorithm R). */
function leave(entry: u32, hash: u32): void {
  const mask = slots - 1;
  let gap = hash & mask;
  while (load<u32>(index + <usize>gap * SLOT_LENGTH, 4) !== entry) gap = (gap + 1) & mask;
  for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
    const place = index + <usize>slot * SLOT_LENGTH;
    if (load<u32>(place, 4) === 0) break;
    const home = load<u32>(place) & mask;
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    store<u64>(index + <usize>gap * SLOT_LENGTH, load<u64>(place));
    gap = slot;
  }
  store<u32>(index + <usize>gap * SLOT_LENGTH, 0, 4);
}

function remove(entry: u32): void {
  const record = recordOf(entry);
  const state = load<u32>(record, STATE) & STATE_MASK;
  if (state === STATE_OPEN || state === STATE_SILENT) dropWaiting(load<u32>(record, PORTS));
  unlink(record);
  leave(entry, load<u32>(record, HASH));
  store<u32>(record, free, NEXT);
  free = entry;
  store<u32>(SIZE, load<u32>(SIZE) - 1);
}

// --- lists in order of time ---------------------------------------------------------------------------------------------

function listOf(record: usize): u32 {
  const state = load<u32>(record, STATE) & STATE_MASK;
  return state === STATE_OPEN ? LIST_OPEN : state === STATE_CONVERSING ? LIST_CONVERSATION : LIST_LINGER;
}

/** The exchange is in another state now, and goes to the end of that one's list. */
function enlist(entry: u32, record: usize, state: u32, now: f64): void {
  unlink(record);
  store<u32>(record, (load<u32>(record, STATE) & ~STATE_MASK) | state, STATE);
  append(entry, record, listOf(record), now + load<f64>(TIMEOUT));
}

function append(entry: u32, record: usize, list: u32, deadline: f64): void {
  store<f64>(record, deadline, DEADLINE);
  store<u32>(record, 0, NEXT);
  let tail: u32;
  if (list === LIST_OPEN) {
    tail = openTail;
    openTail = entry;
    if (tail === 0) openHead = entry;
  } else if (list === LIST_LINGER) {
    tail = lingerTail;
    lingerTail = entry;
    if (tail === 0) lingerHead = entry;
  } else {
    tail = conversationTail;
    conversationTail = entry;
    if (tail === 0) conversationHead = entry;
  }
  store<u32>(record, tail, PREVIOUS);
  if (tail !== 0) store<u32>(recordOf(tail), entry, NEXT);
}

function unlink(record: usize): void {
  const previous = load<u32>(record, PREVIOUS);
  const next = load<u32>(record, NEXT);
  if (previous !== 0) store<u32>(recordOf(previous), next, NEXT);
  if (next !== 0) store<u32>(recordOf(next), previous, PREVIOUS);
  if (previous !== 0 && next !== 0) return;
  const list = listOf(record);
  if (list === LIST_OPEN) {
    if (previous === 0) openHead = next;
    if (next === 0) openTail = previous;
  } else if (list === LIST_LINGER) {
    if (previous === 0) lingerHead = next;
    if (next === 0) lingerTail = previous;
  } else {
    if (previous === 0) conversationHead = next;
    if (next === 0) conversationTail = previous;
  }
}
