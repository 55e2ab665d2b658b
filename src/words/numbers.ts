/** "1 frame", "2,000 frames". */
export function formatCount(count: number | bigint, word: string, plural = `${word}s`): string {
  return `${formatNumber(count)} ${count === 1 ? word : plural}`;
}
/** With commas for thousands, whatever the locale of the machine. */
export function formatNumber(value: number | bigint | string): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
/** Milliseconds as people read them: "0.043 ms", "3.1 s". */
export function formatLatency(milliseconds: number): string {
  if (milliseconds < 1000) return `${Number(milliseconds.toPrecision(milliseconds < 1 ? 2 : 3))} ms`;
  return `${Number((milliseconds / 1000).toPrecision(3))} s`;
}
/** "frame 1", "frames 1, 2, 7 and 12 more". */
export function formatFrameList(frames: readonly number[], omitted = 0): string {
  return `${frames.length + omitted === 1 ? 'frame' : 'frames'} ${formatFrames(frames, omitted)}`;
}
/**
 * Frames from 1, as in "1, 2, 7" or "1, 2, 7 and 12 more"; runs of three and more as "3-9". `omitted` more are not in the
 * list.
 */
export function formatFrames(frames: readonly number[], omitted = 0, limit = 8): string {
  const parts: string[] = [];
  let shown = 0;
  for (let i = 0; i < frames.length && parts.length < limit; ) {
    let end = i + 1;
    while (end < frames.length && frames[end] === frames[end - 1]! + 1) end++;
    if (end - i < 3) end = i + 1;
    parts.push(end - i < 3 ? String(frames[i]) : `${frames[i]}-${frames[end - 1]}`);
    shown += end - i;
    i = end;
  }
  const rest = frames.length + omitted - shown;
  return rest === 0 ? parts.join(', ') : `${parts.join(', ')} and ${formatNumber(rest)} more`;
}
