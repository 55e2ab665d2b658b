import { VERDICTS } from '../../track/exchange.ts';
import { VERDICT_LOOKS } from './verdicts.ts';

const verdictColors = (scheme: 'light' | 'dark'): string =>
  VERDICTS.map((verdict) => `--v-${verdict}:${VERDICT_LOOKS[verdict][scheme]};`).join('');

// Text stands out by 4.5:1.
const LIGHT = `
--page:#f7f8fa;--panel:#fff;--sunken:#f1f3f6;--line:#e2e5eb;--strong-line:#c9ced8;--text:#191d26;--muted:#59616f;
--accent:#2456c9;--accent-soft:#e8eefc;--knock:#fff;--shadow:0 1px 2px rgb(20 25 40/.05);
--error:#b3261e;--warning:#8f5600;--info:#2456c9;--error-soft:#fbeae8;--warning-soft:#fdf1de;--info-soft:#e8eefc;
${verdictColors('light')}`;
const DARK = `
--page:#0d1015;--panel:#14181f;--sunken:#1b2029;--line:#252b36;--strong-line:#3a4250;--text:#e4e8ef;--muted:#98a2b1;
--accent:#7fa8ff;--accent-soft:#1c2740;--knock:#14181f;--shadow:none;
--error:#ff8a80;--warning:#f2b544;--info:#7fa8ff;--error-soft:#3a1d1d;--warning-soft:#35290f;--info-soft:#1c2740;
${verdictColors('dark')}`;

const VERDICT_CLASSES = VERDICTS.map(
  (verdict) =>
    `.v-${verdict}{color:var(--v-${verdict});--own:var(--v-${verdict})}.part.v-${verdict},.tint.v-${verdict}{background:var(--v-${verdict})}`,
).join('\n');

export const PAGE_STYLE = `
:root{color-scheme:light dark;--font:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono","JetBrains Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;${LIGHT}}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark;${DARK}}
*,*::before,*::after{box-sizing:border-box}
html{scroll-padding-top:72px}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.5 var(--font);font-variant-numeric:tabular-nums;
-webkit-text-size-adjust:100%;text-size-adjust:100%}
header,main,footer{max-width:1360px;margin:0 auto;padding:0 24px}
main{display:grid;gap:16px;grid-template-columns:minmax(0,1fr)}
footer{padding-block:24px 40px;font-size:12px}
h1{font-size:28px;line-height:1.2;font-weight:640;letter-spacing:-.02em;margin:22px 0 8px;text-wrap:balance}
.lead{font-size:15px;line-height:1.55;max-width:74em;margin-bottom:14px;text-wrap:pretty}
h2{font-size:15px;line-height:1.4;font-weight:620;margin:0;letter-spacing:-.005em}
h3{font-size:12px;line-height:1.4;font-weight:600;margin:0 0 6px;color:var(--muted)}
p,ul,ol,dl,dd{margin:0;padding:0}
ul,ol{list-style:none}
code,.address,.time,.ranges{font-family:var(--mono);font-size:12.5px}
.muted,.note{color:var(--muted);font-weight:400}
.nobreak{white-space:nowrap}
[hidden]{display:none!important}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0}
:root:not(.js) .js-only,.js .no-js{display:none!important}
.sprite{position:absolute}
.icon{width:15px;height:15px;flex:none;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.knock{stroke:var(--knock);stroke-width:1.7}
.s-error{color:var(--error)}.s-warning{color:var(--warning)}.s-info{color:var(--info)}
${VERDICT_CLASSES}
.mark{display:inline-flex;align-items:center;gap:6px;white-space:nowrap;vertical-align:top}

button,select,input{font:inherit;color:inherit}
button{cursor:pointer}
button:disabled{cursor:default}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.bar-top button,.buttons button,.pager button,button.copy{display:inline-flex;align-items:center;gap:6px;background:var(--panel);
border:1px solid var(--strong-line);border-radius:6px;padding:3px 10px;font-size:12.5px;line-height:1.5;white-space:nowrap}
.bar-top button:hover,.buttons button:hover,.pager button:not([aria-disabled=true]):hover,button.copy:hover{background:var(--sunken)}
button.copy{padding:4px;line-height:1;color:var(--muted)}button.copy:hover{color:var(--text)}
.pager button[aria-disabled=true]{color:var(--muted);border-color:var(--line);cursor:default}
.quiet{display:inline-flex;align-items:center;gap:4px;background:none;border:0;border-radius:5px;padding:1px 6px 1px 2px;color:var(--accent);font-size:12.5px}
.quiet:hover{background:var(--accent-soft)}
.quiet .chevron{width:12px;height:12px;color:var(--muted)}
.quiet[aria-expanded=true] .chevron{transform:rotate(90deg)}
.skip{position:absolute;left:-999px;top:8px;z-index:9;background:var(--panel);color:var(--accent);padding:8px 14px;border-radius:6px;border:1px solid var(--strong-line)}
.skip:focus{left:16px}

.bar-top{display:flex;justify-content:space-between;align-items:center;padding-top:16px}
.brand{font-weight:650;letter-spacing:-.01em}
.headline{display:flex;flex-wrap:wrap;gap:4px 20px;margin-bottom:20px;color:var(--muted)}
.headline li{display:inline-flex;align-items:center;gap:5px}
.headline b{color:var(--text);font-weight:600}

.panel{background:var(--panel);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow);padding:14px 16px;min-width:0}
.head{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 12px;margin-bottom:10px}
.head .muted{font-size:12.5px}
.buttons{display:flex;flex-wrap:wrap;gap:6px;margin-left:auto;align-self:center}
.nothing{font-size:15px;max-width:74em;text-wrap:pretty}
.scroll{position:relative;overflow-x:auto;margin:0 -16px;padding:0 16px}

.grid{border-collapse:collapse;width:100%;font-size:13px}
.grid th{text-align:left;font-weight:500;font-size:12px;color:var(--muted);white-space:nowrap}
.grid thead th{padding:4px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:bottom;background:var(--panel)}
.grid td,.grid tbody th{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
.grid tbody tr:last-child>*{border-bottom:0}
.grid tbody th{font-weight:500;font-size:13px;color:var(--text);white-space:normal;overflow-wrap:anywhere;min-width:10em}
.grid .number{text-align:right}
.grid .time,.grid code{white-space:nowrap}
.grid .name{overflow-wrap:anywhere;min-width:8em}
.grid .message{min-width:22em}
.grid .frames{display:flex;flex-wrap:wrap;gap:6px;align-items:center}
.inputs .name{min-width:14em}
.inputs td{white-space:nowrap}
.inputs .muted{font-family:var(--font);font-size:12.5px}
.problems{display:grid;gap:6px;background:var(--warning-soft);border-radius:8px;padding:10px 12px;margin-bottom:10px}
.problems li{display:flex;gap:8px;overflow-wrap:anywhere}
.problems .icon{margin-top:3px}
.problems .muted{color:var(--text)}
details>summary{cursor:pointer}summary h2{display:inline}summary .muted{font-size:12.5px}details[open]>summary{margin-bottom:10px}
a{color:var(--accent)}

.answers .head{margin-bottom:8px}
.stack{display:flex;gap:2px;height:26px;border-radius:6px;overflow:hidden}
.stack .part{flex:1 1 0;min-width:3px;display:grid;place-items:center;overflow:hidden;container-type:inline-size}
.stack .icon{color:var(--panel);--knock:var(--own)}
@container(max-width:22px){.stack .icon{display:none}}
.shares{display:flex;flex-wrap:wrap;gap:2px 6px;margin:6px 0 0 -8px}
.share{display:inline-flex;align-items:baseline;gap:6px;background:none;border:0;border-radius:6px;padding:4px 8px;text-align:left}
.share .mark{align-self:center}
.share .figure{font-size:17px;line-height:1.2;font-weight:620}
.share .muted,.zeros{font-size:12.5px}
.zeros{margin-top:4px}
button.share:not(:disabled):hover{background:var(--sunken)}
button.share[aria-pressed=true]{background:var(--accent-soft);box-shadow:inset 0 0 0 1px var(--accent)}
button.share[aria-pressed=true] .muted{color:var(--text)}

.filters{position:sticky;top:0;z-index:5;background:var(--page);padding:8px 0;margin-block:-4px;border-bottom:1px solid var(--line)}
.fields-row{display:flex;flex-wrap:wrap;gap:8px 12px;align-items:center}
.fields-row label{display:inline-flex;align-items:center;gap:6px;font-size:12.5px;color:var(--muted)}
.fields-row .search{flex:1 1 220px}
.fields-row input,select{background:var(--panel);border:1px solid var(--strong-line);border-radius:6px;padding:4px 8px;font-size:13px;color:var(--text);max-width:160px;min-width:0}
.fields-row input{width:100%;max-width:none}
::placeholder{color:var(--muted);opacity:1}
#result{margin-left:auto;font-size:13px;font-weight:550;white-space:nowrap}
#chips{display:flex;flex-wrap:wrap;gap:6px}
#chips:not(:empty){margin-top:8px}
.chip{display:inline-flex;align-items:center;gap:6px;background:var(--accent-soft);color:var(--text);border:1px solid transparent;border-radius:999px;padding:1px 10px;font-size:12.5px;max-width:min(420px,88vw)}
.chip span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.chip .icon{width:11px;height:11px}
.chip:hover{border-color:var(--accent)}
.chip.plain{background:none;color:var(--accent)}

.key{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12.5px}
.key{margin:0 0 4px 52px}
#timeline-plot{position:relative;height:178px;overflow:hidden;cursor:crosshair;touch-action:pan-y;user-select:none}
#timeline-plot svg{display:block;width:100%;height:178px}
.tick{font-size:11px;fill:var(--muted)}
.grid-line{stroke:var(--line)}.tick-line,.axis{stroke:var(--strong-line)}
.gap{fill:none;stroke:var(--strong-line);stroke-width:1.5}
.column{fill:currentColor}
.brush{position:absolute;top:8px;height:144px;background:color-mix(in srgb,var(--accent) 14%,transparent);pointer-events:none}
.sliders input{position:absolute;top:8px;left:45px;width:calc(100% - 48px);height:144px;margin:0;padding:0;max-width:none;appearance:none;background:none;pointer-events:none;border:0}
.sliders input::-webkit-slider-runnable-track{height:144px;background:none}
.sliders input::-moz-range-track{background:none}
.sliders input::-webkit-slider-thumb{appearance:none;pointer-events:auto;width:14px;height:144px;cursor:ew-resize;border:0;background:linear-gradient(var(--accent),var(--accent)) center/2px 100% no-repeat,linear-gradient(var(--accent),var(--accent)) center/8px 30px no-repeat}
.sliders input::-moz-range-thumb{pointer-events:auto;width:14px;height:144px;border:0;border-radius:0;cursor:ew-resize;background:linear-gradient(var(--accent),var(--accent)) center/2px 100% no-repeat,linear-gradient(var(--accent),var(--accent)) center/8px 30px no-repeat}
.sliders input:focus-visible{outline:0}
.sliders input:focus-visible::-webkit-slider-thumb{outline:2px solid var(--accent);outline-offset:-1px}
.sliders input:focus-visible::-moz-range-thumb{outline:2px solid var(--accent);outline-offset:-1px}
#timeline-readout{font-size:12.5px;min-height:1.5em;margin-left:52px}

.ends{display:grid;gap:20px 28px;grid-template-columns:minmax(0,1fr) minmax(0,1fr) minmax(0,1.7fr);align-items:start}
@media(min-width:761px){.ends:has(#matrix-panel[hidden]){grid-template-columns:1fr 1fr}}
.end{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 10px;width:100%;text-align:left;background:none;border:0;border-radius:6px;padding:3px 6px;margin-inline:-6px;width:calc(100% + 12px)}
.end:hover{background:var(--sunken)}
.end[aria-pressed=true]{background:var(--accent-soft);box-shadow:inset 0 0 0 1px var(--accent)}
.end .address{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.end .number{font-size:12.5px}
.bar{grid-column:1/-1;display:flex;height:4px;border-radius:2px;overflow:hidden;background:var(--sunken);margin:2px 0 1px}
.ends p{font-size:12.5px;margin-top:4px}
.matrix{border-collapse:separate;border-spacing:2px;font-size:12px;margin:-2px}
.matrix th{font-weight:400;color:var(--muted);font-family:var(--mono);font-size:11.5px;text-align:right;white-space:nowrap;padding:0 6px 0 0;max-width:15em;overflow:hidden;text-overflow:ellipsis}
.matrix .corner{font-family:var(--font);vertical-align:bottom;padding-bottom:4px}
.matrix .column{padding:0;vertical-align:bottom;max-width:none}
.matrix .column span{display:block;writing-mode:vertical-rl;transform:rotate(180deg);max-height:9.5em;overflow:hidden;text-overflow:ellipsis;line-height:14px;text-align:left;margin:0 auto 4px}
.matrix td{padding:0;min-width:44px;height:26px}
.matrix .empty{background:var(--sunken);border-radius:4px;opacity:.6}
.cell{position:relative;display:flex;align-items:center;justify-content:center;gap:4px;width:100%;height:26px;padding:0 6px;border:0;border-radius:4px;background:none;overflow:hidden;font-size:12px}
.cell .icon{width:11px;height:11px;position:relative}
.cell .number{position:relative}
.tint{position:absolute;inset:0}
button.cell:hover{box-shadow:inset 0 0 0 1.5px var(--strong-line)}
button.cell[aria-pressed=true]{box-shadow:inset 0 0 0 2px var(--accent)}

#exchanges{outline:0}
.list{overflow:visible}
.list thead th{position:sticky;top:var(--filters-height,50px);z-index:2}
.list thead th[aria-sort]{color:var(--text)}
.list thead button{background:none;border:0;padding:0;font:inherit;color:inherit;display:inline-flex;gap:4px;align-items:center}
.list thead button:hover{color:var(--text)}
.arrows::after{content:"↕";opacity:.35}
[aria-sort=ascending] .arrows::after{content:"↑";opacity:1}
[aria-sort=descending] .arrows::after{content:"↓";opacity:1}
.list .line{cursor:pointer}
.list .line:hover>td{background:var(--sunken)}
.list .line.open>td{border-bottom-color:transparent;background:var(--accent-soft)}
.list .line>td:first-child{padding-left:6px;border-radius:6px 0 0 6px}
.list .line>td:last-child{border-radius:0 6px 6px 0;padding-right:6px}
.list thead th:first-child{padding-left:22px}
.list .line>td{white-space:nowrap}.list .line>td.v6{white-space:normal;overflow-wrap:anywhere;min-width:21ch}.list .line>td.rules{white-space:normal}
.rules{line-height:1.7}
.rule{display:inline-flex;align-items:center;gap:4px;white-space:nowrap;font-size:12.5px;margin-right:8px}
.rule .icon{width:12px;height:12px}
.none td{color:var(--muted);text-align:center;padding:28px 0}
.pager{display:flex;flex-wrap:wrap;gap:6px;align-items:center;padding-top:12px}
.pager span{font-size:13px;padding:0 6px}
.pager label{margin-left:auto;display:inline-flex;gap:6px;align-items:center;font-size:12.5px;color:var(--muted)}

.detail{display:grid;grid-template-columns:minmax(0,1.75fr) minmax(280px,1fr);gap:20px 32px;padding:8px 6px 14px}
.ladder{background:var(--sunken);border-radius:10px;padding:12px 14px;max-width:880px}
.print-only{display:none}
.cores,.step{display:grid;grid-template-columns:84px minmax(0,1fr) 72px;column-gap:8px}
.track{position:relative;display:block;min-height:100%}
.cores .track{display:flex}
.core{flex:1 1 0;min-width:0;text-align:center;padding:0 4px 6px;font-size:12px;line-height:1.35}
.core b{display:block;font-weight:600}
.core .address{overflow-wrap:anywhere;font-size:12px}
.when{font-size:12px;color:var(--muted);text-align:right;align-self:end;padding-bottom:0;white-space:nowrap;line-height:16px}
.step>.track{min-height:46px;display:flex;align-items:end}
.step .frame{align-self:end;line-height:16px;margin-bottom:-2px}
.rail{position:absolute;top:0;bottom:0;width:0;border-left:1.5px solid var(--strong-line)}
.arrow{position:absolute;bottom:7px;height:0;border-top:2px solid var(--text)}
.arrow::after{content:"";position:absolute;top:-6px;border:5px solid transparent}
.arrow.right::after{right:0;border-right:0;border-left:8px solid}
.arrow.left::after{left:0;border-left:0;border-right:8px solid}
.arrow.answer{color:var(--accent);border-color:var(--accent)}
.arrow.ignored{color:var(--muted);border-top:2px dashed var(--muted)}
.step .text{position:relative;display:block;text-align:center;font-size:12.5px;line-height:1.3;padding:6px 10px 11px;z-index:1}
.step .text b{font-weight:620}
@media(min-width:761px){.step .text b{white-space:nowrap}}
.numbers{display:block;font-family:var(--mono);font-size:11.5px;color:var(--muted);white-space:pre-wrap}
.step .text>b,.step .text>.numbers,.step .text>.tag,.step.pause .text,.step.end .text .mark{background:var(--sunken)}
.numbers{width:fit-content;margin:0 auto;padding:0 4px}
.tag{border:1px solid var(--strong-line);border-radius:4px;padding:0 5px;margin-left:6px;font-size:11px;color:var(--muted);white-space:nowrap}
.step.pause>.track{min-height:30px}
.step.pause .text{position:relative;display:block;width:fit-content;margin:0 auto;padding:2px 8px;align-self:center;color:var(--muted);font-size:12px}
.step.pause .rail,.step.end .rail{border-left-style:dashed}
.step.end>.track{min-height:38px}
.step.end .text{position:relative;display:block;width:fit-content;max-width:100%;margin:6px auto 0;background:var(--panel);border:1px solid var(--line);border-radius:999px;padding:2px 12px}
.step.end .text .mark{background:none;font-weight:600}
.step .fields{grid-column:1/-1;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 14px;margin:10px 0 4px}
.ladder>.note{font-size:12px;margin-top:8px}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 16px;font-size:12.5px}
.facts dt{color:var(--muted)}
.facts dd{overflow-wrap:anywhere;font-family:var(--mono);font-size:12px;line-height:18.75px}
.facts .note{font-family:var(--font)}
.bits{display:flex;flex-wrap:wrap;gap:3px}
.bit{border:1px solid var(--line);border-radius:4px;padding:0 5px;font-size:11px;color:var(--muted)}
.bit.on{background:var(--text);border-color:var(--text);color:var(--panel);font-weight:600}
.wireshark{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-top:10px}
.wireshark code{background:var(--sunken);border-radius:6px;padding:3px 8px;overflow-wrap:anywhere}
.side{display:grid;gap:14px;align-content:start}
.side .findings{display:grid;gap:8px}
.side .findings p{font-size:13px;overflow-wrap:anywhere}
.looks{font-size:13px;color:var(--muted);margin:0;overflow-wrap:anywhere}
.notes{display:grid;gap:4px;font-size:13px;border-left:3px solid var(--warning);padding-left:10px;overflow-wrap:anywhere}

@media screen and (max-width:1290px){.wide{display:none}}
@media screen and (max-width:1080px){
.ends{grid-template-columns:1fr 1fr}#matrix-panel{grid-column:1/-1}
.detail{grid-template-columns:minmax(0,1fr)}
.list,.list tbody{display:block}.list thead{display:none}
.list .line{display:grid;grid-template-columns:auto auto 1fr auto;gap:2px 8px;padding:8px 0;border-bottom:1px solid var(--line);align-items:baseline}
.list .line.open{background:var(--accent-soft);border-bottom-color:transparent;border-radius:6px;padding-inline:6px}
.list .line>td{border:0;padding:0;white-space:normal}.list .line>td:first-child,.list .line>td:last-child{padding:0}
.list .line>.time{order:1;grid-column:3/5;justify-self:end;font-size:11.5px}
.list .line>.address{order:2;grid-column:1/-1;overflow-wrap:anywhere}.list .line>.address.v6{min-width:0}
.list .line>.server::before{content:"→ ";color:var(--muted)}
.list .line>.reason{order:3;grid-column:1/3;color:var(--muted)}
.list .line>.number{order:3;grid-column:3/5;justify-self:end;color:var(--muted)}
.list .line>.wide,.list .line>.unknown{display:none}
.list .line>.rules{order:4;grid-column:1/-1}
.list .detail-row,.list .detail-row>td{display:block;padding:0}
.list .none,.list .none td{display:block}
}
@media screen and (max-width:760px){
header,main,footer{padding-inline:14px}
h1{font-size:22px}
.filters{position:static}
.fields-row label:not(.search){display:grid;grid-template-columns:4.5em minmax(0,1fr);flex:1 1 100%}.fields-row select{max-width:none;width:100%}.fields-row .search{flex:1 1 100%}

.ends{grid-template-columns:minmax(0,1fr)}
.scroll:has(>.cards){overflow-x:visible}
.cards,.cards tbody,.cards tr,.cards td,.cards tbody th{display:block}
.cards thead{display:none}
.cards tr{padding:8px 0;border-bottom:1px solid var(--line)}.cards tbody tr:last-child{border-bottom:0}
.cards.grid td,.cards.grid tbody th{border:0;padding:1px 0;min-width:0;text-align:left;white-space:normal;overflow-wrap:anywhere}
.cards td[data-label]{display:grid;grid-template-columns:6.5em minmax(0,1fr);gap:0 8px}
.cards td[data-label]::before{content:attr(data-label);color:var(--muted);font:12px/1.6 var(--font)}
.cards td[data-label]>*{grid-column:2;justify-self:start}
.cards td:empty{display:none}
.cores,.step{grid-template-columns:58px minmax(0,1fr) 54px;column-gap:4px}
.ladder{padding:10px 8px}
.buttons{margin-left:0}
.numbers{font-size:10.5px}
}
@media print{
:root,:root:not([data-theme=light]),:root[data-theme=dark]{color-scheme:light;${LIGHT}--page:#fff;--shadow:none}
@page{margin:12mm}
.print-only{display:block}
body{font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}
button:not(.share):not(.cell):not(.end):not(.toggle):not([data-sort]):not([aria-controls]),.filters .fields-row label,.pager,.sliders,.brush,.skip,#timeline-readout,.arrows,.chip .icon{display:none!important}
.filters{position:static;border:0;padding:0}
.panel,.answers{break-inside:avoid;box-shadow:none}
#exchanges,.panel:has(.grid),.panel:has(.ends){break-inside:auto}
#timeline-plot,#timeline-plot svg{height:auto;overflow:visible}.wide{display:none}.detail .side{break-inside:avoid}.grid,.list,.list .line>td,.grid td,.rule,.time,.address{font-size:9.5px}.list .line>td{white-space:normal}.list .line>td.time{white-space:nowrap}.list .line>td.v6{min-width:15ch}.rule{gap:3px;margin-right:5px}.rule .icon{width:9px;height:9px}.grid td.time{white-space:normal}
.grid tr,.list tr,.ladder,.step{break-inside:avoid}
.list .detail-row:has(.step:nth-of-type(22)),.ladder:has(.step:nth-of-type(22)){break-inside:auto}
.list thead th{position:static}.scroll{overflow:visible}
.detail{grid-template-columns:minmax(0,1.6fr) minmax(0,1fr);gap:12px 16px;contain:inline-size}
.step>.track{min-height:34px}.step .text{font-size:10.5px;padding:3px 8px 10px}.numbers,.when,.cores .address,.core,.step .frame{font-size:9.5px}.cores,.step{grid-template-columns:56px minmax(0,1fr) 52px;column-gap:4px}
.side .findings p,.looks,.facts,.facts dd,.notes,.wireshark code{font-size:9.5px}.facts dd{line-height:15px}.side{gap:8px}
thead{display:table-row-group}.list thead,.head{break-after:avoid}
.line.open{break-after:avoid}

}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}.chevron{transition:transform .12s}}
@media(forced-colors:active){.bit.on,.tint,.part,.knock{forced-color-adjust:none}}
`;
