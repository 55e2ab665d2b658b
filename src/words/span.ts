// Bundled into the page's own script too.

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
  const days = String(Math.floor(hours / 24)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${sign}${days} d ${hours % 24} h`;
}
