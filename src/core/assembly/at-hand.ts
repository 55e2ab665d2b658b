/*
 * The segment at hand, where it is and when it was: those who enter it somewhere look here.
 */
/** Of its IP header and of its TCP header. */
export let at: usize = 0;
export let transport: usize = 0;
export let headerLength: u32 = 0;
export let isIpv6: bool = false;
/** How it came in: WAYS in ../layout. */
export let way: u32 = 0;
export let seconds: u32 = 0;
export let nanos: u32 = 0;
export let digits: u32 = 0;
export let frame: u32 = 0;

/** The frame that is walked over. */
export function setFrame(number: u32, inSeconds: u32, inNanos: u32, inDigits: u32): void {
  frame = number;
  seconds = inSeconds;
  nanos = inNanos;
  digits = inDigits;
}

/** The segment that was found in it. */
export function setSegment(network: usize, tcp: usize, length: u32, ipv6: bool, cameIn: u32): void {
  at = network;
  transport = tcp;
  headerLength = length;
  isIpv6 = ipv6;
  way = cameIn;
}

/** SYN, FIN, RST, ACK and the others, AE to FIN. */
export function flagsOf(): u32 {
  return ((<u32>load<u8>(transport, 12) & 1) << 8) | <u32>load<u8>(transport, 13);
}

export function reservedBits(): u32 {
  return (<u32>load<u8>(transport, 12) >> 1) & 7;
}

export function sequence(): u32 {
  return bswap<u32>(load<u32>(transport, 4));
}

export function acknowledgment(): u32 {
  return bswap<u32>(load<u32>(transport, 8));
}

/** window << 16 | urgent pointer */
export function windowAndUrgent(): u32 {
  return ((<u32>bswap<u16>(load<u16>(transport, 14))) << 16) | <u32>bswap<u16>(load<u16>(transport, 18));
}

export function timeToLive(): u32 {
  return <u32>load<u8>(at + (isIpv6 ? 7 : 8));
}

/** -1 for IPv6. */
export function identification(): i32 {
  return isIpv6 ? -1 : <i32>bswap<u16>(load<u16>(at, 4));
}

export function dontFragment(): bool {
  return !isIpv6 && (load<u8>(at, 6) & 0x40) !== 0;
}
