// Small words for times and frames. The page's own script gets these functions too, as text, so each stands
// alone: it uses nothing but its arguments.

export { formatDuration } from '../../words/span.ts';

/**
 * Seconds from one RFC 3339 time to another, NaN where one of them is not known. Whole seconds and fractions apart:
 * nanoseconds survive over short spans.
 */
export function secondsBetween(from: string | null, to: string | null): number {
  if (from === null || to === null) return Number.NaN;
  const split = (time: string): [number, number] => {
    const match = /^(.*?)(\.\d+)?Z$/.exec(time);
    return match ? [Date.parse(`${match[1]}Z`) / 1000, Number(match[2] ?? 0)] : [Number.NaN, 0];
  };
  const [fromSeconds, fromFraction] = split(from);
  const [toSeconds, toFraction] = split(to);
  return toSeconds - fromSeconds + (toFraction - fromFraction);
}

/** As in "2026-11-21 05:55:10.123456 UTC"; with date false only the time of day. */
export function formatTime(time: string | null, date: boolean): string {
  if (time === null) return 'no time';
  const text = time.replace('T', ' ').replace(/Z$/, '');
  return date ? `${text} UTC` : text.slice(text.indexOf(' ') + 1);
}

/** Wireshark's display filter for frames that are given as ranges, as in "1..3,9". */
export function displayFilter(ranges: string): string {
  return `frame.number in {${ranges.replaceAll(',', ', ')}}`;
}
