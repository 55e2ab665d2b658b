import type { Frame } from '../capture/source.ts';
import type { DecoderOptions } from '../wire/decode.ts';
import { triage } from '../wire/triage.ts';
import { TunnelPorts } from '../wire/tunnel-ports.ts';

/** What is known of all frames of an input, those included that triage has kept from the decoder. */
export class FrameTotals {
  frames = 0;
  bytes = 0;
  /** Segments that triage has kept from the decoder. */
  tcpSegments = 0;
  // Earliest and latest time stamp: captures need not be in order.
  firstSeconds = Number.POSITIVE_INFINITY;
  firstNanos = 0;
  firstDigits = 0;
  lastSeconds = Number.NEGATIVE_INFINITY;
  lastNanos = 0;
  lastDigits = 0;
}

/** Counts frames and tells which of them the decoder must see. */
export class Sieve {
  readonly totals = new FrameTotals();
  readonly #tunnelPorts: Uint32Array;

  constructor(options: DecoderOptions) {
    this.#tunnelPorts = new TunnelPorts(options.tunnelPorts).bitmap;
  }

  /** False when the frame provably does not matter to the tracker; see triage(). */
  admits(frame: Frame): boolean {
    const { totals } = this;
    // As Wireshark counts them: blocks without a packet have numbers too.
    totals.frames = frame.number;
    totals.bytes += frame.capturedLength;
    const { seconds, nanos } = frame;
    if (seconds > totals.lastSeconds || (seconds === totals.lastSeconds && nanos > totals.lastNanos)) {
      totals.lastSeconds = seconds;
      totals.lastNanos = nanos;
      totals.lastDigits = frame.timeDigits;
    }
    if (seconds < totals.firstSeconds || (seconds === totals.firstSeconds && nanos < totals.firstNanos)) {
      totals.firstSeconds = seconds;
      totals.firstNanos = nanos;
      totals.firstDigits = frame.timeDigits;
    }
    return triage(frame, this.#tunnelPorts, totals);
  }
}
