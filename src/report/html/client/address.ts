/// <reference lib="dom" />

import type { App, PageState, SortKey } from './app.ts';

const SORT_KEYS: readonly SortKey[] = ['rank', 'id', 'time', 'verdict', 'client', 'server', 'latency', 'frames'];
const RANKS = ['', 'info', 'warning', 'error'];

/**
 * The view stands in the address, behind #, so that it can be sent: what is filtered and how it is sorted. What somebody wrote
 * there is taken for what it can mean, and the rest is passed over.
 */
export function addressPart(app: App): void {
  const apply = () => {
    const change = readAddress(app, location.hash);
    if (change !== null) app.only(change);
  };
  addEventListener('hashchange', apply);
  apply();
  app.onUpdate(() => {
    const written = writeAddress(app);
    // An address that names one exchange stays until something is chosen.
    if (written === '' && !location.hash.includes('=')) return;
    if (`#${written}` === location.hash) return;
    try {
      history.replaceState(history.state, '', written === '' ? location.href.replace(/#.*/s, '') : `#${written}`);
    } catch {
      // A browser may forbid it to a page that is a file, or that has changed it too often.
    }
  });
}

/** Null for an address that says nothing of a view, as one that names an exchange. */
export function readAddress(app: Pick<App, 'payload'>, hash: string): Partial<PageState> | null {
  if (!hash.includes('=')) return null;
  const query = new URLSearchParams(hash.slice(1));
  const { inputs, verdicts } = app.payload;
  const known = new Set<string>(verdicts.map(({ id }) => id));
  const [start, end] = (query.get('time') ?? '').split('..').map((text) => (text === '' ? Number.NaN : Number(text)));
  const input = query.has('input') ? Number(query.get('input')) - 1 : -1;
  const sort = query.get('sort') ?? '-rank';
  const key = SORT_KEYS.find((each) => each === sort.replace(/^-/, ''));
  return {
    text: query.get('text') ?? '',
    verdicts: new Set((query.get('verdict') ?? '').split(',').filter((id) => known.has(id))),
    rule: query.get('rule') ?? '',
    rank: Math.max(0, RANKS.indexOf(query.get('severity') ?? '')),
    input: Number.isInteger(input) && input >= 0 && input < inputs.length ? input : -1,
    source: query.get('from'),
    target: query.get('to'),
    group: query.get('alike') ?? '',
    range: start! <= end! ? [start!, end!] : null,
    sort: key ?? 'rank',
    descending: key === undefined || sort.startsWith('-'),
  };
}

export function writeAddress({ state }: Pick<App, 'state'>): string {
  const { text, verdicts, rule, rank, input, source, target, group, range, sort, descending } = state;
  const query = new URLSearchParams();
  const add = (name: string, value: string | null) => {
    if (value !== null && value !== '') query.set(name, value);
  };
  add('text', text.trim());
  add('verdict', [...verdicts].join());
  add('rule', rule);
  add('severity', RANKS[rank] ?? '');
  add('input', input < 0 ? '' : String(input + 1));
  add('from', source);
  add('to', target);
  add('alike', group);
  add('time', range === null ? '' : range.map((at) => Number(at.toPrecision(12))).join('..'));
  add('sort', sort === 'rank' && descending ? '' : `${descending ? '-' : ''}${sort}`);
  return query.toString();
}
