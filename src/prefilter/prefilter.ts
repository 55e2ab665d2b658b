import { FRAME_WITHOUT_TIME, type Frame } from '../capture/source.ts';
import type { DecoderOptions } from '../decode/decoder.ts';
import { createLinkMap, type LinkMap } from '../decode/link/link-map.ts';
import { TunnelPorts } from '../decode/tunnel/ports.ts';
import { createWaitingCells } from '../track/waiting-ports.ts';
import { FrameTotals } from './frame-totals.ts';
import { triage } from './triage.ts';

/** Counts frames and tells which of them the decoder must see. */
export class Prefilter {
  readonly totals: FrameTotals;
  readonly #tunnelPorts: Uint32Array;
  readonly #links: LinkMap | null;

  readonly #waiting: Uint16Array;
  readonly #marks: boolean;

  /**
   * `waiting`: pairs of ordinary ports with an exchange that waits for an answer (track/waiting-ports.ts). With `marks`, SYNs that
   * are admitted are noted there, for good: where nobody else tells.
   */
  constructor(options: DecoderOptions, totals = new FrameTotals(), waiting = createWaitingCells(), marks = false) {
    this.totals = totals;
    this.#waiting = waiting;
    this.#marks = marks;
    this.#tunnelPorts = TunnelPorts.of(options.tunnelPorts).bitmap;
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
