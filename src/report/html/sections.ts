import { VERDICTS } from '../../track/exchange.ts';
import { formatEndpoint } from '../../words/endpoint.ts';
import { formatCount, formatNumber } from '../../words/numbers.ts';
import { probeWord } from '../../words/probes.ts';
import type { Severity } from '../../words/severity.ts';
import { SEVERITIES } from '../../words/severity.ts';
import { VERDICT_WORDS } from '../../words/verdicts.ts';
import { extentOf } from '../model/conclusion.ts';
import { countKnown, formatGone, isKnown, isKnownGroup, newFirst } from '../model/known.ts';
import { formatKnown } from '../model/known-words.ts';
import { countNew } from '../model/new-findings.ts';
import { silenceDoubts } from '../model/silence-doubts.ts';
import type { ExchangeReport, FindingReport, InputReport, RunResult } from '../model/types.ts';
import { groupWords, type PageGroup } from './alike.ts';
import { html, type Markup } from './escape.ts';
import { commonFolder, pathMarkup, shortNames } from './paths.ts';
import { frameRanges, type PagePayload, SEVERITY_RANK } from './payload.ts';
import { icon } from './verdicts.ts';
import { formatDuration, formatTime, secondsBetween } from './words.ts';

// The parts of the page that need no script: what a viewer that blocks scripts shows, and what a script then enriches.

/** Findings about no single exchange that the page lists. */
const FINDINGS = 200;
/** Those of them that are shown without being asked for: the exchanges come next. */
const OPEN_FINDINGS = 10;
/** Exchanges listed for viewers without a script. */
const PLAIN_EXCHANGES = 100;
/** From so many inputs on those that were read whole are folded away below those that were not. */
const FOLDED_INPUTS = 20;
/** Groups listed for them. */
const PLAIN_GROUPS = 100;

const severityMark = (severity: Severity) => html`<span class="mark">${icon(`s-${severity}`)}${severity}</span>`;
const verdictMark = (verdict: ExchangeReport['verdict']) =>
  html`<span class="mark">${icon(`v-${verdict}`)}${VERDICT_WORDS[verdict].label}</span>`;

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

function timeSpan(input: InputReport): Markup {
  const { firstTime, lastTime } = input;
  if (firstTime === null || lastTime === null)
    return input.frames > 0 ? html`<span class="muted">no time</span>` : html`–`;
  if (firstTime === lastTime) return html`${formatTime(firstTime, true)}`;
  return html`<span title="${formatTime(firstTime, true)} to ${formatTime(lastTime, true)}">${formatTime(firstTime, true)} <span class="muted">for ${formatDuration(secondsBetween(firstTime, lastTime))}</span></span>`;
}

const NO_PORT_ZERO = {
  all: 'Nobody used TCP port 0',
  read: 'No TCP port 0 in what could be read',
  'looked-into': 'No TCP port 0 in what could be looked into',
  nothing: 'Nothing could be looked into',
} as const;

export const NOTHING_READ = 'Nothing could be read';

/** What matters most, in a few words; the conclusion below it says the rest. */
export function headline(result: RunResult): string {
  const { report } = result;
  const { portZero } = report.summary;
  const { total, accepted } = portZero;
  if (report.summary.frames === 0 && report.inputs.length > 0 && report.inputs.every(({ complete }) => !complete))
    return NOTHING_READ;
  if (total === 0) return NO_PORT_ZERO[extentOf(result)];
  const exchanges = formatCount(total, 'exchange');
  const only = VERDICTS.find((verdict) => portZero[verdict] === total);
  if (only !== undefined)
    return `${exchanges} with port 0, ${total > 1 ? 'all ' : ''}${VERDICT_WORDS[only].label.toLowerCase()}`;
  if (accepted === 0) return `${exchanges} with port 0, none accepted`;
  return `${formatNumber(accepted)} of ${exchanges} with port 0 ${accepted === 1 ? 'was' : 'were'} accepted`;
}

export function headerFacts({ report }: RunResult): Markup {
  const { summary, inputs } = report;
  const news = countNew(report);
  const adjective = report.baseline === undefined ? '' : 'new ';
  const findings = SEVERITIES.filter((severity) => news[severity] > 0).map(
    (severity) =>
      html`<li>${icon(`s-${severity}`)}<b>${formatNumber(news[severity])}</b> ${adjective}${severity === 'info' ? 'info' : news[severity] === 1 ? severity : `${severity}s`}</li>`,
  );
  if (report.baseline !== undefined && findings.length === 0) findings.push(html`<li>Nothing new</li>`);
  const known = countKnown(report);
  if (known > 0) findings.push(html`<li><b>${formatNumber(known)}</b> known</li>`);
  const damaged = inputs.filter(({ complete }) => !complete).length;
  const undecoded = Object.values(summary.undecoded).reduce((sum, count) => sum + count, 0);
  return html`<ul class="headline">${findings.length > 0 ? findings : html`<li>No finding</li>`}<li><b>${formatNumber(summary.exchanges.total)}</b> TCP ${summary.exchanges.total === 1 ? 'exchange' : 'exchanges'} in all</li><li><b>${formatNumber(summary.frames)}</b> frames</li><li><b>${formatNumber(inputs.length)}</b> ${inputs.length === 1 ? 'input' : 'inputs'}</li>${
    damaged > 0
      ? html`<li>${icon('s-warning')}<a href="#inputs"><b>${formatNumber(damaged)}</b> not read whole</a></li>`
      : null
  }${
    undecoded > 0
      ? html`<li title="${Object.entries(summary.undecoded)
          .map(([reason, count]) => `${reason}: ${formatNumber(count)}`)
          .join(', ')}"><b>${formatNumber(undecoded)}</b> not decoded</li>`
      : null
  }</ul>`;
}

function where(offset: number | null, frame: number | null): string {
  const places = [offset === null ? [] : `offset ${offset}`, frame === null ? [] : `frame ${frame}`].flat();
  return places.length > 0 ? ` (${places.join(', ')})` : '';
}

/** What was read: closed, unless something of it could not be. */
export function inputsSection({ report }: RunResult): Markup {
  const { inputs } = report;
  const damaged = inputs.filter(({ complete }) => !complete).length;
  // Damaged ones first.
  const sorted = [...inputs].sort((a, b) => Number(a.complete) - Number(b.complete));
  const prefix = commonFolder(inputs.map(({ name }) => name));
  const rowOf = (
    input: InputReport,
  ) => html`<tr><th scope="row" class="name">${pathMarkup(input.name.slice(prefix.length))}</th>
<td data-label="Format">${input.format ?? '–'}${input.compression === null ? null : html` <span class="muted">${input.compression}</span>`}${input.distilled === undefined ? null : html` <span class="muted">from ${formatCount(input.distilled, 'distillate')}: exchanges without port 0 are counted in each file by itself</span>`}</td>
<td data-label="Link types">${input.linkTypes.join(', ') || '–'}</td>
<td class="number" data-label="Frames">${formatNumber(input.frames)}</td>
<td class="number" data-label="Bytes">${formatBytes(input.bytes)}</td>
<td class="time" data-label="From">${timeSpan(input)}</td>
<td class="number" data-label="Drops">${input.drops === null ? html`<span class="muted">not known</span>` : formatNumber(input.drops)}</td>
<td data-label="Read">${input.complete ? 'complete' : html`<span class="mark">${icon('s-warning')}incomplete</span>`}</td></tr>`;
  const problems = sorted.flatMap(({ problems }) =>
    problems.map(
      ({ code, message, offset, frame }) =>
        html`<li>${icon('s-warning')}<div><code>${code}</code> ${pathMarkup(message)}${where(offset, frame)}</div></li>`,
    ),
  );
  const said = `${formatCount(inputs.length, 'input')}${damaged === 0 ? ', all read whole' : `, ${formatNumber(damaged)} not read whole`}`;
  return html`<section class="panel inputs" id="inputs" aria-labelledby="h-inputs"><details${damaged > 0 ? html` open` : null}><summary><h2 id="h-inputs">Inputs</h2> <span class="muted">${said}${prefix === '' ? null : html`, in <code>${pathMarkup(prefix)}</code>`}</span></summary>
${problems.length > 0 ? html`<ul class="problems" aria-label="Problems with the inputs">${problems}</ul>` : null}
${
  damaged === 0 || inputs.length - damaged < FOLDED_INPUTS
    ? inputTable(sorted.map(rowOf), 'Inputs')
    : html`${inputTable(sorted.slice(0, damaged).map(rowOf), 'Inputs not read whole')}
<details><summary class="muted">${formatCount(inputs.length - damaged, 'input')} read whole</summary>${inputTable(sorted.slice(damaged).map(rowOf), 'Inputs read whole')}</details>`
}</details></section>`;
}

function inputTable(rows: readonly Markup[], label: string): Markup {
  return html`<div class="scroll" role="group" aria-label="${label}" tabindex="0"><table class="grid cards">
<thead><tr><th scope="col">Input</th><th scope="col">Format</th><th scope="col">Link types</th><th scope="col" class="number">Frames</th><th scope="col" class="number">Bytes</th><th scope="col">From</th><th scope="col" class="number">Drops</th><th scope="col">Read</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/**
 * How port 0 was answered: one bar, a part a verdict, and below it what each part is. The script turns those into buttons.
 * Null where there is no exchange with port 0.
 */
export function sharesSection(result: RunResult): Markup | null {
  const { portZero, exchanges } = result.report.summary;
  if (portZero.total === 0) return null;
  const seen = VERDICTS.filter((verdict) => portZero[verdict] > 0);
  const parts = seen.map((verdict) => html`<span class="part v-${verdict}">${icon(`v-${verdict}`)}</span>`);
  const items = seen.map(
    (verdict) =>
      html`<li><div class="share" data-verdict="${verdict}" title="${VERDICT_WORDS[verdict].meaning}"><span class="mark">${icon(`v-${verdict}`)}${VERDICT_WORDS[verdict].label}</span> <b class="figure">${formatNumber(portZero[verdict])}</b>${
        exchanges[verdict] === portZero[verdict]
          ? null
          : html` <span class="muted">of ${formatNumber(exchanges[verdict])} on all ports</span>`
      }</div></li>`,
  );
  const none = VERDICTS.filter((verdict) => portZero[verdict] === 0).map((verdict) =>
    VERDICT_WORDS[verdict].label.toLowerCase(),
  );
  const doubts = silenceDoubts(result).map(
    (doubt) => html`<li>${icon('s-warning')}<div>${VERDICT_WORDS.silent.label}: ${doubt}.</div></li>`,
  );
  return html`<section class="answers" aria-labelledby="h-verdicts"><div class="head"><h2 id="h-verdicts">How port 0 was answered</h2><p class="muted">${formatCount(portZero.total, 'exchange')} with port 0 at either end, of ${formatNumber(exchanges.total)} on all ports</p></div>
<div class="stack" aria-hidden="true">${parts}</div>
<ul class="shares" aria-label="Exchanges with port 0 by verdict">${items}</ul>
${doubts.length > 0 ? html`<ul class="problems" aria-label="Doubts about silence">${doubts}</ul>` : null}
${none.length > 0 ? html`<p class="muted zeros">None ${joinWords(none, 'or')}.</p>` : null}</section>`;
}

/** Widths of the parts of the bar: the page's policy allows no style but that of its style element. */
export function sharesStyle({ report }: RunResult): string {
  const { portZero } = report.summary;
  return VERDICTS.filter((verdict) => portZero[verdict] > 0)
    .map((verdict) => `.stack .v-${verdict}{flex-grow:${portZero[verdict]}}`)
    .join('\n');
}

function joinWords(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** Nothing was flagged: one sentence that says what was looked at. Null where something was. */
export function nothingSection(result: RunResult): Markup | null {
  const { inputs, summary, findings } = result.report;
  if (findings.length > 0 || result.groups.some(({ severity }) => severity !== null)) return null;
  const { exchanges, portZero } = summary;
  const unread = inputs.filter(({ complete }) => !complete).length;
  const captures = formatCount(inputs.length, 'capture');
  if (summary.frames === 0)
    return html`<p class="nothing">${unread === 0 ? `Nothing was flagged: ${captures}, and no frame in ${inputs.length === 1 ? 'it' : 'them'}.` : `No frame of ${captures} could be looked at; why is below.`}</p>`;
  const missed = summary.notLookedInto.frames;
  const frames = missed === 0 ? '' : `${formatNumber(summary.frames - missed)} of `;
  const span = spanOf(inputs);
  const whole =
    unread === 0
      ? ''
      : `, ${unread === inputs.length ? 'none' : `${formatNumber(unread)}`} of them ${unread === inputs.length ? '' : 'not '}read whole`;
  const seen =
    exchanges.total === 0
      ? 'no TCP exchange'
      : `${formatCount(exchanges.total, 'TCP exchange')}, ${portZero.total === 0 ? 'none' : formatNumber(portZero.total)} of them with port 0`;
  return html`<p class="nothing">Nothing was flagged in ${frames}${formatCount(summary.frames, 'frame')} of ${captures}${whole}${span === null ? '' : ` (${span})`}: ${seen}.</p>`;
}

/** When the frames of all inputs were captured. */
function spanOf(inputs: readonly InputReport[]): string | null {
  let [first, last]: [string | null, string | null] = [null, null];
  for (const { firstTime, lastTime } of inputs) {
    if (firstTime === null || lastTime === null) continue;
    if (first === null || secondsBetween(first, firstTime) < 0) first = firstTime;
    if (last === null || secondsBetween(last, lastTime) > 0) last = lastTime;
  }
  if (first === null) return null;
  const seconds = secondsBetween(first, last);
  return `from ${formatTime(first, true)}${seconds > 0 ? ` on, for ${formatDuration(seconds)}` : ''}`;
}

/** Findings about several exchanges or none: scans, floods, broken expectations, UDP. */
export function findingsSection({ report }: RunResult): Markup | null {
  const findings = report.findings.filter(({ exchange }) => exchange === null);
  if (findings.length === 0) return null;
  const sorted = [...findings].sort((a, b) => SEVERITY_RANK[b.severity] - SEVERITY_RANK[a.severity]);
  const shown = newFirst(sorted, isKnown).slice(0, FINDINGS);
  const several = report.inputs.length > 1;
  const names = shortNames(report.inputs);
  const rows = shown.map((finding) => findingRow(finding, several ? (names[finding.input] ?? '') : null));
  const rest = new Map<string, number>();
  for (const { ruleId } of findings) rest.set(ruleId, (rest.get(ruleId) ?? 0) + 1);
  for (const { ruleId } of shown) rest.set(ruleId, rest.get(ruleId)! - 1);
  const left = [...rest].filter(([, count]) => count > 0);
  return html`<section class="panel" aria-labelledby="h-findings"><div class="head"><h2 id="h-findings">Findings beyond single exchanges</h2><p class="muted">${formatCount(findings.length, 'finding')}</p></div>
${findingTable(rows.slice(0, OPEN_FINDINGS), 'Findings beyond single exchanges', several)}
${rows.length > OPEN_FINDINGS ? html`<details><summary class="muted">${formatNumber(rows.length - OPEN_FINDINGS)} more</summary>${findingTable(rows.slice(OPEN_FINDINGS), 'More findings beyond single exchanges', several)}</details>` : null}
${left.length > 0 ? html`<p class="muted">Not listed: ${left.map(([rule, count]) => `${formatNumber(count)} more of ${rule}`).join(', ')}.</p>` : null}</section>`;
}

function findingTable(rows: readonly Markup[], label: string, several: boolean): Markup {
  return html`<div class="scroll" role="group" aria-label="${label}" tabindex="0"><table class="grid cards"><thead><tr><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col">What was seen</th>${several ? html`<th scope="col">Input</th>` : null}<th scope="col">Time (UTC)</th><th scope="col">Frames</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** In the place of a severity: the baseline has it. */
const knownMark = html`<span class="mark">known</span>`;

function findingRow(finding: FindingReport, input: string | null): Markup {
  const { severity, ruleId, message, time, frames, known } = finding;
  const { ranges, cut } = frameRanges(frames);
  const text = ranges.length > 40 ? `${ranges.slice(0, 40)}…` : ranges;
  return html`<tr><td>${isKnown(finding) ? knownMark : severityMark(severity)}</td><td data-label="Rule"><code>${ruleId}</code></td><td class="message">${message}${known === undefined || known === null ? null : html` <span class="muted">${formatKnown(known)}</span>`}</td>${input === null ? null : html`<td class="name" data-label="Input">${pathMarkup(input)}</td>`}<td class="time" data-label="Time">${time === null ? '–' : formatTime(time, true).replace(' UTC', '')}</td><td data-label="Frames">${
    frames.length === 0
      ? '–'
      : html`<span class="frames" data-frames="${ranges}"><span class="ranges">${text.replaceAll(',', ', ')}${cut > 0 ? ` and ${formatNumber(cut)} more` : ''}</span> </span>`
  }</td></tr>`;
}

/** Flagged exchanges that are alike, one line a kind over all captures. The script fills the same table anew when the filter changes. */
export function groupsSection({ report }: RunResult, payload: PagePayload): Markup | null {
  const { groups } = payload;
  if (groups.length === 0) return null;
  const several = report.inputs.length > 1;
  const flagged = groups.reduce((sum, { count }) => sum + count, 0);
  // It is what the page is about already.
  if (flagged === 1) return null;
  const listed = new Set(payload.findings.map(({ exchange }) => exchange)).size;
  const ends = ({ count, atLeast, name }: PageGroup['clients']) =>
    name === null ? html`${atLeast ? '≥ ' : ''}${formatNumber(count)}` : html`<span class="address">${name}</span>`;
  const rows = groups.slice(0, PLAIN_GROUPS).map(
    (group) => html`<tr><td class="number"><b>${formatNumber(group.count)}</b></td>
<td data-label="Findings">${isKnownGroup(group) ? knownMark : severityMark(group.severity)} ${group.ruleIds.map((rule) => html`<code>${rule}</code> `)}${group.known.map((known) => html`<br><span class="muted">${known}</span>`)}</td>
<td data-label="Answer">${verdictMark(group.verdict)} <span class="muted">${groupWords(group)}</span></td>
<td data-label="Sources">${ends(group.clients)}</td><td data-label="Targets">${ends(group.servers)}</td>
<td class="time" data-label="From">${formatTime(group.firstTime, true).replace(/(\.\d+)? UTC$/, '')}${group.firstTime === null || group.firstTime === group.lastTime ? null : html` <span class="muted">for ${formatDuration(secondsBetween(group.firstTime, group.lastTime))}</span>`}</td>
${several ? html`<td class="name" data-label="Inputs">${group.inputs > 1 ? `${formatNumber(group.inputs)} inputs` : pathMarkup(payload.inputs[group.input] ?? '')}</td>` : null}<td class="js-only"></td></tr>`,
  );
  const said =
    listed < flagged
      ? `${formatNumber(listed)} of ${formatCount(flagged, 'flagged exchange')} are listed above; ${formatNumber(flagged - listed)} are only counted here.`
      : `${formatCount(flagged, 'flagged exchange')}, all listed above.`;
  const rest = groups.length - rows.length;
  return html`<section class="panel" id="groups" aria-labelledby="h-groups"><div class="head"><h2 id="h-groups">Flagged exchanges that are alike</h2><p class="muted">${said}</p><p class="muted" id="groups-what"></p></div>
<div class="scroll" role="group" aria-label="Flagged exchanges that are alike" tabindex="0"><table class="grid cards"><thead><tr><th scope="col" class="number">Count</th><th scope="col">Findings</th><th scope="col">Answer</th><th scope="col">Sources</th><th scope="col">Targets</th><th scope="col">From (UTC)</th>${several ? html`<th scope="col">Input</th>` : null}<th scope="col" class="js-only"><span class="unseen">Show in the list</span></th></tr></thead><tbody id="group-rows">${rows}</tbody></table></div>
${rest > 0 ? html`<p class="muted no-js">and ${formatNumber(rest)} more</p>` : null}<nav class="pager js-only" id="groups-pager" aria-label="Pages of groups" hidden><button type="button" data-go="previous">Previous</button><span id="groups-place"></span><button type="button" data-go="next">Next</button></nav></section>`;
}

/** What the baseline has and this run has not. */
export function goneSection({ report }: RunResult): Markup | null {
  const gone = report.baseline?.gone ?? [];
  if (gone.length === 0) return null;
  const items = gone.slice(0, FINDINGS).map((each) => html`<li>${formatGone(each)}</li>`);
  const rest = gone.length - items.length;
  return html`<section class="panel" aria-labelledby="h-gone"><div class="head"><h2 id="h-gone">Of the baseline, and not seen again</h2><p class="muted">${formatCount(gone.length, 'finding')} of ${report.baseline!.file}</p></div><ul>${items}</ul>${rest > 0 ? html`<p class="muted">and ${formatNumber(rest)} more</p>` : null}</section>`;
}

/** A short list for viewers that run no script. */
export function plainExchanges(payload: PagePayload): Markup | null {
  if (payload.exchanges.length === 0) return null;
  const shown = payload.exchanges.slice(0, PLAIN_EXCHANGES);
  const rules = new Map<number, string[]>();
  for (const { exchange, ruleId } of payload.findings) {
    const list = rules.get(exchange!);
    if (list) list.push(ruleId);
    else rules.set(exchange!, [ruleId]);
  }
  const rows = shown.map(
    (exchange) =>
      html`<tr><td>${exchange.id}</td><td class="time">${formatTime(exchange.started, true).replace(' UTC', '')}</td><td>${verdictMark(exchange.verdict)}</td><td class="address">${formatEndpoint(exchange.client)}</td><td class="address">${formatEndpoint(exchange.server)}</td><td>${probeWord(exchange) ?? '–'}</td><td>${exchange.reason ?? '–'}</td><td class="number">${exchange.latencyMs === null ? '–' : formatDuration(exchange.latencyMs / 1000)}</td><td>${exchange.frames.ranges.slice(0, 60)}</td><td>${(rules.get(exchange.id) ?? []).join(', ')}</td></tr>`,
  );
  return html`<section class="panel no-js" aria-labelledby="h-plain"><div class="head"><h2 id="h-plain">Exchanges</h2><p class="muted">${formatNumber(shown.length)} of ${formatNumber(payload.exchanges.length)}. The timeline, the filters and the sequence diagrams need JavaScript, which this viewer does not run.</p></div>
<div class="scroll"><table class="grid"><thead><tr><th scope="col">#</th><th scope="col">Time (UTC)</th><th scope="col">Verdict</th><th scope="col">Client</th><th scope="col">Server</th><th scope="col">Probe</th><th scope="col">Reason</th><th scope="col" class="number">Latency</th><th scope="col">Frames</th><th scope="col">Rules</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

/** What the script fills: hidden until it does. */
export function interactiveSections({
  unlisted,
}: PagePayload): readonly [filters: Markup, list: Markup, views: Markup] {
  const header = (key: string, label: string, kind = '') =>
    html`<th scope="col" class="${kind}"${key === 'rank' ? html` aria-sort="descending"` : null}><button type="button" data-sort="${key}">${label}<span class="arrows" aria-hidden="true"></span></button></th>`;
  const unlistedNote = unlisted > 0 ? html`<p class="muted">${formatNumber(unlisted)} more are only counted</p>` : null;
  const filters = html`<section class="filters js-only" id="filters" aria-label="Filters">
<div class="fields-row">
<label class="search"><span class="unseen">Search exchanges</span><input id="filter-text" type="search" placeholder="Search address, rule, reason, #id …  ( / )" autocomplete="off" spellcheck="false"></label>
<label><span>Verdict</span><select id="filter-verdict"><option value="">any</option></select></label>
<label><span>Rule</span><select id="filter-rule"><option value="">any</option></select></label>
<label><span>Severity</span><select id="filter-severity"><option value="0">any</option><option value="1">info or more</option><option value="2">warning or more</option><option value="3">error</option></select></label>
<label id="filter-input-field" hidden><span>Input</span><select id="filter-input"><option value="-1">all</option></select></label>
<p id="result" role="status"></p>
</div><ul id="chips" aria-label="Filters in force"></ul></section>`;
  const views = html`<section class="panel js-only" id="timeline" aria-labelledby="h-timeline" hidden><div class="head"><h2 id="h-timeline">Timeline</h2><p class="muted" id="timeline-what"></p><p class="muted" id="timeline-start"></p><p class="muted" id="timeline-step"></p><div class="buttons"><button type="button" id="zoom-in" title="Zoom to the chosen span, or to the middle half">Zoom in</button><button type="button" id="zoom-all">Whole span</button></div></div>
<ul class="key" id="timeline-key" aria-label="Key"></ul>
<div id="timeline-plot"><div class="sliders"><label><span class="unseen">Start of the chosen span</span><input type="range" id="range-from" min="0" max="1000" value="0"></label><label><span class="unseen">End of the chosen span</span><input type="range" id="range-to" min="0" max="1000" value="1000"></label></div></div>
<p class="muted" id="timeline-readout"></p></section>
<section class="panel js-only" id="ends" aria-labelledby="h-ends" hidden><div class="head"><h2 id="h-ends">Who asked, who answered</h2><p class="muted" id="ends-what"></p><p class="muted">choose one to filter</p></div>
<div class="ends"><div><h3 id="h-sources">Sources</h3><ol id="sources" aria-labelledby="h-sources"></ol><p class="muted" id="sources-more"></p></div>
<div><h3 id="h-targets">Targets</h3><ol id="targets" aria-labelledby="h-targets"></ol><p class="muted" id="targets-more"></p></div>
<div id="matrix-panel"><h3>Source by target</h3><div class="scroll" id="matrix-frame" role="group" aria-label="Source by target" tabindex="0"></div><p class="muted" id="matrix-more"></p></div></div></section>`;
  const list = html`<section class="panel js-only" id="exchanges" aria-labelledby="h-exchanges" tabindex="-1" hidden><div class="head"><h2 id="h-exchanges">Exchanges</h2>${unlistedNote}<p class="muted print-only" id="print-note"></p><div class="buttons" id="list-filter"><button type="button" id="open-all">Open or close all</button></div></div>
<div class="scroll list"><table class="grid" id="list"><caption class="unseen">Exchanges. The first column opens the sequence diagram; the headings sort.</caption><thead><tr>${header('id', '#')}${header('time', 'Time (UTC)', 'mid')}${header('verdict', 'Verdict')}${header('client', 'Client')}${header('server', 'Server')}<th scope="col" class="wide">Probe</th><th scope="col" class="mid">Reason</th>${header('latency', 'Latency', 'number mid')}${header('frames', 'Frames', 'number wide')}${header('rank', 'Findings')}</tr></thead><tbody id="rows"></tbody></table></div>
<nav class="pager" id="pager" aria-label="Pages of exchanges"><button type="button" data-go="first">First</button><button type="button" data-go="previous">Previous</button><span id="page-place"></span><button type="button" data-go="next">Next</button><button type="button" data-go="last">Last</button><label><span>Rows</span><select id="page-size"><option>50</option><option selected>100</option><option>250</option><option>1000</option></select></label></nav></section>`;
  return [filters, list, views];
}
