import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { formatCount } from '../../words/numbers.ts';
import { formatConclusion } from '../model/conclusion.ts';
import type { DocumentReporter } from '../model/types.ts';
import { html, jsonForScript, Markup } from './escape.ts';
import { FAVICON } from './favicon.ts';
import { originsSection } from './origins.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { buildPayload } from './payload.ts';
import {
  findingsSection,
  goneSection,
  groupsSection,
  headerFacts,
  headline,
  inputsSection,
  interactiveSections,
  NOTHING_READ,
  nothingSection,
  plainExchanges,
  sharesSection,
  sharesStyle,
} from './sections.ts';
import { PAGE_STYLE } from './style.ts';
import { iconSprite } from './verdicts.ts';

/** From this size on (in characters of JSON) the page carries its data compressed. */
const COMPRESS_FROM = 200_000;

/**
 * One page that needs nothing but itself: style, script and data are in it, and its content security policy forbids
 * every request and every script but its own. Without a script it still shows the counts, the findings and the groups.
 */
export const formatHtml: DocumentReporter = function* (result) {
  const { report } = result;
  const payload = buildPayload(result);
  const style = PAGE_STYLE + sharesStyle(result);
  const policy = [
    "default-src 'none'",
    `script-src '${hash(PAGE_SCRIPT)}'`,
    `style-src '${hash(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const names = report.inputs.map(({ name }) => name);
  const title = `portzero: ${names.length === 1 ? names[0] : `${names.length} inputs`}`;
  const heading = headline(result);
  const conclusion = formatConclusion(result);
  const [filters, list, views] = interactiveSections(payload);
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="portzero ${report.tool.version}">
<title>${title}</title>
<link rel="icon" href="${FAVICON}">
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip js-only" href="#exchanges">Skip to the exchanges</a>
${iconSprite()}
<header><div class="bar-top"><span class="brand">portzero <span class="muted">${report.tool.version}</span></span><button type="button" id="theme" class="js-only">Theme: system</button></div>
<h1>${heading}</h1>
${
  conclusion === `${heading}.` || heading === NOTHING_READ
    ? null
    : html`<p class="lead">${conclusion}</p>
`
}${headerFacts(result)}</header>
<main>
<p id="load-error" class="problems" role="alert" hidden>The data of this page could not be read: the browser may be too old (DecompressionStream is needed). The counts below are complete.</p>
${sharesSection(result)}
${nothingSection(result)}
${findingsSection(result)}
${payload.exchanges.length > 0 ? [filters, list] : html`<div hidden>${filters}${list}</div>`}
${plainExchanges(payload)}
${groupsSection(result, payload)}
${originsSection(result)}
${goneSection(result)}
${payload.exchanges.length > 0 ? views : html`<div hidden>${views}</div>`}
${inputsSection(result)}
</main>
<footer class="muted">${omissions(result)}Made by portzero ${report.tool.version}. Times are UTC. Frame numbers are as Wireshark counts them.</footer>
<div id="announcer" class="unseen" role="status"></div>
`.source;
  const json = jsonForScript(payload);
  // JSON is ASCII-safe in a script element; base64 is so by its nature.
  yield json.length < COMPRESS_FROM
    ? `<script type="application/json" id="payload">${json}</script>\n`
    : `<script type="application/gzip" id="payload">${gzipSync(json, { level: 9 }).toString('base64')}</script>\n`;
  yield `<script>${PAGE_SCRIPT}</script>\n</body>\n</html>\n`;
};

const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

function omissions({ report }: Parameters<DocumentReporter>[0]): string {
  const { exchanges, findings, evicted, attempts } = report.omitted;
  const parts: string[] = [];
  if (exchanges > 0) parts.push(formatCount(exchanges, 'exchange'));
  if (findings > 0) parts.push(formatCount(findings, 'finding'));
  const left = parts.length > 0 ? `Beyond the listing limit: ${parts.join(' and ')}, counted but not listed. ` : '';
  const early =
    evicted > 0
      ? `${formatCount(evicted, 'exchange')} left the table, which was too small, before the verdict was known. `
      : '';
  const alike =
    attempts > 0
      ? `${formatCount(attempts, 'attempt')} on the same ends had one sequence number: too many to tell their answers apart. `
      : '';
  return `${left}${early}${alike}`;
}
