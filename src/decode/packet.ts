import { OK, type Status } from './status.ts';

/** What a decoder reads of a frame. A structural subset of the capture layer's Frame, which wire may not import. */
export interface FrameView {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly capturedLength: number;
  readonly wireLength: number;
  readonly linkType: number;
  readonly fcsLength: number;
  /** Which way it went, seen from the capturing host: a DIRECTION_ value. */
  readonly direction: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly number: number;
}

/** FrameView.direction: not known, received by the capturing host, sent by it. */
export const DIRECTION_UNKNOWN = 0;
export const DIRECTION_INBOUND = 1;
export const DIRECTION_OUTBOUND = 2;

/** PacketRecord.transport */
export const TRANSPORT_NONE = 0;
export const TRANSPORT_TCP = 1;
export const TRANSPORT_UDP = 2;
/** An ICMP or ICMPv6 error message; PacketRecord.quote holds what it quotes. */
export const TRANSPORT_ICMP_ERROR = 3;

/** PacketRecord.fragment */
export const FRAGMENT_NONE = 0;
export const FRAGMENT_FIRST = 1;
/** A later fragment: it has no ports, whatever its bytes look like. */
export const FRAGMENT_LATER = 2;

/** PacketRecord.checksum: of the TCP segment or UDP datagram. */
export const CHECKSUM_UNKNOWN = 0;
export const CHECKSUM_GOOD = 1;
export const CHECKSUM_BAD = 2;
/** Only the pseudo-header is summed: the capture was taken before the card filled it in (offload). Not an error. */
export const CHECKSUM_OFFLOADED = 3;

/** TCP flags as they stand in bytes 12 (low bit, AE) and 13 of the header, RFC 9293 §3.1. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;
export const AE = 0x100;

/** What is odd about a packet: bits of PacketRecord.anomalies; the tracker collects them in Exchange.anomalies. */
export const ANOMALY_DATA_OFFSET_SMALL = 1 << 0;
export const ANOMALY_DATA_OFFSET_BEYOND = 1 << 1;
export const ANOMALY_SYN_FIN = 1 << 2;
export const ANOMALY_SYN_RST = 1 << 3;
export const ANOMALY_OPTIONS_OVERRUN = 1 << 4;
/** Ports or flags were hidden: the TCP header is spread over IP fragments. */
export const ANOMALY_FRAGMENTED_HEADER = 1 << 5;
export const ANOMALY_OVERLAPPING_FRAGMENTS = 1 << 6;
export const ANOMALY_BAD_CHECKSUM = 1 << 7;
/** The capture (not the network) cut the TCP header short. */
export const ANOMALY_SNAPPED = 1 << 8;
/** RST and FIN together, or no flag but the reserved bits set: odd, and no stack sends it. */
export const ANOMALY_ODD_FLAGS = 1 << 9;

/** Frames remembered of the fragments of a datagram before its segment is handed out: as many as tell how it was made. */
export const MAX_EARLIER_FRAMES = 8;

/** Most layers a packet can have; deeper ones are refused as MALFORMED with the reason too-deep. */
export const MAX_LAYERS = 24;

/**
 * What is to be known of a TCP segment that came in IP fragments beside its header. It is handed out as soon as its ports
 * are there, since nobody knows whether the rest will come, and again with further fragments. One a decoder, reused.
 */
export class Assembly {
  /** Fragments with the rest of the header may come yet; the record has what was there so far, and nothing guessed. */
  isPartial = false;
  /** All of the datagram is there: the payload's length and the checksum are known. */
  isWhole = false;
  /**
   * Set by the handler to what it has put the segment to, any number but 0; found here when the segment is handed out
   * again. As long as it is 0, nobody is interested in fragments that tell nothing new.
   */
  owner = 0;
  /** Whether the flags were there when the segment was handed out before. */
  hadFlags = false;
  /** Frames of the fragments that came before and that nobody has taken; earlierCount of them, in order. */
  readonly earlierFrames = new Uint32Array(MAX_EARLIER_FRAMES);
  earlierCount = 0;
}

/**
 * One packet: the innermost IP header and what it carries. There is one record a decoder (and one in it for a quote),
 * overwritten by the next packet, so whoever keeps something copies it. Offsets are into `bytes`.
 */
export class PacketRecord {
  /** How decoding went. OK also when there is nothing of interest in a sound packet. */
  status: Status = OK;
  /** When status is not OK: one of the reasons of reasons.ts. */
  reason = 0;
  /** The frame's buffer, or a buffer of the reassembler. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Identifies the VLANs, labels, tunnels the packet lives in; 0 for none. See Decoder.scopeName(). */
  scope = 0;
  /**
   * As scope, with what may differ between the directions of a flow (MPLS labels, GTP endpoints): equal for segments of
   * one direction, not for question and answer. See scopes.ts.
   */
  path = 0;
  /** Which way its frame went, seen from the capturing host. */
  direction = DIRECTION_UNKNOWN;
  /** Layer ids of layers.ts, outermost first. */
  readonly layers = new Uint8Array(MAX_LAYERS);
  layerCount = 0;

  /** 4 or 6; 0 when no IP header was found. */
  ipVersion = 0;
  /** Offsets of the addresses: 4 bytes each for IPv4, 16 for IPv6. */
  sourceOffset = 0;
  destinationOffset = 0;
  /** TTL or hop limit. */
  ttl = 0;
  /** IPv4 identification; of IPv6 the fragment header's, or -1 without one. */
  ipId = -1;
  dontFragment = false;
  fragment = 0;

  transport = TRANSPORT_NONE;
  /** -1 when not known. */
  sourcePort = -1;
  destinationPort = -1;
  /**
   * UDP and TCP: bytes of payload by the IP length (UDP: by its own), not by what was captured; -1 when not known. Of a
   * first fragment of TCP, what that fragment holds.
   */
  payloadLength = -1;
  /** Where the payload starts, and the end (exclusive) of what was captured of it. */
  payloadOffset = 0;
  payloadEnd = 0;
  checksum = CHECKSUM_UNKNOWN;
  anomalies = 0;

  /** Unsigned 32 bit; -1 when not captured. */
  sequence = -1;
  acknowledgment = -1;
  /** 9 bits, AE to FIN; -1 when not captured. */
  flags = -1;
  /** Header length in bytes as the header says (0 to 60); -1 when not captured. */
  headerLength = -1;
  window = -1;
  urgentPointer = -1;
  /** The four bits (RFC 9293: three since AE) between data offset and flags, without AE; -1 when not captured. */
  reservedBits = -1;
  /** Option bytes captured: optionsOffset .. optionsEnd (exclusive); equal when there are none. */
  optionsOffset = 0;
  optionsEnd = 0;

  icmpType = -1;
  icmpCode = -1;
  /** The quoted packet of an ICMP error, innermost; null outside ICMP errors and inside quotes. */
  quote: PacketRecord | null = null;
  /** Of a TCP segment that came in fragments; else null, and so inside quotes. */
  assembly: Assembly | null = null;

  /** Back to the state of a new record; keeps `layers` and the quote's memory. */
  reset(bytes: Uint8Array): void {
    this.status = OK;
    this.reason = 0;
    this.bytes = bytes;
    this.scope = 0;
    this.path = 0;
    this.layerCount = 0;
    this.resetNetwork();
  }

  /** Forgets the network and transport headers, for an inner packet; keeps layers and scope. */
  resetNetwork(): void {
    this.ipVersion = 0;
    this.sourceOffset = 0;
    this.destinationOffset = 0;
    this.ttl = 0;
    this.ipId = -1;
    this.dontFragment = false;
    this.fragment = FRAGMENT_NONE;
    this.transport = TRANSPORT_NONE;
    this.sourcePort = -1;
    this.destinationPort = -1;
    this.payloadLength = -1;
    this.payloadOffset = 0;
    this.payloadEnd = 0;
    this.checksum = CHECKSUM_UNKNOWN;
    this.anomalies = 0;
    this.sequence = -1;
    this.acknowledgment = -1;
    this.flags = -1;
    this.headerLength = -1;
    this.window = -1;
    this.urgentPointer = -1;
    this.reservedBits = -1;
    this.optionsOffset = 0;
    this.optionsEnd = 0;
    this.icmpType = -1;
    this.icmpCode = -1;
  }
}

/**
 * Gets every packet that a frame holds: usually one, several for A-MSDU. The record is only valid during the call. A
 * segment in fragments comes more than once, see Assembly.
 */
export type PacketHandler = (packet: PacketRecord) => void;

/** A receiver drops a segment with such a data offset (RFC 9293 §3.1). What the rest of a fragmented header would say is not known. */
export function hasImpossibleHeader({ anomalies, fragment }: PacketRecord): boolean {
  return (
    (anomalies & ANOMALY_DATA_OFFSET_SMALL) !== 0 ||
    ((anomalies & ANOMALY_DATA_OFFSET_BEYOND) !== 0 && fragment === FRAGMENT_NONE)
  );
}
