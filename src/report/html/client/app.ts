/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { formatEndpoint } from '../../../words/endpoint.ts';
import { probeWord } from '../../../words/probes.ts';
import { groupKey } from '../alike.ts';
import type { PageExchange, PageFinding, PagePayload } from '../payload.ts';
import { secondsBetween } from '../words.ts';
import { createElement, createIcon } from './dom.ts';

/** A listed exchange, and what filters and sorting ask of it. */
export interface Row {
  readonly exchange: PageExchange;
  readonly findings: readonly PageFinding[];
  /** 0 none, 0.5 known to the baseline, 1 info, 2 warning, 3 error. */
  readonly rank: number;
  /** Seconds since the first exchange of the page. */
  readonly at: number;
  readonly client: string;
  readonly server: string;
  /** Key of its group; '' where nothing was found of it. */
  readonly group: string;
}

export type SortKey = 'rank' | 'id' | 'time' | 'verdict' | 'client' | 'server' | 'latency' | 'frames';

export interface PageState {
  readonly text: string;
  readonly verdicts: ReadonlySet<string>;
  readonly rule: string;
  /** Least rank that is shown. */
  readonly rank: number;
  /** Index of the input; -1 for all. */
  readonly input: number;
  /** Addresses; null for any. */
  readonly source: string | null;
  readonly target: string | null;
  /** Key of the group of like exchanges; '' for any. */
  readonly group: string;
  /** Seconds since the first exchange of the page, both inclusive; null for all. */
  readonly range: readonly [from: number, to: number] | null;
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** What the timeline and the charts of ends leave out, as they show the choice rather than its result. */
type Facet = 'range' | 'ends' | null;

export interface App {
  readonly payload: PagePayload;
  readonly rows: readonly Row[];
  /** Time of the first exchange of the page; null when there is none. */
  readonly origin: string | null;
  readonly state: PageState;
  /** The rows that pass the filters, without those of a facet, in no particular order. */
  matching(without: Facet): readonly Row[];
  isFiltered(): boolean;
  /**
   * Whether the report's own counts of all exchanges with port 0 are to be shown: more of them are counted than listed, and nothing
   * but verdicts, which those counts have, and the facet is filtered.
   */
  countsAll(facet: 'range' | 'ends' | 'groups'): boolean;
  /** Changes the state and tells those who listen, in the order in which they asked to be told. */
  update(change: Partial<PageState>): void;
  clear(): void;
  /** Sets these filters, and takes all others back. */
  only(change: Partial<PageState>): void;
  onUpdate(listener: () => void): void;
  /** An element of the page, by id; it must be there. */
  byId(id: string): HTMLElement;
  readonly element: typeof createElement;
  readonly icon: typeof createIcon;
  /** The icon and the name of a verdict. */
  /** An end whose port goes on in a new line as a whole, where there is no room. */
  end(text: string): DocumentFragment;
  verdict(id: string): HTMLElement;
  severity(name: string): HTMLElement;
  /** A button, an icon with a name, that copies a text. */
  copyButton(label: string, text: () => string, icon?: 'copy' | 'link'): HTMLButtonElement;
  /** Says something to a screen reader. */
  announce(text: string): void;
}

/** The rules that fired, and those whose findings a baseline has. */
export function rulesOf(findings: readonly PageFinding[]): { ruleIds: string[]; knownRuleIds: string[] } {
  const known = findings.filter((finding) => finding.known);
  return { ruleIds: findings.map(({ ruleId }) => ruleId), knownRuleIds: known.map(({ ruleId }) => ruleId) };
}

export function createApp(payload: PagePayload): App {
  const ranks: Record<string, number> = { error: 3, warning: 2, info: 1 };
  const rankOf = ({ severity, known }: PageFinding) => (known ? 0.5 : (ranks[severity] ?? 0));
  const labels = new Map(payload.verdicts.map(({ id, label }) => [id as string, label]));
  const unfiltered = {
    text: '',
    verdicts: new Set<string>(),
    rule: '',
    rank: 0,
    input: -1,
    source: null,
    target: null,
    group: '',
    range: null,
  };
  let state: PageState = { ...unfiltered, sort: 'rank', descending: true };
  const listeners: (() => void)[] = [];

  const findings = new Map<number, PageFinding[]>();
  for (const finding of payload.findings) {
    const list = findings.get(finding.exchange!);
    if (list) list.push(finding);
    else findings.set(finding.exchange!, [finding]);
  }
  let origin: string | null = null;
  for (const { started } of payload.exchanges) {
    if (started !== null && (origin === null || secondsBetween(origin, started) < 0)) origin = started;
  }
  const rows = payload.exchanges.map((exchange): Row => {
    const list = (findings.get(exchange.id) ?? []).sort((a, b) => rankOf(b) - rankOf(a));
    return {
      exchange,
      findings: list,
      rank: Math.max(0, ...list.map(rankOf)),
      at: secondsBetween(origin, exchange.started),
      client: formatEndpoint(exchange.client),
      server: formatEndpoint(exchange.server),
      group: list.length === 0 ? '' : groupKey({ ...exchange, ...rulesOf(list) }),
    };
  });

  /** Every exchange with port 0 is listed: then the list says more than the counts. */
  const isComplete = rows.filter(({ exchange }) => exchange.portZero !== null).length >= payload.total;

  /** What the text filter looks at, built when it is first used. */
  const texts = new WeakMap<Row, string>();
  function textOf(row: Row): string {
    let text = texts.get(row);
    if (text === undefined) {
      const { exchange } = row;
      text = [
        `#${exchange.id}`,
        row.client,
        row.server,
        exchange.answeredBy,
        exchange.verdict,
        labels.get(exchange.verdict),
        exchange.reason,
        exchange.state,
        probeWord(exchange),
        exchange.scope,
        exchange.communityId,
        ...exchange.layers,
        ...exchange.anomalies,
        ...row.findings.flatMap(({ ruleId, severity }) => [ruleId, severity]),
        payload.inputs[exchange.input],
        exchange.started,
      ]
        .join(' ')
        .toLowerCase();
      texts.set(row, text);
    }
    return text;
  }

  const app: App = {
    payload,
    rows,
    origin,
    get state() {
      return state;
    },
    matching(without) {
      const terms = state.text.toLowerCase().split(/\s+/).filter(Boolean);
      const { verdicts, rule, rank, input, source, target, group, range } = state;
      return rows.filter((row) => {
        const { exchange } = row;
        if (verdicts.size > 0 && !verdicts.has(exchange.verdict)) return false;
        if (row.rank < rank) return false;
        if (input >= 0 && exchange.input !== input) return false;
        if (rule !== '' && !row.findings.some(({ ruleId }) => ruleId === rule)) return false;
        if (group !== '' && row.group !== group) return false;
        if (without !== 'ends') {
          if (source !== null && exchange.client.address !== source) return false;
          if (target !== null && exchange.server.address !== target) return false;
        }
        if (without !== 'range' && range !== null && !(row.at >= range[0] && row.at <= range[1])) return false;
        return terms.every((term) => textOf(row).includes(term));
      });
    },
    isFiltered() {
      const { text, verdicts, rule, rank, input, source, target, group, range } = state;
      return (
        text.trim() !== '' ||
        verdicts.size > 0 ||
        rule !== '' ||
        rank > 0 ||
        input >= 0 ||
        source !== null ||
        target !== null ||
        group !== '' ||
        range !== null
      );
    },
    countsAll(facet) {
      const { text, rule, rank, input, source, target, group, range } = state;
      if (text.trim() !== '' || input >= 0) return false;
      const isOfAll = source === null && target === null && range === null;
      // Groups know their rules, and nothing of ends and times.
      if (facet === 'groups') return payload.unlisted > 0 && isOfAll;
      if (isComplete || rule !== '' || rank > 0 || group !== '') return false;
      return facet === 'ends' ? range === null : source === null && target === null;
    },
    update(change) {
      state = { ...state, ...change };
      for (const listener of listeners) listener();
    },
    clear() {
      app.update(unfiltered);
    },
    only(change) {
      app.update({ ...unfiltered, ...change });
    },
    onUpdate(listener) {
      listeners.push(listener);
    },
    byId(id) {
      return document.getElementById(id)!;
    },
    element: createElement,
    icon: createIcon,
    end(text) {
      const parts = document.createDocumentFragment();
      // An address of IPv6 without a port has colons of its own.
      const [, address, port] = /^(\[.*\]|[^:]*)(:\d+)$/.exec(text) ?? [];
      if (address === undefined) parts.append(text);
      else parts.append(address, document.createElement('wbr'), port!);
      return parts;
    },
    verdict(id) {
      return app.element('span', { class: 'mark' }, app.icon(`v-${id}`), labels.get(id) ?? id);
    },
    severity(name) {
      return app.element('span', { class: 'mark' }, app.icon(`s-${name}`), name);
    },
    copyButton(label, text, icon = 'copy') {
      const button = app.element(
        'button',
        { type: 'button', class: 'copy', title: label, 'aria-label': label },
        app.icon(icon),
      );
      let timer = 0;
      button.addEventListener('click', async () => {
        const done = await copy(text());
        button.replaceChildren(app.icon(done ? 'check' : 'close'));
        app.announce(done ? `${label}: copied` : 'The text could not be copied');
        clearTimeout(timer);
        timer = window.setTimeout(() => button.replaceChildren(app.icon(icon)), 1600);
      });
      return button;
    },
    announce(text) {
      app.byId('announcer').textContent = text;
    },
  };

  async function copy(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // No clipboard API, or no permission for it, as in some browsers for a file: the old way.
      const area = app.element('textarea', { class: 'unseen', 'aria-hidden': 'true', readonly: true });
      area.value = text;
      const focused = document.activeElement;
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      if (focused instanceof HTMLElement) focused.focus();
      return done;
    }
  }

  return app;
}
