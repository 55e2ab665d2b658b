import type { CaptureErrorCode } from './errors.ts';

/** Stands for the digits of a time stamp where a frame has none (pcapng's simple packet blocks). */
export const FRAME_WITHOUT_TIME = 15;

/** Frame.direction, as pcapng's flags have it: not known, received by the capturing host, sent by it. */
export const FRAME_ANYWHERE = 0;
export const FRAME_INBOUND = 1;
export const FRAME_OUTBOUND = 2;

/** A counter of 64 bits from a capture, or a sum of such: a bigint where no double is exact. */
export type Count = number | bigint;

export function toCount(count: bigint): Count {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count;
}

/** Of two parts of a capture; null where nobody said. */
export function addDrops(a: Count | null, b: Count | null): Count | null {
  return a === null || b === null ? (a ?? b) : toCount(BigInt(a) + BigInt(b));
}

/** One interface of a capture. Classic pcap has exactly one, pcapng any number. */
export interface CaptureInterface {
  /** LINKTYPE_ value, without the FCS and class bits. */
  readonly linkType: number;
  /** Snap length in bytes; 0 when unlimited or unknown. */
  readonly snapLength: number;
  /** Fractional digits of a second that the time stamps have: 6 for microseconds, 9 for nanoseconds, 0 to 9. */
  readonly timeDigits: number;
  /** Bytes of frame check sequence at the end of each frame; 0 when none or unknown. */
  readonly fcsLength: number;
  /** if_name (pcapng) or the interface sniffed on; null when unknown. */
  readonly name: string | null;
}

/**
 * One frame as a reader hands it out. There is one Frame a source: the object and the bytes behind it are
 * overwritten as soon as the handler returns, so whoever keeps something copies it.
 */
export class Frame {
  /** Holds the frame at offset .. offset + capturedLength; what lies around it belongs to others. */
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  capturedLength = 0;
  /** Length on the wire; at least capturedLength in a sane capture, but not checked. */
  wireLength = 0;
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  seconds = 0;
  /** 0 .. 999,999,999. */
  nanos = 0;
  /** As Wireshark counts frames, from 1. */
  number = 0;
  /** LINKTYPE_ value of this frame's interface; the same as interface.linkType, here for speed. */
  linkType = 0;
  /**
   * Fractional digits of this frame's time stamp: as interface.timeDigits, or FRAME_WITHOUT_TIME where it has none; then seconds and
   * nanos are those of the frame before, and nothing may rest on them.
   */
  timeDigits = 6;
  /** Bytes of frame check sequence counted in capturedLength; the same as interface.fcsLength. */
  fcsLength = 0;
  /** Index into FrameSource.interfaces. */
  interfaceIndex = 0;
  /** Which way it went, seen from the capturing host: a FRAME_ value. */
  direction = FRAME_ANYWHERE;
  /** What the capture itself calls the frame (epb_packetid of pcapng); -1 where it has no name for it. */
  packetId = -1;
}

export type FrameHandler = (frame: Frame) => void;

/** A place where the input is not what it should be. What was read before it stands. */
export interface CaptureProblem {
  readonly code: CaptureErrorCode;
  /** Bytes from the start of the (uncompressed) input; null when the input has no offsets. */
  readonly offset: number | null;
  readonly frame: number | null;
  /** One line for a person: what is wrong and what was expected. Names the file. */
  readonly message: string;
}

export interface RunOptions {
  /** Ends the reading early; what was read stands and the source counts as complete. */
  readonly signal?: AbortSignal;
  /**
   * Called between buffers, with the event loop free to turn: for progress, for flushing, and for a live source to
   * tell the time that has passed without a frame. Files call it at most about ten times a second. Reading goes on when
   * what it returns has settled, so that a slow reader of results is waited for.
   */
  readonly onPause?: (source: FrameSource) => void | Promise<void>;
  /** Called between frames by a source that has left frames out: so late it was by those. */
  readonly onTime?: (seconds: number, nanos: number) => void;
}

/** Seconds, nanoseconds, and digits that are told of them. */
export type Stamp = readonly [seconds: number, nanos: number, digits: number];

/**
 * What a source knows of frames that it does not hand out, because somebody has looked at them before and found nothing with
 * port 0 in them. Grows while reading.
 */
export interface CountedFrames {
  /** Captures that were looked at. */
  readonly files: number;
  /** Of all frames, those too that are handed out: number of the last one, captured bytes, earliest and latest time. */
  readonly frames: number;
  readonly bytes: number;
  readonly first: Stamp | null;
  readonly last: Stamp | null;
  /** Of those that are not handed out. */
  readonly tcpSegments: number;
  readonly icmpErrors: number;
  readonly fragments: number;
  readonly untimed: number;
  readonly undecoded: Readonly<Record<string, number>>;
  readonly notLookedInto: {
    readonly frames: number;
    readonly bytes: number;
    readonly segments: number;
    readonly reasons: Readonly<Record<string, number>>;
  };
  /** Exchanges without port 0, as each capture by itself showed them: verdict -> exchanges. */
  readonly exchanges: Readonly<Record<string, number>>;
  /** What tables had to let go. */
  readonly evicted: number;
  readonly attempts: number;
}

/** Where frames come from: a file, a pipe or a capturer. Knows nothing of TCP. */
export interface FrameSource {
  /** As the user named it. */
  readonly name: string;
  readonly format: 'pcap' | 'pcapng' | 'live';
  readonly compression: 'gzip' | 'zstd' | null;
  /** Grows while reading. */
  readonly interfaces: readonly CaptureInterface[];
  /** Grows while reading; empty at the end when the input was sound. */
  readonly problems: readonly CaptureProblem[];
  /**
   * Numbers that frames have been given so far, as Wireshark counts them: with records that are no packets, also behind the
   * last packet. Absent where only packets come.
   */
  readonly frames?: number;
  /** Frames known to have been lost by whoever captured; null when nobody said. */
  readonly drops: Count | null;
  /** Bytes of the input consumed so far, as stored (compressed), for progress. */
  readonly bytesRead: number;
  /** Size of the input as stored, in bytes; null for a pipe. */
  readonly totalBytes: number | null;
  /**
   * Of a live source: true while frames that were captured some time ago still come in, so that wall clock time is ahead of
   * them. Absent otherwise.
   */
  readonly lagging?: boolean;
  /** Of a live source: longest time that a frame may wait in its capturer, in milliseconds. */
  readonly delayMillis?: number;
  /** Of a live source: how far the newest frame was behind the clock when it came; 0 while none come. */
  readonly lagMillis?: number;
  /** Of a source that does not hand out every frame. */
  readonly counted?: CountedFrames;
  /** Comments of a pcapng file as a whole, as its first section has them. */
  readonly comments?: readonly string[];
  /** Live: milliseconds since 1970 by a clock that was right at the start and does not step. */
  readonly evenMillis?: number;
  /**
   * Hands every frame to `onFrame` in order. Settles when the input has ended, is damaged (a problem is added, nothing
   * is thrown) or the signal fires. Runs once.
   */
  run(onFrame: FrameHandler, options?: RunOptions): Promise<void>;
}
