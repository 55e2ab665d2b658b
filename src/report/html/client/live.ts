/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The script of the page that a live run serves (see main.ts): shows the numbers that come by server-sent events. Each event is all
 * there is to show, so that neither a lost one nor a new connection needs a second thought.
 */
import { formatCount, formatNumber } from '../../../words/numbers.ts';
import type { LiveFinding, LiveRule, LiveView } from '../live-view.ts';
import { formatDuration, formatTime } from '../words.ts';
import { themePart } from './controls.ts';
import { createElement as element, createIcon as icon } from './dom.ts';
import { drawHour } from './live-timeline.ts';

interface Words {
  readonly verdicts: readonly { readonly id: string; readonly label: string; readonly meaning: string }[];
}

const FIRST_WAIT_MILLIS = 1000;
const LONGEST_WAIT_MILLIS = 15_000;
/** The server speaks each second; a connection that says nothing for so long leads nowhere. */
const QUIET_MILLIS = 10_000;
const LOOK_MILLIS = 1000;

const byId = (id: string): HTMLElement => document.getElementById(id)!;
const { verdicts } = JSON.parse(byId('payload').textContent!) as Words;
const labels = new Map(verdicts.map(({ id, label }) => [id, label]));
const verdictMark = (id: string) => element('span', { class: 'mark' }, icon(`v-${id}`), labels.get(id) ?? id);
const severityMark = (name: string) => element('span', { class: 'mark' }, icon(`s-${name}`), name);

let view: LiveView | null = null;
/** What is shown is so old: from when on nothing has come. Null while all is well. */
let lostSince: Date | null = null;
let held = false;

function show(): void {
  if (view === null) return;
  showState(view);
  showFacts(view);
  showBar(view);
  drawHour(byId('live-plot'), view.timeline, verdicts, Date.parse(view.time) / 1000);
  byId('live-step').textContent =
    `a bar is ${formatDuration(view.timeline.binSeconds)}, by when the answer was known${view.timeline.drops.some((drops) => drops > 0) ? '; frames were lost where the axis is red' : ''}`;
  if (!held) {
    keepRows(byId('newest'), view.newest, findingRow, ({ key }) => key, 'No finding yet.', 5);
    keepRows(byId('rules'), view.rules, ruleRow, ({ ruleId }) => ruleId, 'No finding yet.', 4);
  }
  document.title = `${view.portZero.total === 0 ? '' : `(${formatNumber(view.portZero.total)}) `}portzero: ${view.name}`;
  document.documentElement.dataset.ready = '';
}

function showState({ name, ended, capturing, complaints, problems, time }: LiveView): void {
  byId('live-heading').textContent = `${ended ? 'Sniffed on' : capturing ? 'Sniffing on' : 'Waiting for'} ${name}`;
  const state =
    lostSince !== null
      ? `Not connected since ${formatTime(lostSince.toISOString(), false).slice(0, 8)} UTC: below is what was last known. Trying again.`
      : ended
        ? `This run ended at ${formatTime(time, true).replace(/\.\d+ /, ' ')}. Waiting for another one.`
        : 'Connected; told anew each second.';
  setText(byId('live-state'), state);
  const lines = [...complaints, ...[...problems].reverse()];
  const list = byId('live-problems');
  if (list.dataset.lines === lines.join('\n')) return;
  list.dataset.lines = lines.join('\n');
  list.replaceChildren(...lines.map((text) => element('li', {}, icon('s-warning'), element('div', {}, text))));
}

function showFacts(it: LiveView): void {
  const facts: [value: string, words: string, mark?: string][] = [
    [formatNumber(it.open), it.open === 1 ? 'open exchange' : 'open exchanges'],
    it.drops === null
      ? ['', 'frames lost: not known', 's-warning']
      : ([it.drops.replace(/\B(?=(\d{3})+$)/g, ','), 'frames lost', ...(it.drops === '0' ? [] : ['s-error'])] as [
          string,
          string,
          string?,
        ]),
    [formatNumber(it.all.total), it.all.total === 1 ? 'TCP exchange in all' : 'TCP exchanges in all'],
    [formatNumber(it.frames), `frames, ${formatNumber(it.framesPerSecond)} a second`],
    [formatDuration(it.uptimeSeconds), 'up'],
    [`${formatNumber(Math.round(it.memoryBytes / 1e6))} MB`, 'resident'],
  ];
  if (it.evicted > 0) facts.push([formatNumber(it.evicted), 'left the full table', 's-warning']);
  if (it.lagSeconds >= 1) facts.push([formatDuration(it.lagSeconds), 'behind the clock', 's-warning']);
  byId('live-facts').replaceChildren(
    ...facts.map(([value, words, mark]) =>
      element(
        'li',
        {},
        mark === undefined ? null : icon(mark),
        value === '' ? null : element('b', {}, value),
        value === '' ? words : ` ${words}`,
      ),
    ),
  );
}

function showBar({ portZero, all }: LiveView): void {
  const seen = verdicts.filter(({ id }) => portZero[id as keyof typeof portZero] > 0);
  const countOf = (id: string) => portZero[id as keyof typeof portZero];
  byId('live-total').textContent =
    portZero.total === 0
      ? 'nobody has used it so far'
      : `${formatCount(portZero.total, 'exchange')} with port 0 at either end, of ${formatNumber(all.total)} on all ports`;
  byId('live-stack').replaceChildren(
    ...seen.map(({ id }) => {
      const part = element('span', { class: `part v-${id}` }, icon(`v-${id}`));
      part.style.flexGrow = String(countOf(id));
      return part;
    }),
  );
  byId('live-shares').replaceChildren(
    ...seen.map(({ id, meaning }) =>
      element(
        'li',
        {},
        element(
          'div',
          { class: 'share', 'data-verdict': id, title: meaning },
          verdictMark(id),
          ' ',
          element('b', { class: 'figure' }, formatNumber(countOf(id))),
        ),
      ),
    ),
  );
  const key = byId('live-key');
  if (key.childElementCount !== seen.length)
    key.replaceChildren(...seen.map(({ id }) => element('li', {}, verdictMark(id))));
}

/** Puts a row for each item into a table; rows that were there stay, so that what a reader has marked in them stays too. */
function keepRows<T>(
  body: HTMLElement,
  items: readonly T[],
  make: (item: T) => HTMLTableRowElement,
  keyOf: (item: T) => string | number,
  nothing: string,
  columns: number,
): void {
  const old = new Map<string, HTMLTableRowElement>();
  for (const row of body.children) old.set((row as HTMLElement).dataset.key ?? '', row as HTMLTableRowElement);
  const rows = items.map((item) => {
    const state = JSON.stringify(item);
    const key = String(keyOf(item));
    const there = old.get(key);
    if (there?.dataset.state === state) return there;
    const row = make(item);
    row.dataset.key = key;
    row.dataset.state = state;
    return row;
  });
  if (rows.length === 0)
    rows.push(element('tr', { class: 'none' }, element('td', { colspan: columns }, nothing)) as HTMLTableRowElement);
  if (rows.length !== body.children.length || rows.some((row, index) => body.children[index] !== row))
    body.replaceChildren(...rows);
}

function findingRow({ time, since, severity, ruleId, message, verdict, waiting, count }: LiveFinding) {
  const clock = (it: string | null) => formatTime(it, false).replace(/(\.\d{3})\d+$/, '$1');
  const answer = verdict !== null ? verdictMark(verdict) : waiting ? 'waiting' : '–';
  return element(
    'tr',
    {},
    element('td', { class: 'time', 'data-label': 'Time', title: formatTime(time, true) }, clock(time)),
    element('td', {}, severityMark(severity)),
    element('td', { 'data-label': 'Rule' }, element('code', {}, ruleId)),
    element(
      'td',
      { class: 'message' },
      count === 1
        ? null
        : element('span', { class: 'many' }, `${formatNumber(count)} since ${clock(since)}; the newest: `),
      message,
    ),
    element('td', { 'data-label': 'Answer' }, count === 1 ? answer : '–'),
  );
}

function ruleRow({ severity, ruleId, lastMinute, total }: LiveRule) {
  return element(
    'tr',
    {},
    element('td', {}, severityMark(severity)),
    element('td', { 'data-label': 'Rule' }, element('code', {}, ruleId)),
    element('td', { class: 'number', 'data-label': 'Last minute' }, formatNumber(lastMinute)),
    element('td', { class: 'number', 'data-label': 'In all' }, formatNumber(total)),
  );
}

function setText(node: HTMLElement, text: string): void {
  // What has not changed is not read out again.
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A browser connects again by itself after a broken connection, but not after a refusal, and not when nothing is told it: so that
 * is done here, ever less often.
 */
function connect(waitMillis: number): void {
  const source = new EventSource('events');
  let heard = performance.now();
  let isOver = false;
  const retry = (millis: number) => {
    if (isOver) return;
    isOver = true;
    clearInterval(watch);
    source.close();
    setTimeout(() => connect(Math.min(LONGEST_WAIT_MILLIS, millis * 2)), millis);
  };
  const lose = () => {
    lostSince ??= new Date();
    if (view === null) setText(byId('live-state'), 'Not connected. Trying again.');
    show();
  };
  const watch = setInterval(() => {
    if (performance.now() - heard < QUIET_MILLIS) return;
    lose();
    retry(waitMillis);
  }, LOOK_MILLIS);
  source.addEventListener('message', ({ data }) => {
    heard = performance.now();
    lostSince = null;
    view = JSON.parse(data) as LiveView;
    waitMillis = FIRST_WAIT_MILLIS;
    // What a tab in the background misses, the next one has.
    if (!document.hidden) show();
    if (view.ended) retry(waitMillis);
  });
  source.addEventListener('error', () => {
    if (view?.ended !== true) lose();
    retry(waitMillis);
  });
}

document.documentElement.classList.add('js');
themePart();
const hold = byId('hold');
hold.addEventListener('click', () => {
  held = !held;
  hold.setAttribute('aria-pressed', String(held));
  hold.textContent = held ? 'Go on' : 'Hold';
  show();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) show();
});
connect(FIRST_WAIT_MILLIS);
