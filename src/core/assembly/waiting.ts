/*
 * Which pairs of ports have an exchange that waits for an answer: see track/waiting-ports.ts. Where another thread keeps the
 * exchanges, this one remembers the SYNs that it has relayed, by the hash of their ends, until their answer has come by.
 */
import { WAITING, WAITING_STICKY, WAITS, WAITS_LENGTH, WAITS_MASK, WAITS_MOST, WAITS_SHIFT } from '../layout';

let count: u32 = 0;

export function resetWaiting(): void {
  memory.fill(WAITS, 0, WAITS_LENGTH);
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

/** A SYN that is relayed. When there are too many, their ports are looked at for good. */
export function noteSyn(hash: u32, isn: u32, ports: u32): void {
  const place = placeOf(hash, isn);
  if (load<u32>(place, 8) !== 0) return;
  renew(hash);
  if (count >= <u32>WAITS_MOST) {
    store<u16>(cellOf(ports), <u16>WAITING_STICKY);
    store<u16>(cellOf(rotl<u32>(ports, 16)), <u16>WAITING_STICKY);
    return;
  }
  count++;
  store<u32>(place, hash);
  store<u32>(place, isn, 4);
  store<u32>(place, MOST_RELAYED, 8);
  store<u32>(place, ports, 12);
  addWaiting(ports);
}

/** The answer of a SYN. */
export function noteAnswer(hash: u32, isn: u32, ports: u32): void {
  const place = placeOf(hash, isn);
  if (load<u32>(place, 8) !== 0) forget(place, ports);
}

/**
 * So many plain segments of who asked are relayed, which show that there was an answer: one does, if any. What the other end sends may
 * show which answer, however late, so all of it is.
 */
const MOST_RELAYED: u32 = 64;

/** Whether a plain segment is of ends that wait. The first SYN on them stands for all, so that many cost no more. */
export function isAwaited(hash: u32, ports: u32): bool {
  const place = firstOf(hash);
  const left = load<u32>(place, 8);
  if (left === 0) return false;
  if (load<u32>(place, 12) !== ports) return true;
  if (left === 1) return false;
  store<u32>(place, left - 1, 8);
  return true;
}

/** Another SYN on the same ends. */
function renew(hash: u32): void {
  const place = firstOf(hash);
  if (load<u32>(place, 8) !== 0) store<u32>(place, MOST_RELAYED, 8);
}

/** The first SYN with that hash, or an empty slot. */
function firstOf(hash: u32): usize {
  let slot = hash & <u32>WAITS_MASK;
  while (true) {
    const place = <usize>WAITS + ((<usize>slot) << (<usize>WAITS_SHIFT));
    if (load<u32>(place, 8) === 0 || load<u32>(place) === hash) return place;
    slot = (slot + 1) & <u32>WAITS_MASK;
  }
}

/** Where the SYN stands, or is to stand: then with nothing left to relay. */
function placeOf(hash: u32, isn: u32): usize {
  let slot = hash & <u32>WAITS_MASK;
  while (true) {
    const place = <usize>WAITS + ((<usize>slot) << (<usize>WAITS_SHIFT));
    if (load<u32>(place, 8) === 0 || (load<u32>(place) === hash && load<u32>(place, 4) === isn)) return place;
    slot = (slot + 1) & <u32>WAITS_MASK;
  }
}

/** Empties a slot and moves those behind it up (Knuth 6.4, algorithm R). */
function forget(gone: usize, ports: u32): void {
  dropWaiting(ports);
  count--;
  let gap = <u32>((gone - <usize>WAITS) >> <usize>WAITS_SHIFT);
  for (let slot = (gap + 1) & <u32>WAITS_MASK; ; slot = (slot + 1) & <u32>WAITS_MASK) {
    const place = <usize>WAITS + ((<usize>slot) << (<usize>WAITS_SHIFT));
    if (load<u32>(place, 8) === 0) break;
    const home = load<u32>(place) & <u32>WAITS_MASK;
    if (((slot - home) & <u32>WAITS_MASK) < ((slot - gap) & <u32>WAITS_MASK)) continue;
    const to = <usize>WAITS + ((<usize>gap) << (<usize>WAITS_SHIFT));
    store<u64>(to, load<u64>(place));
    store<u64>(to, load<u64>(place, 8), 8);
    gap = slot;
  }
  store<u32>(<usize>WAITS + ((<usize>gap) << (<usize>WAITS_SHIFT)), 0, 8);
}
