/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { formatCount, formatNumber } from '../../../words/numbers.ts';
import { formatDuration, formatTime, secondsBetween } from '../words.ts';
import type { App } from './app.ts';
import { createDrawing as svg } from './dom.ts';
import { clockLabel, clockTicks, niceNumber, niceStep, offsetTicks } from './time-ticks.ts';
import { layOut, type Moment, type TimelineLayout } from './timeline-layout.ts';

const HEIGHT = 178;
const TOP = 8;
/** Of the axes. */
const LEFT = 52;
const RIGHT = 10;
const BOTTOM = 26;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** Steps of the two ends of the brush. */
const STEPS = 1000;
/** From this span on places are told by the clock. */
const CLOCK_FROM = 120;
const HINT = 'Drag over the chart, or move its two ends, to choose a span of time.';

/**
 * Exchanges over time, stacked by verdict: all with port 0 where nothing but verdicts is filtered, else those that are listed. One
 * brush chooses a span, which filters: by dragging, or by its two ends.
 */
export function timelinePart(app: App): void {
  const { element } = app;
  const frame = app.byId('timeline-plot');
  const readout = app.byId('timeline-readout');
  const from = app.byId('range-from') as HTMLInputElement;
  const to = app.byId('range-to') as HTMLInputElement;
  const { verdicts, timeline } = app.payload;
  const { origin } = app;
  if (origin === null) return;
  const start = Date.parse(origin) / 1000;

  const picture = svg('svg', { role: 'img', 'aria-label': 'Timeline' });
  const brush = element('div', { class: 'brush', hidden: true });
  frame.prepend(picture, brush);

  const places = new Map<string, number>(verdicts.map(({ id }, index) => [id, index]));
  const whole: readonly Moment[] = timeline.bins.map(({ time, verdicts: shares }) => ({
    at: secondsBetween(origin, time),
    span: timeline.binSeconds!,
    counts: verdicts.map(({ id }) => shares[id] ?? 0),
  }));
  const isMoment = (moments: readonly Moment[]) => moments.length < 2 || moments[0]!.at === moments.at(-1)!.at;
  const listed = rowMoments();
  // A single moment is no line.
  if (isMoment(listed) && isMoment(whole)) return;

  /** The span that is drawn; null for the whole. */
  let shown: readonly [number, number] | null = null;
  let input = -1;
  let layout: TimelineLayout | null = null;

  function rowMoments(): Moment[] {
    return app
      .matching('range')
      .filter(({ at }) => !Number.isNaN(at))
      .sort((a, b) => a.at - b.at)
      .map(({ at, exchange }) => {
        const counts = new Array<number>(verdicts.length).fill(0);
        counts[places.get(exchange.verdict)!] = 1;
        return { at, span: 0, counts };
      });
  }

  /** What passes the filters, aside of the brush. */
  function findMoments(): readonly Moment[] {
    if (!app.countsAll('range')) return rowMoments();
    const chosen = app.state.verdicts;
    if (chosen.size === 0) return whole;
    return whole.flatMap((moment) => {
      const counts = moment.counts.map((count, index) => (chosen.has(verdicts[index]!.id) ? count : 0));
      return counts.some((count) => count > 0) ? [{ ...moment, counts }] : [];
    });
  }

  function draw(): void {
    if (input !== app.state.input) {
      input = app.state.input;
      shown = null;
    }
    const all = app.countsAll('range');
    const moments = findMoments().filter(
      ({ at, span }) => shown === null || (at + span > shown[0] && at <= shown[1]) || at === shown[0],
    );
    const width = Math.max(240, frame.clientWidth);
    picture.replaceChildren();
    picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    layout = moments.length === 0 ? null : layOut(moments, width - LEFT - RIGHT);
    app.byId('timeline-what').textContent = all
      ? `all ${formatCount(app.payload.total, 'exchange')} with port 0${timeline.untimed > 0 ? `, but ${formatNumber(timeline.untimed)} without time` : ''}`
      : app.payload.unlisted > 0
        ? 'of the exchanges that are listed'
        : '';
    if (layout === null) picture.setAttribute('aria-label', 'Timeline of no exchange');
    else {
      const most = Math.max(...layout.columns.map(({ total }) => total));
      drawGrid(layout, most, width);
      drawBars(layout, most);
      drawAxis(layout);
      describe(layout, most);
    }
    drawBrush();
    readout.textContent = HINT;
  }

  function describe({ columns, stretches }: TimelineLayout, most: number): void {
    const sums = verdicts.map((_, index) => columns.reduce((sum, { counts }) => sum + counts[index]!, 0));
    const total = sums.reduce((a, b) => a + b, 0);
    const named = verdicts.flatMap(({ label }, index) =>
      sums[index]! > 0 ? [`${label} ${formatNumber(sums[index]!)}`] : [],
    );
    const highest = columns.find((column) => column.total === most)!;
    const span = stretches.at(-1)!.to - stretches[0]!.from;
    picture.setAttribute(
      'aria-label',
      `Timeline of ${formatCount(total, 'exchange')} over ${formatDuration(span)}, by verdict: ${named.join(', ')}. Most in one bar: ${formatNumber(most)}, at +${formatDuration(Math.max(0, highest.from))}.`,
    );
  }

  function drawGrid(_layout: TimelineLayout, most: number, width: number): void {
    const step = Math.max(1, niceNumber(most / 4));
    for (let count = 0; count <= most; count += step) {
      const y = yOf(count, most);
      picture.append(
        svg('line', { class: 'grid-line', x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
        svg('text', { class: 'tick', x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, formatNumber(count)),
      );
    }
  }

  function drawBars({ columns }: TimelineLayout, most: number): void {
    for (const { x, width, counts } of columns) {
      let below = 0;
      for (const [index, count] of counts.entries()) {
        if (count === 0) continue;
        const bottom = yOf(below, most);
        below += count;
        // Two pixels at least, though it were one of a million.
        const height = Math.max(2, bottom - yOf(below, most));
        picture.append(
          svg('rect', { class: `column v-${verdicts[index]!.id}`, x: LEFT + x, y: bottom - height, width, height }),
        );
      }
    }
  }

  function drawAxis({ stretches, step, toX }: TimelineLayout): void {
    const y = TOP + PLOT_HEIGHT;
    const [first] = stretches;
    const byClock = stretches.length > 1 || first!.to - first!.from >= CLOCK_FROM;
    const tickStep = niceStep(((first!.to - first!.from) / first!.width) * 84);
    const taken: [number, number][] = [];
    /** Returns false where it would stand over another one, or beyond the plot. */
    const write = (x: number, text: string, anchor: 'start' | 'middle' | 'end' = 'middle'): boolean => {
      const length = text.length * 6.8;
      const left = anchor === 'start' ? x : anchor === 'end' ? x - length : x - length / 2;
      if (left < -LEFT + 24 || left + length > plotWidth() + RIGHT) return false;
      if (taken.some(([start, end]) => left < end + 10 && left + length > start - 10)) return false;
      taken.push([left, left + length]);
      picture.append(svg('text', { class: 'tick', x: LEFT + x, y: y + 18, 'text-anchor': anchor }, text));
      return true;
    };
    let day = '';
    for (const [index, { from, x, width }] of stretches.entries()) {
      picture.append(svg('line', { class: 'axis', x1: LEFT + x, x2: LEFT + x + Math.max(2, width), y1: y, y2: y }));
      const before = stretches[index - 1];
      if (before !== undefined) drawGap(LEFT + (before.x + before.width + x) / 2, formatDuration(from - before.to));
      if (!byClock) continue;
      const date = clockLabel(start + from, 86_400);
      const time = clockLabel(start + from, Math.min(tickStep, 3600));
      const text = stretches.length > 1 && date !== day ? `${date} ${time}` : time;
      if (write(x, text, 'start') || write(x + width, text, 'end')) day = date;
    }
    for (const { from, to, x, width } of stretches) {
      const ticks = byClock ? clockTicks(from, to, tickStep, start) : offsetTicks(from, to, tickStep);
      for (const { at, label } of ticks) {
        const place = toX(at);
        if (place > x + width + 1 || !write(place, label)) continue;
        picture.append(svg('line', { class: 'tick-line', x1: LEFT + place, x2: LEFT + place, y1: y, y2: y + 4 }));
      }
    }
    app.byId('timeline-step').textContent = `a bar is ${formatDuration(step)}`;
  }

  /** Where time is left out: a broken line, and how much. */
  function drawGap(x: number, text: string): void {
    const part = PLOT_HEIGHT / 6;
    const middle = TOP + PLOT_HEIGHT / 2;
    picture.append(
      svg('path', { class: 'gap', d: `M${x - 11} ${TOP}l6 ${part}-6 ${part} 6 ${part}-6 ${part} 6 ${part}-6 ${part}` }),
      svg(
        'text',
        { class: 'tick', x, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 ${x + 4} ${middle})` },
        text,
      ),
    );
  }

  /** The brush's place, in pixels of the plot. */
  function placeOf(range: readonly [number, number]): [number, number] {
    return [layout!.toX(range[0]), layout!.toX(range[1])];
  }
  const plotWidth = () => Math.max(1, Math.max(240, frame.clientWidth) - LEFT - RIGHT);

  function drawBrush(): void {
    const { range } = app.state;
    brush.hidden = range === null || layout === null;
    const [left, right] = range === null || layout === null ? [0, plotWidth()] : placeOf(range);
    brush.style.left = `${LEFT + left}px`;
    brush.style.width = `${Math.max(1, right - left)}px`;
    const ends = range ?? (layout === null ? [0, 0] : [layout.toTime(0), layout.toTime(plotWidth())]);
    for (const [slider, x, at] of [
      [from, left, ends[0]!],
      [to, right, ends[1]!],
    ] as const) {
      slider.value = String(Math.round((x / plotWidth()) * STEPS));
      slider.setAttribute('aria-valuetext', `+${formatDuration(Math.max(0, at))}`);
    }
  }

  function slide(): void {
    if (layout === null) return;
    const isAll = Number(from.value) === 0 && Number(to.value) === STEPS;
    const at = (slider: HTMLInputElement) => layout!.toTime((Number(slider.value) / STEPS) * plotWidth());
    const [a, b] = [at(from), at(to)];
    app.update({ range: isAll ? null : [Math.min(a, b), Math.max(a, b)] });
  }
  from.addEventListener('input', slide);
  to.addEventListener('input', slide);

  // Pixels of the plot, held at its ends.
  const plotX = (event: PointerEvent) =>
    Math.min(plotWidth(), Math.max(0, event.clientX - frame.getBoundingClientRect().left - LEFT));
  let grip: number | null = null;
  frame.addEventListener('pointerdown', (event) => {
    // Not on the ends of the brush, which move by themselves.
    if (event.target instanceof HTMLInputElement || event.button !== 0 || layout === null) return;
    grip = plotX(event);
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener('pointermove', (event) => {
    const x = plotX(event);
    if (grip !== null) {
      brush.hidden = false;
      brush.style.left = `${LEFT + Math.min(grip, x)}px`;
      brush.style.width = `${Math.abs(x - grip)}px`;
    }
    tell(x);
  });
  frame.addEventListener('pointerleave', () => {
    readout.textContent = HINT;
  });
  frame.addEventListener('pointerup', (event) => {
    if (grip === null || layout === null) return;
    const [left, right] = [Math.min(grip, plotX(event)), Math.max(grip, plotX(event))];
    grip = null;
    // A click without a drag takes the choice back.
    if (right - left >= 4) app.update({ range: [layout.toTime(left), layout.toTime(right)] });
    else if (app.state.range !== null) app.update({ range: null });
    else drawBrush();
  });
  frame.addEventListener('pointercancel', () => {
    grip = null;
    drawBrush();
  });

  /** What is at that place. */
  function tell(x: number): void {
    const near = layout?.columns.find((column) => Math.abs(column.x + column.width / 2 - x) <= column.width / 2 + 2);
    if (near === undefined) {
      readout.textContent = HINT;
      return;
    }
    const parts = verdicts.flatMap(({ label }, index) =>
      near.counts[index]! > 0 ? [`${label.toLowerCase()} ${formatNumber(near.counts[index]!)}`] : [],
    );
    readout.textContent = `+${formatDuration(Math.max(0, near.from))}: ${formatCount(near.total, 'exchange')} — ${parts.join(', ')}`;
  }

  app.byId('zoom-in').addEventListener('click', () => {
    if (layout === null) return;
    shown = app.state.range ?? [layout.toTime(plotWidth() / 4), layout.toTime((plotWidth() / 4) * 3)];
    app.update({});
  });
  app.byId('zoom-all').addEventListener('click', () => {
    shown = null;
    app.update({});
  });

  const key = app.byId('timeline-key');
  const present = verdicts.filter(
    ({ id }, index) =>
      whole.some(({ counts }) => counts[index]! > 0) || app.rows.some(({ exchange }) => exchange.verdict === id),
  );
  for (const { id } of present) key.append(element('li', {}, app.verdict(id)));
  app.byId('timeline-start').textContent = `0 = ${formatTime(origin, true)}`;
  app.byId('timeline').hidden = false;
  app.onUpdate(draw);
  let drawn = 0;
  new ResizeObserver(() => {
    if (frame.clientWidth === drawn) return;
    drawn = frame.clientWidth;
    requestAnimationFrame(draw);
  }).observe(frame);
}

const yOf = (count: number, most: number): number => TOP + PLOT_HEIGHT * (1 - count / most);
