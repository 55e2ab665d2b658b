/*
 * The same decision as triage() in prefilter/triage.ts, and beyond it: segments that the ledger can keep need not be decoded
 * either. Reads the plainest headers only; the diagrams stand beside the decoders in wire.
 */
import {
  HAS_LEDGER,
  LINK_COOKED,
  LINK_COOKED_2,
  LINK_ETHERNET,
  LINK_IP,
  LINK_NULL,
  LINK_OTHER,
  NO_SCOPE,
  RELAYS,
  TOTAL_SEGMENTS,
  TUNNEL_PORTS,
  UNKNOWN_VLAN,
  VLAN_SCOPES,
  WAITING_STICKY,
  WAY_LINK_SHIFT,
} from '../layout';
import { setSegment } from './at-hand';
import { concernsRelayed, concernsWaiting, noteRelayed, segment } from './ordinary';
import { takeZero } from './port-zero';
import { waits } from './waiting';

const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
const FIN_SYN_RST: u32 = 0x07;
/** Bytes of the frame that passes() looked at last up to the end of TCP's fixed header; 0 where it has no use for them. */
export let headersLength: u32 = 0;

/** 2001:0::/32, as a little-endian load gives it. */
const TEREDO: u32 = 0x00000120;
/** Stands for a VLAN in a VLAN. */
const NESTED: u32 = 0xffff;

function load16(at: usize, offset: usize = 0): u32 {
  return <u32>bswap<u16>(load<u16>(at + offset));
}

/**
 * True when nobody needs to see the frame [start, start + captured), of which setFrame() has told the rest: it has been counted, and entered in the ledger where it
 * belongs there.
 */
export function passes(start: usize, captured: u32, link: u32, fcs: u32): bool {
  headersLength = 0;
  if (captured < fcs) return false;
  const end = start + captured - fcs;
  let at = start;
  let type: u32 = 0;
  switch (link) {
    case LINK_ETHERNET:
      if (at + 14 > end) return false;
      type = load16(at, 12);
      at += 14;
      break;
    case LINK_COOKED:
      if (at + 16 > end || !hasEtherType(load16(at, 2))) return false;
      type = load16(at, 14);
      at += 16;
      break;
    case LINK_COOKED_2:
      if (at + 20 > end || !hasEtherType(load16(at, 8))) return false;
      type = load16(at);
      at += 20;
      break;
    case LINK_NULL: {
      if (at + 5 > end) return false;
      const first = <u32>load<u8>(at);
      const last = <u32>load<u8>(at, 3);
      if ((first !== 0 && last !== 0) || load<u16>(at, 1) !== 0) return false;
      const family = first | last;
      if (family === 2) type = IPV4;
      else if (family === 10 || family === 24 || family === 28 || family === 30) type = IPV6;
      else return false;
      at += 4;
      break;
    }
    case LINK_IP:
      if (at + 1 > end) return false;
      type = load<u8>(at) >> 4 === 4 ? IPV4 : IPV6;
      break;
    default:
      return false;
  }
  let vlan: u32 = 0;
  let tags: u32 = 0;
  for (; tags < 2 && (type === 0x8100 || type === 0x88a8 || type === 0x9100); tags++) {
    if (at + 4 > end) return false;
    const id = load16(at) & 0x0fff;
    // Id 0 is a priority tag. Of nested tags only the decoder knows the scope.
    if (id !== 0) vlan = vlan === 0 ? id : NESTED;
    type = load16(at, 2);
    at += 4;
  }

  let protocol: u32;
  let transport: usize;
  let dataEnd: usize;
  if (type === IPV4) {
    if (at + 20 > end) return false;
    const first = <u32>load<u8>(at);
    const headerLength = (first & 0x0f) << 2;
    // Not version 4, an impossible header, more fragments or an offset.
    if (first >> 4 !== 4 || headerLength < 20 || (load<u16>(at, 6) & 0xff3f) !== 0) return false;
    protocol = load<u8>(at, 9);
    transport = at + headerLength;
    dataEnd = at + load16(at, 2);
  } else if (type === IPV6) {
    if (at + 40 > end || load<u8>(at) >> 4 !== 6) return false;
    protocol = load<u8>(at, 6);
    transport = at + 40;
    dataEnd = transport + load16(at, 4);
  } else return false;

  if (protocol === 6) {
    if (transport + 20 > end) return false;
    const high = <u32>load<u8>(transport, 12);
    const headerLength = (high >> 4) << 2;
    if (headerLength < 20 || transport + headerLength > dataEnd) return false;
    if (load<u16>(transport) === 0 || load<u16>(transport, 2) === 0) {
      if (vlan === NESTED || transport + headerLength !== dataEnd || dataEnd > end) return false;
      const scope = vlan === 0 ? 0 : scopeOf(vlan);
      if (scope === NO_SCOPE) return false;
      setSegment(at, transport, headerLength, type === IPV6, wayOf(link, tags, type));
      if (!takeZero(scope)) return false;
      store<f64>(TOTAL_SEGMENTS, load<f64>(TOTAL_SEGMENTS) + 1);
      return true;
    }
    const low = <u32>load<u8>(transport, 13);
    if ((low & FIN_SYN_RST) !== 0) {
      headersLength = <u32>(transport + 20 - start);
      if (load<u32>(HAS_LEDGER) === 0) {
        if (load<u32>(RELAYS) !== 0) noteRelayed(at, transport, type === IPV6, low);
        return false;
      }
      if (vlan === NESTED) return false;
      const scope = vlan === 0 ? 0 : scopeOf(vlan);
      if (scope === NO_SCOPE) return false;
      const flags = ((high & 1) << 8) | low;
      const payloadLength = <i32>(dataEnd - transport - headerLength);
      setSegment(at, transport, headerLength, type === IPV6, wayOf(link, tags, type));
      if (!segment(at, transport, type === IPV6, flags, payloadLength, scope)) return false;
    } else {
      const waiting = waits(bswap<u32>(load<u32>(transport)));
      if (waiting !== 0 && isAwaited(at, transport, type === IPV6, vlan, waiting)) {
        headersLength = <u32>(transport + 20 - start);
        return false;
      }
    }
    store<f64>(TOTAL_SEGMENTS, load<f64>(TOTAL_SEGMENTS) + 1);
    return true;
  }
  if (protocol === 17) {
    if (transport + 8 > end) return false;
    const source = load16(transport);
    const destination = load16(transport, 2);
    if (source === 0 || destination === 0 || isTunnel(source) || isTunnel(destination)) return false;
    const length = load16(transport, 4);
    if (type === IPV4 && mayBeTeredo(transport + 8, end, transport + length)) return false;
    return length >= 8 && transport + length <= dataEnd;
  }
  return false;
}

/** Whether somebody has to see a segment without SYN, FIN and RST between ports that wait. */
function isAwaited(at: usize, transport: usize, ipv6: bool, vlan: u32, waiting: u32): bool {
  if (load<u32>(HAS_LEDGER) === 0)
    return load<u32>(RELAYS) === 0 || waiting === <u32>WAITING_STICKY || concernsRelayed(at, transport, ipv6);
  if (vlan === NESTED) return true;
  const scope = vlan === 0 ? 0 : scopeOf(vlan);
  return scope === NO_SCOPE || concernsWaiting(at, transport, ipv6, scope);
}

function wayOf(link: u32, tags: u32, type: u32): u32 {
  return (link << WAY_LINK_SHIFT) | (tags << 1) | (type === IPV6 ? 1 : 0);
}

function scopeOf(vlan: u32): u32 {
  const scope = load<u32>(VLAN_SCOPES + (vlan << 2));
  if (scope === NO_SCOPE) store<u32>(UNKNOWN_VLAN, vlan);
  return scope;
}

function isTunnel(port: u32): bool {
  return ((load<u32>(TUNNEL_PORTS + ((port >> 5) << 2)) >> (port & 31)) & 1) !== 0;
}

/** As mayBeTeredo() in decode/tunnel/teredo.ts: IPv6 from or to 2001:0::/32. The bit of port 0 says whether that is looked for. */
function mayBeTeredo(at: usize, end: usize, limit: usize): bool {
  if (at >= end || load<u8>(at) >> 4 !== 6 || at + 40 > limit || (load<u32>(TUNNEL_PORTS) & 1) === 0) return false;
  return at + 40 > end || load<u32>(at, 8) === TEREDO || load<u32>(at, 24) === TEREDO;
}

/** LINK_ of a LINKTYPE_ value (decode/link/linktypes.ts). */
export function linkOf(type: u32): u32 {
  switch (type) {
    case 1:
      return LINK_ETHERNET;
    case 113:
      return LINK_COOKED;
    case 276:
      return LINK_COOKED_2;
    case 0:
    case 108:
      return LINK_NULL;
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return LINK_IP;
    default:
      return LINK_OTHER;
  }
}

/** ARPHRD_ types of cooked captures that are sure to say by an EtherType what follows. */
function hasEtherType(arphrd: u32): bool {
  return arphrd === 1 || arphrd === 772 || arphrd === 65534 || arphrd === 512;
}
