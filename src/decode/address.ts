import { u16 } from './bytes.ts';

/** Text form of 4 bytes (IPv4) or 16 bytes (IPv6, RFC 5952). Any other length gives its bytes in hexadecimal. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length === 16) return formatIpv6(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function formatIpv6(bytes: Uint8Array): string {
  // RFC 5952 §5: an IPv4-mapped address is known as such, so its end is written in dotted form.
  if (isIpv4Mapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, i) => u16(bytes, 2 * i));
  // RFC 5952 §4.2: shorten the longest run of two or more zero groups, the first of equals.
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > bestLength) {
      bestStart = start;
      bestLength = end - start;
    }
    start = end;
  }
  const text = groups.map((group) => group.toString(16));
  if (bestStart < 0) return text.join(':');
  return `${text.slice(0, bestStart).join(':')}::${text.slice(bestStart + bestLength).join(':')}`;
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}
