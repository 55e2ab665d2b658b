/**
 * Arithmetic on TCP sequence numbers, modulo 2^32 (RFC 9293 §3.4). Values are unsigned numbers 0 .. 2^32 - 1.
 */
export function sequenceAdd(a: number, n: number): number {
  return (a + n) >>> 0;
}

/** Signed distance a - b, -2^31 .. 2^31 - 1: positive when a comes after b. */
export function sequenceDifference(a: number, b: number): number {
  return (a - b) | 0;
}

/** Whether a comes before b. Two numbers exactly 2^31 apart each come before the other, as in every stack. */
export function sequenceLess(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
