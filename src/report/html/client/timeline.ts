/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import UPlot from 'uplot';
import { formatCount, formatNumber } from '../../../words/numbers.ts';
import { formatDuration, formatTime } from '../words.ts';
import type { App } from './app.ts';

/**
 * Exchanges over time, stacked by verdict. Dragging, or the two sliders, choose a span, which filters; the buttons zoom.
 */
export function timelinePart(app: App): void {
  const { element } = app;
  const section = app.byId('timeline');
  const frame = app.byId('timeline-plot');
  const readout = app.byId('timeline-readout');
  const from = app.byId('range-from') as HTMLInputElement;
  const to = app.byId('range-to') as HTMLInputElement;
  const present = app.payload.verdicts.filter(({ id }) => app.rows.some(({ exchange }) => exchange.verdict === id));
  // A single moment is no line.
  if (!app.rows.some(({ at }) => at > 0)) return;

  /** Slider steps over the shown span. */
  const STEPS = 1000;
  const NO_SPAN = 1e-6;
  let whole: [number, number] = [0, 1];
  let shown: [number, number] = [0, 1];
  let input = Number.NaN;
  let bins: number[] = [];
  let counts: number[][] = [];
  let quiet = false;

  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  // Linear steps below a minute, then those of a clock.
  const increments: number[] = [];
  for (let power = -9; power <= 0; power++) for (const step of [1, 2, 5]) increments.push(step * 10 ** power);
  increments.push(10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200);
  for (let days = 86_400; days < 1e11; days *= 2) increments.push(days);

  /** How a place on the axis is written: in the unit of the axis's step, with no more digits than the step has. */
  function placeLabel(seconds: number, step: number): string {
    if (seconds === 0) return '0';
    const units: [number, string][] = [
      [86_400, 'd'],
      [3600, 'h'],
      [60, 'min'],
      [1, 's'],
      [1e-3, 'ms'],
      [1e-6, 'µs'],
      [1e-9, 'ns'],
    ];
    const [size, name] = units.find(([unit]) => step >= unit * 0.9999) ?? units.at(-1)!;
    return `${seconds < 0 ? '−' : '+'}${Number((Math.abs(seconds) / size).toFixed(2)).toLocaleString('en-US')} ${name}`;
  }

  const plot = new UPlot(
    {
      width: 600,
      height: 168,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => shown },
        y: { range: (_plot, _min, max) => [0, Math.max(1, max) * 1.05] },
      },
      axes: [
        {
          stroke: () => color('--muted'),
          font: `11px ${color('--font')}`,
          grid: { show: false },
          ticks: { stroke: () => color('--line'), width: 1, size: 4 },
          size: 28,
          gap: 4,
          space: 84,
          incrs: increments,
          values: (_plot, places, _axis, _space, step) => places.map((place) => placeLabel(place, step)),
        },
        {
          stroke: () => color('--muted'),
          font: `11px ${color('--font')}`,
          grid: { stroke: () => color('--line'), width: 1 },
          ticks: { show: false },
          size: 48,
          gap: 4,
          space: 32,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
          values: (_plot, places) => places.map((place) => formatNumber(place)),
        },
      ],
      // Drawn from the highest pile to the lowest, so that each covers all but its own share of the one before.
      series: [
        {},
        ...[...present].reverse().map(({ id, label }) => ({
          label,
          fill: () => color(`--v-${id}`),
          width: 0,
          points: { show: false },
          paths: UPlot.paths.bars!({ size: [0.92, 28, 2], align: 0 }),
        })),
      ],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 } },
      hooks: {
        setCursor: [(self) => showReadout(self.cursor.idx ?? null)],
        setSelect: [
          (self) => {
            if (quiet) return;
            const { left, width } = self.select;
            if (width < 2) return;
            app.update({ range: [self.posToVal(left, 'x'), self.posToVal(left + width, 'x')] });
          },
        ],
      },
    },
    [[0], ...present.map(() => [0])] as UPlot.AlignedData,
    frame,
  );
  plot.over.addEventListener('click', () => {
    // A click without a drag takes the choice back; uPlot has then no selection.
    if (plot.select.width < 2 && app.state.range !== null) app.update({ range: null });
  });
  plot.over.addEventListener('dblclick', () => {
    shown = [...whole];
    app.update({ range: null });
  });

  function showReadout(index: number | null): void {
    const total = index === null ? 0 : counts.reduce((sum, list) => sum + (list[index] ?? 0), 0);
    if (index === null || bins.length === 0) {
      readout.textContent = 'Drag over the chart, or move the two sliders, to choose a span of time.';
      return;
    }
    const parts = present.flatMap(({ label }, series) => {
      const count = counts[series]![index]!;
      return count > 0 ? [`${label.toLowerCase()} ${formatNumber(count)}`] : [];
    });
    readout.textContent = `+${formatDuration(bins[index]!)}: ${formatCount(total, 'exchange')}${parts.length > 0 ? ` — ${parts.join(', ')}` : ''}`;
  }

  /** The span of the input that is chosen, a little widened, so that the first and the last bar are whole. */
  function measure(): void {
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const { at, exchange } of app.rows) {
      if (app.state.input >= 0 && exchange.input !== app.state.input) continue;
      if (at < first) first = at;
      if (at > last) last = at;
    }
    if (first > last) [first, last] = [0, 1];
    const margin = Math.max((last - first) * 0.015, NO_SPAN / 2);
    whole = [first - margin, last + margin];
    shown = [...whole];
  }

  function draw(): void {
    const { state } = app;
    if (input !== state.input) {
      input = state.input;
      measure();
    }
    const width = Math.max(240, frame.clientWidth);
    const size = Math.max(24, Math.min(180, Math.round(width / 7)));
    const step = (shown[1] - shown[0]) / size;
    const rows = app.matching('range');
    bins = Array.from({ length: size }, (_, index) => shown[0] + (index + 0.5) * step);
    counts = present.map(() => new Array<number>(size).fill(0));
    const places = new Map(present.map(({ id }, index) => [id, index]));
    let drawn = 0;
    for (const { at, exchange } of rows) {
      if (!(at >= shown[0] && at <= shown[1])) continue;
      const bin = Math.min(size - 1, Math.floor((at - shown[0]) / step));
      counts[places.get(exchange.verdict)!]![bin]!++;
      drawn++;
    }
    const piles: (number | null)[][] = [];
    const sums = new Array<number>(size).fill(0);
    for (const list of counts) {
      // Nothing of a verdict in a bin: no bar, else it would be drawn again over what lies below.
      piles.push(
        list.map((count, index) => {
          sums[index]! += count;
          return count > 0 ? sums[index]! : null;
        }),
      );
    }
    plot.setSize({ width, height: 168 });
    plot.setData([bins, ...piles.reverse()] as UPlot.AlignedData);
    const most = Math.max(...sums);
    frame.setAttribute(
      'aria-label',
      `Timeline of ${formatCount(drawn, 'exchange')} over ${formatDuration(shown[1] - shown[0])}, by verdict: ${present
        .map(({ label }, index) => `${label} ${formatNumber(counts[index]!.reduce((a, b) => a + b, 0))}`)
        .join(
          ', ',
        )}. Most in one bar: ${formatNumber(most)}, at +${formatDuration(Math.max(0, bins[sums.indexOf(most)]!))}.`,
    );
    drawBrush();
    showReadout(null);
  }

  function drawBrush(): void {
    const { range } = app.state;
    quiet = true;
    if (range === null) plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    else {
      const height = plot.over.clientHeight;
      const limit = plot.over.clientWidth;
      const place = (at: number) => Math.min(limit, Math.max(0, plot.valToPos(at, 'x')));
      const left = place(range[0]);
      plot.setSelect({ left, top: 0, width: Math.max(1, place(range[1]) - left), height }, false);
    }
    quiet = false;
    const [start, end] = range ?? shown;
    const slot = (at: number) => Math.round(Math.min(1, Math.max(0, (at - shown[0]) / (shown[1] - shown[0]))) * STEPS);
    for (const [slider, at] of [
      [from, start],
      [to, end],
    ] as const) {
      slider.value = String(slot(at));
      slider.setAttribute('aria-valuetext', `+${formatDuration(Math.max(0, at))}`);
    }
  }

  function slide(): void {
    const at = (slider: HTMLInputElement) => shown[0] + (Number(slider.value) / STEPS) * (shown[1] - shown[0]);
    const [a, b] = [at(from), at(to)];
    const all = Number(from.value) === 0 && Number(to.value) === STEPS;
    app.update({ range: all ? null : [Math.min(a, b), Math.max(a, b)] });
  }
  from.addEventListener('input', slide);
  to.addEventListener('input', slide);

  function zoom(start: number, end: number): void {
    const span = Math.max(end - start, NO_SPAN);
    const middle = (start + end) / 2;
    shown = [Math.max(whole[0], middle - span / 2), Math.min(whole[1], middle + span / 2)];
    if (shown[1] - shown[0] < NO_SPAN / 2) shown = [...whole];
    app.update({});
  }
  app.byId('zoom-in').addEventListener('click', () => {
    const [start, end] = app.state.range ?? [
      shown[0] + (shown[1] - shown[0]) / 4,
      shown[1] - (shown[1] - shown[0]) / 4,
    ];
    zoom(start, end);
  });
  app.byId('zoom-out').addEventListener('click', () => {
    const span = shown[1] - shown[0];
    zoom(shown[0] - span / 2, shown[1] + span / 2);
  });
  app.byId('zoom-all').addEventListener('click', () => zoom(whole[0], whole[1]));

  const key = app.byId('timeline-key');
  for (const { id } of present) key.append(element('li', {}, app.verdict(id)));
  app.byId('timeline-start').textContent = `0 = ${formatTime(app.origin!, true)}`;
  section.hidden = false;
  app.onUpdate(draw);
  document.addEventListener('themechange', () => plot.redraw(false, true));
  let resize = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(resize);
    resize = requestAnimationFrame(() => {
      if (Math.abs(plot.width - frame.clientWidth) > 1) draw();
    });
  }).observe(frame);
}
