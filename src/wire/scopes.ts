import { formatAddress } from './address.ts';
import type { PacketRecord } from './packet.ts';

/** Kinds of what a flow can live in: Walk.within() and Walk.along(). */
export const SCOPE_VLAN = 1;
export const SCOPE_MPLS = 2;
export const SCOPE_VXLAN = 3;
export const SCOPE_GENEVE = 4;
export const SCOPE_GRE = 5;
export const SCOPE_GTP = 6;
export const SCOPE_L2TP = 7;
export const SCOPE_PPTP = 8;
export const SCOPE_ERSPAN = 9;
export const SCOPE_PPPOE = 10;
export const SCOPE_PBB = 11;
export const SCOPE_FRAME_RELAY = 12;
/** Tunnels without a number of their own: the id is a hash of the outer addresses, see ScopeTable.tunnel(). */
const SCOPE_TUNNEL = 13;
export const SCOPE_LISP = 14;
export const SCOPE_EOIP = 15;

const WORDS = [
  '',
  'vlan',
  'mpls',
  'vxlan',
  'geneve',
  'gre',
  'gtp',
  'l2tp',
  'pptp',
  'erspan',
  'pppoe',
  'pbb',
  'frame-relay',
  'tunnel',
  'lisp',
  'eoip',
];

const MOST_SCOPES = 1 << 16;
const BUCKETS = 1 << 17;
/** Set in the numbers given out when the table is full: told apart by hash, but without a name. */
const UNNAMED = 0x40000000;

/**
 * Gives numbers to nestings such as "vlan 5 > vxlan 42". A scope is a parent scope, a kind and an id; 0 is the outside.
 *
 * Two numbers are kept for a packet. Its `scope` holds only what is the same in both directions (VLAN, VXLAN and Geneve
 * network, GRE key, PPPoE session, …), so that an answer has the scope of its question. Its `path` also holds what each
 * direction has of its own (MPLS labels are assigned by the downstream router, GTP endpoints by the receiver, RFC 3031
 * §2.2, 3GPP TS 29.281 §5.1), and the ends of tunnels without a number, whose answers may even come back outside of
 * the tunnel (direct server return, 6to4 relays): two segments of one direction in different paths are different
 * exchanges, but an answer is not held to its question's path.
 *
 * The table is bounded: hostile labels cannot make it grow without end.
 */
export class ScopeTable {
  private parents = new Uint32Array(64);
  private kinds = new Uint8Array(64);
  private ids = new Uint32Array(64);
  private size = 1;
  /** Open addressing: scope numbers, 0 for a free bucket. Made at the first scope: most captures have none. */
  private buckets: Uint32Array | null = null;
  /** So that nobody can prepare numbers that all fall into one bucket. Results do not depend on it. */
  private readonly seed = Math.floor(Math.random() * 0x100000000);
  /** Outer addresses of tunnels, for their names. */
  private readonly tunnelEnds = new Map<number, Uint8Array>();

  /** Number of the nesting `parent > kind id`; `id` is taken modulo 2^32. */
  child(parent: number, kind: number, id: number): number {
    this.buckets ??= new Uint32Array(BUCKETS);
    const buckets = this.buckets;
    const id32 = id >>> 0;
    let bucket = mix(parent ^ this.seed, kind, id32) & (BUCKETS - 1);
    for (let scope = buckets[bucket]!; scope !== 0; scope = buckets[bucket]!) {
      if (this.ids[scope] === id32 && this.kinds[scope] === kind && this.parents[scope] === parent) return scope;
      bucket = (bucket + 1) & (BUCKETS - 1);
    }
    if (this.size >= MOST_SCOPES || parent >= UNNAMED) return UNNAMED | (mix(parent, kind, id32) & (UNNAMED - 1));
    if (this.size >= this.ids.length) this.grow();
    const scope = this.size++;
    this.parents[scope] = parent;
    this.kinds[scope] = kind;
    this.ids[scope] = id32;
    buckets[bucket] = scope;
    return scope;
  }

  /** Number of a tunnel between the addresses of `outer`, whichever sends. */
  tunnel(parent: number, outer: PacketRecord): number {
    const { bytes, sourceOffset, destinationOffset } = outer;
    const length = outer.ipVersion === 4 ? 4 : 16;
    const known = this.size;
    const ends = hashAddress(bytes, sourceOffset, length) + hashAddress(bytes, destinationOffset, length);
    const scope = this.child(parent, SCOPE_TUNNEL, ends);
    if (this.size > known) {
      const copy = new Uint8Array(2 * length);
      copy.set(bytes.subarray(sourceOffset, sourceOffset + length));
      copy.set(bytes.subarray(destinationOffset, destinationOffset + length), length);
      this.tunnelEnds.set(scope, copy);
    }
    return scope;
  }

  /** Text form: "" for 0, else as in "vlan 5 > vxlan 42" or "tunnel 192.0.2.1 - 192.0.2.2". */
  name(scope: number): string {
    if (scope >= UNNAMED) return `unnamed ${(scope & (UNNAMED - 1)).toString(16)}`;
    const parts: string[] = [];
    for (let at = scope; at > 0 && at < this.size; at = this.parents[at]!) {
      const ends = this.tunnelEnds.get(at);
      const id = ends === undefined ? this.ids[at] : formatEnds(ends);
      parts.unshift(`${WORDS[this.kinds[at]!]} ${id}`);
    }
    return parts.join(' > ');
  }

  private grow(): void {
    const length = this.ids.length * 2;
    const parents = new Uint32Array(length);
    const kinds = new Uint8Array(length);
    const ids = new Uint32Array(length);
    parents.set(this.parents);
    kinds.set(this.kinds);
    ids.set(this.ids);
    this.parents = parents;
    this.kinds = kinds;
    this.ids = ids;
  }
}

/** 32-bit mixing as in MurmurHash3's finalizer. */
function mix(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ c;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashAddress(bytes: Uint8Array, offset: number, length: number): number {
  let hash = length;
  for (let i = offset; i < offset + length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return mix(hash, length, 0);
}

function formatEnds(ends: Uint8Array): string {
  const middle = ends.length / 2;
  return `${formatAddress(ends.subarray(0, middle))} - ${formatAddress(ends.subarray(middle))}`;
}
