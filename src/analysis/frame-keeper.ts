import { type CountedFrames, FRAME_WITHOUT_TIME, type Frame, type FrameSource, type Stamp } from '../capture/source.ts';
import { createDecoder, type Decoder, type DecoderOptions } from '../decode/decoder.ts';
import {
  FRAGMENT_NONE,
  type PacketRecord,
  TRANSPORT_ICMP_ERROR,
  TRANSPORT_NONE,
  TRANSPORT_TCP,
  TRANSPORT_UDP,
} from '../decode/packet.ts';
import type { CoreTracker } from '../prefilter/core-skipper.ts';
import type { FrameTotals } from '../prefilter/frame-totals.ts';
import type { ShardHead } from '../shard/head.ts';
import type { KeptPart, ShardWriter } from '../shard/shard-writer.ts';
import type { Tracker } from '../track/tracker.ts';
import { ClockTicks } from './clock-ticks.ts';
import type { InputResult } from './types.ts';

/** The parts of an analysis that a keeper looks at. */
export interface KeptAnalysis {
  readonly source: FrameSource;
  readonly decoder: Decoder;
  readonly tracker: Tracker;
  readonly totals: FrameTotals;
}

/**
 * Keeps the frames that an analysis of port 0 can ever need: those with a packet of TCP or UDP that has a port 0, or a port that is
 * not known, an ICMP error that quotes one, or a fragment. It sits behind the decoder, so that what the core passes over never comes
 * here; and it counts what it does not keep.
 */
export class FrameKeeper {
  readonly ticks = new ClockTicks();
  readonly #writer: ShardWriter;
  /** Sees what is kept and nothing else, as a merge of this capture alone would: what it counts is counted again then. */
  readonly #again: Decoder;
  #untimedAgain = 0;
  #parts: KeptAnalysis | null = null;
  #isWanted = false;
  #fragments = 0;
  #isUntimed = false;

  constructor(writer: ShardWriter, options: DecoderOptions) {
    this.#writer = writer;
    this.#again = createDecoder({ ...options, verify: 'port-zero' });
  }

  /** Before the first frame. */
  start(parts: KeptAnalysis): void {
    this.#parts = parts;
  }

  /** Whom the core is to wake: the tracker in its time, and this one for the time that goes by. */
  watch(tracker: Tracker): CoreTracker {
    const { ticks } = this;
    return {
      get size() {
        return tracker.size;
      },
      get nextDeadline() {
        return Math.min(tracker.nextDeadline, ticks.nextTime);
      },
      get onlyScope() {
        return tracker.onlyScope;
      },
      get hasEvicted() {
        return tracker.hasEvicted;
      },
      tellLog: (log) => tracker.tellLog(log),
      catchUp: () => {
        ticks.pass(tracker.clock, tracker.nextDeadline, this.#writer.kept);
        tracker.catchUp();
      },
    };
  }

  /** A frame that is to be decoded now. */
  begin(frame: Frame): void {
    const { decoder, tracker } = this.#parts!;
    this.#isWanted = false;
    this.#isUntimed = frame.timeDigits === FRAME_WITHOUT_TIME;
    this.#fragments = decoder.counts.fragments;
    this.ticks.begin(tracker.clock, tracker.nextDeadline);
  }

  /** A packet in it. */
  see({ transport, sourcePort, destinationPort, quote }: PacketRecord): void {
    if (transport === TRANSPORT_TCP || transport === TRANSPORT_UDP) {
      if (sourcePort <= 0 || destinationPort <= 0) this.#isWanted = true;
    } else if (transport === TRANSPORT_ICMP_ERROR && quote !== null) {
      if (quote.fragment !== FRAGMENT_NONE) this.#isWanted = true;
      else if (quote.transport !== TRANSPORT_NONE && (quote.sourcePort <= 0 || quote.destinationPort <= 0)) {
        this.#isWanted = true;
      }
    }
  }

  /** The frame has been decoded. */
  end(frame: Frame): void {
    const { decoder, tracker, source } = this.#parts!;
    const isKept = this.#isWanted || decoder.counts.fragments !== this.#fragments;
    this.ticks.end(tracker.clock, isKept && !this.#isUntimed ? frame : null, isKept, this.#writer.kept);
    if (!isKept) return;
    this.#writer.write(frame, source.interfaces[frame.interfaceIndex]!);
    this.#again.decode(frame, this.#countAgain);
  }

  readonly #countAgain = (): void => {
    if (this.#isUntimed) this.#untimedAgain++;
  };

  /** After the last frame, before the end is told to the tracker. */
  stop(): void {
    this.ticks.finish(this.#parts!.tracker.clock, this.#writer.kept);
  }

  /** What the analysis has come to, but for what is known of the file. */
  describe(
    result: InputResult,
  ): Omit<ShardHead, 'key' | 'origin' | 'decoder' | 'answerTimeoutNanos' | 'start' | keyof KeptPart> {
    const { source } = this.#parts!;
    return {
      format: result.input.format === 'live' ? null : result.input.format,
      compression: source.compression,
      interfaces: source.interfaces,
      problems: source.problems,
      drops: result.input.drops,
      numbers: result.summary.frames,
      counted: this.#count(result),
      ticks: this.ticks.numbers,
    };
  }

  /** What was counted of all frames, and of those that were not kept. */
  #count({ summary, omitted, untimed }: InputResult): Omit<CountedFrames, 'files'> {
    const { decoder, totals } = this.#parts!;
    const [all, again] = [decoder.notLookedInto(), this.#again.notLookedInto()];
    const { counts } = this.#again;
    const { exchanges, portZero } = summary;
    const hasTime = Number.isFinite(totals.lastSeconds);
    return {
      frames: totals.frames,
      bytes: totals.bytes,
      first: hasTime ? ([totals.firstSeconds, totals.firstNanos, totals.firstDigits] satisfies Stamp) : null,
      last: hasTime ? ([totals.lastSeconds, totals.lastNanos, totals.lastDigits] satisfies Stamp) : null,
      tcpSegments: rest(summary.tcpSegments, counts.tcpSegments),
      icmpErrors: rest(summary.icmpErrors, counts.icmpErrors),
      fragments: rest(summary.fragments, counts.fragments),
      untimed: rest(untimed, this.#untimedAgain),
      undecoded: without(summary.undecoded, this.#again.undecoded()),
      notLookedInto: {
        frames: rest(all.frames, again.frames),
        bytes: rest(all.bytes, again.bytes),
        segments: rest(all.segments, again.segments),
        reasons: without(all.reasons, again.reasons),
      },
      exchanges: without(exchanges, portZero),
      evicted: omitted.evicted,
      attempts: omitted.attempts,
    };
  }
}

/** A table that was full for all frames need not have been so for those that were kept: then less is left than nothing. */
const rest = (all: number, some: number): number => Math.max(0, all - some);

function without(
  all: Readonly<Record<string, number>>,
  some: Readonly<Record<string, number>>,
): Record<string, number> {
  const left = Object.entries(all).map(([name, count]) => [name, rest(count, some[name] ?? 0)] as const);
  return Object.fromEntries(left.filter(([, count]) => count > 0));
}
