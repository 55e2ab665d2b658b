import type { CountedFrames } from '../capture/source.ts';
import type { Decoder, DecoderCounts, NotLookedInto } from '../decode/decoder.ts';
import type { FrameTotals } from '../prefilter/frame-totals.ts';
import type { VerdictCounts } from '../report/model/types.ts';
import { addCounts } from '../shard/counted-sum.ts';

/* What a source knows of frames that it has left out, beside what is known of those that it handed out. */

export function fillTotals(totals: FrameTotals, { frames, bytes, tcpSegments, first, last }: CountedFrames): void {
  totals.frames = frames;
  totals.bytes = bytes;
  totals.tcpSegments = tcpSegments;
  if (first === null || last === null) return;
  [totals.firstSeconds, totals.firstNanos, totals.firstDigits] = first;
  [totals.lastSeconds, totals.lastNanos, totals.lastDigits] = last;
}

export interface AllCounts {
  readonly counts: DecoderCounts;
  readonly missed: NotLookedInto;
  readonly undecoded: Readonly<Record<string, number>>;
}

/** What a decoder has counted, and what was counted before. Segments that were left out are in the totals. */
export function addCounted(decoder: Decoder, counted: CountedFrames | undefined): AllCounts {
  const { counts } = decoder;
  const [missed, undecoded] = [decoder.notLookedInto(), decoder.undecoded()];
  if (counted === undefined) return { counts, missed, undecoded };
  const { notLookedInto } = counted;
  const reasons = { ...missed.reasons };
  addCounts(reasons, notLookedInto.reasons);
  addCounts(undecoded, counted.undecoded);
  return {
    counts: {
      tcpSegments: counts.tcpSegments,
      icmpErrors: counts.icmpErrors + counted.icmpErrors,
      fragments: counts.fragments + counted.fragments,
    },
    missed: {
      frames: missed.frames + notLookedInto.frames,
      bytes: missed.bytes + notLookedInto.bytes,
      segments: missed.segments + notLookedInto.segments,
      reasons,
    },
    undecoded,
  };
}

/** Exchanges with port 0 are new in the merge; the others were counted capture by capture. */
export function addOrdinary(portZero: VerdictCounts, { exchanges }: CountedFrames): VerdictCounts {
  const all: Record<string, number> = { ...portZero };
  addCounts(all, exchanges);
  return all as VerdictCounts;
}
