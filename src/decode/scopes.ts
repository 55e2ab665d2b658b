import { formatAddress } from './address.ts';
import type { PacketRecord } from './packet.ts';
import { WordTable } from './word-table.ts';

/** Kinds of what a flow can live in: Cursor.within() and Cursor.along(). */
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
/** Tunnels without a number of their own: the id is a number for the pair of outer addresses, see ScopeTable.tunnel(). */
const SCOPE_TUNNEL = 13;
export const SCOPE_LISP = 14;
export const SCOPE_EOIP = 15;
export const SCOPE_FGL = 16;

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
  'fgl',
];

/** Most nestings, and most pairs of tunnel ends, that are told apart: some 70 MB when both are full. */
const MOST_SCOPES = 1 << 20;
/** What lives in a nesting that there is no number for: such a packet is counted (too-many-scopes), not followed. */
export const SCOPE_FULL = 0x7fffffff;

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
 * A nesting is compared whole; a hash only finds it. The table is bounded: past its end packets of known nestings are still
 * read, those of others are counted as what could not be looked into, rather than two nestings taken as one.
 */
export class ScopeTable {
  /** Parent, kind, id. */
  private readonly scopes: WordTable;
  /** Outer addresses of tunnels, the lower first: IP version, twice four words. */
  private readonly ends: WordTable;

  constructor(limit = MOST_SCOPES) {
    this.scopes = new WordTable(3, limit);
    this.ends = new WordTable(9, limit);
  }

  /** Number of the nesting `parent > kind id`; `id` is taken modulo 2^32. SCOPE_FULL when there is no room for it. */
  child(parent: number, kind: number, id: number): number {
    if (parent === SCOPE_FULL) return SCOPE_FULL;
    const { key } = this.scopes;
    key[0] = parent;
    key[1] = kind;
    key[2] = id;
    const scope = this.scopes.intern();
    return scope === 0 ? SCOPE_FULL : scope;
  }

  /** Number of a tunnel between the addresses of `outer`, whichever sends. */
  tunnel(parent: number, outer: PacketRecord): number {
    const { bytes, sourceOffset, destinationOffset, ipVersion } = outer;
    const length = ipVersion === 4 ? 4 : 16;
    const isLower = compareBytes(bytes, sourceOffset, destinationOffset, length) < 0;
    const { key } = this.ends;
    key.fill(0);
    key[0] = ipVersion;
    for (let i = 0; i < length; i += 4) {
      const low = load32(bytes, (isLower ? sourceOffset : destinationOffset) + i);
      const high = load32(bytes, (isLower ? destinationOffset : sourceOffset) + i);
      key[1 + (i >> 2)] = low;
      key[5 + (i >> 2)] = high;
    }
    const ends = this.ends.intern();
    return ends === 0 ? SCOPE_FULL : this.child(parent, SCOPE_TUNNEL, ends);
  }

  /** Text form: "" for 0, else as in "vlan 5 > vxlan 42" or "tunnel 192.0.2.1 - 192.0.2.2". */
  name(scope: number): string {
    const parts: string[] = [];
    for (let at = scope; at > 0 && at <= this.scopes.size; at = this.scopes.word(at, 0)) {
      const kind = this.scopes.word(at, 1);
      const id = this.scopes.word(at, 2);
      parts.unshift(`${WORDS[kind]} ${kind === SCOPE_TUNNEL ? this.nameEnds(id) : id >>> 0}`);
    }
    return parts.join(' > ');
  }

  private nameEnds(ends: number): string {
    return `${this.nameEnd(ends, 1)} - ${this.nameEnd(ends, 5)}`;
  }

  private nameEnd(ends: number, from: number): string {
    const view = new DataView(new ArrayBuffer(this.ends.word(ends, 0) === 4 ? 4 : 16));
    for (let i = 0; i < view.byteLength; i += 4) view.setInt32(i, this.ends.word(ends, from + (i >> 2)));
    return formatAddress(new Uint8Array(view.buffer));
  }
}

function compareBytes(bytes: Uint8Array, one: number, other: number, length: number): number {
  for (let i = 0; i < length; i++) if (bytes[one + i] !== bytes[other + i]) return bytes[one + i]! - bytes[other + i]!;
  return 0;
}

function load32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
