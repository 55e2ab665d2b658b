import type { FrameSource } from '../source.ts';

/** Of a pcapng section it knows the first so many interfaces. */
export const MOST_SKIPPED_INTERFACES = 32;

/** A source that can be read with a skipper. Others, as decorators of one, hand out every frame. */
export interface SkippingSource extends FrameSource {
  /** Before run(). */
  skipWith(skipper: RecordSkipper): void;
}

/**
 * Somebody who passes over records that nobody needs to see, faster than a reader can hand them out. It reads the same bytes
 * as the reader, stops before the first record that is of interest or not quite as usual, and leaves that to the reader.
 */
export interface RecordSkipper {
  /** Where the input has to lie. */
  readonly bytes: Uint8Array;
  /** Whether nobody looks at more than the headers of most frames that are of interest. */
  readonly headersSuffice: boolean;
  setPcap(layout: PcapLayout): void;
  /** Once more whenever it has changed. */
  setPcapng(layout: PcapngLayout): void;
  /** Reads whole records in bytes[start, end) and returns where it has stopped. `frames`: number of the last frame before. */
  skip(start: number, end: number, frames: number): number;
  /** Number of the last frame that it passed over. */
  readonly frames: number;
  /** Time of the last record that it passed over. */
  readonly passed: { readonly seconds: number; readonly nanos: number };
  /** As skip(), of records as another thread has laid them out (prefilter/frame-ring.ts). */
  skipRelayed(start: number, end: number): number;
}

export interface InterfaceLayout {
  /** Among all interfaces of the input. */
  readonly index: number;
  readonly linkType: number;
  readonly fcsLength: number;
  readonly timeDigits: number;
  /** Most bytes of a frame. */
  readonly limit: number;
}

export interface PcapLayout extends InterfaceLayout {
  readonly little: boolean;
  readonly nano: boolean;
  readonly headerLength: number;
}

/** Of a section. */
export interface PcapngLayout {
  readonly little: boolean;
  readonly mostBlockLength: number;
  readonly interfaces: readonly PcapngInterfaceLayout[];
}

export interface PcapngInterfaceLayout extends InterfaceLayout {
  /** Ticks of the clock in a second; 0 where that is no power of ten that nanoseconds can hold. */
  readonly ticksPerSecond: number;
  readonly offsetSeconds: number;
}
