/*
 * Passes over records of a capture, up to the first that somebody has to see. What is odd about a record is left to the
 * readers in capture/, which know what to say of it: pcap.ts, pcapng.ts.
 */
import {
  FIRST_DIGITS,
  FIRST_NANOS,
  FIRST_SECONDS,
  FRAME,
  INTERFACE_DIGITS,
  INTERFACE_FCS,
  INTERFACE_INDEX,
  INTERFACE_LENGTH,
  INTERFACE_LIMIT,
  INTERFACE_LINK,
  INTERFACE_OFFSET,
  INTERFACE_TICK,
  INTERFACE_TYPE,
  INTERFACE_UNIT,
  INTERFACES,
  LAST_DIGITS,
  LAST_NANOS,
  LAST_SECONDS,
  PASSED_NANOS,
  PASSED_SECONDS,
  PCAP_HEADER,
  PCAP_LITTLE,
  PCAP_NANO,
  PCAPNG_INTERFACES,
  PCAPNG_LITTLE,
  PCAPNG_MOST,
  RELAY,
  RELAY_FULL,
  RELAY_LENGTH,
  RELAY_USED,
  RELAYED_CAPTURED,
  RELAYED_DIGITS,
  RELAYED_FCS,
  RELAYED_HEADER,
  RELAYED_INTERFACE,
  RELAYED_LINK_TYPE,
  RELAYED_LONG,
  RELAYED_NANOS,
  RELAYED_NUMBER,
  RELAYED_SECONDS,
  RELAYED_WIRE,
  RELAYS,
  TOTAL_BYTES,
  TOTAL_FRAMES,
  TRIMS,
  WITHOUT_TIME,
} from '../layout';
import { forgetAhead, isWanted, lookAhead } from './ahead';
import { setFrame } from './at-hand';
import { headersLength, linkOf, passes } from './triage';

function load32(at: usize, offset: usize, little: bool): u32 {
  const word = load<u32>(at + offset);
  return little ? word : bswap<u32>(word);
}

/** Classic pcap. Returns the address of the first record in [start, end) that it did not pass over, or where that would be. */
export function skipPcap(start: usize, end: usize): usize {
  const little = load<u32>(PCAP_LITTLE) !== 0;
  const nano = load<u32>(PCAP_NANO) !== 0;
  const headerLength: usize = load<u32>(PCAP_HEADER);
  const limit = load<u32>(INTERFACES + INTERFACE_LIMIT);
  const link = load<u32>(INTERFACES + INTERFACE_LINK);
  const fcs = load<u32>(INTERFACES + INTERFACE_FCS);
  const digits = load<u32>(INTERFACES + INTERFACE_DIGITS);
  let frame = load<u32>(FRAME) + 1;
  let at = start;
  let passedSeconds: u32 = 0;
  let passedNanos: u32 = 0;
  forgetAhead();
  for (; at + headerLength <= end; frame++) {
    const captured = load32(at, 8, little);
    const next = at + headerLength + captured;
    if (captured > limit || next > end) break;
    const fraction = load32(at, 4, little);
    // A fraction of a second or more is for the reader to add up.
    if (fraction >= (nano ? 1_000_000_000 : 1_000_000)) break;
    const seconds = load32(at, 0, little);
    const nanos = nano ? fraction : fraction * 1000;
    setFrame(frame, seconds, nanos, digits);
    if (!passes(at + headerLength, captured, link, fcs)) {
      const wire = load32(at, 12, little);
      if (!relay(at + headerLength, captured, wire, seconds, nanos, frame, INTERFACES)) break;
    }
    count(frame, captured, seconds, nanos, INTERFACES);
    passedSeconds = seconds;
    passedNanos = nanos;
    at = next;
    if (isWanted) lookAhead(at, end, headerLength, little, link);
  }
  if (at > start) {
    store<u32>(PASSED_SECONDS, passedSeconds);
    store<u32>(PASSED_NANOS, passedNanos);
  }
  return at;
}

const ENHANCED_PACKET: u32 = 6;
/** Fixed fields and both lengths. */
const FIXED: u32 = 32;

/** The same of pcapng. */
export function skipPcapng(start: usize, end: usize): usize {
  const little = load<u32>(PCAPNG_LITTLE) !== 0;
  const most = load<u32>(PCAPNG_MOST);
  const interfaces = load<u32>(PCAPNG_INTERFACES);
  let frame = load<u32>(FRAME) + 1;
  let at = start;
  for (; at + FIXED <= end; frame++) {
    const length = load32(at, 4, little);
    if (load32(at, 0, little) !== ENHANCED_PACKET || length < FIXED || length > most || (length & 3) !== 0) break;
    const next = at + length;
    if (next > end || load32(next, -4, little) !== length) break;
    const id = load32(at, 8, little);
    if (id >= interfaces) break;
    const onInterface: usize = INTERFACES + id * INTERFACE_LENGTH;
    const captured = load32(at, 20, little);
    const room = length - FIXED;
    // Room for more than padding: options, which may tell of losses.
    if (captured > room || room - captured >= 4 || captured > load<u32>(onInterface, INTERFACE_LIMIT)) break;
    const unit = load<u64>(onInterface, INTERFACE_UNIT);
    if (unit === 0) break;
    const ticks = ((<u64>load32(at, 12, little)) << 32) | load32(at, 16, little);
    const whole = ticks / unit;
    // The reader has these as doubles.
    if (whole > (<u64>1) << 52) break;
    const time = whole + load<u64>(onInterface, INTERFACE_OFFSET);
    if (time > 0xffffffff) break;
    const seconds = <u32>time;
    const nanos = <u32>((ticks - whole * unit) * load<u64>(onInterface, INTERFACE_TICK));
    const link = load<u32>(onInterface, INTERFACE_LINK);
    const fcs = load<u32>(onInterface, INTERFACE_FCS);
    const digits = load<u32>(onInterface, INTERFACE_DIGITS);
    setFrame(frame, seconds, nanos, digits);
    if (!passes(at + 28, captured, link, fcs)) {
      const wire = load32(at, 24, little);
      if (!relay(at + 28, captured, wire, seconds, nanos, frame, onInterface)) break;
    }
    count(frame, captured, seconds, nanos, onInterface);
    store<u32>(PASSED_SECONDS, seconds);
    store<u32>(PASSED_NANOS, nanos);
    at = next;
  }
  return at;
}

/** Frames that another thread has relayed. They are counted already. */
export function skipRelayed(start: usize, end: usize): usize {
  let at = start;
  while (at < end) {
    const captured = <u32>load<u16>(at, RELAYED_CAPTURED);
    // A direction stands above the digits: what it says of checksums is not known here.
    if (captured === RELAYED_LONG || load<u8>(at, RELAYED_DIGITS) >= <u8>WITHOUT_TIME) break;
    setFrame(
      load<u32>(at, RELAYED_NUMBER),
      load<u32>(at, RELAYED_SECONDS),
      load<u32>(at, RELAYED_NANOS),
      load<u8>(at, RELAYED_DIGITS),
    );
    const link = linkOf(load<u16>(at, RELAYED_LINK_TYPE));
    if (!passes(at + RELAYED_HEADER, captured, link, load<u8>(at, RELAYED_FCS))) break;
    at += RELAYED_HEADER + ((captured + 7) & ~7);
  }
  return at;
}

/** Puts a frame into the relay block. False when it is not to be, or when there is no room: then RELAY_FULL is set. */
function relay(start: usize, captured: u32, wire: u32, seconds: u32, nanos: u32, frame: u32, onInterface: usize): bool {
  if (load<u32>(RELAYS) === 0) return false;
  let length = captured;
  let fcs = load<u32>(onInterface, INTERFACE_FCS);
  if (headersLength !== 0 && load<u32>(TRIMS) !== 0) {
    length = headersLength;
    fcs = 0;
  }
  if (length >= <u32>RELAYED_LONG) return false;
  const used = load<u32>(RELAY_USED);
  const next = used + RELAYED_HEADER + ((length + 7) & ~7);
  if (next > <u32>RELAY_LENGTH) {
    store<u32>(RELAY_FULL, 1);
    return false;
  }
  const to: usize = RELAY + used;
  store<u32>(to, frame, RELAYED_NUMBER);
  store<u32>(to, seconds, RELAYED_SECONDS);
  store<u32>(to, nanos, RELAYED_NANOS);
  store<u32>(to, wire, RELAYED_WIRE);
  store<u16>(to, <u16>length, RELAYED_CAPTURED);
  store<u16>(to, load<u16>(onInterface, INTERFACE_INDEX), RELAYED_INTERFACE);
  store<u16>(to, load<u16>(onInterface, INTERFACE_TYPE), RELAYED_LINK_TYPE);
  store<u8>(to, load<u8>(onInterface, INTERFACE_DIGITS), RELAYED_DIGITS);
  store<u8>(to, <u8>fcs, RELAYED_FCS);
  // Eight bytes at a time, and a few of what lies behind: there is room, and nobody looks at them.
  for (let i: u32 = 0; i < length; i += 8) store<u64>(to + RELAYED_HEADER + i, load<u64>(start + i));
  store<u32>(RELAY_USED, next);
  return true;
}

/** As Prefilter.admits() counts. */
function count(frame: u32, captured: u32, seconds: u32, nanos: u32, onInterface: usize): void {
  store<u32>(FRAME, frame);
  store<f64>(TOTAL_FRAMES, <f64>frame);
  store<f64>(TOTAL_BYTES, load<f64>(TOTAL_BYTES) + <f64>captured);
  const s = <f64>seconds;
  const n = <f64>nanos;
  const lastSeconds = load<f64>(LAST_SECONDS);
  if (s > lastSeconds || (s === lastSeconds && n > load<f64>(LAST_NANOS))) {
    store<f64>(LAST_SECONDS, s);
    store<f64>(LAST_NANOS, n);
    store<f64>(LAST_DIGITS, <f64>load<u32>(onInterface, INTERFACE_DIGITS));
  }
  const firstSeconds = load<f64>(FIRST_SECONDS);
  if (s < firstSeconds || (s === firstSeconds && n < load<f64>(FIRST_NANOS))) {
    store<f64>(FIRST_SECONDS, s);
    store<f64>(FIRST_NANOS, n);
    store<f64>(FIRST_DIGITS, <f64>load<u32>(onInterface, INTERFACE_DIGITS));
  }
}
