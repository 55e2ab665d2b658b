import type { CountedFrames, Stamp } from '../capture/source.ts';
import type { ShardHead } from './head.ts';

/** What was counted of many captures, as one. Sums, and the earliest and latest time: the order does not matter. */
export class CountedSum implements CountedFrames {
  files = 0;
  frames = 0;
  bytes = 0;
  first: Stamp | null = null;
  last: Stamp | null = null;
  tcpSegments = 0;
  icmpErrors = 0;
  fragments = 0;
  untimed = 0;
  evicted = 0;
  attempts = 0;
  readonly undecoded: Record<string, number> = {};
  readonly notLookedInto = { frames: 0, bytes: 0, segments: 0, reasons: {} as Record<string, number> };
  readonly exchanges: Record<string, number> = {};

  /** `before`: numbers that frames of captures before it have. */
  add(counted: ShardHead['counted'], before: number): void {
    this.files++;
    if (counted.frames > 0) this.frames = before + counted.frames;
    this.bytes += counted.bytes;
    if (isBefore(counted.first, this.first)) this.first = counted.first;
    if (counted.last !== null && (this.last === null || isBefore(this.last, counted.last))) this.last = counted.last;
    this.tcpSegments += counted.tcpSegments;
    this.icmpErrors += counted.icmpErrors;
    this.fragments += counted.fragments;
    this.untimed += counted.untimed;
    this.evicted += counted.evicted;
    this.attempts += counted.attempts;
    addCounts(this.undecoded, counted.undecoded);
    addCounts(this.exchanges, counted.exchanges);
    const { notLookedInto } = this;
    notLookedInto.frames += counted.notLookedInto.frames;
    notLookedInto.bytes += counted.notLookedInto.bytes;
    notLookedInto.segments += counted.notLookedInto.segments;
    addCounts(notLookedInto.reasons, counted.notLookedInto.reasons);
  }
}

export function addCounts(to: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) to[name] = (to[name] ?? 0) + count;
}

/** Whether `one` is a time, and before `other`, where that is one. */
function isBefore(one: Stamp | null, other: Stamp | null): boolean {
  if (one === null || other === null) return one !== null;
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
}
