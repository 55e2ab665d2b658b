// What is written below the timeline: pure, so that it is tested without a browser.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, MINUTE, 120, 300, 600, 900, 1800, HOUR, 7200, 10_800, 21_600, 43_200, DAY];

/** The least of the steps that a clock or a ruler has which is not below `seconds`. */
export function niceStep(seconds: number): number {
  if (seconds > DAY) return DAY * niceNumber(seconds / DAY);
  if (seconds > 0.5) return CLOCK_STEPS.find((step) => step >= seconds) ?? DAY;
  return niceNumber(seconds);
}

/** 1, 2 or 5 times a power of ten, not below `number`. */
export function niceNumber(number: number): number {
  const power = 10 ** Math.floor(Math.log10(number));
  return power * ([1, 2, 5].find((factor) => factor * power >= number * 0.999_999) ?? 10);
}

export interface Tick {
  /** Seconds since the first exchange of the page. */
  readonly at: number;
  readonly label: string;
}

/** Places between `from` and `to`, by the clock (UTC): `origin` is the time of 0, in seconds since 1970. */
export function clockTicks(from: number, to: number, step: number, origin: number): Tick[] {
  const ticks: Tick[] = [];
  for (let time = Math.ceil((origin + from) / step) * step; time <= origin + to; time += step)
    ticks.push({ at: time - origin, label: clockLabel(time, step) });
  return ticks;
}

/** A time of the day, or a date, with no more digits than the step asks for. */
export function clockLabel(time: number, step: number): string {
  const text = new Date(time * 1000).toISOString();
  if (step >= DAY) return text.slice(5, 10);
  return step >= MINUTE ? text.slice(11, 16) : text.slice(11, 19);
}

/** Places between `from` and `to`, counted from the first exchange. */
export function offsetTicks(from: number, to: number, step: number): Tick[] {
  const ticks: Tick[] = [];
  for (let index = Math.ceil(from / step - 1e-6); index * step <= to * 1.000_001; index++) {
    const at = index * step;
    ticks.push({ at, label: offsetLabel(at, step) });
  }
  return ticks;
}

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;

/** In the unit of the step, with no more digits than the step has. */
function offsetLabel(at: number, step: number): string {
  if (at === 0) return '0';
  const [size, name] = UNITS.find(([unit]) => step >= unit * 0.9999) ?? UNITS[UNITS.length - 1]!;
  return `${at < 0 ? '−' : '+'}${Number((Math.abs(at) / size).toFixed(2)).toLocaleString('en-US')} ${name}`;
}
