/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { formatCount, formatNumber } from '../../../words/numbers.ts';
import { groupWords } from '../alike.ts';
import { formatDuration } from '../words.ts';
import type { App } from './app.ts';

/** The switch between the system's, the light and the dark theme; kept for the next report where the browser lets us. */
export function themePart(): void {
  const button = document.getElementById('theme')!;
  const order = ['system', 'light', 'dark'];
  const stored = () => {
    try {
      return localStorage.getItem('portzero-theme');
    } catch {
      return null; // A sandboxed page has no storage.
    }
  };
  let theme = stored() ?? 'system';
  function apply(): void {
    if (!order.includes(theme)) theme = 'system';
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    document.dispatchEvent(new Event('themechange'));
  }
  button.addEventListener('click', () => {
    theme = order[(order.indexOf(theme) + 1) % order.length]!;
    try {
      localStorage.setItem('portzero-theme', theme);
    } catch {
      // Not kept, then.
    }
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    document.dispatchEvent(new Event('themechange')),
  );
  apply();
}

/** What stands below the bar of verdicts becomes buttons that filter. */
export function sharesPart(app: App): void {
  for (const share of document.querySelectorAll<HTMLElement>('.share[data-verdict]')) {
    const id = share.dataset.verdict!;
    const listed = app.rows.filter(({ exchange }) => exchange.verdict === id).length;
    const button = app.element('button', {
      type: 'button',
      class: share.className,
      title: share.title,
      'aria-pressed': 'false',
      disabled: listed === 0,
      click() {
        const verdicts = new Set(app.state.verdicts);
        if (!verdicts.delete(id)) verdicts.add(id);
        app.update({ verdicts });
      },
    });
    button.append(...share.childNodes);
    share.replaceWith(button);
    app.onUpdate(() => button.setAttribute('aria-pressed', String(app.state.verdicts.has(id))));
  }
}

/** The bar of filters: what it asks for, what is asked for now, and how many exchanges are left. */
export function filtersPart(app: App): void {
  const { element } = app;
  const text = app.byId('filter-text') as HTMLInputElement;
  const rule = app.byId('filter-rule') as HTMLSelectElement;
  const rank = app.byId('filter-severity') as HTMLSelectElement;
  const input = app.byId('filter-input') as HTMLSelectElement;
  const verdict = app.byId('filter-verdict') as HTMLSelectElement;
  const chips = app.byId('chips');
  const result = app.byId('result');
  const linkButton = app.copyButton('Copy link to this view', () => location.href, 'link');

  const rules = new Map<string, number>();
  for (const { findings } of app.rows) {
    for (const { ruleId } of findings) rules.set(ruleId, (rules.get(ruleId) ?? 0) + 1);
  }
  for (const [id, count] of [...rules].sort(([a], [b]) => (a < b ? -1 : 1))) {
    rule.append(element('option', { value: id }, `${id} (${formatNumber(count)})`));
  }
  for (const { id, label } of app.payload.verdicts) {
    const count = app.rows.filter(({ exchange }) => exchange.verdict === id).length;
    if (count > 0) verdict.append(element('option', { value: id }, `${label} (${formatNumber(count)})`));
  }
  for (const [index, name] of app.payload.inputs.entries()) {
    input.append(element('option', { value: index }, name));
  }
  app.byId('filter-input-field').hidden = app.payload.inputs.length < 2;

  // Of a single exchange there is nothing to choose.
  app.byId('filters').hidden = app.rows.length < 2;

  // The bar stays in view, and the headings of the list stay below it.
  const bar = app.byId('filters');
  new ResizeObserver(() => {
    document.documentElement.style.setProperty('--filters-height', `${bar.offsetHeight}px`);
  }).observe(bar);

  let timer = 0;
  const search = () => {
    clearTimeout(timer);
    timer = 0;
    app.update({ text: text.value });
  };
  text.addEventListener('input', () => {
    clearTimeout(timer);
    timer = window.setTimeout(search, 120);
  });
  // Whoever goes on to another control has typed the last letter: what that changes must not find the text unknown.
  text.addEventListener('blur', () => {
    if (timer !== 0) search();
  });
  rule.addEventListener('change', () => app.update({ rule: rule.value }));
  rank.addEventListener('change', () => app.update({ rank: Number(rank.value) }));
  input.addEventListener('change', () => app.update({ input: Number(input.value), range: null }));
  verdict.addEventListener('change', () =>
    app.update({ verdicts: new Set(verdict.value === '' ? [] : [verdict.value]) }),
  );
  // As in many such pages: a slash goes to the search, Escape there clears it.
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    const typing = target instanceof HTMLElement && target.closest('input, select, textarea') !== null;
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      text.focus();
    }
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && text.value !== '') {
      text.value = '';
      search();
    }
  });

  function chip(label: string, remove: () => void): HTMLElement {
    return element(
      'li',
      {},
      element(
        'button',
        {
          type: 'button',
          class: 'chip',
          'aria-label': `Remove the filter ${label}`,
          click() {
            remove();
            // The button is gone: the focus goes on to what is near.
            (chips.querySelector<HTMLElement>('button') ?? text).focus();
          },
        },
        element('span', {}, label),
        app.icon('close'),
      ),
    );
  }

  app.onUpdate(() => {
    const { state } = app;
    if (document.activeElement !== text) text.value = state.text;
    rule.value = state.rule;
    rank.value = String(state.rank);
    input.value = String(state.input);
    const [only] = state.verdicts;
    verdict.value = state.verdicts.size === 1 ? only! : '';
    chips.replaceChildren();
    for (const id of state.verdicts) {
      const label = app.payload.verdicts.find((item) => item.id === id)?.label ?? id;
      chips.append(
        chip(`verdict: ${label}`, () =>
          app.update({ verdicts: new Set([...app.state.verdicts].filter((item) => item !== id)) }),
        ),
      );
    }
    if (state.rule !== '') chips.append(chip(`rule: ${state.rule}`, () => app.update({ rule: '' })));
    if (state.rank > 0) {
      const name = ['', 'info', 'warning', 'error'][state.rank];
      chips.append(chip(`severity: ${name}${state.rank < 3 ? ' or more' : ''}`, () => app.update({ rank: 0 })));
    }
    if (state.input >= 0) {
      chips.append(chip(`input: ${app.payload.inputs[state.input]}`, () => app.update({ input: -1 })));
    }
    if (state.group !== '') {
      const group = app.payload.groups.find(({ key }) => key === state.group);
      const words = group === undefined ? 'none' : `${group.verdict}, ${groupWords(group)}`;
      chips.append(chip(`alike: ${words}`, () => app.update({ group: '' })));
    }
    if (state.source !== null) chips.append(chip(`from ${state.source}`, () => app.update({ source: null })));
    if (state.target !== null) chips.append(chip(`to ${state.target}`, () => app.update({ target: null })));
    if (state.range !== null) {
      const [from, to] = state.range.map((at) => `+${formatDuration(at)}`);
      chips.append(chip(`time: ${from} to ${to}`, () => app.update({ range: null })));
    }
    if (state.text.trim() !== '') chips.append(chip(`text: ${state.text.trim()}`, () => app.update({ text: '' })));
    if (app.isFiltered()) {
      chips.append(element('li', {}, linkButton));
      chips.append(
        element(
          'li',
          {},
          element(
            'button',
            {
              type: 'button',
              class: 'chip plain',
              click() {
                text.value = '';
                app.clear();
                text.focus();
              },
            },
            'Clear all',
          ),
        ),
      );
    }
    const count = app.matching(null).length;
    const total = app.rows.length;
    result.textContent =
      count === total ? formatCount(total, 'exchange') : `${formatNumber(count)} of ${formatCount(total, 'exchange')}`;
  });
}
