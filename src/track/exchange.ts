/** The words for an answer, and the shape in which rules and reports see an exchange. */

export const VERDICTS = [
  'accepted',
  'refused',
  'unreachable',
  'silent',
  'undecided',
  'simultaneous',
  'challenged',
  'invalid-reset',
  'unsolicited',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** nmap's words for a port. */
export type PortState = 'open' | 'closed' | 'filtered' | 'unfiltered' | 'open|filtered' | 'unknown';

export const PROBES = ['syn', 'syn-data', 'null', 'fin', 'xmas', 'maimon', 'ack', 'other'] as const;
export type Probe = (typeof PROBES)[number];

export type PortZeroEnd = 'client' | 'server' | 'both';

/** Stands for the digits of a time stamp where the frame had none: a value that four bits hold. */
export const NO_TIME = 15;

/** Seconds since the epoch, nanoseconds within it, and how many digits of those the capture has: NO_TIME for no time. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
  readonly digits: number;
}

/** The ends and the beginning of an exchange as numbers, for those who look at a million of them. */
export interface Opening {
  /** Big-endian words; the addresses are those at `client` and `server`, of IPv6 and three behind each. */
  readonly words: Int32Array;
  readonly client: number;
  readonly server: number;
  readonly isIpv6: boolean;
  /** As a Timestamp has them. */
  readonly seconds: number;
  readonly nanos: number;
  readonly digits: number;
  /** Of the opening segment; 0 where there is none. */
  readonly frame: number;
}

/** What is kept of a segment, or of an ICMP error, as evidence. */
export interface SegmentEvidence {
  readonly frame: number;
  readonly time: Timestamp;
  /** Who sent it: 4 or 16 bytes. Of an ICMP error its sender, often a router. */
  readonly source: Uint8Array;
  /** Null where the capture does not hold it. */
  readonly ttl: number;
  /** Null for IPv6 without fragment header. */
  readonly ipId: number | null;
  readonly dontFragment: boolean;
  /** What it is as an answer; 'probe' for the opening segment. */
  readonly kind: AnswerKind | 'probe';
  /** Whether it counts as an answer by RFC 9293; true for probes. */
  readonly acceptable: boolean;
  /** Null for ICMP errors, and where the capture cut it. */
  readonly flags: number | null;
  readonly sequence: number | null;
  readonly acknowledgment: number | null;
  readonly window: number | null;
  readonly urgentPointer: number | null;
  readonly reservedBits: number | null;
  /** Raw option bytes, at most 40; empty when none. */
  readonly options: Uint8Array;
  /** Bytes of payload by the IP length; null when not known. */
  readonly payloadLength: number | null;
  /** First bytes of the payload (at most 64), of RSTs and SYNs only. */
  readonly payload: Uint8Array;
  /** ICMP type and code; null for segments. */
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
  /** nmap's word for it: syn-ack, reset, port-unreach … */
  readonly reason: string;
  /** How often the like was seen again (retransmitted answers, not mirrored copies). */
  readonly repeats: number;
  readonly checksumBad: boolean;
  /** Of an answer: its data offset is none that a TCP header can have, so that the client drops it. */
  readonly headerBad: boolean;
  /** It is the answer to another attempt on the same ends, which the capture does not hold. */
  readonly ofOther: boolean;
  /** It is of what stands behind it in the file, though by its time stamp it was later; then `ofOther` as well. */
  readonly early: boolean;
  /** Of an ICMP error: the sequence number that it quotes; null where the quote is shorter, and for segments. */
  readonly quotedSequence: number | null;
  /** It is an ICMP error about a segment of the server's. */
  readonly quotesServer: boolean;
}

/** A segment of an exchange with port 0 that is neither its opening nor an answer kept as evidence. */
export interface TracedSegment {
  readonly frame: number;
  readonly time: Timestamp;
  readonly fromClient: boolean;
  readonly ttl: number;
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Null where the capture cut it. */
  readonly window: number | null;
  readonly payloadLength: number | null;
  readonly checksumBad: boolean;
}

/** What shows an answer that the capture does not hold: the first frame of each kind, null for none. */
export interface AnswerSigns {
  /** The server talks as one that has accepted. */
  readonly inferred: number | null;
  /** The client goes on as if it had been answered. */
  readonly clientWentOn: number | null;
  /** The client resets its own attempt. */
  readonly clientReset: number | null;
  /** The server acknowledges the SYN, and nothing else. */
  readonly serverAck: number | null;
  /** The client answers a bare SYN of the server's. */
  readonly split: number | null;
  /** The server sent something whose flags are not known. */
  readonly hidden: number | null;
}

export const MOST_SHAPES = 1024;

export type AnswerKind = 'syn-ack' | 'reset' | 'icmp' | 'syn' | 'ack' | 'other';

/**
 * One exchange: an opening segment (by 4-tuple, scope and initial sequence number) and what came back. Rules get a view
 * that is reused, so they keep no reference to it; its getters compute what they return, and its two addresses are
 * overwritten when it moves on.
 */
export interface Exchange {
  /** In order of opening, from 1, unique within an input. */
  readonly id: number;
  readonly ipVersion: 4 | 6;
  readonly clientAddress: Uint8Array;
  readonly clientPort: number;
  readonly serverAddress: Uint8Array;
  readonly serverPort: number;
  readonly portZero: PortZeroEnd | null;
  /** Null when unsolicited. */
  readonly probe: Probe | null;
  readonly verdict: Verdict;
  readonly state: PortState;
  /** nmap's word; null where the verdict has none. */
  readonly reason: string | null;
  /** 4 or 16 bytes; null when nobody answered. */
  readonly answeredBy: Uint8Array | null;
  readonly started: Timestamp;
  /** The same object each time, which is written over when it is asked for. */
  readonly opening: Opening;
  readonly answered: Timestamp | null;
  /** Nanoseconds from the first transmission of the opening segment to the answer; null when none, when time stepped back, or where either frame has no time. */
  readonly latencyNanos: number | null;
  readonly retransmissions: number;
  /** Frame of the opening segment; null when unsolicited. */
  readonly probeFrame: number | null;
  readonly answerFrame: number | null;
  /** Number of frames, and the frames in order: of many the first and the last. */
  readonly frameCount: number;
  readonly frames: readonly number[];
  /** The three below are followed for port 0 only. */
  readonly established: boolean;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
  readonly close: 'fin' | 'reset' | null;
  /** Layer ids of decode/layers.ts. */
  readonly layers: Uint8Array;
  readonly scope: number;
  /** Scope of the answer, where it is another one; null otherwise. */
  readonly answerScope: number | null;
  /** ANOMALY_ bits of decode/packet.ts of all its segments. */
  readonly anomalies: number;
  /** First frame with an anomaly; null when none. */
  readonly anomalyFrame: number | null;
  /** First frame that carried payload over port 0; null when none. */
  readonly dataFrame: number | null;
  /** True when later answers of another kind, TTL or IP ID say that somebody else answered too. */
  readonly conflicting: boolean;
  /** Number of RSTs that the client must ignore. */
  readonly invalidResets: number;
  readonly firstInvalidResetFrame: number | null;
  /** True of an answer whose question had to leave the full table. */
  readonly questionEvicted: boolean;
  /** True when something shows that there was an answer which the capture does not hold; see signs. */
  readonly unseenAnswer: boolean;
  /** Accepted, or a simultaneous open, as what followed shows: the answer itself is not in the capture. */
  readonly inferred: boolean;
  /** Unsolicited, and a conversation rather than a single answer: the capture began late. */
  readonly underWay: boolean;
  /** The opening segment, whose checksum is bad, was sent again with a good one. */
  readonly sentSound: boolean;
  /** A bad checksum is told of, and the segment taken as good. */
  readonly trustsChecksums: boolean;
  readonly signs: AnswerSigns;
  /**
   * A number below MOST_SHAPES for an exchange that consists of a SYN, a settling answer, or both, with nothing odd about them: the same for all whose
   * port 0, probe, verdict and kind of answer are the same. -1 for any other.
   */
  readonly shape: number;
  /** 32 bits that the tracker keeps for the rule engine (which rules fired already); 0 at first. */
  mark: number;
  /** Allocate: for reports only. */
  readonly probeEvidence: SegmentEvidence | null;
  readonly answerEvidence: SegmentEvidence | null;
  readonly otherAnswers: readonly SegmentEvidence[];
  /** With port 0: the first of its other segments, in the order in which they were seen. */
  readonly segments: readonly TracedSegment[];
}

/** Hears of exchanges. The view is reused between calls. */
export interface ExchangeSink {
  /** The opening segment (or, unsolicited, the answer) of an exchange with port 0 was seen. In capture order. */
  opened?(exchange: Exchange): void;
  /**
   * Something changed that a rule may look at: an answer, data, an anomaly; first right after it was opened, unless fragments
   * that are likely to follow hide what it asks: then as soon as that is known, or the time for an answer is over.
   */
  changed?(exchange: Exchange): void;
  /** Nothing more will be added. Each exchange is settled exactly once. */
  settled(exchange: Exchange): void;
  /** At the end of a capture, an exchange that the core has counted: nobody else is told of it (AlikeExchanges in analysis/). */
  counted?(exchange: Exchange): void;
}

export interface TrackerCounts {
  /** Exchanges that had to leave the table before their verdict was known. */
  readonly evicted: number;
  /** Attempts on the same ends with one number that were too many alike for each to be found by it. */
  readonly lostAttempts: number;
  readonly open: number;
}
