/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { formatNumber } from '../../../words/numbers.ts';
import { formatKnown } from '../../model/known-words.ts';
import { groupWords, type PageGroup } from '../alike.ts';
import { formatDuration, formatTime, secondsBetween } from '../words.ts';
import { type App, type Row, rulesOf } from './app.ts';

/** Groups on a page. */
const SHOWN = 10;
const PRINTED = 40;

/** Flagged exchanges that are alike, over all captures: those that pass the filters. */
export function groupsPart(app: App): void {
  const { element } = app;
  const { groups, inputs } = app.payload;
  if (groups.reduce((sum, { count }) => sum + count, 0) < 2) return;
  const body = app.byId('group-rows');
  const pager = app.byId('groups-pager');
  const place = app.byId('groups-place');
  let found: readonly PageGroup[] = [];
  let page = 0;
  let printing = false;

  /** The report's own groups where more are counted than listed, else those of the rows. */
  function find(): readonly PageGroup[] {
    if (!app.countsAll('groups')) return groupRows(app.matching(null));
    const { verdicts, rule, rank, group } = app.state;
    return groups.filter(
      (each) =>
        (verdicts.size === 0 || verdicts.has(each.verdict)) &&
        (rule === '' || each.ruleIds.includes(rule)) &&
        (group === '' || each.key === group) &&
        rankOf(each) >= rank,
    );
  }

  const isKnown = ({ ruleIds, knownRuleIds }: PageGroup) => knownRuleIds.length === ruleIds.length;

  function rowOf(group: PageGroup): HTMLElement {
    const ends = ({ count, atLeast, name }: PageGroup['clients']) =>
      name === null ? `${atLeast ? '≥ ' : ''}${formatNumber(count)}` : element('span', { class: 'address' }, name);
    const cell = (label: string, ...content: (Node | string)[]) => element('td', { 'data-label': label }, ...content);
    const findings = cell(
      'Findings',
      isKnown(group) ? element('span', { class: 'mark' }, 'known') : app.severity(group.severity),
      ' ',
    );
    for (const rule of group.ruleIds) findings.append(element('code', {}, rule), ' ');
    for (const known of group.known) findings.append(element('br'), element('span', { class: 'muted' }, known));
    const { firstTime, lastTime } = group;
    const time = cell('From', formatTime(firstTime, true).replace(/(\.\d+)? UTC$/, ''));
    time.className = 'time';
    if (firstTime !== null && firstTime !== lastTime)
      time.append(
        ' ',
        element('span', { class: 'muted' }, `for ${formatDuration(secondsBetween(firstTime, lastTime))}`),
      );
    const line = element(
      'tr',
      {},
      element('td', { class: 'number' }, element('b', {}, formatNumber(group.count))),
      findings,
      cell('Answer', app.verdict(group.verdict), ' ', element('span', { class: 'muted' }, groupWords(group))),
      cell('Sources', ends(group.clients)),
      cell('Targets', ends(group.servers)),
      time,
    );
    if (inputs.length > 1) {
      const input = cell('Inputs', group.inputs > 1 ? `${formatNumber(group.inputs)} inputs` : inputs[group.input]!);
      input.className = 'name';
      line.append(input);
    }
    const isListed = app.rows.some((row) => row.group === group.key);
    const isChosen = app.state.group === group.key;
    const button = element(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-pressed': String(isChosen),
        click() {
          if (isChosen) {
            app.update({ group: '' });
            return;
          }
          app.only({ group: group.key });
          app.byId('exchanges').scrollIntoView({ block: 'start' });
        },
      },
      isChosen ? 'All' : 'Show',
    );
    line.append(element('td', {}, isListed ? button : element('span', { class: 'muted' }, 'not listed')));
    return line;
  }

  function show(): void {
    const last = Math.max(0, Math.ceil(found.length / SHOWN) - 1);
    page = Math.min(Math.max(0, page), last);
    const first = page * SHOWN;
    const shown = printing ? found.slice(0, PRINTED) : found.slice(first, first + SHOWN);
    const focused = body.contains(document.activeElement);
    body.replaceChildren(...shown.map(rowOf));
    if (shown.length === 0)
      body.append(
        element('tr', { class: 'none' }, element('td', { colspan: 8 }, 'No flagged exchange passes the filters.')),
      );
    if (focused) body.querySelector('button')?.focus();
    pager.hidden = last === 0;
    place.textContent = `${formatNumber(first + 1)}–${formatNumber(first + shown.length)} of ${formatNumber(found.length)}`;
    for (const button of pager.querySelectorAll<HTMLElement>('button'))
      button.setAttribute('aria-disabled', String(page === (button.dataset.go === 'previous' ? 0 : last)));
  }
  for (const button of pager.querySelectorAll<HTMLElement>('button')) {
    button.addEventListener('click', () => {
      page += button.dataset.go === 'previous' ? -1 : 1;
      show();
      app.announce(`Groups ${place.textContent}`);
    });
  }
  for (const type of ['beforeprint', 'afterprint'] as const) {
    addEventListener(type, () => {
      printing = type === 'beforeprint';
      show();
    });
  }

  app.onUpdate(() => {
    found = find();
    page = 0;
    app.byId('groups-what').textContent =
      app.isFiltered() && app.payload.unlisted > 0 && !app.countsAll('groups')
        ? 'of the exchanges that are listed'
        : '';
    show();
  });
}

const RANK = { info: 1, warning: 2, error: 3 } as const;
const rankOf = ({ severity, ruleIds, knownRuleIds }: PageGroup) =>
  knownRuleIds.length === ruleIds.length ? 0.5 : RANK[severity];

/** Groups of rows: the gravest and largest first. */
function groupRows(rows: readonly Row[]): PageGroup[] {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.group === '') continue;
    const list = byKey.get(row.group);
    if (list) list.push(row);
    else byKey.set(row.group, [row]);
  }
  const ends = (list: readonly Row[], side: 'client' | 'server') => {
    const names = new Set(list.map(({ exchange }) => exchange[side].address));
    return { count: names.size, atLeast: false, name: names.size === 1 ? [...names][0]! : null };
  };
  const groups = [...byKey].map(([key, list]): PageGroup => {
    const { exchange, findings } = list[0]!;
    const { portZero, probe, verdict, lateStart, state, reason, input } = exchange;
    const news = findings.filter(({ known }) => !known);
    // By severity already.
    const { severity } = news[0] ?? findings[0]!;
    const said = list.flatMap((row) => row.findings.flatMap(({ known }) => (known ? [formatKnown(known)] : [])));
    let [first, last] = [list[0]!, list[0]!];
    for (const row of list) {
      if (row.at < first.at || Number.isNaN(first.at)) first = row;
      if (row.at > last.at || Number.isNaN(last.at)) last = row;
    }
    return {
      key,
      ...{ portZero, probe, verdict, lateStart, state, reason, severity, input },
      ...rulesOf(findings),
      known: [...new Set(said)].slice(0, 3),
      count: list.length,
      clients: ends(list, 'client'),
      servers: ends(list, 'server'),
      inputs: new Set(list.map((row) => row.exchange.input)).size,
      firstTime: first.exchange.started,
      lastTime: last.exchange.started,
    };
  });
  return groups.sort((a, b) => rankOf(b) - rankOf(a) || b.count - a.count);
}
