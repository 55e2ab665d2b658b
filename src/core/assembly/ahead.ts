/*
 * A large index lies in no cache, and each look into it waits for memory. Waiting for many at once takes little longer than for one: so of the
 * frames that come next the ends are hashed and their places touched together, before any of them is dealt with.
 */
import { AHEAD, AHEAD_MOST, AHEAD_SHIFT, AHEAD_TOUCHED, LINK_ETHERNET } from '../layout';
import { hashIpv4 } from './key';
import { isLarge, touch } from './ordinary';
import { areManyRows, touchLeaving, touchRow, touchSlot } from './rows';

/** So many records are looked at for that. */
const MOST_LOOKED_AT: u32 = 32;
/** Where few of them have a place, so many segments are dealt with before it is tried again. */
const FEW: u32 = 6;
const PAUSE: u32 = 64;

let known: u32 = 0;
let next: u32 = 0;
let pause: u32 = 0;
/** Whether it would be of use now. */
export let isWanted: bool = false;

/** The frames lie elsewhere now. */
export function forgetAhead(): void {
  known = next = 0;
  isWanted = false;
}

/** The hash of the ends of the segment whose IP header is there; 0 where it was not looked at. */
export function hashAhead(at: usize): u32 {
  while (next < known) {
    const pair: usize = AHEAD + ((<usize>next) << AHEAD_SHIFT);
    const address = <usize>load<u32>(pair);
    if (address > at) return 0;
    next++;
    if (address === at) return load<u32>(pair, 4);
  }
  if (pause !== 0) pause--;
  else isWanted = areManyRows() || isLarge();
  return 0;
}

/** Records of classic pcap from `at` on. */
export function lookAhead(at: usize, end: usize, headerLength: usize, little: bool, link: u32): void {
  known = next = 0;
  isWanted = false;
  if (link !== LINK_ETHERNET) {
    pause = PAUSE;
    return;
  }
  for (let i: u32 = 0; i < MOST_LOOKED_AT && known < <u32>AHEAD_MOST && at + headerLength + 54 <= end; i++) {
    const word = load<u32>(at, 8);
    const captured = little ? word : bswap<u32>(word);
    note(at + headerLength, captured);
    at += headerLength + captured;
    if (captured > <u32>0xffff) break;
  }
  touchAll();
}

/** The plainest of segments that open, answer or end something: others are dealt with without. */
function note(frame: usize, captured: u32): void {
  if (captured < 54 || load<u16>(frame, 12) !== 0x0008 || load<u8>(frame, 14) !== 0x45 || load<u8>(frame, 23) !== 6)
    return;
  const ports = bswap<u32>(load<u32>(frame, 34));
  if ((load<u8>(frame, 47) & 7) === 0 && ports >> 16 !== 0 && (ports & 0xffff) !== 0) return;
  const pair: usize = AHEAD + ((<usize>known) << AHEAD_SHIFT);
  store<u32>(pair, <u32>(frame + 14));
  store<u32>(pair, hashIpv4(bswap<u32>(load<u32>(frame, 26)), bswap<u32>(load<u32>(frame, 30)), ports), 4);
  known++;
}

function touchAll(): void {
  if (known < FEW) pause = PAUSE;
  let sum: u32 = 0;
  if (areManyRows()) {
    for (let i: u32 = 0; i < known; i++) sum += touchSlot(load<u32>(AHEAD + ((<usize>i) << AHEAD_SHIFT), 4));
    for (let i: u32 = 0; i < known; i++) sum += touchRow(load<u32>(AHEAD + ((<usize>i) << AHEAD_SHIFT), 4));
    sum += touchLeaving(known);
  }
  if (isLarge()) for (let i: u32 = 0; i < known; i++) sum += touch(load<u32>(AHEAD + ((<usize>i) << AHEAD_SHIFT), 4));
  store<u32>(AHEAD_TOUCHED, sum);
}
