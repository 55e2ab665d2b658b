import { FRAME_WITHOUT_TIME, type Frame } from '../capture/source.ts';
import { TOTALS_LENGTH } from '../lane/assembly/layout.ts';
import type { DecoderOptions } from '../wire/decode.ts';
import { createLinkMap, type LinkMap } from '../wire/link-map.ts';
import { triage } from '../wire/triage.ts';
import { TunnelPorts } from '../wire/tunnel-ports.ts';
import { createWaitingCells } from '../wire/waiting-ports.ts';

/** What is known of all frames of an input, those included that triage has kept from the decoder. */
export class FrameTotals {
  /** The numbers, in the order of the properties below. */
  readonly cells: Float64Array;

  /** `cells`: where to count, so that others can count there too. */
  constructor(cells: Float64Array = new Float64Array(TOTALS_LENGTH)) {
    this.cells = cells;
    cells.fill(0);
    this.firstSeconds = Number.POSITIVE_INFINITY;
    this.lastSeconds = Number.NEGATIVE_INFINITY;
  }

  get frames(): number {
    return this.cells[0]!;
  }

  set frames(value: number) {
    this.cells[0] = value;
  }

  get bytes(): number {
    return this.cells[1]!;
  }

  set bytes(value: number) {
    this.cells[1] = value;
  }

  /** Segments that were kept from the decoder. */
  get tcpSegments(): number {
    return this.cells[2]!;
  }

  set tcpSegments(value: number) {
    this.cells[2] = value;
  }

  /** Earliest and latest time stamp: captures need not be in order. */
  get firstSeconds(): number {
    return this.cells[3]!;
  }

  set firstSeconds(value: number) {
    this.cells[3] = value;
  }

  get firstNanos(): number {
    return this.cells[4]!;
  }

  set firstNanos(value: number) {
    this.cells[4] = value;
  }

  get firstDigits(): number {
    return this.cells[5]!;
  }

  set firstDigits(value: number) {
    this.cells[5] = value;
  }

  get lastSeconds(): number {
    return this.cells[6]!;
  }

  set lastSeconds(value: number) {
    this.cells[6] = value;
  }

  get lastNanos(): number {
    return this.cells[7]!;
  }

  set lastNanos(value: number) {
    this.cells[7] = value;
  }

  get lastDigits(): number {
    return this.cells[8]!;
  }

  set lastDigits(value: number) {
    this.cells[8] = value;
  }
}

/** Counts frames and tells which of them the decoder must see. */
export class Sieve {
  readonly totals: FrameTotals;
  readonly #tunnelPorts: Uint32Array;
  readonly #links: LinkMap | null;

  readonly #waiting: Uint16Array;
  readonly #marks: boolean;

  /**
   * `waiting`: pairs of ordinary ports with an exchange that waits for an answer (wire/waiting-ports.ts). With `marks`, SYNs that
   * are admitted are noted there, for good: where nobody else tells.
   */
  constructor(options: DecoderOptions, totals = new FrameTotals(), waiting = createWaitingCells(), marks = false) {
    this.totals = totals;
    this.#waiting = waiting;
    this.#marks = marks;
    this.#tunnelPorts = new TunnelPorts(options.tunnelPorts).bitmap;
    this.#links = createLinkMap(options);
  }

  /** False when the frame provably does not matter to the tracker; see triage(). */
  admits(frame: Frame): boolean {
    const { totals } = this;
    // As Wireshark counts them: blocks without a packet have numbers too.
    totals.frames = frame.number;
    totals.bytes += frame.capturedLength;
    if (frame.timeDigits !== FRAME_WITHOUT_TIME) this.#noteTime(frame);
    const { linkType } = frame;
    const readAs = this.#links === null ? linkType : this.#links.get(linkType);
    return triage(frame, readAs, this.#tunnelPorts, totals, this.#waiting, this.#marks);
  }

  #noteTime({ seconds, nanos, timeDigits }: Frame): void {
    const { totals } = this;
    if (seconds > totals.lastSeconds || (seconds === totals.lastSeconds && nanos > totals.lastNanos)) {
      totals.lastSeconds = seconds;
      totals.lastNanos = nanos;
      totals.lastDigits = timeDigits;
    }
    if (seconds < totals.firstSeconds || (seconds === totals.firstSeconds && nanos < totals.firstNanos)) {
      totals.firstSeconds = seconds;
      totals.firstNanos = nanos;
      totals.firstDigits = timeDigits;
    }
  }
}
