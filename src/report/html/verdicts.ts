import type { Verdict } from '../../track/exchange.ts';
import { html, Markup } from './escape.ts';

interface VerdictLook {
  /**
   * Colours keep apart for the colour-blind (after Okabe and Ito: lightness differs as well as hue) and stand out by 3:1 from
   * both the page and the panels.
   */
  readonly light: string;
  readonly dark: string;
  /** A drawing on a grid of 16. Each verdict has a shape of its own, so that colour is never the only thing that tells two apart. */
  readonly icon: string;
}

/** How a verdict is drawn; the words are in words/verdicts.ts. */
export const VERDICT_LOOKS: Readonly<Record<Verdict, VerdictLook>> = {
  accepted: {
    light: '#c4420a',
    dark: '#ff7f4d',
    icon: '<circle cx="8" cy="8" r="7" fill="currentColor" stroke="none"/><path class="knock" d="M4.8 8.3 7 10.5l4.3-4.7"/>',
  },
  refused: {
    light: '#1c64a8',
    dark: '#5fabec',
    icon: '<rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="currentColor" stroke="none"/><path class="knock" d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4"/>',
  },
  unreachable: {
    light: '#7a45b8',
    dark: '#bb93f5',
    icon: '<path d="M8 1.2 14.8 8 8 14.8 1.2 8Z" fill="currentColor" stroke="none"/><path class="knock" d="M5 8h6"/>',
  },
  silent: {
    light: '#6a7280',
    dark: '#99a3b2',
    icon: '<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.2 2.1"/><path d="M5.2 8h.01M8 8h.01m2.79 0h.01" stroke-width="2"/>',
  },
  undecided: {
    light: '#8a7420',
    dark: '#cdb85a',
    icon: '<circle cx="8" cy="8" r="6.2"/><path d="M6.1 6.3a1.9 1.9 0 1 1 2.7 1.8c-.6.3-.8.6-.8 1.2M8 11.4h.01"/>',
  },
  simultaneous: {
    light: '#b06800',
    dark: '#f2ab35',
    icon: '<path d="M2 5h10.5M10 2.5 12.5 5 10 7.5M14 11H3.5M6 8.5 3.5 11 6 13.5"/>',
  },
  challenged: {
    light: '#00795f',
    dark: '#38c5a0',
    icon: '<path d="M8 1.4 13.6 3.6V8c0 3.2-2.3 5.5-5.6 6.6C4.7 13.5 2.4 11.2 2.4 8V3.6Z"/><path d="M8 4.8v3.6M8 11h.01"/>',
  },
  'invalid-reset': {
    light: '#b2387c',
    dark: '#f08abb',
    icon: '<path d="M8 1.8 15 14H1Z"/><path d="m6.2 8.3 3.6 3.6m0-3.6-3.6 3.6"/>',
  },
  unsolicited: {
    light: '#22809f',
    dark: '#74d0ea',
    icon: '<path d="M13.5 2.5 4 12M4 5.5V12h6.5"/>',
  },
};

/** Icons on a grid of 16, drawn with the text's colour. */
const ICONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(VERDICT_LOOKS).map(([verdict, { icon: drawing }]) => [`v-${verdict}`, drawing])),
  's-error':
    '<path d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2Z" fill="currentColor" stroke="none"/><path class="knock" d="M8 4.3v4.2M8 11.2h.01"/>',
  's-warning':
    '<path d="M8 1.2 15.3 14.3H.7Z" fill="currentColor" stroke="none"/><path class="knock" d="M8 5.8v3.6M8 11.8h.01"/>',
  's-info': '<circle cx="8" cy="8" r="6.4"/><path d="M8 7.4v3.7M8 4.8h.01"/>',
  copy: '<rect x="5.5" y="5.5" width="8" height="8.5" rx="1.5"/><path d="M10.5 3V2.5A1 1 0 0 0 9.5 1.5H3.5a1 1 0 0 0-1 1v7a1 1 0 0 0 1 1"/>',
  link: '<path d="M6.5 9.5a3 3 0 0 0 4.3 0l2-2a3 3 0 0 0-4.3-4.3l-.8.8M9.5 6.5a3 3 0 0 0-4.3 0l-2 2a3 3 0 0 0 4.3 4.3l.8-.8"/>',
  chevron: '<path d="m6 3.5 4.5 4.5L6 12.5"/>',
  check: '<path d="m2.5 8.5 3.5 3.5 7.5-8"/>',
  close: '<path d="m4 4 8 8m0-8-8 8"/>',
};

/** The drawings, once, for <use>. */
export function iconSprite(): Markup {
  const symbols = Object.entries(ICONS).map(
    ([name, drawing]) => new Markup(`<symbol id="i-${name}" viewBox="0 0 16 16">${drawing}</symbol>`),
  );
  return html`<svg class="sprite" width="0" height="0" aria-hidden="true" focusable="false">${symbols}</svg>`;
}

/** An icon beside words that say the same. */
export function icon(name: string): Markup {
  return html`<svg class="icon ${name}" aria-hidden="true" focusable="false"><use href="#i-${name}"/></svg>`;
}
