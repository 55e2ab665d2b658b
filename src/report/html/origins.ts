import { formatNumber } from '../../words/numbers.ts';
import { formatOrigin } from '../model/origin.ts';
import type { RunResult } from '../model/types.ts';
import { html, type Markup } from './escape.ts';

const MAX_SOURCES = 20;

/** Where those who put port 0 on the wire are; null where nobody asked, or nothing is known. */
export function originsSection({ report }: RunResult): Markup | null {
  const { ends } = report.top.sources;
  if (!ends.some(({ origin }) => origin !== undefined)) return null;
  const rows = ends
    .slice(0, MAX_SOURCES)
    .map(
      ({ address, count, origin }) =>
        html`<tr><th scope="row" class="address">${address}</th><td class="number">${formatNumber(count)}</td><td class="name">${origin === undefined ? '–' : formatOrigin(origin)}</td></tr>`,
    );
  return html`<section class="panel" aria-labelledby="h-origins"><div class="head"><h2 id="h-origins">Where the sources are</h2><p class="muted">The busiest, as the databases and name servers have it that were asked.</p></div>
<div class="scroll" role="group" aria-label="Where the sources are" tabindex="0"><table class="grid"><thead><tr><th scope="col">Source</th><th scope="col" class="number">Exchanges with port 0</th><th scope="col">Where</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}
