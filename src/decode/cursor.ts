import { type FrameView, MAX_LAYERS, type PacketRecord } from './packet.ts';
import { REASON_MALFORMED_TUNNEL, REASON_TOO_DEEP, REASON_TRUNCATED_TUNNEL } from './reasons.ts';
import type { ScopeTable } from './scopes.ts';
import { MALFORMED, type Status, TRUNCATED, UNSUPPORTED } from './status.ts';
import type { TunnelPorts } from './tunnel/ports.ts';

/**
 * What the bytes at Cursor.offset are to be read as next. Each header's reader moves the cursor behind its header and returns
 * the next step, so that decoding is a loop: no recursion, whatever a frame nests, and no module needs its payload's.
 */
export const STEP_DONE = 0;
export const STEP_ETHERNET = 1;
/** Cursor.type is an EtherType. */
export const STEP_ETHERTYPE = 2;
export const STEP_LLC = 3;
/** IPv4 or IPv6 by the first nibble. */
export const STEP_IP = 4;
export const STEP_IPV4 = 5;
export const STEP_IPV6 = 6;
/** Cursor.type is an IP protocol number. */
export const STEP_PROTOCOL = 7;
export const STEP_TCP = 8;
export const STEP_UDP = 9;
export const STEP_ICMP = 10;
export const STEP_ICMPV6 = 11;
/** A fragment, Cursor.fragmentOffset and moreFragments say which. */
export const STEP_FRAGMENT = 12;
/** A UDP payload that may be a tunnel: Cursor.type is its TUNNEL_ number. */
export const STEP_UDP_TUNNEL = 13;
export const STEP_GRE = 14;
export const STEP_MPLS = 15;
export const STEP_PPP = 16;
export const STEP_SNAP = 17;
export const STEP_WLAN = 18;
/** One of the frames in an aggregate (A-MSDU); Cursor.nextSubframe says where the next one is. */
export const STEP_SUBFRAME = 19;
export const STEP_NSH = 20;
/** Cursor.type is a LINKTYPE_ value. */
export const STEP_LINK = 21;

/** Where decoding stands in a frame, or in the packet that an ICMP error quotes. One each a decoder, reused. */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** Start of what is read next. */
  offset = 0;
  /** Where the captured bytes of the current layer end (exclusive). Nothing at or behind it is read. */
  end = 0;
  /** Where the current layer ends by the lengths of the headers around it; behind `end` when the capture cut it. */
  limit = 0;
  /** EtherType, IP protocol, … as the step says. */
  type = 0;
  /** Time of the frame in whole seconds. */
  seconds = 0;
  /** Of the IP packet last read, where it is a fragment: offset of its data in bytes, and whether others follow. */
  fragmentOffset = 0;
  moreFragments = false;
  /** Set when any header in the frame is that of a fragment, and when that is a first one. */
  hasFragment = false;
  isFirstFragment = false;
  /** Where the data of a fragment, captured whole, ends: what is missing behind it may come with the next; -1 elsewhere. */
  fragmentEnd = -1;
  /** Set when lacks() missed bytes that the lengths around them promise: the capture cut them away. */
  wasCut = false;
  /** Set when decoding had to stop at fragmentEnd. */
  starved = false;
  /** Set when fragments contradict each other where ports or the headers before them may be: another stack may read others. */
  isAmbiguous = false;
  /** Set when the packet's headers were read before, and are again for a fragment that contradicts it or is of interest. */
  isRepeat = false;
  /** Entry of the fragment table that the fragment belongs to; -1 for none. */
  fragmentEntry = -1;
  /** The record's layers and scopes as they were at the fragment. */
  savedLayerCount = 0;
  savedScope = 0;
  savedPath = 0;
  /** Where the next frame of an aggregate stands, and where the aggregate ends; -1 when there is no further one. */
  nextSubframe = -1;
  subframesEnd = 0;
  subframesLimit = 0;
  subframesLayerCount = 0;
  /** Set while `limit` is only where a first fragment ends, and the packet goes on in others. */
  isOpen = false;
  /** Set when the 802.11 header that follows has the two bytes of its frame control the other way round. */
  isControlSwapped = false;
  /** Set when the 802.11 header that follows is padded to four bytes. */
  isPadded = false;
  /** True when the bytes are those of a whole reassembled datagram. */
  isReassembledWhole = false;
  /** True in the packet that an ICMP error quotes: it is cut short as a rule, and nothing of it is counted. */
  readonly quoting: boolean;
  /** False when checksum and options of a TCP segment matter only where a port is 0. */
  verifiesAll = true;
  /** EtherTypes that a person says are VLAN tags. */
  vlanTypes: readonly number[] = [];
  readonly record: PacketRecord;
  readonly tunnelPorts: TunnelPorts;
  private readonly scopes: ScopeTable | null;

  /** Without `scopes`, flows in different VLANs, labels and tunnels are not told apart. */
  constructor(record: PacketRecord, scopes: ScopeTable | null, tunnelPorts: TunnelPorts, quoting: boolean) {
    this.record = record;
    this.tunnelPorts = tunnelPorts;
    this.scopes = scopes;
    this.quoting = quoting;
  }

  /** Starts at the first byte of a frame. */
  start(frame: FrameView): void {
    const { bytes, offset, capturedLength } = frame;
    // A wire length below the captured length is nonsense, but harmless: what was captured was there.
    const wireLength = Math.max(frame.wireLength, capturedLength);
    this.bytes = bytes;
    this.offset = offset;
    this.limit = offset + (wireLength > frame.fcsLength ? wireLength - frame.fcsLength : 0);
    this.end = offset + capturedLength;
    if (this.end > this.limit) this.end = this.limit;
    this.seconds = frame.seconds;
    this.nextSubframe = -1;
    this.isPadded = false;
    this.isControlSwapped = false;
    this.isOpen = false;
    this.hasFragment = false;
    this.isFirstFragment = false;
    this.fragmentEnd = -1;
    this.starved = false;
    this.wasCut = false;
    this.isRepeat = false;
    this.isAmbiguous = false;
    this.fragmentEntry = -1;
    this.isReassembledWhole = false;
    this.record.reset(bytes);
    this.record.direction = frame.direction;
  }

  /** Starts anew at the next frame of an aggregate, Cursor.nextSubframe. */
  restart(frame: FrameView): void {
    const { nextSubframe } = this;
    this.start(frame);
    this.nextSubframe = nextSubframe;
    this.record.layerCount = this.subframesLayerCount;
  }

  /** Starts at what an ICMP error quotes: where the cursor that read the error has stopped. */
  startAt(error: Cursor): void {
    this.bytes = error.bytes;
    this.offset = error.offset;
    this.end = error.end;
    this.limit = error.limit;
    this.isOpen = false;
  }

  /** Whether the next n bytes were captured. */
  has(n: number): boolean {
    return this.offset + n <= this.end;
  }

  /**
   * Whether fewer than n bytes are there, where that is no damage: what other fragments of the packet may bring is waited
   * for.
   */
  lacks(n: number): boolean {
    if (this.offset + n <= this.end) return false;
    if (this.end === this.fragmentEnd) this.starved = true;
    else if (this.end < this.limit) this.wasCut = true;
    return true;
  }

  /** Notes a layer. False when there are too many: the packet is refused. */
  enter(layer: number): boolean {
    const record = this.record;
    if (record.layerCount >= MAX_LAYERS) {
      this.fail(MALFORMED, REASON_TOO_DEEP);
      return false;
    }
    record.layers[record.layerCount++] = layer;
    return true;
  }

  /** Ends the layer at `limit`, when that is before its present end. */
  narrow(limit: number): void {
    if (limit < this.limit) this.limit = limit;
    if (limit < this.end) this.end = limit;
  }

  /** The flow lives in something that has the same number in both directions: a VLAN, a VXLAN segment. */
  within(kind: number, id: number): void {
    if (this.scopes === null) return;
    const record = this.record;
    record.scope = this.scopes.child(record.scope, kind, id);
    record.path = this.scopes.child(record.path, kind, id);
  }

  /** As within(), for what may have another number in each direction: an MPLS label, a GTP tunnel endpoint. */
  along(kind: number, id: number): void {
    if (this.scopes !== null) this.record.path = this.scopes.child(this.record.path, kind, id);
  }

  /** As along(), for a tunnel without a number: its ends, the outer addresses, tell it from others. */
  alongOuterAddresses(): void {
    const { scopes, record } = this;
    if (scopes === null || record.ipVersion === 0) return;
    record.path = scopes.tunnel(record.path, record);
  }

  fail(status: Status, reason: number): typeof STEP_DONE {
    this.record.status = status;
    this.record.reason = reason;
    return STEP_DONE;
  }

  unsupported(reason: number): typeof STEP_DONE {
    return this.fail(UNSUPPORTED, reason);
  }

  /**
   * A header of n bytes is not all there: because the capture cut it, or because the lengths around it leave no room.
   */
  cut(n: number, truncated: number, malformed: number): typeof STEP_DONE {
    if (this.end === this.fragmentEnd) this.starved = true;
    return this.quoting || this.offset + n <= this.limit
      ? this.fail(TRUNCATED, truncated)
      : this.fail(MALFORMED, malformed);
  }
}

export function cut(cursor: Cursor, n: number): number {
  return cursor.cut(n, REASON_TRUNCATED_TUNNEL, REASON_MALFORMED_TUNNEL);
}
