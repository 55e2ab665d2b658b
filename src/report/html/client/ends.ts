/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { formatCount, formatNumber } from '../../../words/numbers.ts';
import type { TopEndsReport } from '../../model/types.ts';
import type { App, Row } from './app.ts';

/** Who asked and who answered: the busiest sources and targets, and which asked which. The rest are counted. */
export function endsPart(app: App): void {
  const { element } = app;
  const TOP = 10;
  const GRID_ROWS = 10;
  const GRID_COLUMNS = 7;
  const collator = new Intl.Collator('en', { numeric: true });
  const section = app.byId('ends');
  if (app.rows.length === 0 || app.payload.total < 2) return;
  section.hidden = false;

  interface Pile {
    readonly address: string;
    /** Those that are sure. */
    count: number;
    /** How many more there may be. */
    readonly error: number;
    readonly verdicts: Map<string, number>;
  }

  function pile(rows: readonly Row[], addressOf: (row: Row) => string): Pile[] {
    const piles = new Map<string, Pile>();
    for (const row of rows) {
      const address = addressOf(row);
      let entry = piles.get(address);
      if (!entry) {
        entry = { address, count: 0, error: 0, verdicts: new Map() };
        piles.set(address, entry);
      }
      entry.count++;
      entry.verdicts.set(row.exchange.verdict, (entry.verdicts.get(row.exchange.verdict) ?? 0) + 1);
    }
    return sort([...piles.values()]);
  }

  // Equal ones in the order of their numbers: 192.0.2.9 before 192.0.2.10.
  const sort = (piles: Pile[]) => piles.sort((a, b) => b.count - a.count || collator.compare(a.address, b.address));

  /** The report's own counts of all exchanges with port 0, of the verdicts that are chosen. */
  function pileTop({ ends }: TopEndsReport): Pile[] {
    const { verdicts: chosen } = app.state;
    const piles = ends.map(({ address, error, verdicts }): Pile => {
      const own = Object.entries(verdicts).filter(([id]) => chosen.size === 0 || chosen.has(id));
      return { address, count: own.reduce((sum, [, count]) => sum + count, 0), error, verdicts: new Map(own) };
    });
    // Of an end whose count is mostly error nothing is known.
    return sort(piles.filter(({ count, error }) => count > error));
  }

  function bar(entry: Pile, most: number): HTMLElement {
    const strip = element('span', { class: 'bar', 'aria-hidden': 'true' });
    for (const { id } of app.payload.verdicts) {
      const count = entry.verdicts.get(id) ?? 0;
      if (count === 0) continue;
      const part = element('span', { class: `part v-${id}` });
      part.style.width = `${(count / most) * 100}%`;
      strip.append(part);
    }
    return strip;
  }

  function verdictWords(verdicts: ReadonlyMap<string, number>): string {
    return app.payload.verdicts
      .flatMap(({ id, label }) =>
        verdicts.has(id) ? [`${label.toLowerCase()} ${formatNumber(verdicts.get(id)!)}`] : [],
      )
      .join(', ');
  }

  /** What is beyond the ends of the report's own counts, in words. */
  function moreOfTop({ distinct, maxError, ends }: TopEndsReport, shown: readonly Pile[], side: string): string {
    const all = `${distinct.atLeast ? 'more than ' : ''}${formatCount(distinct.count, side)}`;
    if (!distinct.atLeast && distinct.count <= shown.length) return '';
    if (app.state.verdicts.size > 0) return `${all} in all`;
    const next = ends.find(({ address }) => !shown.some((pile) => pile.address === address));
    const most = Math.max(maxError, next?.count ?? 0);
    const share = most / app.payload.total;
    const percent = share < 0.0001 ? '' : ` (${Number((share * 100).toPrecision(2))} %)`;
    if (distinct.count === app.payload.total) return `${all}, none twice`;
    return `${all}${shown.length > 0 ? '; of the others' : ','} none ${most === 1 ? 'twice' : `with more than ${formatNumber(most)}${percent}`}`;
  }

  function fillList(list: HTMLElement, more: HTMLElement, piles: readonly Pile[], side: 'source' | 'target'): void {
    const chosen = app.state[side];
    const top = piles.slice(0, TOP);
    if (chosen !== null && !top.some(({ address }) => address === chosen)) {
      const entry = piles.find(({ address }) => address === chosen);
      if (entry) top.push(entry);
    }
    const most = top[0]?.count ?? 1;
    const focused = list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.address
      : undefined;
    list.replaceChildren(
      ...top.map((entry) =>
        element(
          'li',
          {},
          element(
            'button',
            {
              type: 'button',
              class: 'end',
              'data-address': entry.address,
              'aria-pressed': String(chosen === entry.address),
              title: verdictWords(entry.verdicts),
              click: () => app.update({ [side]: chosen === entry.address ? null : entry.address }),
            },
            element('span', { class: 'address' }, entry.address),
            element('span', { class: 'number' }, `${entry.error > 0 ? '≥ ' : ''}${formatNumber(entry.count)}`),
            bar(entry, most),
            element('span', { class: 'unseen' }, `: ${verdictWords(entry.verdicts)}`),
          ),
        ),
      ),
    );
    if (focused !== undefined) {
      for (const button of list.querySelectorAll('button')) if (button.dataset.address === focused) button.focus();
    }
    if (app.countsAll('ends')) {
      more.textContent = moreOfTop(app.payload.top[`${side}s`], top, side);
      return;
    }
    // Ten bars of one length say nothing: equal shares are said in words.
    const each = top[0]?.count ?? 0;
    if (piles.length > TOP && piles.at(-1)!.count === each) {
      const share = each === 1 ? `none twice` : `each with ${formatCount(each, 'exchange')}`;
      more.textContent = `${formatCount(piles.length, side)}, ${share}; the first ${TOP} are shown`;
      return;
    }
    const rest = piles.slice(TOP).filter(({ address }) => address !== chosen);
    const count = rest.reduce((sum, entry) => sum + entry.count, 0);
    more.textContent =
      rest.length === 0 ? '' : `and ${formatCount(rest.length, `more ${side}`)} with ${formatCount(count, 'exchange')}`;
  }

  function fillGrid(rows: readonly Row[], sources: readonly Pile[], targets: readonly Pile[]): void {
    const frame = app.byId('matrix-frame');
    const trivial = sources.length * targets.length <= 1;
    app.byId('matrix-panel').hidden = trivial;
    if (trivial) return;
    const rowNames = sources.slice(0, GRID_ROWS).map(({ address }) => address);
    const columnNames = targets.slice(0, GRID_COLUMNS).map(({ address }) => address);
    const rowPlace = new Map(rowNames.map((name, index) => [name, index]));
    const columnPlace = new Map(columnNames.map((name, index) => [name, index]));
    const otherRows = sources.length - rowNames.length;
    const otherColumns = targets.length - columnNames.length;
    const cells = Array.from({ length: rowNames.length + 1 }, () =>
      Array.from({ length: columnNames.length + 1 }, () => new Map<string, number>()),
    );
    for (const { exchange } of rows) {
      const row = rowPlace.get(exchange.client.address) ?? rowNames.length;
      const column = columnPlace.get(exchange.server.address) ?? columnNames.length;
      const cell = cells[row]![column]!;
      cell.set(exchange.verdict, (cell.get(exchange.verdict) ?? 0) + 1);
    }
    const sum = (cell: ReadonlyMap<string, number>) => [...cell.values()].reduce((a, b) => a + b, 0);
    const most = Math.max(1, ...cells.flat().map(sum));

    const head = element('tr', {}, element('th', { scope: 'col', class: 'corner' }, 'Source ↓ Target →'));
    const names = otherColumns > 0 ? [...columnNames, `${formatCount(otherColumns, 'other')}`] : columnNames;
    for (const name of names) {
      head.append(element('th', { scope: 'col', class: 'column', title: name }, element('span', {}, name)));
    }
    const body = element('tbody');
    for (let row = 0; row < rowNames.length + (otherRows > 0 ? 1 : 0); row++) {
      const source = rowNames[row] ?? null;
      const line = element('tr', {}, element('th', { scope: 'row' }, source ?? formatCount(otherRows, 'other')));
      for (const [column, name] of names.entries()) {
        const cell = cells[row]![column]!;
        const count = sum(cell);
        const target = columnNames[column] ?? null;
        if (count === 0) {
          line.append(element('td', { class: 'empty' }, element('span', { class: 'unseen' }, '0')));
          continue;
        }
        // The verdict that is most frequent gives the colour, the share of the largest cell its strength.
        const [verdict] = [...cell].sort(([, a], [, b]) => b - a)[0]!;
        const tint = element('span', { class: `tint v-${verdict}`, 'aria-hidden': 'true' });
        tint.style.opacity = String(0.14 + 0.3 * Math.sqrt(count / most));
        const label = `${source ?? 'others'} to ${target ?? name}: ${formatCount(count, 'exchange')}, ${verdictWords(cell)}`;
        const content = [tint, app.icon(`v-${verdict}`), element('span', { class: 'number' }, formatNumber(count))];
        line.append(
          element(
            'td',
            {},
            source === null || target === null
              ? element('span', { class: 'cell', title: label }, ...content)
              : element(
                  'button',
                  {
                    type: 'button',
                    class: 'cell',
                    title: label,
                    'aria-label': label,
                    'aria-pressed': String(app.state.source === source && app.state.target === target),
                    click() {
                      const chosen = app.state.source === source && app.state.target === target;
                      app.update(chosen ? { source: null, target: null } : { source, target });
                    },
                  },
                  ...content,
                ),
          ),
        );
      }
      body.append(line);
    }
    const caption = element('caption', { class: 'unseen' }, 'Exchanges by source and target');
    const focused = frame.contains(document.activeElement) ? document.activeElement!.getAttribute('title') : null;
    frame.replaceChildren(element('table', { class: 'matrix' }, caption, element('thead', {}, head), body));
    if (focused !== null) {
      for (const button of frame.querySelectorAll('button')) if (button.title === focused) button.focus();
    }
    const rest: string[] = [];
    if (otherRows > 0) rest.push(formatCount(otherRows, 'more source'));
    if (otherColumns > 0) rest.push(formatCount(otherColumns, 'more target'));
    app.byId('matrix-more').textContent = rest.length > 0 ? `${rest.join(' and ')} put together as “others”` : '';
  }

  app.onUpdate(() => {
    const all = app.countsAll('ends');
    const rows = app.matching('ends');
    const { top } = app.payload;
    const sources = all ? pileTop(top.sources) : pile(rows, ({ exchange }) => exchange.client.address);
    const targets = all ? pileTop(top.targets) : pile(rows, ({ exchange }) => exchange.server.address);
    fillList(app.byId('sources'), app.byId('sources-more'), sources, 'source');
    fillList(app.byId('targets'), app.byId('targets-more'), targets, 'target');
    // Pairs are known of those that are listed.
    if (all) app.byId('matrix-panel').hidden = true;
    else fillGrid(rows, sources, targets);
    app.byId('ends-what').textContent = all
      ? `of all ${formatCount(app.payload.total, 'exchange')} with port 0`
      : app.payload.unlisted > 0
        ? 'of the exchanges that are listed'
        : '';
  });
}
