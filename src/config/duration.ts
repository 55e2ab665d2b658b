const UNITS: ReadonlyArray<readonly [unit: string, nanos: number]> = [
  ['h', 3_600e9],
  ['m', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
  ['ns', 1],
];
const NUMBER = '(\\d+(?:\\.\\d+)?)';
/** What parseDuration reads, but for durations that are too long: for schemas. */
export const DURATION_PATTERN = new RegExp(`^${NUMBER}(h|m|s|ms|us|ns)$`);
/** What parseRate reads. */
export const RATE_PATTERN = new RegExp(`^${NUMBER}/(s|m|h)$`);

/** Nanoseconds of "5s", "100ms", "1.5m", "2h", "250us", "10ns"; null for anything else, or beyond 104 days. */
export function parseDuration(text: string): number | null {
  const [, number, unit] = DURATION_PATTERN.exec(text) ?? [];
  const factor = UNITS.find(([name]) => name === unit)?.[1];
  if (factor === undefined) return null;
  const nanos = Math.round(Number(number) * factor);
  return nanos <= Number.MAX_SAFE_INTEGER ? nanos : null;
}

/** The shortest text that parseDuration reads as these nanoseconds (a whole number, 0 or more). */
export function formatDuration(nanos: number): string {
  const [unit, factor] = UNITS.find(([, size]) => nanos % size === 0 && nanos !== 0) ?? ['s', 1e9];
  return `${nanos / factor}${unit}`;
}

/** Number a second of "100/s", "60/m", "0.5/h"; null for anything else. */
export function parseRate(text: string): number | null {
  const [, number, unit] = RATE_PATTERN.exec(text) ?? [];
  const factor = UNITS.find(([name]) => name === unit)?.[1];
  return factor === undefined ? null : Number(number) / (factor / 1e9);
}

/** A text that parseRate reads as exactly this number a second. */
export function formatRate(perSecond: number): string {
  for (const [unit, seconds] of [
    ['s', 1],
    ['m', 60],
    ['h', 3600],
  ] as const) {
    const text = `${perSecond * seconds}/${unit}`;
    if (parseRate(text) === perSecond) return text;
  }
  return `${perSecond.toFixed(20)}/s`;
}
