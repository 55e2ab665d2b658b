// Small words for times and frames. The page's own script gets these functions too, as text, so each stands
// alone: it uses nothing but its arguments.

/** Seconds in the unit that reads best: "250 ns", "43 µs", "1.53 ms", "5.25 s", "2 h 13 min". Negative ones too. */
export function formatDuration(seconds: number): string {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? '−' : '';
  const digits = (value: number) => String(Number(value.toPrecision(3)));
  if (size === 0) return '0 s';
  if (size < 1e-6) return `${sign}${digits(size * 1e9)} ns`;
  if (size < 0.9995e-3) return `${sign}${digits(size * 1e6)} µs`;
  if (size < 0.9995) return `${sign}${digits(size * 1e3)} ms`;
  if (size < 120) return `${sign}${digits(size)} s`;
  if (size < 7200) {
    const whole = Math.round(size);
    return `${sign}${Math.floor(whole / 60)} min${whole % 60 > 0 ? ` ${whole % 60} s` : ''}`;
  }
  const minutes = Math.round(size / 60);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${sign}${hours} h ${minutes % 60} min`;
  return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Seconds from one RFC 3339 time to another. Whole seconds and fractions apart: nanoseconds survive over short spans. */
export function secondsBetween(from: string, to: string): number {
  const split = (time: string): [number, number] => {
    const match = /^(.*?)(\.\d+)?Z$/.exec(time);
    return match ? [Date.parse(`${match[1]}Z`) / 1000, Number(match[2] ?? 0)] : [Number.NaN, 0];
  };
  const [fromSeconds, fromFraction] = split(from);
  const [toSeconds, toFraction] = split(to);
  return toSeconds - fromSeconds + (toFraction - fromFraction);
}

/** As in "2026-11-21 05:55:10.123456 UTC"; with date false only the time of day. */
export function formatTime(time: string, date: boolean): string {
  const text = time.replace('T', ' ').replace(/Z$/, '');
  return date ? `${text} UTC` : text.slice(text.indexOf(' ') + 1);
}

/** Wireshark's display filter for frames that are given as ranges, as in "1..3,9". */
export function displayFilter(ranges: string): string {
  return `frame.number in {${ranges.replaceAll(',', ', ')}}`;
}
