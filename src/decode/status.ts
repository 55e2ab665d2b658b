/** How far decoding a header got. Decoders return it; nothing in src/decode throws. */
export const OK = 0;
/** The capture ends before the header does (snap length, or a quote in an ICMP error). */
export const TRUNCATED = 1;
/** The header contradicts itself or the lengths around it. */
export const MALFORMED = 2;
/** A format portzero does not read; the reason says which. */
export const UNSUPPORTED = 3;

export type Status = typeof OK | typeof TRUNCATED | typeof MALFORMED | typeof UNSUPPORTED;
