/*
 * The ends of the segment at hand, as FlowKey (track/flow-key.ts) has them.
 */
import { HASHED, KEY_DESTINATION, KEY_HASH, KEY_IPV6, KEY_PORTS, KEY_SOURCE } from '../layout';
import { hashAhead } from './ahead';
import { hashWords } from './keyed-hash';

export let source: u32 = 0;
export let source1: u32 = 0;
export let source2: u32 = 0;
export let source3: u32 = 0;
export let destination: u32 = 0;
export let destination1: u32 = 0;
export let destination2: u32 = 0;
export let destination3: u32 = 0;
export let ports: u32 = 0;
export let scope: u32 = 0;
export let isIpv6: bool = false;
/** Of all but the scope. */
export let hash: u32 = 0;

export function readKey(at: usize, transport: usize, ipv6: bool, inScope: u32): void {
  isIpv6 = ipv6;
  scope = inScope;
  ports = bswap<u32>(load<u32>(transport));
  if (ipv6) {
    source = bswap<u32>(load<u32>(at, 8));
    source1 = bswap<u32>(load<u32>(at, 12));
    source2 = bswap<u32>(load<u32>(at, 16));
    source3 = bswap<u32>(load<u32>(at, 20));
    destination = bswap<u32>(load<u32>(at, 24));
    destination1 = bswap<u32>(load<u32>(at, 28));
    destination2 = bswap<u32>(load<u32>(at, 32));
    destination3 = bswap<u32>(load<u32>(at, 36));
  } else {
    source = bswap<u32>(load<u32>(at, 12));
    destination = bswap<u32>(load<u32>(at, 16));
    source1 = source2 = source3 = 0;
    destination1 = destination2 = destination3 = 0;
  }
  const known = hashAhead(at);
  hash = known !== 0 ? known : ipv6 ? hashIpv6() : hashIpv4(source, destination, ports);
}

/** The ends of FlowKey (track/table.ts): the filter is filled by it. The lower end comes first, so that both directions are one. */
export function hashIpv4(from: u32, to: u32, between: u32): u32 {
  const isLower = from !== to ? from < to : between >> 16 < (between & 0xffff);
  store<u32>(HASHED, isLower ? from : to);
  store<u32>(HASHED, isLower ? to : from, 4);
  store<u32>(HASHED, isLower ? between : rotl<u32>(between, 16), 8);
  return hashWords(HASHED, 3);
}

function hashIpv6(): u32 {
  const isLower = isSourceLower();
  const low = isLower ? HASHED : HASHED + 16;
  const high = isLower ? HASHED + 16 : HASHED;
  store<u32>(low, source);
  store<u32>(low, source1, 4);
  store<u32>(low, source2, 8);
  store<u32>(low, source3, 12);
  store<u32>(high, destination);
  store<u32>(high, destination1, 4);
  store<u32>(high, destination2, 8);
  store<u32>(high, destination3, 12);
  store<u32>(HASHED, isLower ? ports : rotl<u32>(ports, 16), 32);
  return hashWords(HASHED, 9);
}

function isSourceLower(): bool {
  if (source !== destination) return source < destination;
  if (source1 !== destination1) return source1 < destination1;
  if (source2 !== destination2) return source2 < destination2;
  if (source3 !== destination3) return source3 < destination3;
  return ports >> 16 < (ports & 0xffff);
}

/** Both ends are the same: the direction does not tell. */
export function isAmbiguous(): bool {
  return (
    ports >> 16 === (ports & 0xffff) &&
    source === destination &&
    source1 === destination1 &&
    source2 === destination2 &&
    source3 === destination3
  );
}

/** The ends in KEY_. */
export function takeKey(): void {
  source = load<u32>(KEY_SOURCE);
  source1 = load<u32>(KEY_SOURCE, 4);
  source2 = load<u32>(KEY_SOURCE, 8);
  source3 = load<u32>(KEY_SOURCE, 12);
  destination = load<u32>(KEY_DESTINATION);
  destination1 = load<u32>(KEY_DESTINATION, 4);
  destination2 = load<u32>(KEY_DESTINATION, 8);
  destination3 = load<u32>(KEY_DESTINATION, 12);
  ports = load<u32>(KEY_PORTS);
  isIpv6 = load<u32>(KEY_IPV6) !== 0;
  hash = load<u32>(KEY_HASH);
}

/** Of all of it. */
export function scopedHash(): u32 {
  if (scope === 0) return hash;
  store<u32>(HASHED, hash);
  store<u32>(HASHED, scope, 4);
  return hashWords(HASHED, 2);
}
