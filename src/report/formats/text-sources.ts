import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount, formatNumber } from '../../words/numbers.ts';
import { formatOrigin } from '../model/origin.ts';
import type { RunResult } from '../model/types.ts';
import { displayWidth, flow, pad } from './layout.ts';
import type { Page } from './text-page.ts';

const MAX_SOURCES = 10;

/** Where those who put port 0 on the wire are, the busiest first; nothing where nobody asked, or nothing is known. */
export function* formatSources({ report }: RunResult, { width, colors }: Page): Iterable<string> {
  const { ends, distinct } = report.top.sources;
  if (!ends.some(({ origin }) => origin !== undefined)) return;
  const shown = ends.slice(0, MAX_SOURCES);
  const addressWidth = Math.max('source'.length, ...shown.map(({ address }) => displayWidth(address)));
  const countWidth = Math.max('port 0'.length, ...shown.map(({ count }) => formatNumber(count).length));
  yield '\n';
  yield `${colors.dim(`  ${pad('source', addressWidth)}  ${pad('port 0', countWidth, true)}   where`)}\n`;
  for (const { address, count, origin } of shown) {
    const first = `  ${pad(address, addressWidth)}  ${pad(formatNumber(count), countWidth, true)}`;
    const where = origin === undefined ? '' : escapeForTerminal(formatOrigin(origin));
    const hang = displayWidth(first) + 3 > width / 2 ? '    ' : ' '.repeat(displayWidth(first) + 3);
    yield where === '' ? `${first}\n` : flow(where.split(' '), ' ', width, `${first}   `, hang);
  }
  const rest = distinct.count - shown.length;
  if (rest > 0)
    yield `  ${colors.dim(`and ${distinct.atLeast ? 'at least ' : ''}${formatCount(rest, 'more source')}`)}\n`;
}
