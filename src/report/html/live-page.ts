import { createHash } from 'node:crypto';
import { VERDICTS } from '../../track/exchange.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { html, jsonForScript, Markup } from './escape.ts';
import { FAVICON } from './favicon.ts';
import { LIVE_SCRIPT } from './live-script.ts';
import { PAGE_STYLE } from './style.ts';
import { iconSprite } from './verdicts.ts';

export interface LivePage {
  readonly text: string;
  /** To be sent as Content-Security-Policy. */
  readonly policy: string;
}

const LIVE_STYLE = `
#live-plot svg{display:block;width:100%;height:178px}
#live-state .icon{width:15px;height:15px}
.lost{fill:var(--error)}
.many{font-weight:620}
#newest .message{overflow-wrap:anywhere}
#live-problems:empty{display:none}
`;

/**
 * The page that a live run serves: the report's own looks, filled by events. It asks nobody but the server that it came from, and
 * runs no script but its own; all it is told is set as text.
 */
export function livePage(version: string): LivePage {
  const style = PAGE_STYLE + LIVE_STYLE;
  const policy = [
    "default-src 'none'",
    `script-src '${hash(LIVE_SCRIPT)}'`,
    `style-src '${hash(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const verdicts = VERDICTS.map((id) => ({
    id,
    label: VERDICT_WORDS[id].label,
    meaning: VERDICT_WORDS[id].meaning,
  }));
  const head = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="portzero ${version}">
<title>portzero: live</title>
<link rel="icon" href="${FAVICON}">
<style>${new Markup(style)}</style>
</head>
<body>
${iconSprite()}
<header><div class="bar-top"><span class="brand">portzero <span class="muted">${version}</span></span><button type="button" id="theme" class="js-only">Theme: system</button></div>
<h1 id="live-heading">Live</h1>
<p class="lead" id="live-state" role="status">Waiting for the first numbers.</p>
<ul class="headline" id="live-facts"></ul></header>
<main>
<p class="problems no-js">This page is filled by a script, which this viewer does not run.</p>
<ul class="problems" id="live-problems" aria-label="What is not well"></ul>
<section class="answers" aria-labelledby="h-verdicts"><div class="head"><h2 id="h-verdicts">How port 0 was answered</h2><p class="muted" id="live-total"></p></div>
<div class="stack" id="live-stack" aria-hidden="true"></div>
<ul class="shares" id="live-shares" aria-label="Exchanges with port 0 by verdict"></ul></section>
<section class="panel" aria-labelledby="h-timeline"><div class="head"><h2 id="h-timeline">The last hour</h2><p class="muted" id="live-step"></p></div>
<ul class="key" id="live-key" aria-label="Key"></ul>
<div id="live-plot"></div></section>
<section class="panel" aria-labelledby="h-rules"><div class="head"><h2 id="h-rules">Findings by rule</h2></div>
<div class="scroll" role="group" aria-label="Findings by rule" tabindex="0"><table class="grid cards"><thead><tr><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col" class="number">Last minute</th><th scope="col" class="number">In all</th></tr></thead><tbody id="rules"></tbody></table></div></section>
<section class="panel" aria-labelledby="h-newest"><div class="head"><h2 id="h-newest">Newest findings</h2><p class="muted">what comes too fast to be read is one line a rule</p><div class="buttons"><button type="button" id="hold" aria-pressed="false">Hold</button></div></div>
<div class="scroll" role="group" aria-label="Newest findings" tabindex="0"><table class="grid cards"><thead><tr><th scope="col">Time (UTC)</th><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col">What was seen</th><th scope="col">Answer</th></tr></thead><tbody id="newest"></tbody></table></div></section>
</main>
<footer class="muted">Read-only, and told anew each second: nothing is lost when it is closed. Counts are of this run; an exchange counts when its answer is known. Made by portzero ${version}. Times are UTC.</footer>
<script type="application/json" id="payload">`;
  // JSON is safe in a script element as it is written.
  const text = `${head.source}${jsonForScript({ verdicts })}</script>\n<script>${LIVE_SCRIPT}</script>\n</body>\n</html>\n`;
  return { text, policy };
}

const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
