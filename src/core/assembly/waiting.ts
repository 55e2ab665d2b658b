/*
 * Which pairs of ports have an exchange that waits for an answer: see track/waiting-ports.ts. Where another thread keeps the
 * exchanges, this one remembers the SYNs that it has relayed, by the hash of their ends, until their answer has come by. The first SYN on
 * some ends stands where their hash says, and stands for all of them; each further one, with another ISN, stands where a hash of
 * both says, so that no number of attempts on one 4-tuple makes a chain.
 */
import { HASHED, WAITING, WAITING_STICKY, WAITS, WAITS_LENGTH, WAITS_MASK, WAITS_MOST, WAITS_SHIFT } from '../layout';
import { hashWords } from './keyed-hash';

let count: u32 = 0;

export function resetWaiting(): void {
  // What was let go is empty; memory that nobody has touched costs nothing as long as nobody does.
  if (count !== 0) memory.fill(WAITS, 0, WAITS_LENGTH);
  count = 0;
}

function cellOf(ports: u32): usize {
  const mixed = (ports >> 16) * 0x9e3779b1 + (ports & 0xffff) * 0x85ebca6b;
  return <usize>WAITING + ((<usize>(mixed >> 18)) << 1);
}

/** `ports`: source << 16 | destination. */
export function waits(ports: u32): u32 {
  return load<u16>(cellOf(ports));
}

function add(cell: usize): void {
  const value = <u32>load<u16>(cell);
  if (value < <u32>WAITING_STICKY) store<u16>(cell, <u16>(value + 1));
}

function drop(cell: usize): void {
  const value = <u32>load<u16>(cell);
  if (value > 0 && value < <u32>WAITING_STICKY) store<u16>(cell, <u16>(value - 1));
}

export function addWaiting(ports: u32): void {
  add(cellOf(ports));
  add(cellOf(rotl<u32>(ports, 16)));
}

export function dropWaiting(ports: u32): void {
  drop(cellOf(ports));
  drop(cellOf(rotl<u32>(ports, 16)));
}

/**
 * So many plain segments of who asked are relayed, which show that there was an answer: one does, if any. What the other end sends may
 * show which answer, however late, so all of it is.
 */
const MOST_RELAYED: u32 = 64;

/** What a slot has in its third word, which is 0 where it is empty. Of the first SYN: segments left to relay and one. */
const LEFT: u32 = 0x7f;
/** The first SYN has its answer, and stays for the further ones. */
const ANSWERED: u32 = 0x80;
/** Not the first SYN on its ends. */
const FURTHER: u32 = 0x100;
/** Of the first SYN: how many further ones there are, at most WAITS_MOST. */
const FURTHER_COUNT_SHIFT: u32 = 16;
const ONE_FURTHER: u32 = 1 << FURTHER_COUNT_SHIFT;

/** A SYN that is relayed. When there are too many, their ports are looked at for good. */
export function noteSyn(hash: u32, isn: u32, ports: u32): void {
  const first = firstOf(hash);
  const state = load<u32>(first, 8);
  if (state === 0) {
    if (!takeSlot(ports)) return;
    fill(first, hash, isn, MOST_RELAYED, ports);
    addWaiting(ports);
    return;
  }
  const isFirst = load<u32>(first, 4) === isn;
  if (isFirst && (state & ANSWERED) === 0) return;
  const place = isFirst ? first : furtherOf(hash, isn);
  if (!isFirst && load<u32>(place, 8) !== 0) return;
  const renewed = (state & ~LEFT) | MOST_RELAYED;
  store<u32>(first, isFirst ? renewed & ~ANSWERED : renewed, 8);
  if (isFirst || !takeSlot(ports)) return;
  store<u32>(first, renewed + ONE_FURTHER, 8);
  fill(place, hash, isn, FURTHER, ports);
}

function takeSlot(ports: u32): bool {
  if (count < <u32>WAITS_MOST) {
    count++;
    return true;
  }
  store<u16>(cellOf(ports), <u16>WAITING_STICKY);
  store<u16>(cellOf(rotl<u32>(ports, 16)), <u16>WAITING_STICKY);
  return false;
}

function fill(place: usize, hash: u32, isn: u32, state: u32, ports: u32): void {
  store<u32>(place, hash);
  store<u32>(place, isn, 4);
  store<u32>(place, state, 8);
  store<u32>(place, ports, 12);
}

/** The answer of a SYN. */
export function noteAnswer(hash: u32, isn: u32): void {
  const first = firstOf(hash);
  let state = load<u32>(first, 8);
  if (state === 0) return;
  if (load<u32>(first, 4) === isn) {
    state |= ANSWERED;
    store<u32>(first, state, 8);
  } else {
    if (state < ONE_FURTHER) return;
    const place = furtherOf(hash, isn);
    if (load<u32>(place, 8) === 0) return;
    state -= ONE_FURTHER;
    store<u32>(first, state, 8);
    forget(place);
  }
  if (state >= ONE_FURTHER || (state & ANSWERED) === 0) return;
  // It may have been moved.
  const last = firstOf(hash);
  dropWaiting(load<u32>(last, 12));
  forget(last);
}

/** Whether a plain segment is of ends that wait. The first SYN on them stands for all, so that many cost no more. */
export function isAwaited(hash: u32, ports: u32): bool {
  const place = firstOf(hash);
  const state = load<u32>(place, 8);
  if (state === 0) return false;
  if (load<u32>(place, 12) !== ports) return true;
  if ((state & LEFT) === 1) return false;
  store<u32>(place, state - 1, 8);
  return true;
}

function placeAt(slot: u32): usize {
  return <usize>WAITS + ((<usize>slot) << (<usize>WAITS_SHIFT));
}

/** The first SYN on ends of that hash, or an empty slot. */
function firstOf(hash: u32): usize {
  let slot = hash & <u32>WAITS_MASK;
  while (true) {
    const place = placeAt(slot);
    const state = load<u32>(place, 8);
    if (state === 0 || (load<u32>(place) === hash && (state & FURTHER) === 0)) return place;
    slot = (slot + 1) & <u32>WAITS_MASK;
  }
}

/** Where a further SYN stands, or is to stand: an empty slot then. */
function furtherOf(hash: u32, isn: u32): usize {
  let slot = hashOfBoth(hash, isn) & <u32>WAITS_MASK;
  while (true) {
    const place = placeAt(slot);
    const state = load<u32>(place, 8);
    if (state === 0 || (load<u32>(place) === hash && load<u32>(place, 4) === isn && (state & FURTHER) !== 0))
      return place;
    slot = (slot + 1) & <u32>WAITS_MASK;
  }
}

function hashOfBoth(hash: u32, isn: u32): u32 {
  store<u32>(HASHED, hash);
  store<u32>(HASHED, isn, 4);
  return hashWords(HASHED, 2);
}

/** Empties a slot and moves those behind it up (Knuth 6.4, algorithm R). */
function forget(gone: usize): void {
  count--;
  let gap = <u32>((gone - <usize>WAITS) >> <usize>WAITS_SHIFT);
  for (let slot = (gap + 1) & <u32>WAITS_MASK; ; slot = (slot + 1) & <u32>WAITS_MASK) {
    const place = placeAt(slot);
    const state = load<u32>(place, 8);
    if (state === 0) break;
    const hash = load<u32>(place);
    const home = ((state & FURTHER) !== 0 ? hashOfBoth(hash, load<u32>(place, 4)) : hash) & <u32>WAITS_MASK;
    if (((slot - home) & <u32>WAITS_MASK) < ((slot - gap) & <u32>WAITS_MASK)) continue;
    const to = placeAt(gap);
    store<u64>(to, load<u64>(place));
    store<u64>(to, load<u64>(place, 8), 8);
    gap = slot;
  }
  store<u32>(placeAt(gap), 0, 8);
}
