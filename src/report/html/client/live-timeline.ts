/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { formatCount, formatNumber } from '../../../words/numbers.ts';
import type { LiveView } from '../live-view.ts';
import { createDrawing as svg } from './dom.ts';
import { clockTicks } from './time-ticks.ts';

const HEIGHT = 178;
const TOP = 8;
/** Of the axes. */
const LEFT = 52;
const RIGHT = 10;
const BOTTOM = 26;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
const TICK_SECONDS = 600;

/** The last hour as bars, stacked by verdict; below the axis, where frames were lost. `now` is in seconds since 1970. */
export function drawHour(
  frame: HTMLElement,
  { binSeconds, bins, drops }: LiveView['timeline'],
  verdicts: readonly { readonly id: string; readonly label: string }[],
  now: number,
): void {
  const width = Math.max(240, frame.clientWidth);
  const plot = width - LEFT - RIGHT;
  const pitch = plot / bins.length;
  const bottom = TOP + PLOT_HEIGHT;
  const totals = bins.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const most = Math.max(1, ...totals);
  const picture = svg('svg', { role: 'img', viewBox: `0 0 ${width} ${HEIGHT}` });
  const sums = verdicts.flatMap(({ label }, index) => {
    const sum = bins.reduce((total, counts) => total + (counts[index] ?? 0), 0);
    return sum > 0 ? [`${label} ${formatNumber(sum)}`] : [];
  });
  const lost = drops.reduce((sum, count) => sum + count, 0);
  picture.setAttribute(
    'aria-label',
    `The last hour: ${formatCount(
      totals.reduce((a, b) => a + b, 0),
      'exchange',
    )} with port 0${sums.length > 0 ? `: ${sums.join(', ')}` : ''}${lost > 0 ? `; ${formatCount(lost, 'frame')} lost` : ''}`,
  );
  for (const count of [0, most]) {
    const y = bottom - (count / most) * PLOT_HEIGHT;
    picture.append(
      svg('line', { class: 'grid-line', x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
      svg('text', { class: 'tick', x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, formatNumber(count)),
    );
  }
  for (const [place, counts] of bins.entries()) {
    const x = LEFT + place * pitch;
    const bar = Math.max(1, pitch - 1);
    let y = bottom;
    for (const [index, count] of counts.entries()) {
      if (count === 0) continue;
      const height = (count / most) * PLOT_HEIGHT;
      y -= height;
      picture.append(svg('rect', { class: `column v-${verdicts[index]!.id}`, x, y, width: bar, height }));
    }
    if (drops[place]! > 0)
      picture.append(svg('rect', { class: 'lost', x, y: bottom, width: Math.max(2, bar), height: 4 }));
  }
  picture.append(svg('line', { class: 'axis', x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }));
  const span = bins.length * binSeconds;
  for (const { at, label } of clockTicks(0, span, TICK_SECONDS, now - span)) {
    const x = LEFT + (at / span) * plot;
    if (x < LEFT + 20 || x > width - RIGHT - 40) continue;
    picture.append(
      svg('line', { class: 'tick-line', x1: x, x2: x, y1: bottom, y2: bottom + 4 }),
      svg('text', { class: 'tick', x, y: bottom + 18, 'text-anchor': 'middle' }, label),
    );
  }
  picture.append(svg('text', { class: 'tick', x: width - RIGHT, y: bottom + 18, 'text-anchor': 'end' }, 'now'));
  frame.replaceChildren(picture);
}
