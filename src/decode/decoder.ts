import {
  Cursor,
  STEP_DONE,
  STEP_ETHERNET,
  STEP_ETHERTYPE,
  STEP_FRAGMENT,
  STEP_GRE,
  STEP_ICMP,
  STEP_ICMPV6,
  STEP_IP,
  STEP_IPV4,
  STEP_IPV6,
  STEP_LINK,
  STEP_LLC,
  STEP_MPLS,
  STEP_NSH,
  STEP_PPP,
  STEP_PROTOCOL,
  STEP_SNAP,
  STEP_SUBFRAME,
  STEP_TCP,
  STEP_UDP,
  STEP_UDP_TUNNEL,
  STEP_WLAN,
} from './cursor.ts';
import { readNsh } from './link/bridge-tags.ts';
import { readIp } from './link/cooked.ts';
import { readEthernet, readEtherType, readLlc, readSnap } from './link/ethernet.ts';
import { readSubframe, readWlan } from './link/ieee80211.ts';
import { createLinkMap, type LinkMap } from './link/link-map.ts';
import { readLink } from './link/links.ts';
import { readPpp } from './link/ppp.ts';
import { readIcmp, readIcmpv6 } from './network/icmp.ts';
import { readIpv4 } from './network/ipv4.ts';
import { readIpv6 } from './network/ipv6.ts';
import { readProtocol } from './network/protocols.ts';
import { FragmentTable } from './network/reassembly.ts';
import {
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_FRAGMENTED_HEADER,
  ANOMALY_OVERLAPPING_FRAGMENTS,
  ANOMALY_SNAPPED,
  Assembly,
  type FrameView,
  type PacketHandler,
  PacketRecord,
  TRANSPORT_ICMP_ERROR,
  TRANSPORT_TCP,
  TRANSPORT_UDP,
} from './packet.ts';
import {
  REASON_FRAGMENTS_INCOMPLETE,
  REASON_FRAGMENTS_OVERLAPPING,
  REASON_MALFORMED_UDP,
  REASON_NONE,
  REASON_TOO_MANY_SCOPES,
  REASON_TRUNCATED_UDP,
  ReasonCounts,
} from './reasons.ts';
import { SCOPE_FULL, SCOPE_VLAN, ScopeTable } from './scopes.ts';
import { TRUNCATED } from './status.ts';
import { readTcp } from './transport/tcp.ts';
import { readUdp } from './transport/udp.ts';
import { readGre } from './tunnel/gre.ts';
import { readMpls } from './tunnel/mpls.ts';
import { TUNNEL_NONE, type TunnelName, TunnelPorts } from './tunnel/ports.ts';
import { readUdpTunnel } from './tunnel/tunnels.ts';
import { holdsNoTcp } from './without-tcp.ts';

/** Settings of a decoder; see the `decoder` block of the configuration. */
export interface DecoderOptions {
  /** UDP destination or source ports read as tunnels, by tunnel. What is left out keeps its default. */
  readonly tunnelPorts?: Partial<Record<TunnelName, readonly number[]>>;
  /** Give flows in other VLANs, labels and tunnels the same scope (default false: they are told apart). */
  readonly mergeScopes?: boolean;
  /**
   * Of which TCP segments checksum and options are verified: all (default), or those with port 0, which is a third less work
   * where the others' evidence is not looked at.
   */
  readonly verify?: 'all' | 'port-zero';
  /**
   * Whether the receiver of a segment with a bad checksum is taken to have dropped it ('verify', the default), or the segment is
   * taken as good once the checksum was told of ('trust').
   */
  readonly checksums?: 'verify' | 'trust';
  /** Most bytes held for fragments under reassembly (default 4 MiB) and seconds they are held (default 30). */
  readonly fragmentBytes?: number;
  readonly fragmentSeconds?: number;
  /** LINKTYPE_ value that all frames are read as, whatever the capture says. */
  readonly linkType?: number;
  /** LINKTYPE_ values to read in the place of others, by those. */
  readonly linkTypes?: Readonly<Record<number, number>>;
  /** EtherTypes read as VLAN tags beside those that are known. */
  readonly vlanTypes?: readonly number[];
}

/** Frames that were followed neither to TCP nor to something known to hold none. */
export interface NotLookedInto {
  readonly frames: number;
  /** Captured bytes of those that nothing could be awaited for. */
  readonly bytes: number;
  /** TCP segments among them: those whose ports were cut away. They are counted as segments too. */
  readonly segments: number;
  /** Reason -> frames: the first that was met in each. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Counters of a decoder, in frames (tcpSegments and icmpErrors in packets). What triage drops is counted there. */
export interface DecoderCounts {
  tcpSegments: number;
  icmpErrors: number;
  fragments: number;
}

/** Reads frames: link, network, transport. Keeps the state of fragments and scopes, nothing of flows. */
export interface Decoder {
  readonly counts: DecoderCounts;
  /** Why frames, or parts of them, were not understood: reason -> frames. Built when asked. */
  undecoded(): Record<string, number>;
  /** Which frames may hold TCP that nobody has seen; see without-tcp.ts. Built when asked. */
  notLookedInto(): NotLookedInto;
  /** Decodes the frame, counts it, and hands each packet in it to `handler`. Never throws. */
  decode(frame: FrameView, handler: PacketHandler): void;
  /** Text form of a scope or path: "" for 0, else as in "vlan 5 > vxlan 42" or "mpls 16 > tunnel 192.0.2.1 - 192.0.2.2". */
  scopeName(scope: number): string;
  /** Scope, and path, of what lives in a VLAN and nothing else; `id` from 1. */
  vlanScope(id: number): number;
}

const DEFAULT_FRAGMENT_BYTES = 4 * 1024 * 1024;
const DEFAULT_FRAGMENT_SECONDS = 30;

/** Makes a decoder. One serves one input: fragments of different inputs have nothing to do with each other. */
export function createDecoder(options: DecoderOptions = {}): Decoder {
  return new FrameDecoder(options);
}

class FrameDecoder implements Decoder {
  readonly counts: DecoderCounts = { tcpSegments: 0, icmpErrors: 0, fragments: 0 };
  private readonly reasons = new ReasonCounts();
  private readonly missed = new ReasonCounts();
  private missedBytes = 0;
  private missedSegments = 0;
  /** Why the frame at hand was not looked into; the first reason where it holds several packets. */
  private missedReason = REASON_NONE;
  /** Null where each frame is read as what the capture says. */
  private readonly links: LinkMap | null;
  private readonly scopes = new ScopeTable();
  /** Whether flows in different scopes are different flows. */
  private readonly separates: boolean;
  private readonly tunnelPorts: TunnelPorts;
  private readonly fragments: FragmentTable;
  private readonly packet = new PacketRecord();
  private readonly quote = new PacketRecord();
  private readonly assembly = new Assembly();
  private readonly cursor: Cursor;
  private readonly quoteCursor: Cursor;

  constructor(options: DecoderOptions) {
    this.separates = options.mergeScopes !== true;
    const scopes = this.separates ? this.scopes : null;
    this.tunnelPorts = TunnelPorts.of(options.tunnelPorts);
    this.fragments = new FragmentTable(
      options.fragmentBytes ?? DEFAULT_FRAGMENT_BYTES,
      options.fragmentSeconds ?? DEFAULT_FRAGMENT_SECONDS,
      this.reasons,
      this.missed,
    );
    this.links = createLinkMap(options);
    this.cursor = new Cursor(this.packet, scopes, this.tunnelPorts, false);
    this.cursor.verifiesAll = options.verify !== 'port-zero';
    this.quoteCursor = new Cursor(this.quote, scopes, this.tunnelPorts, true);
    if (options.vlanTypes !== undefined) this.cursor.vlanTypes = options.vlanTypes;
  }

  undecoded(): Record<string, number> {
    const all = new ReasonCounts();
    this.fragments.countPending(all, new ReasonCounts());
    const result: Record<string, number> = {};
    this.reasons.writeTo(result);
    all.writeTo(result);
    return result;
  }

  notLookedInto(): NotLookedInto {
    const all = new ReasonCounts();
    this.fragments.countPending(new ReasonCounts(), all);
    const reasons: Record<string, number> = {};
    this.missed.writeTo(reasons);
    all.writeTo(reasons);
    const frames = Object.values(reasons).reduce((sum, count) => sum + count, 0);
    return { frames, bytes: this.missedBytes, segments: this.missedSegments, reasons };
  }

  decode(frame: FrameView, handler: PacketHandler): void {
    const { cursor, links } = this;
    cursor.start(frame);
    this.run(cursor, readLink(cursor, links === null ? frame.linkType : links.get(frame.linkType)));
    this.finish(frame, handler);
    // An aggregate of 802.11 holds several frames, each with a packet of its own.
    while (cursor.nextSubframe >= 0) {
      cursor.restart(frame);
      this.run(cursor, STEP_SUBFRAME);
      this.finish(frame, handler);
    }
    if (this.missedReason === REASON_NONE) return;
    this.missed.add(this.missedReason);
    this.missedBytes += frame.capturedLength;
    this.missedReason = REASON_NONE;
  }

  scopeName(scope: number): string {
    return this.scopes.name(scope);
  }

  vlanScope(id: number): number {
    if (!this.separates) return 0;
    const scope = this.scopes.child(0, SCOPE_VLAN, id);
    return scope === SCOPE_FULL ? -1 : scope;
  }

  /** Sees to fragments, then delivers. */
  private finish(frame: FrameView, handler: PacketHandler): void {
    if (this.cursor.hasFragment) this.finishFragment(frame, handler);
    else {
      this.countReason();
      this.deliver(handler, true);
    }
  }

  /** Delivers the fragment's packet as far as it goes with those that came before. */
  private finishFragment(frame: FrameView, handler: PacketHandler): void {
    const { cursor, packet, fragments, assembly } = this;
    this.counts.fragments++;
    const isSpread = cursor.starved;
    // Where the first fragment is the last to come, it can be read by itself, but with the others all of the payload is there.
    const isLast =
      cursor.isFirstFragment && packet.transport === TRANSPORT_TCP && fragments.isWhole(cursor.fragmentEntry);
    if ((isSpread || isLast) && fragments.resume(cursor)) this.run(cursor, STEP_PROTOCOL);
    const entry = cursor.fragmentEntry;
    const isAssembled = cursor.bytes !== frame.bytes;
    const isPartial = cursor.starved && (cursor.isFirstFragment || isAssembled);
    fragments.settle(cursor);
    if (cursor.isAmbiguous && this.missedReason === REASON_NONE) this.missedReason = REASON_FRAGMENTS_OVERLAPPING;
    if (fragments.overlaps(entry)) packet.anomalies |= ANOMALY_OVERLAPPING_FRAGMENTS;
    if (isAssembled && isSpread && !cursor.isRepeat) packet.anomalies |= ANOMALY_FRAGMENTED_HEADER;
    const isSegment = entry >= 0 && packet.transport === TRANSPORT_TCP && packet.destinationPort >= 0;
    const isAgain = (isPartial || isAssembled) && fragments.wasHandedOut(entry);
    if (isPartial) {
      // What is missing of other headers may come with another fragment; if not, the fragment table counts it.
      const isNews = (isAssembled || !isAgain) && !cursor.isRepeat;
      if (!isSegment || !isNews) {
        fragments.noteFrame(entry, frame.number);
        return;
      }
      markPartial(packet);
    } else if (!cursor.isRepeat) this.countReason();
    else if (packet.transport === TRANSPORT_TCP) {
      // Behind long extension headers less is kept of a segment than its own fragment had, and that has been handed out.
      if (packet.flags < 0) return;
      packet.anomalies &= ~ANOMALY_SNAPPED;
    }
    if (!isSegment) {
      fragments.noteFrame(entry, frame.number);
      this.deliver(handler, !cursor.isRepeat);
      return;
    }
    fragments.recall(entry, assembly, isAgain);
    assembly.isPartial = isPartial;
    assembly.isWhole = cursor.isReassembledWhole;
    packet.assembly = assembly;
    this.deliver(handler, !isAgain);
    packet.assembly = null;
    fragments.remember(entry, assembly, packet.flags >= 0, frame.number);
  }

  private countReason(): void {
    const { reason } = this.packet;
    if (reason === REASON_NONE) return;
    this.reasons.add(reason);
    if (holdsNoTcp(reason) || this.showsPorts()) return;
    if (this.packet.transport === TRANSPORT_TCP) this.missedSegments++;
    if (this.missedReason === REASON_NONE) this.missedReason = reason;
  }

  /**
   * Whether the packet was followed to its ports, though not to the end of its header: a segment, or a datagram that is no
   * tunnel.
   */
  private showsPorts(): boolean {
    const { transport, reason, sourcePort, destinationPort } = this.packet;
    if (destinationPort < 0) return false;
    if (transport === TRANSPORT_TCP) return true;
    const isHeader = reason === REASON_TRUNCATED_UDP || reason === REASON_MALFORMED_UDP;
    return isHeader && this.tunnelPorts.tunnelOf(sourcePort, destinationPort) === TUNNEL_NONE;
  }

  /** Hands out what the cursor has found, counted when it is new. */
  private deliver(handler: PacketHandler, isNew: boolean): void {
    const { packet } = this;
    packet.quote = null;
    if (packet.path === SCOPE_FULL) {
      if (isNew && packet.reason === REASON_NONE) this.reasons.add(REASON_TOO_MANY_SCOPES);
      const isDropped = packet.ipVersion !== 0 && packet.transport !== TRANSPORT_UDP;
      if (isDropped && this.missedReason === REASON_NONE) this.missedReason = REASON_TOO_MANY_SCOPES;
      return;
    }
    if (packet.transport === TRANSPORT_TCP) {
      if (isNew) this.counts.tcpSegments++;
    } else if (packet.transport === TRANSPORT_ICMP_ERROR) {
      if (isNew) this.counts.icmpErrors++;
      this.readQuote();
    }
    if (packet.ipVersion !== 0) handler(packet);
  }

  private readQuote(): void {
    const { cursor, quoteCursor, packet, quote } = this;
    quote.reset(cursor.bytes);
    // What is quoted lived where the error was seen, as far as a number tells.
    quote.scope = packet.scope;
    quote.path = packet.path;
    quoteCursor.startAt(cursor);
    this.run(quoteCursor, STEP_IP);
    packet.quote = quote;
  }

  private run(cursor: Cursor, first: number): void {
    let step = first;
    while (step !== STEP_DONE) {
      switch (step) {
        case STEP_ETHERNET:
          step = readEthernet(cursor);
          break;
        case STEP_ETHERTYPE:
          step = readEtherType(cursor);
          break;
        case STEP_IPV4:
          step = readIpv4(cursor);
          break;
        case STEP_IPV6:
          step = readIpv6(cursor);
          break;
        case STEP_PROTOCOL:
          step = readProtocol(cursor);
          break;
        case STEP_TCP:
          step = readTcp(cursor);
          break;
        case STEP_UDP:
          step = readUdp(cursor);
          break;
        case STEP_ICMP:
          step = readIcmp(cursor);
          break;
        case STEP_ICMPV6:
          step = readIcmpv6(cursor);
          break;
        case STEP_FRAGMENT:
          step = this.fragments.read(cursor);
          break;
        case STEP_IP:
          step = readIp(cursor);
          break;
        case STEP_LLC:
          step = readLlc(cursor);
          break;
        case STEP_SNAP:
          step = readSnap(cursor);
          break;
        case STEP_UDP_TUNNEL:
          step = readUdpTunnel(cursor);
          break;
        case STEP_GRE:
          step = readGre(cursor);
          break;
        case STEP_MPLS:
          step = readMpls(cursor);
          break;
        case STEP_NSH:
          step = readNsh(cursor);
          break;
        case STEP_PPP:
          step = readPpp(cursor);
          break;
        case STEP_WLAN:
          step = readWlan(cursor);
          break;
        case STEP_SUBFRAME:
          step = readSubframe(cursor);
          break;
        case STEP_LINK:
          step = readLink(cursor, cursor.type);
          break;
        default:
          step = STEP_DONE;
      }
    }
  }
}

/** Neither the capture nor the sender's lengths cut this TCP header: its rest is in other fragments. */
function markPartial(packet: PacketRecord): void {
  packet.status = TRUNCATED;
  packet.reason = REASON_FRAGMENTS_INCOMPLETE;
  packet.anomalies &= ~(ANOMALY_SNAPPED | ANOMALY_DATA_OFFSET_BEYOND);
  packet.anomalies |= ANOMALY_FRAGMENTED_HEADER;
  packet.payloadLength = -1;
}
