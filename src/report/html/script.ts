import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { formatCount, formatEndpoint, formatNumber } from '../words.ts';
import { createApp } from './client/app.ts';
import { filtersPart, themePart, tilesPart } from './client/controls.ts';
import { endsPart } from './client/ends.ts';
import { exchangeDetail } from './client/ladder.ts';
import { groupsPart, listPart } from './client/list.ts';
import { loadPayload } from './client/load.ts';
import { timelinePart } from './client/timeline.ts';
import { displayFilter, formatDuration, formatTime, secondsBetween } from './words.ts';

// The page's script is made of the text of these functions. So it is type-checked like the rest, the build needs no
// bundler, and it works from the sources as from dist. The price: a function below may use its arguments, what it
// declares and the browser, nothing else; the browser tests would see a name that is missing.
export const WORDS = {
  displayFilter,
  formatCount,
  formatDuration,
  formatEndpoint,
  formatNumber,
  formatTime,
  secondsBetween,
};
const PARTS = { themePart, tilesPart, filtersPart, timelinePart, endsPart, groupsPart };
const FUNCTIONS = { loadPayload, createApp, exchangeDetail, listPart, ...PARTS };

const define = (functions: Readonly<Record<string, unknown>>) =>
  Object.entries(functions).map(([name, value]) => `const ${name} = ${value};`);

const require = createRequire(import.meta.url);
const readPackaged = (path: string) => readFileSync(require.resolve(path), 'utf8');

/** The script of the page: the plotting library with its license, and ours. */
export function pageScript(): string {
  return [
    `/*!\n${readPackaged('uplot/LICENSE')}\n*/`,
    readPackaged('uplot/dist/uPlot.iife.min.js'),
    '(() => {',
    "'use strict';",
    "document.documentElement.classList.add('js');",
    ...define(WORDS),
    ...define(FUNCTIONS),
    'loadPayload().then((payload) => {',
    `const app = createApp(payload, { ${Object.keys(WORDS).join(', ')} });`,
    ...Object.keys(PARTS).map((name) => `${name}(app);`),
    'listPart(app, exchangeDetail);',
    'app.update({});',
    "document.dispatchEvent(new Event('portzeroready'));",
    "document.documentElement.dataset.ready = '';",
    '}).catch((error) => {',
    "document.getElementById('load-error').hidden = false;",
    'console.error(error);',
    '});',
    '})();',
  ].join('\n');
}

export function plotStyle(): string {
  return readPackaged('uplot/dist/uPlot.min.css');
}
