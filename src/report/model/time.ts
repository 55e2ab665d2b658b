import { NO_TIME, type Timestamp } from '../../track/exchange.ts';

/** What RFC 3339 can say: the years 0000 to 9999. pcapng's 64 bits reach further; such times are held at the ends. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** "2026-11-21T05:55:10.123456789Z" as seconds since 1970, with the digits that it has, six at least: "1795240510.123456789". */
export function epochSeconds(time: string): string {
  const [seconds = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  const whole = Date.parse(`${seconds}Z`) / 1000;
  const digits = fraction.padEnd(6, '0');
  // Before 1970 the fraction counts from the second before, whose number is larger without its sign.
  if (whole >= 0 || Number(digits) === 0) return `${whole}.${digits}`;
  const rest = String(10 ** digits.length - Number(digits)).padStart(digits.length, '0');
  return `-${-whole - 1}.${rest}`;
}

let cachedSecond = 0;
let cachedText = '1970-01-01T00:00:00';

/** RFC 3339 in UTC with exactly the digits that the capture has, as in 2026-11-21T05:55:10.123456Z; null for no time. */
export function formatTime(time: Timestamp): string | null {
  if (time.digits === NO_TIME) return null;
  const seconds = Math.min(Math.max(time.seconds, FIRST_SECOND), LAST_SECOND);
  if (seconds !== cachedSecond) {
    cachedSecond = seconds;
    cachedText = new Date(seconds * 1000).toISOString().slice(0, 19);
  }
  if (time.digits <= 0) return `${cachedText}Z`;
  return `${cachedText}.${String(time.nanos).padStart(9, '0').slice(0, time.digits)}Z`;
}
