/*
 * The table of exchanges, as ExchangeTable (track/table.ts) has it, as far as rows are concerned to which nothing unusual has happened: they
 * are opened, found, and settled when their time is up. Whatever is not so is left to the tracker, which works on the same rows.
 */
import {
  HAS_EVICTED,
  HAS_TABLE,
  LIMIT,
  LIST_CLOSED,
  LIST_CONVERSATION,
  LIST_LINGER,
  LIST_LONE,
  LIST_OPEN,
  LOG,
  LOG_EVICTED,
  LOG_MOST,
  LOG_SETTLED,
  LOG_SHIFT,
  LOG_USED,
  MAX_LONE,
  NO_PROBE,
  PROBE_SYN,
  SIZE,
  TABLE,
  TABLE_CAPACITY,
  TABLE_COUNTS,
  TABLE_FREE,
  TABLE_HEADS,
  TABLE_INDEX,
  TABLE_KEYS,
  TABLE_REST,
  TABLE_ROWS,
  TABLE_SIZE,
  TABLE_SLOTS,
  TABLE_TAILS,
  TABLE_USED,
  TELLS,
  TIMEOUT,
  TRACKED,
  TRAIT_CHALLENGED,
  TRAIT_CLIENT_RESET,
  TRAIT_CLOSED_BY_FIN,
  TRAIT_DIGITS_SHIFT,
  TRAIT_HAS_REST,
  TRAIT_HIDDEN_ANSWER,
  TRAIT_INVALID_RESET,
  TRAIT_IPV6,
  TRAIT_PARTIAL,
  TRAIT_PROBE_SHIFT,
  TRAIT_QUIET,
  TRAIT_RESET,
  TRAIT_TIMED_OUT,
  TRAIT_UNSEEN_ANSWER,
  TRAIT_VERDICT,
  UNLISTED,
  VERDICT_SILENT,
  VERDICT_UNDECIDED,
  WITHOUT_TIME,
  WOKEN,
} from '../layout';
import { Exchange } from './exchange';
import { ExchangeRest } from './exchange-rest';
import {
  destination,
  destination1,
  destination2,
  destination3,
  isAmbiguous,
  isIpv6,
  ports,
  scope,
  source,
  source1,
  source2,
  source3,
} from './key';

const SLOT_SHIFT: usize = 3;

function control(word: usize): u32 {
  return load<u32>(TABLE + (word << 2));
}

function setControl(word: usize, value: u32): void {
  store<u32>(TABLE + (word << 2), value);
}

export function rowOf(entry: u32): Exchange {
  return Exchange.at(<usize>load<u32>(TABLE_ROWS), entry);
}

function slotAt(slot: u32): usize {
  return <usize>load<u32>(TABLE_INDEX) + ((<usize>slot) << SLOT_SHIFT);
}

/** Tells the tracker what was done to a row. There is room: see hasRoom(). */
export function log(entry: u32, what: u32): void {
  const used = load<u32>(LOG_USED);
  store<u32>(LOG + ((<usize>used) << 2), (entry << LOG_SHIFT) | what);
  store<u32>(LOG_USED, used + 1);
}

/** Whether the log takes so many entries more. */
function logTakes(entries: u32): bool {
  return load<u32>(LOG_USED) + entries <= <u32>LOG_MOST;
}

// --- finding ------------------------------------------------------------------------------------------------------------

/** The newest exchange on the ends at hand, in their scope, in either direction; 0 for none. */
export function findRow(hash: u32): u32 {
  const mask = load<u32>(TABLE_SLOTS) - 1;
  let slot = hash & mask;
  while (true) {
    const place = slotAt(slot);
    const entry = load<u32>(place, 4);
    if (entry === 0 || (load<u32>(place) === hash && isOnEnds(entry, rowOf(entry)))) return entry;
    slot = (slot + 1) & mask;
  }
}

/** Whether the index is so large that it is in no cache: 1 MiB. */
export function areManyRows(): bool {
  return load<u32>(TABLE_SLOTS) > 0x1ffff;
}

/** See ahead.ts: of the exchange that may be found by that hash alone. */
export function touchSlot(hash: u32): u32 {
  return load<u32>(slotAt(hash & (load<u32>(TABLE_SLOTS) - 1)), 4);
}

export function touchRow(hash: u32): u32 {
  const entry = touchSlot(hash);
  return entry === 0 ? 0 : rowOf(entry).ports;
}

/** See ahead.ts: where the table is full, of those that leave it for so many that come, which have places anywhere in the index. */
export function touchLeaving(coming: u32): u32 {
  if (control(TABLE_SIZE) + load<u32>(SIZE) + coming <= load<u32>(LIMIT)) return 0;
  let sum: u32 = 0;
  let entry = control(TABLE_HEADS + firstToLeave());
  for (let i: u32 = 0; i < coming && entry !== 0; i++) {
    const row = rowOf(entry);
    sum += touchSlot(row.hash);
    entry = row.listNext;
  }
  return sum;
}

/** What few exchanges have; of one that has it. */
export function restOf(entry: u32): ExchangeRest {
  return ExchangeRest.at(<usize>load<u32>(TABLE_REST), entry);
}

/** The same of one that may not have it yet. */
export function restForMore(entry: u32): ExchangeRest {
  const row = rowOf(entry);
  const rest = restOf(entry);
  if (!hasRest(row)) {
    ExchangeRest.clear(rest);
    row.traits |= TRAIT_HAS_REST;
    rest.path = row.scope;
    rest.answersLast = rest.answer = row.answersFirst;
    noteLast(row, rest);
  }
  return rest;
}

/** It was sent once: when it started. */
function noteLast(row: Exchange, rest: ExchangeRest): void {
  const isQuestion = ((row.traits >> TRAIT_PROBE_SHIFT) & 0xf) !== NO_PROBE;
  rest.lastSeconds = isQuestion ? row.startedSeconds : 0;
  rest.lastNanos = isQuestion ? row.startedNanos : 0;
}

/** The same once it is known when it started. */
export function noteStart(entry: u32, row: Exchange): void {
  if (hasRest(row)) noteLast(row, restOf(entry));
}

/** Its only answer. */
export function setAnswer(entry: u32, row: Exchange, answer: u32): void {
  row.answersFirst = answer;
  if (!hasRest(row)) return;
  const rest = restOf(entry);
  rest.answersLast = rest.answer = answer;
}

function hasRest(row: Exchange): bool {
  return (row.traits & TRAIT_HAS_REST) !== 0;
}

function isOnEnds(entry: u32, row: Exchange): bool {
  if (row.scope !== scope || ((row.traits & TRAIT_IPV6) !== 0) !== isIpv6) return false;
  if (row.ports === ports && isForward(entry, row)) return true;
  return row.ports === rotl<u32>(ports, 16) && isBackward(entry, row);
}

function isForward(entry: u32, row: Exchange): bool {
  if (row.client !== source || row.server !== destination) return false;
  if (!isIpv6) return true;
  const rest = restOf(entry);
  return (
    rest.clientMore === source1 &&
    rest.client2 === source2 &&
    rest.client3 === source3 &&
    rest.serverMore === destination1 &&
    rest.server2 === destination2 &&
    rest.server3 === destination3
  );
}

/** Whether the segment at hand is from the server of the row, and not from its client. */
export function isFromServer(entry: u32, row: Exchange): bool {
  return row.ports === rotl<u32>(ports, 16) && isBackward(entry, row) && !isAmbiguous();
}

function isBackward(entry: u32, row: Exchange): bool {
  if (row.client !== destination || row.server !== source) return false;
  if (!isIpv6) return true;
  const rest = restOf(entry);
  return (
    rest.clientMore === destination1 &&
    rest.client2 === destination2 &&
    rest.client3 === destination3 &&
    rest.serverMore === source1 &&
    rest.server2 === source2 &&
    rest.server3 === source3
  );
}

// --- rows that come and go ----------------------------------------------------------------------------------------------

/** Whether a row can be had now: otherwise the tracker has to see to that, or with WOKEN set, has to hear of the others first. */
export function hasRoom(): bool {
  if (!logTakes(2)) {
    store<u32>(WOKEN, 1);
    return false;
  }
  // The tracker makes the index larger.
  if ((control(TABLE_KEYS) + 1) * 2 > load<u32>(TABLE_SLOTS)) return false;
  if (control(TABLE_FREE) === 0 && control(TABLE_USED) > load<u32>(TABLE_CAPACITY)) return false;
  return control(TABLE_SIZE) + load<u32>(SIZE) < load<u32>(LIMIT) || evict();
}

/** A zeroed row for the ends at hand, of which nothing is known yet; after hasRoom(). */
export function insert(hash: u32, sourceIsClient: bool): u32 {
  let entry = control(TABLE_FREE);
  let row: Exchange;
  if (entry !== 0) {
    row = rowOf(entry);
    setControl(TABLE_FREE, row.listNext);
    Exchange.clear(row);
  } else {
    entry = control(TABLE_USED);
    setControl(TABLE_USED, entry + 1);
    row = rowOf(entry);
  }
  setControl(TABLE_SIZE, control(TABLE_SIZE) + 1);
  setControl(TABLE_KEYS, control(TABLE_KEYS) + 1);
  row.scope = scope;
  row.hash = hash;
  row.ports = sourceIsClient ? ports : rotl<u32>(ports, 16);
  row.client = sourceIsClient ? source : destination;
  row.server = sourceIsClient ? destination : source;
  if (isIpv6) setIpv6(entry, sourceIsClient);
  const mask = load<u32>(TABLE_SLOTS) - 1;
  let slot = hash & mask;
  while (load<u32>(slotAt(slot), 4) !== 0) slot = (slot + 1) & mask;
  store<u32>(slotAt(slot), hash);
  store<u32>(slotAt(slot), entry, 4);
  return entry;
}

function setIpv6(entry: u32, sourceIsClient: bool): void {
  const rest = restForMore(entry);
  rest.clientMore = sourceIsClient ? source1 : destination1;
  rest.client2 = sourceIsClient ? source2 : destination2;
  rest.client3 = sourceIsClient ? source3 : destination3;
  rest.serverMore = sourceIsClient ? destination1 : source1;
  rest.server2 = sourceIsClient ? destination2 : source2;
  rest.server3 = sourceIsClient ? destination3 : source3;
}

/** Takes the only exchange on its ends out of the index: Knuth 6.4, algorithm R. */
function leaveIndex(entry: u32, row: Exchange): void {
  const mask = load<u32>(TABLE_SLOTS) - 1;
  let gap = row.hash & mask;
  while (load<u32>(slotAt(gap), 4) !== entry) gap = (gap + 1) & mask;
  for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
    const place = slotAt(slot);
    if (load<u32>(place, 4) === 0) break;
    const home = load<u32>(place) & mask;
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    store<u64>(slotAt(gap), load<u64>(place));
    gap = slot;
  }
  store<u32>(slotAt(gap), 0, 4);
  setControl(TABLE_KEYS, control(TABLE_KEYS) - 1);
}

// --- lists in order of time ---------------------------------------------------------------------------------------------

/** Puts a row that is in no list at the end of one. */
export function append(entry: u32, row: Exchange, list: u32, deadline: f64): void {
  row.deadline = deadline;
  row.list = list;
  row.listNext = 0;
  const tail = control(TABLE_TAILS + list);
  row.listPrevious = <i32>tail;
  if (tail === 0) setControl(TABLE_HEADS + list, entry);
  else rowOf(tail).listNext = entry;
  setControl(TABLE_TAILS + list, entry);
  setControl(TABLE_COUNTS + list, control(TABLE_COUNTS + list) + 1);
}

/** Takes a row out of its list. */
export function unlink(row: Exchange): void {
  const list = row.list;
  const previous = <u32>row.listPrevious;
  const next = row.listNext;
  if (previous === 0) setControl(TABLE_HEADS + list, next);
  else rowOf(previous).listNext = next;
  if (next === 0) setControl(TABLE_TAILS + list, previous);
  else rowOf(next).listPrevious = <i32>previous;
  setControl(TABLE_COUNTS + list, control(TABLE_COUNTS + list) - 1);
  row.listPrevious = UNLISTED;
}

/** What makes the end of the time for an answer come out as something else than silence, or be told. */
const NOT_SILENT: u32 =
  TRAIT_CHALLENGED |
  TRAIT_INVALID_RESET |
  TRAIT_CLIENT_RESET |
  TRAIT_UNSEEN_ANSWER |
  TRAIT_HIDDEN_ANSWER |
  TRAIT_PARTIAL |
  TRAIT_QUIET;

/** After a retransmission a stack waits about twice as long for the next: as in track/expiry.ts. */
const BACKOFF_FACTOR: f64 = 2.5;

/**
 * Does what is due by now, as expireAll() in track/expiry.ts. False when that is not for the core to do: then the tracker goes on
 * where it has stopped.
 */
export function expireRows(now: f64): bool {
  if (load<u32>(HAS_TABLE) === 0) return true;
  while (true) {
    const entry = control(TABLE_HEADS + LIST_OPEN);
    if (entry === 0) break;
    const row = rowOf(entry);
    if (row.deadline > now) break;
    // Live that is told of, and mostly has been: time is told without frames, too.
    if (!isQuestion(row) || load<u32>(TELLS) !== 0) return false;
    const timeout = load<f64>(TIMEOUT);
    row.traits = (row.traits & ~TRAIT_VERDICT) | VERDICT_SILENT | TRAIT_TIMED_OUT;
    // One that was sent once is held for no longer than it lingers.
    if (hasRest(row)) {
      const rest = restOf(entry);
      rest.holdUntil = row.deadline - timeout + max<f64>(rest.lastGap * BACKOFF_FACTOR, timeout);
    }
    unlink(row);
    append(entry, row, LIST_LINGER, now + timeout);
  }
  while (true) {
    const entry = control(TABLE_HEADS + LIST_LINGER);
    if (entry === 0) break;
    const row = rowOf(entry);
    if (row.deadline > now) break;
    // It waits from when the first frame told the time: the tracker starts its timer.
    if (!hasTime(row)) return false;
    if ((row.traits & TRAIT_TIMED_OUT) !== 0 && hasRest(row) && now < restOf(entry).holdUntil) {
      unlink(row);
      append(entry, row, LIST_LINGER, now + load<f64>(TIMEOUT));
      continue;
    }
    if (!isSimple(entry, row) || !logTakes(1)) return false;
    settle(entry, row, LOG_SETTLED);
  }
  while (control(TABLE_COUNTS + LIST_LONE) > <u32>MAX_LONE) {
    const entry = control(TABLE_HEADS + LIST_LONE);
    const row = rowOf(entry);
    if (row.deadline > now) break;
    if (!isSimple(entry, row) || !logTakes(1)) return false;
    settle(entry, row, LOG_SETTLED);
  }
  return true;
}

/** A question that has waited so long for an answer that it comes out as silent. */
function isQuestion(row: Exchange): bool {
  return (row.traits & NOT_SILENT) === 0 && hasTime(row);
}

function hasTime(row: Exchange): bool {
  return ((row.traits >> TRAIT_DIGITS_SHIFT) & 0xf) !== <u32>WITHOUT_TIME;
}

/** A SYN that waits, alone on its ends and with nothing behind it but retransmissions without a list of frames. */
export function isFresh(entry: u32, row: Exchange): bool {
  if (row.list !== LIST_OPEN || row.listPrevious === UNLISTED || !isSimple(entry, row) || !isQuestion(row))
    return false;
  if (((row.traits >> TRAIT_PROBE_SHIFT) & 0xf) !== PROBE_SYN || (row.answersFirst | row.frameSecond) !== 0)
    return false;
  return !hasRest(row) || (restOf(entry).conversation | restOf(entry).framesLast) === 0;
}

/** The only attempt on its ends, a SYN or an answer to none; and no conversation that is kept for what comes late. */
function isSimple(entry: u32, row: Exchange): bool {
  const probe = (row.traits >> TRAIT_PROBE_SHIFT) & 0xf;
  if (probe !== PROBE_SYN && probe !== NO_PROBE) return false;
  if ((row.traits & (TRAIT_RESET | TRAIT_CLOSED_BY_FIN)) !== 0) return false;
  if (!hasRest(row)) return true;
  const rest = restOf(entry);
  return (rest.newer | rest.older | rest.waits) === 0;
}

/** Takes the row out. It stays as it is until the tracker has told of it. */
function settle(entry: u32, row: Exchange, how: u32): void {
  unlink(row);
  leaveIndex(entry, row);
  setControl(TABLE_SIZE, control(TABLE_SIZE) - 1);
  store<u32>(TRACKED, load<u32>(TRACKED) - 1);
  log(entry, how);
}

/** Makes room in a full table, as evictLeast() in track/expiry.ts. False when it is for the tracker to say what goes. */
function evict(): bool {
  if (load<u32>(SIZE) + control(TABLE_COUNTS + LIST_CONVERSATION) + control(TABLE_COUNTS + LIST_CLOSED) !== 0)
    return false;
  const list = firstToLeave();
  const entry = control(TABLE_HEADS + list);
  if (entry === 0) return false;
  const row = rowOf(entry);
  if (!isSimple(entry, row) || (list === LIST_OPEN && !isQuestion(row))) return false;
  if (list === LIST_OPEN) {
    row.traits = (row.traits & ~TRAIT_VERDICT) | VERDICT_UNDECIDED;
    store<u32>(HAS_EVICTED, 1);
  }
  settle(entry, row, list === LIST_OPEN ? LOG_EVICTED : LOG_SETTLED);
  return true;
}

/** The list whose oldest leaves first, where there are no conversations: what is decided already, then what is not. */
function firstToLeave(): u32 {
  if (control(TABLE_HEADS + LIST_LINGER) !== 0) return LIST_LINGER;
  return control(TABLE_HEADS + LIST_LONE) !== 0 ? LIST_LONE : LIST_OPEN;
}
