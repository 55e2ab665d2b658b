// Where the bars of the timeline stand: pure, so that it is tested without a browser.

/** Exchanges that began in one moment, or in one bin of the report. */
export interface Moment {
  /** Seconds since the first exchange of the page. */
  readonly at: number;
  /** Width of the bin; 0 for a moment. */
  readonly span: number;
  /** By verdict, in one order for all moments. */
  readonly counts: readonly number[];
}

interface Column {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
  readonly counts: readonly number[];
  readonly total: number;
}

/** A stretch of time without a long gap, drawn to one scale with the others. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
}

export interface TimelineLayout {
  readonly columns: readonly Column[];
  readonly stretches: readonly Stretch[];
  /** Seconds of a bar. */
  readonly step: number;
  toX(at: number): number;
  toTime(x: number): number;
}

/** Room of a gap that is not drawn to scale. */
const BREAK = 40;
/** A bar and the room beside it; a bar is one pixel narrower. */
const LEAST_PITCH = 3;
const MOST_BREAKS = 6;

/**
 * Puts moments, in the order of time, on a line of `width` pixels. Gaps beside which the rest would be a dot are left out; bars are
 * as narrow as they may be (2 px), and no narrower than the moments.
 */
export function layOut(moments: readonly Moment[], width: number): TimelineLayout {
  // Half of the room at least is for what is drawn to scale.
  const stretches = findStretches(moments, Math.min(MOST_BREAKS, Math.floor(width / 2 / BREAK)));
  const room = width - (stretches.length - 1) * BREAK;
  const least = Math.max(0, ...moments.map(({ span }) => span));
  const columnsOf = (step: number) =>
    stretches.reduce((sum, { from, to }) => sum + Math.max(1, Math.ceil((to - from) / step - 1e-6)), 0);
  const long = Math.max(...stretches.map(({ from, to }) => to - from));
  // Single moments all of them: any width will do.
  let step = least > 0 ? least : long > 0 ? 2 ** Math.floor(Math.log2(long / room)) : 1;
  while (columnsOf(step) * LEAST_PITCH > room) step *= 2;
  const pitch = room / columnsOf(step);

  let x = 0;
  const placed = stretches.map(({ from, to, moments: own }) => {
    const count = Math.max(1, Math.ceil((to - from) / step - 1e-6));
    const sums = Array.from({ length: count }, () => new Array<number>(own[0]!.counts.length).fill(0));
    for (const { at, counts } of own) {
      const sum = sums[Math.min(count - 1, Math.floor((at - from) / step + 1e-6))]!;
      for (const [index, each] of counts.entries()) sum[index]! += each;
    }
    const start = x;
    x += count * pitch + BREAK;
    const columns = sums.flatMap((counts, index): Column[] => {
      const total = counts.reduce((a, b) => a + b, 0);
      const place = { from: from + index * step, to: from + (index + 1) * step, x: start + index * pitch };
      return total === 0 ? [] : [{ ...place, width: Math.max(2, Math.min(pitch - 1, 28)), counts, total }];
    });
    return { from, to: from + count * step, x: start, width: count * pitch, columns };
  });

  return {
    columns: placed.flatMap(({ columns }) => columns),
    stretches: placed,
    step,
    toX(at) {
      const next = placed.findIndex((stretch) => at < stretch.to);
      const stretch = placed[next < 0 ? placed.length - 1 : next]!;
      if (at >= stretch.from) return stretch.x + Math.min(1, shareOf(at, stretch.from, stretch.to)) * stretch.width;
      const before = placed[next - 1];
      if (before === undefined) return stretch.x;
      const start = before.x + before.width;
      return start + ((at - before.to) / (stretch.from - before.to)) * (stretch.x - start);
    },
    toTime(at) {
      const next = placed.findIndex((stretch) => at < stretch.x + stretch.width);
      const stretch = placed[next < 0 ? placed.length - 1 : next]!;
      if (at >= stretch.x)
        return stretch.from + Math.min(1, (at - stretch.x) / stretch.width) * (stretch.to - stretch.from);
      const before = placed[next - 1];
      if (before === undefined) return stretch.from;
      const start = before.x + before.width;
      return before.to + ((at - start) / (stretch.x - start)) * (stretch.from - before.to);
    },
  };
}

/** 0 at `from`, 1 at `to`; a stretch may be too short for its numbers to tell its ends apart. */
const shareOf = (at: number, from: number, to: number): number => (to > from ? (at - from) / (to - from) : 0);

interface Cluster {
  readonly from: number;
  readonly to: number;
  readonly moments: readonly Moment[];
}

/**
 * Divides at the longest gaps where each is twice as long as all that is left, and what is left has more to show than single
 * moments: an outlier days later takes no room from the minute in which it all happened.
 */
function findStretches(moments: readonly Moment[], most: number): Cluster[] {
  const end = ({ at, span }: Moment) => at + span;
  const gaps = moments
    .slice(1)
    .map((moment, index) => ({ before: index + 1, length: moment.at - end(moments[index]!) }));
  gaps.sort((a, b) => b.length - a.length);
  let left = end(moments.at(-1)!) - moments[0]!.at;
  let cuts: number[] = [];
  for (let count = 1; count <= Math.min(most, gaps.length); count++) {
    const { length } = gaps[count - 1]!;
    left -= length;
    if (length < 2 * left || length <= 0) continue;
    if ((count + 1) * 2 > moments.length) break;
    cuts = gaps.slice(0, count).map(({ before }) => before);
  }
  const bounds = [0, ...cuts.sort((a, b) => a - b), moments.length];
  return bounds.slice(1).map((stop, index) => {
    const own = moments.slice(bounds[index]!, stop);
    return { from: own[0]!.at, to: end(own.at(-1)!), moments: own };
  });
}
