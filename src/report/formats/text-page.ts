import type { Verdict } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import { formatDuration } from '../../words/span.ts';
import { secondsBetween } from '../html/words.ts';
import type { ReportContext } from '../model/types.ts';
import { type Colors, createColors } from './colors.ts';
import { MIN_WIDTH, pad } from './layout.ts';

/** What the parts of a text report need to know. */
export interface Page {
  readonly width: number;
  readonly colors: Colors;
  /** Before what stands below a severity: as wide as the longest of them and two blanks, where there is room. */
  readonly indent: string;
}

/** Narrower than this, indents are short. */
const ROOMY = 60;

export function pageOf(context: ReportContext): Page {
  const width = Math.max(context.width, MIN_WIDTH);
  return { width, colors: createColors(context.color), indent: ' '.repeat(width < ROOMY ? 3 : 9) };
}

export function severityColor(severity: Severity, colors: Colors): (text: string) => string {
  return severity === 'error' ? colors.red : severity === 'warning' ? colors.yellow : colors.cyan;
}

/** In the place of a severity: what is known does not fail. */
export function knownText(colors: Colors): string {
  return colors.dim(pad('known', 7));
}

export function severityText(severity: Severity | null, colors: Colors): string {
  return severity === null ? pad('', 7) : pad(severityColor(severity, colors)(severity), 7);
}

const VERDICT_COLORS: Readonly<Record<Verdict, 'red' | 'green' | 'magenta' | 'yellow' | null>> = {
  accepted: 'red',
  refused: 'green',
  unreachable: 'yellow',
  silent: 'yellow',
  undecided: null,
  simultaneous: 'red',
  challenged: 'magenta',
  'invalid-reset': 'magenta',
  unsolicited: null,
};

export function verdictText(verdict: Verdict, colors: Colors): string {
  const color = VERDICT_COLORS[verdict];
  return color === null ? verdict : colors[color](verdict);
}

/** Of an RFC 3339 time: "2026-11-21". */
export function dayOf(time: string): string {
  return time.slice(0, 10);
}

/** "05:55:10.123456". */
export function timeOfDay(time: string): string {
  return time.slice(11, -1);
}

/** "2026-11-21 05:55:10.123456". */
export function fullTime(time: string): string {
  return `${dayOf(time)} ${timeOfDay(time)}`;
}

/** "in 1.88 s" and "from 2026-11-21 05:55:10.123456 UTC"; where all is at one instant, only "at" that; "no time". */
export function spanTexts(first: string | null, last: string | null): string[] {
  if (first === null || last === null) return ['no time'];
  const seconds = secondsBetween(first, last);
  if (seconds === 0) return [`at ${fullTime(first)} UTC`];
  return [`in ${formatDuration(seconds)}`, `from ${fullTime(first)} UTC`];
}
