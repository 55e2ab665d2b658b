/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { formatNumber } from '../../../words/numbers.ts';
import { probeWord } from '../../../words/probes.ts';
import { formatKnown } from '../../model/known-words.ts';
import { displayFilter, formatDuration, formatTime } from '../words.ts';
import type { App, Row, SortKey } from './app.ts';
import { drawnFrames, exchangeDetail } from './ladder.ts';

/** Rows of the smallest page. */
const LEAST_PAGE = 50;

/** The table of exchanges: sorted, in pages, each row opening to its detail. */
export function listPart(app: App): void {
  const { element } = app;
  /** Rows that a print shows, how many of them open, those with errors, and with how many frames: twenty pages at most. */
  const PRINT_ROWS = 120;
  const PRINT_OPEN = 10;
  const PRINT_FRAMES = 200;
  const body = app.byId('rows');
  const table = app.byId('list');
  const pager = app.byId('pager');
  const size = app.byId('page-size') as HTMLSelectElement;
  const place = app.byId('page-place');
  const filterSlot = app.byId('list-filter');
  if (app.rows.length === 0) return;
  // Of a single exchange there is nothing to turn over.
  app.byId('open-all').hidden = app.rows.length < 2;
  pager.hidden = app.rows.length <= LEAST_PAGE;
  app.byId('exchanges').hidden = false;

  // The only one is what the page is about.
  const open = new Set<number>(app.rows.length === 1 ? [app.rows[0]!.exchange.id] : []);
  const byId = new Map(app.rows.map((row) => [row.exchange.id, row]));
  const verdictOrder = new Map<string, number>(app.payload.verdicts.map(({ id }, index) => [id, index]));
  const collator = new Intl.Collator('en', { numeric: true });
  let sorted: readonly Row[] = [];
  let page = 0;
  let printing = false;

  const compare: Record<SortKey, (a: Row, b: Row) => number> = {
    rank: (a, b) => a.rank - b.rank,
    id: (a, b) => a.exchange.id - b.exchange.id,
    // Those without time last.
    time: (a, b) => (Number.isNaN(a.at) ? 1 : 0) - (Number.isNaN(b.at) ? 1 : 0) || a.at - b.at || 0,
    verdict: (a, b) => verdictOrder.get(a.exchange.verdict)! - verdictOrder.get(b.exchange.verdict)!,
    client: (a, b) => collator.compare(a.client, b.client),
    server: (a, b) => collator.compare(a.server, b.server),
    latency: (a, b) => a.exchange.latencyMs! - b.exchange.latencyMs!,
    frames: (a, b) => a.exchange.frames.count - b.exchange.frames.count,
  };
  function sort(rows: readonly Row[]): readonly Row[] {
    const { sort: key, descending } = app.state;
    const by = compare[key];
    const sign = descending ? -1 : 1;
    return [...rows].sort((a, b) => {
      if (key === 'latency') {
        // What has no latency comes last either way.
        const [none, other] = [a.exchange.latencyMs === null, b.exchange.latencyMs === null];
        if (none || other) return none === other ? a.exchange.id - b.exchange.id : none ? 1 : -1;
      }
      return sign * by(a, b) || a.exchange.id - b.exchange.id;
    });
  }

  const addressClass = (end: string) => (end.startsWith('[') ? 'address v6' : 'address');

  function rowOf(row: Row): HTMLTableRowElement[] {
    const { exchange } = row;
    const expanded = open.has(exchange.id);
    const detailId = `detail-${exchange.id}`;
    const button = element(
      'button',
      {
        type: 'button',
        class: 'quiet toggle',
        'data-id': exchange.id,
        'aria-expanded': String(expanded),
        'aria-controls': detailId,
        'aria-label': `Exchange ${exchange.id}: details`,
      },
      app.icon('chevron'),
      String(exchange.id),
    );
    const rules = element('td', { class: 'rules' });
    for (const [index, finding] of row.findings.entries()) {
      if (index > 0) rules.append(' ');
      rules.append(
        element(
          'span',
          {
            class: finding.known ? 'rule muted' : `rule ${finding.severity}`,
            title: `${finding.message}${finding.known ? `, ${formatKnown(finding.known)}` : ''}`,
          },
          finding.known ? null : app.icon(`s-${finding.severity}`),
          element('span', { class: finding.known ? '' : 'unseen' }, `${finding.known ? 'known' : finding.severity}: `),
          finding.ruleId,
        ),
      );
    }
    const line = element(
      'tr',
      { class: expanded ? 'line open' : 'line', id: `x${exchange.id}` },
      element('td', {}, button),
      element('td', { class: 'time mid', title: formatTime(exchange.started, true) }, clock(exchange.started)),
      element('td', {}, app.verdict(exchange.verdict)),
      element('td', { class: addressClass(row.client) }, app.end(row.client)),
      element('td', { class: `${addressClass(row.server)} server` }, app.end(row.server)),
      element('td', { class: 'wide' }, probeWord(exchange) ?? '–'),
      element('td', { class: exchange.reason === null ? 'mid reason unknown' : 'mid reason' }, exchange.reason ?? '–'),
      element(
        'td',
        { class: exchange.latencyMs === null ? 'number mid unknown' : 'number mid' },
        exchange.latencyMs === null ? '–' : formatDuration(exchange.latencyMs / 1000),
      ),
      element('td', { class: 'number wide' }, formatNumber(exchange.frames.count)),
      rules,
    );
    if (!expanded) return [line];
    const cell = element('td', { colspan: 10 }, exchangeDetail(app, row));
    return [line, element('tr', { class: 'detail-row', id: detailId }, cell)];
  }

  // The date is in a row only where the page spans more than a day of the calendar.
  const days = new Set(app.rows.map(({ exchange }) => exchange.started?.slice(0, 10)));
  function clock(time: string | null): string {
    if (time === null) return 'no time';
    const [day, rest = ''] = time.replace(/Z$/, '').split('T');
    return days.size > 1 ? `${day!.slice(5)} ${rest}` : rest;
  }

  function toggle(id: number): void {
    const line = document.getElementById(`x${id}`);
    const row = byId.get(id);
    if (!line || !row) return;
    if (!open.delete(id)) open.add(id);
    const focused = line.contains(document.activeElement);
    if (line.nextElementSibling?.classList.contains('detail-row')) line.nextElementSibling.remove();
    const fresh = rowOf(row);
    line.replaceWith(...fresh);
    if (focused) fresh[0]!.querySelector('button')!.focus();
  }

  body.addEventListener('click', (event) => {
    const target = event.target as HTMLElement;
    const line = target.closest('tr.line');
    if (!line) return;
    // A click that ends a selection of text is for copying, not for opening.
    if (!target.closest('button') && String(getSelection()) !== '') return;
    toggle(Number(line.querySelector<HTMLElement>('.toggle')!.dataset.id));
  });
  body.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement;
    if (!target.classList.contains('toggle')) return;
    const toggles = [...body.querySelectorAll<HTMLElement>('.toggle')];
    const index = toggles.indexOf(target);
    const next =
      event.key === 'ArrowDown'
        ? toggles[index + 1]
        : event.key === 'ArrowUp'
          ? toggles[index - 1]
          : event.key === 'Home'
            ? toggles[0]
            : event.key === 'End'
              ? toggles.at(-1)
              : undefined;
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });

  for (const button of table.querySelectorAll<HTMLElement>('th button')) {
    button.addEventListener('click', () => {
      const key = button.dataset.sort as SortKey;
      const again = app.state.sort === key;
      app.update({ sort: key, descending: again ? !app.state.descending : key === 'rank' || key === 'frames' });
    });
  }

  const pages = () => Math.max(1, Math.ceil(sorted.length / Number(size.value)));
  function show(): void {
    page = Math.min(Math.max(0, page), pages() - 1);
    const first = page * Number(size.value);
    const rows = printing ? sorted.slice(0, PRINT_ROWS) : sorted.slice(first, first + Number(size.value));
    const focused = body.contains(document.activeElement) ? document.activeElement!.closest('tr.line')?.id : undefined;
    body.replaceChildren(...rows.flatMap(rowOf));
    if (focused !== undefined) document.getElementById(focused)?.querySelector('button')?.focus();
    if (rows.length === 0) {
      body.append(element('tr', { class: 'none' }, element('td', { colspan: 10 }, 'No exchange passes the filters.')));
    }
    place.textContent =
      sorted.length === 0
        ? 'none'
        : `${formatNumber(first + 1)}–${formatNumber(first + rows.length)} of ${formatNumber(sorted.length)}`;
    for (const button of pager.querySelectorAll<HTMLButtonElement>('button[data-go]')) {
      const back = button.dataset.go === 'first' || button.dataset.go === 'previous';
      // Not `disabled`: that would drop the focus of the person who just pressed it.
      button.setAttribute('aria-disabled', String(back ? page === 0 : page === pages() - 1));
    }
    app.byId('print-note').textContent =
      sorted.length > PRINT_ROWS ? `Printed: the first ${PRINT_ROWS} of ${formatNumber(sorted.length)} exchanges.` : '';
  }
  for (const button of pager.querySelectorAll<HTMLElement>('button[data-go]')) {
    button.addEventListener('click', () => {
      const before = page;
      const { go } = button.dataset;
      page = go === 'first' ? 0 : go === 'previous' ? page - 1 : go === 'next' ? page + 1 : pages() - 1;
      show();
      if (page !== before) {
        app.byId('exchanges').scrollIntoView({ block: 'start' });
        app.announce(`Rows ${place.textContent}`);
      }
    });
  }
  size.addEventListener('change', () => {
    page = 0;
    show();
  });

  app.byId('open-all').addEventListener('click', () => {
    const rows = sorted.slice(page * Number(size.value), (page + 1) * Number(size.value));
    const all = rows.every(({ exchange }) => open.has(exchange.id));
    for (const { exchange } of rows)
      if (all) open.delete(exchange.id);
      else open.add(exchange.id);
    show();
  });

  // One filter for all that is shown, where that is of one input: frame numbers say nothing across captures.
  const copyAll = app.copyButton('Copy Wireshark filter of these', () => {
    const ranges = sorted.map(({ exchange }) => exchange.frames.ranges).filter(Boolean);
    return displayFilter(ranges.join(','));
  });
  filterSlot.append(copyAll);

  app.onUpdate(() => {
    sorted = sort(app.matching(null));
    page = 0;
    for (const button of table.querySelectorAll<HTMLElement>('th button')) {
      const header = button.closest('th')!;
      if (button.dataset.sort === app.state.sort) {
        header.setAttribute('aria-sort', app.state.descending ? 'descending' : 'ascending');
      } else header.removeAttribute('aria-sort');
    }
    copyAll.hidden =
      sorted.length === 0 || sorted.length > 1000 || new Set(sorted.map(({ exchange }) => exchange.input)).size > 1;
    show();
  });

  /** Goes to the exchange of the address, as in #x12, whatever page it is on. */
  function visit(): void {
    const id = Number(/^#x(\d+)$/.exec(location.hash)?.[1]);
    const row = byId.get(id);
    if (!row) return;
    if (!sorted.includes(row)) app.clear();
    page = Math.floor(sorted.indexOf(row) / Number(size.value));
    open.add(id);
    show();
    const line = document.getElementById(`x${id}`)!;
    line.scrollIntoView({ block: 'start' });
    line.querySelector('button')!.focus({ preventScroll: true });
  }
  addEventListener('hashchange', visit);
  document.addEventListener('portzeroready', visit);

  let kept: number[] = [];
  addEventListener('beforeprint', () => {
    printing = true;
    kept = [...open];
    const errors = sorted.slice(0, PRINT_ROWS).filter(({ rank }) => rank === 3);
    open.clear();
    let frames = 0;
    for (const id of new Set([...errors.map(({ exchange }) => exchange.id), ...kept])) {
      frames += drawnFrames(byId.get(id)!);
      if (open.size === PRINT_OPEN || (open.size > 0 && frames > PRINT_FRAMES)) break;
      open.add(id);
    }
    show();
  });
  addEventListener('afterprint', () => {
    printing = false;
    open.clear();
    for (const id of kept) open.add(id);
    show();
  });
}

/** Frames of findings get a button that copies the filter for them. */
export function framesPart(app: App): void {
  for (const slot of document.querySelectorAll<HTMLElement>('[data-frames]')) {
    const filter = displayFilter(slot.dataset.frames!);
    slot.append(app.copyButton('Copy Wireshark filter of these frames', () => filter));
  }
}
