import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount, formatNumber } from '../../words/numbers.ts';
import { SEVERITIES, type Severity } from '../../words/severity.ts';
import { newOfInputs } from '../model/new-findings.ts';
import type { InputReport, RunResult } from '../model/types.ts';
import { displayWidth, flow, pad, withCommas, wrap } from './layout.ts';
import { type Page, severityColor, spanTexts } from './text-page.ts';

/** Captures with findings that are named; the others are counted. Those that are damaged are all named. */
const MAX_FLAGGED = 20;
const MAX_PROBLEMS = 20;
/** Reasons why frames were not understood that are named. */
const MAX_REASONS = 5;

/** Of a merge: what it does not know of the whole. */
const PER_FILE = 'exchanges without port 0 are counted in each file by itself';

type Counts = Readonly<Record<Severity, number>>;

/** What was read: one capture by its name; of many how many, and by name only those with findings and those in trouble. */
export function* formatInputs(result: RunResult, page: Page): Iterable<string> {
  const { inputs, summary } = result.report;
  const { width, colors } = page;
  const isOdd = (input: InputReport) => !input.complete || input.problems.length > 0;
  const odd = inputs.filter(isOdd);
  const news = newOfInputs(result);
  const flagged = inputs
    .flatMap((input, i) => (isOdd(input) || total(news[i]!) === 0 ? [] : [{ input, counts: news[i]! }]))
    .sort((a, b) => compareCounts(b.counts, a.counts));
  if (inputs.length > 1) {
    const how = odd.length === 0 ? 'all read' : `${formatNumber(odd.length)} not read whole`;
    const facts = [`${formatCount(inputs.length, 'capture')}, ${how}`, framesText(summary.frames, ...spanOf(inputs))];
    yield flow(facts, colors.dim(' · '), width, '  ', '    ');
    yield* formatLines(
      [
        ...inputs.flatMap((input, i) => (isOdd(input) ? [{ input, counts: news[i]! }] : [])),
        ...flagged.slice(0, MAX_FLAGGED),
      ],
      page,
    );
    const rest = flagged.length - MAX_FLAGGED;
    if (rest > 0) yield colors.dim(`  and ${formatCount(rest, 'more capture')} with findings`).concat('\n');
  } else
    yield* formatLines(
      inputs.map((input) => ({ input, counts: null })),
      page,
    );
  const untold = odd.reduce((sum, { problems }) => sum + problems.length, 0) - MAX_PROBLEMS;
  if (untold > 0) yield `    and ${formatCount(untold, 'more problem')}\n`;
  const distilled = inputs.reduce((sum, input) => sum + (input.distilled ?? 0), 0);
  if (distilled > 0) yield wrap(`from ${formatCount(distilled, 'distillate')}: ${PER_FILE}`, width, '    ', '    ');
  yield* formatNotUnderstood(summary.undecoded, page);
}

interface Line {
  readonly input: InputReport;
  /** What was found in it; null where that is told elsewhere. */
  readonly counts: Counts | null;
}

/** All lines have one shape: name and facts in columns where the longest has room, else the facts below the name. */
function* formatLines(lines: readonly Line[], page: Page): Iterable<string> {
  const { width, colors } = page;
  const rows = lines.map(({ input, counts }) => ({
    input,
    name: escapeForTerminal(input.name),
    facts: factsOf(input, counts, page),
  }));
  const nameWidth = Math.max(...rows.map(({ name }) => displayWidth(name)));
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map(({ facts }) => displayWidth(facts[column]!))));
  const hasFound = 4 + nameWidth + widths[0]! <= width;
  const isTable = 4 + nameWidth + widths.reduce((sum, each) => sum + (each === 0 ? 0 : each + 2), -2) <= width;
  let problems = 0;
  for (const { input, name, facts } of rows) {
    if (isTable) {
      const cells = facts.flatMap((fact, column) =>
        widths[column] === 0 ? [] : [pad(fact, widths[column]!, COLUMNS[column] === 'frames')],
      );
      yield `  ${colors.bold(pad(name, nameWidth))}  ${cells.join('  ')}`.trimEnd().concat('\n');
    } else {
      const [found = '', frames = '', span = '', from = '', ...others] = facts;
      const read = [frames, span, from].filter((fact) => fact !== '').join(' ');
      if (hasFound) yield `  ${colors.bold(pad(name, nameWidth))}  ${found}`.trimEnd().concat('\n');
      else yield flow([name], '', width, '  ', '    ').replace(/\S.*/g, (line) => colors.bold(line));
      if (!hasFound && found !== '') yield flow([found], ' ', width, '    ');
      yield flow([read, ...others.filter((fact) => fact !== '')], colors.dim(' · '), width, '    ');
    }
    for (const { message, code } of input.problems)
      if (problems++ < MAX_PROBLEMS)
        yield wrap(escapeForTerminal(message), width, `    ${colors.red(code)}  `, '      ');
    if (input.problems.length === 0 && !input.complete) yield `    ${colors.red('not all of it could be read')}\n`;
  }
}

const COLUMNS = ['found', 'frames', 'span', 'from', 'links', 'format', 'lost'] as const;

/** A text for each of COLUMNS; "" for none. */
function factsOf(input: InputReport, counts: Counts | null, { colors }: Page): string[] {
  const { frames, linkTypes, format, compression, firstTime, lastTime, drops } = input;
  const span = frames === 0 ? [] : spanTexts(firstTime, lastTime);
  return [
    SEVERITIES.filter((severity) => (counts?.[severity] ?? 0) > 0)
      .map((severity) =>
        severityColor(severity, colors)(formatCount(counts![severity], severity === 'info' ? 'note' : severity)),
      )
      .join(', '),
    formatCount(frames, 'frame'),
    span.length === 2 ? span[0]! : '',
    span.at(-1) ?? '',
    linkTypes.map(escapeForTerminal).join(' + '),
    format === null ? '' : compression === null ? format : `${format}, ${compression}`,
    drops === null || drops === 0 ? '' : colors.yellow(`${formatNumber(drops)} lost by the capture`),
  ];
}

function* formatNotUnderstood(undecoded: Readonly<Record<string, number>>, page: Page): Iterable<string> {
  const { width, colors } = page;
  const reasons = Object.entries(undecoded).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return;
  const named = reasons
    .slice(0, MAX_REASONS)
    .map(([reason, frames]) => `${escapeForTerminal(reason)} ${formatNumber(frames)}`);
  const rest = reasons.slice(MAX_REASONS);
  if (rest.length > 0) {
    const frames = rest.reduce((sum, [, each]) => sum + each, 0);
    named.push(`and ${formatCount(rest.length, 'more reason')} (${formatCount(frames, 'frame')})`);
  }
  yield flow(withCommas(named), ' ', width, `  ${colors.yellow('not understood')}  `, '    ');
}

function framesText(frames: number, first: string | null, last: string | null): string {
  return frames === 0
    ? formatCount(frames, 'frame')
    : [formatCount(frames, 'frame'), ...spanTexts(first, last)].join(' ');
}

/** From the first time of any to the last of any. */
function spanOf(inputs: readonly InputReport[]): [first: string | null, last: string | null] {
  let [first, last]: [string | null, string | null] = [null, null];
  for (const { firstTime, lastTime } of inputs) {
    if (firstTime !== null && (first === null || firstTime < first)) first = firstTime;
    if (lastTime !== null && (last === null || lastTime > last)) last = lastTime;
  }
  return [first, last];
}

const total = (counts: Counts): number => SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0);

function compareCounts(a: Counts, b: Counts): number {
  return a.error - b.error || a.warning - b.warning || a.info - b.info;
}
